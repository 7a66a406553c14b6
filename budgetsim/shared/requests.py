"""Requests with options, rewards and costs seen before acting: what their problems and rules share."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array
from ..model import REQUEST, SKIP, TOLERANCE, Spec


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
class Purse(NamedTuple):
    """What a rule knows of the budgets."""

    rate: np.ndarray  #: (d,) budget a round; infinite where there is no cap
    slack: np.ndarray  #: (d,) by how much the ledger lets a cost exceed what is left


def purse(rule: str, spec: Spec) -> Purse:
    """The budgets of a problem that shows the reward and the cost of each option; other problems are declined.

    >>> from ..model import ARM
    >>> purse("greedy_allocation", Spec(ARM, 2, 10))
    Traceback (most recent call last):
    ...
    budgetsim.arguments.BadValue: greedy_allocation: got a problem of kind ARM; allowed: requests, the reward and cost of each option shown
    """
    n, d, nothing = spec.n_actions, len(spec.budget), np.zeros(0)
    if spec.kind != REQUEST or getattr(spec.view, "reward", nothing).shape != (n,) or getattr(spec.view, "cost", nothing).shape != (n, d):
        raise BadValue(f"{rule}: got a problem of kind {spec.kind.name}; allowed: requests, the reward and cost of each option shown")
    if spec.law != SKIP or spec.renew or d == 0:
        what = "no budget" if d == 0 else "a budget renewed every round" if spec.renew else f"law {spec.law.name}"
        raise BadValue(f"{rule}: got requests with {what}; allowed: budgets for the whole run, law SKIP")
    return Purse(spec.budget / spec.horizon, TOLERANCE * np.where(np.isinf(spec.budget), 0.0, spec.budget))


def prices(name: str, value: Any, d: int) -> np.ndarray:
    """(d,) prices >= 0, from one for all or one for each."""
    return array(name, np.full(d, value) if np.ndim(value) == 0 else value, (d,), 0.0)


def wanted(view: Any, price: Any) -> Any:
    """The first option of greatest reward less priced cost, if that is above 0; else -1.

    >>> wanted(Offer(np.array([1.0, 3.0, 0.5]), np.array([[0.5], [4.0], [0.0]])), np.array([1.0]))
    0
    """
    reward, cost = view.reward, view.cost
    n, d = cost.shape
    greatest, option = 0.0, -1
    i = 0
    while i + 4 <= n:  # four sums that need not wait for one another
        a, b, c, e = reward[i], reward[i + 1], reward[i + 2], reward[i + 3]
        for j in range(d):
            p = price[j]
            a -= p * cost[i, j]
            b -= p * cost[i + 1, j]
            c -= p * cost[i + 2, j]
            e -= p * cost[i + 3, j]
        if a > greatest:
            greatest, option = a, i
        if b > greatest:
            greatest, option = b, i + 1
        if c > greatest:
            greatest, option = c, i + 2
        if e > greatest:
            greatest, option = e, i + 3
        i += 4
    while i < n:
        a = reward[i]
        for j in range(d):
            a -= price[j] * cost[i, j]
        if a > greatest:
            greatest, option = a, i
        i += 1
    return option


def payable(view: Any, price: Any, left: Any, slack: Any) -> Any:
    """`wanted` among the options that fit into what is left.

    >>> payable(Offer(np.array([1.0, 0.5]), np.array([[0.5], [0.1]])), np.zeros(1), np.array([0.3]), np.zeros(1))
    1
    """
    reward, cost = view.reward, view.cost
    greatest, option = 0.0, -1
    for i in range(reward.size):
        gain, fits = reward[i], True
        for j in range(price.size):
            gain -= price[j] * cost[i, j]
            fits = fits and cost[i, j] <= left[j] + slack[j]
        if fits and gain > greatest:
            greatest, option = gain, i
    return option
