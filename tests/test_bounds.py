"""No rule beats the certified bound: 200 random knapsack bandits, every rule of the house, mean reward <= upper + 4 standard errors."""

import functools

import numpy as np
import pytest

from budgetsim import BudgetsimError, engine, folders
from budgetsim.model import Problem
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.optima.knapsack_dp import knapsack_dp
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from tests.conftest import seed_of

INSTANCES, REPLICATIONS = 200, 100


@functools.cache
def instances() -> list[tuple[Problem, float, float]]:
    """(problem, certified upper bound, exact optimum): few arms, small budgets, so that one more unit matters."""
    rng = np.random.default_rng(seed_of("bounds"))
    found = []
    for _ in range(INSTANCES):
        k, d, horizon = int(rng.integers(1, 5)), int(rng.integers(1, 3)), int(rng.integers(5, 40))
        reward, cost = rng.random(k), rng.random((k, d)) * rng.random(d)
        budget = np.floor(rng.uniform(1, 6, d))
        problem = knapsack_bandit(reward, cost, budget, horizon)
        found.append((problem, fluid_lp(reward, cost, budget, horizon).upper, knapsack_dp(reward, cost, budget, horizon).value))
    return found


def excess(problem: Problem, rule: object, upper: float, seed: int) -> float:
    """By how much the mean reward exceeds the bound, beyond 4 standard errors."""
    spec = problem.spec
    game = engine.prepare(problem, folders.bind(rule, problem))
    reward = engine.play_block(game, seed, 0, REPLICATIONS, [spec.horizon]).reward[:, -1]
    return float(reward.mean() - upper - 4.0 * reward.std(ddof=1) / np.sqrt(REPLICATIONS))


def plays_arms(name: str) -> bool:
    """Whether a rule can be asked about these instances at all: it pulls arms, and needs to be told nothing that they lack."""
    problem = knapsack_bandit([0.5], [[0.5]], [5.0], 30)
    try:
        rule = folders.bind(folders.factory("policies", name), problem)
        rule.init(problem.spec)
    except BudgetsimError:
        return False
    return rule.kind == problem.spec.kind


PLAYERS = [name for name in folders.names("policies") if plays_arms(name)]


def test_the_bound_is_asked_of_many_rules() -> None:
    assert len(PLAYERS) >= 14


@pytest.mark.parametrize("name", PLAYERS)
def test_no_rule_beats_the_bound(name: str, seed: int) -> None:
    rule = folders.factory("policies", name)
    over = [excess(problem, rule, upper, seed) for problem, upper, _ in instances()]
    assert max(over) <= 1e-9


def test_the_exact_optimum_stays_below_the_bound_and_beats_the_fluid_value() -> None:
    """The control is inside: LP(B) itself, without the largest cost, is beaten on many of these instances."""
    beaten = 0
    for problem, upper, exact in instances():
        spec, truth = problem.spec, problem.instance
        assert exact <= upper + 1e-9
        beaten += exact > fluid_lp(truth.mean_reward, truth.mean_cost, spec.budget, spec.horizon).value + 1e-9
    assert beaten >= 10


def test_the_check_can_fail(seed: int) -> None:
    """Control: against a bound of nothing, a rule that earns is caught."""
    problem = knapsack_bandit([0.9], [[0.1]], [5.0], 30)
    assert excess(problem, folders.factory("policies", "ucb1"), 0.0, seed) > 0.0
