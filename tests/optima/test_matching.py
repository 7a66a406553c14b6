"""Matching: the programs, the dynamic program and the prophet, each beside an independent computation."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.matching_dp import matching_dp
from budgetsim.optima.matching_lp import matching_lp
from budgetsim.optima.prophet_value import prophet_value
from budgetsim.theory.pivotal import greedy_step, propagate
from budgetsim.theory.stopping import expected_maximum
from tests.theory.test_pivotal import markets, random_instance, typed

PAIR = np.array([[[1.0], [100.0]]]), np.array([[1.0], [0.01]])


def recursion(weight, probability):
    """The best online value by memoised recursion over frozensets."""
    n, horizon, types = weight.shape

    @functools.cache
    def v(t, free):
        if t == horizon:
            return 0.0
        stay = v(t + 1, free)
        total = stay
        for j in range(types):
            best = max([stay] + [weight[i, t, j] + v(t + 1, free - {i}) for i in free])
            total += probability[t, j] * (best - stay)
        return total

    return v(0, frozenset(range(n)))


def exact_prophet(weight, probability):
    """E[heaviest matching] over all days, by trying all ways to match."""
    (n, horizon, types), total = weight.shape, 0.0
    law = np.concatenate([probability, 1.0 - probability.sum(axis=1, keepdims=True)], axis=1)
    for day in itertools.product(range(types + 1), repeat=horizon):
        chance = float(np.prod(law[np.arange(horizon), day]))
        if chance > 0.0:
            heaviest = {frozenset(range(n)): 0.0}
            for t, j in enumerate(day):
                for free, w in list(heaviest.items()) if j < types else []:
                    for i in free:
                        heaviest[free - {i}] = max(heaviest.get(free - {i}, 0.0), w + weight[i, t, j])
            total += chance * max(heaviest.values())
    return total


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=4))
def test_prophet_over_all_days(case):
    assert prophet_value(*case, samples=None).value == pytest.approx(exact_prophet(*case), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=4, rounds=5))
def test_dynamic_program(case):
    assert matching_dp(*case).value == pytest.approx(recursion(*case), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=4))
def test_the_chain(case):
    """Properties 6 and 7 of the (f) list: OPT_on <= LP_on <= LP_off and OPT_on <= prophet <= LP_off; each certificate encloses its value."""
    on, off, best, prophet = matching_lp(*case), matching_lp(*case, "offline"), matching_dp(*case), prophet_value(*case, samples=None).value
    assert best.lower <= on.upper and on.lower <= off.upper
    assert best.lower <= prophet * (1 + 1e-12) and prophet <= off.upper * (1 + 1e-12)
    for one in (on, off):
        assert one.lower <= one.value <= one.upper <= one.lower * (1 + 1e-9) + 1e-12
        x, p = one.plan.matched, case[1]
        assert np.all(x >= 0) and np.all(x.sum(axis=0) <= p + 1e-12) and np.all(x.sum(axis=(1, 2)) <= 1 + 1e-12)
    y = np.cumsum(on.plan.matched.sum(axis=2), axis=1) - on.plan.matched.sum(axis=2)
    assert np.all(on.plan.matched <= case[1] * (1 - y)[:, :, None] + 1e-12)


def test_prophet_and_online_program_are_not_ordered():
    """Property 7 as "prophet/LP_on ordering": false as an inequality in either direction."""
    assert matching_lp(*PAIR).value == pytest.approx(1.0) and exact_prophet(*PAIR) == pytest.approx(1.99)
    coins = np.ones((2, 4, 1)), np.full((4, 1), 0.5)
    assert matching_lp(*coins).value == pytest.approx(1.75) and exact_prophet(*coins) == pytest.approx(1.625)


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=4), st.lists(st.sampled_from([0.5, 1.0, 3.0, 10.0]), min_size=3, max_size=3))
def test_greedy_keeps_half_with_weights_of_nodes(case, worth):
    """Property 8 of the (f) list, against the prophet and so against the best online policy: exact."""
    weight = (case[0] > 0.3) * np.array(worth)[: len(case[0]), None, None]
    greedy = propagate(weight, case[1], greedy_step(weight, case[1])).value
    assert greedy >= 0.5 * prophet_value(weight, case[1], samples=None).lower - 1e-12


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=4))
def test_prices_keep_half_of_the_program_of_hindsight(case):
    """`prophet_threshold`'s prices with any weights, exactly; greedy without prices does not (control below)."""
    off = matching_lp(*case, "offline")
    price = 0.5 * np.sum(off.plan.matched * case[0], axis=(1, 2))
    assert propagate(*case, greedy_step(*case, price)).value >= 0.5 * off.lower - 1e-12


def test_greedy_does_not_with_weights_of_edges():
    """Control: 1, then 100 with probability .03."""
    pair = PAIR[0], np.array([[1.0], [0.03]])
    assert propagate(*pair, greedy_step(*pair)).value < 0.4 * matching_dp(*pair).value


def test_programs_by_cvxpy():
    for case in [random_instance(1), random_instance(2), typed(4), PAIR]:
        for benchmark in ("online", "offline"):
            ours, theirs = matching_lp(*case, benchmark), matching_lp(*case, benchmark, method="cvxpy")
            assert ours.value == pytest.approx(theirs.value, rel=1e-7) and theirs.upper <= theirs.lower * (1 + 1e-6)


def test_a_wrong_price_gives_a_valid_bound():
    """Any prices do: the certificate does not take the solver's word."""
    from budgetsim.optima.matching_lp import _offline_dual, _online_dual

    rng = np.random.default_rng(0)
    for s in range(20):
        w, p = random_instance(s)
        assert _online_dual(w, p, rng.normal(size=w.shape)) >= matching_lp(w, p).value
        assert _offline_dual(w, p, rng.normal(size=len(w))) >= matching_lp(w, p, "offline").value


def test_prophet_is_estimated():
    """Statistical: the exact mean is inside the intervals of 20 markets at 1 - 1e-5 each; control: 3% more is not."""
    for s in range(20):
        w, p = random_instance(s, n=3, horizon=6)
        one, exact = prophet_value(w, p, 4000, seed=s, level=1 - 1e-5), exact_prophet(w, p)
        assert one.lower <= exact <= one.upper and one.kind == "statistical" and not one.lower <= 1.1 * exact <= one.upper
    one = prophet_value(*PAIR, samples=20_000, level=1 - 1e-5)
    assert one.lower <= expected_maximum(PAIR[0][0], PAIR[1]) <= one.upper


def test_large_plans():
    """n = 12, T = 60, two types: within the program's bound; without its plan the value is the same."""
    g = np.random.default_rng(5)
    case = g.exponential(size=(12, 60, 2)) * (g.random((12, 60, 2)) < 0.3), np.full((60, 2), 0.2)
    best = matching_dp(*case)
    assert best.value == matching_dp(*case, plan=False).value and 0.9 * matching_lp(*case).value < best.value <= matching_lp(*case).upper
    assert best.plan.shape == (60, 2, 4096) and best.plan.dtype == np.int8


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: matching_lp([[[1.0], [-2.0]]], [[1.0], [0.5]]), "weight: got -2.0"),
        (lambda: matching_lp([[[1.0, 1.0]]], [[0.9, 0.4]]), "probability: sums to 1.3 in round 0"),
        (lambda: matching_lp([[[1.0]]], [[0.5], [0.5]]), "weight: got shape"),
        (lambda: matching_lp([[[1.0]]], [[0.5]], "of line"), "benchmark: got 'of line'"),
        (lambda: matching_dp(np.ones((23, 1, 1)), [[1.0]]), "got 23 nodes"),
        (lambda: matching_dp([[[np.nan]]], [[1.0]]), "weight: got nan"),
        (lambda: prophet_value([[[1.0]]], [[0.5]], samples=1), "samples: got 1"),
        (lambda: prophet_value([[[1.0]]], [[1.5]]), "probability: got 1.5"),
        (lambda: prophet_value(np.ones((1, 30, 1)), np.ones((30, 1)), None), "samples: got None with 2 .. 30 days"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


def speed():
    """Seconds of the programs, nanoseconds of a round of the rules; best of 3."""
    import time

    from budgetsim import engine
    from budgetsim.policies.independent_proposals import independent_proposals
    from budgetsim.policies.pivotal_matching import pivotal_matching
    from budgetsim.problems.bayesian_matching import bayesian_matching

    def best(f):
        taken = []
        for _ in range(4):  # the first compiles
            start = time.perf_counter()
            f()
            taken.append(time.perf_counter() - start)
        return min(taken[1:])

    def case(n, horizon):
        g = np.random.default_rng(0)
        return g.exponential(size=(n, horizon, 1)), g.random((horizon, 1))

    for n, horizon in ((16, 40), (20, 20)):
        print(f"matching_dp n = {n}, T = {horizon}: {best(lambda: matching_dp(*case(n, horizon))):.3f} s")  # noqa: B023
    print(f"matching_lp n = 10, T = 40: {best(lambda: matching_lp(*case(10, 40))):.4f} s")
    for rule in (pivotal_matching(*case(10, 40)), pivotal_matching(*case(10, 40), discard="arrivals"), independent_proposals(*case(10, 40))):
        game = engine.prepare(bayesian_matching(*case(10, 40)), rule)
        print(f"{rule.name}: {best(lambda: engine.play_block(game, 1, 0, 50_000, np.array([40]))) / 2e6 * 1e9:.0f} ns a round")  # noqa: B023


if __name__ == "__main__":
    speed()
