"""Lundberg's bounds for whole gains: r^(b + l - 1) <= P(ruin from b) <= r^b, where E r^X = 1, 0 < r < 1, and l is the largest loss.

Statement: one arm with whole gains X >= -l, E X > 0, played for ever from a stock of b. (In general r^(b + l) is below.) Source: [Asmussen2010]_,
chapter IV; the sharper form for whole gains is ours.

Proved in rationals, for random laws on -l .. 3, l = 1 .. 4, whose chances are such that r is rational, and b = 1 .. 5: with x the exact chance
(linear equations over the stocks 1 .. m - 1, m = 32) to reach 0 before m or above, (r^b - r^m) r^(l - 1) <= x <= r^b. For all laws and m this is
optional stopping of r^stock, which lies in [1, r^(1 - l)] at ruin and in [0, r^m] beyond m; x rises to P(ruin) as m grows. Compared: `ruin_bounds`
and `lundberg_exponent` of theory/ruin on the same laws, to 1e-9.
Control: the overshoot left out: r^b - r^m <= x.
"""

import math
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

FAR = 32


def real(q: Any) -> float:
    return int(q.p) / int(q.q)


def law(luck: Random, loss: int, root: Any) -> dict[int, Any]:
    """Gains -loss .. 3 and chances with E root^X = 1."""
    from flint import fmpq

    down = {-i: fmpq(luck.randrange(0, 4)) for i in range(1, loss)} | {-loss: fmpq(1)}
    up = {i: fmpq(luck.randrange(0, 4)) for i in range(3)} | {3: fmpq(1)}
    fall, rise = (sum((w * root**x for x, w in part.items()), fmpq(0)) / sum(part.values(), fmpq(0)) for part in (down, up))
    p = (fall - 1) / (fall - rise)
    found = {x: p * w / sum(up.values(), fmpq(0)) for x, w in up.items()} | {x: (1 - p) * w / sum(down.values(), fmpq(0)) for x, w in down.items()}
    assert sum(found.values(), fmpq(0)) == 1 and sum((w * root**x for x, w in found.items()), fmpq(0)) == 1
    return found


def fallen(found: dict[int, Any]) -> Any:
    """P(0 or below before FAR or above) from each stock."""
    from flint import fmpq_mat

    rows, ruined = fmpq_mat(FAR - 1, FAR - 1), fmpq_mat(FAR - 1, 1)
    for i in range(1, FAR):
        rows[i - 1, i - 1] += 1
        for x, w in found.items():
            if i + x <= 0:
                ruined[i - 1, 0] += w
            elif i + x < FAR:
                rows[i - 1, i + x - 1] -= w
    return rows.solve(ruined)


def run(scale: float, seed: int, overshoot: bool) -> Verdict:
    from flint import fmpq

    from budgetsim.theory.ruin import lundberg_exponent, ruin_bounds

    luck, wrong, seen, worst, loosest, witness = Random(seed), 0, 0, 0.0, 1.0, ""
    for trial in range(4 + 4 * int(3 * scale)):
        loss, root = 1 + trial % 4, fmpq(luck.randrange(4, 9), 10)
        found = law(luck, loss, root)
        x, told = fallen(found), (list(found), [real(w) for w in found.values()])
        worst = max(worst, abs(math.exp(-lundberg_exponent(*told)) - real(root)))
        for b in range(1, 6):
            low, high, chance = (root**b - root**FAR) * (root ** (loss - 1) if overshoot else 1), root**b, x[b - 1, 0]
            seen += 1
            if not low <= chance <= high:
                wrong += 1
                witness = witness or f"; e.g. l = {loss}, r = {root}, b = {b}: {real(chance):.4f} below {real(low):.4f}"
            loosest = min(loosest, real(low / chance), real(chance / high))
            bounds = ruin_bounds(*told, b)
            worst = max(worst, abs(bounds[1] - real(high)), abs(bounds[0] - real(root ** (b + loss - 1))))
    return claims.proved(
        f"{'r^(b + l - 1)' if overshoot else 'r^b'} <= P(ruin from b) <= r^b for whole gains",
        wrong == 0 and worst < 1e-9,
        detail=f"rationals, {seen} chances, {wrong} outside; bounds and truth differ by a factor of {1 / loosest:.2f} at most; the house's differ by {worst:.1g}{witness}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, seed, True)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, False)
