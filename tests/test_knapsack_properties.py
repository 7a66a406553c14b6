"""Properties 1, 2, 3 and 6 of the specification's list for bandits with knapsacks, and the numbers it prints."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim import BudgetsimError, engine, folders
from budgetsim.model import TOLERANCE, Ended
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.optima.knapsack_dp import knapsack_dp
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.semi_bandit import semi_bandit

REWARD = np.array([0.9, 0.6, 0.5, 0.3])
COST = np.array([[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05]])


def drawn(seed):
    """(mean rewards, mean costs, budgets, horizon) of any small size."""
    g = np.random.default_rng(seed)
    k, d, horizon = int(g.integers(1, 8)), int(g.integers(1, 5)), int(g.integers(10, 10_000))
    return g.random(k), g.random((k, d)) * (g.random((k, d)) < 0.85), horizon * g.random(d) * 0.8 + 1e-3, horizon


# ------------------------------------------------------------------------------------------------ property 1
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_no_rule_exceeds_the_program_at_one_cost_more(seed):
    """Property 1 of the (f) list, exact: the best of all rules (by dynamic programming) earns at most LP(B + 1)."""
    g = np.random.default_rng(seed)
    k, d, horizon = int(g.integers(1, 4)), int(g.integers(1, 3)), int(g.integers(1, 20))
    facts = g.random(k), g.random((k, d)), g.integers(0, 5, d).astype(float), horizon
    assert knapsack_dp(*facts).value <= fluid_lp(*facts).upper


def test_property_1_is_false_without_the_largest_cost():
    """The counterexample: one arm, reward 1, cost Bernoulli(.1), B = 3, T = 1000. Exactly 39 is earned where LP(B) = 30."""
    facts = [1.0], [[0.1]], [3.0], 1000
    assert knapsack_dp(*facts).value == pytest.approx(39.0, abs=1e-9)
    assert fluid_lp(*facts).value == pytest.approx(30.0) and fluid_lp(*facts).upper == pytest.approx(40.0)


# ------------------------------------------------------------------------------------------------ property 2
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 0.9), st.integers(2, 5))
def test_the_program_is_monotone_concave_and_homogeneous(seed, part, times):
    """Property 2 of the (f) list, exact: LP(B) grows with B, is concave in B, and of degree 1 in (B, T)."""
    r, c, b, horizon = drawn(seed)
    other = b * np.random.default_rng(seed + 1).random(b.size) * 2
    low, high, one, two, between, scaled = (
        fluid_lp(r, c, *x).value
        for x in ((np.minimum(b, other), horizon), (np.maximum(b, other), horizon), (b, horizon), (other, horizon),
                  (part * b + (1 - part) * other, horizon), (times * b, times * horizon))
    )  # fmt: skip
    slack = 1e-9 * horizon
    assert low <= min(one, two) + slack and max(one, two) <= high + slack
    assert between >= part * one + (1 - part) * two - slack
    assert scaled == pytest.approx(times * one, rel=1e-9, abs=slack)


# ------------------------------------------------------------------------------------------------ property 3
def game_value(r, c, budget, horizon, time=True):
    """min over lam in the simplex of max over arms and the null arm of r_a + sum_i lam_i (1 - (T/B_i) c_ai), as a program of its own."""
    k, d = c.shape
    payoff = np.vstack([r[:, None] + 1.0 - c * horizon / budget, np.ones((1, d))])  # the null arm earns nothing
    if time:
        payoff = np.column_stack([payoff, np.append(r, 0.0)])  # of time every arm, the null one too, uses 1
    n = payoff.shape[1]
    rows = np.column_stack([payoff, -np.ones(k + 1)])  # payoff lam <= v for every arm
    solved = linprog(
        np.append(np.zeros(n), 1.0), rows, np.zeros(k + 1), np.append(np.ones(n), 0.0)[None], [1.0], [(0, None)] * n + [(None, None)], method="highs"
    )
    return solved.fun


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_value_of_the_lagrangian_game_is_the_program(seed):
    """Property 3 of the (f) list, exact: with the null arm and time the game's value is LP(B) / T, on 200 drawn instances."""
    r, c, b, horizon = drawn(seed)
    b = np.minimum(b, horizon)
    assert game_value(r, c, b, horizon) == pytest.approx(fluid_lp(r, c, b, horizon).value / horizon, abs=1e-9)


def test_property_3_needs_time_as_a_resource():
    """Control: one free arm, reward .5. Without time the min player must pay 1 for the resource that nobody uses."""
    facts = np.array([0.5]), np.array([[0.0]]), np.array([10.0]), 100
    assert game_value(*facts) == pytest.approx(0.5) == fluid_lp(*facts).value / 100
    assert game_value(*facts, time=False) == pytest.approx(1.5)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_an_optimal_mixture_has_few_arms(seed):
    """Section 2(a), exact: the plan's support has at most as many arms as there are tight resources, plus 1 for time."""
    r, c, b, horizon = drawn(seed)
    best = fluid_lp(r, c, b, horizon)
    tight = np.count_nonzero(horizon * (best.plan.mixture @ c) >= b * (1 - 1e-9))
    assert np.count_nonzero(best.plan.mixture > 1e-9) <= tight + 1


# ------------------------------------------------------------------------------------------------ property 6
@functools.cache
def players():
    """Every rule of the folder that plays one of these games, with it."""
    games = [knapsack_bandit(REWARD, COST, [12.5, 9.0], 150), semi_bandit(REWARD, COST, 2, [12.5, 9.0], 150)]
    found = []
    for name in folders.names("policies"):
        for game in games:
            try:
                rule = folders.bind(folders.factory("policies", name), game)
                rule.init(game.spec)
            except BudgetsimError:
                continue
            if rule.kind == game.spec.kind:
                found.append((name, game, rule))
    return found


def test_no_rule_spends_after_a_budget_is_hit(seed):
    """Property 6 of the (f) list, exact: no budget is ever exceeded, and from the round on that does not fit nothing is spent or earned."""
    assert {"ucb_bwk", "balanced_exploration", "primal_dual", "semi_bandit_bwk"} <= {name for name, _, _ in players()}
    stopped = 0
    for name, game, rule in players():
        log = engine.play_block(engine.prepare(game, rule, path="python"), seed, 0, 10, np.arange(1, 151), trace=True)  # the same bits, and nothing to compile
        assert np.all(log.spent <= game.spec.budget * (1 + TOLERANCE)), name
        for i in np.flatnonzero(log.ended >= Ended.RESOURCE):
            end = log.rounds[i, -1]
            assert np.all(log.spent[i, end:] == log.spent[i, -1]) and np.all(log.reward[i, end:] == log.reward[i, -1]), name
            hit = game.spec.budget - log.spent[i, -1]
            assert hit[log.ended[i] - Ended.RESOURCE] < (1.0 if game.spec.kind == 0 else 2.0), name  # less than one round can cost was left
            stopped += 1
    assert stopped > 100


# ------------------------------------------------------------------------------------------------ numbers
def test_the_printed_numbers():
    """Section 2(g): .585714 a round with (.2143, 0, .7857, 0), .5 for the best arm; pricing .16 at .8, .25 at .5 without a limit."""
    best = fluid_lp(REWARD, COST, [1000.0] * 2, 4000)
    assert round(best.value / 4000, 6) == 0.585714 and best.plan.mixture.round(4).tolist() == [0.2143, 0.0, 0.7857, 0.0]
    assert round(best_fixed_arm(REWARD, 4000, COST, [1000.0] * 2).value / 4000, 12) == 0.5
    shop = folders.factory("problems", "dynamic_pricing")
    for supply, value, price in ((200.0, 0.16, 0.8), (1000.0, 0.25, 0.5)):
        found = folders.bind(fluid_lp, shop(supply=supply, horizon=1000))
        assert round(found.value / 1000, 12) == value and round(float(found.plan.mixture @ shop().instance.price), 9) == price
