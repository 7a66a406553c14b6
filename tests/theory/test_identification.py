"""Bounds on what identifying the best arm costs: the printed numbers, the properties, and brute force beside closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.sprt_oracle import sprt_oracle
from budgetsim.theory import identification as theory

GAPS = [0.003, 0.02, 0.05, 0.1, 0.3, 1.0, 5.0]
#: section 3(g): D -> LB, T = 10, T = 500, 32 LB + 2c, as printed
PRINTED = {
    0.003: (0.25, 0.4991, 0.5366, 8.0),
    0.02: (0.14914, 0.4884, 0.4615, 4.77),
    0.05: (0.04219, 0.4695, 0.3381, 1.35),
    0.1: (0.01401, 0.4382, 0.1818, 0.449),
    0.3: (0.00217, 0.3186, 0.0504, 0.0696),
    1.0: (0.00026, 0.0579, 0.0500, 0.0084),
    5.0: (0.00001, 0.0010, 0.0500, 0.0006),
}
gaps = st.floats(-3.0, np.log10(20.0)).map(lambda e: 10.0**e)
scales = st.floats(-2.0, 2.0).map(lambda e: 10.0**e)
prices = st.floats(-7.0, 0.0).map(lambda e: 10.0**e)


@pytest.mark.parametrize("gap", GAPS)
def test_the_printed_table(gap):
    """Section 3(g), every exact column to its printed digits: the last digit of each is rounded."""
    lb, ten, many, upper = PRINTED[gap]
    bound = theory.misidentification_lower_bound(gap)
    assert bound == pytest.approx(lb, abs=5.1e-6)
    assert theory.fixed_budget_risk(gap, [10, 500]) == pytest.approx([ten, many], abs=5.1e-5)
    digits = 5e-5 if upper < 0.05 or upper == 0.0696 else 5e-4 if upper < 1 else 5e-3
    assert 32 * bound + 2e-4 == pytest.approx(upper, abs=1.1 * digits)


def test_printed_numbers_off_the_table():
    """Section 3(g): N*, LB2, LB* and 9 LB* + 3c."""
    live = np.array([2, 5, 10])
    assert theory.pulls_allowed(live) == pytest.approx([1839.397, 735.76, 367.88], abs=5e-3)
    assert theory.pulls_allowed(live, risk="simple_regret") == pytest.approx([256.132, 101.65, 59.20], abs=5e-3)
    assert theory.pulls_allowed(2) == pytest.approx(1839.397, abs=5e-4)
    assert theory.pulls_allowed(2, risk="simple_regret") == pytest.approx(256.132, abs=5e-4)
    assert theory.sharper_misidentification_lower_bound(0.1) == pytest.approx(0.0705, abs=5e-5)
    assert theory.sharper_misidentification_lower_bound(0.3) == pytest.approx(0.01272, abs=5e-6)
    assert theory.sharper_misidentification_lower_bound(0.03) == pytest.approx(0.2484, abs=5e-5)
    worst = theory.worst_simple_regret_lower_bound()
    assert worst == pytest.approx(0.0124719, abs=5e-8) and 9 * worst + 3e-4 == pytest.approx(0.112547, abs=5e-7)
    assert worst / 1e-4 ** (1 / 3) == pytest.approx(0.26870, abs=5e-6)


@settings(max_examples=300, deadline=None)
@given(gaps, gaps, scales, prices)
def test_order_of_the_bounds(one, two, sigma, price):
    """Property 1 of the (f) list: LB is nonincreasing; LB <= LB2 <= oracle <= 1/2; LB_SR <= oracle_SR <= D/2. Gaps are in units of sigma, in [1e-3, 20]."""
    near, far = sorted((one * sigma, two * sigma))
    lb = theory.misidentification_lower_bound
    assert lb(far, sigma, price) <= lb(near, sigma, price)
    for gap in (near, far):
        oracle, regret = sprt_oracle(gap, sigma, price), sprt_oracle(gap, sigma, price, "simple_regret")
        assert lb(gap, sigma, price) <= theory.sharper_misidentification_lower_bound(gap, sigma, price) <= oracle.lower
        assert oracle.upper <= 0.5 * (1 + 1e-12)
        assert theory.simple_regret_lower_bound(gap, sigma, price) <= regret.lower and regret.upper <= 0.5 * gap * (1 + 1e-12)


@settings(max_examples=200, deadline=None)
@given(scales, prices)
def test_the_bound_is_continuous_at_its_kink(sigma, price):
    """Property 1 of the (f) list: LB is 1/4 up to sqrt(sigma^2 c), and continuous there and at every other gap."""
    kink = sigma * np.sqrt(price)
    lb = theory.misidentification_lower_bound
    assert lb(kink * (1 - 1e-9), sigma, price) == 0.25 == pytest.approx(lb(kink * (1 + 1e-9), sigma, price), abs=1e-9)
    grid = kink * np.geomspace(0.01, 1e4, 4001)
    assert np.abs(np.diff(lb(grid, sigma, price))).max() < 2e-3
    regret = theory.simple_regret_lower_bound(np.cbrt(sigma**2 * price) * np.array([1 - 1e-9, 1 + 1e-9]), sigma, price)
    assert regret[0] == pytest.approx(regret[1], rel=1e-8)


@settings(max_examples=200, deadline=None)
@given(gaps, scales, prices)
def test_the_mechanism_behind_the_bounds(gap, sigma, price):
    """Item 2 of 3(b): each bound is the minimum over n of exp(-a n)/4 + c n, here on a grid of n; LB* is the greatest LB_SR, at sqrt(e) sigma^2 c."""
    a = 4 * gap**2 / sigma**2
    for rate, bound in ((a, theory.misidentification_lower_bound), (a / 8, theory.sharper_misidentification_lower_bound)):
        best = max(np.log(rate / (4 * price)) / rate, 0.0)
        n = np.append(best * np.linspace(0, 3, 301), best)
        risk = np.exp(-rate * n) / 4 + price * n
        assert bound(gap, sigma, price) == pytest.approx(risk.min(), rel=1e-9)
    worst, at = theory.worst_simple_regret_lower_bound(sigma, price), np.cbrt(np.sqrt(np.e) * sigma**2 * price)
    assert theory.simple_regret_lower_bound(at, sigma, price) == pytest.approx(worst, rel=1e-12)
    assert theory.simple_regret_lower_bound(gap, sigma, price) <= worst * (1 + 1e-12)


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 40), prices, scales, st.sampled_from(theory.RISKS))
def test_a_dearer_pull_is_never_allowed_more_often(live, price, sigma, risk):
    """Property 7 of the (f) list: doubling c never increases N*; nor does one more live arm."""
    allowed = theory.pulls_allowed(live, price, sigma, risk)
    assert theory.pulls_allowed(live, 2 * price, sigma, risk) < allowed > theory.pulls_allowed(live + 1, price, sigma, risk)


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 30), prices)
def test_the_most_that_can_be_spent(arms, price):
    """Property 3 of the (f) list: the schedule that drops each arm at its last allowed turn costs (H_K - 1/2)/e; with no drop it costs 1/e."""
    allowed = theory.pulls_allowed(np.arange(2, arms + 1), price)[::-1]  # of K, ..., 2 live arms
    turns = np.diff(allowed, prepend=0.0)
    assert price * (np.arange(arms, 1, -1) * turns).sum() == pytest.approx(theory.most_spent(arms), rel=1e-9)
    assert price * arms * allowed[0] == pytest.approx(1 / np.e, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(gaps, scales, st.floats(-5.0, 0.0).map(lambda e: 10.0**e), st.sampled_from(theory.RISKS))
def test_the_best_fixed_budget_is_best(gap, sigma, price, risk):
    """Against every even T up to the one that costs as much as guessing."""
    gap = gap * sigma
    pulls, least = theory.best_fixed_budget(gap, sigma, price, risk)
    worst = gap if risk == "simple_regret" else 1.0
    every = np.arange(0, min(worst / (2 * price) + 4, 1e5), 2)
    risks = theory.fixed_budget_risk(gap, every, sigma, price, risk)
    assert least <= risks.min() * (1 + 1e-12) and pulls % 2 == 0
    assert least == theory.fixed_budget_risk(gap, pulls, sigma, price, risk)


def test_uniform_sampling_of_many_arms_in_closed_form(seed):
    """Against the closed form of two arms, and against draws for five; control: as many draws of other gaps are told apart."""
    gap = np.array(GAPS)
    two = [theory.uniform_misidentification([d], 250) for d in gap]
    assert two == pytest.approx(theory.fixed_budget_risk(gap, 500) - 0.05, abs=1e-12)
    rng, gaps, n = np.random.default_rng(seed), np.array([0.1, 0.2, 0.2, 0.5]), 40
    draws = rng.standard_normal((200_000, 5)) / np.sqrt(n)
    wrong = (draws[:, 0, None] < draws[:, 1:] - gaps).any(axis=1).mean()
    exact = float(theory.uniform_misidentification(gaps, n))
    error = np.sqrt(exact * (1 - exact) / 200_000)
    assert abs(wrong - exact) < 4 * error < abs(wrong - theory.uniform_misidentification(gaps * 1.05, n))


@pytest.mark.parametrize(("arms", "gap", "pulls", "printed"), [(10, 0.2, 2000, 0.326), (10, 0.2, 500, 0.576), (10, 0.5, 500, 0.090), (5, 0.2, 1000, 0.176)])
def test_printed_risks_of_uniform_sampling(arms, gap, pulls, printed):
    """Section 3(g) prints them without a standard error. Exactly they are .3247, .5708, .0907, .1715: within the error of 2000 runs."""
    error = float(theory.uniform_misidentification([gap] * (arms - 1), pulls / arms))
    exact = error + 1e-4 * pulls
    print(f"K={arms}, gap {gap}, T={pulls}: printed {printed}, exact {exact:.4f}")
    assert abs(exact - printed) < 4 * np.sqrt(error * (1 - error) / 2000)


def test_pulls_of_a_worse_arm():
    """Item 5 of 3(b); at r >= 1/4 nothing is asked for."""
    assert theory.pulls_lower_bound([0.1, 0.2], 1.0, 0.05) == pytest.approx([50 * np.log(5), 12.5 * np.log(5)])
    assert theory.pulls_lower_bound(0.1, risk=0.3) == 0.0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: theory.misidentification_lower_bound(-0.1), "gap"),
        (lambda: theory.simple_regret_lower_bound(0.1, 0.0), "sigma"),
        (lambda: theory.misidentification_lower_bound([0.1, 0.2], 1.0, [1e-4, 0.0]), "price"),
        (lambda: theory.pulls_allowed(1), "live"),
        (lambda: theory.pulls_allowed(2, risk="regret"), "risk"),
        (lambda: theory.fixed_budget_risk(0.1, -2), "pulls"),
        (lambda: theory.most_spent(1), "arms"),
        (lambda: theory.uniform_misidentification([], 3), "gaps"),
    ],
)
def test_bad_input(call, named):
    with pytest.raises(BudgetsimError, match=f"^{named}: got") as error:
        call()
    assert "\n" not in str(error.value) and "allowed" in str(error.value)
