"""sqrt(2b/pi) < f_b'(0) < sqrt(b) for every odd b >= 3: what a majority amplifies a weak signal by.

Statement: f_b'(0) = b C(b-1, h) / 2^(b-1), h = (b - 1) / 2. Source: derived here.

Proved for all odd b >= 3: with w_h = f_b'(0)^2 / b, w_(h+1) / w_h = (2h+1)(2h+3) / (2h+2)^2 = 1 - 1 / (2h+2)^2 (sympy, h symbolic), which is in (0,
1) (z3, all real h >= 0), and w_0 = 1: w falls, so w_h < 1. Its limit is that of the product of 1 - 1/(4k^2), 2/pi (Wallis's product; sympy's limit of
its closed form), which a strictly falling sequence stays above. Independently the inequalities hold in rationals and Arb for every odd b <= 2001 (501 at scale < .3).
Both constants are sharp: 1 at b = 1, 2/pi in the limit.
Control: 2 / pi replaced by 2.04 / pi.
"""

from fractions import Fraction
from functools import cache
from math import comb

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"low": Fraction(51, 25), "high": Fraction(37, 50)}


@cache
def proof() -> bool:
    """The step of the induction, and the limit."""
    import sympy as sp
    import z3

    h, n, k = sp.Symbol("h", nonnegative=True), *sp.symbols("n k", integer=True, positive=True)
    slope = (2 * h + 1) * sp.gamma(2 * h + 1) / (sp.gamma(h + 1) ** 2 * 4**h)
    ratio = sp.gammasimp((slope.subs(h, h + 1) / slope).rewrite(sp.gamma)) ** 2 * (2 * h + 1) / (2 * h + 3)
    step = sp.simplify(ratio - (1 - 1 / (2 * h + 2) ** 2)) == 0
    x = z3.Real("x")
    solver = z3.Solver()
    solver.add(x >= 0, z3.Or(1 - 1 / (2 * x + 2) ** 2 >= 1, 1 - 1 / (2 * x + 2) ** 2 <= 0))
    falls = solver.check() == z3.unsat
    product = sp.gammasimp(sp.Product(1 - 1 / (4 * k**2), (k, 1, n)).doit().rewrite(sp.gamma))
    limit = sp.limit(product, n, sp.oo) == 2 / sp.pi
    return bool(step and falls and limit)


def check(scale: float, seed: int, low: Fraction = Fraction(2), high: Fraction = Fraction(1)) -> Verdict:
    from flint import arb, fmpq

    least, most = arb(fmpq(low.numerator, low.denominator)) / arb.pi(), arb(fmpq(high.numerator, high.denominator))
    gap, broken, last = arb(10), "", 2001 if scale >= 0.3 else 501
    for b in range(3, last + 1, 2):
        half = (b - 1) // 2
        w = fmpq(b * comb(b - 1, half) ** 2, 4 ** (b - 1))
        below, above = arb(w) - least, most - arb(w)
        if not (below > 0 and above > 0) and not broken:
            broken = f"; f_b'(0)^2 / b = {float(arb(w)):.5f} at b = {b}"
        gap = min(gap, below, above)
    ok = proof() and not broken
    return claims.proved(
        f"sqrt({low} b / pi) < f_b'(0) < sqrt({high} b) for every odd b >= 3",
        ok,
        float(gap) if ok else -abs(float(gap)),
        f"induction step in sympy and z3, limit by Wallis; for b <= {last} f_b'(0)^2 / b is {float(gap):.2g} or more inside its bounds (rationals, Arb){broken}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, low=PERTURBED["low"])
