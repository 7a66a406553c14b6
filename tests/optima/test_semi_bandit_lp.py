"""The program of semi-bandits: known cases, duality outside the solver, and what bounds a run."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.optima.semi_bandit_lp import semi_bandit_dual, semi_bandit_lp


def drawn(seed, arms=9):
    g = np.random.default_rng(seed)
    n, d, horizon = int(g.integers(1, arms)), int(g.integers(1, 4)), int(g.integers(1, 5000))
    most = int(g.integers(1, n + 1))
    c = g.random((n, d)) * (g.random((n, d)) < 0.85)
    b = horizon * most * g.random(d)
    b[g.random(d) < 0.1], b[g.random(d) < 0.05] = np.inf, 0.0
    return g.random(n), c, b, horizon, most


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_duality_outside_the_solver(seed):
    """The plan is feasible and worth `lower`; the dual at the prices meets it to 1e-9; `upper` is above."""
    r, c, b, horizon, most = drawn(seed)
    best = semi_bandit_lp(r, c, b, horizon, most)
    x, price = best.plan.share, best.dual.price
    assert np.all((x >= 0) & (x <= 1)) and x.sum() <= most * (1 + 1e-12) and np.all(horizon * (x @ c) <= b * (1 + 1e-12))
    assert np.all(price >= 0) and np.all(price[np.isinf(b)] == 0)
    assert best.lower <= horizon * (r @ x) * (1 + 1e-12)
    assert best.value <= semi_bandit_dual(r, c, b, horizon, most, price) <= best.value + 1e-9 * horizon * most
    assert best.value <= best.upper + 1e-9


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_with_one_arm_a_round_it_is_the_fluid_program(seed):
    """m = 1: the same value as `fluid_lp`; its upper bound too."""
    r, c, b, horizon, _ = drawn(seed)
    ours, theirs = semi_bandit_lp(r, c, b, horizon, 1), fluid_lp(r, c, b, horizon)
    assert ours.value == pytest.approx(theirs.value, abs=1e-9 * horizon) and ours.upper == pytest.approx(theirs.upper, abs=1e-9 * horizon)


def test_the_program_as_written(seed):
    for i in range(12):
        r, c, b, horizon, most = drawn(seed + i)
        assert semi_bandit_lp(r, c, b, horizon, most, method="cvxpy").value == pytest.approx(semi_bandit_lp(r, c, b, horizon, most).value, abs=1e-7 * horizon)


def test_by_hand():
    """Without a cap the m best arms; with budget .5 a round for unit costs, half a round of the best."""
    assert semi_bandit_lp([0.9, 0.2, 0.5], np.ones((3, 1)), [np.inf], 10, 2).value == pytest.approx(14.0)
    assert semi_bandit_lp([0.9, 0.2, 0.5], np.ones((3, 1)), [5.0], 10, 2).value == pytest.approx(4.5)
    assert semi_bandit_lp([0.9, 0.5], [[1.0], [0.0]], [0.0], 10, 2).value == pytest.approx(5.0)


def exact(r, c, budget, horizon, most):
    """The best rule under STOP, by dynamic programming over whole budgets of one resource."""
    n, value = len(r), np.zeros(budget + 1)
    for _ in range(horizon):
        best = value.copy()  # pulling nothing
        for size in range(1, most + 1):
            for arms in itertools.combinations(range(n), size):
                total = np.zeros(budget + 1)
                for hits in itertools.product((0, 1), repeat=size):
                    p = np.prod([c[a] if h else 1 - c[a] for a, h in zip(arms, hits, strict=True)])
                    for b in range(sum(hits), budget + 1):
                        total[b] += p * (r[list(arms)].sum() + value[b - sum(hits)])  # rewards do not depend on costs
                best = np.maximum(best, total)
        value = best
    return value[budget]


def test_upper_bounds_the_exact_optimum_and_value_does_not(seed):
    g, above = np.random.default_rng(seed), 0
    for _ in range(60):
        n, most = 3, int(g.integers(1, 4))
        r, c, budget, horizon = g.random(n), g.random(n), int(g.integers(0, 5)), int(g.integers(1, 8))
        found, best = exact(r, c, budget, horizon, most), semi_bandit_lp(r, c[:, None], [float(budget)], horizon, most)
        assert found <= best.upper + 1e-9
        above += found > best.value + 1e-9
    assert above > 10  # the control: LP(B) itself is no bound


@pytest.mark.parametrize("lie", [lambda r, c, b, m: (np.ones(r.size), -np.ones(b.size)), lambda r, c, b, m: (-np.ones(r.size), 1e3 * np.ones(b.size))])
def test_a_lying_solver_is_not_believed(lie, monkeypatch):
    facts = [0.9, 0.6, 0.5], [[0.8], [0.35], [0.1]], [300.0], 1000, 2
    true, wider = semi_bandit_lp(*facts).value, semi_bandit_lp(*facts[:2], [302.0], *facts[3:]).value
    monkeypatch.setattr("budgetsim.optima.semi_bandit_lp._scipy", lie)
    told = semi_bandit_lp(*facts)
    assert told.lower <= true < wider <= told.upper
    assert told.value < 0.99 * true or told.upper > 1.01 * wider


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"arm_reward": [1.5, 0.5]}, "arm_reward: got 1.5"),
        ({"arm_cost": [[0.1], [1.5]]}, "arm_cost: got 1.5"),
        ({"arm_cost": [[0.1]]}, "arm_cost: got shape"),
        ({"budget": [1.0, 2.0]}, "budget: got shape"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"most": 3}, "most: got 3"),
        ({"method": "scypi"}, "did you mean 'scipy'"),
    ],
)
def test_wrong_arguments(change, says):
    good = {"arm_reward": [0.3, 0.5], "arm_cost": [[0.1], [0.2]], "budget": [1.0], "horizon": 10, "most": 2}
    assert semi_bandit_lp(**good).value > 0
    with pytest.raises(BudgetsimError, match=says) as caught:
        semi_bandit_lp(**(good | change))
    assert "\n" not in str(caught.value)
