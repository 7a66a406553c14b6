"""Edges of a communication graph: risk against the story, branch and bound against all graphs, greedy, learning."""

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.arguments import BudgetsimError
from budgetsim.optima.edge_budget import edge_budget
from budgetsim.shared.communication_edges import edge_risk, greedy_edges, learn, learned_edges, team
from tests.references import edge_budget as twin

TEAM = (1.0, 1.0, 1.0, 1.0, 2.0, 4.0)


@st.composite
def cases(draw, most=5):
    n = draw(st.integers(2, most))
    precision = draw(st.lists(st.sampled_from([0.25, 1.0, 1.5, 4.0, 7.0]), min_size=n, max_size=n))
    pairs = list(permutations(range(n), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True))
    return precision, edges, draw(st.integers(1, 4)), draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))


@settings(max_examples=300)
@given(cases())
def test_risk_is_that_of_shortest_paths(case):
    """Property: the words of the kernel and networkx's shortest paths give the same risk."""
    precision, edges, rounds, fidelity = case
    assert edge_risk(precision, edges, rounds=rounds, fidelity=fidelity) == pytest.approx(twin.risk(precision, edges, rounds, fidelity), rel=1e-12)


@settings(max_examples=200)
@given(cases(), st.randoms(use_true_random=False))
def test_more_never_hurts_and_names_do_not_matter(case, random):
    """Property: an edge, a round, a little fidelity more never raise the risk; renaming agents changes nothing."""
    precision, edges, rounds, fidelity = case
    n, now = len(precision), edge_risk(precision, edges, rounds=rounds, fidelity=fidelity)
    room = now * (1.0 + 1e-12)
    assert edge_risk(precision, edges + [random.choice(list(permutations(range(n), 2)))], rounds=rounds, fidelity=fidelity) <= room
    assert edge_risk(precision, edges, rounds=rounds + 1, fidelity=fidelity) <= room
    assert edge_risk(precision, edges, rounds=rounds, fidelity=min(1.0, fidelity + 0.1)) <= room
    name = random.sample(range(n), n)
    renamed = [precision[name.index(i)] for i in range(n)]
    assert edge_risk(renamed, [(name[j], name[i]) for j, i in edges], rounds=rounds, fidelity=fidelity) == pytest.approx(now, rel=1e-12)


def test_risk_is_the_squared_error_of_passed_samples(seed):
    """Statistical, 1e-5: mean squared error of simulated averages; control: with another fidelity it is refused."""
    edges = [(3, 0), (0, 1), (1, 2), (2, 3), (3, 1)]
    errors = twin.squared_error((1.0, 2.0, 0.5, 4.0), edges, 2, 0.5, 20_000, np.random.default_rng(seed)).mean(axis=1)
    reach = stats.norm.isf(5e-6) * errors.std(ddof=1) / math.sqrt(errors.size)
    assert abs(errors.mean() - edge_risk((1.0, 2.0, 0.5, 4.0), edges, rounds=2, fidelity=0.5)) < reach
    assert abs(errors.mean() - edge_risk((1.0, 2.0, 0.5, 4.0), edges, rounds=2, fidelity=0.75)) > reach


@pytest.mark.parametrize(("rounds", "fidelity"), [(1, 0.9), (2, 0.9), (2, 1.0), (3, 0.5)])
def test_branch_and_bound_is_the_best_of_all_graphs(rounds, fidelity):
    precision = (1.0, 3.0, 0.5, 1.25)
    pairs = list(permutations(range(4), 2))
    for budget in (0, 1, 3, 4, 6, 9, 12):
        best = edge_budget(precision, budget, rounds=rounds, fidelity=fidelity)
        least = min(edge_risk(precision, edges, rounds=rounds, fidelity=fidelity) for edges in combinations(pairs, budget))
        assert best.value == pytest.approx(least, rel=1e-12) and best.lower <= least <= best.upper
        assert best.upper - best.lower < 1e-13 and len(best.plan.edges) <= budget
        assert edge_risk(precision, best.plan.edges, rounds=rounds, fidelity=fidelity) == best.value


def test_branch_and_bound_is_the_twins_best_of_all_graphs():
    assert edge_budget((1.0, 3.0, 0.5), 3, rounds=2, fidelity=0.7).value == pytest.approx(twin.best((1.0, 3.0, 0.5), 3, 2, 0.7), rel=1e-12)


@settings(max_examples=200)
@given(st.lists(st.sampled_from([0.25, 1.0, 1.5, 4.0, 7.0]), min_size=2, max_size=5), st.integers(0, 20), st.sampled_from([0.3, 0.9, 1.0]))
def test_greedy_is_exact_for_one_round(precision, budget, fidelity):
    """Property: with r = 1 agents do not depend on each other and each further sender helps less."""
    budget = min(budget, len(precision) * (len(precision) - 1))
    best = edge_budget(precision, budget, rounds=1, fidelity=fidelity)
    assert greedy_edges(precision, budget, rounds=1, fidelity=fidelity).risk == pytest.approx(best.value, rel=1e-12)


@settings(max_examples=200)
@given(cases(4), st.integers(0, 8))
def test_no_rule_beats_the_bound(case, budget):
    """Property: lower <= the risk of greedy, with exchanges, <= of greedy."""
    precision, _, rounds, fidelity = case
    budget = min(budget, len(precision) * (len(precision) - 1))
    best = edge_budget(precision, budget, rounds=rounds, fidelity=fidelity)
    greedy, exchanged = (greedy_edges(precision, budget, rounds=rounds, fidelity=fidelity, exchanges=e).risk for e in (False, True))
    assert best.lower <= exchanged <= greedy * (1.0 + 1e-12)


def test_greedy_misses_the_star():
    """Six agents, two rounds, ten edges: the best graph is the star of the most precise agent, greedy is 7.9% above it."""
    best = edge_budget(TEAM, 10, rounds=2, fidelity=0.9)
    assert sorted(best.plan.edges) == sorted([(5, i) for i in range(5)] + [(i, 5) for i in range(5)])
    assert greedy_edges(TEAM, 10, rounds=2, fidelity=0.9).risk / best.value == pytest.approx(1.0791, abs=5e-5)
    assert edge_budget([1.0] * 5, 5, rounds=4).value == pytest.approx(0.2)  # a ring tells everybody everything


def test_a_search_that_is_cut_short_says_so():
    whole, cut = (edge_budget(TEAM, 8, rounds=2, fidelity=0.9, limit=limit) for limit in (10**9, 50))
    assert cut.lower < whole.lower <= whole.upper <= cut.upper and cut.plan.nodes == 50


def test_learning(seed):
    """Three agents, one of whom knows most: two edges from him. The same seed, the same graph; compiled and plain give the same bits."""
    found, path = learned_edges((1.0, 1.0, 9.0), 2, rounds=1, episodes=4000, step=0.05, seed=seed)
    assert found.edges == [(2, 0), (2, 1)] and path[:200].mean() > 1.2 * path[-200:].mean()
    again, same = learned_edges((1.0, 1.0, 9.0), 2, rounds=1, episodes=4000, step=0.05, seed=seed)
    assert again.edges == found.edges and np.array_equal(path, same)
    told = team((1.0, 2.0, 4.0), 2, 0.5)
    logit, tried = np.zeros((3, 3)), np.zeros(60)
    learn(told.total, told.keep, 3, 60, 0.05, 7, logit, np.zeros(3, np.int64), tried)
    assert np.array_equal(tried, learned_edges((1.0, 2.0, 4.0), 3, rounds=2, fidelity=0.5, episodes=60, step=0.05, seed=7)[1]) and np.ptp(logit) > 0.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: edge_budget([], 1), "precision"),
        (lambda: edge_budget([1.0, 0.0], 1), "precision"),
        (lambda: edge_budget([1.0, math.nan], 1), "precision"),
        (lambda: edge_budget(np.ones(13), 1), "precision"),
        (lambda: edge_budget([1.0, 1.0], 3), "budget"),
        (lambda: edge_budget([1.0, 1.0], -1), "budget"),
        (lambda: edge_budget([1.0, 1.0], 1, rounds=0), "rounds"),
        (lambda: edge_budget([1.0, 1.0], 1, fidelity=1.1), "fidelity"),
        (lambda: edge_budget([1.0, 1.0], 1, limit=0), "limit"),
        (lambda: edge_risk([1.0, 1.0], [(0, 0)]), "edges"),
        (lambda: edge_risk([1.0, 1.0], [(0, 2)]), "edges: receiver"),
        (lambda: greedy_edges([1.0, 1.0], 1, exchanges=1), "exchanges"),
        (lambda: learned_edges([1.0, 1.0], 1, episodes=0), "episodes"),
        (lambda: learned_edges([1.0, 1.0], 1, step=-1.0), "step"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(call, says):
    with pytest.raises(BudgetsimError, match=f"^{says}: got .*allowed"):
        call()
