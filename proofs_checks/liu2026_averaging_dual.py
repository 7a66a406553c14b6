"""The best weights of an organisation that averages have a dual: potentials at its agents bound its error from below, and the best ones attain it.

Statement. Evidence i has variance v_i and pairwise correlation rho, message e noise s_e; a flow: what messages f_e and evidence a_i weigh in the root's
answer, each agent passing on what it takes in, the root taking in 1. Its error is P = sum s_e f_e^2 + (1 - rho) sum v_i a_i^2 + rho t^2, t = sum
sqrt(v_i) a_i. For all potentials u and all theta, P >= D(u, theta) = u_root - sum (u_reader - u_sender)^2 / (4 s_e) - sum (u_i - 2 rho theta
sqrt(v_i))^2 / (4 (1 - rho) v_i) - rho theta^2 (weak duality), with equality for some u, theta (strong duality).

Source: derived here for the averaging agents of [Liu2026]_ (`optima.averaging_weights`); for rho = 0 it is Thomson's principle of electric networks.

Proved. Weak duality for all networks (sympy): s f^2 - k f + k^2 / (4 s) is (2 s f - k)^2 / (4 s), for each message and each piece of evidence, and t^2 -
2 theta t + theta^2 is a square; what remains is u_root, flows being kept. Strong duality in rationals, by solving the linear equations of both: five
networks of 2 to 4 agents, evidence at the sources or everywhere, rho = 0, 1/4, 1/2, noises of 1 or of 1, 2, 3, variances of 1 or of 1, 4, 9. Drawn
potentials stay below. `averaging_weights` agrees to 1e-9.
Control: theta = 0: the bound forgets what the pieces of evidence have in common.
"""

from fractions import Fraction
from itertools import product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"quarter": Fraction(1, 5)}
NETWORKS = (
    (2, ((0, 1),)),
    (3, ((0, 1), (1, 2))),
    (3, ((0, 2), (1, 2))),
    (4, ((0, 3), (1, 3), (2, 3))),
    (4, ((0, 1), (0, 2), (1, 3), (2, 3))),
)  #: agents, messages from sender to reader; the root is last


def squares() -> bool:
    import sympy as sp

    s, f, k, t, theta = sp.symbols("s f k t theta", positive=True)
    return (
        sp.expand(s * f**2 - k * f + k**2 / (4 * s) - (2 * s * f - k) ** 2 / (4 * s)) == 0
        and sp.expand(t**2 - 2 * theta * t + theta**2 - (t - theta) ** 2) == 0
    )


def best(agents: int, edges: Any, holders: Any, s: Any, root_v: Any, rho: Any) -> tuple[list[Any], list[Any], Any]:
    """(weights of messages and evidence, potentials, theta): stationarity and the flow's equations."""
    from flint import fmpq, fmpq_mat

    m, n, size = len(edges), len(holders), len(edges) + len(holders) + agents
    rows, right = fmpq_mat(size, size), fmpq_mat(size, 1)
    for e, (sender, reader) in enumerate(edges):
        rows[e, e] = 2 * fmpq(s[e])
        for node, sign in ((reader, 1), (sender, -1)):
            rows[e, m + n + node] -= sign
            rows[m + n + node, e] += sign
    for i, node in enumerate(holders):
        rows[m + i, m + i] = 2 * (1 - rho) * fmpq(root_v[i]) ** 2
        for j in range(n):
            rows[m + i, m + j] += 2 * rho * root_v[i] * root_v[j]
        rows[m + i, m + n + node] -= 1
        rows[m + n + node, m + i] += 1
    right[size - 1, 0] = fmpq(1)
    x = [v[0] for v in rows.solve(right).tolist()]
    return x[: m + n], x[m + n :], sum((a * b for a, b in zip(x[m : m + n], root_v, strict=True)), fmpq(0))


def primal(x: Any, edges: Any, s: Any, root_v: Any, rho: Any) -> Any:
    t = sum(a * r for a, r in zip(x[len(edges) :], root_v, strict=True))
    return (
        sum(v * f * f for v, f in zip(s, x, strict=False)) + (1 - rho) * sum((a * r) ** 2 for a, r in zip(x[len(edges) :], root_v, strict=True)) + rho * t * t
    )


def dual(u: Any, theta: Any, edges: Any, holders: Any, s: Any, root_v: Any, rho: Any, quarter: Any) -> Any:
    messages = sum((u[b] - u[a]) ** 2 / v for (a, b), v in zip(edges, s, strict=True))
    evidence = sum((u[i] - 2 * rho * theta * r) ** 2 / ((1 - rho) * r * r) for i, r in zip(holders, root_v, strict=True))
    return u[-1] - quarter * (messages + evidence) - rho * theta * theta


def run(seed: int, tilted: bool, quarter: Fraction) -> Verdict:
    import networkx as nx
    import numpy as np
    from flint import fmpq

    from budgetsim.optima.averaging_weights import averaging_weights

    luck, cases, gaps, crossed, widest, off = np.random.default_rng(seed), 0, 0, 0, fmpq(0), 0.0
    part = fmpq(quarter.numerator, quarter.denominator)
    for (agents, edges), everywhere, fourths, noisy, unlike in product(NETWORKS, (False, True), (0, 1, 2), (False, True), (False, True)):
        holders = [i for i in range(agents) if everywhere or all(reader != i for _, reader in edges)]
        s = [fmpq(1 + e % 3 if noisy else 1) for e in range(len(edges))]
        root_v, rho = [fmpq(1 + i % 3 if unlike else 1) for i in range(len(holders))], fmpq(fourths, 4)
        x, u, theta = best(agents, edges, holders, s, root_v, rho)
        value = primal(x, edges, s, root_v, rho)
        bound = dual(u, theta if tilted else fmpq(0), edges, holders, s, root_v, rho, part)
        gap = value - bound
        cases, gaps, widest = cases + 1, gaps + (gap != 0), max(widest, abs(gap))
        for draw in luck.integers(-3, 4, (5, agents + 1)).tolist():
            other = [a + fmpq(d, 8) for a, d in zip(u, draw, strict=False)]
            crossed += dual(other, theta + fmpq(draw[-1], 8), edges, holders, s, root_v, rho, fmpq(1, 4)) > value
        if cases % 9 == 0:
            told = {i: float(int(r.p)) ** 2 for i, r in zip(holders, root_v, strict=True)}
            house = averaging_weights(nx.DiGraph(edges), told, fourths / 4, {e: float(int(v.p)) for e, v in zip(edges, s, strict=True)})
            off = max(off, abs(house.value - int(value.p) / int(value.q)))
    return claims.proved(
        f"averaging: potentials bound the error, the best ones attain it, {cases} networks, {quarter} (u - u')^2 / s{'' if tilted else ', theta = 0'}",
        squares() and gaps == 0 and crossed == 0 and off < 1e-9,
        -float(int(widest.p) / int(widest.q)) or 0.0,
        f"sympy; rationals: primal = dual in {cases - gaps} of {cases}, widest gap {int(widest.p) / int(widest.q):.3g}; drawn potentials above it: {crossed}; "
        f"averaging_weights differs by {off:.1g}",
    )


def check(scale: float, seed: int, quarter: Fraction = Fraction(1, 4)) -> Verdict:
    return run(seed, True, quarter)


def control(scale: float, seed: int) -> Verdict:
    return run(seed, False, Fraction(1, 4))
