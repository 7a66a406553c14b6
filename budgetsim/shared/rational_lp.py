"""Small linear programs in rational numbers: no tolerance, for checks and proofs."""

from collections.abc import Sequence
from fractions import Fraction

from ..arguments import BadValue


def rational_lp(objective: Sequence, matrix: Sequence, caps: Sequence) -> tuple[Fraction, list[Fraction], list[Fraction]]:
    """(value, x, p): max c.x subject to A x <= b, x >= 0, with b >= 0, by the simplex method with Bland's rule, and prices p >= 0 of the rows.

    Strong duality is verified at the end: x and p are feasible and c.x = p.b.

    >>> value, x, p = rational_lp([Fraction(9, 10), Fraction(1, 2)], [[8, 1], [1, 1]], [Fraction(9, 2), 1])
    >>> value, x == [Fraction(1, 2), Fraction(1, 2)], p
    (Fraction(7, 10), True, [Fraction(2, 35), Fraction(31, 70)])
    """
    c, a, b = [Fraction(v) for v in objective], [[Fraction(v) for v in row] for row in matrix], [Fraction(v) for v in caps]
    n, m = len(c), len(b)
    if any(v < 0 for v in b):
        raise BadValue("caps: got a negative number; allowed: numbers >= 0, so that x = 0 is feasible")
    rows = [[*row, *(Fraction(i == j) for j in range(m)), cap] for i, (row, cap) in enumerate(zip(a, b, strict=True))]
    cost, basis = [-v for v in c] + [Fraction(0)] * (m + 1), list(range(n, n + m))
    while (enter := next((j for j in range(n + m) if cost[j] < 0), -1)) >= 0:
        ratios = [(row[-1] / row[enter], basis[i], i) for i, row in enumerate(rows) if row[enter] > 0]
        if not ratios:
            raise BadValue("matrix: got a program without a bound; allowed: bounded ones")
        leave = min(ratios)[2]
        pivot = rows[leave][enter]
        rows[leave] = [v / pivot for v in rows[leave]]
        for row in [*rows, cost]:
            if row is not rows[leave] and row[enter] != 0:
                factor = row[enter]
                row[:] = [v - factor * w for v, w in zip(row, rows[leave], strict=True)]
        basis[leave] = enter
    x = [Fraction(0)] * (n + m)
    for i, k in enumerate(basis):
        x[k] = rows[i][-1]
    x, p = x[:n], cost[n : n + m]
    value = sum((u * v for u, v in zip(c, x, strict=True)), Fraction(0))
    feasible = all(sum(u * v for u, v in zip(row, x, strict=True)) <= cap for row, cap in zip(a, b, strict=True)) and min([*x, *p, Fraction(0)]) >= 0
    priced = all(sum(p[i] * a[i][k] for i in range(m)) >= c[k] for k in range(n))
    assert feasible and priced and value == sum(u * v for u, v in zip(p, b, strict=True)), "simplex: not optimal"
    return value, x, p
