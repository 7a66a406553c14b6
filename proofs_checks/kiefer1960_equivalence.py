"""Kiefer and Wolfowitz: no design predicts all points with a variance below their dimension, and one that reaches it has the greatest determinant.

Statement. Points x in R^d, designs w, V(w) = sum w_x x x', g(w) = max_x x' V(w)^-1 x. Weak duality: sum_x w_x x' V^-1 x = d, so g(w) >= d; and for every
two designs det V(u) <= det V(w) (g(w) / d)^d. So where g(w) = d the determinant is greatest; strong duality is that such a w exists.

Source: [Kiefer1960]_. The second inequality is that of the means of the eigenvalues of V(w)^-1 V(u), whose mean is at most g(w) / d.

Proved, in rationals: identity and both inequalities for *every* two designs in multiples of 1/6 on each of the sets of three points (and of four, from
scale .3 on) among (1, 0), (0, 1), (1, 1), (2, 1), (1, -1), wherever V is regular; g = 2 is attained. Strong
duality, certified on all these sets: `kiefer_wolfowitz` returns a design with g at most 1.01 d, by its weights in rationals.
Control: weights that need not add up to 1, only to 11/10.
"""

from fractions import Fraction
from itertools import combinations, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"floor": Fraction(11, 5)}
POINTS = ((1, 0), (0, 1), (1, 1), (2, 1), (1, -1))


def spread(points: Any, weights: Any) -> tuple[Fraction, list[Fraction]]:
    """(det V, x' V^-1 x of each point); none where V is singular."""
    a, b, c = (sum((w * x[i] * x[j] for x, w in zip(points, weights, strict=True)), Fraction(0)) for i, j in ((0, 0), (0, 1), (1, 1)))
    det = a * c - b * b
    return det, [(c * x * x - 2 * b * x * y + a * y * y) / det for x, y in points] if det else []


def run(scale: float, floor: Fraction, total: Fraction) -> Verdict:
    from budgetsim.optima.kiefer_wolfowitz import kiefer_wolfowitz

    least, pairs, broken, worst = Fraction(100), 0, 0, Fraction(0)
    for points in [s for n in ((3, 4) if scale >= 0.3 else (3,)) for s in combinations(POINTS, n)]:
        designs = [tuple(total * Fraction(k, 6) for k in ks) for ks in product(range(7), repeat=len(points)) if sum(ks) == 6]
        found = [(w, *spread(points, w)) for w in designs]
        found = [(w, det, max(v), v) for w, det, v in found if v]
        for w, det, greatest, each in found:
            least = min(least, greatest)
            broken += sum(a * b for a, b in zip(w, each, strict=True)) != 2
            for _, other, _, _ in found:
                pairs += 1
                broken += other > det * (greatest / 2) ** 2
        house = kiefer_wolfowitz(points).plan.weights
        exact = [Fraction(float(v)) for v in house]
        worst = max(worst, max(spread(points, [v / sum(exact) for v in exact])[1]))
    return claims.proved(
        f"g(w) >= {floor} on the plane, det V(u) <= det V(w) (g(w) / d)^d, designs of weight {total}",
        broken == 0 and least >= floor and worst <= Fraction(202, 100),
        float(least - floor),
        f"rationals: {pairs} pairs of designs, broken {broken} times; least g {float(least):.4f}; kiefer_wolfowitz reaches {float(worst):.4f}",
    )


def check(scale: float, seed: int, floor: Fraction = Fraction(2)) -> Verdict:
    return run(scale, floor, Fraction(1))


def control(scale: float, seed: int) -> Verdict:
    return run(scale, Fraction(2), Fraction(11, 10))
