"""Three votes: mu* = sqrt(2 (alpha - 1) / ((1 - rho) gamma^3)), and the slope there is 3 - 2 alpha.

Statement: b = 3, F(mu) = rho gamma mu + (1 - rho) f_3(gamma mu), f_3(z) = (3z - z^3) / 2, alpha = F'(0) = gamma (3 - rho) / 2 > 1. The slope is in
(0, 1), so the approach to mu* is monotone and geometric. Source: derived here for the model of [Liu2026]_.

Proved by sympy for symbolic rho, gamma: f_3 from the sum over the binomial, F(mu*) = mu*, F'(mu*) = 3 - 2 alpha. By z3 for all reals rho in [0, 1),
gamma in (0, 1], alpha > 1: 0 < mu*^2 <= 1 and 0 <= 3 - 2 alpha < 1. Compared: `fixed_point` and `level_slope` of theory/majority_tree to 1e-12 at
random rho, gamma.
Control: gamma^3 replaced by gamma^2.
"""

from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"power": 2}


def check(scale: float, seed: int, power: int = 3) -> Verdict:
    import sympy as sp
    import z3

    from budgetsim.theory.majority_tree import amplification, fixed_point, level_slope

    mu = sp.symbols("mu", positive=True)
    rho, gamma = sp.symbols("rho gamma", positive=True)
    right = (1 + mu) / 2
    f = sp.expand(2 * (right**3 + 3 * right**2 * (1 - right)) - 1)
    level = rho * gamma * mu + (1 - rho) * f.subs(mu, gamma * mu)
    alpha = sp.diff(level, mu).subs(mu, 0)
    square = 2 * (alpha - 1) / ((1 - rho) * gamma**power)
    fixed = sp.simplify((level / mu - 1).expand().subs(mu, sp.sqrt(square))) == 0
    slope = sp.simplify(sp.diff(level, mu).expand().subs(mu, sp.sqrt(square)) - (3 - 2 * alpha)) == 0

    r, g = z3.Reals("r g")
    a = g * (3 - r) / 2
    solver = z3.Solver()
    solver.add(r >= 0, r < 1, g > 0, g <= 1, a > 1)
    numerator, denominator = 2 * (a - 1), (1 - r) * g * g * g
    solver.add(z3.Or(numerator <= 0, numerator > denominator, 3 - 2 * a < 0, 3 - 2 * a >= 1))
    inside = solver.check() == z3.unsat

    luck, worst, tries = Random(seed), 0.0, 0
    while tries < 20:
        one, other = luck.uniform(0.0, 0.9), luck.uniform(0.5, 1.0)
        strength = amplification(3, one, other)
        if strength > 1.01:
            tries += 1
            star = (2.0 * (strength - 1.0) / ((1.0 - one) * other**power)) ** 0.5
            found = fixed_point(3, one, other)
            worst = max(worst, abs(found - star), abs(level_slope(found, 3, one, other) - (3.0 - 2.0 * strength)))
    return claims.proved(
        f"b = 3: mu*^2 = 2 (alpha - 1) / ((1 - rho) gamma^{power}) and F'(mu*) = 3 - 2 alpha in [0, 1)",
        fixed and slope and inside and worst < 1e-12,
        detail=f"sympy: fixed {fixed}, slope {slope}; z3: ranges {inside}; the house's functions differ by {worst:.1e} at {tries} points",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
