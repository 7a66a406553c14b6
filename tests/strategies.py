"""What several tests draw from: tiny rules and problems as plain functions, and hypothesis strategies over them."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from budgetsim import ARM, SKIP, STOP, Law, Policy, Problem, Spec, draws
from budgetsim.model import Nothing


# ------------------------------------------------------------------------------------------------ a scripted world
class Script(NamedTuple):
    """Round t of arm k pays reward[t, k] and costs cost[t, k, :]: everything can be worked out by hand."""

    reward: np.ndarray
    cost: np.ndarray


class Means(NamedTuple):
    pulls: np.ndarray
    mean: np.ndarray


class Plan(NamedTuple):
    arm: np.ndarray


def scripted_step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = instance.cost[t, action, j]
    return instance.reward[t, action]


def scripted(reward: Any, cost: Any = None, budget: Any = (), law: Law = STOP, **spec: Any) -> Problem:
    """A problem whose rewards (T, K) and costs (T, K, d) are written down."""
    reward = np.array(reward, float)
    cost = np.zeros((*reward.shape, 0)) if cost is None else np.array(cost, float)
    made = Spec(ARM, reward.shape[1], reward.shape[0], budget=np.array(budget, float), law=law, **spec)
    return Problem(made, Script(reward, cost), scripted_step, name="scripted")


def planned_init(arms):
    return lambda spec: (Nothing(), Plan(np.resize(np.array(arms, dtype=np.int64), spec.horizon)))


def planned_act(memory, params, view, left, t, key):
    return params.arm[t]


def forget(memory, params, view, action, outcome, t):
    pass


def planned(*arms: int) -> Policy:
    """Plays the arms in this order, again and again."""
    return Policy(ARM, planned_init(arms), planned_act, forget, name=f"planned{arms}")


# ------------------------------------------------------------------------------------------------ a rule that learns
def means_init(spec):
    return Means(np.zeros(spec.n_actions), np.zeros(spec.n_actions))


def greedy_act(memory, params, view, left, t, key):
    n = memory.mean.size
    if draws.uniform(key, 0) < 0.3:
        return draws.integer(key, 1, n)
    arm = 0
    for k in range(1, n):
        if memory.mean[k] > memory.mean[arm]:
            arm = k
    return arm


def means_update(memory, params, view, action, outcome, t):
    memory.pulls[action] += 1.0
    memory.mean[action] += (outcome.reward - memory.mean[action]) / memory.pulls[action]


def greedy(**changes: Any) -> Policy:
    """A third of the time any arm, else the best so far."""
    return Policy(ARM, means_init, greedy_act, means_update, name="greedy")._replace(**changes)


# ------------------------------------------------------------------------------------------------ strategies
laws = st.sampled_from([STOP, SKIP])


@st.composite
def scripts(draw: Any, resources: int = 2) -> tuple[Problem, Policy]:
    """A scripted problem of random size with costs in tenths, and a plan for it."""
    rounds, arms = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    d = draw(st.integers(0, resources))
    tenths = st.integers(0, 20).map(lambda i: i / 10)
    reward = draw(st.lists(st.lists(st.integers(-3, 3), min_size=arms, max_size=arms), min_size=rounds, max_size=rounds))
    cost = np.array(draw(st.lists(tenths, min_size=rounds * arms * d, max_size=rounds * arms * d))).reshape(rounds, arms, d)
    budget = draw(st.lists(st.integers(0, 60).map(lambda i: i / 10), min_size=d, max_size=d))
    plan = draw(st.lists(st.integers(0, arms - 1), min_size=1, max_size=rounds))
    return scripted(reward, cost, budget, draw(laws)), planned(*plan)
