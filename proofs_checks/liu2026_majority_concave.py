"""The majority's bias f_b is odd, increasing and concave on [0, 1], with f_b(1) = 1, for every odd b <= 51.

Statement: as in the line above; f_b as in `liu2026_majority_derivative`. Source: derived here (the phase transition of [Liu2026]_ rests on it).

Proved: f_b, summed over the binomial in rationals, is odd, f_b(1) = 1, and the Bernstein coefficients on [0, 1] of f_b' and of -f_b'' are all >= 0
and not all 0, so that both polynomials are > 0 inside the interval; odd b <= 51, every bias. (For all odd b it follows from the closed form proved in
`liu2026_majority_derivative`.)
Control: a vote that needs a lead of three for one side, and is a fair coin otherwise: convex at 0.
"""

from math import comb
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: signs of derivatives"


def majority(b: int, lead: int) -> Any:
    """The bias of a vote that needs a lead of `lead`, a polynomial in the voters' bias."""
    from flint import fmpq, fmpq_poly

    right, wrong = fmpq_poly([fmpq(1, 2), fmpq(1, 2)]), fmpq_poly([fmpq(1, 2), fmpq(-1, 2)])
    terms = (((2 * k - b >= lead) - (b - 2 * k >= lead)) * comb(b, k) * right**k * wrong ** (b - k) for k in range(b + 1))
    return sum(terms, fmpq_poly([0]))


def bernstein(f: Any) -> list[Any]:
    """Coefficients on [0, 1]: all >= 0, and not all 0, prove f > 0 inside."""
    from flint import fmpq

    n, a = f.degree(), f.coeffs()
    return [sum((a[i] * fmpq(comb(j, i), comb(n, i)) for i in range(j + 1)), fmpq(0)) for j in range(n + 1)]


def positive(f: Any) -> bool:
    found = bernstein(f)
    return min(found) >= 0 and max(found) > 0


def run(lead: int) -> Verdict:
    most, failed = 51, []
    for b in range(3, most + 1, 2):
        f = majority(b, lead)
        odd = all(a == 0 for a in f.coeffs()[::2])
        if not (odd and f(1) == 1 and positive(f.derivative()) and positive(-f.derivative().derivative())):
            failed.append(b)
    what = "a majority" if lead == 1 else f"a vote that needs a lead of {lead}"
    witness = f"; at b = {failed[0]}: second derivative at 1/10 is {curvature(failed[0], lead):.3g}" if failed else ""
    return claims.proved(
        f"the bias of {what} is odd, increasing, concave on [0, 1], odd b <= {most}",
        not failed,
        detail=f"Bernstein coefficients in rationals, odd b <= {most}{witness}",
    )


def curvature(b: int, lead: int) -> float:
    from flint import fmpq

    value = majority(b, lead).derivative().derivative()(fmpq(1, 10))
    return int(value.p) / int(value.q)


def check(scale: float, seed: int) -> Verdict:
    return run(1)


def control(scale: float, seed: int) -> Verdict:
    return run(3)
