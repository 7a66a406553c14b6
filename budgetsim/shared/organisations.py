"""Organisations as networkx DAGs: builders, checks, what they cost, their law by recursion, by enumeration and by simulation.

An edge u -> v says that v reads a message of u. A node that nobody writes to is a leaf: it observes the question itself. A node
with the attribute `observes=True` does so as well, and its own observation is one more input, without a channel or a price.
Everything is told relative to the truth: +1 is right, -1 is wrong, a bias is the mean of that, 2 P(right) - 1.
"""

import itertools
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, choice, flag, number, whole
from . import bit_votes

CHANNELS = ("flip", "coin", "abstain")
VOTES = ("majority", "weighted")
SURE = 40.0  #: a log-odds beyond which 1 + bias is 2 to the last bit


class Wiring(NamedTuple):
    """An organisation as arrays. Node v reads edges start[v] to start[v + 1]; hidden leaves (own observations) come last."""

    labels: list[Any]
    start: np.ndarray  #: (n + 1,)
    source: np.ndarray  #: (edges,)
    private: np.ndarray  #: (edges,) whether an own observation
    order: np.ndarray
    level: np.ndarray
    place: np.ndarray
    bias: np.ndarray  #: (n,) of leaves
    fidelity: np.ndarray  #: (edges,)
    correlation: np.ndarray  #: (n,)
    noise: np.ndarray  #: (n,)
    weight: np.ndarray  #: (edges,)
    channel: int
    shared: int
    weighted: bool


class Simulated(NamedTuple):
    """What replications of an organisation gave; an entry a level (its longest way from a leaf; leaves are level 0) or a node."""

    level_bias: np.ndarray  #: (levels,) mean over the nodes of a level and replications
    level_error: np.ndarray  #: (levels,) standard error, over replications
    level_nodes: np.ndarray  #: (levels,) number of nodes
    correlation: np.ndarray  #: (levels,) of two inputs of a node as it counts them; nan where no node has two
    correlation_error: np.ndarray  #: (levels,)
    node_bias: np.ndarray  #: (n,) in the graph's order
    node_error: np.ndarray  #: (n,)
    node_level: np.ndarray  #: (n,)
    replications: int


# ------------------------------------------------------------------------------------------------ builders
def single() -> Any:
    """One agent.

    >>> single().number_of_nodes()
    1
    """
    import networkx

    graph = networkx.DiGraph()
    graph.add_node(0)
    return graph


def star(leaves: Any) -> Any:
    """N leaves that report to one node (which observes nothing): a tree of depth 1.

    >>> star(3).number_of_edges()
    3
    """
    return tree(whole("leaves", leaves, 1), 1)


def chain(agents: Any) -> Any:
    """N agents in a row: each observes, and tells the next one its opinion. Edge weights make averages a running mean.

    >>> list(chain(3).edges(data="weight"))
    [(0, 1, 1.0), (1, 2, 2.0)]
    """
    import networkx

    graph = networkx.DiGraph()
    for i in range(whole("agents", agents, 1)):
        graph.add_node(i, observes=True)
        if i:
            graph.add_edge(i - 1, i, weight=float(i))
    return graph


def tree(fan_in: Any, depth: Any) -> Any:
    """b^L leaves under L levels of nodes that read b messages each; node 0 is the root, the leaves come last.

    >>> tree(3, 2).number_of_nodes(), tree(3, 0).number_of_nodes()
    (13, 1)
    """
    import networkx

    b, depth = whole("fan_in", fan_in, 1), whole("depth", depth)
    if b**depth > 10**8:
        raise BadValue(f"depth: got {depth} with fan-in {b}, {float(b) ** depth:.3g} leaves; allowed: at most 1e8 leaves")
    inner = sum(b**i for i in range(depth))
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(inner + b**depth))
    graph.add_edges_from((b * v + 1 + i, v) for v in range(inner) for i in range(b))
    return graph


def random_dag(leaves: Any, nodes: Any, fan_in: Any, seed: Any, layers: Any = None) -> Any:
    """A DAG with shared ancestors: after the leaves come nodes that read `fan_in` distinct earlier ones, drawn uniformly.

    With `layers` the nodes stand in that many equal layers and read the layer before (as many as there are, if fewer).

    >>> graph = random_dag(leaves=5, nodes=4, fan_in=3, seed=1)
    >>> graph.number_of_edges(), graph.in_degree(4), graph.in_degree(8)
    (12, 0, 3)
    """
    import networkx

    n, k, b = whole("leaves", leaves, 1), whole("nodes", nodes, 1), whole("fan_in", fan_in, 1)
    if b > n:
        raise BadValue(f"fan_in: got {b}; allowed: at most the number of leaves, {n}")
    layers = None if layers is None else whole("layers", layers, 1, k)
    size = k if layers is None else -(-k // layers)
    if layers is not None and size < b and layers > 1:
        raise BadValue(f"layers: got {layers}, layers of {size} nodes; allowed: layers of at least fan_in = {b} nodes")
    rng = np.random.default_rng(whole("seed", seed))
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(n + k))
    for v in range(n, n + k):
        if layers is None:
            low, high = 0, v
        else:
            layer = (v - n) // size
            low, high = (0, n) if layer == 0 else (n + (layer - 1) * size, n + layer * size)
        graph.add_edges_from((int(u), v) for u in sorted(_distinct(rng, low, high, b)))
    return graph


def small_world(agents: Any, fan_in: Any, rewire: Any, seed: Any, rounds: Any = 1) -> Any:
    """Agents on a ring who read themselves and their nearest neighbours, each read rewired with probability `rewire`, for some rounds.

    Watts and Strogatz's network unrolled in time: node (r, i) is agent i after round r; the leaves are round 0, and one node,
    "answer", reads all agents of the last round. `fan_in` is odd; a rewired read goes to an agent drawn uniformly among those not read.

    >>> graph = small_world(agents=7, fan_in=3, rewire=0.1, seed=1, rounds=2)
    >>> graph.number_of_nodes(), graph.in_degree((2, 0)), graph.in_degree("answer")
    (22, 3, 7)

    References
    ----------
    [Watts1998]_
    """
    import networkx

    n, b = whole("agents", agents, 1), whole("fan_in", fan_in, 1)
    if b % 2 == 0 or b > n:
        raise BadValue(f"fan_in: got {b}; allowed: an odd number, at most the number of agents, {n}")
    chance, rounds, rng = number("rewire", rewire, 0.0, 1.0), whole("rounds", rounds, 1), np.random.default_rng(whole("seed", seed))
    reads = []
    for i in range(n):
        chosen = [(i + j) % n for j in range(-(b // 2), b // 2 + 1)]
        for j in range(b):
            if chosen[j] != i and n > b and rng.random() < chance:
                chosen[j] = int(rng.choice(np.setdiff1d(np.arange(n), chosen)))
        reads.append(sorted(chosen))
    graph = networkx.DiGraph()
    graph.add_nodes_from((0, i) for i in range(n))
    for r in range(1, rounds + 1):
        graph.add_edges_from(((r - 1, u), (r, i)) for i in range(n) for u in reads[i])
    graph.add_edges_from(((rounds, i), "answer") for i in range(n))
    return graph


def _distinct(rng: Any, low: int, high: int, number: int) -> set[int]:
    """Distinct numbers of low .. high - 1 in time that does not grow with their range."""
    out: set[int] = set()
    while len(out) < number:
        out.update(int(u) for u in rng.integers(low, high, number - len(out)))
    return out


# ------------------------------------------------------------------------------------------------ checks and costs
def check_organisation(graph: Any, message_length: Any = None, window: Any = None, ties: Any = "refuse") -> None:
    """Raises a BudgetsimError unless the graph is an organisation that can run.

    A directed graph without cycles; messages of m tokens: a window W >= 3 m wherever somebody reads, and fan-in m <= W at every
    node; fan-ins that cannot tie, unless `ties` is "coin" (own observations count as inputs, but not in the window).

    >>> check_organisation(tree(3, 2), message_length=50, window=150)
    >>> check_organisation(tree(3, 2), message_length=50, window=149)
    Traceback (most recent call last):
        ...
    budgetsim.arguments.BadValue: window: got 149; allowed: at least three messages of 50, 150
    """
    _checked(graph, message_length, window, ties)
    import networkx

    if not networkx.is_directed_acyclic_graph(graph):
        raise BadValue(_cycle(graph))


def _cycle(graph: Any) -> str:
    import networkx

    around = [repr(u) for u, _ in networkx.find_cycle(graph)]
    return f"graph: got the cycle {' -> '.join([*around, around[0]][:8])}{' ...' if len(around) > 7 else ''}; allowed: a directed graph without cycles"


def _checked(graph: Any, message_length: Any, window: Any, ties: Any) -> None:
    """`check_organisation` but for cycles."""
    import networkx

    if not isinstance(graph, networkx.DiGraph) or graph.is_multigraph():
        raise BadType(f"graph: got {type(graph).__name__}; allowed: a networkx.DiGraph, its edges from writer to reader")
    if not graph.number_of_nodes():
        raise BadValue("graph: got no nodes; allowed: at least one agent")
    choice("ties", ties, ("refuse", "coin"))
    if window is not None:
        m = number("message_length", message_length, 0.0)
        w = number("window", window, 0.0, finite=False)
        if graph.number_of_edges() and w < 3.0 * m:
            raise BadValue(f"window: got {w:g}; allowed: at least three messages of {m:g}, {3 * m:g}")
    for v, b in graph.in_degree():
        if window is not None and b * m > w:
            raise BadValue(f"graph: node {v!r} reads {b} messages of {m:g} tokens, {b * m:g}; allowed: at most its window, {w:g}")
        inputs = b + bool(graph.nodes[v].get("observes", False))
        if b and inputs % 2 == 0 and ties == "refuse":
            raise BadValue(f"graph: node {v!r} has {inputs} inputs, which can tie; allowed: odd numbers, or ties='coin'")


def organisation_tokens(graph: Any, leaf_compute: Any, message_length: Any) -> float:
    """Tokens that one question costs: x for each node that observes, 2 m for each edge (written once, read once).

    For a tree of N leaves this is N x + c0 (N - 1), c0 = 2 m b / (b - 1).

    >>> organisation_tokens(tree(5, 2), leaf_compute=100.0, message_length=50.0), 25 * 100 + 125 * 24
    (5500.0, 5500)
    """
    check_organisation(graph, ties="coin")
    observers = sum(1 for v, b in graph.in_degree() if b == 0 or graph.nodes[v].get("observes", False))
    return observers * number("leaf_compute", leaf_compute, 0.0) + 2.0 * number("message_length", message_length, 0.0) * graph.number_of_edges()


def each(name: str, value: Any, labels: list[Any], low: float, high: float) -> np.ndarray:
    """One number for all, or a mapping with a number for each."""
    if not isinstance(value, Mapping):
        return np.full(len(labels), number(name, value, low, high))
    for label in labels:
        if label not in value:
            raise BadValue(f"{name}: got nothing for {label!r}; allowed: one number for all, or a mapping with one for each")
    return np.array([number(f"{name}[{label!r}]", value[label], low, high) for label in labels])


def wire(
    graph: Any,
    leaf_bias: Any,
    fidelity: Any = 1.0,
    correlation: Any = 0.0,
    *,
    channel: Any = "flip",
    vote: Any = "majority",
    noise: Any = 0.0,
    ties: Any = "refuse",
    correlated: Any = "received",
    weights: Any = None,
) -> Wiring:
    """The organisation as arrays, checked; arguments as in `simulate_organisation`."""
    _checked(graph, None, None, "coin" if vote == "weighted" else ties)
    kind, shared = CHANNELS.index(choice("channel", channel, CHANNELS)), ("received", "sent").index(choice("correlated", correlated, ("received", "sent")))
    weighted = choice("vote", vote, VOTES) == "weighted"
    if weights is not None and not weighted:
        raise BadValue(f"weights: got weights with vote {vote!r}; allowed: None, or vote='weighted'")
    labels = list(graph.nodes)
    number_of = {v: i for i, v in enumerate(labels)}
    n = len(labels)
    pairs = [(u, v) for v in labels for u in graph.pred[v]]
    degree = np.array([len(graph.pred[v]) for v in labels], dtype=np.int64)
    source = np.fromiter((number_of[u] for u, _ in pairs), np.int64, len(pairs))
    own = np.array([i for i, v in enumerate(labels) if degree[i] and flag(f"observes of {v!r}", graph.nodes[v].get("observes", False))], dtype=np.int64)
    after = np.cumsum(degree)[own]
    source, private = np.insert(source, after, n + np.arange(own.size)), np.insert(np.zeros(len(pairs), bool), after, True)
    observers = [v for i, v in enumerate(labels) if degree[i] == 0] + [labels[i] for i in own]
    degree = degree + np.bincount(own, minlength=n)
    start = np.concatenate([[0], np.cumsum(np.concatenate([degree, np.zeros(own.size, np.int64)]))])
    read = np.zeros(n + own.size, bool)
    read[source] = True
    order, level, place, places = bit_votes.arranged(start, source, np.flatnonzero(~read))
    if not places:
        raise BadValue(_cycle(graph))
    bias = np.zeros(n + own.size)
    bias[np.concatenate([np.flatnonzero(degree == 0), n + np.arange(own.size)])] = each("leaf_bias", leaf_bias, observers, -1.0, 1.0)
    gamma = np.ones(source.size)
    gamma[~private] = each("fidelity", fidelity, pairs, 0.0, 1.0)
    inner = np.flatnonzero(degree > 0)
    rho, q = np.zeros(n + own.size), np.zeros(n + own.size)
    rho[inner] = each("correlation", correlation, [labels[i] for i in inner], 0.0, 1.0)
    q[inner] = each("noise", noise, [labels[i] for i in inner], 0.0, 1.0)
    wiring = Wiring(labels, start, source, private, order, level, place, bias, gamma, rho, q, np.ones(source.size), kind, shared, weighted)
    if weighted:
        wiring = wiring._replace(weight=_log_odds(wiring) if weights is None else _weights(weights, pairs, private))
    return wiring


def _weights(weights: Any, pairs: list[Any], private: np.ndarray) -> np.ndarray:
    out = np.ones(private.size)
    out[~private] = each("weights", weights, pairs, -1e9, 1e9)
    return out


def _log_odds(wiring: Wiring) -> np.ndarray:
    """What weighs a message most accurately: the log-odds that it is right, if the inputs of every node were independent."""
    believed = recursion(wiring._replace(weighted=False))
    return np.clip(2.0 * np.arctanh(np.clip(wiring.fidelity * believed[wiring.source], -1.0, 1.0)), -SURE, SURE)


# ------------------------------------------------------------------------------------------------ the law, by recursion
def recursion(wiring: Wiring) -> np.ndarray:
    """(n,) bias of each node if the inputs of every node were independent but for its correlation: exact on trees, `level_map` of
    the theory for unequal inputs; wrong where inputs share ancestors. Weighted votes: fan-in up to 16 (10 with abstention)."""
    out = wiring.bias.copy()
    for v in wiring.order:
        if wiring.start[v] < wiring.start[v + 1]:
            out[v] = said(wiring, v, out[wiring.source[wiring.start[v] : wiring.start[v + 1]]])
    return out


def said(wiring: Wiring, v: int, bias: np.ndarray) -> float:
    """Bias of what node v says when its inputs say independent things of these biases."""
    a, b, rho = wiring.start[v], wiring.start[v + 1], wiring.correlation[v]
    gamma, weight = wiring.fidelity[a:b], wiring.weight[a:b] if wiring.weighted else None
    value = (1.0 - rho) * vote_bias(bias, gamma, wiring.channel, weight) if rho < 1.0 else 0.0
    if rho > 0.0 and wiring.shared == bit_votes.RECEIVED:
        value += rho * gamma[0] * bias[0] * (1.0 if weight is None else np.sign(math.fsum(weight)))
    elif rho > 0.0:
        value += rho * bias[0] * vote_bias(np.ones(b - a), gamma, wiring.channel, weight)
    return (1.0 - 2.0 * wiring.noise[v]) * value


def enumeration(wiring: Wiring) -> np.ndarray:
    """(n,) exact bias of each node, shared ancestors and all: the joint law of the nodes that are still to be read, all patterns."""
    places = int(wiring.place.max()) + 1
    widest = int(np.diff(wiring.start).max())
    if places > 20 or widest > 12:
        raise BadValue(f"graph: got {places} nodes to remember at once and fan-in {widest}; allowed: by enumeration at most 20 and 12: simulate instead")
    joint, out = np.zeros((2,) * places), wiring.bias.copy()
    joint[(0,) * places] = 1.0
    for v in wiring.order:
        sources, axis = wiring.source[wiring.start[v] : wiring.start[v + 1]], int(wiring.place[v])
        bias = np.full((1,) * places, wiring.bias[v])
        if sources.size:
            axes = wiring.place[sources]
            table = np.array([said(wiring, v, np.array(pattern)) for pattern in itertools.product((-1.0, 1.0), repeat=sources.size)])
            table = table.reshape((2,) * sources.size).transpose(np.argsort(axes))
            bias = table.reshape([2 if k in axes else 1 for k in range(places)])
        joint = np.stack([(joint * ((1.0 - bias) / 2.0)).sum(axis=axis), (joint * ((1.0 + bias) / 2.0)).sum(axis=axis)], axis=axis)
        rest = joint.sum(axis=tuple(k for k in range(places) if k != axis))
        out[v] = rest[1] - rest[0]
    return out


def vote_bias(bias: Any, fidelity: Any, channel: int, weight: Any = None) -> float:
    """Bias of a vote among independent messages of these biases and fidelities; ties are a fair coin.

    >>> round(vote_bias([0.5, 0.5, 0.5], [1.0, 1.0, 1.0], bit_votes.FLIP), 12), (3 * 0.5 - 0.5**3) / 2
    (0.6875, 0.6875)
    """
    bias, fidelity = np.asarray(bias, float), np.asarray(fidelity, float)
    heard = fidelity if channel == bit_votes.ABSTAIN else np.ones(bias.size)
    mu = bias if channel == bit_votes.ABSTAIN else fidelity * bias
    right, wrong = heard * (1.0 + mu) / 2.0, heard * (1.0 - mu) / 2.0
    if weight is None:
        law = np.ones(1)  # of (number right - number wrong), from -b to b
        for p, q in zip(right, wrong):
            law = np.convolve(law, [q, 1.0 - p - q, p])
        return float(law[bias.size + 1 :].sum() - law[: bias.size].sum())
    if bias.size > (10 if channel == bit_votes.ABSTAIN else 16):
        raise BadValue(f"vote: got a weighted vote among {bias.size}; allowed: by recursion at most 16 inputs (10 with abstention): simulate instead")
    sums, law = np.zeros(1), np.ones(1)
    for p, q, w in zip(right, wrong, weight):
        silent = channel == bit_votes.ABSTAIN
        sums = np.concatenate([sums + w, sums - w, *([sums] if silent else [])])
        law = np.concatenate([law * p, law * q, *([law * (1.0 - p - q)] if silent else [])])
    return float((law * np.sign(sums)).sum())


def organisation_recursion(graph: Any, leaf_bias: Any, fidelity: Any = 1.0, correlation: Any = 0.0, **options: Any) -> np.ndarray:
    """(n,) bias of each node, in the graph's order, as if inputs shared no ancestors; arguments as in `simulate_organisation`.

    >>> organisation_recursion(star(3), leaf_bias=0.5).tolist()
    [0.6875, 0.5, 0.5, 0.5]
    """
    wiring = wire(graph, leaf_bias, fidelity, correlation, **options)
    return recursion(wiring)[: len(wiring.labels)]


def organisation_enumeration(graph: Any, leaf_bias: Any, fidelity: Any = 1.0, correlation: Any = 0.0, **options: Any) -> np.ndarray:
    """(n,) exact bias of each node, in the graph's order, also where inputs share ancestors; small organisations and trees.

    Two relays of one leaf, read by a node that also reads the leaf, agree with it: the recursion thinks that they are three opinions.

    >>> import networkx
    >>> graph = networkx.DiGraph([("leaf", "a"), ("leaf", "b"), ("leaf", "vote"), ("a", "vote"), ("b", "vote")])
    >>> float(organisation_enumeration(graph, 0.5)[-1]), float(organisation_recursion(graph, 0.5)[-1])
    (0.5, 0.6875)
    """
    wiring = wire(graph, leaf_bias, fidelity, correlation, **options)
    return enumeration(wiring)[: len(wiring.labels)]


# ------------------------------------------------------------------------------------------------ simulation
def simulate_organisation(
    graph: Any,
    leaf_bias: Any,
    fidelity: Any = 1.0,
    correlation: Any = 0.0,
    *,
    channel: Any = "flip",
    vote: Any = "majority",
    noise: Any = 0.0,
    ties: Any = "refuse",
    correlated: Any = "received",
    weights: Any = None,
    replications: Any = 10_000,
    seed: Any = 1,
    threads: Any = 1,
) -> Simulated:
    """Many questions answered by an organisation: biases by level and by node, and the correlation of what nodes read.

    A leaf is right with probability (1 + leaf_bias) / 2. A message of a node passes its edge's channel; a node votes among
    what it receives. With probability `correlation`, drawn afresh in each node, all that it receives equals its first input.
    Law: exact for probabilities that are multiples of 2**-64 (every double from 2**-11 on); others are rounded down to one.

    Parameters
    ----------
    graph : networkx.DiGraph without cycles; an edge's reader votes. Inputs are ordered as the edges were added.
    leaf_bias : in [-1, 1]; one number, or a mapping from observing nodes.
    fidelity : gamma in [0, 1]; one number, or a mapping from edges (u, v).
    correlation : rho in [0, 1]; one number, or a mapping from nodes that read.
    channel : "flip": a message is inverted with probability (1 - gamma) / 2; "coin": lost with probability 1 - gamma, and a fair
        coin takes its place; "abstain": lost with probability 1 - gamma, and the vote is among the others (a fair coin where it ties).
    vote : "majority", or "weighted": the sign of the sum of weights times votes.
    noise : in [0, 1]; a node says the opposite of its vote with this probability (noisy majority); one number, or a mapping.
    ties : "refuse" even numbers of inputs, or a fair "coin". Weighted votes always use the coin, on exact ties.
    correlated : "received": the common value is drawn after the channel (then the correlation of any two inputs is rho exactly);
        "sent": before it, so that channels make the copies differ.
    weights : mapping from edges, for weighted votes; None for log-odds 2 artanh(gamma bias), with the biases of the majority recursion.
    replications, seed : whole numbers.
    threads : used at once; they change no bit of the result.

    Returns
    -------
    Simulated. The correlation of a level pools disjoint pairs of inputs (first and second, third and fourth, ...) of its nodes.

    Raises
    ------
    BadType, BadValue : cycles, fan-ins that can tie, numbers out of range.

    Examples
    --------
    >>> runs = simulate_organisation(tree(3, 2), leaf_bias=0.3, fidelity=0.9, replications=20_000, seed=7)
    >>> runs.level_nodes.tolist()
    [9, 3, 1]
    >>> bool(abs(runs.level_bias[2] - organisation_recursion(tree(3, 2), 0.3, 0.9)[0]) < 4 * runs.level_error[2])
    True
    """
    wiring = wire(graph, leaf_bias, fidelity, correlation, channel=channel, vote=vote, noise=noise, ties=ties, correlated=correlated, weights=weights)
    replications, seed = whole("replications", replications, 1, 2**31), whole("seed", seed, 0, 2**64 - 1)
    return simulate(wiring, replications, seed, whole("threads", threads, 1))


def simulate(wiring: Wiring, replications: int, seed: int, threads: int = 1) -> Simulated:
    """`simulate_organisation` for a wiring that is already there."""
    n, start = len(wiring.labels), wiring.start
    total = start.size - 1
    # own observations are leaves of a level of their own, the last, which is not reported
    level, levels = wiring.level.copy(), int(wiring.level[:n].max()) + 1
    level[n:] = levels
    nodes = np.bincount(level, minlength=levels + 1)
    fan_in = np.diff(start)
    pairs = np.bincount(level, fan_in // 2, minlength=levels + 1).astype(np.int64)
    digits = np.array([max(int(k), 2 * int(p)).bit_length() for k, p in zip(nodes, pairs)], np.int64)
    base = np.concatenate([[0], np.cumsum(5 * digits)])
    if float(max(nodes.max(), 2 * pairs.max())) ** 2 * replications > 2.0**62:  # sums of squares are whole numbers of 64 bits
        raise BadValue(f"replications: got {replications} of levels of {nodes.max()} nodes; allowed: nodes^2 replications up to 2**62")
    words = -(-replications // 64)
    width = min(32, words)
    while width > 1 and (int(wiring.place.max()) + 1 + 2 * base[-1]) * width > 2**22:
        width //= 2
    leaf = fan_in == 0
    wrong = bit_votes.threshold(np.where(leaf, (1.0 - wiring.bias) / 2.0, wiring.noise))
    lost = bit_votes.threshold((1.0 - wiring.fidelity) * (0.5 if wiring.channel == bit_votes.FLIP else 1.0))
    common = bit_votes.threshold(wiring.correlation)
    wires, chances = (wiring.order, start, wiring.source, wiring.place, level), (wrong, lost, common, wiring.weight)
    modes = (wiring.channel, wiring.shared, wiring.weighted)

    def part(first: int) -> tuple[np.ndarray, np.ndarray]:
        ones, moments = np.zeros(total, np.int64), np.zeros((levels + 1, bit_votes.MOMENTS), np.int64)
        for word in range(first, words, width * threads):
            work = np.zeros((base[-1], width), np.uint64)
            bit_votes.played(np.uint64(seed), word, replications, wires, chances, modes, base, work, ones, moments)
        return ones, moments

    firsts = range(0, min(words, width * threads), width)
    if threads == 1:
        parts = [part(0)]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(part, firsts))
    ones, moments = np.sum([p[0] for p in parts], axis=0), np.sum([p[1] for p in parts], axis=0)
    return _summary(ones[:n], moments[:levels], nodes[:levels], pairs[:levels], wiring.level[:n], replications)


def _summary(ones: np.ndarray, moments: np.ndarray, nodes: np.ndarray, pairs: np.ndarray, level: np.ndarray, replications: int) -> Simulated:
    r = replications
    with np.errstate(invalid="ignore", divide="ignore"):
        m = moments.astype(float)  # integers below 2**53 but for huge runs
        mean = m[:, 0] / r
        bias, spread = 2.0 * mean / nodes - 1.0, 2.0 * np.sqrt(np.maximum(m[:, 1] / r - mean**2, 0.0) / max(r - 1, 1)) / nodes
        c, z, y = m[:, 2] / r, m[:, 3] / r, m[:, 4] / r
        k = np.where(pairs > 0, pairs, np.nan)
        both, one, heard = c / k, z / (2 * k), y / (2 * k)
        variance = heard - one**2
        rho = (both - one**2) / variance
        # delta method: d rho = (d both - 2 one d one - rho (d heard - 2 one d one)) / variance
        a0, a1, a2 = 1.0 / k, -2.0 * one * (1.0 - rho) / (2 * k), -rho / (2 * k)
        cc, cz, cy, zz, zy, yy = m[:, 5] / r - c * c, m[:, 6] / r - c * z, m[:, 7] / r - c * y, m[:, 8] / r - z * z, m[:, 9] / r - z * y, m[:, 10] / r - y * y
        square = a0 * a0 * cc + a1 * a1 * zz + a2 * a2 * yy + 2 * (a0 * a1 * cz + a0 * a2 * cy + a1 * a2 * zy)
        rho_error = np.sqrt(np.maximum(square, 0.0) / max(r - 1, 1)) / variance
        node = 2.0 * ones / r - 1.0
    return Simulated(bias, spread, nodes, rho, rho_error, node, np.sqrt((1.0 - node**2) / r), level, r)
