"""Bandit-Gambler: the arm on which the present stock would most likely live for ever."""

import math
from typing import NamedTuple

import numpy as np

from ..kernels import available
from ..model import ARM, Policy
from ..shared.survival import EQUAL, Record, first_best, no_record, note, one_stock, ruin_chance

ROUNDING = 1e-14  #: relative, of a step and of the density at 1/2; more than it was ever seen to be
UNKNOWN = math.inf


class Memory(NamedTuple):
    seen: Record
    ruin: np.ndarray  #: E[((1-p)/p)^stock 1{p > 1/2}] ...
    stock: np.ndarray  #: ... at this stock, which for an arm not looked at is an old one
    error: np.ndarray  #: how far off rounding may have brought it
    last: np.ndarray  #: the arm pulled last
    value: np.ndarray


def follow(memory, k, times, plus, by):
    """Ruin becomes (times ruin + plus) / by, and its error with it."""
    ruin, error = memory.ruin[k], memory.error[k]
    memory.ruin[k] = max((times * ruin + plus) / by, 0.0)
    memory.error[k] = (abs(times) * (error + ROUNDING * ruin) + ROUNDING * abs(plus)) / abs(by)


def look(memory, k, b):
    """The index of arm k at stock b: one step from that at the stock before, or the sum where rounding may have added up."""
    w, l, h, s = memory.seen.wins[k], memory.seen.losses[k], memory.seen.half[k], memory.stock[k]
    if s == b + 1.0:
        follow(memory, k, w + 1.0 - s, 2.0 * h, l + s)
    elif s == b - 1.0 and s != w:
        follow(memory, k, l + b, -2.0 * h, w - s)
    elif s != b:
        memory.error[k] = UNKNOWN
    memory.stock[k] = b
    if not memory.error[k] <= 1e-12:
        memory.ruin[k], memory.error[k] = ruin_chance(w, l, h, b), ROUNDING
    return memory.seen.chance[k] - memory.ruin[k]


def act(memory, params, view, left, t, key):
    b, chance, last, greatest = math.floor(max(left[0], 1.0)), memory.seen.chance, int(memory.last[0]), -math.inf
    if available(view, last):
        greatest = look(memory, last, b)
    for k in range(memory.value.size):
        memory.value[k] = chance[k]  # no index is above it: most arms need no look
        if chance[k] > greatest - 2.0 * EQUAL and available(view, k):
            memory.value[k] = look(memory, k, b)
            greatest = max(greatest, memory.value[k])
    return first_best(view, memory.value)


def update(memory, params, view, action, outcome, t):
    seen, s = memory.seen, memory.stock[action]
    w, l, h = seen.wins[action], seen.losses[action], seen.half[action]
    if outcome.reward > 0.0:  # both at once: the record, and the stock if the reward is 1 or -1
        follow(memory, action, l + s + 1.0, -h, w + 1.0)
        memory.stock[action] += 1.0
    elif outcome.reward < 0.0:
        follow(memory, action, w + 1.0 - s, h, l + 1.0)
        memory.stock[action] -= 1.0
    note(seen, action, outcome.reward)
    memory.last[0] = action


def bandit_gambler() -> Policy:
    """The arm of greatest posterior probability never to be ruined, if it were pulled for ever from the present stock.

    An arm's wins and losses have the posterior p ~ Beta(wins + 1, losses + 1). With stock b, index
    ``1 - P(p <= 1/2) - E[((1-p)/p)^max(1, b) 1{p > 1/2}]``; ties, to within 1e-11, go to the lower arm. Nothing seen and b = 1: 1 - log 2.

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
    keep an old stock. The integral is a sum of positive terms, not a quadrature; where a pull moves the stock by one it follows
    from the one before in two terms, and an arm that is not good enough from any stock is not looked at: neither changes a
    choice. Rewards of 0 are left out: the chance of ruin of an arm with rewards in {-1, 0, 1} depends on the others alone.

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
        n = spec.n_actions  # from a stock of 0 every good arm is ruined
        return Memory(no_record(n), np.full(n, 0.5), np.zeros(n), np.zeros(n), np.zeros(1), np.zeros(n))

    return Policy(ARM, init, act, update, name="bandit_gambler")
