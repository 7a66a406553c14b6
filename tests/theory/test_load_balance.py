"""Load balance as a dual problem: the identities of section 8, exactly (affinities and biases are multiples of 1/1024, so nothing rounds)."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
from budgetsim.theory.load_balance import (
    choose,
    dual,
    dual_step,
    follow,
    imbalance,
    kept_dual,
    lagrangian,
    near_ties,
    regret_bound,
    score_bound,
    switches,
)

UNIT = 1.0 / 1024.0


@st.composite
def batches(draw, most=12):
    """(affinity (n, E), K, three vectors of biases): small or wide ranges, with ties."""
    n, e = draw(st.integers(1, most)), draw(st.sampled_from([1, 2, 4, 3, 5]))
    top = draw(st.sampled_from([2, 40, 1024]))
    whole = st.integers(0, top).map(lambda i: i * UNIT)
    a = np.array(draw(st.lists(whole, min_size=n * e, max_size=n * e))).reshape(n, e)
    p = [np.array(draw(st.lists(st.integers(-top, top).map(lambda i: i * UNIT), min_size=e, max_size=e))) for _ in range(3)]
    return a, draw(st.integers(1, e)), p


@settings(max_examples=300, deadline=None)
@given(batches())
def test_the_identity_of_a_dual_step(case):
    """Property (i): Lag(x, q) - Lag(x, p) = sum (q - p)(A - L); D(q) = D(p) + that + the benefit of the switches, each in [0, dp_k' - dp_k]."""
    a, k, (p, q, _) = case
    x, step, small = choose(a, p, k), dual_step(a, p, q, k), 1e-12
    assert abs(lagrangian(a, x, q) - lagrangian(a, x, p) - step.fall) <= small
    assert abs(dual(a, q, k) - dual(a, p, k) - step.fall - step.benefit) <= small
    assert -small <= step.benefit <= step.bound + small
    assert abs(dual(a, p, k) - lagrangian(a, x, p)) <= small


@settings(max_examples=300, deadline=None)
@given(batches(), st.integers(1, 64), st.lists(st.integers(0, 8), min_size=5, max_size=5))
def test_the_fall_of_the_iteration(case, u, eps):
    """Property (i): with p_k += eps_k (L - A_k) the fall is - sum eps_k (A_k - L)^2; of the sign rule, - u sum |A_k - L|."""
    a, k, (p, _, _) = case
    off = choose(a, p, k).sum(axis=0) - a.shape[0] * k / a.shape[1]
    eps, u = np.array(eps[: p.size]) * UNIT, u * UNIT
    assert abs(dual_step(a, p, p - eps * off, k).fall + (eps * off**2).sum()) <= 1e-12 * (1 + (eps * off**2).sum())
    assert abs(dual_step(a, p, p - u * np.sign(off), k).fall + u * np.abs(off).sum()) <= 1e-12


def test_the_dual_need_not_fall():
    """Control: the improvement is conditional. With a large step the benefit of the switches exceeds the first term, and D rises."""
    a, p = np.array([[1.0, 0.9], [1.0, 0.8]]), np.zeros(2)
    step = dual_step(a, p, [-1.0, 1.0], 1)
    assert step.benefit > -step.fall and dual(a, [-1.0, 1.0], 1) > dual(a, p, 1)
    assert dual(a, [-0.05, 0.05], 1) < dual(a, p, 1)


@settings(max_examples=300, deadline=None)
@given(batches())
def test_no_token_moves_against_its_biases(case):
    """Property (ii): a token that leaves k for k' has dp_k' >= dp_k, whatever the change of biases."""
    a, k, (p, q, _) = case
    x, y = choose(a, p, k), choose(a, q, k)
    for i in range(len(a)):
        come, gone = (q - p)[(y > x)[i]], (q - p)[(x > y)[i]]
        assert come.size == 0 or come.min() >= gone.max()
    assert dual_step(a, p, q, k).violations == 0


@settings(max_examples=200, deadline=None)
@given(batches(), st.integers(1, 64))
def test_the_sign_rule_never_moves_a_token_from_below_to_above(case, u):
    """Property (ii), sign rule: nobody leaves an underloaded expert for an overloaded one; and every dp is one of three values."""
    a, k, (p, _, _) = case
    x = choose(a, p, k)
    off = x.sum(axis=0) - a.shape[0] * k / a.shape[1]
    y = choose(a, p - u * UNIT * np.sign(off), k)
    for i in range(len(a)):
        assert not ((x > y)[i] & (off < 0)).any() or not ((y > x)[i] & (off > 0)).any()


def test_a_violation_would_be_counted():
    """Control: between routings of two different batches tokens do move against their biases, and the count says so."""
    rng = np.random.default_rng(0)
    x, y = (choose(rng.random((200, 4)), np.zeros(4), 2) for _ in range(2))
    _, moved, violations = switches(x, y, np.array([0.0, 0.1, 0.2, 0.3]))
    assert moved >= violations > 0.3 * moved


@settings(max_examples=200, deadline=None)
@given(batches(), st.integers(1, 200))
def test_a_load_that_has_crossed_stays_near_the_target(case, u):
    """Property (iii): a crossing lands within the near ties of width 2u; between crossings |A_k - L| never grows, while A_k is not L.

    So after its first crossing |A_k - L| is at most the greatest number of near ties that it met at a crossing (or at leaving L).
    """
    a, k, (p, _, _) = case
    target, u = a.shape[0] * k / a.shape[1], u * UNIT
    for _ in range(40):
        off = choose(a, p, k).sum(axis=0) - target
        q = p - u * np.sign(off)
        then, ties = choose(a, q, k).sum(axis=0) - target, near_ties(a, p, k, 2 * u)
        crossed = (np.sign(then) != np.sign(off)) | (off == 0)
        assert np.all(np.abs(then)[crossed] <= ties[crossed])
        assert np.all(np.abs(then)[~crossed] <= np.abs(off)[~crossed])
        assert np.all(np.abs(then - off) <= ties)
        p = q


@settings(max_examples=200, deadline=None)
@given(batches())
def test_the_dual_is_convex_and_shift_invariant(case):
    """Property: D((p + q) / 2) <= (D(p) + D(q)) / 2; D(q) >= D(p) + (A - L)(q - p); D(p + c) = D(p); loads sum to n K."""
    a, k, (p, q, _) = case
    d = [dual(a, v, k) for v in (p, q, (p + q) / 2)]
    assert d[2] <= (d[0] + d[1]) / 2 + 1e-12
    load = choose(a, p, k).sum(axis=0)
    assert d[1] >= d[0] + (load - a.shape[0] * k / a.shape[1]) @ (q - p) - 1e-12
    assert abs(dual(a, p + 7.25, k) - d[0]) <= 1e-12
    assert load.sum() == a.shape[0] * k
    assert np.array_equal(choose(a, p + 2.0, k), choose(a, p, k))


@settings(max_examples=200, deadline=None)
@given(batches(8))
def test_the_dual_bounds_the_program_and_meets_it_at_its_prices(case):
    """Property: D(p) >= LP for every p, with equality at the price of the program; and what an unbalanced choice can score."""
    a, k, vectors = case
    best = balanced_assignment_lp(a, k)
    assert abs(dual(a, best.dual.price, k) - best.value) <= 1e-9
    for p in vectors:
        assert dual(a, p, k) >= best.value - 1e-12
        x = choose(a, p, k)
        excess = np.maximum(x.sum(axis=0) - a.shape[0] * k / a.shape[1], 0).sum()
        assert (a * x).sum() <= score_bound(best.upper, best.dual.price, excess) + 1e-9
        assert (a * x).sum() <= score_bound(dual(a, p, k), p, excess) + 1e-9


@settings(max_examples=200, deadline=None)
@given(batches(), st.integers(0, 12))
def test_what_is_kept_is_bounded(case, capacity):
    """Property: for p <= 0, what is kept under a capacity is at most `kept_dual`, whatever the biases of the choice."""
    a, k, (p, q, _) = case
    x = choose(a, q, k)
    x[np.cumsum(x, axis=0) > capacity] = 0.0
    assert (a * x).sum() <= kept_dual(a, p, k, capacity) + 1e-12


@settings(max_examples=200, deadline=None)
@given(batches(), st.integers(0, 4))
def test_equal_columns_have_equal_loads_up_to_ties(case, j):
    """Property: two experts with the same affinities and biases differ in load by at most their ties."""
    a, k, (p, _, _) = case
    j = j % p.size
    a, p = np.column_stack([a, a[:, j]]), np.append(p, p[j])
    load, ties = choose(a, p, k).sum(axis=0), near_ties(a, p, k, 0.0)
    assert abs(load[j] - load[-1]) <= ties[j] and ties[j] == ties[-1]


@settings(max_examples=200, deadline=None)
@given(batches())
def test_trivial_cases(case):
    """Property: K = E, and E = 1: every load is n whatever the biases, and D is the sum of all affinities."""
    a, _, (p, _, _) = case
    for b, q in ((a, p), (a[:, :1], p[:1])):
        load = choose(b, q, b.shape[1]).sum(axis=0)
        assert np.all(load == len(b)) and imbalance(load) == 0.0
        assert abs(dual(b, q, b.shape[1]) - b.sum()) <= 1e-12


@settings(max_examples=200, deadline=None)
@given(batches())
def test_following_a_run_is_choosing_again_and_again(case):
    """Property: compiled and numpy give the same loads, and the same scores and duals up to rounding."""
    a, k, p = case
    run = follow(a, p, k)
    for t, v in enumerate(p):
        x = choose(a, v, k)
        assert np.array_equal(run.load[t], x.sum(axis=0))
        assert abs(run.score[t] - (a * x).sum()) <= 1e-12 and abs(run.dual[t] - dual(a, v, k)) <= 1e-12


def test_the_regret_bound_is_that_of_the_section():
    """(iv): (K - K^2/E)(1 + ln N) / (2 mu); a token's gradient, its choice less K/E, has squared norm K - K^2/E."""
    assert abs(regret_bound(500, 2, 16, 0.5) - (2 - 4 / 16) * (1 + math.log(500))) <= 1e-12
    x = choose(np.random.default_rng(0).random((50, 16)), np.zeros(16), 2) - 2 / 16
    np.testing.assert_allclose((x**2).sum(axis=1), 2 - 4 / 16)
