"""What came, whatever was done about it: the requests of one replication, for benchmarks in hindsight."""

from typing import Any

import numpy as np

from .arguments import BadValue, whole
from .engine import memory_after, prepare
from .model import REQUEST, Policy, Problem, Spec
from .shared.requests import Offer


def requests_seen(problem: Problem, seed: int, replication: int = 0) -> Offer:
    """The rewards (T, n) and costs (T, n, d) that `run(problem, ..., seed=seed)` shows in one replication, if nobody takes anything.

    They are what every rule meets where arrivals do not depend on actions, which is what common random numbers are for; the
    hindsight optimum of this very luck is `hindsight_lp(*requests_seen(...), budget)`.

    Parameters
    ----------
    problem : of kind REQUEST, whose view shows `reward` (n,) and `cost` (n, d).
    seed, replication : of the run.

    Returns
    -------
    Offer of arrays with an axis of rounds in front.

    Raises
    ------
    BadValue : another kind of problem.

    Examples
    --------
    >>> from budgetsim.problems.online_allocation import online_allocation
    >>> shuffled = online_allocation([[1.0], [2.0], [3.0]], [[1.0], [1.0], [1.0]], 1.0, "random_order")
    >>> requests_seen(shuffled, seed=5).reward.ravel().tolist(), requests_seen(shuffled, seed=5, replication=1).reward.ravel().tolist()
    ([3.0, 1.0, 2.0], [3.0, 2.0, 1.0])
    """
    if problem.spec.kind != REQUEST or not hasattr(problem.spec.view, "reward") or not hasattr(problem.spec.view, "cost"):
        raise BadValue(f"problem: got {problem.name}; allowed: one of kind REQUEST that shows the reward and the cost of each option")
    game = prepare(problem, Policy(REQUEST, _blank, _write_down, _learn_nothing, name="requests_seen"))
    return memory_after(game, whole("seed", seed, 0, 2**64 - 1), whole("replication", replication, 0))


def _blank(spec: Spec) -> Offer:
    return Offer(np.zeros((spec.horizon, *spec.view.reward.shape)), np.zeros((spec.horizon, *spec.view.cost.shape)))


def _write_down(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> int:
    for i in range(view.reward.size):
        memory.reward[t, i] = view.reward[i]
        for j in range(left.size):
            memory.cost[t, i, j] = view.cost[i, j]
    return -1


def _learn_nothing(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
    pass
