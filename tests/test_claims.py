"""Claims: what holds, what fails, what is unresolved, and how it reads."""

import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetsim import claims
from budgetsim.arguments import BadType, BadValue
from budgetsim.intervals import Interval
from budgetsim.model import Verdict

finite = st.floats(-1e9, 1e9)


@given(finite, finite, st.floats(0.0, 1e3))
def test_margin_says_whether_a_number_holds(value, bound, tolerance):
    below, above = claims.at_most("c", value, bound, tolerance), claims.at_least("c", -value, -bound, tolerance)
    assert below.holds == (value <= bound + tolerance) == (below.margin >= 0.0) and below.interval == (value, value)
    assert (above.holds, above.margin) == (below.holds, below.margin) and above.interval == (-value, -value)


def test_numbers_that_are_not():
    assert claims.at_most("c", math.nan, 1.0).holds is False
    assert claims.at_most("c", math.inf, math.inf)[2:4] == (True, 0.0)
    assert claims.at_most("c", math.inf, 1.0)[2:4] == (False, -math.inf)
    assert claims.at_most("c", np.float64(1.0), 2.0).holds is True


@given(finite, st.floats(0.0, 1e6), st.floats(0.0, 1e6), finite)
def test_statistical_verdicts(estimate, down, up, bound):
    interval = Interval(estimate, estimate - down, estimate + up, 0.99, "t")
    below, above = claims.statistical_at_most("c", interval, bound), claims.statistical_at_least("c", interval, bound)
    assert below.holds == (True if interval.high <= bound else False if interval.low > bound else "unresolved")
    assert above.holds == (True if interval.low >= bound else False if interval.high < bound else "unresolved")
    for v in (below, above):
        assert (v.margin >= 0.0) == (v.holds is True) and v.level == 0.99 and v.kind == "statistical"


def test_straddling_and_unbounded_intervals_are_unresolved():
    assert claims.statistical_at_most("c", Interval(1.0, -math.inf, math.inf, 0.95, "fieller, unbounded"), 5.0).holds == "unresolved"
    assert claims.statistical_at_most("c", Interval(math.nan, math.nan, math.nan, 0.95, "t"), 5.0).holds == "unresolved"


def test_values_get_an_interval_and_their_caveat(seed):
    rng = np.random.default_rng(seed)
    verdict = claims.statistical_at_most("mean <= 1", rng.normal(size=400), 1.0)
    assert verdict.holds is True and verdict.level == 1 - 1e-6 and verdict.detail == ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = claims.statistical_at_least("mean >= 1", [2.0] * 60, 1.0, detail="seen once")
    assert verdict.holds is True and verdict.detail == "seen once; no variation seen"


def test_false_verdicts_are_as_rare_as_the_level_says(seed):
    """The mean sits on the bound: at most (1 - level) / 2 of the verdicts may be False, and as many True."""
    rng = np.random.default_rng(seed)
    holds = [claims.statistical_at_most("c", rng.normal(size=200), 0.0, level=0.9).holds for _ in range(1000)]
    for wrong in (True, False):
        assert 0.02 < holds.count(wrong) / 1000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


def test_slope(seed):
    x = np.array([1e3, 2e3, 4e3, 8e3, 16e3])
    samples = np.sqrt(x) * np.random.default_rng(seed).exponential(size=(400, 5))
    assert claims.slope("sqrt", x, samples, 0.4, 0.6, level=0.95).holds is True
    assert claims.slope("linear", x, samples, 0.9, 1.1).holds is False  # control
    assert claims.slope("sharp", x, samples, 0.4999, 0.5001).holds == "unresolved"
    assert claims.slope("negative", x, -samples, 0.4, 0.6).holds == "unresolved"


def test_shared_level():
    assert claims.shared(0.99, 10) == pytest.approx(0.999)


VERDICTS = [
    claims.exact("rows and python give the same bits on every policy of the box, block size and number of threads", True, 0.0),
    claims.at_most("primal = dual", 3.25e-12, 1e-9),
    claims.at_most("spent <= budget", math.nan, 1.0, detail="the run of replication 17 lost its purse " * 5),
    claims.statistical_at_most("regret <= 12 sqrt(T)", Interval(1.0, -123456.789, 1234567.89, 1 - 1e-8, "t; heavy tail"), 3.0),
    claims.statistical_at_least("ratio >= 0.5", Interval(1.0, -math.inf, math.inf, 0.999, "fieller, unbounded"), 0.5),
]


def test_table_is_readable():
    text = claims.table(VERDICTS)
    assert max(map(len, text.splitlines())) <= 110 and "heavy tail" in text and "[-1.2346e+05, 1.2346e+06]" in text
    head = text.splitlines()[0]
    row = next(line for line in text.splitlines() if line.startswith("regret"))
    assert row[head.index("holds") :].startswith("unresolved") and row[head.index("level") :] == "1-1e-08"
    assert claims.table([]).startswith("claim")


def test_records_are_strict_json():
    records = claims.as_records(VERDICTS)
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert records[2]["interval"] == [None, None] and records[4]["interval"] == ["-inf", "inf"] and records[0]["holds"] is True
    assert records[4]["holds"] == "unresolved"
    assert claims.as_records([Verdict("c", "exact", np.True_, np.float64(1.0))])[0]["holds"] is True


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: claims.exact("c", 1), BadType),
        (lambda: claims.exact("c", True, -1.0), BadValue),
        (lambda: claims.exact("c", False, 1.0), BadValue),
        (lambda: claims.at_most("c", 1.0, math.nan), BadValue),
        (lambda: claims.at_most("c", 1.0, 1.0, -0.1), BadValue),
        (lambda: claims.at_most("c", 1.0, 1.0, kind="certain"), BadValue),
        (lambda: claims.statistical_at_most("c", [1.0, 2.0], 1.0, level=1e-6), BadValue),
        (lambda: claims.statistical_at_most("c", Interval(1, 0, 2, 0.95, "t"), 1.0, level=0.99), BadValue),
        (lambda: claims.statistical_at_most("c", Interval(np.ones(2), np.ones(2), np.ones(2), 0.95, "t"), 1.0), BadType),
        (lambda: claims.slope("c", [1.0, 2.0], np.ones((60, 2)), 1.0, 0.0), BadValue),
        (lambda: claims.shared(0.95, 0), BadValue),
    ],
)
def test_bad_arguments(call, error):
    with pytest.raises(error, match="allowed"):
        call()
