"""Bandits with knapsacks: every pull earns a reward and consumes several resources, until one runs out."""

from typing import Any, NamedTuple

import numpy as np

from .. import arguments, draws
from ..arguments import BadValue, array, flag, whole
from ..model import Kind, Law, Problem, Spec


class Independent(NamedTuple):
    """Independent Bernoulli reward and costs."""

    mean_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray


class Table(NamedTuple):
    """Arm k's (reward, cost_1, ..., cost_d) is outcomes[k, i] with probability upto[k, i] - upto[k, i - 1]."""

    mean_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray
    outcomes: np.ndarray
    upto: np.ndarray


def independent_step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    d = cost.size
    for j in range(d):
        cost[j] = draws.bernoulli(key, action * (d + 1) + 1 + j, instance.mean_cost[action, j])
    return draws.bernoulli(key, action * (d + 1), instance.mean_reward[action])


def table_step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    i = draws.categorical(key, action, instance.upto[action])
    for j in range(cost.size):
        cost[j] = instance.outcomes[action, i, 1 + j]
    return instance.outcomes[action, i, 0]


def expected(instance, state, view, action, t):
    return instance.mean_reward[max(action, 0)] * (action >= 0)  # without a branch: one costs a quarter of a whole round


def knapsack_bandit(
    mean_reward: Any = None,
    mean_cost: Any = None,
    budget: Any = None,
    horizon: Any = None,
    idle: bool = True,
    *,
    outcomes: Any = None,
    probabilities: Any = None,
) -> Problem:
    """K arms, d resources, one budget each; the run ends before the first round whose cost does not fit (law STOP).

    In each round the action a draws (X, C_1, ..., C_d), independently over rounds, earns X and pays C. By default X and
    C_j are independent Bernoulli variables with means mean_reward[a] and mean_cost[a, j]; with `outcomes` and
    `probabilities` they have any joint law on finitely many points. An arm's luck does not depend on which arms are
    pulled.

    Parameters
    ----------
    mean_reward : (K,) in [0, 1], reward; None with `outcomes`.
    mean_cost : (K, d) in [0, 1], units of each resource; None with `outcomes`.
    budget : (d,) >= 0, units of each resource; infinite where there is no cap.
    horizon : rounds, at least 1.
    idle : whether action -1 (no reward, no cost, one round) is legal.
    outcomes : (K, S, 1 + d), reward and the d costs (>= 0) of each of S outcomes of an arm.
    probabilities : (K, S), each row sums to 1.

    Returns
    -------
    Problem of kind ARM; `instance.mean_reward` (K,), `instance.mean_cost` (K, d) and `instance.largest_cost` (d,), what a
    single cost never exceeds, are the hidden truth.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, means and a table together.

    Examples
    --------
    >>> problem = knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], budget=[250], horizon=1000)
    >>> problem.spec.budget.tolist(), problem.spec.law.name
    ([250.0], 'STOP')
    >>> pricing = knapsack_bandit(budget=[10], horizon=50, outcomes=[[[0, 0], [0.8, 1]]], probabilities=[[0.75, 0.25]])
    >>> pricing.instance.mean_reward.tolist(), pricing.instance.mean_cost.tolist()  # sold with the reward, or neither
    ([0.2], [[0.25]])

    References
    ----------
    [Badanidiyuru2018]_ for the model and its stopping rule
    """
    horizon = whole("horizon", horizon, 1)
    instance: Independent | Table
    if outcomes is None and probabilities is None:
        mean_reward = array("mean_reward", mean_reward, (None,), 0.0, 1.0)
        mean_cost = array("mean_cost", mean_cost, (mean_reward.size, None), 0.0, 1.0)
        instance, step = Independent(mean_reward, mean_cost, np.ones(mean_cost.shape[1])), independent_step
    else:
        instance, step = _table(mean_reward, mean_cost, outcomes, probabilities), table_step
    n, d = instance.mean_cost.shape
    budget = array("budget", budget, (d,), 0.0, finite=False)
    spec = Spec(Kind.ARM, n, horizon, flag("idle", idle), budget=budget, law=Law.STOP)
    return Problem(spec, instance, step, expected=expected, name=f"knapsack_bandit({n} arms, {d} resource{'s' * (d > 1)})")


def examples() -> list[Problem]:
    """One small problem of each kind of outcome.

    >>> [p.name for p in examples()]
    ['knapsack_bandit(3 arms, 2 resources)', 'knapsack_bandit(2 arms, 1 resource)']
    """
    prices = [[[0.0, 0.0], [0.5, 1.0]], [[0.0, 0.0], [0.8, 1.0]]]
    return [
        knapsack_bandit([0.9, 0.5, 0.2], [[0.8, 0.1], [0.2, 0.3], [0.0, 0.0]], [40.0, 20.0], 200),
        knapsack_bandit(budget=[25.0], horizon=200, idle=False, outcomes=prices, probabilities=[[0.5, 0.5], [0.75, 0.25]]),
    ]


def _table(mean_reward: Any, mean_cost: Any, outcomes: Any, chances: Any) -> Table:
    for name, value in (("mean_reward", mean_reward), ("mean_cost", mean_cost)):
        if value is not None:
            raise BadValue(f"{name}: got a value beside outcomes; allowed: None, because outcomes and probabilities say it")
    outcomes = array("outcomes", outcomes, (None, None, None))
    k, s, width = outcomes.shape
    if width < 2:
        raise BadValue(f"outcomes: got shape {outcomes.shape}; allowed: (K, S, 1 + d), a reward and at least one cost")
    array("outcomes[:, :, 1:]", outcomes[:, :, 1:], (k, s, width - 1), 0.0)
    chances = arguments.probabilities("probabilities", chances, (k, s))
    mean = (outcomes * chances[:, :, None]).sum(axis=1)
    return Table(mean[:, 0].copy(), mean[:, 1:].copy(), outcomes[:, :, 1:].max(axis=(0, 1)), outcomes, np.cumsum(chances, axis=1))
