"""Identification at a price: LB <= LB2 <= the risk of the best sequential test of two normal arms, for every gap, sigma and price.

**Statement.** Two normal arms whose gap D is known, price c a pull. LB2 = min_n exp(-D^2 n / (2 sigma^2)) / 4 + c n = (2 sigma^2 c / D^2) log(e D^2 / (8 sigma^2 c)) where D^2 >= 8 sigma^2 c, else 1/4; LB = the same with D^2 8 times as large. The best
test stops when the log odds reach A; its risk is 1 / (1 + e^A) + (2 c sigma^2 / D^2) A tanh(A / 2). Then LB <= LB2 <= the risk, whatever A is.

**Source.** LB is from notes on [Harding2025]_; LB2 and the closed form of the test are derived here (`theory.identification`, `optima.sprt_oracle`; [Wald1945]_).

**Proved.** For all D, sigma, c, A > 0: the closed form is the minimum (sympy), LB2 falls in c / D^2 (sympy), and 4 / (1 + e^A) >= exp(-A tanh(A/2)) for A in [0, 40] by subdivision in Arb, beyond 40 by the bound (1 + e^-40) exp(80 e^-40) on the quotient. At the test's
own number of pulls the last inequality is risk >= LB2. `sprt_oracle` lies above `sharper_misidentification_lower_bound` at 60 gaps.

**Control.** The 4 becomes 23/10 (of exp(-KL) / 4, which Bretagnolle and Huber's inequality gives).
"""

from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.sprt_oracle import sprt_oracle
from budgetsim.theory.identification import misidentification_lower_bound, sharper_misidentification_lower_bound

PERTURBED = {"constant": Fraction(23, 10)}


def _closed_form() -> bool:
    import sympy as sp

    a, c, n, x = sp.symbols("a c n x", positive=True)
    risk = sp.exp(-a * n) / 4 + c * n
    best = sp.log(a / (4 * c)) / a
    value = c / a * (1 + sp.log(a / (4 * c)))
    least = (
        sp.simplify(risk.diff(n).subs(n, best)) == 0
        and sp.simplify(risk.subs(n, best) - value) == 0
        and sp.simplify(risk.diff(n, 2) - a**2 * sp.exp(-a * n) / 4) == 0
    )
    falls = sp.simplify(((1 + sp.log(x)) / (4 * x)).diff(x) + sp.log(x) / (4 * x**2)) == 0
    return bool(least and falls)


def _quotient(a):  # type: ignore[no-untyped-def]
    """(1 + e^A) exp(-A tanh(A/2)) = (1 + e^-A) exp(2 A / (1 + e^A))."""
    e = (-a).exp()
    return (1 + e) * (2 * a * e / (1 + e)).exp()


def _below(constant: Fraction) -> tuple[bool, float, int]:
    """Whether the quotient is at most `constant` on [0, infinity); the greatest value met at a midpoint; how many intervals it took."""
    from flint import arb, fmpq

    limit = arb(fmpq(constant.numerator, constant.denominator))
    boxes, greatest, many = [(0.0, 40.0)], 0.0, 0
    while boxes:
        low, high = boxes.pop()
        many += 1
        middle = 0.5 * (low + high)
        greatest = max(greatest, float(_quotient(arb(middle))))
        if _quotient(arb(middle, 0.5 * (high - low))) <= limit:
            continue
        if _quotient(arb(middle)) > limit:
            return False, greatest, many
        boxes += [(low, middle), (middle, high)]
    tail = (1 + (-arb(40)).exp()) * (80 * (-arb(40)).exp()).exp()
    return bool(tail <= limit), greatest, many


def _functions_agree() -> bool:
    for gap in np.geomspace(1e-3, 20.0, 60):
        lower, sharper = misidentification_lower_bound(gap), sharper_misidentification_lower_bound(gap)
        if not lower <= sharper <= sprt_oracle(gap, 1.0, 1e-4).lower + 1e-15:
            return False
    return True


def check(scale: float, seed: int, constant: Fraction = Fraction(4)) -> Verdict:
    below, greatest, many = _below(constant)
    ok = below and _closed_form() and _functions_agree()
    claim = f"LB <= LB2 <= risk of the best sequential test, all gaps and prices: {constant} / (1 + e^A) >= exp(-A tanh(A/2))"
    return claims.proved(
        claim,
        ok,
        float(constant) - greatest,
        f"sympy; Arb on {many} intervals; the quotient reaches {greatest:.4f}, so the bound is loose by a factor up to {4 / greatest:.2f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
