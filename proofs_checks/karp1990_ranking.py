"""RANKING matches at least 1 - 1/e of the greatest matching in expectation, on every graph and order; upper-triangular graphs show that the constant is sharp.

Statement. Every node draws y_i uniform on [0, 1]; an arrival takes its free neighbour of least y. Then E[matches] >= (1 - 1/e) max matching.

Source: [Karp1990]_; the proof by prices is that of randomized primal-dual analysis.

What was proved. (1) Given two lemmas, for all graphs: pay a matched node g(y) = e^(y - 1) and its arrival 1 - g(y); with y_c the critical value of
the next line, the expected payment of any edge is at least ``int_0^y_c g + 1 - g(y_c) = 1 - 1/e`` (sympy), which is weak duality. (2) The lemmas, for
every graph with 3 arrivals and 3 nodes (3 and 4 from scale .3 on), every edge (j, i), every order of the other nodes and every place of i: without i
let j get the node of place c (none: last); with i in any place, j gets one of place c or before, and i is matched if its place is before that. (3)
The expected matches of each of these graphs, over all orders, in rationals, against brute force. (4) Upper-triangular graphs of n <= 40 (120 from
scale .3 on) nodes, in rationals, by the chain of the number of free nodes that still have a future: E / n never rises and stays above 1 - 1/e (Arb);
equal to `theory.online_matching.ranking_matches` for n <= 5 (7). Not proved: the lemmas on larger graphs.
"""

import itertools
import math
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"more": Fraction(1, 20)}


def _identity(more):
    import sympy

    y, critical = sympy.symbols("y y_c")
    left = sympy.integrate(sympy.exp(y - 1), (y, 0, critical)) + 1 - sympy.exp(critical - 1)
    return sympy.simplify(left - 1 + sympy.exp(-1) - sympy.Rational(more.numerator, more.denominator)) == 0


def _graphs(arrivals, nodes):
    """All of them, up to the names of nodes: their neighbourhoods in rising order."""
    for columns in itertools.combinations_with_replacement(range(2**arrivals), nodes):
        yield [tuple(c >> j & 1 for c in columns) for j in range(arrivals)]


def _play(rows, order):
    """{arrival: node} of greedy matching in that order of nodes."""
    free, got = list(order), {}
    for j, row in enumerate(rows):
        taken = next((i for i in free if row[i]), None)
        if taken is not None:
            free.remove(taken)
            got[j] = taken
    return got


def _lemmas(rows):
    """How often a lemma fails."""
    nodes, failures = range(len(rows[0])), 0
    for i in nodes:
        others = [k for k in nodes if k != i]
        for order in itertools.permutations(others):
            alone = _play(rows, order)
            for place in range(len(order) + 1):
                together = _play(rows, order[:place] + (i,) + order[place:])
                for j, row in enumerate(rows):
                    if not row[i]:
                        continue
                    c = order.index(alone[j]) if j in alone else len(order)  # i in a place <= c is before order[c]
                    if place <= c and i not in together.values():
                        failures += 1
                    new = together.get(j, -1)
                    if c < len(order) and new != i and (new < 0 or order.index(new) > c):
                        failures += 1
                    if c < len(order) and new == i and place > c:
                        failures += 1
    return failures


def _matching(rows):
    """The greatest matching, by trying all."""
    if not rows:
        return 0
    rest = _matching(rows[1:])
    return max([rest] + [1 + _matching([r[:i] + (0,) + r[i + 1 :] for r in rows[1:]]) for i, edge in enumerate(rows[0]) if edge])


def _triangular(n):
    """E[matches] where the k-th arrival knows nodes k, k + 1, ...: of the free ones with a future one is taken; then the k-th has none any more.

    It is any of the n - k + 1 alike, for the order of those not yet taken is still uniform.
    """
    law, total = {n: Fraction(1)}, Fraction(0)
    for left in range(n, 0, -1):
        new: dict[int, Fraction] = {}
        for free, chance in law.items():
            if free:
                total += chance
                free -= 1
            lost = Fraction(free, left)
            for m, p in ((free - 1, lost), (free, 1 - lost)):
                if p:
                    new[m] = new.get(m, Fraction(0)) + chance * p
        law = new
    return total


def check(scale: float, seed: int, more: Fraction = Fraction(0)) -> Verdict:
    from flint import arb, fmpq

    from budgetsim.theory.online_matching import ranking_matches, triangular

    share = 1 - 1 / arb(1).exp() + arb(fmpq(more.numerator, more.denominator))
    full = scale >= 0.3
    graphs, broken, least = 0, 0, Fraction(1)
    for rows in _graphs(3, 4 if full else 3):
        best = _matching(rows)
        if best:
            orders = itertools.permutations(range(len(rows[0])))
            least = min(least, Fraction(sum(len(_play(rows, order)) for order in orders), math.factorial(len(rows[0])) * best))
        broken += _lemmas(rows)
        graphs += 1
    most, before, margin = 120 if full else 40, Fraction(1), 1.0
    ok = _identity(more) and broken == 0 and bool(arb(fmpq(least.numerator, least.denominator)) >= share)
    for n in range(1, most + 1):
        mean = _triangular(n) / n
        exact = arb(fmpq(mean.numerator, mean.denominator))
        ok &= bool(exact >= share) and mean <= before
        ok &= n > (7 if full else 5) or ranking_matches(triangular(n)) == mean * n
        margin, before = min(margin, float((exact - share).mid())), mean
    return proved(
        f"RANKING matches 1 - 1/e{f' + {more}' if more else ''} of the greatest matching: duality, all small graphs, upper-triangular ones, n <= {most}",
        ok,
        margin,
        f"sympy; lemmas broken {broken} times on {graphs} graphs, least share {float(least):.4f}; "
        f"triangular n = {most}: {float(before):.5f}, 1 - 1/e = {1 - math.exp(-1):.5f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
