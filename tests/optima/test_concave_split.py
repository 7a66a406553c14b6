"""The split of a budget over groups: the printed numbers, certificates, and the properties of section 11(f)."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.concave_split import concave_split

A, B, R, C, W = (0.1, 0.1, 0.12, 0.15), (2, 4, 8, 16), (0.8, 0.7, 0.6, 0.5), (1, 1, 2, 4), (0.6, 0.25, 0.1, 0.05)
PRINTED = np.array([556.1, 669.8, 515.3, 435.9])


def losses(n):
    return np.array(A) + np.array(B) * n ** -np.array(R)


def test_printed_numbers():
    """Section 11(g), to the printed digits."""
    n, w = concave_split(A, B, R, C, W, 4000, 0).plan.samples, np.array(W)
    assert n.round(1).tolist() == PRINTED.tolist()
    equal, share = np.full(4, 500.0), w * 4000 / (w @ C)
    assert [round(float(w @ losses(v)), 5) for v in (n, equal, share)] == [0.17985, 0.18072, 0.20499]
    even = concave_split(A, B, R, C, [0.25] * 4, 4000, 0).plan.samples
    assert [round(float(losses(v).mean()), 4) for v in (even, equal, share)] == [0.3508, 0.3608, 0.5070]
    best = concave_split(A, B, R, C, W, 4000, 0, aim="worst")
    assert round(-best.value, 5) == 0.66877 and best.plan.samples.round(1).tolist() == [4.8, 16.2, 87.0, 951.2]
    assert [round(float(losses(v).max()), 4) for v in (equal, share)] == [0.8655, 1.4149]


def floats(low, high):
    return st.floats(low, high, allow_nan=False)


@st.composite
def markets(draw, whole=False, most=4):
    g = draw(st.integers(1, most))
    row = lambda s: np.array(draw(st.lists(s, min_size=g, max_size=g)))  # noqa: E731
    a, b, r = row(floats(0, 1)), row(floats(0.1, 20)), row(floats(0.1, 2))
    c = row(st.integers(1, 4)).astype(float) if whole else row(floats(0.1, 5))
    w = row(floats(0.05, 1))
    return a, b, r, c, w / w.sum(), draw(st.integers(1, 30)) if whole else draw(floats(1, 5000)), draw(st.sampled_from([1.0, 2.0, 5.0]))


@settings(max_examples=300, deadline=None)
@given(markets())
def test_budget_tight_and_marginals_equal(case):
    """Property: the budget is spent; marginal gains per cost are equal where anything is bought, and no greater elsewhere; the certificate is tight."""
    _, b, r, c, w, money, s = case
    best = concave_split(*case)
    n, price = best.plan.samples, best.dual.price
    assert best.lower <= best.value <= best.upper <= best.value + 1e-9 * max(1.0, -best.value)
    assert abs(c @ (n - s) - money) <= 1e-9 * money and c @ (n - s) <= money + c @ np.spacing(n)  # the last bit of each number of samples
    gain = w * b * r * n ** (-r - 1) / c
    bought = n > s * (1 + 1e-6)
    np.testing.assert_allclose(gain[bought], price, rtol=1e-6)
    assert np.all(gain[~bought] <= price * (1 + 1e-6))


@settings(max_examples=300, deadline=None)
@given(markets(), st.integers(0, 10**6))
def test_no_plan_is_better(case, seed):
    """Property: the optimum is at least every baseline and every random plan, for both aims."""
    a, b, r, c, w, money, s = case
    rng = np.random.default_rng(seed)
    for aim in ("mean", "worst"):
        best = concave_split(*case, aim=aim)
        for part in (np.ones(c.size), w, 1 / c, *rng.dirichlet(np.ones(c.size), 4) / c):
            loss = a + b * (s + money * part / (part @ c)) ** -r
            value = -(loss.max() if aim == "worst" else w @ loss)
            assert value <= best.upper and value <= best.value + 1e-9 * abs(value)


@settings(max_examples=200, deadline=None)
@given(markets(), st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
def test_scale_invariance(case, factor):
    """Property: multiplying budget and costs by one factor changes no plan; the price falls by it."""
    a, b, r, c, w, money, s = case
    if min(c) * factor < 1e-9:
        return
    one, other = concave_split(*case), concave_split(a, b, r, c * factor, w, money * factor, s)
    np.testing.assert_allclose(one.plan.samples, other.plan.samples, rtol=1e-7)
    assert abs(other.dual.price * factor / one.dual.price - 1) <= 1e-7


@settings(max_examples=300, deadline=None)
@given(markets())
def test_the_worst(case):
    """Property: groups that are bought for share the worst loss, the others are below it; the budget is tight; lower <= upper within 1e-9."""
    a, _, _, c, _, money, s = case
    best = concave_split(*case, aim="worst")
    n, t = best.plan.samples, -best.value
    assert best.lower <= best.value <= best.upper <= best.value + 1e-9 * (1 + t)
    assert c @ (n - s) <= money * (1 + 1e-15)
    bought = n > s * (1 + 1e-6)
    if t > a.max() * (1 + 1e-6):
        np.testing.assert_allclose(best.plan.loss[bought], t, rtol=1e-6)
        assert abs(c @ (n - s) - money) <= 1e-6 * money


@settings(max_examples=200, deadline=None)
@given(markets(whole=True, most=3))
def test_whole_samples(case):
    """Property: the table is the best of all plans; greedy is at most it, at least within its own certificate, and equal where costs are equal.

    "Greedy integer = DP" is false as written for unequal costs: see below.
    """
    a, b, r, c, w, money, s = case
    ranges = [range(int(money // k) + 1) for k in c]
    plans = np.array([m for m in itertools.product(*ranges) if np.dot(c, m) <= money], float)
    brute = -((w * (a + b * (s + plans) ** -r)).sum(axis=1)).min()
    table, greedy = (concave_split(*case, whole=True, method=m) for m in ("dp", "auto"))
    assert abs(table.value - brute) <= 1e-12 * abs(brute) and table.upper >= brute
    assert greedy.value <= table.value + 1e-12 and greedy.upper >= table.value
    assert table.value <= concave_split(*case).upper
    alike = concave_split(a, b, r, c * 0 + 2.0, w, money, s, whole=True)
    assert abs(alike.value - concave_split(a, b, r, c * 0 + 2.0, w, money, s, whole=True, method="dp").value) <= 1e-12


def test_greedy_whole_is_not_exact_with_unequal_costs():
    """Section 11(f) says greedy integer = DP. With costs 1 and 2, budget 2, the sample of better gain per cost leaves 1 unspendable."""
    case = ([0, 0], [1.0, 1.1], [1, 1], [2, 3], [0.5, 0.5], 3, 1)
    table, greedy = (concave_split(*case, whole=True, method=m) for m in ("dp", "auto"))
    assert greedy.plan.bought.tolist() == [1.0, 0.0] and table.plan.bought.tolist() == [0.0, 1.0]
    assert greedy.value < table.value - 0.01 and greedy.upper >= table.value


@settings(max_examples=200, deadline=None)
@given(markets(whole=True, most=3))
def test_whole_worst(case):
    """Property: one sample at a time for the worst group is the best of all whole plans."""
    a, b, r, c, _, money, s = case
    ranges = [range(int(money // k) + 1) for k in c]
    plans = np.array([m for m in itertools.product(*ranges) if np.dot(c, m) <= money], float)
    brute = -((a + b * (s + plans) ** -r).max(axis=1)).min()
    assert abs(concave_split(*case, aim="worst", whole=True).value - brute) <= 1e-12 * abs(brute)


def test_a_wrong_split_is_noticed():
    """Control: marginals of the equal split are not equal, and its loss is above the certified optimum."""
    n = np.full(4, 500.0)
    gain = np.array(W) * B * np.array(R) * n ** (-np.array(R) - 1) / C
    assert gain.max() / gain.min() > 1.5 and -(np.array(W) @ losses(n)) < concave_split(A, B, R, C, W, 4000, 0).lower - 5e-4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"floor": []}, "floor: got an empty array"),
        ({"floor": [0.1, -0.1, 0, 0]}, "floor: got -0.1"),
        ({"scale": [1, 2]}, "scale: got shape"),
        ({"rate": [0, 1, 1, 1]}, "rate: got 0.0"),
        ({"cost": [0, 1, 1, 1]}, "cost: got 0.0"),
        ({"weight": [0.5, 0.5, 0.5, 0.5]}, "weight: sums to 2"),
        ({"budget": -1}, "budget: got -1"),
        ({"budget": float("nan")}, "budget: got nan"),
        ({"budget": 0}, "start: got 0 for a group"),
        ({"whole": True}, "start: got 0 for a group"),
        ({"aim": "best"}, "aim: got 'best'"),
        ({"method": "dp"}, "method: got 'dp'"),
        ({"method": "dp", "whole": True, "start": 1, "cost": [1.5, 1, 1, 1]}, "method: got 'dp'"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        concave_split(**{"floor": A, "scale": B, "rate": R, "cost": C, "weight": W, "budget": 4000, "start": 0, **change})
    assert "\n" not in str(caught.value)
