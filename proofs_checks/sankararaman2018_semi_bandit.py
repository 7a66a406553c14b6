"""Semi-bandits: every vertex of {0 <= x <= 1, sum x <= m} is a set of at most m arms, and the fluid LP equals its dual in the m greatest margins.

**Statement.** (1) The matrix of `x <= 1, sum x <= m` is totally unimodular, so the marginals of random sets of at most m arms are exactly the x with 0 <= x <= 1, sum x <= m, and the LP of `optima.semi_bandit_lp`
loses nothing. (2) min over p >= 0 of p.B + T (sum of the m greatest [r_k - p.c_k]_+) = max T r.x subject to T C'x <= B, sum x <= m, 0 <= x <= 1; the left side at any p >= 0 is a bound. (3) With d budgets an optimal
vertex has at most d + 1 fractional entries, and some have d + 1.

**Source.** [Sankararaman2018]_ for the program; integrality by Hoffman and Kruskal's theorem (not re-proved here); the dual is derived here.

**Proved.** (1) All square submatrices for up to 6 arms (5 at scale below 0.3) have determinant 0, 1 or -1, by enumeration, in integers. (2), (3): in rationals on 120 (30) instances with 3 to 5 arms and 1 or 2
resources drawn by the seed, equality at the simplex's prices and the bound at 10 other prices each; `semi_bandit_lp` and `semi_bandit_dual` agree to 1e-9.

**Control.** A budget row (2, 1, 1, ...) joins the matrix of (1).
"""

import itertools
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.semi_bandit_lp import semi_bandit_dual, semi_bandit_lp
from budgetsim.shared.rational_lp import rational_lp

PERTURBED = {"more": 0}


def _determinant(rows: list[list[int]]) -> int:
    """Bareiss: whole numbers throughout."""
    a, sign, before = [row[:] for row in rows], 1, 1
    for k in range(len(a) - 1):
        pivot = next((i for i in range(k, len(a)) if a[i][k]), None)
        if pivot is None:
            return 0
        if pivot != k:
            a[k], a[pivot], sign = a[pivot], a[k], -sign
        for i, j in itertools.product(range(k + 1, len(a)), repeat=2):
            a[i][j] = (a[i][j] * a[k][k] - a[i][k] * a[k][j]) // before
        before = a[k][k]
    return sign * a[-1][-1]


def _largest_determinant(matrix: list[list[int]]) -> tuple[int, int]:
    """Of all square submatrices, and how many there are."""
    largest, many = 0, 0
    for size in range(1, min(len(matrix), len(matrix[0])) + 1):
        for rows, columns in itertools.product(itertools.combinations(matrix, size), itertools.combinations(range(len(matrix[0])), size)):
            largest, many = max(largest, abs(_determinant([[row[j] for j in columns] for row in rows]))), many + 1
    return largest, many


def _dual(r: list[Fraction], c: list[list[Fraction]], budget: list[Fraction], horizon: int, most: int, price: list[Fraction]) -> Fraction:
    gains = sorted((max(x - sum(p * v for p, v in zip(price, row)), Fraction(0)) for x, row in zip(r, c)), reverse=True)
    return sum((p * b for p, b in zip(price, budget)), Fraction(0)) + horizon * sum(gains[:most])


def _duality(scale: float, seed: int, more: int) -> bool:
    rng = np.random.default_rng(seed)
    for i in range(120 if scale >= 0.3 else 30):
        k, d, horizon = int(rng.integers(3, 6)), int(rng.integers(1, 3)), 12
        most = int(rng.integers(1, k + 1))
        r = [Fraction(int(v), 10) for v in rng.integers(0, 11, k)]
        c = [[Fraction(int(v), 10) for v in row] for row in rng.integers(0, 11, (k, d))]
        budget = [Fraction(int(v)) for v in rng.integers(0, 12, d)]
        if i == 0:  # half of each of two arms: d + 1 fractional ones
            k, d, most, r, c, budget = 2, 1, 1, [Fraction(1), Fraction(1, 2)], [[Fraction(1)], [Fraction(0)]], [Fraction(6)]
        rows = [*([horizon * row[j] for row in c] for j in range(d)), [1] * k, *([int(a == b) for a in range(k)] for b in range(k))]
        value, x, prices = rational_lp([horizon * v for v in r], rows, [*budget, most, *[1] * k])
        sound = _dual(r, c, budget, horizon, most, prices[:d]) == value and sum(0 < v < 1 for v in x) <= d + more
        for other in rng.integers(0, 21, (10, d)):
            sound = sound and _dual(r, c, budget, horizon, most, [Fraction(int(v), 10) for v in other]) >= value
        if i < 5:
            numbers = np.array(r, float), np.array(c, float), np.array(budget, float)
            sound = sound and abs(semi_bandit_lp(*numbers, horizon, most).value - value) < 1e-9
            sound = sound and abs(semi_bandit_dual(*numbers, horizon, most, np.array(prices[:d], float)) - float(value)) < 1e-9
        if not sound:
            return False
    return True


def _verdict(scale: float, seed: int, budget_row: bool, more: int) -> Verdict:
    largest, many, last = 0, 0, 6 if scale >= 0.3 else 5
    for k in range(2, last + 1):
        matrix = [[int(i == j) for j in range(k)] for i in range(k)] + [[1] * k]
        found, tried = _largest_determinant(matrix + [[2] + [1] * (k - 1)] * budget_row)
        largest, many = max(largest, found), many + tried
    claim = f"sets of at most m arms{' and a budget row' if budget_row else ''}: totally unimodular for up to {last} arms; LP = dual in the m greatest margins; at most d{f' + {more}' if more else ''} arms fractional"
    detail = f"greatest determinant {largest} of {many} submatrices, in integers; duality in rationals on instances drawn"
    return claims.proved(claim, largest <= 1 and _duality(scale, seed, more), float(1 - largest), detail)


def check(scale: float, seed: int, more: int = 1) -> Verdict:
    return _verdict(scale, seed, False, more)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, True, 1)
