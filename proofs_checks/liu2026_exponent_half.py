"""The organisation exponent s = ln(alpha) / ln(b) is below 1/2, always; and 1/2 is the least such number.

Statement: alpha = gamma (rho + (1 - rho) f_b'(0)), rho in [0, 1), gamma in (0, 1], b odd >= 3. Source: exponent [Liu2026]_, Theorem 5, as a public
note quotes it; the bound is derived here.

Proved for all rho, gamma and all odd b: with a = f_b'(0), 1 <= a and a^2 < b (`liu2026_slope_bounds` proves it; its induction is repeated here in z3)
give alpha^2 < b (z3, all reals). Sharp: from a > sqrt(2b/pi), s > 1/2 - ln(pi/2) / (2 ln b) at gamma = 1, rho = 0, which tends to 1/2; at b = 10^11 +
1 it is above .491 (Arb). Compared: `organisation_exponent` < 1/2 on random b, rho, gamma.
Control: 1/2 replaced by .49.
"""

from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"exponent": 0.49}


def check(scale: float, seed: int, exponent: float = 0.5) -> Verdict:
    import z3
    from flint import arb

    from budgetsim.theory.majority_tree import organisation_exponent

    a, b, rho, gamma, h = z3.Reals("a b rho gamma h")
    solver = z3.Solver()
    alpha = gamma * (rho + (1 - rho) * a)
    solver.add(a >= 1, a * a < b, rho >= 0, rho < 1, gamma > 0, gamma <= 1, alpha * alpha >= b)
    model = solver.check() == z3.unsat
    solver = z3.Solver()  # a(h)^2 < 2h + 1 and a(h + 1) = a(h) (2h + 3) / (2h + 2) give a(h + 1)^2 < 2h + 3
    solver.add(h >= 1, a > 0, a * a < 2 * h + 1, (a * (2 * h + 3)) * (a * (2 * h + 3)) >= (2 * h + 3) * (2 * h + 2) * (2 * h + 2))
    induction = solver.check() == z3.unsat
    large = arb(10**11 + 1)
    near = (2 * large / arb.pi()).log() / (2 * large.log())  # s is above this, from the lower bound on the slope
    sharp = bool(near > arb("0.491"))
    half = exponent >= 0.5
    luck, tries = Random(seed), 20 + int(180 * scale)
    house = max(organisation_exponent(2 * luck.randrange(1, 10**6) + 1, luck.random(), luck.uniform(0.01, 1.0)) for _ in range(tries))
    ok = model and induction and sharp and (half or not near > arb(str(exponent))) and house < exponent
    return claims.proved(
        f"s = ln(alpha) / ln(b) < {'1/2' if half else exponent} for all odd b, rho, gamma",
        ok,
        detail=f"z3: alpha^2 < b; s > {float(near):.4f} at b = 10^11 + 1, gamma = 1, rho = 0 (Arb); largest of {tries} random ones {house:.4f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
