"""Small problems for all rules, and how to watch a rule play them."""

from typing import Any, NamedTuple

import numpy as np

from budgetsim import ARM, SKIP, Policy, Problem, Spec, draws, engine


class Truth(NamedTuple):
    mean_reward: np.ndarray
    mean_cost: np.ndarray


class View(NamedTuple):
    legal: np.ndarray


def coins(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = draws.bernoulli(key, 10 * action + 1 + j, instance.mean_cost[action, j])
    return draws.bernoulli(key, 10 * action, instance.mean_reward[action])


def halves(instance, state, view, action, left, t, key, cost, seen):
    """Rewards 0, 1/2 and 1."""
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = draws.uniform(key, 10 * action + 1 + j) * instance.mean_cost[action, j] * 2.0
    p = instance.mean_reward[action]
    return 0.5 * (draws.bernoulli(key, 10 * action, p) + draws.bernoulli(key, 10 * action + 9, p))


def sometimes(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = draws.bernoulli(key, 500 + k, 0.6)
    view.legal[t % view.legal.size] = 1.0


MEANS = np.array([0.3, 0.7, 0.5, 0.6])
COSTS = np.array([[0.1, 0.2], [0.9, 0.3], [0.4, 0.4], [0.5, 0.1]])


def plain(horizon: int = 200) -> Problem:
    """Two budgets, STOP, no idling, all arms always there."""
    return Problem(Spec(ARM, 4, horizon, budget=np.array([0.4, 0.3]) * horizon), Truth(MEANS, COSTS), coins, name="plain")


def awkward(horizon: int = 200) -> Problem:
    """SKIP, idling, arms that come and go, one resource without a cap."""
    spec = Spec(ARM, 4, horizon, idle=True, budget=np.array([0.3 * horizon, np.inf]), law=SKIP, view=View(np.ones(4)))
    return Problem(spec, Truth(MEANS, COSTS), halves, observe=sometimes, name="awkward")


def free(horizon: int, means: Any = MEANS) -> Problem:
    """No budget."""
    means = np.array(means, float)
    return Problem(Spec(ARM, means.size, horizon), Truth(means, np.zeros((means.size, 0))), coins, name="free")


def played(problem: Problem, policy: Policy, seed: int = 1, replications: int = 1, path: str | None = "python") -> Any:
    """The log, with the trace of actions and checkpoints at half time and at the end."""
    horizon = problem.spec.horizon
    game = engine.prepare(problem, policy, path=path)
    return engine.play_block(game, seed, 0, replications, np.unique([max(horizon // 2, 1), horizon]), trace=True)


def actions(problem: Problem, policy: Policy, **options: Any) -> list[int]:
    """What the first replication did, round by round."""
    log = played(problem, policy, **options)
    return log.action[0, : log.rounds[0, -1], 0].astype(int).tolist()
