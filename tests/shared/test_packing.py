"""The small simplex: the same optimum as HiGHS on 200 drawn programs, degenerate ones among them; and the extremes of a set."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim.shared.packing import best_mixture, extreme_mixtures


def program(seed):
    """(reward, cost, cap): half of them with few distinct numbers, so that vertices coincide; some arms free, some budgets 0 or infinite."""
    g = np.random.default_rng(seed)
    n, d = int(g.integers(1, 12)), int(g.integers(1, 5))
    reward, cost, cap = g.random(n), g.random((n, d)) * (g.random((n, d)) < 0.8), g.random(d) * 0.6
    if g.random() < 0.5:
        reward, cost, cap = np.round(reward, 1), np.round(cost, 1), np.round(cap, 1)
    cap[g.random(d) < 0.05] = np.inf
    return reward, cost, cap


def theirs(objective, reward, cost, cap, floor=None):
    finite = np.isfinite(cap)
    rows, caps = np.vstack([cost.T[finite], np.ones(reward.size)]), np.append(cap[finite], 1.0)
    if floor is not None:
        rows, caps = np.vstack([rows, -reward]), np.append(caps, -floor)
    return -linprog(-objective, rows, caps, method="highs", options={"primal_feasibility_tolerance": 1e-10}).fun


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_best_mixture_is_highs(seed):
    """Same value to 1e-9, and a plan that keeps every constraint."""
    reward, cost, cap = program(seed)
    x = best_mixture(reward, cost, cap)
    assert reward @ x == pytest.approx(theirs(reward, reward, cost, cap), abs=1e-9)
    assert x.min() >= 0.0 and x.sum() <= 1.0 + 1e-12 and np.all(x @ cost <= cap + 1e-9)
    assert np.count_nonzero(x) <= np.isfinite(cap).sum() + 1  # a vertex


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.3, 0.9, 0.99]))
def test_extreme_mixtures_are_highs(seed, part):
    """Row k has the greatest x_k to 1e-5 (1e-6 of the reward decides among equals), and stays in the set."""
    reward, cost, cap = program(seed)
    best = reward @ best_mixture(reward, cost, cap)
    out = extreme_mixtures(reward, cost, cap, part * best)
    assert np.all(out >= 0.0) and np.all(out.sum(axis=1) <= 1.0 + 1e-12)
    assert np.all(out @ cost <= cap + 1e-9) and np.all(out @ reward >= part * best - 1e-9)
    for k in range(reward.size):
        assert out[k, k] == pytest.approx(theirs(np.eye(reward.size)[k], reward, cost, cap, part * best), abs=1e-5)


def test_at_the_optimum_only_the_optimum_is_left():
    """The floor at the best value: all rows are the optimal mixture. Control: a lower floor leaves more."""
    reward, cost, cap = np.array([0.9, 0.6, 0.5, 0.3]), np.array([[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05]]), np.full(2, 0.25)
    best = best_mixture(reward, cost, cap)
    np.testing.assert_allclose(best, [3 / 14, 0, 11 / 14, 0], atol=1e-12)
    np.testing.assert_allclose(extreme_mixtures(reward, cost, cap, reward @ best), np.tile(best, (4, 1)), atol=1e-9)
    assert np.ptp(extreme_mixtures(reward, cost, cap, 0.9 * reward @ best), axis=0).max() > 0.1


def test_several_equal_arms_go_to_the_first():
    assert best_mixture(np.ones(3), np.zeros((3, 1)), np.array([0.2])).tolist() == [1.0, 0.0, 0.0]
    assert best_mixture(np.zeros(3), np.ones((3, 1)), np.array([0.2])).tolist() == [0.0, 0.0, 0.0]
