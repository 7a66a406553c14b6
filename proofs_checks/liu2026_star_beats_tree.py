"""At a weak signal a tree of depth >= 2 is worse than one majority of all its N = b^L leaves: a tree exists because a window is short.

Statement: gamma = 1, rho = 0; f_b'(0)^L < f_N'(0) with N = b^L, for all odd b >= 3 and L >= 2 (equal at L = 1). So the window W decides, not the
signal. Source: derived here.

Proved for all odd b >= 3, L >= 2: f_b'(0)^2 / b <= 3/4, by a product of factors 1 - 1/(2h+2)^2 < 1 that starts at 3/4 for b = 3 (rationals, z3), so
f_b'(0)^(2L) <= (3/4)^L N <= (9/16) N, and f_N'(0)^2 > (2/pi) N (`liu2026_slope_bounds`), 2/pi > 9/16 (Arb). Independently in rationals for all b^L <=
3,000.
Control: a star whose slope is 9/10 of that (a messenger that loses a tenth).
"""

from math import comb

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"part": (9, 10)}


def check(scale: float, seed: int, part: tuple[int, int] = (1, 1)) -> Verdict:
    import z3
    from flint import arb, fmpq

    keep = fmpq(*part)
    slope = lambda b: fmpq(b * comb(b - 1, (b - 1) // 2), 2 ** (b - 1))  # noqa: E731
    h = z3.Real("h")
    solver = z3.Solver()
    solver.add(h >= 1, z3.Or(1 - 1 / (2 * h + 2) ** 2 >= 1, 1 - 1 / (2 * h + 2) ** 2 <= 0))
    falls = solver.check() == z3.unsat and slope(3) ** 2 / 3 == fmpq(3, 4)
    limit = bool(2 / arb.pi() * arb(keep) ** 2 > arb(fmpq(9, 16)))
    least, where = fmpq(100), ""
    for b in range(3, 56, 2):
        depth = 2
        while b**depth <= 3000:
            ratio = keep * slope(b**depth) / slope(b) ** depth
            if ratio < least:
                least, where = ratio, f"b = {b}, L = {depth}"
            depth += 1
    ok = falls and limit and least > 1
    margin = float(arb(least)) - 1.0
    name = "a star" if part == (1, 1) else f"{part[0]}/{part[1]} of a star"
    return claims.proved(
        f"{name} of N = b^L leaves beats the tree at a weak signal, L >= 2",
        ok,
        abs(margin) if ok else -abs(margin),
        f"f_b'(0)^2 <= 3b/4 (z3, rationals), 2/pi > 9/16 (Arb): {limit}; least ratio star / tree over N <= 3,000: {float(arb(least)):.4f} at {where}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
