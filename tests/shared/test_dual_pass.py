"""Passes over requests and the small program of cutting planes: numpy's and scipy's numbers, subgradients, rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.shared.dual_pass import _climb, barring, checked, descend, dual_pass, pass_over, rounding
from budgetsim.shared.dual_tree import dual_tree
from tests.optima.days import drawn


def priced(seed):
    r, c, b = drawn(seed, rounds=400)
    g = np.random.default_rng(seed)
    unit = np.maximum(r.max(), 1e-9) / np.maximum(c.max(axis=(0, 1), initial=0.0), 1e-9)
    return *checked(r, c, b), g.random(b.size) * unit, g.random(b.size) * unit


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_a_pass_is_what_it_says(seed):
    """numpy's sum; what the maximisers earn less what they pay; the same bits in plain Python."""
    r, c, _, p, _ = priced(seed)
    value, used, earned = dual_pass(r, c, p)
    size = float(np.maximum(r.max(axis=1), 0).sum())
    assert value == pytest.approx(np.maximum((r - c @ p).max(axis=1), 0).sum(), abs=1e-12 * size)
    assert value == pytest.approx(earned - p @ used, abs=1e-12 * (size + p @ used))
    plain = np.zeros(p.size + 1)
    assert pass_over(r, c, p, plain) == value and np.array_equal(plain, [*used, earned])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_subgradients(seed):
    """D(q) >= D(p) + (B - used(p)).(q - p): convexity, with what the maximisers use."""
    r, c, b, p, q = priced(seed)
    b = np.where(np.isinf(b), 1.0, b)
    (vp, used, _), (vq, _, _) = dual_pass(r, c, p), dual_pass(r, c, q)
    size = float(np.maximum(r.max(axis=1), 0).sum() + (p + q) @ (b + c.max(axis=1).sum(axis=0)))
    assert vq + q @ b >= vp + p @ b + (b - used) @ (q - p) - 1e-12 * size


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_small_program_is_scipys(seed):
    from scipy.optimize import linprog

    g = np.random.default_rng(seed)
    k, d = int(g.integers(1, 12)), int(g.integers(1, 5))
    earned, used, right = g.random(k), g.random((k, d)) * (g.random((k, d)) < 0.8), np.append(g.random(d) * (g.random(d) < 0.9), 1.0)
    basis, weight, price = -1 - np.arange(d + 1), np.zeros(d + 1), np.zeros(d + 1)
    value = _climb(earned, used, k, right, basis, np.zeros((d + 1, d + 1)), weight, price)
    solved = linprog(-earned, np.vstack([used.T, np.ones(k)]), right)
    assert value == pytest.approx(-solved.fun, abs=1e-9) and price @ right == pytest.approx(value, abs=1e-9)
    assert np.all(earned <= used @ price[:d] + price[d] + 1e-9)


def test_prices_to_begin_with_save_passes(seed):
    """From the optimal prices the search is shorter. Control: from ten times them it is not."""
    g = np.random.default_rng(seed)
    r, c, b = g.random((3000, 4)), g.random((3000, 4, 3)), np.array([200.0, 300.0, 400.0])

    def passes(start):
        return descend(lambda p: dual_pass(r, c, p), b, start, 1e-9).passes

    price = descend(lambda p: dual_pass(r, c, p), b).price
    assert passes(price) < passes(None) and passes(price) < passes(10.0 * price)


def test_a_price_that_bars():
    """Budgets of 0: nothing that needs them is worth taking, whatever else is priced."""
    r, c = np.array([[3.0, 1.0], [2.0, 0.1]]), np.array([[[1e-3], [0.0]], [[5.0], [1.0]]])
    price = barring([(r, c)], np.zeros(1))
    assert dual_pass(r, c, price)[1:] == (0.0, 1.0) and np.array_equal(barring([(r, c)], np.ones(1)), [0.0])


def test_the_allowance_is_larger_than_rounding(seed):
    """Against sums in twice the precision, at 20,000 requests."""
    g = np.random.default_rng(seed)
    r, c, p = g.random((20_000, 3)), g.random((20_000, 3, 2)), np.array([0.3, 0.4])
    precise = np.maximum((r.astype(np.longdouble) - c.astype(np.longdouble) @ p.astype(np.longdouble)).max(axis=1), 0).sum()
    size = float(r.max(axis=1).sum())
    assert abs(float(dual_pass(r, c, p)[0] - precise)) <= rounding(20_000, 2, size) < 1e-11 * size


def test_a_tree_without_prices_and_with_a_grain():
    """Nothing worth taking; and whole rewards let a node close that is less than one above."""
    idle = dual_tree(np.zeros((3, 1)), np.ones((3, 1, 1)), np.ones(1), np.full(3, -1), np.zeros(1))
    assert idle.done and idle.upper == 0.0 and np.all(idle.choice == -1)
    g = np.random.default_rng(0)
    r, c = g.integers(1, 20, (25, 1)).astype(float), g.random((25, 1, 2))
    coarse, fine = (dual_tree(r, c, np.full(2, 4.0), np.full(25, -1), np.zeros(2), grain) for grain in (1.0, 0.0))
    assert coarse.done and fine.done and round(coarse.upper, 6) == round(fine.upper, 6) and coarse.nodes < fine.nodes
