"""alpha = F'(0) <= 1: every signal dies; alpha > 1: one attracting fixed point mu* in (0, 1], the same from every mu_0 > 0.

Statement: F(mu) = rho gamma mu + (1 - rho) f_b(gamma mu), rho in [0, 1), gamma in (0, 1], b odd; alpha = gamma (rho + (1 - rho) f_b'(0)). If alpha <=
1, F(mu) < mu on (0, 1], so mu_t falls to 0. If alpha > 1, F(mu) = mu has exactly one solution in (0, 1], F(mu) > mu below it and < above it, and mu*
= 1 iff gamma = 1. Source: [Liu2026]_, Theorem 4, as a public note quotes it; the proof is ours.

Proved for odd b <= 31 and every rho, gamma: (i) f_b and (f_b(z) - z f_b'(z)) / z^3 have Bernstein coefficients >= 0 on [0, 1], not all 0, in
rationals: f_b(z) / z falls strictly, hence so does F(mu) / mu, from alpha. (ii) f_b rises to f_b(1) = 1, so F(1) = rho gamma + (1 - rho) f_b(gamma)
<= 1 with equality iff gamma = 1 (z3). A falling continuous F(mu) / mu crosses 1 once iff alpha > 1; F rises, so mu_t is monotone and converges to the
crossing. (iii) Compared: `fixed_point` of theory/majority_tree has F(x - d) > x - d and F(x + d) < x + d in rationals, d = 1e-11, at random rational
rho, gamma.
Control: a node that speaks up only on a lead of three votes (no longer concave).
"""

from fractions import Fraction
from math import comb
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"threshold": Fraction(41, 40)}


def vote(b: int, lead: int) -> Any:
    """The bias of a vote that needs a lead of `lead`, and is a coin otherwise: a polynomial in the voters' bias."""
    from flint import fmpq, fmpq_poly

    right, wrong = fmpq_poly([fmpq(1, 2), fmpq(1, 2)]), fmpq_poly([fmpq(1, 2), fmpq(-1, 2)])
    terms = (((2 * k - b >= lead) - (b - 2 * k >= lead)) * comb(b, k) * right**k * wrong ** (b - k) for k in range(b + 1))
    return sum(terms, fmpq_poly([0]))


def positive(f: Any) -> bool:
    """f > 0 inside [0, 1], by its Bernstein coefficients there."""
    from flint import fmpq

    n, a = f.degree(), f.coeffs()
    found = [sum((a[i] * fmpq(comb(j, i), comb(n, i)) for i in range(j + 1)), fmpq(0)) for j in range(n + 1)]
    return min(found) >= 0 and max(found) > 0


def at_one() -> bool:
    """rho gamma + (1 - rho) y <= 1 for y <= 1, equal only if gamma = 1, where y = f_b(gamma) < 1 for gamma < 1."""
    import z3

    rho, gamma, y = z3.Reals("rho gamma y")
    solver = z3.Solver()
    solver.add(rho >= 0, rho < 1, gamma > 0, gamma <= 1, y <= 1, z3.Implies(gamma < 1, y < 1), z3.Implies(gamma == 1, y == 1))
    one = rho * gamma + (1 - rho) * y
    solver.add(z3.Or(one > 1, z3.And(one == 1, gamma < 1), z3.And(one < 1, gamma == 1)))
    return solver.check() == z3.unsat


def bracketed(luck: Random, tries: int, threshold: Any) -> bool:
    """The house's fixed points, in rationals."""
    from flint import fmpq

    from budgetsim.theory.majority_tree import fixed_point

    d = fmpq(1, 10**11)
    near = [(3, 0, 42), (3, 0, 43), (3, 0, 45)]  # alpha = 63/64, 129/128, 135/128
    for b, rho, gamma in near + [(luck.choice((3, 5, 7, 9)), luck.randrange(0, 60), luck.randrange(1, 64)) for _ in range(tries)]:
        f, r, g = vote(b, 1), fmpq(rho, 64), fmpq(gamma, 64)
        level = lambda mu: r * g * mu + (1 - r) * f(g * mu)  # noqa: B023, E731
        alpha, found = r * g + (1 - r) * g * f.derivative()(fmpq(0)), fixed_point(b, rho / 64, gamma / 64)
        if alpha <= threshold:
            if found != 0.0:
                return False
            continue
        x = fmpq(*found.as_integer_ratio())
        if not (level(x - d) > x - d and level(x + d) < x + d):
            return False
    return True


def run(scale: float, seed: int, lead: int, threshold: Fraction) -> Verdict:
    from flint import fmpq, fmpq_poly

    most, failed = 31, []
    for b in range(3, most + 1, 2):
        f = vote(b, lead)
        falls = fmpq_poly((f - fmpq_poly([0, 1]) * f.derivative()).coeffs()[3:])
        if not (f(1) == 1 and positive(f.derivative()) and positive(falls)):
            failed.append(b)
    tries = 10 + int(90 * scale)
    house = lead != 1 or bracketed(Random(seed), tries, fmpq(threshold.numerator, threshold.denominator))
    what = "majority" if lead == 1 else f"vote with a lead of {lead}"
    return claims.proved(
        f"{what}: a positive fixed point iff alpha > {threshold}, then one, attracting; all rho, gamma, odd b <= {most}",
        not failed and house and at_one(),
        detail=(
            f"b = {failed[0]}, gamma = 1, rho = 0: mu = 1 is fixed though alpha = {vote(failed[0], lead).derivative()(0)}"
            if failed
            else f"F(mu) / mu falls (Bernstein, rationals); F(1) <= 1 (z3); {3 + tries} of the house's fixed points bracketed to 1e-11"
        ),
    )


def check(scale: float, seed: int, threshold: Fraction = Fraction(1)) -> Verdict:
    return run(scale, seed, 1, threshold)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, 3, Fraction(1))
