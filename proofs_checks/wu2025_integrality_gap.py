"""The linear program of routing is above the 0-1 program by less than M times the greatest reward, M being the number of budgets, and no less will do.

Statement. Queries j with rewards d_ij in models i, each model with its own budget B_i and costs g_ij, a query to at most one model. A vertex of the
linear program splits at most M queries, and LP < MILP + M max d (equality only where all is 0).

Source: [Wu2025]_ for the programs; the bound is derived here (a basic solution has at most N + M positive variables).

What was proved. In rationals, LP by a plan with prices of equal value (`shared.rational_lp`), MILP by trying all: *every* multiset of N <= 3 (4 from
scale .3 on) queries of one model with d and g in 1..3, B <= 6; from scale .3 on *every* two queries of two models with d, g in {1, 2}, budgets in {1,
2, 3}: split queries of the plan <= M, 0 <= gap < M max d. Sharp: M models, M queries, each useful in one model, g = 1 + 1/n, B = 1: gap M n / (n +
1), checked for M <= 3, n <= 20. On drawn instances (12 queries, 3 models) `optima.hindsight_lp` and `hindsight_milp` keep the bound (certified).
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"factor": Fraction(9, 10)}


def _program(reward, cost, budget):
    """(value, x) of the linear program, in rationals."""
    from flint import fmpq

    from budgetsim.shared.rational_lp import rational_lp

    n, m = len(reward), len(budget)
    at = [(j, i) for j in range(n) for i in range(m)]
    rows = [[_q(cost[j][i]) if k == i else fmpq(0) for j, i in at] for k in range(m)] + [[int(j == h) for j, _ in at] for h in range(n)]
    solved = rational_lp([reward[j][i] for j, i in at], rows, [*budget, *[1] * n], fmpq)
    x = [Fraction(int(v.p), int(v.q)) for v in solved.x]
    return Fraction(int(solved.value.p), int(solved.value.q)), [x[j * m : (j + 1) * m] for j in range(n)]


def _q(x):
    from flint import fmpq

    return fmpq(*Fraction(x).as_integer_ratio())


def _whole(reward, cost, budget):
    best = 0
    for choice in itertools.product(range(-1, len(budget)), repeat=len(reward)):
        paid = [sum(cost[j][i] for j, k in enumerate(choice) if k == i) for i in range(len(budget))]
        if all(p <= b for p, b in zip(paid, budget, strict=True)):
            best = max(best, sum(reward[j][i] for j, i in enumerate(choice) if i >= 0))
    return best


def _drawn(seed, many, factor):
    import numpy as np

    from budgetsim.optima.hindsight_lp import hindsight_lp
    from budgetsim.optima.hindsight_milp import hindsight_milp

    g = np.random.default_rng(seed)
    for _ in range(many):
        d, cost, models = g.random((12, 3)), np.zeros((12, 3, 3)), np.arange(3)
        cost[:, models, models] = g.uniform(0.2, 1.0, (12, 3))
        budget = g.uniform(0.8, 2.0, 3)
        gap = hindsight_lp(d, cost, budget).upper - hindsight_milp(d, cost, budget).lower
        if not 0.0 <= gap < factor * 3 * d.max():
            return False
    return True


def check(scale: float, seed: int, factor: Fraction = Fraction(1)) -> Verdict:
    full = scale >= 0.3
    pairs = [(d, g) for d in (1, 2, 3) for g in (1, 2, 3)]
    cases = [
        ([[d] for d, _ in q], [[g] for _, g in q], [b])
        for n in range(1, 5 if full else 4)
        for q in itertools.combinations_with_replacement(pairs, n)
        for b in range(1, 7)
    ]
    if full:
        queries = list(itertools.product((1, 2), repeat=4))
        cases += [
            ([list(q[:2]), list(p[:2])], [list(q[2:]), list(p[2:])], b)
            for q, p in itertools.combinations_with_replacement(queries, 2)
            for b in itertools.product((1, 2, 3), repeat=2)
        ]
    cases += [([[int(i == j) for i in range(m)] for j in range(m)], [[1 + Fraction(1, n)] * m] * m, [1] * m) for m in (1, 2, 3) for n in (1, 5, 20)]
    worst, split, negative = Fraction(0), 0, 0
    for reward, cost, budget in cases:
        value, plan = _program(reward, cost, budget)
        gap = (value - _whole(reward, cost, budget)) / (len(budget) * max(map(max, reward)))
        worst, negative = max(worst, gap), negative + (gap < 0)
        split += sum(any(x.denominator > 1 for x in row) for row in plan) > len(budget)
    drawn = _drawn(seed, 10 if full else 2, float(factor))
    ok = worst < factor and split == 0 and negative == 0 and drawn
    return proved(
        f"LP - MILP < {'' if factor == 1 else f'{factor} of '}M max d, and at most M split queries, in every program of a class",
        ok,
        float(factor - worst),
        f"rationals: {len(cases)} programs, greatest gap {float(worst):.4f} of M max d; plans that split more than M queries: {split}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
