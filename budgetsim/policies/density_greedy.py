"""Density greedy: the most reward per priced cost, as far as is known."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import whole
from ..confidence import best, spending_rate
from ..model import ARM, VOID, Policy

NO_COST_SEEN = int(VOID)


class Memory(NamedTuple):
    pulls: np.ndarray
    reward: np.ndarray  #: sum
    charged: np.ndarray  #: pulls whose cost was seen
    cost: np.ndarray  #: sum, priced
    density: np.ndarray


class Params(NamedTuple):
    price: np.ndarray
    explore: float


def act(memory, params, view, left, t, key):
    return best(view, memory.density)


def update(memory, params, view, action, outcome, t):
    n = memory.pulls[action] + 1.0
    memory.pulls[action] = n
    memory.reward[action] += outcome.reward
    if outcome.status != NO_COST_SEEN:
        memory.charged[action] += 1.0
        memory.cost[action] += 1.0
        for j in range(params.price.size):
            memory.cost[action] += params.price[j] * outcome.cost[j]
    if n >= params.explore:
        cost = memory.cost[action] / max(memory.charged[action], 1.0)
        memory.density[action] = memory.reward[action] / n / max(cost, 1e-9)


def recommend(memory, params, left, t, key):
    arm = 0
    for k in range(memory.density.size):
        if memory.pulls[k] >= params.explore and (memory.pulls[arm] < params.explore or memory.density[k] > memory.density[arm]):
            arm = k
    return arm


def density_greedy(explore: int = 1) -> Policy:
    """The arm of greatest mean reward per mean priced cost.

    A unit of resource j is priced at horizon / budget_j and a round at 1, so that every resource, time being one,
    costs the same if spent evenly to the end: an arm's density is ``reward / (1 + sum_j cost_j horizon / budget_j)`` of
    its means. Each arm is first pulled ``explore`` times; ties go to the lower arm. Recommends the greatest density.
    This rule is ours: a natural thing to do, with no guarantee (prices are not those of the optimum, and an unlucky
    first pull is never corrected).

    Parameters
    ----------
    explore
        Pulls of each arm before it competes, >= 1.

    Returns
    -------
    Policy
        For problems whose action is an arm; without budgets it plays the greatest mean.

    Raises
    ------
    BadValue, BadType
        If explore is not a whole number >= 1; on a problem that renews its budget every round.

    Departures from the paper
    -------------------------
    A round that the budget made void counts as a reward of 0 and leaves the cost's mean as it was.

    Examples
    --------
    >>> density_greedy().name
    'density_greedy(explore=1; told the horizon and budget)'
    """
    explore = whole("explore", explore, 1)

    def init(spec):
        n, price = spec.n_actions, 1.0 / spending_rate("density_greedy", spec)
        return Memory(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, math.inf)), Params(price, float(explore))

    return Policy(ARM, init, act, update, recommend=recommend, name=f"density_greedy(explore={explore}; told the horizon and budget)")
