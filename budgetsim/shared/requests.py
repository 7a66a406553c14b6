"""Requests with options, rewards and costs seen before acting: what their problems and rules share."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array
from ..model import REQUEST, SKIP, Spec


class Offer(NamedTuple):
    """What a request shows: an option that is not on offer has reward 0 and cost 0, like none at all."""

    reward: np.ndarray  #: (n,) of each option
    cost: np.ndarray  #: (n, d)


# ------------------------------------------------------------------------------------------------ for problems
def serve(instance, state, view, action, left, t, key, cost, seen):
    """The step of every such problem: an option earns and costs what was shown."""
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = view.cost[action, j]
    return view.reward[action]


def promised(instance, state, view, action, t):
    return view.reward[action] if action >= 0 else 0.0


def pick(upto: Any, u: Any) -> Any:
    """The first index whose cumulative probability is above u, by bisection.

    >>> [pick((0.25, 0.25, 1.0), u) for u in (0.0, 0.24, 0.25, 0.99)]
    [0, 0, 2, 2]
    """
    low, high = 0, len(upto) - 1
    while low < high:
        middle = (low + high) // 2
        if u < upto[middle]:
            high = middle
        else:
            low = middle + 1
    return low


def tables(reward: Any, cost: Any, budget: Any, prefix: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards (N, n), costs (N, n, d) and budgets (d,), checked; costs may come as (N, n) and the budget as a number where d is 1.

    >>> [a.shape for a in tables([[1.0, 2.0]], [[0.5, 3.0]], 4.0)]
    [(1, 2), (1, 2, 1), (1,)]
    """
    rewards = array(f"{prefix}reward", reward, (None, None), 0.0)
    rows, n = rewards.shape
    costs = array(f"{prefix}cost", cost, (rows, n) if np.ndim(cost) == 2 else (rows, n, None), 0.0).reshape(rows, n, -1)
    d = costs.shape[2]
    return rewards, costs, array("budget", [budget] if np.ndim(budget) == 0 else budget, (d,), 0.0, finite=False)


def shown(n: int, d: int, horizon: int, budget: np.ndarray) -> Spec:
    """The spec of such a problem: kind REQUEST, law SKIP."""
    return Spec(REQUEST, n, horizon, budget=budget, law=SKIP, feedback="full", view=Offer(np.zeros(n), np.zeros((n, d))))


# ------------------------------------------------------------------------------------------------ for rules
def rates(rule: str, spec: Spec) -> np.ndarray:
    """Budget a round of each resource (d,); declines problems that do not show the reward and the cost of each option.

    >>> from ..model import ARM
    >>> rates("greedy", Spec(ARM, 2, 10))
    Traceback (most recent call last):
    ...
    budgetsim.arguments.BadValue: greedy: got a problem of kind ARM; allowed: requests, the reward and cost of each option shown
    """
    n, d = spec.n_actions, len(spec.budget)
    if spec.kind != REQUEST or np.shape(getattr(spec.view, "reward", None)) != (n,) or np.shape(getattr(spec.view, "cost", None)) != (n, d):
        raise BadValue(f"{rule}: got a problem of kind {spec.kind.name}; allowed: requests, the reward and cost of each option shown")
    if spec.law != SKIP or spec.renew or d == 0:
        raise BadValue(f"{rule}: got requests with {'no budget' if d == 0 else 'law ' + spec.law.name}; allowed: budgets for the whole run, law SKIP")
    return spec.budget / spec.horizon
