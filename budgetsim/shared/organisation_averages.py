"""Organisations that average estimates: exact second moments on any DAG, and simulation.

A leaf's estimate errs by a centred normal variable; a message adds independent noise; a node averages what it receives, with
weights that sum to 1. With probability `correlation`, drawn afresh in each node, all its inputs equal its first one (before the
noise of messages), so that two inputs have this correlation. With `leaf_correlation` the leaves themselves share an error.
"""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, number, whole
from ..kernels import compiled
from . import organisations
from .bit_votes import COMMON, GOLDEN, MIX1, MIX2, ONE, S27, S30, S31, S32, STREAM, U, bernoulli_words, threshold

LEAF, MESSAGE = U(5 << 56), U(6 << 56)  #: salts; `bit_votes` has 0 to 4


class Averaged(NamedTuple):
    """Mean squared errors, with standard errors over replications."""

    level_risk: np.ndarray  #: (levels,)
    level_error: np.ndarray
    node_risk: np.ndarray  #: (n,)
    node_error: np.ndarray
    replications: int


def normal_of(x0, x1, slot, lane):
    """One standard normal of a lane."""
    z = x0 + GOLDEN * (slot + (U(lane) << S32))
    z = (z ^ (z >> S30)) * MIX1
    z = (z ^ (z >> S27)) * MIX2
    z = z ^ (z >> S31) ^ x1
    return draws.normal_quantile((np.float64(np.int64(z >> U(12))) + 0.5) * 2.220446049250313e-16)


def average_word(seed, word, lanes, wires, chances, places, by_level, level_sums, node_sums):
    """64 replications; adds sums and sums of squares to level_sums (levels, 2) and node_sums (n, 2)."""
    order, start, source, place, level = wires
    leaf_spread, leaf_shared, message_spread, common, weight = chances
    value, errors = np.zeros((places, 64)), np.zeros((by_level.size, 64))
    x0, x1, unsettled, both = np.zeros(1, U), np.zeros(1, U), np.zeros(1, U), np.zeros(1, U)
    together, mean = np.zeros(64), np.zeros(64)
    y0, y1 = draws.block(seed, word, start.size - 1, STREAM)
    if leaf_shared > 0.0:
        for l in range(lanes):
            together[l] = leaf_shared * normal_of(y0, y1, LEAF, l)
    alone = np.sqrt(1.0 - leaf_shared * leaf_shared)
    for j in range(order.size):
        v = order[j]
        x0[0], x1[0] = draws.block(seed, word, v, STREAM)
        if start[v] == start[v + 1]:
            for l in range(lanes):
                mean[l] = leaf_spread[v] * (together[l] + alone * normal_of(x0[0], x1[0], LEAF, l))
        else:
            bernoulli_words(common[v], COMMON, x0, x1, unsettled, both)
            for l in range(lanes):
                mean[l] = 0.0
            for e in range(start[v], start[v + 1]):
                p, q = place[source[e]], place[source[start[v]]]
                for l in range(lanes):
                    sent = value[q, l] if both[0] >> U(l) & ONE else value[p, l]
                    if message_spread[e] > 0.0:
                        sent += message_spread[e] * normal_of(x0[0], x1[0], MESSAGE + U(e - start[v]), l)
                    mean[l] += weight[e] * sent
        for l in range(lanes):
            value[place[v], l] = mean[l]
            square = mean[l] * mean[l]
            errors[level[v], l] += square
            node_sums[v, 0] += square
            node_sums[v, 1] += square * square
    for t in range(by_level.size):
        for l in range(lanes):
            risk = errors[t, l] / by_level[t]
            level_sums[t, 0] += risk
            level_sums[t, 1] += risk * risk


averaged_word = compiled(average_word)


def wire_averages(
    graph: Any, leaf_variance: Any, message_variance: Any, correlation: Any, leaf_correlation: Any, weights: Any = None
) -> tuple[organisations.Wiring, np.ndarray, np.ndarray, np.ndarray, float]:
    """Wiring, variances of nodes and of edges, weights that sum to 1 a node, correlation of leaves."""
    wiring = organisations.wire(graph, 0.0, 1.0, correlation, ties="coin")
    labels, start = wiring.labels, wiring.start
    degree = np.array([len(graph.pred[v]) for v in labels])
    observers = [v for v, b in zip(labels, degree) if b == 0] + [v for v, b in zip(labels, degree) if b and graph.nodes[v].get("observes", False)]
    pairs = [(u, v) for v in labels for u in graph.pred[v]]
    variance = np.zeros(start.size - 1)
    leaf = np.flatnonzero(np.diff(start) == 0)
    variance[leaf] = organisations.each("leaf_variance", leaf_variance, observers, 0.0, 1e300)
    noise, weight = np.zeros(wiring.source.size), np.ones(wiring.source.size)
    noise[~wiring.private] = organisations.each("message_variance", message_variance, pairs, 0.0, 1e300)
    given = {(u, v): graph.edges[u, v].get("weight", 1.0) for u, v in pairs} if weights is None else weights
    weight[~wiring.private] = organisations.each("weights", given, pairs, -1e9, 1e9)
    inner = np.flatnonzero(np.diff(start) > 0)
    total = np.add.reduceat(weight, start[inner]) if inner.size else np.zeros(0)
    if np.any(total <= 0.0):
        raise BadValue(f"weights: sum to {total.min():g} at node {labels[inner[np.argmin(total)]]!r}; allowed: sums above 0")
    weight /= np.repeat(total, np.diff(start)[inner]) if inner.size else 1.0
    return wiring, variance, noise, weight, number("leaf_correlation", leaf_correlation, 0.0, 1.0)


def averaging_risk(
    graph: Any, leaf_variance: Any, message_variance: Any = 0.0, correlation: Any = 0.0, *, leaf_correlation: Any = 0.0, weights: Any = None
) -> np.ndarray:
    """(n,) exact mean squared error of each node, by the covariances of all pairs of nodes: up to 3000 nodes, any DAG.

    Arguments as in `simulate_averaging`.

    >>> from .organisations import star
    >>> round(averaging_risk(star(8), 2.0, 0.5, 0.3)[0].item(), 12)  # v (rho + (1 - rho) / N) + s2 / N
    0.8375
    """
    wiring, variance, noise, weight, shared = wire_averages(graph, leaf_variance, message_variance, correlation, leaf_correlation, weights)
    n = wiring.start.size - 1
    if n > 3000:
        raise BadValue(f"graph: got {n} nodes; allowed: at most 3000: simulate instead")
    cov = np.zeros((n, n))
    leaves = np.flatnonzero(np.diff(wiring.start) == 0)
    spread = np.sqrt(variance[leaves])
    cov[np.ix_(leaves, leaves)] = shared * np.outer(spread, spread)
    cov[leaves, leaves] = variance[leaves]
    for v in wiring.order:
        a, b, rho = wiring.start[v], wiring.start[v + 1], wiring.correlation[v]
        if a < b:
            u, w = wiring.source[a:b], weight[a:b]
            square = (1.0 - rho) * (w @ cov[np.ix_(u, u)] @ w) + rho * cov[u[0], u[0]] + (w**2) @ noise[a:b]
            cov[v] = cov[:, v] = (1.0 - rho) * (w @ cov[u]) + rho * cov[u[0]]
            cov[v, v] = square
    return np.diag(cov)[: len(wiring.labels)].copy()


def simulate_averaging(
    graph: Any,
    leaf_variance: Any,
    message_variance: Any = 0.0,
    correlation: Any = 0.0,
    *,
    leaf_correlation: Any = 0.0,
    weights: Any = None,
    replications: Any = 10_000,
    seed: Any = 1,
) -> Averaged:
    """Mean squared errors of an organisation whose nodes average, by level and by node.

    Parameters
    ----------
    graph : as in `simulate_organisation`; a node that reads and `observes` has its own estimate as one more input, of weight 1.
    leaf_variance : v >= 0, squared units of the estimate; one number, or a mapping from observing nodes.
    message_variance : s2 >= 0, added by an edge; one number, or a mapping from edges.
    correlation : in [0, 1]; with this probability, afresh in each node, all inputs equal its first one.
    leaf_correlation : in [0, 1], of the errors of any two leaves (an error that all share).
    weights : mapping from edges; None for the edges' attribute `weight`, or 1. Each node rescales its own to sum to 1.
    replications, seed : whole numbers.

    Returns
    -------
    Averaged.

    Raises
    ------
    BadType, BadValue : as `simulate_organisation`; weights of a node that do not sum to more than 0.

    Examples
    --------
    >>> from .organisations import tree
    >>> runs, exact = simulate_averaging(tree(3, 2), 2.0, 0.5, 0.3, seed=3), averaging_risk(tree(3, 2), 2.0, 0.5, 0.3)
    >>> round(exact[0].item(), 5), bool(abs(runs.node_risk[0] - exact[0]) < 4 * runs.node_error[0])
    (0.82444, True)
    """
    wiring, variance, noise, weight, shared = wire_averages(graph, leaf_variance, message_variance, correlation, leaf_correlation, weights)
    r, seed = whole("replications", replications, 1, 2**31), whole("seed", seed, 0, 2**64 - 1)
    n = len(wiring.labels)
    level = wiring.level.copy()
    level[n:] = levels = int(wiring.level[:n].max()) + 1  # own observations, not reported
    wires = (wiring.order, wiring.start, wiring.source, wiring.place, level)
    chances = (np.sqrt(variance), float(np.sqrt(shared)), np.sqrt(noise), threshold(wiring.correlation), weight)
    by_level, level_sums, node_sums = np.maximum(np.bincount(level, minlength=levels + 1), 1), np.zeros((levels + 1, 2)), np.zeros((level.size, 2))
    for word in range(-(-r // 64)):
        averaged_word(np.uint64(seed), word, min(64, r - 64 * word), wires, chances, int(wiring.place.max()) + 1, by_level, level_sums, node_sums)
    risk, error = _mean(level_sums[:levels], r)
    return Averaged(risk, error, *_mean(node_sums[:n], r), r)


def _mean(sums: np.ndarray, r: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and its standard error, from sums and sums of squares over r replications."""
    mean = sums[:, 0] / r
    return mean, np.sqrt(np.maximum(sums[:, 1] / r - mean**2, 0.0) / max(r - 1, 1))
