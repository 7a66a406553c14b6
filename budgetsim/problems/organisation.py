"""Questions that organisations of agents answer: which one to ask, under a budget of tokens."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, choice, number, whole
from ..model import ARM, STOP, Problem, Spec, Units
from ..shared import organisations as shared
from ..shared.bit_votes import ABSTAIN, FLIP, RECEIVED
from ..shared.organisation_averages import averaging_risk, wire_averages
from ..shared.organisations import chain, random_dag, simulate_organisation, single, small_world, star, tree  # noqa: F401 (for users: what to ask is built here)


class Wires(NamedTuple):
    """K organisations, their nodes one after another in an order in which inputs come first; the last one answers."""

    first: np.ndarray  #: (K + 1,) nodes
    start: np.ndarray  #: (n + 1,) edges
    source: np.ndarray  #: (edges,) the node that writes, counted within its organisation
    node: np.ndarray  #: (n,) chance that a leaf errs, or that a node says the opposite of its vote; for averages: a leaf's standard deviation
    edge: np.ndarray  #: (edges,) chance that a message is flipped or lost; for averages: the standard deviation that it adds
    common: np.ndarray  #: (n,) chance of a common failure
    weight: np.ndarray  #: (edges,)


class Voters(NamedTuple):
    """Means are exact."""

    mean_reward: np.ndarray  #: (K,)
    mean_cost: np.ndarray  #: (K, 1) tokens of a question
    largest_cost: np.ndarray  #: (1,)
    wires: Wires
    channel: int
    common_draw: int


class Unsolved(NamedTuple):
    """Means are what 2**16 simulated questions gave."""

    estimated_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray
    wires: Wires
    channel: int
    common_draw: int


class Estimators(NamedTuple):
    """Organisations that average. Means are exact, and nan where common failures make errors that are not normal."""

    mean_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray
    wires: Wires
    together: np.ndarray  #: (K,) square root of the correlation of leaves
    tolerance: float


class Prices(NamedTuple):
    tokens: np.ndarray  #: (K,) of a question


class Said(NamedTuple):
    """Opinions of the organisation that was asked, in its own order, the answer last; then zeros."""

    said: np.ndarray


def vote_step(instance, state, view, action, left, t, key, cost, seen):
    w, said = instance.wires, seen.said
    n, edges = w.node.size, w.edge.size
    start, end = w.first[action], w.first[action + 1]
    right = 1.0
    for v in range(start, end):
        a, b = w.start[v], w.start[v + 1]
        right = 1.0
        if b > a:
            total, leader = 0.0, 0.0
            common = draws.bernoulli(key, 3 * v, w.common[v])
            for e in range(a, b):
                x = said[w.source[e]]
                if instance.common_draw != RECEIVED:
                    if e == a:
                        leader = x
                    elif common != 0.0:
                        x = leader
                if draws.bernoulli(key, 3 * n + 2 * e, w.edge[e]) != 0.0:
                    if instance.channel == FLIP:
                        x = -x
                    elif instance.channel == ABSTAIN:
                        x = 0.0
                    else:
                        x = 2.0 * draws.bernoulli(key, 3 * n + 2 * e + 1, 0.5) - 1.0
                if instance.common_draw == RECEIVED:
                    if e == a:
                        leader = x
                    elif common != 0.0:
                        x = leader
                total += w.weight[e] * x
            if total == 0.0:
                total = draws.bernoulli(key, 3 * v + 1, 0.5) - 0.5
            if total < 0.0:
                right = -1.0
        if draws.bernoulli(key, 3 * v + 2, w.node[v]) != 0.0:
            right = -right
        said[v - start] = right
    truth = 2.0 * draws.bernoulli(key, 3 * n + 2 * edges, 0.5) - 1.0
    for i in range(said.size):
        said[i] = said[i] * truth if i < end - start else 0.0
    cost[0] = instance.mean_cost[action, 0]
    return 1.0 if right > 0.0 else 0.0


def average_step(instance, state, view, action, left, t, key, cost, seen):
    w, said = instance.wires, seen.said
    n, edges = w.node.size, w.edge.size
    start, end = w.first[action], w.first[action + 1]
    together = instance.together[action]
    alone = math.sqrt(1.0 - together * together)
    shared_error = together * draws.normal(key, n + edges)
    error = 0.0
    for v in range(start, end):
        a, b = w.start[v], w.start[v + 1]
        if b == a:
            error = w.node[v] * (shared_error + alone * draws.normal(key, v))
        else:
            error = 0.0
            common = draws.bernoulli(key, v, w.common[v])
            for e in range(a, b):
                x = said[w.source[a]] if common != 0.0 else said[w.source[e]]
                error += w.weight[e] * (x + w.edge[e] * draws.normal(key, n + e))
        said[v - start] = error
    truth = draws.normal(key, n + edges + 1)
    for i in range(said.size):
        said[i] = said[i] + truth if i < end - start else 0.0
    cost[0] = instance.mean_cost[action, 0]
    return 1.0 if abs(error) <= instance.tolerance else 0.0


def expected(instance, state, view, action, t):
    return instance.mean_reward[action]


def loss(instance, state, recommendation):
    best = instance.mean_reward[0]
    for k in range(1, instance.mean_reward.size):
        best = max(best, instance.mean_reward[k])
    return best - instance.mean_reward[recommendation]


def organisation(
    organisations: Any,
    leaf_compute: Any,
    message_length: Any,
    budget: Any = math.inf,
    horizon: Any = 1000,
    *,
    leaf_bias: Any = None,
    leaf_scale: Any = None,
    beta: Any = None,
    fidelity: Any = 1.0,
    correlation: Any = 0.0,
    noise: Any = 0.0,
    channel: Any = "flip",
    vote: Any = "majority",
    ties: Any = "refuse",
    correlated: Any = "received",
    window: Any = None,
    leaf_variance: Any = None,
    message_variance: Any = 0.0,
    leaf_correlation: Any = 0.0,
    tolerance: Any = 1.0,
) -> Problem:
    """Organisations as arms: action k has organisation k answer the round's question, which costs its tokens (law STOP).

    A question is answered as `shared.organisations.simulate_organisation` says: each observing node spends x tokens and is
    right with probability (1 + mu_0(x)) / 2, mu_0(x) = min(1, leaf_scale x^beta); each edge costs 2 m tokens; the node that
    nobody reads answers. The reward is 1 if the answer is right, else 0: its mean is (1 + bias) / 2. With vote="average" leaves
    estimate a number with a normal error, nodes average, and an answer within `tolerance` is right.

    Parameters
    ----------
    organisations : networkx.DiGraph, a list of them, or a mapping from names, each with exactly one node that nobody reads.
    leaf_compute : x >= 0, tokens of an observation.
    message_length : m >= 0, tokens of a message.
    budget : tokens of the whole run.
    horizon : rounds (questions), at least 1.
    leaf_bias : in [-1, 1]; or None, and leaf_scale >= 0 (tokens^-beta) and beta > 0 say it.
    fidelity, correlation, noise, channel, vote, ties, correlated : as in `simulate_organisation`; vote may also be "average".
    window : W, tokens that a node can read; None for no limit.
    leaf_variance, message_variance, leaf_correlation : of averages, as in `simulate_averaging`.
    tolerance : > 0, of averages, the estimates' unit.

    Numbers of an organisation (leaf_compute, message_length, leaf_bias, fidelity, correlation, noise, window, the variances)
    may also be a list, one for each organisation.

    Returns
    -------
    Problem of kind ARM, one resource. `spec.public.tokens` (K,) is known; `seen.said` shows what each node of the organisation
    that was asked said. `expected` is exact and there: on trees, on small DAGs, and for averages without `correlation`.

    Raises
    ------
    BadType, BadValue : what `check_organisation` refuses; a budget below the cheapest question; several answers or none.

    Examples
    --------
    >>> from budgetsim.shared.organisations import single, star, tree
    >>> arms = {"single": single(), "star": star(3), "tree": tree(3, 2)}
    >>> problem = organisation(arms, [900, 200, 50], 20, budget=30_000, leaf_scale=0.2, beta=0.1, fidelity=0.9)
    >>> problem.spec.public.tokens.tolist(), problem.instance.mean_reward.round(4).tolist()
    ([900.0, 720.0, 930.0], [0.6974, 0.7222, 0.7523])

    References
    ----------
    [Liu2026]_ for the model
    """
    named = (
        organisations if isinstance(organisations, Mapping) else dict(enumerate(organisations if isinstance(organisations, (list, tuple)) else [organisations]))
    )
    if not named:
        raise BadValue("organisations: got none; allowed: at least one")
    names, graphs = [str(k) for k in named], list(named.values())
    k = len(graphs)
    averages = choice("vote", vote, (*shared.VOTES, "average")) == "average"
    x, m = _per("leaf_compute", leaf_compute, k, 0.0), _per("message_length", message_length, k, 0.0)
    rho = _per("correlation", correlation, k, 0.0, 1.0)
    windows = [None] * k if window is None else _per("window", window, k, 0.0)
    for graph, length, w in zip(graphs, m, windows):
        shared.check_organisation(graph, length, w, "coin" if averages or vote == "weighted" else ties)
    tokens = np.array([shared.organisation_tokens(g, a, b) for g, a, b in zip(graphs, x, m)])
    budget = array("budget", np.ravel(budget), (1,), 0.0, finite=False)
    if budget[0] < tokens.min():
        raise BadValue(f"budget: got {budget[0]:g}; allowed: at least the cheapest question, {tokens.min():g} tokens")
    prices = (tokens[:, None].copy(), np.array([tokens.max()]))
    instance: Any
    if averages:
        for name, value in (("leaf_bias", leaf_bias), ("leaf_scale", leaf_scale), ("beta", beta)):
            if value is not None:
                raise BadValue(f"{name}: got {value} with averages; allowed: None, because leaf_variance says it")
        tolerance = number("tolerance", tolerance, np.finfo(float).tiny)
        v, s2, common = (
            _per("leaf_variance", leaf_variance, k, 0.0),
            _per("message_variance", message_variance, k, 0.0),
            _per("leaf_correlation", leaf_correlation, k, 0.0, 1.0),
        )
        parts = [wire_averages(*a) for a in zip(graphs, v, s2, rho, common)]
        wirings = [p[0] for p in parts]
        mean = np.array(
            [
                _within(tolerance, averaging_risk(*a[:4], leaf_correlation=a[4])[_answer(a[0])]) if a[3] == 0.0 else math.nan
                for a in zip(graphs, v, s2, rho, common)
            ]
        )
        numbers = ([np.sqrt(p[1]) for p in parts], [np.sqrt(p[2]) for p in parts], [w.correlation for w in wirings], [p[3] for p in parts])
        instance, step, known = Estimators(mean, *prices, _joined(wirings, *numbers), np.sqrt(common), tolerance), average_step, not np.isnan(mean).any()
    else:
        bias = _leaf_bias(leaf_bias, leaf_scale, beta, x)
        gamma, q = _per("fidelity", fidelity, k, 0.0, 1.0), _per("noise", noise, k, 0.0, 1.0)
        options = {"channel": channel, "vote": vote, "ties": ties, "correlated": correlated}
        wirings = [shared.wire(g, a, b, c, noise=d, **options) for g, a, b, c, d in zip(graphs, bias, gamma, rho, q)]
        laws = [_law(g, w) for g, w in zip(graphs, wirings)]
        known = all(a is not None for a in laws)
        mean = np.array([shared.simulate(w, 2**16, 1).node_bias[_answer(g)] if a is None else a for g, w, a in zip(graphs, wirings, laws)]) / 2.0 + 0.5
        half = 0.5 if channel == "flip" else 1.0
        wrong = [np.where(np.diff(w.start) == 0, (1.0 - w.bias) / 2.0, w.noise) for w in wirings]
        numbers = (wrong, [(1.0 - w.fidelity) * half for w in wirings], [w.correlation for w in wirings], [w.weight for w in wirings])
        kind: Any = Voters if known else Unsolved
        instance = kind(mean, *prices, _joined(wirings, *numbers), wirings[0].channel, wirings[0].shared)
        step = vote_step
    widest = int(np.diff(instance.wires.first).max())
    spec = Spec(
        ARM, k, whole("horizon", horizon, 1), budget=budget, law=STOP, seen=Said(np.zeros(widest)), public=Prices(tokens), units=Units("right answers", ("tokens",), "question"),
    )  # fmt: skip
    what = f"average, within {tolerance:g}" if averages else f"{vote}, {channel}"
    return Problem(spec, instance, step, expected=expected if known else None, loss=loss if known else None, name=f"organisation({', '.join(names)}; {what})")


def examples() -> list[Problem]:
    """Votes, with correlated failures and lost messages; averages.

    >>> [p.name for p in examples()]
    ['organisation(single, star, tree; majority, coin)', 'organisation(0, 1; average, within 1)']
    """
    arms = {"single": shared.single(), "star": shared.star(5), "tree": shared.tree(3, 2)}
    return [
        organisation(arms, [400, 60, 20], 10, 60_000, 200, leaf_scale=0.05, beta=0.4, fidelity=0.9, correlation=0.1, channel="coin", window=50),
        organisation(
            [shared.chain(3), shared.tree(3, 1)], 50, 10, math.inf, 150, vote="average", leaf_variance=2.0, message_variance=0.5, leaf_correlation=0.3
        ),
    ]


def _per(name: str, value: Any, k: int, low: float = -math.inf, high: float = math.inf) -> np.ndarray:
    """(K,) from one number or K of them."""
    return array(name, value, (k,), low, high) if np.ndim(value) else np.full(k, number(name, value, low, high))


def _leaf_bias(bias: Any, scale: Any, beta: Any, compute: np.ndarray) -> np.ndarray:
    if bias is not None:
        if scale is not None or beta is not None:
            raise BadValue("leaf_bias: got a value beside leaf_scale and beta; allowed: one or the other")
        return _per("leaf_bias", bias, compute.size, -1.0, 1.0)
    if scale is None or beta is None:
        raise BadValue("leaf_bias: got None, and not both leaf_scale and beta; allowed: a bias, or the two that say it")
    scale, beta = number("leaf_scale", scale, 0.0), number("beta", beta, np.finfo(float).tiny)
    return np.minimum(1.0, scale * compute**beta)


def _answer(graph: Any) -> int:
    """Which node nobody reads."""
    sinks = [i for i, v in enumerate(graph.nodes) if not graph.succ[v]]
    if len(sinks) != 1:
        raise BadValue(f"organisations: got a graph with {len(sinks)} nodes that nobody reads; allowed: exactly one, which answers")
    return sinks[0]


def _law(graph: Any, wiring: shared.Wiring) -> float | None:
    """Exact bias of the answer: by recursion on trees, by enumeration on small graphs, else None."""
    answer, heard_once = _answer(graph), max(d for _, d in graph.out_degree()) <= 1
    for law in (shared.recursion, shared.enumeration) if heard_once else (shared.enumeration,):
        try:
            return float(law(wiring)[answer])
        except BadValue:
            continue
    return None


def _within(tolerance: float, risk: float) -> float:
    return math.erf(tolerance / math.sqrt(2.0 * risk)) if risk > 0.0 else 1.0


def _joined(wirings: list[shared.Wiring], node: list[np.ndarray], edge: list[np.ndarray], common: list[np.ndarray], weight: list[np.ndarray]) -> Wires:
    """Organisations one after another, the nodes of each in its order of play."""
    columns: list[list[np.ndarray]] = [[] for _ in range(6)]
    for w, *numbers in zip(wirings, node, edge, common, weight):
        position = np.empty(w.order.size, np.int64)
        position[w.order] = np.arange(w.order.size)
        edges = np.concatenate([np.arange(w.start[v], w.start[v + 1]) for v in w.order])
        fan_in = np.diff(w.start)[w.order]
        for column, part in zip(columns, (fan_in, position[w.source[edges]], numbers[0][w.order], numbers[1][edges], numbers[2][w.order], numbers[3][edges])):
            column.append(part)
    fan_in, *rest = (np.concatenate(c) for c in columns)
    return Wires(np.cumsum([0, *(w.order.size for w in wirings)]), np.cumsum([0, *fan_in]), *rest)
