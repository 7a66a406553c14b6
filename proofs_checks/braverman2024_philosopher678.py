"""Pivotal sampling scaled by c = .7931 keeps .678 of what the online program has at every prefix of up to three nodes, and no scale keeps .679.

Statement. A node is free (F_i = 1) with probability 1 - c y_i and then proposes to the arrival with probability r_i = c q_i / (1 - c y_i), q_i = x_i
/ p; the plan of the online program has q_i <= 1 - y_i and sum q_i <= 1. Then ``E min(1, sum r_i F_i) >= .678 sum q_i``, where min(1, .) is the chance
that pivotal sampling yields a proposer, so that rounds earn .678 of the program, which is above the best online policy.

Source: [Braverman2024]_, whose abstract states .678; scale and reduction are a reconstruction.

What was proved. With the means r_i P(F_i = 1) = c q_i fixed, E of a concave function of independent F falls as y rises (perspective), so y_i = 1 -
q_i. Then, with z = c q, u = 1 - c and e_k the elementary symmetric sums, the loss is exactly ``c sum q - E min = sum over S of [sum_k (k - 1)
u^(|S|-k) e_k(z_S)]_+ prod_(i not in S) (c - z_i)`` (sympy for |S| <= 4); brackets rise and products fall in z, which gives enclosures on boxes. (1)
*All* plans of two nodes (for two nodes negative dependence is enough: only P(both free) matters) and (scale >= .3) of three independent nodes:
subdivision of the whole simplex in Arb. (2) k equal nodes, every k <= 40 (400 from scale .3 on), in Arb. (3) No c in [0, 1] keeps .6787 on two,
three, four *and* six equal nodes: subdivision of c in Arb. (4) `theory.pivotal.propagate`, the law of free sets without sampling, of the rule on
`hard_family` and on drawn markets of three nodes: every prefix keeps .678. Not proved: more than three different nodes; negatively dependent, not
independent, triples.
"""

from fractions import Fraction
from itertools import combinations, pairwise

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(70, 100)}

SHARE, SCALE = Fraction(678, 1000), Fraction(7931, 10_000)


def _nodes(scale):
    return (2, 3) if scale >= 0.3 else (2,)


def _arb(fraction):
    from flint import arb

    return arb(fraction.numerator) / fraction.denominator


def _identity(m):
    """prod (u + z_i) (sum z_i / (u + z_i) - 1) = sum_k (k - 1) u^(m-k) e_k(z), by sympy."""
    import sympy

    u, z = sympy.Symbol("u"), sympy.symbols(f"z:{m}")
    left = sum(z[i] * sympy.prod(u + x for j, x in enumerate(z) if j != i) for i in range(m)) - sympy.prod(u + x for x in z)
    right = sum((k - 1) * u ** (m - k) * sum(sympy.prod(s) for s in combinations(z, k)) for k in range(m + 1))
    return sympy.expand(left - right) == 0


def _loss(low, high, c, u):
    """An upper bound on c sum q - E min(1, sum r F) for z between two corners; the value itself where they are one."""
    n, total = len(low), 0
    for m in range(2, n + 1):
        for chosen in combinations(range(n), m):
            e = [1] + [0] * m
            for i in chosen:
                for k in range(m, 0, -1):
                    e[k] = e[k] + e[k - 1] * high[i]
            bracket = sum((k - 1) * u ** (m - k) * e[k] for k in range(m + 1) if k != 1)
            if bracket > 0 or not bracket < 0:
                for i in range(n):
                    if i not in chosen:
                        bracket = bracket * (c - low[i])
                total = total + (bracket if bracket > 0 else abs(bracket))
    return total


def _cover(nodes, c, u, share):
    """Boxes tried, and a plan that loses more than allowed, or none: q_1 >= q_2 >= ..., sum q <= 1, split at the longest side."""
    keep, stack, tried = c - share, [((0,) * nodes, (1,) * nodes, 1)], 0
    while stack:
        low, high, unit = stack.pop()  # corners are low / unit and high / unit
        if sum(low) > unit or any(high[i] < low[i + 1] for i in range(nodes - 1)):
            continue
        tried += 1
        allowed = keep * sum(low) / unit
        if _loss([c * x / unit for x in low], [c * x / unit for x in high], c, u) <= allowed:
            continue
        corner = [c * x / unit for x in low]
        if sum(low) and _loss(corner, corner, c, u) > allowed:
            return tried, [Fraction(x, unit) for x in low]
        if tried > 200_000:
            return tried, [Fraction(x, unit) for x in low]
        side = max(range(nodes), key=lambda i: high[i] - low[i])
        low, high, unit = tuple(2 * x for x in low), tuple(2 * x for x in high), 2 * unit
        middle = (low[side] + high[side]) // 2
        stack.append((low, high[:side] + (middle,) + high[side + 1 :], unit))
        stack.append((low[:side] + (middle,) + low[side + 1 :], high, unit))
    return tried, None


def _equal(c, k):
    """E min(1, sum r F) for k independent nodes with q = 1/k and y = 1 - 1/k."""
    from math import comb

    free = 1 - c * (k - 1) / k
    r, gone, total = c / (k * free), 1 - free, 0
    for m in range(k + 1):  # 1 - E [1 - sum r F]_+: few terms
        short = 1 - r * m
        if short < 0:
            break
        total = total + comb(k, m) * free**m * gone ** (k - m) * (short if short > 0 else abs(short))
    return 1 - total


def _no_scale_keeps(share):
    """Whether on every c in [0, 1] some number of equal nodes keeps less: below 2/3 nothing is above c itself; then two or three nodes; from .9 on four or six.

    1 - c + .75 c^2 (two nodes, c >= 2/3) and 1 - 4 c^2 / 3 + 28 c^3 / 27 (three, c >= 3/4) are convex in c, hence least upper bounds at ends.
    """
    from flint import arb

    def below(low, high):
        a, b = _arb(low), _arb(high)
        if low >= Fraction(9, 10):
            return any(_equal(((a + b) / 2) + arb(0, (b - a) / 2), k) < share for k in (4, 6))
        two, three = ([v < share for v in values] for values in ((1 - x + 3 * x * x / 4 for x in (a, b)), (1 - 4 * x * x / 3 + 28 * x**3 / 27 for x in (a, b))))
        return all(two) or (low >= Fraction(3, 4) and all(three))

    ends = [Fraction(2, 3), Fraction(3, 4), Fraction(9, 10), Fraction(1)]
    stack = list(pairwise(ends))
    while stack:
        low, high = stack.pop()
        if below(low, high):
            continue
        if high - low < Fraction(1, 10**6):
            return False
        stack += [(low, (low + high) / 2), ((low + high) / 2, high)]
    return bool(arb(2) / 3 < share)


def _played(seed, many):
    """(the least share of any prefix, markets): the rule itself, by exact propagation."""
    import numpy as np

    from budgetsim.optima.matching_lp import matching_lp
    from budgetsim.theory.pivotal import hard_family, prefix_ratio, propagate, proposal_step

    g = np.random.default_rng(seed)
    markets = [hard_family(n) for n in (2, 3)]
    for _ in range(many):
        weight = g.exponential(size=(3, 4, 1)) * (g.random((3, 4, 1)) < 0.7) + 0.01
        markets.append((weight, g.random((4, 1))))
    least = 1.0
    for weight, probability in markets:
        plan = matching_lp(weight, probability).plan.matched
        course = propagate(weight, probability, proposal_step(weight, probability, plan, float(SCALE)))
        least = min(least, prefix_ratio(course, weight, plan))
    return least, len(markets)


def check(scale: float, seed: int, share: Fraction = SHARE) -> Verdict:
    from flint import arb

    u, c, a = arb(1) - _arb(SCALE), _arb(SCALE), _arb(share)
    identity = all(_identity(m) for m in (2, 3, 4))
    boxes, at = [], []
    for nodes in _nodes(scale):
        tried, counterexample = _cover(nodes, c, u, a)
        boxes.append(tried)
        at.append(counterexample)
    most = 400 if scale >= 0.3 else 40
    values = [_equal(c, k) for k in range(2, most + 1)]
    equal = all(bool(v >= a) for v in values)
    least = min(values, key=lambda v: float(v.mid()))
    ceiling = _no_scale_keeps(arb("0.6787"))
    played, markets = _played(seed, 12 if scale >= 0.3 else 3)
    ok = identity and not any(at) and equal and ceiling and played >= float(share) - 1e-9
    margin = min(float((least - a).mid()), played - float(share))
    where = "".join(f"; counterexample: plan ({', '.join(f'{float(x):.4g}' for x in q)})" for q in at if q)
    return proved(
        f"pivotal sampling at c = .7931 keeps {float(share)} of every plan of {_nodes(scale)[-1]} independent nodes; no c keeps .6787", ok, max(margin, 0.0) if ok else min(margin, 0.0),
        f"Arb: {' and '.join(map(str, boxes))} boxes cover the simplex for {' and '.join(map(str, range(2, 2 + len(boxes))))} nodes{where}; "
        f"least over 2..{most} equal nodes "
        f"{float(least.mid()):.6f}; no c reaches .6787: {ceiling}; exact propagation of {markets} markets: least prefix {played:.5f}",
    )  # fmt: skip


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
