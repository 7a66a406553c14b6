"""PrimalDualBwK: optimism per priced unit, prices by multiplicative updates."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number
from ..confidence import relative, spending_rate
from ..draws import exp, log
from ..kernels import available
from ..model import ARM, VOID, Policy

NO_COST_SEEN = int(VOID)
SMALLEST, GREATEST = 1e-100, 1e100  # prices, in that of time


class Memory(NamedTuple):
    pulls: np.ndarray
    reward: np.ndarray  #: sum
    upper: np.ndarray  #: bound on the mean
    charged: np.ndarray  #: pulls whose cost was seen
    cost: np.ndarray  #: sum (K, d), in units of budget / B
    lower: np.ndarray  #: bound on the mean
    price: np.ndarray  #: (d,), that of time being 1


class Params(NamedTuple):
    level: float  #: A
    pace: float  #: B / T: what a round costs of time
    growth: float  #: log(1 + epsilon)
    unit: np.ndarray  #: B / budget (d,)
    levels: np.ndarray  #: A times the largest cost, in these units (d,)


def act(memory, params, view, left, t, key):
    arm, greatest = -1, -math.inf
    for k in range(memory.upper.size):
        if available(view, k):
            cost = params.pace
            for j in range(memory.price.size):
                cost += memory.price[j] * memory.lower[k, j]
            density = memory.upper[k] / cost
            if density > greatest:
                arm, greatest = k, density
    return arm


def update(memory, params, view, action, outcome, t):
    n = memory.pulls[action] + 1.0
    memory.pulls[action] = n
    memory.reward[action] += outcome.reward
    mean = memory.reward[action] / n
    memory.upper[action] = min(mean + relative(max(mean, 0.0), n, params.level), 1.0)
    charged = memory.charged[action]
    if outcome.status != NO_COST_SEEN:
        charged += 1.0
        memory.charged[action] = charged
    for j in range(memory.price.size):
        price = memory.price[j] * exp(params.growth * (memory.lower[action, j] - params.pace))
        memory.price[j] = min(max(price, SMALLEST), GREATEST)
        memory.cost[action, j] += params.unit[j] * outcome.cost[j]
        if charged > 0.0:
            mean = memory.cost[action, j] / charged
            memory.lower[action, j] = max(mean - relative(max(mean, 0.0), charged, params.levels[j]), 0.0)


def primal_dual(confidence: float = 0.25, largest_cost: Any = None) -> Policy:
    """PrimalDualBwK: the most optimistic reward per priced cost; a resource that is used grows dearer.

    Time counts as a resource of budget T, so there are d + 1; all are rescaled to the smallest budget B, in units of
    the largest cost. Prices v start at 1. After each arm was pulled once, a round plays the arm that maximises
    ``U / sum_j v_j L_j``; then ``v_j *= (1 + epsilon)^{L_j}`` with the L of the arm played, ``epsilon =
    sqrt(log(d + 1) / B)``. U = min(m + r, 1) bounds the mean reward and L_j = max(m_j - r_j, 0) the mean cost, with
    radius ``r = sqrt(A m / pulls) + A / pulls`` and ``A = confidence log(K T (d + 1))``. Time's L is exact.

    Parameters
    ----------
    confidence
        Multiplies the logarithm in A, >= 0; 0.25, a constant of ours, since the analysis fixes it up to a factor only.
    largest_cost
        The most that a round can cost, a number or (d,), > 0, in units of each resource; None for 1. A value much too
        large leaves the costs unknown for long: the rule then spends as if they were 0.

    Returns
    -------
    Policy
        For problems whose action is an arm, with rewards in [0, 1] and costs in [0, largest_cost].

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without a finite budget, with one that is 0, or one that
        is renewed every round.

    Departures from the paper
    -------------------------
    Prices are kept in that of time, which changes no decision, and within [1e-100, 1e100]. Budgets may differ, which
    the paper rescales away; the radius is taken before rescaling, where it is narrower. A resource without a cap has no
    price. A round that the budget made void counts as a reward of 0, leaves the mean costs as they were, and raises
    prices like any other. The idle action is never taken.

    Examples
    --------
    >>> primal_dual().name
    'primal_dual(confidence=0.25, largest_cost=1; told the horizon and budget)'

    References
    ----------
    [Badanidiyuru2018]_, algorithm PrimalDualBwK.
    """
    confidence = number("confidence", confidence, 0.0)
    told = 1.0 if largest_cost is None else largest_cost
    scalar = np.ndim(told) == 0
    largest = np.array([number("largest_cost", told, SMALLEST)]) if scalar else array("largest_cost", told, (None,), SMALLEST)

    def init(spec):
        n, d = spec.n_actions, spec.budget.size
        if not scalar and largest.size != d:
            raise BadValue(f"largest_cost: got {largest.size} numbers; allowed: one, or one for each of the problem's {d} resources")
        if not np.isfinite(spec.budget).any() or (spec.budget <= 0.0).any():
            raise BadValue(f"primal_dual: got budget {spec.budget.tolist()}; allowed: at least one that is finite, and none that is 0")
        rate = spending_rate("primal_dual", spec) / largest
        b = spec.horizon * min(float(rate.min()), 1.0)
        unit, level = b / spec.budget, confidence * log(n * spec.horizon * (d + 1.0))
        params = Params(level, b / spec.horizon, log(1.0 + math.sqrt(log(d + 1.0) / b)), unit, level * unit * largest)
        zeros = np.zeros
        return Memory(zeros(n), zeros(n), np.full(n, math.inf), zeros(n), zeros((n, d)), zeros((n, d)), np.ones(d)), params

    costs = ", ".join(f"{c:g}" for c in largest)
    return Policy(ARM, init, act, update, name=f"primal_dual(confidence={confidence:g}, largest_cost={costs}; told the horizon and budget)")
