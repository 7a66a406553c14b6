"""All of the next batch for the group that looks worst: a heuristic."""

from typing import NamedTuple

import numpy as np

from ..model import CHARGED, VECTOR, Policy
from ..shared.learning_curves import groups_of

_PAID = int(CHARGED)


class Memory(NamedTuple):
    loss: np.ndarray
    rounds: np.ndarray


class Params(NamedTuple):
    cost: np.ndarray
    price: float  #: of one sample of every group
    horizon: int


def act(memory, params, view, left, t, key, chosen):
    money, worst = left[0] / (params.horizon - t), 0
    for g in range(chosen.size):
        chosen[g] = money / params.price if memory.rounds[0] == 0.0 else 0.0
        if memory.loss[g] > memory.loss[worst]:
            worst = g
    if memory.rounds[0] > 0.0:
        chosen[worst] = money / params.cost[worst]


def update(memory, params, view, action, outcome, t):
    if outcome.status == _PAID:
        memory.rounds[0] += 1.0
        for g in range(action.size):
            memory.loss[g] = outcome.seen.loss[g]


def worst_group() -> Policy:
    """The first batch buys the same number of samples of every group; each later one only the group of greatest loss last seen, ties to the first.

    It knows no weights and no curves: a heuristic for the aim "worst", and a baseline for "mean". A batch is what is left over the rounds left.

    Returns
    -------
    Policy for `equitable_sampling`, told the horizon.

    Raises
    ------
    BadValue : on other problems.

    Examples
    --------
    >>> worst_group().name
    'worst_group(told the horizon)'

    References
    ----------
    [Cai2022]_ compares common heuristics of data collection; this one is ours.
    """

    def init(spec):
        told = groups_of("worst_group", spec)
        zeros = np.zeros(told.cost.size)
        return Memory(zeros, np.zeros(1)), Params(told.cost, float(told.cost.sum()), spec.horizon)

    return Policy(VECTOR, init, act, update, name="worst_group(told the horizon)")
