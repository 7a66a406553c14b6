"""The oracle that knows the gap: printed numbers, its certificate, and two independent computations of nearly the same thing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from budgetsim import BudgetsimError
from budgetsim.optima.sprt_oracle import as_score, sprt_oracle

PRINTED = {0.003: 0.49859, 0.02: 0.43875, 0.05: 0.24042, 0.1: 0.09453, 0.3: 0.01573, 1.0: 0.00190, 5.0: 0.00010}
PRINTED_REGRET = {0.046: 0.0223, 0.1: 0.0360, 0.3: 0.0129, 1.0: 0.0019}
powers = st.floats(-3.0, 1.3).map(lambda e: 10.0**e)


@pytest.mark.parametrize("gap", PRINTED)
def test_printed_oracle(gap):
    """Section 3(g), to its five digits."""
    assert sprt_oracle(gap, 1.0, 1e-4).value == pytest.approx(PRINTED[gap], abs=5.1e-6)


@pytest.mark.parametrize("gap", PRINTED_REGRET)
def test_printed_oracle_of_simple_regret(gap):
    """Section 3(g), to its four digits."""
    assert sprt_oracle(gap, 1.0, 1e-4, "simple_regret").value == pytest.approx(PRINTED_REGRET[gap], abs=5.1e-5)


@settings(max_examples=300, deadline=None)
@given(powers, powers, st.floats(-7.0, 1.0).map(lambda e: 10.0**e), st.sampled_from(("misidentification", "simple_regret")))
def test_the_bracket(gap, sigma, price, risk):
    """The risk written as in the text, minimised by another method: it lies in the bracket, which is 1e-10 wide, and no threshold of a grid is below it."""
    best = sprt_oracle(gap, sigma, price, risk)
    scale = gap if risk == "simple_regret" else 1.0

    def risk_of(a):
        return scale / (1 + np.exp(a)) + 2 * price * (sigma / gap) ** 2 * a * np.tanh(a / 2)

    found = minimize_scalar(risk_of, bounds=(0.0, best.plan.threshold * 2 + 1e-9), method="bounded", options={"xatol": 1e-12})
    assert best.lower <= best.value <= best.upper and best.upper - best.lower <= 1e-10 * best.value
    assert best.value <= found.fun * (1 + 1e-9)
    assert risk_of(best.plan.threshold) == pytest.approx(best.value, rel=1e-9)
    assert (risk_of(np.linspace(0, 60, 3001)) >= best.lower * (1 - 1e-12)).all()
    assert scale * best.plan.error + price * best.plan.pulls == pytest.approx(best.value, rel=1e-9)


def whole_samples(gap, price, scale=1.0, step=0.02, top=9.0):
    """The least Bayes risk of rules that pull whole samples, by value iteration on a grid of log odds: one pull adds N(+-d, 2d), d = D^2/2."""
    x = np.arange(-top, top + step / 2, step)
    d = gap**2 / 2
    odds = 1 / (1 + np.exp(-x))
    kernel = np.zeros((x.size, x.size))
    edges = np.concatenate([[-np.inf], (x[1:] + x[:-1]) / 2, [np.inf]])
    for sign, weight in ((1, odds), (-1, 1 - odds)):
        kernel += weight[:, None] * np.diff(norm.cdf(edges[None, :], x[:, None] + sign * d, math.sqrt(2 * d)), axis=1)
    stop = scale * np.minimum(odds, 1 - odds)
    value = stop.copy()
    for _ in range(20_000):
        new = np.minimum(stop, price + kernel @ value)
        if np.abs(new - value).max() < 1e-11:
            break
        value = new
    return float(value[x.size // 2])


@pytest.mark.parametrize(("gap", "price", "slack"), [(1.0, 1e-2, 0.04), (0.5, 2.5e-3, 0.01), (0.3, 9e-4, 0.004)])
def test_no_rule_of_whole_samples_beats_it(gap, price, slack):
    """An independent dynamic program over rules that pull whole samples: never below, and ever nearer as samples say less (price / gap^2 is the same in all three)."""
    best, discrete = sprt_oracle(gap, 1.0, price), whole_samples(gap, price)
    print(f"gap {gap}: continuous time {best.value:.5f}, whole samples {discrete:.5f}")
    assert best.value < discrete < (1 + slack) * best.value


def test_the_test_itself(seed):
    """Simulated in pairs at the planned threshold: error and pulls are those of continuous time, but for what a last pair overshoots. Control: another threshold."""
    gap, price, runs = 0.1, 1e-4, 4000
    plan = sprt_oracle(gap, 1.0, price).plan

    def risk(threshold):
        rng = np.random.default_rng(seed)
        odds, pairs, at = np.zeros(runs), np.zeros(runs), np.arange(runs)
        while at.size:
            odds[at] += gap * (gap + math.sqrt(2) * rng.standard_normal(at.size))
            pairs[at] += 1
            at = at[np.abs(odds[at]) < threshold]
        return (odds < 0) + 2 * price * pairs

    found = risk(plan.threshold)
    error = found.std() / math.sqrt(runs)
    assert -4 * error < found.mean() - sprt_oracle(gap, 1.0, price).value < 4 * error + 0.05 * found.mean()
    assert risk(plan.threshold / 3).mean() > found.mean() + 10 * error


def test_ends_of_the_range():
    """No gap: guessing costs 1/2, or nothing where any arm will do. A vast gap or a tiny price: one can be sure for nothing."""
    assert sprt_oracle(0.0, 1.0, 1e-4).value == 0.5 and sprt_oracle(0.0, 1.0, 1e-4).plan.pulls == 0.0
    assert sprt_oracle(0.0, 1.0, 1e-4, "simple_regret").value == 0.0
    assert 0 < sprt_oracle(1e6, 1.0, 1e-9).value < 1e-18
    assert sprt_oracle(1e-9, 1.0, 1e-4).value == pytest.approx(0.5, abs=1e-12)
    best = sprt_oracle(0.3, 1.0, 1e-4)
    assert as_score(best).value == -best.value and as_score(best).lower == -best.upper <= as_score(best).value <= as_score(best).upper


@pytest.mark.parametrize(
    ("given_", "named"), [({"gap": -1.0}, "gap"), ({"sigma": 0.0}, "sigma"), ({"price": 0.0}, "price"), ({"risk": "mi"}, "risk")]
)
def test_bad_input(given_, named):
    with pytest.raises(BudgetsimError, match=f"^{named}: got"):
        sprt_oracle(**{"gap": 1.0, "sigma": 1.0, "price": 1e-4, **given_})
