"""Intervals: formulas against scipy, and measured coverage. `python -m tests.test_intervals` prints the table."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from budgetsim import intervals
from budgetsim.arguments import BadType, BadValue
from budgetsim.intervals import Interval, IntervalWarning
from tests.conftest import seed_of

#: what coverage may fall short of its level where the API raised no caveat
TOLERANCE = 0.01
SIZES = (20, 100, 1000)


def rare(rng, shape, p=0.002):
    return (rng.random(shape) < p) * 1.0


#: law: (draw, expectation)
LAWS = {
    "Gaussian": (lambda rng, s: rng.normal(size=s), 0.0),
    "bimodal": (lambda rng, s: np.where(rng.random(s) < 0.1, 5.0, 0.0) + 0.3 * rng.normal(size=s), 0.5),
    "lognormal": (lambda rng, s: rng.lognormal(size=s), math.exp(0.5)),
    "Pareto 2.5": (lambda rng, s: rng.pareto(2.5, size=s), 1.0 / 1.5),
    "Student 3": (lambda rng, s: rng.standard_t(3, size=s), 0.0),
    "no event": (rare, 0.002),
}


def draw_mean(law, rng, shape):
    draw, truth = LAWS[law]
    return (draw(rng, shape),), truth


def draw_paired(law, rng, shape):
    draw, truth = LAWS[law]
    if law == "no event":
        b = rng.normal(size=shape)
        return (b + rare(rng, shape), b), truth
    shared = draw(rng, shape)
    return (shared, 0.2 * (shared + draw(rng, shape))), 0.6 * truth


def draw_ratio(law, rng, shape):
    draw, truth = LAWS[law]
    if law == "no event":
        return (rare(rng, shape), 2.0 + rng.normal(size=shape)), 0.001
    shared = draw(rng, shape)
    return (shared, 3.0 + 0.25 * (shared + draw(rng, shape))), truth / (3.0 + 0.5 * truth)


KINDS = {
    "mean": (draw_mean, intervals.mean),
    "paired difference": (draw_paired, intervals.paired),
    "ratio": (draw_ratio, intervals.ratio),
}


def coverage(kind, law, n, runs, seed, level=0.95):
    """Share of runs that miss, that miss without a caveat, and that carry one; and what plain t (or Fieller) misses."""
    draw, method = KINDS[kind]
    data, truth = draw(law, np.random.default_rng(seed), (runs, n))
    missed = silent = warned = plain = 0
    q = stats.t.ppf(0.5 + level / 2, n - 1)
    for row in zip(*data, strict=True):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            interval = method(*row, level)
        assert bool(said) == bool(interval.caveat)
        miss = not interval.low <= truth <= interval.high
        missed += miss
        warned += bool(interval.caveat) or interval.low == -math.inf
        silent += miss and not interval.caveat
        z = row[0] if kind == "mean" else row[0] - row[1] if kind == "paired difference" else row[0] - truth * row[1]
        plain += abs(z.mean() - (0.0 if kind == "ratio" else truth)) > q * z.std(ddof=1) / math.sqrt(n)
    return missed / runs, silent / runs, warned / runs, plain / runs


def allowance(runs, level=0.95):
    return 1.0 - level + TOLERANCE + 3.0 * math.sqrt((1.0 - level) * level / runs)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kind", KINDS)
def test_covers_or_says_so(kind, law, n, seed, request):
    runs = 20000 if request.config.getoption("--thorough") else 1000
    _, silent, _, _ = coverage(kind, law, n, runs, seed)
    assert silent <= allowance(runs)


@pytest.mark.parametrize("law", ["lognormal", "Pareto 2.5"])
def test_control_plain_t_fails(law, seed):
    missed, _, _, plain = coverage("mean", law, 100, 2000, seed)
    assert plain > allowance(2000) and plain > missed + 0.01


def test_no_false_alarm_for_gaussian_luck(seed):
    assert all(coverage(kind, "Gaussian", 100, 500, seed)[2] <= 0.01 for kind in KINDS)


def test_infinite_variance_is_called_out(seed):
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = [bool(intervals.mean(rng.pareto(1.1, size=1000)).caveat) for _ in range(200)]
    assert np.mean(said) > 0.8


@pytest.mark.parametrize("level", [0.95, 0.99, 0.999, 1 - 1e-6])
@pytest.mark.parametrize("n", SIZES)
def test_ruin_probability_covers(n, level):
    """Exact: the binomial law of the count, every probability of a grid. Wilson may miss 1.3 times as often as it promises."""
    ends = np.array([intervals.proportion(k, n, level)[1:3] for k in range(n + 1)])
    p = np.concatenate([np.geomspace(1e-6, 0.5, 150), 1.0 - np.geomspace(1e-6, 0.5, 150)])[:, None]
    missed = (stats.binom.pmf(np.arange(n + 1), n, p) * ((p < ends[:, 0]) | (p > ends[:, 1]))).sum(axis=1)
    assert missed.max() <= 1.3 * (1.0 - level)


@pytest.mark.parametrize(("level", "p", "times"), [(0.95, 0.17e-3, 3), (0.999, 0.076e-3, 70)])
def test_control_wilson_alone_fails_for_few_events(level, p, times):
    z, n = stats.norm.ppf(0.5 + level / 2), 1000
    low = [(k / n + z * z / (2 * n) - z * math.sqrt(k / n * (1 - k / n) / n + (z / (2 * n)) ** 2)) / (1 + z * z / n) for k in range(50)]
    assert stats.binom.pmf(np.arange(50), n, p) @ (p < np.array(low)) > times * (1.0 - level)


def test_proportion_values():
    assert intervals.proportion(0, 100).high == pytest.approx(1 - 0.025 ** (1 / 100), rel=1e-12)
    assert intervals.proportion(100, 100)[:3] == pytest.approx((1.0, 0.025 ** (1 / 100), 1.0), rel=1e-12)
    for k, method in ((3, "exact"), (40, "wilson")):
        ours, theirs = intervals.proportion(k, 100), stats.binomtest(k, 100).proportion_ci(0.95, method)
        assert ours.method == method and ours[1:3] == pytest.approx((theirs.low, theirs.high), rel=1e-10)


@pytest.mark.parametrize("level", [0.5, 0.95, 1 - 1e-6])
def test_mean_is_t_where_t_is_right(level, seed):
    x = np.random.default_rng(seed).normal(size=500)
    theirs = stats.ttest_1samp(x, 0.0).confidence_interval(level)
    ours = intervals.mean(x, level)
    assert ours.method == "t" and ours[:3] == pytest.approx((x.mean(), theirs.low, theirs.high), rel=1e-9)
    assert intervals.mean_from_moments(500, x.mean(), x.var(ddof=1), level)[:3] == pytest.approx(ours[:3], rel=1e-12)


def test_hall_inverts_his_cubic():
    n, g, level = 30, 3.0, 0.95
    q = stats.t.ppf(0.975, n - 1)
    down, up, wide = intervals._reach(n, level, g)

    def f(t):
        return t + g * t**2 / (3 * math.sqrt(n)) + g**2 * t**3 / (27 * n) + g / (6 * math.sqrt(n))

    assert wide and down == q and f(-up) == pytest.approx(-q, rel=1e-12)  # skewed to the right: only the upper end moves
    assert intervals._reach(n, level, -g)[:2] == (up, down)


def test_pointwise_columns_equal_single_series(seed):
    x = np.random.default_rng(seed).lognormal(size=(80, 5))
    x[:, 4] = 2.0
    band = intervals.mean(x)
    for j in range(4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert (band.low[j], band.high[j]) == pytest.approx(intervals.mean(x[:, j])[1:3], rel=1e-14)
    assert "no variation seen at 1 of 5" in band.caveat and band.low[4] == band.high[4] == 2.0


def test_constant_series_that_rounding_would_vary():
    with pytest.warns(IntervalWarning, match="no variation seen"):
        interval = intervals.mean([0.1] * 77)
    assert interval[:3] == (0.1, 0.1, 0.1)


def test_one_replication_knows_nothing():
    with pytest.warns(IntervalWarning, match="one replication"):
        assert intervals.mean([3.0])[:3] == (3.0, -math.inf, math.inf)
    with pytest.warns(IntervalWarning, match="one replication"):
        assert intervals.ratio([3.0], [2.0])[:3] == (1.5, -math.inf, math.inf)


def test_fieller_ends_are_where_the_test_turns(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 1.0, 400)
    y = 0.5 * x + rng.normal(1.0, 1.0, 400)
    fit = intervals.ratio(x, y)
    for r in (fit.low, fit.high):
        assert stats.ttest_1samp(x - r * y, 0.0).pvalue == pytest.approx(0.05, rel=1e-6)
    moments = intervals.ratio_from_moments(400, [x.mean(), y.mean()], np.cov(x, y))
    assert fit.method == "fieller" and moments[:3] == pytest.approx(fit[:3], rel=1e-10)
    flipped = intervals.ratio(-x, -y)
    assert flipped[:3] == pytest.approx(fit[:3], rel=1e-12)
    mirrored = intervals.ratio(-x, y)
    assert (-mirrored.high, -mirrored.low) == pytest.approx(fit[1:3], rel=1e-12)


@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_fieller_unbounded():
    x = np.arange(200.0)
    for y in (np.where(np.arange(200) % 2 == 0, 1.0, -1.0), np.zeros(200)):
        fit = intervals.ratio(x, y)
        assert (fit.low, fit.high) == (-math.inf, math.inf) and fit.method.startswith("fieller, unbounded")
        assert math.isnan(fit.estimate)


def test_slope_covers_and_is_exact_without_noise(seed):
    x = np.array([1e3, 2e3, 4e3, 8e3])
    rng = np.random.default_rng(seed)
    missed = 0
    for _ in range(500):
        shared = rng.exponential(size=(60, 1))
        samples = np.sqrt(x) * (0.5 * shared + 0.5 * rng.exponential(size=(60, 4)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = intervals.slope(x, samples)
        missed += not fit.low <= 0.5 <= fit.high
    assert missed / 500 <= allowance(500)
    with pytest.warns(IntervalWarning):
        assert intervals.slope(x, np.tile(x**0.7, (60, 1)))[:3] == pytest.approx((0.7, 0.7, 0.7), rel=1e-12)
    with pytest.warns(IntervalWarning, match="not positive"):
        assert intervals.slope(x, -samples).low == -math.inf


@given(st.integers(1, 10**4), st.integers(0, 10**4), st.floats(0.5, 0.9999))
def test_proportion_contains_its_estimate(n, k, level):
    fit = intervals.proportion(min(k, n), n, level)
    assert 0.0 <= fit.low <= fit.estimate <= fit.high <= 1.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60), st.floats(0.5, 0.999))
@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_mean_is_nested_and_never_shorter_than_t_below_200(values, level):
    fit, wider = intervals.mean(values, level), intervals.mean(values, 0.9995)
    assert wider.low <= fit.low <= fit.estimate <= fit.high <= wider.high
    half = stats.t.ppf(0.5 + level / 2, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    slack = 1e-9 * (1.0 + abs(fit.estimate) + half)
    assert fit.high - fit.estimate >= half - slack and fit.estimate - fit.low >= half - slack


def test_simultaneous_and_dkw(seed):
    level = intervals.simultaneous(0.95, 20)
    assert level == pytest.approx(1 - 0.05 / 20) and intervals.simultaneous(0.9, 1) == pytest.approx(0.9)
    rng = np.random.default_rng(seed)
    h = intervals.dkw_band(50)
    u = np.sort(rng.random((2000, 50)), axis=1)
    gap = np.maximum(np.arange(1, 51) / 50 - u, u - np.arange(50) / 50).max(axis=1)
    assert 0.01 < np.mean(gap > h) <= allowance(2000)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: intervals.mean([]), BadValue),
        (lambda: intervals.mean([1.0, math.nan]), BadValue),
        (lambda: intervals.mean("ab"), BadType),
        (lambda: intervals.mean([1.0, 2.0], level=1e-6), BadValue),
        (lambda: intervals.mean([1.0, 2.0], level=1.0), BadValue),
        (lambda: intervals.paired([1.0, 2.0], [1.0]), BadValue),
        (lambda: intervals.ratio([1.0, 2.0], 0.0), BadValue),
        (lambda: intervals.ratio([1.0, 2.0], [1.0, 2.0, 3.0]), BadValue),
        (lambda: intervals.proportion(3, 2), BadValue),
        (lambda: intervals.proportion(0.5, 2), BadValue),
        (lambda: intervals.slope([1.0, 1.0], [[1.0, 2.0]] * 3), BadValue),
        (lambda: intervals.slope([0.0, 1.0], [[1.0, 2.0]] * 3), BadValue),
        (lambda: intervals.simultaneous(0.95, 0), BadValue),
        (lambda: intervals.dkw_band(0), BadValue),
        (lambda: intervals.mean_from_moments(10, 0.0, -1.0), BadValue),
    ],
)
def test_bad_arguments(call, error):
    with pytest.raises(error, match="allowed"):
        call()


def test_interval_is_a_plain_tuple():
    assert Interval(1.0, 0.0, 2.0, 0.95, "t; heavy tail").caveat == "heavy tail" and Interval(1.0, 0.0, 2.0, 0.95, "t").caveat == ""


if __name__ == "__main__":
    print(f"{'':34}{'n':>6}{'misses':>9}{'without caveat':>16}{'caveats':>9}{'plain t misses':>16}   (level 0.95, 5000 runs)")
    for kind in KINDS:
        for law in LAWS:
            for n in SIZES:
                row = coverage(kind, law, n, 5000, seed_of(f"{kind} {law} {n}"))
                print(f"{kind:20}{law:14}{n:6}{row[0]:9.3f}{row[1]:16.3f}{row[2]:9.3f}{row[3]:16.3f}", flush=True)
