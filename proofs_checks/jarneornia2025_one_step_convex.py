"""With one step left the value is convex in the stock on b > 0, whatever the arms: risk is liked.

Statement: V_1(b) = max_a E (b + R_a)^+, b > 0 real: convex, nondecreasing, piecewise linear. (Not at b = 0, where V_1 jumps to 0; not with two
steps.) Source: [JarneOrnia2025]_, Theorem 3, as a public note quotes it; this form is ours.

Proved by enumeration, in rationals: for every pair of arms with two outcomes in {-2, .., 2} and chances in quarters (435 pairs), V_1 is linear
between the kinks of each arm (its losses) and the crossings of arms, which are solved for; its slopes between all of these never fall, on (0, 4].
(For all arms: each (b + r)^+ is convex in b, and so are means and maxima.)
Control: two steps left: V_2(b) = max_a E V_1((b + R_a)^+), V_1(0) = 0.
"""

from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"steps": 2}


def arms() -> list[Any]:
    return [((x, w), (y, 4 - w)) for (x, y), w in product(combinations(range(-2, 3), 2), (1, 2, 3))]


def value(pair: Any, b: Fraction, steps: int) -> Fraction:
    """4^steps V."""
    if steps == 0 or b <= 0:
        return 4**steps * max(b, Fraction(0))
    return max(sum(w * value(pair, max(b + x, Fraction(0)), steps - 1) for x, w in arm) for arm in pair)


def kinks(pair: Any, steps: int) -> list[Fraction]:
    """All places in (0, 4] where V_1 may bend; for two steps these and their images under the gains."""
    one, two = ([sum((Fraction(w) * max(Fraction(b) + x, Fraction(0)) for x, w in arm), Fraction(0)) for b in range(5)] for arm in pair)
    points = {Fraction(b) for b in range(5)}
    for b in range(4):  # both arms are linear between whole stocks
        left, right = one[b] - two[b], one[b + 1] - two[b + 1]
        if left * right < 0:
            points.add(b + left / (left - right))
    if steps > 1:
        points |= {point - x for point in set(points) for arm in pair for x, _ in arm}
    return sorted(point for point in points if 0 < point <= 4)


def check(scale: float, seed: int, steps: int = 1) -> Verdict:
    bends, wrong, witness = 0, 0, ""
    for pair in combinations(arms(), 2):
        points = kinks(pair, steps)
        points = [points[0] / 2] + points
        values = [value(pair, point, steps) for point in points]
        slopes = [(v - u) / (y - x) for u, v, x, y in zip(values, values[1:], points, points[1:])]
        bends += sum(a != b for a, b in pairwise(slopes))
        falls = [i for i, (a, b) in enumerate(pairwise(slopes)) if b < a]
        wrong += bool(falls or min(slopes) < 0)
        if falls and not witness:
            witness = f"; e.g. gains and quarters {pair}: the slope falls at b = {points[falls[0] + 1]}"
    return claims.proved(
        f"V_{steps} is convex and nondecreasing in b on (0, 4]: 435 pairs of arms",
        wrong == 0,
        detail=f"rationals; slopes between all kinks, {bends} bends; {wrong} pairs fail{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
