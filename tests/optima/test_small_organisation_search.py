"""All small organisations: how many there are, their exact law, trees that are best and graphs that beat them, bad input."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.organisation_search import organisation_search
from budgetsim.optima.small_organisation_search import _families, exact_bias, small_organisation_search
from budgetsim.shared.organisations import organisation_enumeration, simulate_organisation
from budgetsim.theory.majority_tree import organisation_exponent, tree_bias

CROSSED = ((0, 1, 2), (0, 1, 2), (0, 1, 2), (3, 4, 5))


def as_graph(reads, leaves):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(leaves + len(reads)))
    graph.add_edges_from((u, leaves + j) for j, inputs in enumerate(reads) for u in inputs)
    return graph


def by_worlds(reads, leaves, mu, gamma, rho):
    """The root's bias as a mean over every placing of right leaves, flips and shared failures: each world by its own votes."""
    total = 0.0
    edges = sum(map(len, reads))
    for right in itertools.product((1, -1), repeat=leaves):
        start = np.prod([(1 + z * mu) / 2 for z in right])
        for flips in itertools.product((1, -1), repeat=edges):
            chance = np.prod([(1 + f * gamma) / 2 for f in flips])
            votes, worlds, k = [], [(start * chance, list(right))], 0
            for inputs in reads:
                votes, worlds = worlds, []
                for p, said in votes:
                    heard = [flips[k + i] * said[u] for i, u in enumerate(inputs)]
                    for picked, q in [(1 if sum(heard) > 0 else -1, 1 - rho)] + [(h, rho / len(heard)) for h in heard if rho > 0]:
                        worlds.append((p * q, [*said, picked]))
                k += len(inputs)
            total += sum(p * said[-1] for p, said in worlds)
    return total


@pytest.mark.parametrize("agents", [4, 5, 6])
def test_every_organisation_is_there_once(agents):
    """networkx's own isomorphism, on every list of odd subsets: 1, 2 and 12 organisations of at most 4, 5 and 6 agents."""
    apart = []
    for leaves in range(3, agents):
        for readers in range(1, agents - leaves + 1):
            options = [[c for b in (3, 5) for c in itertools.combinations(range(leaves + j), b)] for j in range(readers)]
            for reads in itertools.product(*options):
                graph = as_graph(reads, leaves)
                if all(graph.out_degree(u) for u in range(leaves + readers - 1)) and not any(nx.is_isomorphic(graph, g) for g in apart):
                    apart.append(graph)
    ours = [as_graph([[i for i in range(8) if m >> i & 1] for m in masks], f.leaves) for f in _families(agents, 7) for masks in f.masks]
    assert len(ours) == len(apart) == {4: 1, 5: 2, 6: 12}[agents]
    assert all(any(nx.is_isomorphic(a, b) for b in ours) for a in apart)


@pytest.mark.parametrize(("reads", "leaves"), [([(0, 1, 2)], 3), ([(0, 1, 2), (0, 1, 3)], 4), ([(0, 1, 2), (0, 1, 2, 3, 4)], 4), ([(0, 1, 2), (0, 1, 2), (2, 3, 4)], 3)])
def test_the_law_is_exact(reads, leaves):
    """Against the sum over all worlds, one at a time, and the house's enumeration of one graph, which takes the first input for all: the same where rho = 0."""
    for mu, gamma, rho in [(0.1, 0.9, 0.0), (0.6, 0.7, 0.35), (1.0, 0.5, 0.9)]:
        exact = exact_bias(reads, leaves, mu, gamma, rho)
        assert exact == pytest.approx(by_worlds(reads, leaves, mu, gamma, rho), abs=1e-12)
        if rho == 0.0:
            assert exact == pytest.approx(organisation_enumeration(as_graph(reads, leaves), mu, gamma)[-1], abs=1e-12)


def test_it_matters_whom_a_shared_failure_copies():
    """Three readers of the same three leaves, rho = .3, weak leaves, amplification: 1.3794 where all copy the same leaf, 1.4256 a drawn one, 1.4550 each its own.
    One agent with the budget of three has 3^beta, 1.3904 for beta = .3: the first loses to it, the others do not. On a tree the three are one law."""
    own = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (3, 4, 5))
    gains = [
        organisation_enumeration(as_graph(CROSSED, 3), 1e-4, 1.0, 0.3)[-1] / 1e-4,
        exact_bias(CROSSED, 3, 1e-4, 1.0, 0.3) / 1e-4,
        organisation_enumeration(as_graph(own, 3), 1e-4, 1.0, 0.3)[-1] / 1e-4,
    ]
    assert np.round(gains, 4).tolist() == [1.3794, 1.4256, 1.455] and gains[0] < 3**0.3 < gains[1]
    tree = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))
    assert exact_bias(tree, 9, 0.4, 0.8, 0.3) == pytest.approx(tree_bias(0.4, 2, 3, 0.3, 0.8), abs=1e-13)


def test_complete_trees_are_those_of_the_recursion():
    """Stars of 3, 5 and 7; two levels of 3, 13 agents, with shared failures on either side of the channel."""
    for b, correlated in itertools.product((3, 5, 7), ("received", "sent")):
        assert exact_bias([range(b)], b, 0.3, 0.8, 0.2, correlated) == pytest.approx(tree_bias(0.3, 1, b, 0.2, 0.8, correlated), abs=1e-13)
    two = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)]
    for correlated in ("received", "sent"):
        assert exact_bias(two, 9, 0.3, 0.8, 0.2, correlated) == pytest.approx(tree_bias(0.3, 2, 3, 0.2, 0.8, correlated), abs=1e-13)


def test_the_simulator_agrees_where_ancestors_are_shared(seed):
    """The house's simulator, 4e5 questions each, within 5 standard errors; control: the recursion, which takes inputs for independent, is not."""
    for reads, leaves, gamma in [(CROSSED, 3, 0.7), (CROSSED, 3, 1.0), ([(0, 1, 2), (0, 1, 3), (1, 2, 3), (4, 5, 6)], 4, 0.9)]:
        run = simulate_organisation(as_graph(reads, leaves), 0.5, gamma, replications=400_000, seed=seed)
        exact = exact_bias(reads, leaves, 0.5, gamma)
        assert abs(run.node_bias[-1] - exact) < 5 * run.node_error[-1]
        assert abs(run.node_bias[-1] - tree_bias(0.5, 2, 3, 0.0, gamma)) > 10 * run.node_error[-1]


cases = st.tuples(st.floats(10.0, 1e5), st.floats(0.02, 0.5), st.floats(0.02, 0.95), st.floats(-3.0, -0.7), st.floats(0.3, 1.0))


@settings(max_examples=200)
@given(cases)
def test_a_complete_tree_is_nearly_best_where_failures_are_not_shared(case):
    """rho = 0, a wide window, at most 7 agents: of all 143 organisations one agent or a star is best, within .1%. Not proved; see the next test for why not exactly."""
    budget, beta, single, part, gamma = case
    m = budget * 10**part
    best = small_organisation_search(budget, 100 * m, single / budget**beta, beta, m, gamma)
    assert best.plan.tried == 143 and best.value <= best.plan.complete * 1.001
    assert best.lower <= best.value <= best.upper and best.plan.single <= best.plan.complete <= best.plan.tree <= best.value * (1 + 1e-12)
    if best.plan.reads:
        found = exact_bias(best.plan.reads, best.plan.leaves, min(1.0, single / budget**beta * best.plan.leaf_compute**beta), gamma)
        assert found == pytest.approx(best.value, rel=1e-9)
        assert budget == pytest.approx(best.plan.leaves * best.plan.leaf_compute + 2 * m * best.plan.edges)


def test_even_then_a_complete_tree_need_not_be_best():
    """Strong leaves, noisy and cheap messages, rho = 0, any window: a root that reads four leaves and a reader of all five beats every tree of at most 7 agents, by .00397%;
    with 8 agents two readers of five leaves and a root that reads all seven win by 2.13%. Complete trees of any size beat both."""
    seven = known_of(1e5, 0.021118616551433066, 0.9847234675089429, 3.372452529545309, 0.9138182427054711)
    best = small_organisation_search(*seven)
    assert best.plan.reads == ((0, 1, 2, 3, 4), (0, 1, 2, 3, 5)) and 3.9e-5 < best.value / best.plan.tree - 1 < 4.1e-5
    assert exact_bias(best.plan.reads, 5, 0.95, 0.91) > exact_bias([range(5)], 5, 0.95, 0.91)
    eight = known_of(511.2675694174853, 0.31840504086652566, 0.07595798245181737, 0.10853576385924488, 0.8556328416087602)
    reads = ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6))
    budget, _, kappa, beta, m, gamma = eight
    found = exact_bias(reads, 5, kappa * ((budget - 2 * m * 17) / 5) ** beta, gamma)
    star = exact_bias([range(7)], 7, kappa * ((budget - 2 * m * 7) / 7) ** beta, gamma)
    trees = max(star, small_organisation_search(*eight).plan.tree)  # no other tree has 8 agents
    assert 1.0213 < found / trees < 1.0214
    for known, bias in ((seven, best.value), (eight, found)):
        assert organisation_search(*known).value > bias


def known_of(budget, beta, single, m, gamma):
    return budget, 100 * m, single / budget**beta, beta, m, gamma


@settings(max_examples=200)
@given(cases, st.sampled_from([0.0, 0.2, 0.6]))
def test_complete_ones_are_those_that_the_search_tries(case, rho):
    """With a window of at most 7 messages and one level, both optima find the same best star."""
    budget, beta, single, part, gamma = case
    m = budget * 10**part
    known = budget, 5.5 * m, single / budget**beta, beta, m, gamma, rho
    searched = organisation_search(*known)
    small = small_organisation_search(*known)
    if searched.plan.depth <= 1:
        assert small.plan.complete == pytest.approx(searched.value, rel=1e-12)
    else:
        assert small.plan.complete <= searched.value * (1 + 1e-12)


def test_shared_ancestors_beat_every_tree_where_none_pays():
    """rho = .3, beta = .3, b = 3, no noise: s = .2732 < beta, so of all complete trees of any size one agent is best (Theorem 5). Three leaves that three
    readers read earn 2.5% more: a shared failure belongs to a reader, and whoever is read three times fails three times apart. Control: beta = .4, where they do not."""
    assert organisation_exponent(3, 0.3) < 0.3
    for beta, wins in [(0.3, True), (0.4, False)]:
        known = 1e5, 3.0, 0.02 / 1e5**beta, beta, 1.0, 1.0, 0.3
        searched, best = organisation_search(*known), small_organisation_search(*known)
        assert searched.plan.depth == 0 and searched.plan.relaxed == best.plan.tree == best.plan.single == searched.value
        assert (best.value > 1.02 * searched.value) is wins
        if wins:
            assert best.plan.reads == CROSSED and best.plan.shares


def test_noise_is_a_reason_too():
    """rho = 0, gamma = .9, a window of three messages, beta just above s: reading the same three leaves again beats one agent and every complete tree."""
    s = organisation_exponent(3, 0.0, 0.9)
    known = 1e5, 3.0, 0.02 / 1e5**0.28, 0.28, 1.0, 0.9
    searched, best = organisation_search(*known), small_organisation_search(*known)
    assert s < 0.28 and searched.plan.depth == 0 and best.value > 1.01 * searched.value and best.plan.reads == CROSSED


def test_a_tree_need_not_be_complete():
    """b = 3, weak signal, a budget between two steps of the depth: five leaves beat 1, 3, 9, ...: the complete tree of any size."""
    known = 1.8e3, 150.0, 1e-3, 0.2, 50.0, 1.0
    searched, best = organisation_search(*known), small_organisation_search(*known)
    assert best.plan.reads == ((0, 1, 2), (3, 4, 5)) and best.plan.leaves == 5 and not best.plan.shares
    assert best.value > 1.001 * searched.value >= 1.001 * best.plan.complete * (1 - 1e-12)


def best_shape(leaves, mu, gamma):
    """The best root bias of all trees of threes with so many leaves, by their sizes: a majority rises in each of its inputs."""
    best = {1: mu}
    for n in range(3, leaves + 1, 2):
        sizes = [(a, b, n - a - b) for a in range(1, n // 3 + 1, 2) for b in range(a, (n - a) // 2 + 1, 2)]
        best[n] = max((x + y + z - x * y * z) / 2 for x, y, z in ([gamma * best[k] for k in size] for size in sizes))
    return best[leaves]


def test_trees_of_any_shape_gain_little():
    """Threes, weak signal, up to 41 leaves: between two steps of the depth an incomplete tree is better by 1.3% at most, and at most budgets not at all."""
    gains = []
    for budget in [400, 600, 900, 1300, 1763.4, 2000, 3000, 5600, 8000]:
        shapes = [(budget - 150 * (n - 1)) / n for n in range(1, 42, 2)]
        best = max(best_shape(n, 0.01 * x**0.2, 1.0) for n, x in zip(range(1, 42, 2), shapes, strict=True) if x > 0)
        gains.append(best / organisation_search(budget, 150, 0.01, 0.2, 50, 1.0).value - 1)
    assert min(gains) > -1e-12 and 0.0126 < max(gains) < 0.013 and sum(g > 1e-9 for g in gains) <= 3


BAD = [
    ({"budget": 0.5}, "below one leaf"), ({"window": 149}, "three messages"), ({"leaf_scale": 0}, "leaf_scale"), ({"beta": 0}, "beta"), ({"message_length": 0}, "message_length"),
    ({"fidelity": 0}, "fidelity"), ({"fidelity": 1.5}, "fidelity"), ({"correlation": 1}, "correlation"), ({"agents": 9}, "agents"), ({"agents": 2.5}, "agents"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), BAD)
def test_bad_input_gets_one_line(changed, said):
    with pytest.raises(BudgetsimError, match=said):
        small_organisation_search(**{"budget": 1e4, "window": 250, "leaf_scale": 0.01, "beta": 0.2, "message_length": 50, "fidelity": 0.9} | changed)
