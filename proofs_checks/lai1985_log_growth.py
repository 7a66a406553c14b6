"""Lai and Robbins: no rule keeps its regret below a power of T on all pairs of arms without about log(T) / kl(mu_2, mu_1) pulls of the worse arm.

Statement. Arms of means m_1 > m_2, and a second instance whose only difference is m_2' = q > m_1; x = E[pulls of arm 2] on the first, y = E[pulls of
arm 1] on the second. For every rule and T, x + y >= (T / 4) exp(-x kl(m_2, q)). So if x, y <= C T^a, then x >= ((1 - a) log T - log 8 C) / kl(m_2, q),
and x / log T has a lower limit of at least (1 - a) / kl(m_2, q): for all a > 0 and q > m_1, of at least 1 / kl(m_2, m_1).

Source: [Lai1985]_; by the inequality of [Bretagnolle1979]_ as in [Lattimore2020]_, chapter 16, with constants derived here.

Proved. (1) The first inequality for *every* rule with T <= 4 rounds (T <= 3 at scale < .3) on three pairs of Bernoulli instances: the set of all (x, y)
of deterministic rules is built backwards in rationals, each is compared in Arb; mixtures keep it, the right side being convex in x. For all T and
instances: x + y >= (T / 2)(P(A) + P'(not A)) with A = {arm 2 has more than T/2 pulls}, and `bretagnolle1979_huber`, `lai1985_change_of_measure`.
(2) What follows from it, and both limits, for symbolic C, a, m_2, m_1 (sympy). Not proved by machine: (1) for larger T.
Control: only one of the two instances counts, x >= (T / 4) exp(-x kl): a rule that plays arm 1 alone has x = 0.
"""

import math
from fractions import Fraction
from itertools import product

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"part": Fraction(11, 10), "leading": Fraction(11, 10)}
INSTANCES = tuple(tuple(Fraction(v, 8) for v in means) for means in ((4, 2, 6), (4, 3, 5), (2, 1, 4)))  #: m_1, m_2, q


def pulls(first: Fraction, second: Fraction, other: Fraction, horizon: int) -> set[tuple[Fraction, Fraction]]:
    """(x, y) of every deterministic rule: a tree, so those of T rounds are an arm and what follows a win and a loss."""
    found = {(Fraction(0), Fraction(0))}
    for _ in range(horizon):
        found = {
            ((arm == 1) + p * a[0] + (1 - p) * b[0], (arm == 0) + r * a[1] + (1 - r) * b[1])
            for arm, p, r in ((0, first, first), (1, second, other))
            for a, b in product(found, repeat=2)
        }
    return found


def follows(leading: Fraction) -> bool:
    """x >= log(T / (8 C T^a)) / kl, its limit over log T, and the limit of kl(m_2, q) as q falls to m_1."""
    import sympy as sp

    horizon, c, kl, a = sp.symbols("T C kl a", positive=True)
    x = sp.symbols("x", positive=True)
    solved = sp.solve(sp.Eq(2 * c * horizon**a, horizon / 4 * sp.exp(-x * kl)), x)[0]
    least = ((1 - a) * sp.log(horizon) - sp.log(8 * c)) / kl
    same = sp.simplify(sp.expand_log(solved - least, force=True)) == 0
    limit = sp.limit(sp.expand(least / sp.log(horizon)), horizon, sp.oo) - sp.Rational(leading.numerator, leading.denominator) * (1 - a) / kl
    p, q, m = sp.symbols("p q m", positive=True)
    divergence = p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q))
    return same and sp.simplify(limit) == 0 and sp.simplify(sp.limit(divergence, q, m) - divergence.subs(q, m)) == 0


def run(scale: float, both: bool, part: Fraction, leading: Fraction) -> Verdict:
    from flint import arb, fmpq

    real = lambda v: arb(fmpq(v.numerator, v.denominator))  # noqa: E731
    most, many, wrong, least = 4 if scale >= 0.3 else 3, 0, 0, 100.0
    for first, second, other in INSTANCES:
        kl = real(second) * (real(second) / real(other)).log() + real(1 - second) * (real(1 - second) / real(1 - other)).log()
        for horizon in range(1, most + 1):
            for x, y in pulls(first, second, other, horizon):
                ratio = real(x + y if both else x) / (horizon * (-real(x) * kl).exp())
                many, wrong, least = many + 1, wrong + (not ratio >= real(part)), min(least, float(ratio))
    limits = follows(leading)
    ok = wrong == 0 and limits
    return claims.proved(
        f"{'x + y' if both else 'x'} >= {part} T exp(-x kl(m_2, q)), every rule, T <= {most}; x / log T >= {leading} (1 - a) / kl in the limit",
        ok,
        least - float(part) if ok else min(least - float(part), 0.0),
        f"rationals and Arb: {many} pairs of pulls, {wrong} below, the bound is at most {100 * float(part) / least if least else math.inf:.0f}% of the truth; "
        f"sympy: consequence and limits {limits}",
    )


def check(scale: float, seed: int, part: Fraction = Fraction(1, 4), leading: Fraction = Fraction(1)) -> Verdict:
    return run(scale, True, part, leading)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, False, Fraction(1, 4), Fraction(1))
