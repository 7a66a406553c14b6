"""OPT_FD of a sequence: against every LP by HiGHS and cvxpy, against a scan of the simplex, and where it is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim import folders
from budgetsim.arguments import BadType, BadValue
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.best_fixed_distribution import best_fixed_distribution
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.problems.adversarial_bandit import adversarial_bandit, examples
from budgetsim.theory.adversarial_family import phased_optimum, phased_sequence


def every_lp(reward, cost, budget):
    """The definition: an LP for every stopping time."""
    earned, used = np.cumsum(reward, axis=0), np.cumsum(cost, axis=0)
    k = reward.shape[1]
    return max(-linprog(-r, np.vstack([c.T, np.ones(k)]), np.append(budget, 1.0), method="highs").fun for r, c in zip(earned, used))


def instance(rng, horizon, k, d):
    reward = np.round(rng.random((horizon, k)) * rng.integers(0, 2, (horizon, k)), 2)
    return reward, np.round(rng.random((horizon, k, d)), 2), np.round(rng.uniform(0.05, 0.8, d) * horizon, 2)


def check_plan(best, reward, cost, budget):
    """The plan keeps every budget until it stops, and earns the value."""
    x, tau = best.plan.mixture, best.plan.rounds
    assert x.min() >= 0.0 and x.sum() <= 1.0 + 1e-12
    assert np.all(cost[:tau].sum(axis=0).T @ x <= budget * (1 + 1e-12) + 1e-300)
    assert reward[:tau].sum(axis=0) @ x == pytest.approx(best.value, rel=1e-12, abs=1e-300)
    assert best.lower <= best.value <= best.upper


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(1, 4), st.integers(1, 3))
def test_it_is_the_best_of_all_programs(seed, horizon, k, d):
    reward, cost, budget = instance(np.random.default_rng(seed), horizon, k, d)
    best = best_fixed_distribution(reward, cost, budget)
    true = every_lp(reward, cost, budget)
    assert best.lower - 1e-9 * true <= true <= best.upper + 1e-9 * true  # what HiGHS leaves open
    assert best.upper - best.lower <= 2e-9 * best.upper
    check_plan(best, reward, cost, budget)


def test_control_the_last_round_is_not_always_the_best():
    """Without a stopping time the optimum is less: rewards first, costs after."""
    reward, cost = np.repeat([[1.0], [0.0]], 5, axis=0), np.ones((10, 1, 1))
    assert best_fixed_distribution(reward, cost, 5.0).value == pytest.approx(5.0, rel=1e-9)
    assert fluid_lp(reward.sum(axis=0), cost.sum(axis=0), [5.0], 1, [10.0]).value == pytest.approx(2.5)


@pytest.mark.parametrize("method", ["scipy", "cvxpy"])
def test_other_solvers_say_the_same(method, seed):
    rng = np.random.default_rng(seed)
    for d in (1, 2):
        reward, cost, budget = instance(rng, 8, 3, d)
        one, other = best_fixed_distribution(reward, cost, budget), best_fixed_distribution(reward, cost, budget, method=method)
        assert one.value == pytest.approx(other.value, rel=1e-7)
        check_plan(other, reward, cost, budget)


def test_written_with_the_stopping_time_in_cvxpy(seed):
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(seed)
    for d in (1, 2):
        reward, cost, budget = instance(rng, 5, 3, d)
        values = []
        for tau in range(1, 6):
            x = cp.Variable(3, nonneg=True)
            limits = [cost[:tau].sum(axis=0).T @ x <= budget, cp.sum(x) <= 1]
            values.append(cp.Problem(cp.Maximize(reward[:tau].sum(axis=0) @ x), limits).solve(solver=cp.HIGHS))
        assert best_fixed_distribution(reward, cost, budget).value == pytest.approx(max(values), rel=1e-8)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_no_distribution_on_a_grid_earns_more(k, seed):
    """Each x of the simplex in steps of 1/40 plays until a budget is used up; the optimum is above all and near the best."""
    rng = np.random.default_rng(seed)
    for d in (1, 2):
        reward, cost, budget = instance(rng, 60, k, d)
        earned, used = np.cumsum(reward, axis=0), np.cumsum(cost, axis=0)
        grid = [np.array(x) / 40 for x in itertools.product(range(41), repeat=k) if sum(x) <= 40]
        scanned = []
        for x in grid:
            fits = np.all(np.einsum("tkd,k->td", used, x) <= budget, axis=1)
            scanned.append(float(max((earned @ x)[fits], default=0.0)))
        best = best_fixed_distribution(reward, cost, budget)
        assert best.upper >= max(scanned) >= best.value * (1 - k / 40) - 1e-9


def test_known_optima():
    """The family, constant sequences (the fluid LP), no budget, budgets that are 0 or infinite, no reward."""
    for phases, last in ((1, 1), (4, 1), (4, 3), (8, 8)):
        assert best_fixed_distribution(*phased_sequence(phases, 50, last)).value == pytest.approx(50 * float(phased_optimum(phases, last)), rel=1e-9)
    r, c = np.array([0.9, 0.6, 0.5, 0.3]), np.array([[0.8, 0.35, 0.1, 0.05], [0.2, 0.5, 0.25, 0.05]]).T
    constant = np.tile(r, (100, 1)), np.tile(c, (100, 1, 1))
    assert best_fixed_distribution(*constant, [25.0, 25.0]).value / 100 == pytest.approx(0.585714, abs=1e-6)
    assert best_fixed_distribution(*constant, [np.inf, np.inf]).value == pytest.approx(90.0)
    free = best_fixed_distribution(constant[0], np.zeros((100, 4, 0)), [])
    assert free.value == pytest.approx(90.0) and free.plan.mixture.tolist() == [1, 0, 0, 0] and free.plan.rounds == 100
    nothing = best_fixed_distribution(*constant, [0.0, 10.0])
    assert nothing.value == 0.0 and nothing.upper <= 1e-9
    assert best_fixed_distribution(np.zeros((5, 2)), np.ones((5, 2)), 3.0).upper == 0.0


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 7), st.integers(1, 12), st.floats(0.01, 100.0), st.floats(0.01, 10.0))
def test_mixing_is_worth_a_factor_d(d, each, reward, unit):
    """Property 4 of the (f) list: OPT_FD / OPT_FA = d when arm i consumes only resource i. Control: 1 when all consume alike."""
    horizon = d * each
    for cost, gap in ((np.eye(d) * unit, d), (np.full((d, d), unit / d), 1)):
        budget = np.full(d, unit * each)
        mixed = best_fixed_distribution(np.full((horizon, d), reward), np.broadcast_to(cost, (horizon, d, d)), budget)
        arm = best_fixed_arm(np.full(d, reward), horizon, cost, budget)
        assert mixed.lower / arm.upper <= gap + 1e-8 and mixed.upper / arm.lower >= gap - 1e-8
        assert mixed.upper / arm.lower - mixed.lower / arm.upper < 1e-8


def test_long_sequences(seed):
    """T = 100,000, ten arms, three resources."""
    rng = np.random.default_rng(seed)
    reward, cost = rng.random((100_000, 10)), rng.random((100_000, 10, 3))
    best = best_fixed_distribution(reward, cost, [2e4] * 3)
    assert best.upper - best.lower <= 2e-9 * best.value
    check_plan(best, reward, cost, np.full(3, 2e4))


def test_it_is_filled_from_the_problem():
    for problem in examples():
        best = folders.bind(best_fixed_distribution, problem)
        assert 0.0 < best.lower <= best.upper
    assert best_fixed_distribution([[1.0, 0.0]] * 4, [[1.0, 0.0]] * 4, 2.0).plan.rounds >= 2
    assert folders.bind(best_fixed_distribution, adversarial_bandit([[0.5]] * 4, [[1.0]] * 4, 2.0)).value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([[-1.0]], [[1.0]], 1.0), "reward: got -1"),
        (([[1.0]], [[-1.0]], 1.0), "cost: got -1"),
        (([[1.0]], [[[1.0, 1.0]]], [1.0]), r"cost: got shape \(1, 1, 2\)"),
        (([[1.0]], [[1.0], [1.0]], 1.0), "cost: got shape"),
        (([[1.0]], [[1.0]], -1.0), "budget: got -1"),
        (([], [], 1.0), "reward: got"),
        (([[1.0]], [[1.0]], 1.0, 2.0), "tolerance: got 2"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(BadValue, match=said):
        best_fixed_distribution(*arguments)
    with pytest.raises(BadType, match="reward"):
        best_fixed_distribution("much", [[1.0]], 1.0)
    with pytest.raises(BadType, match="cost: got"):
        best_fixed_distribution([[1.0]], "much", 1.0)
    with pytest.raises(BadValue, match="method: got 'simplex'"):
        best_fixed_distribution([[1.0]], [[1.0]], 1.0, method="simplex")
