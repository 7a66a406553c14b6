"""Three exponents of majorities over majorities: growth as N^s, onset as (alpha - 1)^(1/2), decay at the threshold as t^(-1/2), for every b, rho.

Statement. F(mu) = rho gamma mu + (1 - rho) f_b(gamma mu), alpha = F'(0), h = (b - 1) / 2, a = f_b'(0), C = (1 - rho) gamma^3 a h / 3. On [0, 1]
alpha mu - C mu^3 <= F(mu) <= alpha mu - C mu^3 + E mu^5, E = (1 - rho) gamma^5 a h (h - 1) / 10. So (i) mu_L / mu_0 -> alpha^L = N^s as mu_0 -> 0; (ii)
(alpha - 1) / C <= mu*^2 and C mu*^2 - E mu*^4 <= alpha - 1: mu* grows as (alpha - 1)^(1/2); (iii) at alpha = 1, 1 / mu_(t+1)^2 - 1 / mu_t^2 -> 2 C as
mu -> 0: mu_t falls as t^(-1/2).

Source: s [Liu2026]_, Theorem 5, as a public note quotes it; the rest is derived here.

Proved. The bracket for all odd b, rho, gamma: f_b' = a (1 - z^2)^h (`liu2026_majority_derivative`) and 1 - h x <= (1 - x)^h <= 1 - h x + h (h - 1) x^2 / 2
on [0, 1] for whole h, by induction over h (sympy). (i) alpha^L = N^s; (ii) from F(mu*) = mu* (z3, all reals); (iii) by sympy's series. In Arb, b = 3, 5,
7, the slopes of log mu_L over log N (a start of 1e-7), of log mu* over log(alpha - 1) between 1e-6 and 1e-8, from the bracket alone, and of log mu_t over
log t between t = 500 and 2000, a start of .5: each is within .02 of its exponent.
Control: (iii) at alpha = 1.01.
"""

from math import comb

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"growth": 1.1, "onset": 1 / 3, "decay": -1 / 3}
RHO = (1, 5)


def bracket() -> bool:
    """The steps from h to h + 1 of both bounds, x in [0, 1], h >= 0: (1 - x) times a bound against the next one."""
    import sympy as sp

    x, h = sp.symbols("x h", nonnegative=True)
    low, high = 1 - h * x, 1 - h * x + h * (h - 1) * x**2 / 2
    below = sp.expand((1 - x) * low - low.subs(h, h + 1) - h * x**2) == 0  # above the next lower bound by h x^2 >= 0
    above = sp.expand(high.subs(h, h + 1) - (1 - x) * high - h * (h - 1) * x**3 / 2) == 0  # and below the next upper one; h (h - 1) >= 0 for whole h
    z = sp.symbols("z", positive=True)
    return below and above and sp.expand(sp.integrate(low.subs(x, z**2), z) - (z - h * z**3 / 3)) == 0


def consequences() -> bool:
    """(ii) by z3, (iii) and alpha^L = N^s by sympy."""
    import sympy as sp
    import z3

    mu, alpha, c, e, y = z3.Reals("mu alpha c e y")
    solver = z3.Solver()
    solver.set("timeout", 30000)
    solver.add(mu > 0, y == mu * mu, mu >= mu * (alpha - c * y), mu <= mu * (alpha - c * y + e * y * y))  # F(mu) = mu, within the bracket
    solver.add(z3.Or(c * y < alpha - 1, c * y - e * y * y > alpha - 1))
    m, k, r, depth, b, a = sp.symbols("m C R L b alpha", positive=True)
    after = m - k * m**3 + r * m**5
    falls = sp.limit(sp.together(1 / after**2 - 1 / m**2), m, 0) == 2 * k
    power = sp.simplify(sp.expand_log(depth * sp.log(a) - (sp.log(a) / sp.log(b)) * sp.log(b**depth), force=True)) == 0
    return solver.check() == z3.unsat and falls and power


def level(b, gamma):
    """(F, alpha, C, E) in Arb."""
    from flint import arb, fmpq

    rho, h, a = arb(fmpq(*RHO)), (b - 1) // 2, arb(fmpq(b * comb(b - 1, (b - 1) // 2), 2 ** (b - 1)))
    series = [(-1) ** k * comb(h, k) * a / (2 * k + 1) for k in range(h + 1)]  # f_b = a sum (-1)^k C(h, k) z^(2k+1) / (2k+1)

    def f(mu):
        z = gamma * mu
        return rho * z + (1 - rho) * sum((s * z ** (2 * k + 1) for k, s in enumerate(series)), arb(0))

    return f, gamma * (rho + (1 - rho) * a), (1 - rho) * gamma**3 * a * h / 3, (1 - rho) * gamma**5 * a * h * (h - 1) / 10


def slopes(b, beyond):
    """Enclosures of the three slopes, the first in units of s, the third at alpha = 1 + beyond."""
    from flint import arb

    f, alpha, _, _ = level(b, arb("0.95"))
    start = mu = arb("1e-7")
    for _ in range(8):
        mu = f(mu)
    growth = (mu / start).log() / (8 * alpha.log())
    critical = 1 / level(b, arb(1))[1]
    ends = []
    for over in (arb("1e-6"), arb("1e-8")):
        _, _, c, e = level(b, critical * (1 + over))
        high = over / c if b == 3 else (c - (c * c - 4 * e * over).sqrt()) / (2 * e)  # the lesser root; the other is above 1
        assert b == 3 or bool(c / (2 * e) > 0.5 and c - e > over)
        ends.append((over / c).sqrt().union(high.sqrt()))
    onset = (ends[0] / ends[1]).log() / arb(100).log()
    f, mu, kept = level(b, critical * (1 + arb(beyond)))[0], arb("0.5"), {}
    for t in range(1, 2001):
        mu = kept[t] = f(mu)
    return growth, onset, (kept[2000] / kept[500]).log() / arb(4).log()


def run(exponents: tuple[float, float, float], beyond: str) -> Verdict:
    from flint import arb, ctx

    with ctx.workprec(300):
        found = [slopes(b, beyond) for b in (3, 5, 7)]
        away = max(float(abs(slope - arb(e)).upper()) for row in found for slope, e in zip(row, exponents, strict=True))
    algebra = bracket() and consequences()
    said = ", ".join(f"{name} {min(v):.5f} to {max(v):.5f}" for name, v in zip(("over s", "onset", "decay"), np.array(found, float).T, strict=True))
    growth, onset, decay = exponents
    return claims.proved(
        f"exponents: mu_L grows as N^({growth:g} s), mu* as (alpha - 1)^{onset:.3g}, mu_t as t^{decay:.3g} at alpha = 1{f' + {beyond}' if beyond != '0' else ''}",
        algebra and away <= 0.02,
        0.02 - away,
        f"sympy and z3: {algebra}; Arb, b = 3, 5, 7: {said}",
    )


def check(scale: float, seed: int, growth: float = 1.0, onset: float = 0.5, decay: float = -0.5) -> Verdict:
    return run((growth, onset, decay), "0")


def control(scale: float, seed: int) -> Verdict:
    return run((1.0, 0.5, -0.5), "0.01")
