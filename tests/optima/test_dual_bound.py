"""Prices alone: equal to the linear program in the end, a bound at any stop, in memory and streamed."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.dual_bound import dual_bound, streamed_dual_bound
from budgetsim.optima.hindsight_lp import dual_value, hindsight_lp
from tests.optima.days import ORLIB, drawn
from tests.optima.test_hindsight_lp import worth


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_equals_the_linear_program(seed):
    """Its least is the LP's value; its ends hold it; the mixture of greedy plans keeps the budgets and earns `lower`."""
    r, c, b = drawn(seed)
    size, lp, best = worth(r), hindsight_lp(r, c, b), dual_bound(r, c, b)
    assert best.lower <= lp.upper and lp.lower <= best.upper
    assert best.upper - best.lower <= 1e-8 * size and best.value == pytest.approx(lp.value, abs=1e-8 * size)
    assert dual_value(r, c, b, best.dual) == pytest.approx(best.value, abs=1e-9 * size) and np.all(best.dual >= 0)
    x = np.zeros(r.shape)
    for weight, price in zip(*best.plan, strict=True):
        gain = r - c @ price
        rows = np.flatnonzero(gain.max(axis=1) > 1e-9 * r.max())  # worth exactly its price: either way
        x[rows, gain[rows].argmax(axis=1)] += weight
    assert best.plan.weight.sum() <= 1.0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_holds_wherever_it_stops(seed, passes):
    """Stopped after any number of passes, from any prices, lower <= LP <= upper."""
    r, c, b = drawn(seed)
    lp, g = hindsight_lp(r, c, b), np.random.default_rng(seed)
    best = dual_bound(r, c, b, passes=passes, start=g.random(b.size) * lp.dual * 3)
    assert best.lower <= lp.upper and lp.lower <= best.upper


def test_streams(seed):
    """Blocks of any length give the bounds of the whole; a list and a function do the same. Control: without the last block they are others."""
    g = np.random.default_rng(seed)
    r, c, b = g.random((5000, 4)), g.random((5000, 4, 3)), np.array([300.0, 400.0, np.inf])
    whole = dual_bound(r, c, b)
    for cuts in ([1, 17, 4000], [2500], [256, 512]):
        blocks = list(zip(np.split(r, cuts), np.split(c, cuts), strict=True))
        for best in (streamed_dual_bound(blocks, b), streamed_dual_bound(lambda blocks=blocks: iter(blocks), b, start=whole.dual)):
            assert best.lower <= whole.upper and whole.lower <= best.upper and best.upper / best.lower < 1 + 2e-6
    assert streamed_dual_bound(blocks[:-1], b).upper < whole.lower


def test_streams_that_cannot_be_read_again():
    block = (np.ones((3, 1)), np.ones((3, 1, 1)))
    with pytest.raises(BudgetsimError, match="blocks: got list_iterator; allowed"):
        streamed_dual_bound(iter([block]), [1.0])
    with pytest.raises(BudgetsimError, match="blocks: got 0 requests"):
        streamed_dual_bound([], [1.0])
    shrinking = [block, block]
    with pytest.raises(BudgetsimError, match="allowed: the same requests"):
        streamed_dual_bound(lambda: iter([shrinking.pop()]) if len(shrinking) > 1 else iter([block, block]), [1.0])
    with pytest.raises(BudgetsimError, match="cost: got shape"):
        streamed_dual_bound([block], [1.0, 2.0])
    with pytest.raises(BudgetsimError, match="passes: got 0"):
        dual_bound(*block, [1.0], passes=0)
    with pytest.raises(BudgetsimError, match="start: got -1"):
        dual_bound(*block, [1.0], start=[-1.0])


def test_many_requests(seed):
    """T = 4000, n = 5, d = 5: within 1e-6 of the linear program (`tests/benchmarks/hindsight.py` does T = 20000 and compares the times)."""
    g = np.random.default_rng(seed)
    r, c, b = g.random((4000, 5)), g.random((4000, 5, 5)), np.linspace(400.0, 800.0, 5)
    best, lp = dual_bound(r, c, b), hindsight_lp(r, c, b)
    assert abs(best.value - lp.value) < 1e-6 * lp.value and best.upper - best.lower < 1e-6 * lp.value


def test_many_resources(seed):
    """d = 20: still the linear program."""
    g = np.random.default_rng(seed)
    r, c, b = g.random((300, 4)), g.random((300, 4, 20)) * (g.random((300, 4, 20)) < 0.3), np.linspace(5.0, 30.0, 20)
    assert dual_bound(r, c, b).value == pytest.approx(hindsight_lp(r, c, b).value, rel=1e-8)


def test_known_answer_p2():
    """Hindsight of prompts routed to three models at four mean budgets: printed for 1,824 rows, kept are 1,793, so to one per cent; ours by both ways."""
    with gzip.open(ORLIB.parent.parent / "llm_routing_pareto" / "routing.csv.gz", "rt", encoding="utf-8") as lines:
        rows = np.genfromtxt(lines, delimiter=",", names=True, dtype=None, encoding="utf-8")
    rows = rows[rows["split"] == "test"]
    models = ("llama8b", "mistral_large", "gemini_pro")
    score, usd = (np.stack([rows[f"{what}_{m}"] for m in models], 1) for what in ("reward", "cost_usd"))
    for budget, printed, ours in ((2.9e-5, 0.796979, 0.803212), (2.3e-4, 0.930394, 0.932423), (1.9e-3, 0.956151, 0.957444), (1.5e-2, 0.963327, 0.964366)):
        best, lp = dual_bound(score, usd, len(rows) * budget), hindsight_lp(score, usd, len(rows) * budget)
        assert round(best.lower / len(rows), 6) == round(lp.lower / len(rows), 6) == ours == pytest.approx(printed, rel=0.01)
