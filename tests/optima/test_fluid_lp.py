"""The fluid program: published and enumerated answers, duality outside the solver, its laws, and what it does not bound."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import dual_value, fluid_lp
from budgetsim.optima.knapsack_dp import knapsack_dp

BWK1 = [0.9, 0.6, 0.5, 0.3], np.array([[0.8, 0.35, 0.1, 0.05], [0.2, 0.5, 0.25, 0.05]]).T
LOW, HIGH = 1 - 1e-9, 1 + 1e-9


def random_instance(g):
    """Any sizes, scales from millionths of a dollar to units, zero and infinite budgets, free arms."""
    k, d, horizon = int(g.integers(1, 9)), int(g.integers(1, 5)), int(10 ** g.uniform(0, 6))
    r = g.random(k) * 10.0 ** g.integers(-3, 4)
    c = g.random((k, d)) * (g.random((k, d)) < 0.85) * 10.0 ** g.integers(-6, 1, d)
    b = horizon * c.mean(axis=0) * g.random(d) * 1.5
    b[g.random(d) < 0.05], b[g.random(d) < 0.1] = 0.0, np.inf
    return r, c, b, horizon


def enumerated(r, c, b, horizon):
    """LP(b) as the best of all basic solutions."""
    capped = np.isfinite(b)
    rows = np.vstack([c.T[capped], np.ones(r.size), -np.eye(r.size)])
    caps = np.concatenate([b[capped] / horizon, [1.0], np.zeros(r.size)])
    best = 0.0
    for tight in itertools.combinations(range(len(rows)), r.size):
        a = rows[list(tight)]
        if abs(np.linalg.det(a)) > 1e-12:
            x = np.linalg.solve(a, caps[list(tight)])
            if np.all(rows @ x <= caps + 1e-9):
                best = max(best, horizon * float(r @ x))
    return best


# ------------------------------------------------------------------------------------------------ known answers
def test_the_textbook_instance():
    """BwK1: .585714 a round, mixture (.2143, 0, .7857, 0), best fixed arm .5; the second resource has a price of 0."""
    horizon = 4000
    best = fluid_lp(*BWK1, np.full(2, horizon / 4), horizon)
    assert best.value / horizon == pytest.approx(0.585714, abs=5e-7)
    np.testing.assert_allclose(best.plan.mixture, [0.2143, 0.0, 0.7857, 0.0], atol=5e-5)
    assert best.dual.price[1] == 0.0 and best.plan.idle == pytest.approx(0.0, abs=1e-12)
    assert best_fixed_arm(BWK1[0], horizon, BWK1[1], np.full(2, horizon / 4)).value / horizon == pytest.approx(0.5)


def test_dynamic_pricing():
    """Prices .1 to .9, demand 1 - p: .16 a round with budget .2 T, .25 without."""
    p = np.arange(1, 10) / 10
    best = fluid_lp(p * (1 - p), (1 - p)[:, None], [200.0], 1000)
    assert best.value == pytest.approx(160.0) and best.plan.mixture[7] == pytest.approx(1.0)
    assert fluid_lp(p * (1 - p), (1 - p)[:, None], [np.inf], 1000).value == pytest.approx(250.0)


def test_known_answer_a2():
    """max r.n subject to D n <= 1 and no limit on rounds: a horizon that does not bind, one unit of each resource in all."""
    s = np.random.RandomState(12345)
    r, cost = s.uniform(size=5), s.uniform(size=(5, 5))
    best = fluid_lp(r, cost.T, np.ones(5), horizon=10)
    assert best.value == pytest.approx(1.295235, abs=5e-7)
    assert best.dual.time == 0.0 and best.plan.idle > 0.5


def test_small_programs_by_enumeration(seed):
    g = np.random.default_rng(seed)
    for _ in range(40):
        r, c, b, horizon = random_instance(g)
        r, c, b = r[:4] / r.max(), c[:4, :2] / max(c[:, :2].max(), 1e-300), np.where(np.isinf(b[:2]), np.inf, horizon * g.random(min(b.size, 2)) * 0.6)
        assert fluid_lp(r, c, b, horizon).value == pytest.approx(enumerated(r, c, b, horizon), rel=1e-9, abs=1e-9 * horizon)


# ------------------------------------------------------------------------------------------------ certificates
def test_duality_outside_the_solver(seed):
    """On 200 instances: the plan is feasible and worth `lower`, the prices are feasible, and both values meet to 1e-9."""
    g = np.random.default_rng(seed)
    for _ in range(200):
        r, c, b, horizon = random_instance(g)
        best = fluid_lp(r, c, b, horizon)
        x, price, time = best.plan.mixture, best.dual.price, best.dual.time
        assert np.all(x >= 0) and x.sum() + best.plan.idle == pytest.approx(1.0)
        assert np.all(horizon * (x @ c) <= b * (1 + 1e-12))
        assert np.all(price >= 0) and time >= 0 and np.all(price[np.isinf(b)] == 0)
        assert np.all(r - c @ price <= time + 1e-12 * (r + c @ price))
        paid = float(price[np.isfinite(b)] @ b[np.isfinite(b)]) + horizon * time
        assert best.lower <= horizon * (r @ x) <= best.value * (1 + 1e-12)
        assert best.value * LOW <= paid <= best.value * HIGH + 1e-12 * horizon * r.max()
        assert best.value <= dual_value(r, c, b, horizon, price) and best.value <= best.upper


@pytest.mark.parametrize("lie", [lambda r, c, b: (np.ones(r.size), -np.ones(b.size)), lambda r, c, b: (-np.ones(r.size), 1e3 * np.ones(b.size))])
def test_a_lying_solver_is_not_believed(lie, monkeypatch):
    """Whatever the solver says, lower <= LP(B) and LP(B + largest cost) <= upper; control: then they no longer meet."""
    budget = np.full(2, 250.0)
    true, wider = fluid_lp(*BWK1, budget, 1000).value, fluid_lp(*BWK1, budget + 1, 1000).value
    monkeypatch.setattr("budgetsim.optima.fluid_lp._scipy", lie)
    told = fluid_lp(*BWK1, budget, 1000)
    assert told.lower <= true < wider <= told.upper
    assert told.value < 0.99 * true or told.upper > 1.01 * wider


def test_methods_agree(seed):
    """Sorting, HiGHS, and the program as the paper writes it."""
    g = np.random.default_rng(seed)
    for i in range(60):
        r, c, b, horizon = random_instance(g)
        if i % 2:
            c, b = c[:, :1], b[:1]
        values = [fluid_lp(r, c, b, horizon, method=m).value for m in ("auto", "scipy", *(["cvxpy"] if i < 12 else []))]
        assert max(values) * LOW <= min(values)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 10.0))
def test_laws_in_the_budget(seed, scale):
    """LP is monotone and concave in B and homogeneous of degree 1 in (B, T)."""
    g = np.random.default_rng(seed)
    r, c, b, horizon = random_instance(g)
    other = b * g.random(b.size) * 2
    low, middle, high = (fluid_lp(r, c, x, horizon).value for x in (np.minimum(b, other), (b + other) / 2, np.maximum(b, other)))
    ends = [fluid_lp(r, c, x, horizon).value for x in (b, other)]
    assert low * LOW <= min(ends) and max(ends) * LOW <= high
    assert sum(ends) / 2 * LOW <= middle
    assert fluid_lp(r, c, 3 * b, 3 * horizon).value == pytest.approx(3 * ends[0], rel=1e-9)
    assert fluid_lp(scale * r, c, b, horizon).value == pytest.approx(scale * ends[0], rel=1e-9)


# ------------------------------------------------------------------------------------------------ what bounds a run
def test_upper_bounds_the_exact_optimum_and_value_does_not(seed):
    """On 200 random small instances the best rule stays below LP(B + 1), and goes above LP(B) on some."""
    g = np.random.default_rng(seed)
    above = 0
    for i in range(200):
        k, d, horizon = int(g.integers(1, 4)), 1 + i % 2, int(g.integers(1, 30))
        r, c, b = g.random(k), g.random((k, d)), g.integers(0, 6, d).astype(float)
        best, fluid = knapsack_dp(r, c, b, horizon), fluid_lp(r, c, b, horizon)
        assert best.value <= fluid.upper
        above += best.lower > fluid.value
    assert above > 20


def test_control_the_value_is_violated():
    """One arm, reward 1, cost Bernoulli(.1), B = 3, T = 1000: exactly 39 can be earned, LP(3) = 30, LP(4) = 40."""
    instance = [1.0], [[0.1]], [3.0], 1000
    best, fluid = knapsack_dp(*instance), fluid_lp(*instance)
    assert best.value == pytest.approx(39.0, abs=1e-9)
    assert fluid.value == pytest.approx(30.0) and fluid.upper == pytest.approx(40.0)
    assert fluid.value < best.lower and best.upper <= fluid.upper


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mean_reward": [-0.1, 0.5]}, "mean_reward: got -0.1"),
        ({"mean_reward": [np.inf, 0.5]}, "mean_reward: got inf"),
        ({"mean_reward": 0.5}, "mean_reward: got shape"),
        ({"mean_cost": [0.1, 0.2]}, "mean_cost: got shape"),
        ({"mean_cost": [[0.1], [np.nan]]}, "mean_cost: got nan"),
        ({"mean_cost": [[0.1], "x"]}, "mean_cost"),
        ({"budget": [1.0, 2.0]}, "budget: got shape"),
        ({"budget": [-1.0]}, "budget: got -1.0"),
        ({"horizon": 1.5}, "horizon: got 1.5"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"mean_cost": [[0.1], [2.0]]}, "largest_cost: got None"),
        ({"largest_cost": 0.15}, "largest_cost: got 0.15"),
        ({"largest_cost": [1.0, 1.0]}, "largest_cost: got shape"),
        ({"method": "scypi"}, "did you mean 'scipy'"),
    ],
)
def test_wrong_arguments(change, says):
    good = {"mean_reward": [0.3, 0.5], "mean_cost": [[0.1], [0.2]], "budget": [1.0], "horizon": 10}
    assert fluid_lp(**good).value > 0
    with pytest.raises(BudgetsimError, match=says) as caught:
        fluid_lp(**(good | change))
    assert "\n" not in str(caught.value)
