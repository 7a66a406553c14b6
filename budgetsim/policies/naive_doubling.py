"""Naive doubling: EXPLOIT that forgets whenever the stock has doubled."""

from typing import NamedTuple

import numpy as np

from ..confidence import best
from ..model import ARM, Policy
from ..shared.survival import one_stock


class Memory(NamedTuple):
    total: np.ndarray  #: sum of an arm's rewards since the arms were opened
    goal: np.ndarray  #: the stock at which they are opened again


def act(memory, params, view, left, t, key):
    if left[0] >= memory.goal[0]:
        memory.goal[0] = 2.0 * left[0]
        for k in range(memory.total.size):
            memory.total[k] = 0.0
    return best(view, memory.total)


def update(memory, params, view, action, outcome, t):
    memory.total[action] += outcome.reward


def naive_doubling() -> Policy:
    """EXPLOIT opened anew whenever the stock has doubled: it would learn with what it has won, and is ruined more often.

    ``argmax_k S_k``, S_k being the sum of arm k's rewards since the stock was last twice what it was when the sums were last set to 0; ties go to the lower arm. Each
    time the arms get equal shares of all that there is, so a bad arm may lose again what the good one has won. `exploit_ucb_double` explores with the surplus alone.

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone.

    Raises
    ------
    BadValue
        On a problem without such a stock.

    Departures from the paper
    -------------------------
    A reconstruction of a variant that our specification describes in one line.

    Examples
    --------
    >>> naive_doubling().name
    'naive_doubling(told the stock)'

    References
    ----------
    [Riou2024]_, for EXPLOIT.
    """

    def init(spec):
        return Memory(np.zeros(spec.n_actions), np.full(1, 2.0 * one_stock("naive_doubling", spec)))

    return Policy(ARM, init, act, update, name="naive_doubling(told the stock)")
