"""The best linear weights of an organisation that averages: a quadratic program, which is a unit current through resistors."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, choice, flag, number
from ..model import Optimum

_EPS = float(np.finfo(float).eps)
_FAINT = 1e-150  # of the root's answer


class Plan(NamedTuple):
    """`weight` (E,) of each message in its reader's mean and `own` (n,) of a node's own evidence, 0 where it has none; those that reach a node sum to 1.

    `flow` (E,) and `evidence` (n,): what each message and each piece of evidence weighs in the root's answer. In the order of graph.edges and graph.nodes.
    A node that the root does not listen to has weights 0.
    """

    weight: np.ndarray
    own: np.ndarray
    flow: np.ndarray
    evidence: np.ndarray


class Potential(NamedTuple):
    """`potential` (n,) of each node; half of it is the covariance of the node's answer with the root's, up to a shift that the correlation explains."""

    potential: np.ndarray


class _Network(NamedTuple):
    """Nodes 0..n-1 with the root last in `order`; edges (E, 2); evidence: nodes (K,), their variances (K,); noise (E,)."""

    order: list[int]
    edges: np.ndarray
    holders: np.ndarray
    variance: np.ndarray
    noise: np.ndarray
    correlation: float


def averaging_weights(
    graph: Any, leaf_variance: Any, correlation: float = 0.0, message_variance: Any = 1.0, *, nonnegative: bool = False, method: str = "auto"
) -> Optimum:
    """Weights with which the root's error variance is least, each node's answer being an unbiased mean of what it read.

    Evidence i has error variance v_i and pairwise error correlation rho; a message on edge e adds noise of variance s_e of its own. Let a_i and f_e be
    what evidence and messages weigh in the root's answer; every node passes on as much as it takes in:

        min  sum s_e f_e^2 + (1 - rho) sum v_i a_i^2 + rho t^2,   t = sum sqrt(v_i) a_i,   a_u + f_into(u) = f_out_of(u),   f_into(root) + a_root = 1.

    A convex quadratic program with a diagonal objective. For equal v_i it is Thomson's principle: rho v and the effective resistance between ground and root of a network in which
    messages are resistors s_e and evidence (1 - rho) v_i. The mean's weights are w_e = f_e / f_out_of(reader).

    `upper` is the variance of the weights returned, carried from leaf to root afresh; `lower` the dual value at the potentials, where every flow is minimised apart.

    Parameters
    ----------
    graph : networkx.DiGraph, acyclic, edges from sender to reader, one node without reader: the root.
    leaf_variance : v > 0 of every node without messages or with the attribute observes=True; or a mapping from the nodes that have evidence to their v.
    correlation : rho in [0, 1), the same for all pairs.
    message_variance : s > 0, one number or a mapping from edges (sender, reader).
    nonnegative : weights below 0 are ruled out. With them a reader may subtract what two senders have in common.
    method : "cvxpy", the program as above; "nodal", without the sign, the linear equations of the network; "auto", "nodal" where it applies
        and closes the gap, else "cvxpy".

    Returns
    -------
    Optimum, to be minimised, so `upper` is attained; `plan` = Plan(weight, own, flow, evidence), `dual` = Potential(potential).

    Raises
    ------
    BadType, BadValue : not a DiGraph, a cycle, several roots, a node without evidence and messages, numbers out of range, "nodal" with a sign.

    Examples
    --------
    A star of 8, and a chain of 40 in which each adds its own to what it read: it has a floor.

    >>> from budgetsim.shared.organisations import chain, star
    >>> best = averaging_weights(star(8), 2.0, 0.3, 0.5)
    >>> round(best.value, 6), best.plan.weight.round(6).tolist()[:2]
    (0.8375, [0.125, 0.125])
    >>> best = averaging_weights(chain(40), 2.0, 0.0, 0.5)
    >>> round(best.value, 6), best.upper - best.lower < 1e-11
    (0.780776, True)

    References
    ----------
    [Liu2026]_ for the model; [Doyle1984]_ for networks.
    """
    nonnegative = flag("nonnegative", nonnegative)
    method = choice("method", method, ("auto", "cvxpy", "nodal"))
    if method == "nodal" and nonnegative:
        raise BadValue("method: got 'nodal' beside nonnegative=True; allowed: cvxpy or auto")
    net = _network(graph, leaf_variance, correlation, message_variance)
    nodal = method == "nodal" or (method == "auto" and not nonnegative)
    plan, variance, lower, potential = _bracket(net, _nodal(net) if nodal else _program(net, nonnegative), nonnegative)
    if method == "auto" and nodal and not variance - lower <= 1e-6 * variance:  # resistors too unlike for floats to add
        other = _bracket(net, _program(net, False), False)
        plan, variance, potential = (plan, variance, potential) if variance <= other[1] else (other[0], other[1], other[3])
        lower = max(other[2], lower)
    allowance = 64 * _EPS * (len(net.order) + len(net.edges)) * abs(variance)
    upper = variance + allowance
    of = f"error variance of the root, linear weights{' >= 0' if nonnegative else ''}, to be minimised"
    return Optimum("averaging_weights", "certified", variance, min(lower - allowance, upper), upper, plan, Potential(potential), of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    from ..shared.organisations import chain, star

    return [
        {"graph": star(1), "leaf_variance": 2.0, "message_variance": 0.5},
        {"graph": star(4), "leaf_variance": 2.0, "correlation": 0.3, "message_variance": 0.5},
        {"graph": chain(3), "leaf_variance": 2.0, "message_variance": 0.5},
    ]


def _bracket(net: _Network, solved: Any, nonnegative: bool) -> tuple[Plan, float, float, np.ndarray]:
    flow, evidence, potential, tilt = solved
    plan, variance = _weights(net, flow, evidence, nonnegative)
    return plan, variance, _dual(net, potential, tilt, nonnegative), potential


# ------------------------------------------------------------------------------------------------ the graph
def _network(graph: Any, leaf_variance: Any, correlation: Any, message_variance: Any) -> _Network:
    import networkx as nx

    if not isinstance(graph, nx.DiGraph) or graph.is_multigraph():
        raise BadType(f"graph: got {type(graph).__name__}; allowed: networkx.DiGraph, edges from sender to reader")
    nodes = list(graph.nodes)
    if not nodes:
        raise BadValue("graph: got no nodes; allowed: at least one")
    if not nx.is_directed_acyclic_graph(graph):
        raise BadValue(f"graph: got the cycle {' -> '.join(str(u) for u, _ in nx.find_cycle(graph))}; allowed: an acyclic graph")
    roots = [u for u in nodes if graph.out_degree(u) == 0]
    if len(roots) != 1:
        raise BadValue(f"graph: got {len(roots)} nodes that nobody reads; allowed: one, the root")
    rho = number("correlation", correlation, 0.0)
    if rho >= 1.0:
        raise BadValue(f"correlation: got {rho:g}; allowed: a number in [0, 1)")
    place = {u: i for i, u in enumerate(nodes)}
    if isinstance(leaf_variance, Mapping):
        for u in leaf_variance:
            if u not in place:
                raise BadValue(f"leaf_variance: got the node {u!r}; allowed: nodes of the graph")
        held = {place[u]: _positive("leaf_variance", v) for u, v in leaf_variance.items()}
    else:
        observers = [u for u in nodes if graph.in_degree(u) == 0 or graph.nodes[u].get("observes", False)]
        held = dict.fromkeys((place[u] for u in observers), _positive("leaf_variance", leaf_variance))
    for u in nodes:
        if graph.in_degree(u) == 0 and place[u] not in held:
            raise BadValue(f"leaf_variance: the node {u!r} has neither evidence nor messages; allowed: evidence for every node without messages")
    edges = list(graph.edges)
    if isinstance(message_variance, Mapping):
        missing = next((e for e in edges if e not in message_variance), None)
        if missing is not None:
            raise BadValue(f"message_variance: nothing for the edge {missing!r}; allowed: a number for every edge")
        noise = np.array([_positive("message_variance", message_variance[e]) for e in edges])
    else:
        noise = np.full(len(edges), _positive("message_variance", message_variance))
    order = [place[u] for u in nx.topological_sort(graph)]
    holders = np.array(sorted(held))
    pairs = np.array([(place[u], place[v]) for u, v in edges], dtype=np.int64).reshape(-1, 2)
    return _Network(order, pairs, holders, np.array([held[i] for i in holders]), noise, rho)


def _positive(name: str, value: Any) -> float:
    found = number(name, value, 0.0)
    if found == 0.0:
        raise BadValue(f"{name}: got 0; allowed: a number above 0")
    return found


def _balance(net: _Network) -> tuple[Any, np.ndarray]:
    """A and b of A (f, a) = b: out less in at each node, as much as is taken in; one unit leaves at the root."""
    from scipy import sparse

    count, e, k = len(net.order), len(net.edges), len(net.holders)
    rows = np.concatenate([net.edges[:, 1], net.edges[:, 0], net.holders])
    columns = np.concatenate([np.arange(e), np.arange(e), e + np.arange(k)])
    signs = np.concatenate([np.ones(e), -np.ones(e), np.ones(k)])
    b = np.zeros(count)
    b[net.order[-1]] = 1.0
    return sparse.csr_matrix((signs, (rows, columns)), shape=(count, e + k)), b


# ------------------------------------------------------------------------------------------------ two ways to solve it
def _nodal(net: _Network) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Stationarity 2 q z = A'p - tilt root(v) on the evidence, balance, and t = sum root(v) a with tilt = 2 rho t: linear in (p, tilt)."""
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    balance, b = _balance(net)
    e, root = len(net.edges), np.sqrt(net.variance)
    conductance = 0.5 / np.concatenate([net.noise, (1.0 - net.correlation) * net.variance])
    along = np.concatenate([np.zeros(e), root])
    laplacian = (balance.multiply(conductance) @ balance.T).tocsc()
    pull = balance @ (conductance * along)
    # p = first - tilt second; tilt = 2 rho along'z then gives the tilt
    solved = (
        spsolve(laplacian, sparse.csc_matrix(np.column_stack([b, -pull]))).toarray() if len(b) > 1 else np.column_stack([b, -pull]) / laplacian.toarray()[0, 0]
    )
    first, second = solved[:, 0], solved[:, 1]
    z0, z1 = conductance * (balance.T @ first), conductance * (balance.T @ second + along)
    tilt = 2.0 * net.correlation * float(along @ z0) / (1.0 + 2.0 * net.correlation * float(along @ z1))
    z = z0 - tilt * z1
    return z[:e], z[e:], first - tilt * second, tilt


def _program(net: _Network, nonnegative: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    import cvxpy as cp

    balance, b = _balance(net)
    e, k = len(net.edges), len(net.holders)
    z, t = cp.Variable(e + k, nonneg=nonnegative), cp.Variable()
    spread = cp.sum(cp.multiply(np.concatenate([net.noise, (1.0 - net.correlation) * net.variance]), cp.square(z)))
    rules = [balance @ z == b, np.sqrt(net.variance) @ z[e:] == t]
    problem = cp.Problem(cp.Minimize(spread + net.correlation * cp.square(t)), rules)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    if z.value is None:
        raise BadValue(f"leaf_variance, message_variance: the solver ended with {problem.status}; allowed: numbers of more similar size")
    tilt = 2.0 * net.correlation * float(t.value)
    return z.value[:e], z.value[e:], -rules[0].dual_value, tilt


# ------------------------------------------------------------------------------------------------ the certificate
def _weights(net: _Network, flow: np.ndarray, evidence: np.ndarray, nonnegative: bool) -> tuple[Plan, float]:
    """Means from a flow that balances up to rounding, then the exact flow of these means and its variance."""
    count = len(net.order)
    taken, own = flow.copy(), np.zeros(count)
    own[net.holders] = evidence
    if nonnegative:
        taken, own = np.maximum(taken, 0.0), np.maximum(own, 0.0)
    into: list[list[int]] = [[] for _ in range(count)]
    for j, (_, reader) in enumerate(net.edges):
        into[reader].append(j)
    passed = np.zeros(count)
    passed[net.order[-1]] = 1.0
    weight, share = np.zeros(len(net.edges)), np.zeros(count)
    for u in reversed(net.order):
        total = own[u] + math.fsum(taken[into[u]])
        if abs(total) < _FAINT:  # hardly listened to: any mean will do
            taken[into[u]], own[u] = 1.0, float(u in net.holders)
            total = own[u] + len(into[u])
        scale = 1.0 / total if passed[u] != 0.0 else 0.0
        weight[into[u]], share[u] = taken[into[u]] * scale, own[u] * scale
        passed[net.edges[into[u], 0]] += passed[u] * weight[into[u]]
    flow, evidence = passed[net.edges[:, 1]] * weight, passed * share
    a, root = evidence[net.holders], np.sqrt(net.variance)
    variance = math.fsum(net.noise * flow**2) + (1.0 - net.correlation) * math.fsum(net.variance * a**2) + net.correlation * math.fsum(root * a) ** 2
    return Plan(weight, share, flow, evidence), variance


def _dual(net: _Network, potential: np.ndarray, tilt: float, nonnegative: bool) -> float:
    """p_root + min over z of sum q z^2 - (A'p - tilt root(v)) z, and over t of rho t^2 - tilt t: every term apart."""
    balance, b = _balance(net)
    pull = balance.T @ potential - tilt * np.concatenate([np.zeros(len(net.edges)), np.sqrt(net.variance)])
    if nonnegative:
        pull = np.maximum(pull, 0.0)
    price = 0.25 * pull**2 / np.concatenate([net.noise, (1.0 - net.correlation) * net.variance])
    return float(b @ potential) - math.fsum(price) - (0.25 * tilt**2 / net.correlation if net.correlation > 0.0 else 0.0)
