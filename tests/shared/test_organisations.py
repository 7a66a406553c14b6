"""Organisations: simulation, recursion and enumeration against each other, a numpy twin, plain integers and printed numbers."""

import inspect
import math

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import draws
from budgetsim.arguments import BudgetsimError
from budgetsim.shared import bit_votes
from budgetsim.shared import organisations as o
from budgetsim.shared.organisation_averages import averaging_risk, simulate_averaging
from budgetsim.theory.majority_tree import abstention_map, node_cost, tree_bias
from tests.references import organisation as twin

SIGMAS = 4.0


def tiny():
    """Three leaves; a node that reads them; a node that reads it and two of them."""
    graph = networkx.DiGraph()
    graph.add_nodes_from("abc")
    graph.add_edges_from([("a", "v"), ("b", "v"), ("c", "v"), ("v", "w"), ("a", "w"), ("b", "w")])
    return graph


def inputs(graph):
    """As the twin wants it."""
    return {v: list(graph.pred[v]) for v in networkx.topological_sort(graph)}


def random_tree(rng):
    b, depth = [(3, 3), (5, 2), (7, 2), (9, 1)][rng.integers(4)]
    return b, depth, rng.uniform(0.05, 0.6), rng.uniform(0.5, 1.0), rng.choice([0.0, rng.uniform(0.0, 0.6)])


def test_simulation_is_the_recursion_at_every_level_and_the_correlation_is_as_specified(seed):
    """Property 6 of the (f) list, for 100 parameter sets; a correlation that is .1 off is refused."""
    rng = np.random.default_rng(seed)
    off = 0
    for i in range(100):
        b, depth, mu, gamma, rho = random_tree(rng)
        sent = bool(i % 3 == 0)
        runs = o.simulate_organisation(o.tree(b, depth), mu, gamma, rho, correlated="sent" if sent else "received", replications=3000, seed=seed + i)
        theory = tree_bias(mu, np.arange(depth + 1), b, rho, gamma, "sent" if sent else "received")
        assert np.all(np.abs(runs.level_bias - theory) <= SIGMAS * runs.level_error), (b, depth, mu, gamma, rho, runs, theory)
        if not sent:
            assert np.all(np.abs(runs.correlation[1:] - rho) <= SIGMAS * runs.correlation_error[1:]), (b, depth, mu, gamma, rho, runs)
            off += abs(runs.correlation[1] - rho - 0.1) > SIGMAS * runs.correlation_error[1]
    assert off > 60


@settings(max_examples=200)
@given(st.sampled_from([3, 5]), st.integers(0, 2), st.floats(-1, 1), st.floats(0.001, 1), st.floats(0, 0.99), st.booleans())
def test_the_recursion_on_trees_is_the_theory(b, depth, mu, gamma, rho, sent):
    """F^L(mu_0) of part 1a, and its map with abstention, node by node."""
    correlated = "sent" if sent else "received"
    ours = o.organisation_recursion(o.tree(b, depth), mu, gamma, rho, correlated=correlated)[0]
    assert abs(ours - tree_bias(mu, depth, b, rho, gamma, correlated)) < 1e-12
    silent = o.organisation_recursion(o.tree(b, 1), mu, gamma, rho, correlated="sent", channel="abstain")[0]
    assert abs(silent - abstention_map(mu, b, rho, gamma)) < 1e-12


@pytest.mark.parametrize("channel", o.CHANNELS)
@pytest.mark.parametrize("weights", [None, {("a", "v"): 1.0, ("b", "v"): 2.0, ("c", "v"): 1.0, ("v", "w"): 0.5, ("a", "w"): 1.5, ("b", "w"): 1.0}])
@pytest.mark.parametrize("sent", [False, True])
def test_every_channel_and_vote_against_all_bit_patterns(channel, weights, sent, seed):
    """Exact: every draw of the numpy twin both ways; the enumeration gives that to 1e-12, the simulation within 4 standard errors."""
    rho, noise = (0.0, 0.0) if channel == "coin" and weights else (0.3, 0.1)  # at most 2**21 patterns
    graph, options = (
        tiny(),
        {"channel": channel, "vote": "majority" if weights is None else "weighted", "noise": noise, "correlated": "sent" if sent else "received"},
    )
    exact = twin.every_pattern(lambda draw: twin.biases(inputs(graph), 0.4, 0.7, rho, draw, channel, weights, noise, sent))
    ours = o.organisation_enumeration(graph, 0.4, 0.7, rho, weights=weights, **options)
    assert np.allclose(ours, [exact[v] for v in graph], atol=1e-12, rtol=0)
    runs = o.simulate_organisation(graph, 0.4, 0.7, rho, weights=weights, replications=40_000, seed=seed, **options)
    assert np.all(np.abs(runs.node_bias - ours) <= SIGMAS * runs.node_error)


def test_the_recursion_is_wrong_where_inputs_share_ancestors(seed):
    """Copies of one leaf are counted as opinions; on a random DAG simulation keeps to the enumeration and refuses the recursion."""
    copies = networkx.DiGraph([(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)])
    assert o.organisation_enumeration(copies, 0.5)[3] == 0.5 and o.organisation_recursion(copies, 0.5)[3] == 0.6875
    graph = o.random_dag(leaves=4, nodes=6, fan_in=3, seed=2)
    exact, believed = o.organisation_enumeration(graph, 0.3, 0.9), o.organisation_recursion(graph, 0.3, 0.9)
    runs = o.simulate_organisation(graph, 0.3, 0.9, replications=100_000, seed=seed)
    assert np.all(np.abs(runs.node_bias - exact) <= SIGMAS * runs.node_error)
    assert np.max(np.abs(runs.node_bias - believed) / runs.node_error) > 10.0
    own, row = (
        o.organisation_enumeration(o.chain(5), 0.3, 0.9, ties="coin"),
        o.simulate_organisation(o.chain(5), 0.3, 0.9, ties="coin", replications=50_000, seed=seed),
    )
    assert np.all(np.abs(row.node_bias - own) <= SIGMAS * row.node_error)
    tree = o.tree(3, 2)
    assert np.allclose(o.organisation_enumeration(tree, 0.3, 0.9, 0.2), o.organisation_recursion(tree, 0.3, 0.9, 0.2), atol=1e-14)


def test_the_simulation_agrees_with_a_numpy_twin(seed):
    """Two samples of a random DAG with lost messages and failures, every node; a twin with another fidelity is told apart."""
    graph, n = o.random_dag(leaves=30, nodes=60, fan_in=5, seed=4, layers=4), 20_000
    runs = o.simulate_organisation(graph, 0.3, 0.8, 0.2, channel="abstain", replications=n, seed=seed)
    rng = np.random.default_rng(seed)
    limit = 4.9  # 1e-4 shared by 90 nodes
    for gamma, wrong in ((0.8, False), (0.75, True)):
        theirs = twin.biases(inputs(graph), 0.3, gamma, 0.2, lambda p: (rng.random(n) < p).astype(int), "abstain")
        z = [(runs.node_bias[v] - theirs[v].mean()) / math.hypot(runs.node_error[v], theirs[v].std() / math.sqrt(n)) for v in graph]
        assert (np.abs(z).max() > limit) is np.bool_(wrong)


def bernoulli(p, seed, word, node, salt, i=0):
    """64 bits from plain integers: lane l's uniform has bit l of words 0, 1, ... as its digits."""
    key = draws.Key(*draws.block(seed, word, node, bit_votes.STREAM), seed, word)
    uniforms = [draws.word(key, salt, i, k) for k in range(64)]
    chance = int(p * 2.0**64)
    return [sum((u >> lane & 1) << 63 - k for k, u in enumerate(uniforms)) < chance for lane in range(64)]


@pytest.mark.parametrize("replications", [64, 100])
def test_words_are_the_house_s_and_bernoulli_to_64_bits(replications, seed):
    """A star, bit for bit, from `draws.block` and `draws.word` in plain Python."""
    mu, gamma, rho = 0.3, 0.77, 0.25
    ones = np.zeros(4, int)
    for word in range(2):
        leaves = [~np.array(bernoulli((1 - mu) / 2, seed, word, v, 0)) for v in (1, 2, 3)]
        received = [x ^ bernoulli((1 - gamma) / 2, seed, word, 0, 1, i) for i, x in enumerate(leaves)]
        root = np.where(bernoulli(rho, seed, word, 0, 3), received[0], sum(x.astype(int) for x in received) >= 2)
        valid = 64 * word + np.arange(64) < replications
        ones += [int((x & valid).sum()) for x in (root, *leaves)]
    runs = o.simulate_organisation(o.star(3), mu, gamma, rho, replications=replications, seed=seed)
    assert np.array_equal(runs.node_bias, 2 * ones / replications - 1)


@settings(max_examples=300)
@given(st.floats(2.0**-11, 1.0))
def test_probabilities_are_what_was_asked(p):
    """Exactly, from 2**-11 on; below, to 2**-64."""
    word = int(bit_votes.threshold(p))
    assert word == (2**64 - 1 if p == 1.0 else int(p * 2.0**64)) and (p == 1.0 or word / 2**64 == p)
    assert int(bit_votes.threshold(p * 2.0**-40)) <= p * 2.0**24 < int(bit_votes.threshold(p * 2.0**-40)) + 1


def test_threads_and_blocks_change_nothing(seed):
    """Also where a small memory makes blocks narrow, and for weighted votes."""
    graph = o.random_dag(leaves=20, nodes=30, fan_in=4, seed=1)
    wiring = o.wire(graph, 0.2, 0.9, 0.1, vote="weighted")
    once = o.simulate(wiring, 5000, seed)
    small = dict(vars(o))
    exec(inspect.getsource(o.simulate).replace("2**22", "2**8"), small)
    for other in (o.simulate(wiring, 5000, seed, threads=3), small["simulate"](wiring, 5000, seed)):
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(once, other))


def test_memory_does_not_grow_with_leaves():
    """(b - 1) L + 1 words are kept at once on a tree, one on a row, one for a single agent."""
    for b, depth in ((3, 0), (3, 4), (5, 5), (7, 3)):
        assert o.wire(o.tree(b, depth), 0.1).place.max() + 1 == (b - 1) * depth + 1
    assert o.wire(networkx.path_graph(1000, create_using=networkx.DiGraph), 0.1).place.max() + 1 == 1
    assert o.simulate_organisation(o.single(), 1.0, replications=10).node_bias.tolist() == [1.0] and averaging_risk(o.single(), 2.0).tolist() == [2.0]


@settings(max_examples=200)
@given(st.sampled_from([3, 5]), st.integers(0, 3), st.floats(0, 1e4), st.floats(0, 1e3))
def test_a_tree_costs_what_the_formula_says(b, depth, x, m):
    """B = N x + c0 (N - 1) of part 1a."""
    graph, leaves = o.tree(b, depth), b**depth
    assert math.isclose(o.organisation_tokens(graph, x, m), leaves * x + (float(node_cost(b, m)) * (leaves - 1) if m > 0 else 0.0), rel_tol=1e-12, abs_tol=1e-9)


def test_builders():
    for graph in (
        o.single(),
        o.star(5),
        o.chain(4),
        o.tree(3, 3),
        o.random_dag(9, 40, 5, 1),
        o.random_dag(9, 40, 5, 1, layers=5),
        o.small_world(9, 3, 0.2, 1, 2),
    ):
        assert networkx.is_directed_acyclic_graph(graph)
        o.check_organisation(graph, 10, math.inf, ties="coin")
    assert sorted(dict(o.random_dag(9, 40, 5, 1, layers=5).in_degree()).values()) == [0] * 9 + [5] * 40
    assert list(o.random_dag(9, 40, 5, 1).edges) == list(o.random_dag(9, 40, 5, 1).edges) != list(o.random_dag(9, 40, 5, 2).edges)
    ring = o.small_world(9, 3, 0.0, 1)
    assert list(ring.pred[1, 0]) == [(0, 0), (0, 1), (0, 8)]
    assert [o.organisation_tokens(g, 100, 10) for g in (o.single(), o.star(3), o.chain(3))] == [100, 360, 340]


def test_averages_have_the_printed_risks(seed):
    """Part 1g: stars, chains and trees of the warm-up, exactly; simulation within 4 standard errors, on shared ancestors too."""
    star = [averaging_risk(o.star(n), 2.0, 0.5, leaf_correlation=0.3)[0] for n in (2, 8, 30)]
    chain = [averaging_risk(o.chain(n), 2.0, 0.5, leaf_correlation=0.3)[-1] for n in range(1, 6)]
    tree = [averaging_risk(o.tree(3, depth), 2.0, 0.5, 0.3)[0] for depth in range(1, 6)]
    assert np.allclose(star, [1.55, 0.8375, 0.66333], atol=5e-6) and np.allclose(chain, [2, 1.425, 1.34444, 1.3875, 1.48], atol=5e-6)
    assert np.allclose(tree, [1.23333, 0.82444, 0.60637, 0.49006, 0.42803], atol=5e-6)
    for graph, rho, shared in ((o.chain(4), 0.0, 0.3), (o.random_dag(5, 6, 3, 1), 0.2, 0.1)):
        exact, runs = (
            averaging_risk(graph, 2.0, 0.5, rho, leaf_correlation=shared),
            simulate_averaging(graph, 2.0, 0.5, rho, leaf_correlation=shared, seed=seed),
        )
        assert np.all(np.abs(runs.node_risk - exact) <= SIGMAS * runs.node_error)
        assert np.max(np.abs(runs.node_risk - 1.1 * exact) / runs.node_error) > SIGMAS  # a tenth more is refused


def two(graph_edges):
    return networkx.DiGraph(graph_edges)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: o.simulate_organisation(two([(0, 1), (1, 2), (2, 0)]), 0.1), "graph: got the cycle"),
        (lambda: o.simulate_organisation(two([(0, 0)]), 0.1), "graph: got the cycle"),
        (lambda: o.check_organisation(two([(0, 1), (1, 2), (2, 1), (3, 1)])), "graph: node 1 has 3|graph: got the cycle"),
        (lambda: o.simulate_organisation(o.star(4), 0.1), "graph: node 0 has 4 inputs, which can tie"),
        (lambda: o.check_organisation(o.star(3), 50, 149), "window: got 149; allowed: at least three messages of 50, 150"),
        (lambda: o.check_organisation(o.star(5), 50, 200), "graph: node 0 reads 5 messages of 50 tokens, 250; allowed: at most its window, 200"),
        (lambda: o.check_organisation(networkx.Graph()), "graph: got Graph"),
        (lambda: o.check_organisation(networkx.DiGraph()), "graph: got no nodes"),
        (lambda: o.simulate_organisation(o.star(3), 1.5), "leaf_bias: got 1.5"),
        (lambda: o.simulate_organisation(o.star(3), {1: 0.5}), "leaf_bias: got nothing for 2"),
        (lambda: o.simulate_organisation(o.star(3), 0.5, -0.1), "fidelity: got -0.1"),
        (lambda: o.simulate_organisation(o.star(3), 0.5, correlation=2), "correlation: got 2"),
        (lambda: o.simulate_organisation(o.star(3), 0.5, channel="flop"), "channel: got 'flop'.*'flip'"),
        (lambda: o.simulate_organisation(o.star(3), 0.5, weights={(1, 0): 1.0}), "weights: got weights with vote 'majority'"),
        (lambda: o.simulate_organisation(o.star(3), 0.5, replications=0), "replications: got 0"),
        (lambda: o.organisation_enumeration(o.star(25), 0.5), "graph: got 25 nodes|graph: got 26 nodes"),
        (lambda: o.tree(3, 40), "depth: got 40"),
        (lambda: o.random_dag(3, 5, 4, 1), "fan_in: got 4"),
        (lambda: o.small_world(5, 4, 0.1, 1), "fan_in: got 4"),
        (lambda: averaging_risk(o.star(2), 1.0, weights={(1, 0): 1.0, (2, 0): -1.0}), "weights: sum to 0"),
        (lambda: averaging_risk(o.star(2), -1.0), "leaf_variance: got -1"),
    ],
)
def test_bad_input(call, says):
    with pytest.raises(BudgetsimError, match=says):
        call()
