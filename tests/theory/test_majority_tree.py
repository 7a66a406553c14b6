"""Majority trees: whole numbers and enumeration against the closed forms, the (f) list of core.md part 1 as properties, the (g) numbers to their digits."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory import majority_tree as tree
from budgetsim.theory.majority_tree import (
    abstention_critical_fidelity,
    abstention_map,
    abstention_slope,
    amplification,
    averaging_exponent,
    best_chain_length,
    budget_threshold,
    chain_risk,
    clipped_bias,
    critical_correlation,
    critical_fidelity,
    depth_budget,
    fixed_point,
    fixed_point_ceiling,
    largest_fan_in,
    leaf_bias,
    level_map,
    level_slope,
    majority_map,
    majority_slope,
    mixing_depth,
    node_cost,
    optimal_chain_floor,
    optimal_leaf_compute,
    organisation_exponent,
    smooth_value,
    star_risk,
    tree_bias,
    tree_risk,
    tree_risk_floor,
)

COMMON = ("received", "sent")
many = settings(max_examples=200)
odd = st.integers(1, 60).map(lambda h: 2 * h + 1) | st.sampled_from([101, 1001, 10001])
share = st.floats(0.0, 0.99)
fidelity = st.floats(0.01, 1.0)
unit = st.floats(0.0, 1.0)
EPS = 2.0**-52


# ------------------------------------------------------------------------------------------------ independent computations
def exact_map(bias: Fraction, b: int) -> Fraction:
    """2 P(Bin(b, (1 + mu) / 2) > b / 2) - 1 in whole numbers."""
    right, wrong = bias.denominator + bias.numerator, bias.denominator - bias.numerator
    term, total = right**b, 0
    for k in range(b, b // 2, -1):  # C(b, k) right^k wrong^(b - k)
        total += term
        term = term * (k * wrong) // ((b - k + 1) * right)
    return Fraction(2 * total, (2 * bias.denominator) ** b) - 1


def exact_slope(b: int) -> Fraction:
    """E |S_b| of b fair steps."""
    term, total = 1, 0
    for k in range(b // 2 + 1):  # C(b, k), and its mirror image
        total += 2 * term * (b - 2 * k)
        term = term * (b - k) // (k + 1)
    return Fraction(total, 2**b)


def bisected(excess, low, high):
    """The sign change of a function that falls through 0."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0.0 else (low, middle)
    return low


def near(got, want, digits=6):
    """`want` as printed, to `digits` decimals."""
    assert got == pytest.approx(want, abs=0.50001 * 10.0**-digits)


@pytest.mark.parametrize("b", [3, 5, 15, 31, 101, 1001])
def test_the_map_is_the_sum_over_the_binomial(b):
    for bias in (Fraction(1, 2**40), Fraction(1, 64), Fraction(3, 10), Fraction(7, 8), Fraction(1023, 1024)):
        assert majority_map(float(bias), b) == pytest.approx(float(exact_map(Fraction(float(bias)) if b < 100 else bias, b)), rel=2e-15)
    assert majority_slope(b) == float(exact_slope(b))


def test_a_fan_in_of_10001_loses_no_digits():
    for bias in (Fraction(1, 1024), Fraction(1, 64)):
        assert majority_map(float(bias), 10001) == pytest.approx(float(exact_map(bias, 10001)), rel=1e-15)
    assert majority_slope(10001) == float(exact_slope(10001))
    b = 20003  # where the series takes over
    assert majority_slope(b) == pytest.approx(b * math.comb(b - 1, b // 2) / 2 ** (b - 1), rel=2 * EPS)
    assert majority_slope(10**15 + 1) == pytest.approx(math.sqrt(2 * (10**15 + 1) / math.pi), rel=1e-15)


@pytest.mark.parametrize("common", COMMON)
@pytest.mark.parametrize(("b", "rho", "gamma"), [(3, 0.3, 0.7), (5, 0.25, 0.6)])
def test_a_level_is_the_sum_over_all_that_can_happen(b, rho, gamma, common):
    """Every common bit, every bit sent and every flip, with their probabilities."""
    mu = 0.37
    chance = lambda z, bias: 0.5 * (1.0 + z * bias)  # noqa: E731
    total = 0.0
    for z in product((1, -1), repeat=b):
        total += (1.0 - rho) * np.sign(sum(z)) * math.prod(chance(x, gamma * mu) for x in z)
    for bit in (1, -1):
        if common == "received":
            total += rho * bit * chance(bit, gamma * mu)
        else:
            for flips in product((1, -1), repeat=b):
                total += rho * chance(bit, mu) * bit * np.sign(sum(flips)) * math.prod(chance(f, gamma) for f in flips)
    assert level_map(mu, b, rho, gamma, common) == pytest.approx(total, abs=1e-14)
    assert level_slope(mu, b, rho, gamma, common) == pytest.approx(
        (level_map(mu + 1e-5, b, rho, gamma, common) - level_map(mu - 1e-5, b, rho, gamma, common)) / 2e-5, abs=1e-9
    )


@pytest.mark.parametrize("b", [3, 5])
def test_lost_messages_are_the_sum_over_all_that_can_happen(b):
    mu, gamma, rho = 0.3, 0.7, 0.2
    chance = {1: gamma * (1.0 + mu) / 2, -1: gamma * (1.0 - mu) / 2, 0: 1.0 - gamma}
    alone = sum(np.sign(sum(z)) * math.prod(chance[x] for x in z) for z in product((1, 0, -1), repeat=b))
    assert abstention_map(mu, b, 0.0, gamma) == pytest.approx(alone, abs=1e-14)
    assert abstention_map(mu, b, rho, gamma) == pytest.approx((1.0 - rho) * alone + rho * mu * (1.0 - (1.0 - gamma) ** b), abs=1e-14)


@pytest.mark.parametrize("b", [3, 101, 1001])
def test_the_slope_with_lost_messages_is_exact(b):
    """One voter decides: b g (P(S = 0) + P(S = 1)), S the sum of the other b - 1 steps, +1 or -1 with probability g / 2 each, by convolution."""
    g = 0.375
    law, step = np.ones(1), np.array([g / 2, 1.0 - g, g / 2])
    for _ in range(b - 1):
        law = np.convolve(law, step)
    assert abstention_slope(b, 0.0, g) == pytest.approx(b * g * (law[b - 1] + law[b]), rel=1e-12)
    if b == 101:
        q = Fraction(3, 8)
        assert abstention_slope(b, 0.0, g) == pytest.approx(
            float(sum(math.comb(b, k) * q**k * (1 - q) ** (b - k) * exact_slope(k) for k in range(1, b + 1))), rel=1e-13
        )


# ------------------------------------------------------------------------------------------------ (f)
@many
@given(odd, unit, unit)
def test_the_map_is_increasing_odd_and_concave(b, x, y):
    """Property 1 of the (f) list: f_b increasing, odd, concave on [0, 1], f_b(1) = 1, sqrt(2b/pi) < f_b'(0) < sqrt b, f_b'(0) = E |S_b|."""
    low, high = sorted((x, y))
    f = lambda mu: majority_map(mu, b)  # noqa: E731
    assert f(low) <= f(high) + EPS and f(-x) == -f(x) and f(1.0) == 1.0 and f(0.0) == 0.0
    assert f(0.5 * (x + y)) >= 0.5 * (f(x) + f(y)) - 4 * EPS
    assert math.sqrt(2 * b / math.pi) < majority_slope(b) < math.sqrt(b)
    assert b > 121 or majority_slope(b) == float(exact_slope(b))
    assert f(x) <= majority_slope(b) * x * (1.0 + 8 * EPS)


@many
@given(odd, share, fidelity, st.floats(1e-6, 1.0), st.sampled_from(COMMON))
def test_a_signal_dies_or_settles(b, rho, gamma, start, common):
    """Property 2 of the (f) list: alpha <= 1: mu_t falls, to 0; alpha > 1: the same mu* from any start in (0, 1]."""
    alpha, star = amplification(b, rho, gamma, common), fixed_point(b, rho, gamma, common)
    first, second = (tree_bias(start, n, b, rho, gamma, common) for n in (1, 2))
    if alpha <= 1.0:
        assert star == 0.0 and second <= first * (1.0 + 4 * EPS) and first <= start * (1.0 + 4 * EPS)
        assert tree_bias(start, 2000, b, rho, gamma, common) <= start * max(alpha**2000, 1e-30) * (1.0 + 1e-9) or alpha > 0.98
    else:
        assert 0.0 < star <= 1.0 and (star == 1.0) == (gamma == 1.0)
        assert level_map(star, b, rho, gamma, common) == pytest.approx(star, rel=4e-15)
        if alpha > 1.01:
            np.testing.assert_allclose(tree_bias([start, 1.0], 6000, b, rho, gamma, common), star, rtol=1e-11)


@many
@given(odd, share, share, fidelity, fidelity, st.sampled_from(COMMON))
def test_better_messages_help_and_shared_failures_hurt(b, rho, other, gamma, worse, common):
    """Property 3 of the (f) list: mu*, alpha, s nondecreasing in gamma and nonincreasing in rho; s < 1/2."""
    rho, other = sorted((rho, other))
    worse, gamma = sorted((worse, gamma))
    for function in (amplification, fixed_point, organisation_exponent):
        best, noisy, alike = function(b, [rho, rho, other], [gamma, worse, gamma], common)
        assert noisy <= best + 1e-13 and alike <= best + 1e-13, function.__name__
    assert organisation_exponent(b, rho, gamma, common) < 0.5
    assert amplification(b, rho, gamma, "sent") >= amplification(b, rho, gamma) * (1.0 - 4 * EPS)


@many
@given(odd, share, fidelity, st.floats(1e-8, 1.0), st.floats(0.0, 0.98), st.sampled_from(COMMON))
def test_the_clips_hold_the_signal_between_them(b, rho, gamma, start, where, common):
    """Property 4 of the (f) list: lower clip <= mu_t <= upper clip; ours hold from mu_0 > mu* and below alpha = 1 as well."""
    alpha, t = amplification(b, rho, gamma, common), np.arange(40)
    mu = tree_bias(start, t, b, rho, gamma, common)
    rises = start < fixed_point(b, rho, gamma, common)
    for eta in (None, where * (1.0 - 1.0 / alpha) if rises else 0.0):
        low, high = clipped_bias(start, t, b, rho, gamma, eta, common)
        assert np.all(low <= mu * (1.0 + 1e-12)) and np.all(mu <= high * (1.0 + 1e-12) + 1e-300)
        assert not rises or np.all(low <= clipped_bias(start, t, b, rho, gamma, None, common)[0] * (1.0 + 1e-12))  # unless told an eta it takes the best
        assert low[0] <= start * (1 + EPS) and high[0] >= start * (1 - 4 * EPS)
    if rises:
        np.testing.assert_allclose(high, np.minimum(alpha**t * start, fixed_point(b, rho, gamma, common)))


@many
@given(
    odd.filter(lambda b: b < 1000),
    st.floats(0.0, 0.5),
    st.floats(0.5, 1.0),
    st.floats(0.02, 0.6),
    st.floats(1.0, 1000.0),
    st.integers(1, 5),
    st.floats(-3.0, 3.0),
)
def test_a_tree_wins_exactly_from_its_threshold_on(b, rho, gamma, beta, m, depth, shift):
    """Property 5 of the (f) list: B >= B_L iff the exact-cost weak-signal tree of depth L >= one agent, in logarithms to 1e-9; never if s <= beta."""
    s, n, c0 = organisation_exponent(b, rho, gamma), float(b) ** depth, node_cost(b, m)
    at = budget_threshold(beta, b, m, s, depth)
    budget = max(at if math.isfinite(at) else c0 * n, c0 * (n - 1.0) * (1.0 + 1e-9)) * 10.0**shift
    leaf = (budget - c0 * (n - 1.0)) / n
    gain = -math.inf if leaf <= 0.0 else s * math.log(n) + beta * math.log(leaf) - beta * math.log(budget)
    if s <= beta:
        assert at == math.inf and gain < 1e-9 and budget_threshold(beta, b, m, s) == math.inf
    else:
        assert gain >= -1e-9 if budget >= at else gain <= 1e-9
        if math.isfinite(at) and at < 1e250:
            leaf = (at - c0 * (n - 1.0)) / n  # at the threshold itself they are equal, as far as the leaf's tokens have digits
            if leaf > 1e-6 * at / n:
                assert abs(s * math.log(n) + beta * math.log(leaf / at)) < 1e-6


@many
@given(st.integers(2, 50), st.floats(0.01, 0.95), st.floats(0.0, 10.0), st.floats(0.0, 5.0))
def test_the_risk_of_a_tree_falls_geometrically_to_its_floor(b, rho, v, s2):
    """Property 7 of the (f) list: the tree's recursion goes to v* with ratio q; star risk >= rho v; the chain's best N is within 1 of the formula."""
    floor, risk = tree_risk_floor(b, rho, s2), tree_risk(np.arange(12), b, v, rho, s2)
    q = rho + (1.0 - rho) / b
    np.testing.assert_allclose(risk[1:], q * risk[:-1] + s2 / b, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(risk[1:] - floor, q * (risk[:-1] - floor), rtol=1e-9, atol=1e-12 * (1.0 + floor + v))
    n = np.arange(1, 400)
    assert np.all(star_risk(n, v, rho, s2) >= rho * v)
    if s2 > 0.0 and best_chain_length(v, rho, s2) < 390:
        chain = chain_risk(n, v, rho, s2)
        assert abs(int(np.argmin(chain)) + 1 - best_chain_length(v, rho, s2)) < 1.0
    assert averaging_exponent(b) == pytest.approx(0.5) and averaging_exponent(b, rho) < 0.5


@many
@given(odd.filter(lambda b: b < 1000), share, fidelity)
def test_silence_is_better_than_a_coin(b, rho, gamma):
    """Property 8 of the (f) list: erasure with abstention has the larger slope, equal iff gamma = 1."""
    lost, flipped = abstention_slope(b, 0.0, gamma), amplification(b, 0.0, gamma)
    assert lost > flipped * (1.0 + 1e-9) if gamma < 0.999 else lost >= flipped * (1.0 - 1e-13)
    assert abstention_slope(b, rho, 1.0) == pytest.approx(amplification(b, rho, 1.0), rel=1e-13)
    assert abstention_slope(b, rho, gamma) >= amplification(b, rho, gamma, "received") * (1.0 - 1e-13)


@many
@given(odd, st.floats(0.0, 0.9), st.sampled_from(COMMON))
def test_the_critical_lines_are_where_nothing_survives(b, rho, common):
    """alpha(gamma_c) = alpha(rho_c) = 1 to the last digits and never above: mu* is exactly 0 there, and positive 1e-9 further."""
    gamma = critical_fidelity(b, rho, common)
    assert 1.0 - 8 * EPS <= amplification(b, rho, gamma, common) <= 1.0 and fixed_point(b, rho, gamma, common) == 0.0
    assert fixed_point(b, rho, min(1.0, gamma * (1.0 + 1e-9)), common) > 0.0
    critical = critical_correlation(b, gamma, common)
    assert critical == pytest.approx(rho, abs=1e-12 if b < 100 else 1e-9)
    assert critical_correlation(b, 0.999 * critical_fidelity(b), common) == 0.0 and critical_correlation(b, 1.0) == 1.0


@many
@given(st.sampled_from([3, 5, 7, 31, 101, 10001]), st.floats(0.0, 0.9), st.floats(-12.0, 0.0))
def test_the_fixed_point_is_that_of_bisection(b, rho, log):
    """From a hair above the critical line to gamma = 1."""
    gamma = min(critical_fidelity(b, rho) * (1.0 + 10.0**log), 1.0)
    star = fixed_point(b, rho, gamma)
    alpha = amplification(b, rho, gamma)
    excess = lambda mu: level_map(mu, b, rho, gamma) / mu - 1.0  # noqa: E731
    assert star == (1.0 if gamma == 1.0 else pytest.approx(bisected(excess, 1e-9, 1.0), rel=1e-15 / (alpha - 1.0) * 8 + 1e-14))
    if b == 3 and gamma < 1.0:
        assert star == pytest.approx(math.sqrt(2.0 * (alpha - 1.0) / ((1.0 - rho) * gamma**3)), rel=1e-14 + 4e-16 / (alpha - 1.0))
        assert level_slope(star, 3, rho, gamma) == pytest.approx(3.0 - 2.0 * alpha, abs=1e-12)


# ------------------------------------------------------------------------------------------------ (g)
def test_the_table_of_slopes():
    b = [3, 5, 7, 9, 15, 31, 101]
    near(majority_slope(b), [1.5, 1.875, 2.1875, 2.460938, 3.142090, 4.478398, 8.038513])
    near(critical_fidelity(b), [0.666667, 0.533333, 0.457143, 0.406349, 0.318260, 0.223294, 0.124401])
    near((1.0 - critical_fidelity(b[:3])) / 2.0, [0.166667, 0.233333, 0.271429])
    near(organisation_exponent(b), [0.369070, 0.390577, 0.402259, 0.409854, 0.422772, 0.436596, 0.451612])
    near(abstention_critical_fidelity(b[:3]), [0.557507, 0.347927, 0.252895])
    mu = np.linspace(-1, 1, 9)
    np.testing.assert_allclose(majority_map(mu, 5), (15 * mu - 10 * mu**3 + 3 * mu**5) / 8, atol=4e-16)
    np.testing.assert_allclose(majority_map(mu, 7), (35 * mu - 35 * mu**3 + 21 * mu**5 - 5 * mu**7) / 16, atol=4e-16)
    g = np.linspace(0, 1, 9)
    np.testing.assert_allclose(abstention_slope(3, 0.0, g), 3 * g - 3 * g**2 + 1.5 * g**3, atol=4e-16)


def test_the_fixed_points():
    near(fixed_point(3, 0.0, [0.9, 0.8, 0.7]), [0.979908, 0.883883, 0.539949])
    near(amplification(3, 0.0, [0.9, 0.8, 0.7]), [1.35, 1.2, 1.05])
    near(fixed_point(3, 0.2, [0.9, 0.8]), [0.944263, 0.765466])
    near(amplification(3, 0.2, [0.9, 0.8]), [1.26, 1.12])
    assert amplification(3, 0.5, 0.8) == 1.0 and fixed_point(3, 0.5, 0.8) == 0.0
    near(fixed_point(5, 0.0, [0.9, 0.8, 0.6]), [0.997530, 0.978339, 0.699116])
    near(amplification(5, 0.0, [0.9, 0.8, 0.6]), [1.6875, 1.5, 1.125])
    near(fixed_point(5, 0.2, [0.9, 0.8, 0.6]), [0.971187, 0.915388, 0.305839])
    near(amplification(5, 0.2, [0.8, 0.6]), [1.36, 1.02])
    near(critical_correlation([[3], [5], [7]], [0.9, 0.8]), np.array([[0.777778, 0.5], [0.873016, 0.714286], [0.906433, 0.789474]]))
    for b in (10**9 + 1, 2**53 - 1):
        assert fixed_point(b, 0.3, 0.7) == pytest.approx(fixed_point_ceiling(0.3, 0.7), rel=1e-15)


def test_the_trees_that_were_also_drawn():
    near(tree_bias(0.1, 4, 3, 0.0, 0.9), 0.32155, 5)
    near(tree_bias(0.2, 2, 7, 0.1, 0.85), 0.55567, 5)
    assert abs(tree_bias(0.1, 4, 3, 0.0, 0.9) - 0.324) < 4 * 0.005 and abs(tree_bias(0.2, 2, 7, 0.1, 0.85) - 0.550) < 4 * 0.004


@pytest.mark.parametrize(
    ("b", "rho", "gamma", "beta", "m", "s", "c0", "x", "smooth", "first"),
    [
        (3, 0.0, 1.0, 0.2, 50, 0.36907, 150, 177.441, 675.9, 495.918),
        (5, 0.0, 0.95, 0.2, 50, 0.35871, 125, 157.524, 589.9, 693.322),
        (5, 0.2, 0.9, 0.15, 100, 0.26423, 250, 328.274, None, 1415.544),
    ],
)
def test_the_budgets(b, rho, gamma, beta, m, s, c0, x, smooth, first):
    exponent = organisation_exponent(b, rho, gamma)
    near(exponent, s, 5)
    assert node_cost(b, m) == c0
    near(optimal_leaf_compute(beta, b, m, exponent), x, 3)
    if smooth:
        near(budget_threshold(beta, b, m, exponent), smooth, 1)
        assert smooth_value(budget_threshold(beta, b, m, exponent), 0.01, beta, b, m, exponent) == pytest.approx(
            0.01 * budget_threshold(beta, b, m, exponent) ** beta
        )
    near(budget_threshold(beta, b, m, exponent, depth=1), first, 3)
    assert first == pytest.approx(2 * m * b / (1 - b ** (1 - exponent / beta)), rel=1e-6)
    assert budget_threshold(beta, b, m, exponent, depth=1e-9) == pytest.approx(optimal_leaf_compute(beta, b, m, exponent), rel=1e-6)
    assert np.all(np.diff(budget_threshold(beta, b, m, exponent, depth=np.geomspace(0.01, 8, 40))) > 0)


def test_the_steps_of_the_best_depth():
    s = organisation_exponent(3)
    near(budget_threshold(0.2, 3, 50, s, depth=[1, 2, 3]), [495.918, 1421.93, 4156.27], 2)
    steps = depth_budget(0.2, 3, 50, s, [1, 2, 3, 4])
    near(steps, [495.9, 1787.8, 5663.3, 17289.8], 1)
    for k, step in enumerate(steps):  # below it L is the best depth of a plain search, above it L + 1
        for budget, best in ((step * (1 - 1e-9), k), (step * (1 + 1e-9), k + 1)):
            value = [3.0 ** (s * n) * max(budget / 3**n - 150 * (1 - 3.0**-n), 0.0) ** 0.2 for n in range(9)]
            assert int(np.argmax(value)) == best
    ratio = np.diff(np.log(depth_budget(0.2, 3, 50, s, np.arange(1, 30))))
    assert ratio[-1] == pytest.approx(math.log(3), rel=1e-9)


def test_the_smooth_value_is_the_maximum():
    s, c0 = organisation_exponent(5, 0.0, 0.95), 125.0
    x = np.geomspace(1, 1e5, 200001)
    for budget in (1e3, 1e6):
        value = 0.01 * (budget / (x + c0)) ** s * x**0.2
        assert smooth_value(budget, 0.01, 0.2, 5, 50, s) == pytest.approx(value.max(), rel=1e-8)
        assert optimal_leaf_compute(0.2, 5, 50, s) == pytest.approx(x[np.argmax(value)], rel=1e-4)
    assert smooth_value(1e3, 0.01, 0.4, 5, 50, s) == pytest.approx(0.01 * 1e3**0.4)


def test_the_mixing_depths():
    near(mixing_depth(0.01, 3, 0.0, 0.9), 15.278, 3)
    near(mixing_depth(0.01, 5, 0.0, 0.9), 8.796, 3)
    assert mixing_depth([0.5, 0.99, 0.5], 3, 0.0, [0.6, 0.9, 0.9]).tolist()[:2] == [0.0, 0.0]


def test_the_strong_baselines():
    """The best depth at each single bias, b = 5, rho = .1, gamma = .9, m = 50, beta = .1, B = 2e5."""
    near(fixed_point(5, 0.1, 0.9), 0.985754)
    single = np.array([0.02, 0.1, 0.3, 0.5, 0.9, 0.95])
    depth = np.arange(1, 6)[:, None]
    leaf = (2e5 - 125.0 * (5.0**depth - 1)) / 5.0**depth
    kappa = single / 2e5**0.1
    root = np.where(leaf > 0, tree_bias(leaf_bias(np.maximum(leaf, 0), 0.1, kappa), depth, 5, 0.1, 0.9), 0.0)
    near(root.max(axis=0), [0.0669, 0.3235, 0.7666, 0.9261, 0.9795, 0.9808], 4)
    assert np.all(depth[np.argmax(root, axis=0), 0] == 4)


def test_the_warm_up():
    near(star_risk([2, 8, 30], 2.0, 0.3, 0.5), [1.55, 0.8375, 0.66333], 5)
    near(chain_risk([1, 2, 3, 4, 5], 2.0, 0.3, 0.5), [2, 1.425, 1.34444, 1.3875, 1.48], 5)
    near(best_chain_length(2.0, 0.3, 0.5), 2.98, 2)
    near(tree_risk([1, 2, 3, 4, 5, 6], 3, 2.0, 0.3, 0.5), [1.23333, 0.82444, 0.60637, 0.49006, 0.42803, 0.39495], 5)
    near(tree_risk_floor(3, 0.3, 0.5), 0.357143)
    near(optimal_chain_floor(2.0, 0.5), 0.780776)
    risk = 2.0
    for _ in range(100):
        risk = 1.0 / (1.0 / (risk + 0.5) + 1.0 / 2.0)
    assert risk == pytest.approx(optimal_chain_floor(2.0, 0.5), rel=1e-14)


def test_the_chain_is_what_its_covariances_say():
    """A running mean passed along: the weights and noises written out."""
    v, rho, s2 = 2.0, 0.3, 0.5
    for n in (1, 2, 5, 9):
        noise = sum(((k - 1) / n) ** 2 * s2 for k in range(2, n + 1))  # the message to agent k carries weight (k - 1) / k, later k / n
        mean = np.full(n, 1.0 / n)
        cov = v * (rho * np.ones((n, n)) + (1.0 - rho) * np.eye(n))
        assert chain_risk(n, v, rho, s2) == pytest.approx(mean @ cov @ mean + noise, rel=1e-14)


def test_the_upper_clip_exceeds_the_signal_by_at_most_the_root_of_two():
    """Result 10 says at most 1.35 times on a grid that is not printed; close above the critical line it comes near sqrt 2."""
    worst = 0.0
    for b, rho, gamma in product((3, 7, 101), (0.0, 0.5), (1.003, 1.2, 1.5, 3.0)):
        gamma *= critical_fidelity(b, rho)
        if gamma <= 1.0:
            t = np.arange(4000 if gamma < 1.01 * critical_fidelity(b, rho) else 300)
            ratio = clipped_bias(1e-4, t, b, rho, gamma)[1] / bias_path(1e-4, t.size, b, rho, gamma)
            worst = max(worst, float(ratio.max()))
    assert 1.41 < worst < math.sqrt(2.0)


def bias_path(start, levels, b, rho, gamma):
    mu = [start]
    for _ in range(levels - 1):
        mu.append(level_map(mu[-1], b, rho, gamma))
    return np.array(mu)


# ------------------------------------------------------------------------------------------------ arguments
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: majority_slope(4), "fan_in"),
        (lambda: majority_map(0.1, 1), "fan_in"),
        (lambda: majority_map(1.1, 3), "bias"),
        (lambda: majority_map([0.1, math.nan], 3), "bias"),
        (lambda: amplification(3, 1.0), "correlation"),
        (lambda: amplification(3, -0.1), "correlation"),
        (lambda: amplification(3, 0.0, 1.1), "fidelity"),
        (lambda: amplification(3, 0.0, 1.0, "both"), "correlated"),
        (lambda: amplification("three"), "fan_in"),
        (lambda: amplification([[3], [5, 7]]), "fan_in"),
        (lambda: amplification(True), "fan_in"),
        (lambda: critical_correlation(3, 0.0), "fidelity"),
        (lambda: mixing_depth(0.0, 3), "start_bias"),
        (lambda: tree_bias(0.1, 1.5, 3), "depth"),
        (lambda: tree_bias(0.1, -1, 3), "depth"),
        (lambda: clipped_bias(0.1, 2, 3, 0.0, 0.9, eta=0.5), "eta"),
        (lambda: largest_fan_in(149, 50), "window"),
        (lambda: node_cost(1, 50), "fan_in"),
        (lambda: node_cost(3, 0), "message_length"),
        (lambda: budget_threshold(0.0, 3, 50, 0.3), "beta"),
        (lambda: budget_threshold(0.2, 3, 50, 1.3), "exponent"),
        (lambda: budget_threshold(0.2, 3, 50, 0.3, depth=0), "depth"),
        (lambda: star_risk(0, 1.0, 0.0, 1.0), "agents"),
        (lambda: best_chain_length(1.0, 0.0, 0.0), "message_noise"),
        (lambda: leaf_bias(-1.0, 0.2, 0.1), "compute"),
    ],
)
def test_a_wrong_argument_is_one_line_that_names_it(call, name):
    with pytest.raises(BudgetsimError, match=rf"^{name}: got .*; allowed: ") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_arguments_broadcast_and_single_numbers_stay_single():
    assert fixed_point([[3], [5]], [0.0, 0.2, 0.4], 0.8).shape == (2, 3)
    assert tree_bias(0.1, [0, 1, 5], 3).shape == (3,) and isinstance(fixed_point(3, 0.0, 0.8), float)
    assert all(isinstance(x, float) for x in clipped_bias(0.1, 3, 3))
    assert tree.budget_threshold(0.2, [3, 5], 50, organisation_exponent([3, 5]), depth=[[1], [2]]).shape == (2, 2)
