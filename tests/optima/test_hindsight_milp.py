"""Whole options: enumeration, the integrality gap, and OR-Library's problems with short limits (`python -m tests.benchmarks.orlib` does all)."""

import csv
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.model import TOLERANCE
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.optima.hindsight_milp import hindsight_milp
from tests.optima.days import ORLIB, drawn, knapsacks
from tests.optima.test_hindsight_lp import worth


def enumerated(r, c, b):
    """The best whole options by trying all."""
    horizon, n = r.shape
    plans = np.array(list(itertools.product(range(-1, n), repeat=horizon)))
    t = np.arange(horizon)
    taken = plans >= 0
    earned = np.where(taken, r[t, plans], 0.0).sum(axis=1)
    used = np.where(taken[..., None], c[t, plans], 0.0).sum(axis=1)
    return float(earned[np.all(used <= b * (1 + TOLERANCE), axis=1)].max())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_enumeration_and_the_integrality_gap(seed):
    """The optimum, exactly; LP >= 0-1 >= LP - d max reward, since a vertex of the LP splits at most d requests."""
    r, c, b = drawn(seed, rounds=5)
    best, lp = hindsight_milp(r, c, b, time_limit=0.0), hindsight_lp(r, c, b)
    size = worth(r)
    assert best.plan.done and best.value == pytest.approx(enumerated(r, c, b), abs=1e-12 * size)
    assert best.lower <= best.value <= best.upper <= best.value + 2e-9 * size
    assert lp.upper >= best.lower and best.upper >= lp.lower - np.isfinite(b).sum() * max(r.max(), 0.0) - 1e-9 * size
    taken = np.flatnonzero(best.plan.choice >= 0)
    used = c[taken, best.plan.choice[taken]].sum(axis=0)
    assert np.all(used <= b * (1 + 2 * TOLERANCE)) and math.fsum(r[taken, best.plan.choice[taken]]) == best.value


def test_the_gap_is_attained():
    """d requests of cost 1 - e that pairwise do not fit: LP - 0-1 comes near to max reward with d = 1, so no smaller multiple would do."""
    r, c = np.ones((2, 1)), np.full((2, 1, 1), 0.51)
    gap = hindsight_lp(r, c, [1.0]).value - hindsight_milp(r, c, [1.0]).value
    assert 0.95 < gap < 1.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_the_ends_hold_where_the_tree_is_cut(seed, nodes):
    """Any number of nodes: lower <= optimum <= upper, the optimum from a tree with as many as it takes."""
    r, c, b = drawn(seed, rounds=14)
    whole, cut = hindsight_milp(r, c, b, time_limit=0.0), hindsight_milp(r, c, b, time_limit=0.0, node_limit=nodes)
    assert whole.plan.done and cut.lower <= whole.upper and whole.lower <= cut.upper


def test_the_solver_and_the_tree_agree(seed):
    """HiGHS, asked because the tree was cut short, finds plans of the same value."""
    for i in range(6):
        g = np.random.default_rng(seed + i)
        r, c, b = g.integers(1, 50, (20, 2)).astype(float), g.random((20, 2, 3)), np.full(3, 3.0)
        whole, cut = hindsight_milp(r, c, b, time_limit=0.0), hindsight_milp(r, c, b, time_limit=20.0, node_limit=10)
        assert whole.plan.done and cut.value == whole.value and round(cut.plan.solver_bound, 6) == whole.value


def test_an_option_that_can_never_be_paid():
    best = hindsight_milp([[9.0, 1.0]], [[[2.0], [1.0]]], [1.0])
    assert best.value == best.upper == 1.0 and best.plan.choice.tolist() == [1]
    assert hindsight_milp([[9.0]], [[[2.0]]], [0.0]).value == hindsight_milp([[9.0]], [[[2.0]]], [0.0]).upper == 0.0


def test_bad_input():
    for arguments, says in [({"time_limit": -1.0}, "time_limit"), ({"node_limit": 0}, "node_limit")]:
        with pytest.raises(BudgetsimError, match=says):
            hindsight_milp([[1.0]], [[[1.0]]], [1.0], **arguments)
    with pytest.raises(BudgetsimError, match="cost: got -1"):
        hindsight_milp([[1.0]], [[[-1.0]]], [1.0])


# ------------------------------------------------------------------------------------------------ OR-Library
@pytest.mark.parametrize("name", ["mknap1", "cb1", "cb4", "cb7"])
def test_every_linear_program_of_or_library(name):
    """All 97: the 90 printed LP values, to the printed digits, by HiGHS and by prices; the 7 of mknap1, of which none is printed, by both and certified; and the printed best is below."""
    problems = knapsacks(name)
    assert len(problems) == (7 if name == "mknap1" else 30)
    for r, c, b, best, lp in problems:
        program, prices = hindsight_lp(r, c, b), dual_bound(r, c, b)
        if math.isnan(lp):
            lp = program.value
            assert max(program.upper, prices.upper) - min(program.lower, prices.lower) < 1e-8 * lp
        assert program.value == pytest.approx(lp, abs=2e-6) and prices.value == pytest.approx(lp, abs=1e-4)
        assert best <= min(program.upper, prices.upper)


def test_every_optimum_of_mknap1():
    """All 7 optima, proved by the tree alone."""
    for r, c, b, best, _ in knapsacks("mknap1"):
        ours = hindsight_milp(r, c, b, time_limit=0.0)
        assert ours.value == pytest.approx(best, abs=1e-9) and ours.upper == pytest.approx(best, abs=1e-9) and ours.plan.done


def test_every_optimum_of_five_resources_is_bracketed():
    """All 30 of 5.100-xx, 3,000 nodes each: every optimum that `optimum.csv` calls proved, or its bracket, lies between our ends; no plan is above it. Equality: the benchmark."""
    with open(ORLIB.parent / "optimum.csv", newline="") as rows:
        listed = {row["problem"]: row for row in csv.DictReader(rows)}
    for k, (r, c, b, _, lp) in enumerate(knapsacks("cb1")):
        ours, row = hindsight_milp(r, c, b, time_limit=0.0, node_limit=3_000), listed[f"5.100-{k:02d}"]
        value, most = float(row["value"]), float(row["upper_bound"])
        assert value <= ours.upper <= lp and ours.value <= most and (row["proved"] == "1") == (value == most)


@pytest.mark.parametrize("k", [20, 29])
def test_proved_optima_of_five_resources(k):
    """5.100-20 and -29: the proved optimum, proved anew."""
    with open(ORLIB.parent / "optimum.csv", newline="") as rows:
        listed = {row["problem"]: row for row in csv.DictReader(rows)}[f"5.100-{k:02d}"]
    r, c, b, best, _ = knapsacks("cb1")[k]
    ours = hindsight_milp(r, c, b, time_limit=1.0)
    assert listed["proved"] == "1" and ours.value == ours.upper == float(listed["value"]) == best


@pytest.mark.parametrize(("name", "k"), [("cb1", 3), ("cb4", 0), ("cb7", 25)])
def test_hard_ones_are_bracketed(name, k):
    """Half a second of HiGHS and few nodes: the printed value lies between the ends, or is below a better plan; no plan is above a bound."""
    r, c, b, best, lp = knapsacks(name)[k]
    ours = hindsight_milp(r, c, b, time_limit=0.5, node_limit=2000)
    assert ours.value <= ours.upper <= lp and best <= ours.upper and ours.value >= 0.98 * best
