"""A tree of N = b^L weak leaves beats one agent iff B >= B_L = c0 (N - 1) / (1 - N^(1 - s/beta)); B_L rises with N, from x*.

Statement: exact cost B = N x + c0 (N - 1); weak signals: the tree is worth kappa N^s x^beta, one agent kappa B^beta. s > beta; for s <= beta no
budget is enough. Also, in the smooth model B = N (x + c0), the threshold is B_c = c0 / (s - beta) (s^s / beta^beta)^(1 / (s - beta)). Source: derived
here (the paper of [Liu2026]_ has explicit thresholds whose form was not available).

Proved: (i) with r = N^(s/beta): for all reals N > 1, c0 > 0, x > 0, r > N: r x >= B iff B >= c0 (N - 1) / (1 - N / r), and r x < B for every x where
r <= N (z3). (ii) With q = s/beta - 1 > 0: d B_L / dN has the sign of g(N) = N^q - 1 - q + q / N, g(1) = 0, g'(N) = q (N^(q+1) - 1) / N^2 > 0 (sympy,
symbolic q, N). (iii) B_L -> c0 / q = x* as N -> 1 (sympy limit). (iv) G* / (kappa B^beta) = 1 at B_c (sympy). (v) Budgets at which the best depth
steps up grow by a factor that tends to b (sympy limit).
Compared: `budget_threshold` of theory/majority_tree: the tree loses at B_L (1 - 1e-9) and wins at B_L (1 + 1e-9), in Arb with 200 bits.
Control: c0 N instead of c0 (N - 1).
"""

from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"extra": 1}


def wins_from_threshold(extra: int) -> bool:
    """(i), by z3."""
    import z3

    n, c0, x, r = z3.Reals("N c0 x r")
    budget = n * x + c0 * (n - 1)
    solver = z3.Solver()
    solver.set("timeout", 30000)
    solver.add(n > 1, c0 > 0, x > 0, r > n)
    tree, above = r * x >= budget, budget * (r - n) >= c0 * (n - 1 + extra) * r
    solver.add(tree != above)
    never = z3.Solver()
    never.set("timeout", 30000)
    never.add(n > 1, c0 > 0, x > 0, r > 0, r <= n, r * x >= budget)
    return solver.check() == z3.unsat and never.check() == z3.unsat


def symbolic() -> list[bool]:
    """(ii) to (v)."""
    import sympy as sp

    n, q, c0, b, beta, r = sp.symbols("N q c0 b beta r", positive=True)
    threshold = c0 * (n - 1) / (1 - n ** (-q))
    g = n**q - 1 - q + q / n
    sign = sp.simplify(sp.diff(threshold, n) * (1 - n ** (-q)) ** 2 / (c0 * n ** (-q)) - g) == 0
    rises = g.subs(n, 1) == 0 and sp.simplify(sp.diff(g, n) - q * (n ** (q + 1) - 1) / n**2) == 0
    start = sp.simplify(sp.limit(threshold, n, 1) - c0 / q) == 0
    s, gain = beta * (1 + q), beta * q
    smooth = sp.log(c0 / gain) + (s * sp.log(s) - beta * sp.log(beta)) / gain
    log_ratio = gain * smooth + beta * sp.log(beta) + gain * sp.log(gain) - s * sp.log(s) - gain * sp.log(c0)
    level = sp.simplify(sp.expand_log(sp.expand(log_ratio), force=True)) == 0
    step = c0 * (r * (b * n - 1) - (n - 1)) / (r - 1)
    factor = sp.limit(step.subs(n, b * n) / step, n, sp.oo)
    return [sign, rises, start, level, sp.simplify(factor - b) == 0]


def check(scale: float, seed: int, extra: int = 0) -> Verdict:
    from flint import arb, ctx

    from budgetsim.theory.majority_tree import budget_threshold, node_cost

    luck, tries, house = Random(seed), 20 + int(80 * scale), True
    with ctx.workprec(200):
        for _ in range(tries):
            b, m, depth = luck.choice((3, 5, 7, 9)), luck.randrange(10, 200), luck.randrange(1, 7)
            beta = luck.uniform(0.1, 0.4)
            s = beta * luck.uniform(1.2, 2.5)
            limit, size, cost = budget_threshold(beta, b, m, s, depth), b**depth, node_cost(b, m)
            for part, wins in ((1.0 - 1e-9, False), (1.0 + 1e-9, True)):
                budget = arb(limit * part) + (arb(cost) if extra else arb(0))
                leaf = (budget - arb(cost) * (size - 1)) / size
                ahead = arb(size) ** arb(s) * leaf ** arb(beta) - budget ** arb(beta)
                house &= bool(ahead > 0) if wins else bool(ahead < 0)
    threshold, parts = wins_from_threshold(extra), symbolic()
    return claims.proved(
        f"the tree beats one agent iff B >= c0 {'N' if extra else '(N - 1)'} / (1 - N^(1 - s/beta)), which rises with N from x*",
        threshold and all(parts) and house,
        detail=f"z3: the equivalence {threshold}; sympy: sign, growth, limit, B_c, factor b {parts}; "
        f"{tries} thresholds of the house in Arb, 1e-9 either side: {house}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
