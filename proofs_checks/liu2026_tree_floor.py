"""A tree of means ends at v* = s2 / ((b - 1) (1 - rho)), whatever its leaves are; a star at no less than rho v.

Statement: a node averages b messages; errors of its inputs have variance v_t and pairwise correlation rho, drawn anew at every node, messages add
independent noise of variance s2. v_(t+1) = q v_t + s2 / b, q = rho + (1 - rho) / b, so v_L = v* + q^L (v_0 - v*), and v_L -> v*. A star of N has risk
v (rho + (1 - rho) / N) + s2 / N >= rho v.
Source: v* [Liu2026]_, as a public note quotes it; the rest is derived here.

Proved by sympy for symbolic b, rho, v, s2: the variance of a mean of b messages, summed over the covariance matrix of b = 2..9 inputs, is q v + s2 /
b; v* is its fixed point; the closed form satisfies the recursion for symbolic L and has value v_0 at L = 0. By z3 for all reals b >= 2, rho in [0,
1): 0 < q < 1; and the star's floor.
Compared: `tree_risk`, `tree_risk_floor`, `star_risk` of theory/majority_tree against the recursion in rationals, to 1e-12 relative.
Control: v* = s2 / (b (1 - rho)).
"""

from fractions import Fraction
from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"less": 0}


def check(scale: float, seed: int, less: int = 1) -> Verdict:
    import sympy as sp
    import z3

    from budgetsim.theory.majority_tree import star_risk, tree_risk, tree_risk_floor

    b, rho, v, s2, depth = sp.symbols("b rho v s2 L", positive=True)
    q = rho + (1 - rho) / b
    mean = True
    for n in range(2, 10):
        covariance = sp.Matrix(n, n, lambda i, j: v + s2 if i == j else rho * v)
        mean &= sp.simplify(sum(covariance) / n**2 - (q.subs(b, n) * v + s2 / n)) == 0
    floor = s2 / ((b - less) * (1 - rho))
    fixed = sp.simplify(q * floor + s2 / b - floor) == 0
    form = floor + q**depth * (v - floor)
    closed = sp.simplify((form.subs(depth, depth + 1) - (q * form + s2 / b)).expand()) == 0 and sp.simplify(form.subs(depth, 0) - v) == 0

    size, r, w, noise = z3.Reals("b rho v s2")
    solver, star = z3.Solver(), z3.Solver()
    rate = r + (1 - r) / size
    solver.add(size >= 2, r >= 0, r < 1, z3.Or(rate <= 0, rate >= 1))
    star.add(size >= 1, r >= 0, r < 1, w >= 0, noise >= 0, w * (r + (1 - r) / size) + noise / size < r * w)
    ranges = solver.check() == z3.unsat and star.check() == z3.unsat

    luck, worst = Random(seed), 0.0
    for _ in range(5 + int(15 * scale)):
        n, part, start, of = (
            luck.randrange(2, 10),
            Fraction(luck.randrange(0, 60), 64),
            Fraction(luck.randrange(1, 100), 16),
            Fraction(luck.randrange(1, 100), 16),
        )
        end, risk = of / ((n - less) * (1 - part)), start
        told = (n, float(start), float(part), float(of))
        worst = max(worst, abs(tree_risk_floor(n, told[2], told[3]) / float(end) - 1.0), max(0.0, float(part * start) - star_risk(*told)))
        for level in range(1, 8):
            risk = (part + (1 - part) / n) * risk + of / n
            worst = max(worst, abs(tree_risk(level, *told) / float(risk) - 1.0))
    name = "b - 1" if less else "b"
    return claims.proved(
        f"a tree of means has risk v* + q^L (v_0 - v*), v* = s2 / (({name}) (1 - rho)); a star at least rho v",
        mean and fixed and closed and ranges and worst < 1e-12,
        detail=f"sympy: covariances {mean}, fixed point {fixed}, closed form {closed}; z3: 0 < q < 1 and the star {ranges}; the house differs by {worst:.1e}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
