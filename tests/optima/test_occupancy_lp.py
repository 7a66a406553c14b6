"""The occupancy program: its certificates, its twins, and the rules that it bounds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from budgetsim import BudgetsimError
from budgetsim.folders import bind
from budgetsim.optima.occupancy_lp import Prices, checked, dual_value, fairness_frontier, largest_fairness, occupancy_lp
from budgetsim.optima.volunteer_lagrangian import volunteer_lagrangian
from budgetsim.problems import volunteer_rescue as rescue
from budgetsim.theory.volunteer_chain import volunteer_chain, volunteer_reward

from ..references import volunteer_joint
from ..theory.test_volunteer_chain import F1, crowds

MANY = np.tile(F1[1], (25, 1))


@st.composite
def unlike(draw, most=6, contexts=3, rewards=True):
    """(f, p, q, w, B): unlike volunteers, with chances of 0 and 1, contexts that never come, and budgets of any size."""
    n, k = draw(st.integers(1, most)), draw(st.integers(1, contexts))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    f, p, q = rng.random(k), rng.random((n, k)), rng.random(n)
    if k > 1 and draw(st.booleans()):
        f[0] = 0.0
    if draw(st.booleans()):
        p[0, 0], q[0] = draw(st.sampled_from([0.0, 1.0])), draw(st.sampled_from([0.0, 1.0, 0.3]))
    w = rng.random(k) if rewards and draw(st.booleans()) else np.ones(k)
    return f / f.sum(), p, q, w, n * rng.random() * draw(st.sampled_from([0.0, 0.5, 1.5]))


def check_plan(plan, crowd, budget, low=0.0, high=np.inf):
    f, p, q, _ = crowd
    a, u, b = plan.occupancy, plan.active, plan.allocation
    np.testing.assert_allclose(np.sum(p * a, axis=1), q * (1 - u), atol=1e-14)
    assert np.all(a >= 0) and np.all(a <= f * u[:, None] + 1e-15)
    assert np.all(a.sum(axis=0) <= f * b * (1 + 1e-14) + 1e-300) and f @ b <= budget * (1 + 1e-14) + 1e-300
    assert np.all(b >= low) and np.all(b <= high)


@settings(max_examples=200, deadline=None)
@given(unlike())
def test_the_program_and_its_lagrangian_agree(case):
    """Property of (e): min over one price = the linear program with real B_k, to 1e-9; both certify a gap below that."""
    f, p, q, w, budget = case
    one, other = occupancy_lp(f, p, q, budget, w), volunteer_lagrangian(f, p, q, budget, w)
    assert one.value == pytest.approx(other.value, abs=1e-9)
    for best in (one, other):
        assert best.lower <= best.value <= best.upper <= best.lower + 1e-9
        check_plan(best.plan, (f, p, q, w), budget)


@settings(max_examples=200, deadline=None)
@given(unlike(rewards=False))
def test_reward_is_the_flow_of_volunteers(case):
    """Property of the (f) list: reward <= sum_i q_i (1 - u_i), with equality where rewards are 1, and <= sum_i q_i m_i / (q_i + m_i), m = p.f."""
    f, p, q, _, budget = case
    best = occupancy_lp(f, p, q, budget)
    leaving = p @ f
    assert best.value == pytest.approx(float(q @ (1 - best.plan.active)), abs=1e-12)
    assert best.value <= np.sum(q * leaving / np.maximum(q + leaving, 1e-300)) + 1e-12
    half = occupancy_lp(f, p, q, budget, np.full(f.size, 0.5))
    assert half.value <= q @ (1 - half.plan.active) + 1e-12


@settings(max_examples=200, deadline=None)
@given(unlike(), st.floats(0.0, 1.0))
def test_it_is_concave_and_nondecreasing_in_the_budget(case, t):
    """Property of the (f) list: LP concave, nondecreasing in B."""
    f, p, q, w, budget = case
    more = budget + 1.0
    low, mid, high = (occupancy_lp(f, p, q, b, w) for b in (budget, (1 - t) * budget + t * more, more))
    assert low.lower <= mid.upper + 1e-12 and mid.lower <= high.upper + 1e-12
    assert mid.upper >= (1 - t) * low.lower + t * high.lower - 1e-12


@settings(max_examples=200, deadline=None)
@given(crowds(most=20))
def test_no_allocation_earns_more_than_its_program(crowd):
    """Property of the (f) list: exact value <= LP bound, for the program of the allocation and that of its budget."""
    f, p, q, n, b = crowd
    value, everyone = float(volunteer_reward(volunteer_chain(f, p, q, n), b)), np.tile(p, (n, 1))
    budget = float(f @ b)
    of_allocation = occupancy_lp(f, everyone, q, budget, allocation=b)
    of_budget = volunteer_lagrangian(f, everyone, q, budget)
    assert value <= of_allocation.upper <= of_budget.upper + 1e-9


def test_no_violation_on_the_printed_instance():
    """All allocations of F1: 0 violations of the program of their own B_k; without the allowance of B_k, the bound would fail."""
    f, p, q = F1
    every = np.array([b for b in itertools.product(range(26), range(11), range(14)) if f @ b <= 5 * (1 + 1e-12)])
    assert len(every) == 936  # the specification counts 940: with B_k up to 28, more than there are volunteers
    values = volunteer_reward(volunteer_chain(f, p, q, 25), every)
    bound = volunteer_lagrangian(f, MANY, q, 5).upper
    assert np.sum(values > bound) == 0
    for i in np.argsort(-values)[:40]:
        assert values[i] <= occupancy_lp(f, MANY, q, 5, allocation=every[i]).upper
    assert values.max() > volunteer_lagrangian(f, MANY, q, 4).upper - 0.2 and values.max() > volunteer_lagrangian(f, MANY, q, 2).upper  # the control


@settings(max_examples=40, deadline=None)
@given(unlike(most=3, contexts=2), st.integers(0, 2**32))
def test_the_best_rule_of_all_earns_no_more(case, seed):
    """All 2^N states and all subsets: relative value iteration stays below the program of the same B_k."""
    f, p, q, w, _ = case
    b = np.random.default_rng(seed).integers(0, len(p) + 1, f.size)
    q = np.maximum(q, 0.05)
    best = volunteer_joint.best_reward(f, p, q, w, b)
    assert best <= occupancy_lp(f, p, q, float(f @ b), w, allocation=b).upper + 1e-7


def test_printed_digits():
    f, _, q = F1
    assert round(occupancy_lp(f, MANY, q, 5).value, 6) == 1.806529
    assert round(occupancy_lp(f, MANY, q, 5, integer=True).value, 6) == 1.747492
    for b in ([10, 0, 8], [12, 0, 8]):  # the printed allocation is one of several that the program cannot tell apart
        assert round(occupancy_lp(f, MANY, q, 5, allocation=b).value, 6) == 1.747492
    two = np.tile([0.999, 0.0], (25, 1))
    assert [round(occupancy_lp([0.5, 0.5], two, 0.2, 5, allocation=b).value, 5) for b in ([8, 2], [9, 1], [10, 0])] == [3.57041] * 3


@pytest.mark.parametrize("extra", [{}, {"allocation": [2, 1, 1]}, {"low": [1, 0, 0], "high": [2, 3, 1]}, {"fairness": 0.1}])
def test_cvxpy_says_the_same(extra):
    rng = np.random.default_rng(3)
    f, p, q = np.array([0.2, 0.5, 0.3]), rng.random((8, 3)), rng.random(8)
    w = [1.0, 0.6, 0.8]
    one, other = (occupancy_lp(f, p, q, 2.0, w, method=m, **extra) for m in ("auto", "cvxpy"))
    assert one.value == pytest.approx(other.value, abs=1e-9) and max(one.upper - one.lower, other.upper - other.lower) < 1e-9
    assert one.plan.fairness >= extra.get("fairness", 0.0)


def by_milp(f, p, q, w, budget):
    """The mixed-integer program over (a, u, B), stated densely."""
    n, k = p.shape
    size = n * k + n + k
    rows, low, high = [], [], []

    def row(entries, least, most):
        r = np.zeros(size)
        for i, x in entries:
            r[i] += x
        rows.append(r), low.append(least), high.append(most)

    for i in range(n):
        row([(i * k + c, p[i, c]) for c in range(k)] + [(n * k + i, q[i])], q[i], q[i])
        for c in range(k):
            row([(i * k + c, 1), (n * k + i, -f[c])], -np.inf, 0)
    for c in range(k):
        row([(i * k + c, 1) for i in range(n)] + [(n * k + n + c, -f[c])], -np.inf, 0)
    row([(n * k + n + c, f[c]) for c in range(k)], -np.inf, budget)
    goal = -np.concatenate([(p * w).ravel(), np.zeros(n + k)])
    kinds = np.concatenate([np.zeros(n * k + n), np.ones(k)])
    limits = Bounds(0, np.concatenate([np.ones(n * k + n), np.full(k, n)]))
    return -milp(goal, constraints=LinearConstraint(np.array(rows), low, high), integrality=kinds, bounds=limits, options={"mip_rel_gap": 1e-9}).fun


@pytest.mark.parametrize("case", range(12))
def test_whole_allocations_are_those_of_the_mixed_integer_program(case):
    rng = np.random.default_rng(case)
    n, k = int(rng.integers(2, 9)), int(rng.integers(1, 4))
    f, p, q, w = rng.random(k), rng.random((n, k)), rng.random(n), rng.random(k)
    f, budget = f / f.sum(), n * rng.random() * 0.5
    best = occupancy_lp(f, p, q, budget, w, integer=True)
    assert best.value == pytest.approx(by_milp(f, p, q, w, budget), abs=1e-7)
    assert best.upper - best.lower < 1e-9 and np.all(best.plan.allocation == np.floor(best.plan.allocation))
    check_plan(best.plan, (f, p, q, w), budget * (1 + 1e-12))


@settings(max_examples=200, deadline=None)
@given(unlike(), st.floats(0.05, 0.95))
def test_fairness(case, part):
    """The largest fairness is certified and attained; a share of it is met exactly, costs reward, and is certified."""
    f, p, q, w, budget = case
    most, free = largest_fairness(f, p, q, budget, w), occupancy_lp(f, p, q, budget, w)
    assert most.plan.fairness >= most.value and most.upper - most.lower < 1e-9
    check_plan(most.plan, (f, p, q, w), budget)
    if most.value > 1e-6:
        fair = occupancy_lp(f, p, q, budget, w, fairness=part * most.value)
        assert fair.plan.fairness >= part * most.value and fair.upper - fair.lower < 1e-9
        assert fair.lower <= free.upper and free.plan.fairness <= most.upper + 1e-9
        with pytest.raises(BudgetsimError, match=r"^fairness"):
            occupancy_lp(f, p, q, budget, w, fairness=1.01 * most.value)


def test_the_frontier_falls_and_is_concave():
    rng = np.random.default_rng(8)
    f, p, q = np.array([0.2, 0.5, 0.3]), rng.random((20, 3)) * [1.0, 0.3, 0.1], rng.random(20) * 0.3
    theta, best = fairness_frontier(f, p, q, 3.0, points=9)
    values = np.array([b.value for b in best])
    assert np.all(np.diff(values) <= 1e-9) and np.all(np.diff(values, 2) <= 1e-6)
    assert all(b.plan.fairness >= t for t, b in zip(theta, best, strict=True))
    whole = occupancy_lp(f, p, q, 3.0, fairness=0.5 * theta[-1], integer=True)
    assert whole.plan.fairness >= 0.5 * theta[-1] and whole.value <= best[4].upper


def test_any_prices_bound_and_wrong_ones_bound_worse():
    f, p, q = np.array([0.4, 0.6]), np.random.default_rng(1).random((10, 2)), 0.2
    best = occupancy_lp(f, p, q, 2.0)
    crowd, low, high = checked(f, p, q, None), np.zeros(2), np.full(2, 10.0)
    rng = np.random.default_rng(2)
    for _ in range(200):
        prices = Prices(rng.random(2) - 0.2, rng.random() - 0.2, np.zeros(2))
        assert dual_value(crowd, 2.0, low, high, 0.0, prices) >= best.lower
    assert dual_value(crowd, 2.0, low, high, 0.0, Prices(best.dual.notification * 1.1, best.dual.budget * 1.1, np.zeros(2))) > best.upper + 1e-4


def test_it_binds_to_the_problem():
    problem = rescue.examples()[1]
    best = bind(occupancy_lp, problem)
    assert best.value == pytest.approx(bind(volunteer_lagrangian, problem).value, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"context_probability": [0.5, 0.500001]}, "context_probability"),
        ({"acceptance": [[0.5, 0.5, 0.5]]}, "acceptance"),
        ({"acceptance": np.zeros((0, 2))}, "acceptance"),
        ({"acceptance": [[0.5, 1.5]]}, "acceptance"),
        ({"reactivation": [0.1, 0.2]}, "reactivation"),
        ({"budget": -1}, "budget"),
        ({"budget": None}, "budget"),
        ({"reward": [1.0]}, "reward"),
        ({"reward": [1.0, -1.0]}, "reward"),
        ({"allocation": [1, 2, 3]}, "allocation"),
        ({"allocation": [2, 2]}, "allocation"),
        ({"allocation": [1, 1], "low": [0, 0]}, "allocation"),
        ({"low": [3, 3]}, "low"),
        ({"low": [1, 0], "high": [0, 1]}, "high"),
        ({"low": [0.2, 0.2], "high": [0.8, 0.8], "integer": True}, "low"),
        ({"fairness": 2.0}, "fairness"),
        ({"method": "simplex"}, "method"),
        ({"integer": 1}, "integer"),
    ],
)
def test_wrong_arguments(changes, says):
    good = {"context_probability": [0.5, 0.5], "acceptance": [[0.9, 0.1]], "reactivation": 0.2, "budget": 1.0}
    with pytest.raises(BudgetsimError, match=f"^{says}"):
        occupancy_lp(**good | changes)
