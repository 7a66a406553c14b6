"""Section 7(f) of the specification by exact propagation: nothing here is sampled but the instances."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.matching_dp import matching_dp
from budgetsim.optima.matching_lp import matching_lp
from budgetsim.theory.pivotal import (
    alpha,
    dependence,
    equal_nodes,
    free_chance,
    greedy_step,
    hard_family,
    pivotal_law,
    prefix_ratio,
    propagate,
    proposal_step,
)

C = 0.7931


@st.composite
def markets(draw, types=1, nodes=4, rounds=6):
    """Weights of edges, of nodes, or none; probabilities with many 0s and 1s."""
    n, horizon = draw(st.integers(1, nodes)), draw(st.integers(1, rounds))
    w = np.array(draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.5, 1.0, 1.0, 2.0, 7.0]), min_size=n * horizon * types, max_size=n * horizon * types)))
    p = np.array(draw(st.lists(st.sampled_from([0.0, 0.02, 0.3, 0.5, 2 / 3, 0.9, 1.0]), min_size=horizon * types, max_size=horizon * types)))
    p = p.reshape(horizon, types)
    return w.reshape(n, horizon, types), p / np.maximum(p.sum(axis=1, keepdims=True), 1.0)


def planned(weight, probability):
    """The plan, and y (T+1, I)."""
    plan = matching_lp(weight, probability).plan.matched
    return plan, np.concatenate([np.zeros((len(plan), 1)), np.cumsum(plan.sum(axis=2), axis=1)], axis=1).T


def random_instance(s, n=4, horizon=8):
    """As section 7(g) describes it."""
    g = np.random.default_rng(s)
    w = g.exponential(size=(n, horizon)) * (g.random((n, horizon)) < 0.6)
    return w[:, :, None], g.random(horizon)[:, None]


masses = st.lists(st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.5, 1.0, 1 / 3])), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(masses)
def test_pivotal_sampling_has_its_marginals_and_the_prefix_property(mass):
    """Properties 1 and 3 of the (f) list, of the sampling itself: to 1e-12, and with it negative cylinder dependence."""
    law = np.zeros(2 ** len(mass))
    for s, q in pivotal_law(mass).items():
        law[s] = q
    sets = np.arange(law.size)
    np.testing.assert_allclose(law.sum(), 1.0, atol=1e-12)
    np.testing.assert_allclose(free_chance(law), mass, atol=1e-12)
    for k in range(1, len(mass) + 1):
        assert law[sets & (2**k - 1) != 0].sum() == pytest.approx(min(1.0, math.fsum(mass[:k])), abs=1e-12)
    assert dependence(law) < 1e-12
    size = np.array([int(s).bit_count() for s in sets])
    assert law[(size < math.floor(math.fsum(mass) - 1e-9)) | (size > math.ceil(math.fsum(mass) + 1e-9))].sum() < 1e-9  # as many as planned


@settings(max_examples=200, deadline=None)
@given(markets(), st.sampled_from([1.0, C, 0.5]))
def test_free_nodes_with_one_type_a_round(case, c):
    """Properties 1 and 2 of the (f) list: free with probability 1 - c y_i, and negative cylinder dependence, to 1e-9."""
    plan, gone = planned(*case)
    course = propagate(*case, proposal_step(*case, plan, c))
    np.testing.assert_allclose(free_chance(course.law), 1.0 - c * gone, atol=1e-9)
    assert dependence(course.law) < 1e-9


@settings(max_examples=200, deadline=None)
@given(markets())
def test_value_and_every_prefix_keep_678(case):
    """Properties 4 and 5 of the (f) list, one type a round: value >= .678 LP_on, and the same of every round and weight prefix."""
    plan, _ = planned(*case)
    course = propagate(*case, proposal_step(*case, plan, C))
    best = matching_lp(*case)
    assert course.value >= 0.678 * best.upper - 1e-12
    assert best.upper >= matching_dp(*case).lower
    if plan.max() > 1e-9:
        assert prefix_ratio(course, case[0], plan) >= 0.678


def test_blocked_nodes_then_a_common_arrival():
    """A family near the worst: n = 2 to 5 nodes, arrivals of their own worth little, then a sure one worth much with all; printed with -s."""
    g, rows = np.random.default_rng(0), []
    for _ in range(100):
        n = int(g.integers(2, 6))
        w = np.concatenate([np.diag(g.uniform(0.0, 0.01, n)), g.uniform(0.5, 1.0, (n, 1))], axis=1)[:, :, None]
        case = w, np.append(g.random(n), 1.0)[:, None]
        plan, gone = planned(*case)
        course = propagate(*case, proposal_step(*case, plan, C))
        rows.append(
            (
                course.value / matching_lp(*case).upper,
                prefix_ratio(course, w, plan),
                dependence(course.law),
                np.abs(free_chance(course.law) - 1 + C * gone).max(),
            )
        )
    low, high = np.min(rows, axis=0), np.max(rows, axis=0)
    print(f"value / LP_on min {low[0]:.4f}, prefix min {low[1]:.5f}, dependence max {high[2]:.0e}, marginals off by {high[3]:.0e}")
    assert low[0] >= 0.678 and low[1] >= 0.678 and high[2] < 1e-9 and high[3] < 1e-9


def test_a_scale_of_one_does_not(seed):
    """Control: at c = 1 a prefix of the hard family keeps only .6564, and naive discarding breaks property 2."""
    weight, probability = hard_family(8)
    plan, _ = planned(weight, probability)
    assert prefix_ratio(propagate(weight, probability, proposal_step(weight, probability, plan, 1.0)), weight, plan) < 0.66
    weight, probability = random_instance(0)
    plan, gone = planned(weight, probability)
    for law in ("arrivals", "independent"):
        course = propagate(weight, probability, proposal_step(weight, probability, plan, 1.0, law))
        np.testing.assert_allclose(free_chance(course.law), 1.0 - gone, atol=1e-9)
        assert dependence(course.law) > 1e-3


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=4), st.sampled_from([1.0, C]))
def test_marginals_with_several_types(case, c):
    """Marginals stay exact with two types a round; negative correlation is measured below."""
    plan, gone = planned(*case)
    for law in ("coupled", "arrivals", "independent"):
        np.testing.assert_allclose(free_chance(propagate(*case, proposal_step(*case, plan, c, law)).law), 1.0 - c * gone, atol=1e-9)


def typed(s):
    g = np.random.default_rng(s)
    n, horizon, types = int(g.integers(2, 6)), int(g.integers(2, 7)), int(g.integers(2, 4))
    w = g.exponential(size=(n, horizon, types)) * (g.random((n, horizon, types)) < 0.6)
    return w, g.dirichlet(np.ones(types + s % 2), horizon)[:, :types]


def test_what_several_types_do_to_correlation():
    """A measurement, not a claim: 60 random markets with 2 or 3 types. Printed with -s; only the order is asserted."""
    rows = []
    for s in range(60):
        case = typed(s)
        plan, _ = planned(*case)
        for law in ("coupled", "arrivals"):
            course = propagate(*case, proposal_step(*case, plan, C, law))
            rows.append((dependence(course.law), course.value / matching_lp(*case).value, prefix_ratio(course, case[0], plan)))
    coupled, naive = np.array(rows)[::2], np.array(rows)[1::2]
    for name, r in (("coupled", coupled), ("arrivals", naive)):
        print(
            f"{name}: excess of P(all) max {r[:, 0].max():.4f} mean {r[:, 0].mean():.5f}; value / LP_on min {r[:, 1].min():.4f}; prefix min {r[:, 2].min():.4f}"
        )
    assert 1e-4 < coupled[:, 0].max() and coupled[:, 0].mean() < naive[:, 0].mean()


def test_the_printed_numbers():
    """Section 7(g), 30 random instances: min and mean to the printed digits. That naive discarding has the "same value" is false as written."""
    rows = []
    for s in range(30):
        case = random_instance(s)
        online, offline, best = matching_lp(*case), matching_lp(*case, "offline"), matching_dp(*case)
        courses = [propagate(*case, proposal_step(*case, online.plan.matched, 1.0, law)) for law in ("coupled", "arrivals")]
        greedy = propagate(*case, greedy_step(*case)).value
        rows.append([courses[0].value / online.value, courses[1].value / online.value, dependence(courses[0].law), dependence(courses[1].law),
                     greedy / best.value, best.value / online.value, online.value / offline.value])  # fmt: skip
    ours, naive, coupled, excess, greedy, on, off = np.array(rows).T
    print(f"c=1 {ours.min():.4f} {ours.mean():.4f}, naive {naive.min():.4f} {naive.mean():.4f}, excess {coupled.max():.1e} {excess.max():.4f}, "
          f"greedy {greedy.min():.4f} {greedy.mean():.4f}, OPT_on/LP_on {on.min():.4f}, LP_on/LP_off {off.min():.4f}")  # fmt: skip
    for value, printed in ((ours.min(), 0.917), (ours.mean(), 0.977), (greedy.min(), 0.599), (greedy.mean(), 0.885), (on.min(), 0.963), (off.min(), 0.752)):
        assert round(float(value), 3) == printed
    assert round(float(excess.max()), 3) == 0.070 and coupled.max() < 1e-14
    print(f"value of naive discarding off by up to {np.abs(ours - naive).max():.4f} of LP_on")
    assert np.abs(ours - naive).max() > 4e-3 and abs(ours.mean() - naive.mean()) < 5e-4


@pytest.mark.parametrize(("nodes", "full", "scaled"), [(2, 0.75, 0.6786), (3, 0.704, 0.6787), (4, 0.684, 0.6932), (6, 0.665, 0.6876), (8, 0.656, 0.7074)])
def test_the_hard_family(nodes, full, scaled):
    """Section 7(g): c = 1 gives 1 - (1 - 1/n)^n, c = .793 the printed values; the best policy gets all of the program."""
    case = hard_family(nodes)
    plan, _ = planned(*case)
    one, less = (propagate(*case, proposal_step(*case, plan, c)).value for c in (1.0, 0.793))
    assert one == pytest.approx(1.0 - (1.0 - 1.0 / nodes) ** nodes, abs=1e-7) and abs(one - full) < 5e-4
    assert less == pytest.approx(equal_nodes(0.793, nodes), abs=1e-7) and abs(less - scaled) < 6e-5
    assert matching_dp(*case).value == pytest.approx(1.0, abs=1e-7) == matching_lp(*case).value


#: the least that a search over 5 nodes and 7 rounds has found with weights of nodes: who may match whom, weights, arrival probabilities
WORST = {
    C: ("1110111 0001101 1111000 1101111", (1.0, 0.8305, 1.0, 1.0), (0.4594, 0.2283, 0.4574, 0.489, 0.139, 0.1259, 0.9669)),
    1.0: ("1110111 1101011 1111010 0001101", (1.0, 0.9827, 1.0, 1.0), (0.1337, 0.2127, 0.3221, 1.0, 0.3715, 0.4326, 0.9794)),
}


def kept(weight, probability, c):
    plan, _ = planned(weight, probability)
    return propagate(weight, probability, proposal_step(weight, probability, plan, c)).value / max(matching_lp(weight, probability).value, 1e-300)


def test_weights_of_nodes_measured():
    """.685 is printed for weights of nodes and not proved here: on 100 random markets and the worst that a search found the same rule keeps more. Control: weights of edges go below."""
    found = {}
    for c, (edges, w, p) in WORST.items():
        table = np.array([[float(x) for x in row] for row in edges.split()])
        found[c] = kept((table * np.array(w)[:, None])[:, :, None], np.array(p)[:, None], c)
    least = min(kept(((g.random((4, 7)) < 0.7) * g.random((4, 1)))[:, :, None], g.random(7)[:, None], C) for g in map(np.random.default_rng, range(100)))
    print(f"weights of nodes: least share of LP_on {found[C]:.4f} at c = {C}, {found[1.0]:.4f} at c = 1; 100 random markets at c = {C}: {least:.4f}")
    assert min(*found.values(), least) > 0.685 > kept(*hard_family(3), C)


def test_the_constant():
    """Section 7(c): k = 2 and 3 are equal at c = .79313, where alpha = .67866; the printed values at .79 and .80."""
    assert [round(alpha(c)[0], 4) for c in (0.79, 0.80)] == [0.6781, 0.6776]
    grid = np.linspace(0.792, 0.795, 301)
    best = grid[np.argmax([alpha(c)[0] for c in grid])]
    assert abs(best - 0.79313) < 2e-5 and round(alpha(best)[0], 5) == 0.67866
    for c in (0.75, 0.79, 0.9):  # from 3/4 on two of three nodes are enough
        assert equal_nodes(c, 2) == pytest.approx(1 - c + 0.75 * c * c) and equal_nodes(c, 3) == pytest.approx(1 - 4 * c * c / 3 + 28 * c**3 / 27)
    assert [round(equal_nodes(1.0, k), 4) for k in (2, 3)] == [0.75, 0.7037] and equal_nodes(1.0, 1000) == pytest.approx(1 - 1 / math.e, abs=2e-4)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)), min_size=1, max_size=4))
def test_no_independent_nodes_keep_less(items):
    """E min(1, sum r_i F_i) >= alpha sum of x_i / p for independent free nodes that are not alike (searched, not proved)."""
    gone, share = np.array([y for y, _ in items]), np.array([s * (1.0 - y) for y, s in items])
    share /= max(1.0, share.sum())
    free, total = 1.0 - C * gone, 0.0
    for s in range(2 ** len(items)):
        inside = np.array([s >> i & 1 == 1 for i in range(len(items))])
        total += np.prod(np.where(inside, free, 1.0 - free)) * min(1.0, float(np.sum((C * share / free)[inside])))
    assert total >= (alpha(C)[0] - 1e-9) * share.sum()


@settings(max_examples=200, deadline=None)
@given(markets(types=2, nodes=3, rounds=5))
def test_the_best_policy_propagated_is_its_value(case):
    """The plan of the dynamic program, played exactly; no priced greedy rule beats it."""
    best = matching_dp(*case)

    def step(t, j, free):
        i = -1 if j < 0 else int(best.plan[t, j, free])
        return [(1.0, i, free & ~(1 << i) if i >= 0 else free)]

    assert propagate(*case, step).value == pytest.approx(best.value, abs=1e-12)
    for price in (0.0, 0.5):
        assert propagate(*case, greedy_step(*case, price)).value <= best.upper + 1e-12


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (partial(pivotal_law, [0.5, 1.5]), "mass: got 1.5 at"),
        (partial(equal_nodes, 1.2, 3), "c: got 1.2"),
        (partial(propagate, np.ones((13, 1, 1)), [[1.0]], None), "nodes: got 13"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says):
        make()
