"""Secretaries, prophets and seats: S1, S2, S3 and R2 of the known answers, and each formula beside a computation of another kind."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError
from budgetsim.theory import stopping

S1 = [(3, 1, 1 / 2), (4, 1, 11 / 24), (5, 2, 13 / 30), (10, 3, 0.398690), (20, 7, 0.384209), (100, 37, 0.371043)]


@pytest.mark.parametrize(("candidates", "rejected", "chance"), S1)
def test_s1(candidates, rejected, chance):
    best, r = stopping.secretary_best(candidates)
    assert r == rejected and best == pytest.approx(chance, abs=5e-7)
    assert best == max(stopping.secretary_chance(candidates, k) for k in range(candidates))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_the_chance_by_all_orders(n):
    for r in range(n):
        won = 0
        for order in itertools.permutations(range(n)):
            hired = next((q for k, q in enumerate(order) if k >= r and q == max(order[: k + 1])), -1)
            won += hired == n - 1
        assert stopping.secretary_chance(n, r) == pytest.approx(won / math.factorial(n), abs=1e-15)


def test_one_over_e():
    assert stopping.secretary_best(20_000)[0] == pytest.approx(1 / math.e, abs=2e-5) and stopping.secretary_chance(3, 3) == 0.0


@pytest.mark.parametrize("eps", [0.5, 0.1, 0.01, 1e-6])
def test_s2(eps):
    """S2: 1 surely, then 1/eps with probability eps; the printed .5025 is eps = .01."""
    value, probability = [[1.0, 1.0], [1.0 / eps, 0.0]], [[1.0, 0.0], [eps, 1.0 - eps]]
    ratio = stopping.best_threshold_stopping(value, probability) / stopping.expected_maximum(value, probability)
    assert ratio == pytest.approx(stopping.pair_ratio(eps), rel=1e-9) and round(stopping.pair_ratio(0.01), 4) == 0.5025


def test_s3():
    """S3, and the integral by another rule: midpoints after y = u^2, which takes the slope at 0 away."""
    beta = stopping.identical_prophet_constant()
    assert abs(beta - 1.341489) < 6e-7 and abs(1 / beta - 0.745440) < 6e-7
    u = (np.arange(400_000) + 0.5) / 400_000
    for wrong, off in ((0.0, 0.0), (1e-3, 1.0)):
        y = u * u
        excess = np.mean(2 * u / (y * (1 - np.log(y)) + beta + wrong - 1)) - 1
        assert (abs(excess) < 1e-8) == (off == 0.0)


def test_r2():
    assert stopping.littlewood(1000, 400, 50, 18) == pytest.approx(54.5602, abs=5e-5)
    assert stopping.littlewood(1000, 400, 50, 18) == pytest.approx(stats.norm.isf(0.4, 50, 18), abs=1e-9)
    two = stopping.emsr([1000, 600, 400], [20, 30, 40], [6, 8, 9])
    mixed = (1000 * 20 + 600 * 30) / 50
    np.testing.assert_allclose(two, [stats.norm.isf(0.6, 20, 6), stats.norm.isf(400 / mixed, 50, 10)], atol=1e-9)


@st.composite
def offers(draw):
    """Values with ties and probabilities that sum to 1 or less."""
    horizon, m = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    v = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0, 100.0]), min_size=horizon * m, max_size=horizon * m))).reshape(horizon, m)
    p = np.array(draw(st.lists(st.sampled_from([0.01, 0.2, 0.5, 1.0]), min_size=horizon * m, max_size=horizon * m))).reshape(horizon, m)
    return v, p / np.maximum(p.sum(axis=1, keepdims=True), draw(st.sampled_from([1.0, 1.5])))


def outcomes(v, p):
    """(chance, the values offered) of everything that can happen."""
    rows = [[*zip(p[t], v[t]), (1 - p[t].sum(), 0.0)] for t in range(len(v))]
    for cells in itertools.product(*rows):
        yield math.prod(q for q, _ in cells), [x for _, x in cells]


@settings(max_examples=200, deadline=None)
@given(offers())
def test_thresholds_keep_half_of_the_prophet(case):
    """Half of E[max], and the median with a fair tie, by enumeration of all outcomes: at least half of E[max], which the law of the maximum gives."""
    v, p = case
    prophet = math.fsum(q * max(x) for q, x in outcomes(v, p))
    assert stopping.expected_maximum(v, p) == pytest.approx(prophet, abs=1e-12)
    price, tie = stopping.median_of_maximum(v, p)
    for rule, threshold, coin in (("half_mean", 0.5 * prophet, 1.0), ("median", price, tie)):
        earned, taken = 0.0, 0.0
        for q, x in outcomes(v, p):
            unsold = q
            for offer in x:
                takes = 0.0 if offer <= 0.0 else 1.0 if offer > threshold else coin if offer == threshold else 0.0
                earned += unsold * takes * offer
                taken += unsold * takes
                unsold *= 1.0 - takes
        assert earned >= 0.5 * prophet - 1e-9
        if rule == "median" and price > 0.0:
            assert taken == pytest.approx(0.5, abs=1e-12)
    assert 0.5 * prophet - 1e-9 <= stopping.best_threshold_stopping(v, p) <= prophet + 1e-9


def test_a_higher_threshold_does_not():
    """Control: 1 surely, then 1.2 with probability .4; who takes only what is above .95 E[max] = 1.026 earns .48, less than half of 1.08."""
    prophet = stopping.expected_maximum([[1.0, 0.0], [1.2, 0.0]], [[1.0, 0.0], [0.4, 0.6]])
    assert prophet == pytest.approx(1.08) and 1.0 < 0.95 * prophet < 1.2 and 0.4 * 1.2 < 0.5 * prophet


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (partial(stopping.secretary_best, 0), "candidates: got 0"),
        (partial(stopping.secretary_chance, 3, -1), "rejected: got -1"),
        (partial(stopping.littlewood, 400.0, 1000.0, 50.0, 18.0), "discount: got 1000.0"),
        (partial(stopping.pair_ratio, 0.0), "eps: got 0.0"),
        (partial(stopping.emsr, [3.0, 2.0], [1.0], [1.0, 1.0]), "mean: got shape"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says):
        make()
