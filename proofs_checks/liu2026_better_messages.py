"""Better messages help and shared failures hurt: alpha, mu* and s never fall with gamma and never rise with rho.

Statement: F(mu) = rho gamma mu + (1 - rho) f_b(gamma mu) on [0, 1] rises with gamma and falls with rho at every mu; so do alpha = F'(0), s =
ln(alpha) / ln(b), and mu*, the largest fixed point. Source: derived here for the model of [Liu2026]_.

Proved for odd b <= 31: f_b(z) >= z and f_b' >= 0 on [0, 1], f_b'(0) >= 1, by Bernstein coefficients in rationals; then F is monotone in gamma and in
rho (z3, all reals), and a larger F that rises has a larger largest fixed point. Compared: `fixed_point`, `amplification` of theory/majority_tree at
random pairs of points.
Control: a node that speaks up only on a lead of three votes.
"""

from math import comb
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: monotonicity"


def vote(b: int, lead: int) -> Any:
    """The bias of a vote that needs a lead of `lead`, and is a coin otherwise: a polynomial in the voters' bias."""
    from flint import fmpq, fmpq_poly

    right, wrong = fmpq_poly([fmpq(1, 2), fmpq(1, 2)]), fmpq_poly([fmpq(1, 2), fmpq(-1, 2)])
    terms = (((2 * k - b >= lead) - (b - 2 * k >= lead)) * comb(b, k) * right**k * wrong ** (b - k) for k in range(b + 1))
    return sum(terms, fmpq_poly([0]))


def not_negative(f: Any) -> bool:
    """f >= 0 on [0, 1], by its Bernstein coefficients there."""
    from flint import fmpq

    n, a = f.degree(), f.coeffs()
    return all(sum((a[i] * fmpq(comb(j, i), comb(n, i)) for i in range(j + 1)), fmpq(0)) >= 0 for j in range(n + 1))


def monotone() -> bool:
    """F at (rho, gamma) <= (rho', gamma') in the right direction, from f(z) >= z and f rising: y = f(gamma mu), w = f(gamma' mu)."""
    import z3

    mu, rho, other, gamma, better, y, w = z3.Reals("mu rho other gamma better y w")
    solver = z3.Solver()
    solver.add(0 <= mu, mu <= 1, 0 <= other, other <= rho, rho < 1, 0 < gamma, gamma <= better, better <= 1, y >= gamma * mu, w >= better * mu, w >= y)
    solver.add(rho * gamma * mu + (1 - rho) * y > other * better * mu + (1 - other) * w)
    return solver.check() == z3.unsat


def run(scale: float, seed: int, lead: int) -> Verdict:
    from flint import fmpq_poly

    from budgetsim.theory.majority_tree import amplification, fixed_point

    most, failed = 31, []
    for b in range(3, most + 1, 2):
        f = vote(b, lead)
        if not (not_negative(f - fmpq_poly([0, 1])) and not_negative(f.derivative()) and f.derivative()(0) >= 1):
            failed.append(b)
    luck, least, tries = Random(seed), 1.0, 20 + int(180 * scale)
    for _ in range(tries):
        b, rho, gamma = luck.choice((3, 5, 9, 31)), luck.uniform(0.0, 0.9), luck.uniform(0.1, 0.99)
        other, better = rho * luck.random(), gamma + (1.0 - gamma) * luck.random()
        least = min(least, amplification(b, other, better) - amplification(b, rho, gamma), fixed_point(b, other, better) - fixed_point(b, rho, gamma))
    what = "majority" if lead == 1 else f"vote with a lead of {lead}"
    witness = f"; b = {failed[0]}: slope at 0 is {vote(failed[0], lead).derivative()(0)}, less than that of a shared bit" if failed else ""
    return claims.proved(
        f"{what}: alpha, s, mu* never fall with gamma, never rise with rho; all rho, gamma, odd b <= {most}",
        not failed and monotone() and least > -1e-12,
        detail=f"Bernstein coefficients in rationals; z3; least change of the house's alpha and mu* over {tries} pairs {least:.2g}{witness}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, seed, 1)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, 3)
