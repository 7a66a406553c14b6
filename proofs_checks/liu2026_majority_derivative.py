"""The majority of b votes: f_b'(mu) = f_b'(0) (1 - mu^2)^h with h = (b - 1) / 2 and f_b'(0) = b C(b-1, h) / 2^(b-1) = E |S_b|.

Statement: b odd; f_b(mu) = E sign(Z_1 + ... + Z_b), Z_i independent, +1 or -1, of mean mu. S_b is the sum at mu = 0. Source: [Liu2026]_ for the slope
at 0 (as a public note quotes it); the closed form is derived here.

Proved: (i) for all whole n, k: d/dp P(Bin(n, p) >= k) = n C(n-1, k-1) p^(k-1) (1-p)^(n-k), by a sum that telescopes, term by term in sympy with n and
j symbolic; n = b, k = h + 1, p = (1 + mu) / 2 give the closed form for all odd b. (ii) Independently, for odd b <= 51, the polynomial that is summed
over the binomial has this derivative, coefficient by coefficient in rationals, and its slope at 0 is E |S_b|. (iii) Not proved but compared:
`majority_map` and `majority_slope` of theory/majority_tree are this polynomial to 1e-13, at one bias each.
Control: h replaced by h + 1.
"""

from math import comb
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"shift": 1}


def majority(b: int) -> Any:
    """f_b as a polynomial in the bias, from the sum over the binomial."""
    from flint import fmpq, fmpq_poly

    right, wrong = fmpq_poly([fmpq(1, 2), fmpq(1, 2)]), fmpq_poly([fmpq(1, 2), fmpq(-1, 2)])
    return sum(((1 if 2 * k > b else -1) * comb(b, k) * right**k * wrong ** (b - k) for k in range(b + 1)), fmpq_poly([0]))


def telescopes() -> bool:
    """d/dp C(n,j) p^j q^(n-j) = n C(n-1,j-1) p^(j-1) q^(n-j) - n C(n-1,j) p^j q^(n-1-j), both sides over C(n,j) p^j q^(n-j)."""
    import sympy as sp

    n, j = sp.symbols("n j", positive=True, integer=True)
    p = sp.symbols("p", positive=True)
    ratio = [sp.gammasimp(sp.binomial(n - 1, i).rewrite(sp.gamma) / sp.binomial(n, j).rewrite(sp.gamma)) for i in (j - 1, j)]
    left = j / p - (n - j) / (1 - p)
    return sp.simplify(left - n * (ratio[0] / p - ratio[1] / (1 - p))) == 0


def check(scale: float, seed: int, shift: int = 0) -> Verdict:
    from flint import fmpq, fmpq_poly

    from budgetsim.theory.majority_tree import majority_map, majority_slope

    luck, ok, worst, most = Random(seed), telescopes(), 0.0, 51
    for b in range(3, most + 1, 2):
        f, h = majority(b), (b - 1) // 2
        slope = fmpq(b * comb(b - 1, h), 2 ** (b - 1))
        walk = sum((fmpq(comb(b, k) * abs(2 * k - b), 2**b) for k in range(b + 1)), fmpq(0))
        ok &= f.derivative() == slope * fmpq_poly([1, 0, -1]) ** (h + shift) and slope == walk and f(fmpq(0)) == 0
        mu = luck.randrange(-64, 65)
        exact = f(fmpq(mu, 64))
        worst = max(worst, abs(majority_map(mu / 64, b) - int(exact.p) / int(exact.q)), abs(majority_slope(b) / (int(slope.p) / int(slope.q)) - 1.0))
    ok &= worst < 1e-13
    power = "h" if shift == 0 else f"(h + {shift})"
    detail = f"sympy: the sum telescopes for symbolic n, j; rationals: odd b <= {most}, all coefficients; the house's functions differ by {worst:.1e}"
    return claims.proved(f"f_b'(mu) = E|S_b| (1 - mu^2)^{power} for every odd b", ok, detail=detail)


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
