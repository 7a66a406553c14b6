"""Bandit-Gambler: the arm on which the present stock would most likely live for ever."""

import math
from typing import NamedTuple

import numpy as np

from ..confidence import best
from ..model import ARM, Policy
from ..shared.survival import Record, no_record, note, one_stock, positive_chance, ruin_chance


class Memory(NamedTuple):
    seen: Record
    chance: np.ndarray  #: P(p > 1/2)
    value: np.ndarray


def act(memory, params, view, left, t, key):
    b = math.floor(max(left[0], 1.0))
    seen = memory.seen
    for k in range(memory.value.size):
        memory.value[k] = memory.chance[k] - ruin_chance(seen.wins[k], seen.losses[k], seen.half[k], b)
    return best(view, memory.value)


def update(memory, params, view, action, outcome, t):
    seen = memory.seen
    note(seen, action, outcome.reward)
    memory.chance[action] = positive_chance(seen.wins[action], seen.losses[action], seen.half[action])


def bandit_gambler() -> Policy:
    """The arm of greatest posterior probability never to be ruined, if it were pulled for ever from the present stock.

    An arm's wins and losses have the posterior p ~ Beta(wins + 1, losses + 1). With stock b, index
    ``1 - P(p <= 1/2) - E[((1-p)/p)^max(1, b) 1{p > 1/2}]``; ties go to the lower arm. Nothing seen and b = 1: 1 - log 2.

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone; made for rewards in {-1, 1}. A reward above 0 counts as
        a win, below 0 as a loss, of any size; a stock between whole numbers counts as the lower one.

    Raises
    ------
    BadValue
        On a problem without such a stock.

    Departures from the paper
    -------------------------
    Of the authors' code, which pulls each arm once first and renews the index of the arm just pulled only, so that the others
    keep an old stock. The integral is a sum of positive terms, not a quadrature. Rewards of 0 are left out: the chance of
    ruin of an arm with rewards in {-1, 0, 1} depends on the others alone.

    Examples
    --------
    >>> bandit_gambler().name
    'bandit_gambler'

    References
    ----------
    [Perotto2021]_, for the problem; the rule is in the authors' code.
    """

    def init(spec):
        one_stock("bandit_gambler", spec)
        return Memory(no_record(spec.n_actions), np.full(spec.n_actions, 0.5), np.zeros(spec.n_actions))

    return Policy(ARM, init, act, update, name="bandit_gambler")
