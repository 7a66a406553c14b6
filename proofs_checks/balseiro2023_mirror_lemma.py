"""The mirror-descent lemma holds on every path: sum (mu_t - mu).g_t <= G^2 eta tau / (2 sigma) + V(mu, mu_1) / eta, Euclidean and entropic.

Statement. Prices mu_t >= 0 in R^d move by max(mu - eta g, 0) (sigma = 1/d) or by mu exp(-eta g) (sigma = 1 / the greatest sum of prices on the path).
For every sequence of g with entries at most G in size, every mu >= 0 and every tau the inequality holds. With 1/2 replaced by less it fails.

Source: [Balseiro2023]_ uses it; constants as in `theory.mirror_descent.descent_lemma`; the steps are derived here.

What was proved, for all d, tau, eta > 0 and inputs. Euclidean, one coordinate, one step: ``2 eta (m - u) g <= eta^2 g^2 + (u - m)^2 - (u - m')^2``
for m' = max(m - eta g, 0) and all reals m, u >= 0: z3. Entropic, one step: the three-point identity ``eta g (m - u) = V(u, m) - V(u, m') - V(m', m) +
eta g (m - m')`` (sympy); ``x log x - x + 1 >= 3 (x - 1)^2 / (2 (x + 2))``: the derivative of the difference over x is (x - 1)^3 / (x^2 (x + 2)^2)
(sympy), so it is least at 1, where it vanishes; coordinates add up by a^2/v + b^2/w >= (a + b)^2 / (v + w) (sympy), so V(m', m) >= |m' - m|_1^2 / (2
M); and ``eta G s - s^2 / (2 M) <= eta^2 G^2 M / 2`` (z3). Steps telescope. Beside it, `descent_lemma` itself is certified on drawn paths, and on one
where it is tight.
"""

from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"half": Fraction(9, 20)}


def _never(*claim):
    import z3

    solver = z3.Solver()
    solver.add(*claim)
    return solver.check() == z3.unsat


def _euclidean(half):
    import z3

    m, u, s = z3.Reals("m u s")  # s = eta g
    after = z3.If(m - s >= 0, m - s, 0)
    return _never(m >= 0, u >= 0, (m - u) * s > z3.Q(half.numerator, half.denominator) * s * s + ((u - m) ** 2 - (u - after) ** 2) / 2)


def _entropic(half):
    import sympy
    import z3

    m, u, s, x, a, b, v, w = sympy.symbols("m u s x a b v w", positive=True)

    def divergence(p, q):
        return p * (sympy.log(p) - sympy.log(q)) - p + q

    after = m * sympy.exp(-s)
    three = divergence(u, m) - divergence(u, after) - divergence(after, m) + s * (m - after) - s * (m - u)
    excess = sympy.log(x) - 1 + 1 / x - 3 * (x - 1) ** 2 / (2 * x * (x + 2))
    falls = sympy.simplify(sympy.diff(excess, x) - (x - 1) ** 3 / (x**2 * (x + 2) ** 2)) == 0 and excess.subs(x, 1) == 0
    adds = sympy.simplify(a**2 / v + b**2 / w - (a + b) ** 2 / (v + w) - (a * w - b * v) ** 2 / (v * w * (v + w))) == 0
    step, most, greatest = z3.Reals("step most greatest")  # |m' - m|_1, M, eta G
    young = _never(
        most > 0,
        step >= 0,
        greatest >= 0,
        2 * most * greatest * step - step * step > 2 * z3.Q(half.numerator, half.denominator) * most * most * greatest * greatest,
    )
    return sympy.simplify(sympy.expand_log(three, force=True)) == 0 and falls and adds and young


def _drawn(half, scale, seed):
    """(greatest left - right, paths, left / right where the price only rises)."""
    import numpy as np

    from budgetsim.theory.mirror_descent import descent_lemma, divergence, price_path

    g = np.random.default_rng(seed)
    worst, paths = -np.inf, 6 if scale < 0.3 else 40
    for k in range(paths):
        mirror, d = ("euclidean", "entropic")[k % 2], 1 + k % 3
        reward, cost = g.random((60, 3)), g.random((60, 3, d))
        eta = float(g.uniform(0.02, 1.0))
        path = price_path(reward, cost, g.uniform(0.1, 0.6, d), eta, mirror)
        mu = g.exponential(size=d)
        left, right = descent_lemma(path, mu, eta, mirror)
        distance = divergence(mu, path.price[0], mirror) / eta
        worst = max(worst, float(np.max(left - distance - 2.0 * half * (right - distance))))
    rises = price_path(np.full((20, 1), 50.0), np.full((20, 1, 1), 2.0), [1.0], 0.125)
    left, right = descent_lemma(rises, rises.price[-1], 0.125)
    distance = divergence(rises.price[-1], rises.price[0]) / 0.125
    allowed = float(distance + 2.0 * half * (right[-1] - distance))
    return max(worst, float(left[-1]) - allowed), paths, float(left[-1]) / allowed


def check(scale: float, seed: int, half: Fraction = Fraction(1, 2)) -> Verdict:
    steps = {"euclidean": _euclidean(half), "entropic": _entropic(half)}
    worst, paths, tight = _drawn(float(half), scale, seed)
    ok = all(steps.values()) and worst <= 1e-9
    return proved(
        f"mirror-descent lemma, every path, Euclidean and entropic, with {half}",
        ok,
        detail=f"z3 and sympy, one step for all reals: {', '.join(f'{k} {v}' for k, v in steps.items())}; "
        f"{paths} drawn paths: left - right at most {worst:.3g}; on the tight path the left is {tight:.4f} of the right",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
