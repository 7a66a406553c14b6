"""The best linear weights: star, chain and tree in closed form, resistors, any other weights, the sign, bad input."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.averaging_weights import averaging_weights
from budgetsim.shared import organisations
from budgetsim.shared.organisation_averages import averaging_risk

V, RHO, S = 2.0, 0.3, 0.5


def star(n):
    return nx.DiGraph((i, "root") for i in range(n))


def chain(n):
    return nx.path_graph(n, create_using=nx.DiGraph)


def tree(b, depth):
    return nx.balanced_tree(b, depth, create_using=nx.DiGraph).reverse()


def covariance(graph, plan, v, rho, s):
    """The root's variance by carrying the whole covariance of answers along the graph, one node at a time."""
    nodes = list(graph.nodes)
    place, weight = {u: i for i, u in enumerate(nodes)}, dict(zip(graph.edges, plan.weight, strict=True))
    held = [u for u in nodes if u in v]
    spread = np.array([math.sqrt(v[u]) for u in held])
    noise = list(graph.edges)
    basis = np.zeros((len(held) + len(noise), len(held) + len(noise)))
    basis[: len(held), : len(held)] = np.outer(spread, spread) * (rho + (1 - rho) * np.eye(len(held)))
    basis[len(held) :, len(held) :] = np.diag([s[e] for e in noise])
    load = np.zeros((len(nodes), len(basis)))
    for u in nx.topological_sort(graph):
        if u in v:
            load[place[u], held.index(u)] += plan.own[place[u]]
        for w in graph.predecessors(u):
            load[place[u]] += weight[w, u] * load[place[w]]
            load[place[u], len(held) + noise.index((w, u))] += weight[w, u]
    root = load[place[next(u for u in nodes if graph.out_degree(u) == 0)]]
    return float(root @ basis @ root), float(root[: len(held)].sum())


@pytest.mark.parametrize(("n", "printed"), [(2, 1.55), (8, 0.8375), (30, 0.66333)])
def test_the_star_in_closed_form(n, printed):
    """(g): v (rho + (1 - rho) / N) + s / N, as printed; all weights are equal; so with the sign."""
    closed = V * (RHO + (1 - RHO) / n) + S / n
    for how in ({}, {"method": "cvxpy"}, {"nonnegative": True}):
        best = averaging_weights(star(n), V, RHO, S, **how)
        assert best.lower <= closed <= best.upper and best.upper - best.lower < 1e-9
        assert abs(closed - printed) < 5e-6 and np.allclose(best.plan.weight, 1 / n, atol=1e-6)


def test_unequal_leaves_of_a_star():
    """rho = 0: weights in proportion to 1 / (v_i + s_i)."""
    v, s = np.array([0.5, 1.0, 4.0]), np.array([0.2, 3.0, 0.1])
    best = averaging_weights(star(3), dict(enumerate(v)), 0.0, {(i, "root"): s[i] for i in range(3)})
    assert best.value == pytest.approx(1 / np.sum(1 / (v + s)), rel=1e-12)
    assert np.allclose(best.plan.weight, 1 / (v + s) / np.sum(1 / (v + s)))


def test_the_chain_has_the_printed_floor():
    """(g): v = 2, s = .5, rho = 0: each step R -> v (s + R) / (v + s + R), floor .780776; the running mean of the specification rises instead."""
    expected = V
    for n in range(1, 31):
        best = averaging_weights(chain(n), dict.fromkeys(range(n), V), 0.0, S)
        assert best.value == pytest.approx(expected, rel=1e-12)
        mean = V / n + S * (n - 1) * (2 * n - 1) / (6 * n)
        assert best.value <= mean * (1 + 1e-12) and (n < 3 or best.value < mean - 1e-3)
        expected = V * (S + expected) / (V + S + expected)
    floor = (-S + math.sqrt(S * S + 4 * S * V)) / 2
    assert round(floor, 6) == 0.780776 and best.value == pytest.approx(floor, abs=1e-12)
    long = averaging_weights(chain(3000), dict.fromkeys(range(3000), V), 0.0, S)
    assert long.value == pytest.approx(floor, rel=1e-12) and long.upper - long.lower < 1e-9


@pytest.mark.parametrize(("n", "printed"), [(1, 2.0), (2, 1.425), (3, 1.34444), (4, 1.3875), (5, 1.48)])
def test_the_running_mean_is_no_better(n, printed):
    """(g): the running mean along a chain, rho = .3, as printed: the best weights are at most that, and strictly less from three agents on."""
    mean = V * (RHO + (1 - RHO) / n) + S * (n - 1) * (2 * n - 1) / (6 * n)
    assert abs(mean - printed) < 5e-6
    best = averaging_weights(chain(n), dict.fromkeys(range(n), V), RHO, S, nonnegative=True)
    assert best.upper <= mean + 1e-9 and (n < 3 or best.value < mean - 1e-3)


@pytest.mark.parametrize(("b", "depth"), [(3, 1), (3, 3), (5, 2)])
def test_the_tree_halves_as_the_recursion_says(b, depth):
    """v -> v / b + s / b with independent leaves. Correlation that is one for all leaves stays: rho v is not averaged away."""
    v = V
    for _ in range(depth):
        v = v / b + S / b
    assert averaging_weights(tree(b, depth), V, 0.0, S).value == pytest.approx(v, rel=1e-12)
    together = averaging_weights(tree(b, depth), V, RHO, S).value
    independent = averaging_weights(tree(b, depth), (1 - RHO) * V, 0.0, S).value
    assert together == pytest.approx(RHO * V + independent, rel=1e-12)


@st.composite
def graphs(draw):
    """A DAG with one root, evidence at leaves and some readers."""
    n = draw(st.integers(2, 8))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    for reader in range(1, n):
        graph.add_edges_from((u, reader) for u in draw(st.sets(st.integers(0, reader - 1), max_size=3)))
    graph.add_edges_from([(u, n - 1) for u in range(n - 1) if graph.out_degree(u) == 0])
    size = st.floats(0.05, 4.0)
    v = {u: draw(size) for u in range(n) if graph.in_degree(u) == 0 or draw(st.booleans())}
    return graph, v, draw(st.sampled_from([0.0, 0.3, 0.9])), {e: draw(size) for e in graph.edges}


@settings(max_examples=200)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_the_bracket_holds_what_any_weights_reach(drawn, number):
    """The plan's variance by carrying covariances is the value; the answer is unbiased; random weights are never below `lower`; the gap is closed."""
    graph, v, rho, s = drawn
    best = averaging_weights(graph, v, rho, s)
    reached, total = covariance(graph, best.plan, v, rho, s)
    assert best.upper - best.lower <= 1e-8 * (1 + best.upper) and total == pytest.approx(1.0, abs=1e-6)
    assert reached == pytest.approx(best.value, rel=1e-5, abs=1e-7)
    g = np.random.default_rng(number)
    for sign in (0.0, 0.5):
        other = best.plan._replace(weight=g.random(graph.number_of_edges()) - sign, own=np.zeros(len(graph)))
        for i, u in enumerate(graph):
            into = [j for j, e in enumerate(graph.edges) if e[1] == u]
            own = g.random() - sign if u in v else 0.0
            scale = own + other.weight[into].sum()
            other.own[i] = own / scale
            other.weight[into] /= scale
        assert covariance(graph, other, v, rho, s)[0] >= best.lower * (1 - 1e-9)


@settings(max_examples=25)
@given(graphs())
def test_the_program_and_the_network_agree(drawn):
    """cvxpy's optimum, the linear equations, and for equal v networkx's resistance between ground and root; ruling out signs can only cost."""
    graph, v, rho, s = drawn
    best, stated = averaging_weights(graph, v, rho, s), averaging_weights(graph, v, rho, s, method="cvxpy")
    kept = averaging_weights(graph, v, rho, s, nonnegative=True)
    assert stated.value == pytest.approx(best.value, rel=1e-7) and kept.upper >= best.lower
    assert kept.upper - kept.lower <= 1e-7 * (1 + kept.upper) and kept.plan.weight.min() >= 0.0 and kept.plan.own.min() >= 0.0
    network = nx.Graph()
    for e in graph.edges:
        network.add_edge(*e, ohm=s[e])
    for u in v:
        network.add_edge(u, "ground", ohm=(1 - rho) * 0.7)
    flat = averaging_weights(graph, dict.fromkeys(v, 0.7), rho, s)
    assert flat.value == pytest.approx(rho * 0.7 + nx.resistance_distance(network, "ground", len(graph) - 1, weight="ohm", invert_weight=True), rel=1e-9)


def test_the_house_computes_the_same_risk_of_these_weights():
    """`averaging_risk` of the plan is its value, on a chain whose agents observe, a tree and a DAG with shared ancestors; equal weights are no better."""
    for graph in (organisations.chain(6), organisations.tree(3, 2), organisations.random_dag(5, 1, 3, 2), organisations.random_dag(6, 9, 3, 5, layers=3)):
        if sum(d == 0 for _, d in graph.out_degree) > 1:
            graph.add_edges_from([(u, "root") for u in list(graph) if graph.out_degree(u) == 0])
        best = averaging_weights(graph, V, RHO, S, nonnegative=True)
        own = dict(zip(graph, best.plan.own, strict=True))
        weights = {e: float(w / own[e[1]] if own[e[1]] > 0.0 else w) for e, w in zip(graph.edges, best.plan.weight, strict=True)}
        used = {e: max(w, 1e-12) for e, w in weights.items()}
        root = next(u for u in graph if graph.out_degree(u) == 0)
        place = list(graph).index(root)
        assert averaging_risk(graph, V, S, leaf_correlation=RHO, weights=used)[place] == pytest.approx(best.value, rel=1e-6)
        assert averaging_risk(graph, V, S, leaf_correlation=RHO, weights=dict.fromkeys(graph.edges, 1.0))[place] >= best.lower


def test_the_sign_matters():
    """Errors that share much: the worse witness is subtracted, w = (v_2 - c) / (v_1 + v_2 - 2 c), c = rho root(v_1 v_2). Control: alike, both weigh 1/2."""
    v, s = {0: 1.0, 1: 16.0}, 0.01
    free, kept = averaging_weights(star(2), v, 0.9, s), averaging_weights(star(2), v, 0.9, s, nonnegative=True)
    assert free.plan.weight[0] == pytest.approx((16 + s - 3.6) / (17 + 2 * s - 7.2), rel=1e-9) and free.plan.weight[1] < 0.0
    assert free.upper < kept.lower - 0.1 and kept.value == pytest.approx(1.0 + s, rel=1e-8)
    assert averaging_weights(star(2), 1.0, 0.9, s).plan.weight == pytest.approx([0.5, 0.5])


def test_resistors_that_floats_cannot_add():
    """s = 1e-12 beside v = 1e6: the linear equations may lose all digits, and say so; the program does not, and is asked where they do."""
    graph = tree(3, 2)
    best = averaging_weights(graph, 1e6, 0.0, 1e-12)
    assert best.upper - best.lower <= 1e-6 * best.upper and best.lower <= 1e6 / 9 * (1 + 1e-9) and best.upper >= 1e6 / 9
    alone = averaging_weights(graph, 1e6, 0.0, 1e-12, method="nodal")
    assert alone.lower <= 1e6 / 9 * (1 + 1e-9) <= alone.upper * (1 + 2e-9)


two = star(2)
BAD = [
    ((nx.Graph([(0, 1)]), V), "graph: got Graph"), ((nx.DiGraph(), V), "no nodes"), ((nx.DiGraph([(0, 1), (1, 2), (2, 0)]), V), "cycle"), ((nx.DiGraph([(0, 1), (0, 2)]), V), "2 nodes that nobody reads"),
    ((two, 0.0), "leaf_variance"), ((two, -1.0), "leaf_variance"), ((two, {0: 1.0}), "neither evidence nor messages"), ((two, {0: 1.0, 1: 1.0, 7: 1.0}), "the node 7"), ((two, "x"), "leaf_variance"),
    ((two, V, 1.0), "correlation"), ((two, V, 0.0, 0.0), "message_variance"), ((two, V, 0.0, {(0, "root"): 1.0}), "message_variance: nothing for the edge"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "said"), BAD)
def test_bad_input_gets_one_line(given_, said):
    with pytest.raises(BudgetsimError, match=said):
        averaging_weights(*given_)


def test_the_method_is_one_that_applies():
    with pytest.raises(BudgetsimError, match="nodal"):
        averaging_weights(two, V, nonnegative=True, method="nodal")
    with pytest.raises(BudgetsimError, match="method"):
        averaging_weights(two, V, method="simplex")
