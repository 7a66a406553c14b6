"""Closed forms of ruin against the dynamic program, against each other, and against runs of mirrored instances."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import ARM, BudgetsimError, Policy, run, ucb1
from budgetsim.metrics import ruin_probability
from budgetsim.model import Ended
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.problems.survival_bandit import net_losses, survival_bandit
from budgetsim.theory import ruin
from budgetsim.theory.ruin import (
    equal_share_bracket,
    equal_shares,
    gambler_ruin,
    lundberg_exponent,
    mirrored,
    odds,
    rare_ruin,
    ruin_bounds,
    ruin_lower_bound,
    share_ruin,
    weights,
)

from ..strategies import planned

pytestmark = pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")  # no variance is the point


def coins(*p):
    return np.tile([1.0, -1.0], (len(p), 1)), np.array([[x, 1.0 - x] for x in p])


# ------------------------------------------------------------------------------------------------ rules of this file
class Sums(NamedTuple):
    total: np.ndarray


def richest_act(memory, params, view, left, t, key):
    best = 0
    for k in range(1, memory.total.size):
        if memory.total[k] > memory.total[best]:
            best = k
    return best


def richest_update(memory, params, view, action, outcome, t):
    memory.total[action] += outcome.seen.gain[0]


def richest():
    """Pulls the first arm of the largest cumulative gain: a share rule that does not know the stock."""
    return Policy(ARM, lambda spec: Sums(np.zeros(spec.n_actions)), richest_act, richest_update, name="richest")


def by_mirror(law, budget, rule, horizon, replications, seed):
    """(runs of the mirrored instance, net losses, weights, interval of the ruin probability)."""
    problem = survival_bandit(law[0], mirrored(*law), budget, horizon)
    runs = run(problem, rule, replications=replications, seed=seed)
    lost = net_losses(problem, runs)
    w = weights(*law, lost)
    return runs, lost, w, rare_ruin(w, runs.ended_by.values == Ended.RUIN)


# ------------------------------------------------------------------------------------------------ one arm
gains = st.lists(st.integers(-4, 5), min_size=2, max_size=4, unique=True)
chances = st.lists(st.integers(1, 12), min_size=4, max_size=4)


@settings(max_examples=200, deadline=None)
@given(gains, chances)
def test_the_exponent_solves_its_equation(x, w):
    """E e^(-gX) = 1 to 1e-12 of its terms; 0 without a drift upwards, infinite without losses."""
    x = np.array(x, float)
    p = np.array(w[: len(x)], float) / sum(w[: len(x)])
    g = lundberg_exponent(x, p)
    if x.min() >= 0:
        assert g == math.inf
    elif p @ x <= 1e-12:
        assert g == 0.0
    else:
        assert g > 0 and abs(p @ np.expm1(-g * x)) <= 1e-12 * (p @ np.exp(-g * x))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), chances, st.integers(0, 12))
def test_the_gamblers_ruin_is_that_of_the_fixed_point(up, w, b):
    """Gains -1, 0, 1, 2, ...: r^b, r the root of E r^X = 1, equals 1 - S_inf of the dynamic program to 1e-11; bounds that meet."""
    x = np.array([-1, *up], float)
    p = np.array(w[: len(x)], float) / sum(w[: len(x)])
    found = gambler_ruin(x, p, b)
    if p @ x > 0.02 or p @ x <= 0:
        assert abs(found - (1.0 - ruin_dp([x], [p], b, None, "survival").value)) <= 1e-11
    lower, upper = ruin_bounds(x, p, b)
    assert math.isclose(lower, found, rel_tol=1e-12) and math.isclose(upper, found, rel_tol=1e-12)


@settings(max_examples=200, deadline=None)
@given(gains.filter(lambda x: min(x) < 0), chances, st.integers(1, 12))
def test_lundbergs_bounds_hold(x, w, b):
    """Section 2b.7: e^(-g (b + l)) <= e^(-g (b + l - 1)) <= P(ruin) <= e^(-g b) for any arm of whole gains."""
    x = np.array(x, float)
    p = np.array(w[: len(x)], float) / sum(w[: len(x)])
    lower, upper = ruin_bounds(x, p, b)
    if p @ x <= 1e-12:
        assert (lower, upper) == (1.0, 1.0)
    elif p @ x > 0.02:
        exact = 1.0 - ruin_dp([x], [p], b, None, "survival").value
        assert lower - 1e-11 <= exact <= upper + 1e-11
        assert math.isclose(lower, math.exp(-lundberg_exponent(x, p) * (b - x.min() - 1.0)))


# ------------------------------------------------------------------------------------------------ several arms
def test_printed_bounds():
    """Section 2g: prod r_k^(B/K) for three instances, EXPLOIT's exact ruin, the best arm's, UCB1's Jensen bound."""
    assert round(share_ruin(odds(*coins(0.6, 0.55, 0.4)), equal_shares(12, 3)), 5) == 0.08852
    assert round(gambler_ruin([1, -1], [0.6, 0.4], 12), 4) == 0.0077
    assert round(share_ruin(odds(*coins(0.55, 0.45)), equal_shares(10, 2)), 5) == 0.36665
    assert round(share_ruin(odds(*coins(0.65, 0.55)), equal_shares(10, 2)), 6) == 0.016597
    assert round(gambler_ruin([1, -1], [0.65, 0.35], 10), 5) == 0.00205
    benchmark = coins(*np.linspace(0.4, 0.6, 10))
    assert round(share_ruin(odds(*benchmark), equal_shares(10, 10)), 4) == 0.3262 and round(gambler_ruin([1, -1], [0.6, 0.4], 10), 4) == 0.0173
    assert abs(ruin_lower_bound(odds(*coins(0.65, 0.55)), [6.68, 3.32]) - 0.00821) <= 1e-5, "E_Q L is printed to two digits"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.1, 1.5), min_size=1, max_size=5), st.data())
def test_jensen(r, data):
    """Property 8 of the (f) list: the mean of prod r_k^L_k is at least the product at the mean losses, in every sample; equal for equal losses."""
    r = np.array(r)
    lost = np.array(data.draw(st.lists(st.lists(st.integers(-3, 12), min_size=r.size, max_size=r.size), min_size=1, max_size=8)), float)
    mean = np.mean(np.prod(np.minimum(r, 1.0) ** lost, axis=1))
    assert mean >= ruin_lower_bound(r, lost) * (1.0 - 1e-12)
    assert math.isclose(np.prod(np.minimum(r, 1.0) ** lost[0]), ruin_lower_bound(r, lost[0]), rel_tol=1e-11)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.1, 0.99), min_size=1, max_size=5), st.integers(0, 20))
def test_shares_that_do_not_divide_are_bracketed(r, budget):
    """Property 9 of the (f) list: units that are left over go to some arms; the bracket holds the first arms' and closes where K divides B."""
    low, high = equal_share_bracket(r, budget)
    assert low * (1 - 1e-12) <= share_ruin(r, equal_shares(budget, len(r))) <= high * (1 + 1e-12)
    assert equal_shares(budget, len(r)).sum() == budget and np.ptp(equal_shares(budget, len(r))) <= 1
    if budget % len(r) == 0:
        assert math.isclose(low, high, rel_tol=1e-12)


# ------------------------------------------------------------------------------------------------ rare ruin
@settings(max_examples=200, deadline=None)
@given(gains, chances)
def test_the_mirror_is_a_law(x, w):
    """It sums to 1, swaps -1 and +1 where there is nothing else, and its likelihood ratio is e^(-gx); losing arms stay."""
    x = np.array([x], float)
    p = np.array([w[: x.size]], float) / sum(w[: x.size])
    q, g = mirrored(x, p), lundberg_exponent(x[0], p[0])
    assert abs(q.sum() - 1.0) <= 1e-12
    if 0.0 < g < math.inf:
        assert np.allclose(q, p * np.exp(-g * x), rtol=1e-10) and (q * x).sum() < 0.0
        if set(x[0]) <= {-1.0, 0.0, 1.0}:
            assert q[0, list(x[0]).index(-1.0)] == p[0, list(x[0]).index(1.0)]
    else:
        assert np.allclose(q, p, rtol=1e-14)


@pytest.mark.parametrize("budget", [10, 11])
def test_a_share_rule_has_no_variance(budget, seed):
    """Section 2g, p = (.65, .55): .016597 with L = (5, 5) in every run; where K does not divide B the first arms carry the rest."""
    law = coins(0.65, 0.55)
    runs, lost, w, found = by_mirror(law, budget, richest(), 4000, 1000, seed)
    shares = equal_shares(budget, 2)
    assert np.all(runs.ended_by.values == Ended.RUIN) and np.array_equal(lost, np.tile(shares, (1000, 1)))
    assert np.unique(w).size == 1 and math.isclose(w[0], share_ruin(odds(*law), shares), rel_tol=1e-12)
    assert math.isclose(found.estimate, found.low) and math.isclose(found.estimate, found.high)
    if budget == 10:
        assert round(found.estimate, 6) == 0.016597


def test_the_mirror_agrees_with_plain_runs(seed):
    """Section 2g, UCB1 on p = (.65, .55), B = 10: printed .01312, Jensen .00821, E_Q L = (6.68, 3.32); the plain estimator beside it.

    Its UCB1 maps rewards to [0, 1]: on gains of +-1 that is radius 8 (radius 2, the control, gives .0140).
    Control: weights of another instance are refused by the plain runs."""
    law = coins(0.65, 0.55)
    runs, lost, _, found = by_mirror(law, 10, ucb1(radius=8.0), 3000, 20_000, seed)
    plain = ruin_probability(run(survival_bandit(*law, 10, 3000), ucb1(radius=8.0), replications=8_000, seed=seed + 1), level=0.9999)
    assert np.all(runs.ended_by.values == Ended.RUIN)
    assert plain.low <= found.high and found.low <= plain.high
    assert abs(found.estimate - 0.01312) <= 4 * (found.high - found.low) / 3.92 + 5e-6
    jensen = ruin_lower_bound(odds(*law), lost)
    assert found.estimate >= jensen and abs(jensen - 0.00821) <= 1e-4 and np.all(np.abs(lost.mean(axis=0) - [6.68, 3.32]) <= 0.06)
    other = by_mirror(law, 10, ucb1(), 3000, 20_000, seed)[3]
    assert other.low - 0.01312 > 4 * (other.high - other.low) / 3.92
    wrong = rare_ruin(weights(*coins(0.6, 0.55), lost), runs.ended_by.values == Ended.RUIN)
    assert wrong.low > plain.high


def alternating(law, budget, horizon):
    """Ruin within the horizon when the arms take turns: the exact law of the stock, moved forward."""
    stock, gone = np.zeros(budget + horizon + 2), 0.0
    stock[budget] = 1.0
    for t in range(horizon):
        win, lose = law[1][t % len(law[1])]
        after = np.zeros_like(stock)
        after[1:] += win * stock[:-1]
        after[:-1] += lose * stock[1:]
        gone += after[0]
        after[0] = 0.0
        stock = after
    return gone


def test_a_ruin_of_one_in_a_billion(seed):
    """1e-9 with 5 % relative error: a rule that is no share rule, against its exact law; and a share rule, exactly (`tests/benchmarks/ruin.py` times it).

    Plain runs would need 1e12 replications."""
    law = coins(0.8, 0.75)
    found = by_mirror(law, 16, planned(0, 1), 600, 20_000, seed)[3]
    exact = alternating(law, 16, 600)
    assert 1e-10 < exact < 5e-9
    assert (found.high - found.low) / 2 <= 0.05 * found.estimate and abs(found.estimate - exact) <= 4 * (found.high - found.low) / 3.92
    learner = by_mirror(coins(0.85, 0.7), 16, ucb1(radius=8.0), 600, 20_000, seed)[3]
    assert learner.estimate < 1e-9 and (learner.high - learner.low) / 2 <= 0.05 * learner.estimate
    shares = by_mirror(law, 16, richest(), 600, 100, seed)[3]
    assert math.isclose(shares.estimate, share_ruin(odds(*law), [8, 8]), rel_tol=1e-12)


def test_the_mirror_of_any_gains(seed):
    """Losses that overshoot and arms that are not mirrored: the estimate is the exact finite-horizon ruin of each fixed arm, and of turns."""
    x, p = np.array([[2.0, 1.0, -3.0], [1.0, 0.0, -2.0]]), np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4]])
    exact = 1.0 - ruin_dp(x[:1], p[:1], 9, 100, "survival").value
    found = by_mirror((x[:1], p[:1]), 9, planned(0), 100, 20_000, seed)[3]
    assert abs(found.estimate - exact) <= 4 * (found.high - found.low) / 3.92 and (found.high - found.low) / 2 <= 0.05 * exact
    both = by_mirror((x, p), 9, planned(0, 0, 0, 1), 60, 20_000, seed)[3]
    plain = ruin_probability(run(survival_bandit(x, p, 9, 60), planned(0, 0, 0, 1), replications=100_000, seed=seed), level=0.9999)
    assert plain.low <= both.high and both.low <= plain.high


# ------------------------------------------------------------------------------------------------ edges
def test_edges():
    assert odds([[1, 0], [1, -1], [1, -1]], [[0.5, 0.5], [0.4, 0.6], [0.5, 0.5]]).tolist() == [0.0, 1.0, 1.0]
    assert mirrored([[1, 0], [1, -1]], [[0.5, 0.5], [0.4, 0.6]]).tolist() == [[0.5, 0.5], [0.4, 0.6]], "neither can lose and wins on average"
    assert round(gambler_ruin([1, -1], [0.6, 0.4], 5), 6) == 0.131687, "R1 of the known answers"
    assert gambler_ruin([1, 0], [0.5, 0.5], 0) == 1.0 and gambler_ruin([1, 0], [0.5, 0.5], 1) == 0.0 and ruin_bounds([1, -2], [0.9, 0.1], 0) == (1.0, 1.0)
    assert weights([[1, -1], [1, -1]], [[0.6, 0.4], [0.4, 0.6]], [[3, 9]]).round(12).tolist() == [round((2 / 3) ** 3, 12)], "an arm that loses is not weighed"
    split = mirrored([[1, 1, -1]], [[0.3, 0.3, 0.4]])
    assert np.allclose(split, [[0.2, 0.2, 0.6]]), "an outcome that is written twice"
    assert [f for f in dir(ruin) if f.endswith("gambler_ruin")] == ["gambler_ruin"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: lundberg_exponent([1, -1], [0.6, 0.5]), "probabilities: sums to 1.1"),
        (lambda: lundberg_exponent([], []), "outcomes: got an empty array"),
        (lambda: gambler_ruin([1, -2], [0.6, 0.4], 3), "outcomes: got -2; allowed: whole numbers from -1 on"),
        (lambda: gambler_ruin([0.5, -1], [0.6, 0.4], 3), "outcomes: got 0.5"),
        (lambda: gambler_ruin([1, -1], [0.6, 0.4], 3.5), "budget: got 3.5"),
        (lambda: ruin_bounds([1, -1], [0.6, 0.4], -1), "budget: got -1"),
        (lambda: ruin_lower_bound([0.5, 0.5], [1.0]), "net_loss: got 1 arms"),
        (lambda: ruin_lower_bound([0.0], [1.0]), "odds: got 0.0"),
        (lambda: share_ruin([0.5], [1.5]), "shares: got 1.5"),
        (lambda: share_ruin([0.5], [1, 2]), "shares: got shape"),
        (lambda: equal_shares(3, 0), "arms: got 0"),
        (lambda: weights(*coins(0.6, 0.5), [[1.0]]), "net_loss: got shape"),
        (lambda: rare_ruin([0.1, 0.2], [True]), "ruined: got shape"),
        (lambda: mirrored([1, -1], [0.5, 0.5]), "outcomes: got shape"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises(BudgetsimError, match=says):
        call()
