"""Small linear programs in exact arithmetic: the value, a plan and prices that prove it."""

from fractions import Fraction
from typing import Any, NamedTuple

from ..arguments import BadValue


class RationalPlan(NamedTuple):
    """goal.x = price.room = value, checked: x is best, and so are the prices."""

    value: Any
    x: list[Any]
    price: list[Any]


def rational_lp(goal: Any, rows: Any, room: Any, number: Any = Fraction) -> RationalPlan:
    """max goal.x subject to rows x <= room, x >= 0, by the simplex method with Bland's rule.

    Parameters
    ----------
    goal (n,), rows (m, n), room (m,) >= 0: whole numbers or rationals. number: the type to compute in; `flint.fmpq` is several times faster.

    Raises
    ------
    BadValue : a room below 0, or no greatest value.

    Examples
    --------
    >>> rational_lp([3, 1], [[2, 1], [1, 1]], [1, 2])
    RationalPlan(value=Fraction(3, 2), x=[Fraction(1, 2), Fraction(0, 1)], price=[Fraction(3, 2), Fraction(0, 1)])
    """
    n, m, zero = len(goal), len(rows), number(0)
    if any(b < 0 for b in room):
        raise BadValue("room: got a number below 0; allowed: numbers >= 0")
    table = [[number(a) for a in row] + [number(int(i == k)) for k in range(m)] + [number(room[i])] for i, row in enumerate(rows)]
    top = [-number(g) for g in goal] + [zero] * (m + 1)
    base = list(range(n, n + m))
    while True:
        enter = next((j for j in range(n + m) if top[j] < 0), None)
        if enter is None:
            break
        fit = [(row[-1] / row[enter], base[i], i) for i, row in enumerate(table) if row[enter] > 0]
        if not fit:
            raise BadValue("goal: got a program without a greatest value")
        leave = min(fit)[2]
        pivot = table[leave][enter]
        table[leave] = [a / pivot for a in table[leave]]
        for row in [*(r for i, r in enumerate(table) if i != leave), top]:
            scale = row[enter]
            if scale != 0:
                row[:] = [a - scale * b if b != 0 else a for a, b in zip(row, table[leave], strict=True)]
        base[leave] = enter
    x = [zero] * (n + m)
    for i, j in enumerate(base):
        x[j] = table[i][-1]
    plan = RationalPlan(top[-1], x[:n], top[n : n + m])
    _proved(plan, goal, rows, room)
    return plan


def _proved(plan: RationalPlan, goal: Any, rows: Any, room: Any) -> None:
    feasible = min(plan.x, default=0) >= 0 and all(sum(a * v for a, v in zip(row, plan.x, strict=True)) <= b for row, b in zip(rows, room, strict=True))
    dual = min(plan.price, default=0) >= 0 and all(sum(p * row[j] for p, row in zip(plan.price, rows, strict=True)) >= g for j, g in enumerate(goal))
    equal = sum(g * v for g, v in zip(goal, plan.x, strict=True)) == plan.value == sum(p * b for p, b in zip(plan.price, room, strict=True))
    if not (feasible and dual and equal):
        raise AssertionError("the certificate of an exact linear program does not hold")
