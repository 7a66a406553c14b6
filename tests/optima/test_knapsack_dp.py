"""The exact dynamic program against all rules of tiny instances, and against runs of its own plan."""

import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import ARM, BudgetsimError, Policy, engine
from budgetsim.model import Nothing
from budgetsim.optima.knapsack_dp import knapsack_dp
from budgetsim.problems.knapsack_bandit import knapsack_bandit

from ..strategies import forget


def earned(rule, r, c, budget, horizon):
    """Expected reward of a rule {(t, left): arm or -1}, over all sequences of costs, under law STOP; exact."""

    def onwards(t, left):
        if t == horizon:
            return Fraction(0)
        arm = rule[t, left]
        if arm < 0:
            return onwards(t + 1, left)
        total = Fraction(0)
        for cost in itertools.product((0, 1), repeat=len(budget)):
            chance = Fraction(1)
            for j, x in enumerate(cost):
                chance *= c[arm][j] if x else 1 - c[arm][j]
            if all(x <= y for x, y in zip(cost, left, strict=True)):
                total += chance * (r[arm] + onwards(t + 1, tuple(y - x for x, y in zip(cost, left, strict=True))))
        return total

    return onwards(0, tuple(budget))


def best_of_all_rules(r, c, budget, horizon, idle):
    """The largest expected reward over every map from (round, left) to an action."""
    states = [(t, left) for t in range(horizon) for left in itertools.product(*(range(max(b - t, 0), b + 1) for b in budget))]
    actions = range(-1 if idle else 0, len(r))
    return max(earned(dict(zip(states, acts, strict=True)), r, c, budget, horizon) for acts in itertools.product(actions, repeat=len(states)))


@pytest.mark.parametrize(
    ("arms", "budget", "horizon", "idle"),
    [(1, (0,), 3, True), (1, (2,), 4, True), (2, (1,), 3, True), (2, (2,), 3, True), (3, (1,), 3, False), (2, (5,), 2, True), (1, (1, 1), 3, True), (2, (0, 1), 2, True), (2, (1, 2), 2, False)],
)  # fmt: skip
def test_no_rule_does_better(arms, budget, horizon, idle, seed):
    """All rules tried in exact fractions: the optimum lies between `lower` and `upper`."""
    g = np.random.default_rng(seed)
    r, c = g.integers(0, 17, arms) / 16, g.integers(0, 17, (arms, len(budget))) / 16
    best = knapsack_dp(r, c, budget, horizon, idle)
    exact = best_of_all_rules([Fraction(x) for x in r], [[Fraction(x) for x in row] for row in c], budget, horizon, idle)
    assert Fraction(best.lower) <= exact <= Fraction(best.upper)
    assert best.upper - best.lower <= 1e-12


def test_a_budget_above_the_horizon_is_no_budget():
    """One state stands for all; budgets are cut to whole units, except that 3 - 1e-13 counts as 3, as in the ledger."""
    assert knapsack_dp([0.7], [[0.5]], [50], 50).value == pytest.approx(35.0)
    assert knapsack_dp([0.7], [[0.5]], [np.inf], 50).plan.shape == (50, 1)
    two = knapsack_dp([0.7, 0.9], [[0.5, 0.1], [0.3, 0.6]], [np.inf, 3], 20)
    one = knapsack_dp([0.7, 0.9], [[0.1], [0.6]], [3.7], 20)
    assert knapsack_dp([0.7, 0.9], [[0.1], [0.6]], [3 - 1e-13], 20).value == one.value
    assert two.value == pytest.approx(one.value, rel=1e-12) and two.plan.shape == (20, 1, 4) and one.plan.shape == (20, 4)


class Table(NamedTuple):
    plan: np.ndarray


def follow_act(memory, params, view, left, t, key):
    i = min(int(left[0]), params.plan.shape[1] - 1)
    j = min(int(left[1]), params.plan.shape[2] - 1)
    return params.plan[t, i, j]


def follow(plan):
    return Policy(ARM, lambda spec: (Nothing(), Table(plan)), follow_act, forget, name="follow the plan")


def test_its_plan_earns_what_it_says(seed):
    """Played by the engine, mean reward within 4 standard errors; control: always the dearest arm earns less."""
    r, c, budget, horizon = [0.9, 0.6, 0.3], [[0.8, 0.2], [0.3, 0.5], [0.1, 0.1]], [6, 7], 40
    best = knapsack_dp(r, c, budget, horizon)
    assert len(np.unique(best.plan)) > 2, "the plan switches arms"
    problem = knapsack_bandit(r, c, budget, horizon)
    reward = engine.play_block(engine.prepare(problem, follow(best.plan)), seed, 0, 20000, [horizon]).reward[:, -1]
    assert abs(reward.mean() - best.value) <= 4 * reward.std() / np.sqrt(reward.size)
    greedy = engine.play_block(engine.prepare(problem, follow(np.zeros_like(best.plan))), seed, 0, 20000, [horizon]).reward[:, -1]
    assert greedy.mean() + 4 * greedy.std() / np.sqrt(greedy.size) < best.value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mean_cost": [[0.1, 0.1, 0.1]], "budget": [1, 1, 1]}, "got 3 resources"),
        ({"mean_cost": [[1.1]]}, "mean_cost: got 1.1"),
        ({"mean_reward": [-1.0]}, "mean_reward: got -1.0"),
        ({"budget": [-1]}, "budget: got -1.0"),
        ({"horizon": 10**7, "budget": [100]}, "states"),
        ({"horizon": 2.5}, "horizon: got 2.5"),
        ({"idle": None}, "idle: got None"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says):
        knapsack_dp(**({"mean_reward": [0.5], "mean_cost": [[0.1]], "budget": [1], "horizon": 10} | change))
