"""Positive-Gambler: the arm that most likely wins more often than it loses; a large stock may explore."""

import math
from typing import NamedTuple

import numpy as np

from ..draws import log
from ..model import ARM, Policy
from ..shared.survival import Record, first_best, no_record, note, one_stock


class Memory(NamedTuple):
    seen: Record
    chance: np.ndarray  #: P(p > 1/2), inf before the first pull
    pulls: np.ndarray
    width: np.ndarray  #: 1 / sqrt(pulls), 0 before the first pull
    value: np.ndarray


def act(memory, params, view, left, t, key):
    scale = math.sqrt(2.0 * log(max(left[0], 1.0)))
    for k in range(memory.value.size):
        memory.value[k] = memory.chance[k] + scale * memory.width[k]
    return first_best(view, memory.value)


def update(memory, params, view, action, outcome, t):
    note(memory.seen, action, outcome.reward)
    memory.pulls[action] += 1.0
    memory.width[action] = 1.0 / math.sqrt(memory.pulls[action])
    memory.chance[action] = memory.seen.chance[action]


def positive_gambler() -> Policy:
    """The arm most likely to be a good one, with an optimism that the stock pays for.

    An arm's wins and losses have the posterior p ~ Beta(wins + 1, losses + 1). After each arm was pulled once: index
    ``P(p > 1/2) + sqrt(2 log max(1, b) / pulls)``, b being the stock; ties, to within 1e-11, go to the lower arm.

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone; made for rewards in {-1, 1}. A reward above 0 counts as
        a win, below 0 as a loss, of any size.

    Raises
    ------
    BadValue
        On a problem without such a stock.

    Departures from the paper
    -------------------------
    Of the authors' code, which breaks ties at random.

    Examples
    --------
    >>> positive_gambler().name
    'positive_gambler'

    References
    ----------
    [Perotto2021]_, for the problem; the rule is in the authors' code.
    """

    def init(spec):
        one_stock("positive_gambler", spec)
        n = spec.n_actions
        return Memory(no_record(n), np.full(n, math.inf), np.zeros(n), np.zeros(n), np.zeros(n))

    return Policy(ARM, init, act, update, name="positive_gambler")
