"""A running mean passed along N agents is best at N = sqrt(3 (1 - rho) v / s2 + 1/2), whole N within 1 of it, and then gets worse.

Statement: agent k + 1 receives the mean of k answers (a message, noise of variance s2) and passes (k received + own) / (k + 1) on; errors have
variance v, pairwise correlation rho. R(N) = v (rho + (1 - rho) / N) + s2 (N - 1)(2N - 1) / (6N), whose slope tends to s2 / 3. Source: derived here
(the chain of [Liu2026]_ was not available).

Proved by sympy for symbolic rho, v, s2: R(N), from the weights 1/N of the answers and k/N of the noises, which the recursion of weights gives (N <=
12) and whose squares sum to the formula for symbolic N; R'(N) = 0 at the formula, R''(N) > 0 for all N > 0 (3 N^3 R'' = 6 (1 - rho) v + s2 over 1): R
falls, then rises, so the best whole N is the floor or the ceiling of it; R'(N) -> s2 / 3. Compared: `chain_risk`, `best_chain_length` of
theory/majority_tree on random instances.
Control: 3 replaced by 1 under the root.
"""

from fractions import Fraction
from math import sqrt
from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"factor": 1}


def weights(n: int) -> tuple[list[Fraction], list[Fraction]]:
    """What the last agent's mean puts on each answer and on each message's noise, from the recursion."""
    own, noise = [Fraction(1)], []
    for k in range(1, n):
        keep = Fraction(k, k + 1)
        own, noise = [keep * w for w in own] + [Fraction(1, k + 1)], [keep * w for w in noise] + [keep]
    return own, noise


def check(scale: float, seed: int, factor: int = 3) -> Verdict:
    import sympy as sp

    from budgetsim.theory.majority_tree import best_chain_length, chain_risk

    rho, v, s2, own = sp.symbols("rho v s2 own", positive=True)  # own = (1 - rho) v > 0
    n, k = sp.symbols("N k", positive=True, integer=True)
    noise = s2 * (n - 1) * (2 * n - 1) / (6 * n)
    recursion = all(weights(m) == ([Fraction(1, m)] * m, [Fraction(j, m) for j in range(1, m)]) for m in range(2, 13))
    summed = sp.simplify(sp.summation(s2 * (k / n) ** 2, (k, 1, n - 1)) - noise) == 0
    answers = sp.simplify(v * (n + n * (n - 1) * rho) / n**2 - v * (rho + (1 - rho) / n)) == 0
    x = sp.symbols("x", positive=True)
    risk = v * rho + own / x + noise.subs(n, x)
    slope = sp.diff(risk, x)
    stationary = sp.simplify(slope.subs(x, sp.sqrt(factor * own / s2 + sp.Rational(1, 2)))) == 0
    convex = sp.simplify(3 * x**3 * sp.diff(risk, x, 2) - (6 * own + s2)) == 0
    end = sp.simplify(sp.limit(slope, x, sp.oo) - s2 / 3) == 0

    luck, farthest, tries = Random(seed), 0.0, 10 + int(40 * scale)
    worst = 0.0
    for _ in range(tries):
        told = luck.uniform(0.1, 20.0), luck.uniform(0.0, 0.9), luck.uniform(0.005, 1.0)
        best = sqrt(factor * (1.0 - told[1]) * told[0] / told[2] + 0.5)
        worst = max(worst, abs(best_chain_length(*told) / best - 1.0))
        risks = chain_risk(list(range(1, 300)), *told).tolist()
        farthest = max(farthest, abs(1 + risks.index(min(risks)) - max(best, 1.0)))
    ok = recursion and summed and answers and stationary and convex and end and worst < 1e-12 and farthest < 1.0
    return claims.proved(
        f"a chain is best at N = sqrt({factor} (1 - rho) v / s2 + 1/2), within 1; its risk then grows as s2 N / 3",
        ok,
        detail=f"sympy: risk {recursion and summed and answers}, stationary {stationary}, convex {convex}, slope s2/3 {end}; "
        f"farthest whole optimum of {tries} instances: {farthest:.3f} away",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
