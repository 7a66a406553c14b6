"""Lundberg's bounds for whole gains: r^(b + l - 1) <= P(ruin from b) <= r^b, where E r^X = 1, 0 < r < 1, and l is the largest loss.

Statement: one arm with whole gains X >= -l, E X > 0, played for ever from a stock of b. (In general r^(b + l) is below.) Source: [Asmussen2010]_,
chapter IV; the sharper form for whole gains is ours.

Proved by enumeration, in rationals: l = 1 .. 4, r = 1/2 and 7/10, all laws on -l .. 3 whose gains are in proportion to weights 0 or 1, as their
losses are, and 1 of 3 and of -l (240 laws), b = 1 .. 5: with x the exact chance (linear equations over the stocks 1 .. m - 1, m = 32) to reach 0
before m or above, (r^b - r^m) r^(l - 1) <= x <= r^b. For all laws and m this is optional stopping of r^stock, which lies in [1, r^(1 - l)] at ruin
and in [0, r^m] beyond m; x rises to P(ruin) as m grows. Compared: `ruin_bounds` and `lundberg_exponent` of theory/ruin on the same laws, to 1e-9.
Control: l - 2 in place of l - 1.
"""

import math
from itertools import product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"short": 2}

FAR = 32


def real(q: Any) -> float:
    return int(q.p) / int(q.q)


def law(weights: tuple[int, ...], loss: int, root: Any) -> dict[int, Any]:
    """Gains -loss .. 3 and chances with E root^X = 1, gains and losses in proportion to weights of 0 .. 2, -1 .. 1 - loss, and 1 of 3 and -loss."""
    from flint import fmpq

    up = {i: fmpq(weights[i]) for i in range(3)} | {3: fmpq(1)}
    down = {-i: fmpq(weights[2 + i]) for i in range(1, loss)} | {-loss: fmpq(1)}
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


def check(scale: float, seed: int, short: int = 1) -> Verdict:
    from flint import fmpq

    from budgetsim.theory.ruin import lundberg_exponent, ruin_bounds

    wrong, seen, worst, loosest, witness = 0, 0, 0.0, 1.0, ""
    for loss, tenths in product((1, 2, 3, 4), (5, 7)):
        root = fmpq(tenths, 10)
        for weights in product((0, 1), repeat=2 + loss):
            found = law(weights, loss, root)
            x, told = fallen(found), (list(found), [real(w) for w in found.values()])
            worst = max(worst, abs(math.exp(-lundberg_exponent(*told)) - real(root)))
            for b in range(1, 6):
                low, high, chance = (root**b - root**FAR) * root ** (loss - short), root**b, x[b - 1, 0]
                seen += 1
                if not low <= chance <= high:
                    wrong += 1
                    witness = witness or f"; e.g. l = {loss}, r = {root}, b = {b}: {real(chance):.4f} below {real(low):.4f}"
                loosest = min(loosest, real(low / chance), real(chance / high))
                bounds = ruin_bounds(*told, b)
                worst = max(worst, abs(bounds[1] - real(high)), abs(bounds[0] - real(root ** (b + loss - 1))))
    return claims.proved(
        f"r^(b + l - {short}) <= P(ruin from b) <= r^b for whole gains: 240 laws, m = {FAR}",
        wrong == 0 and worst < 1e-9,
        detail=f"rationals, {seen} chances, {wrong} outside; bounds and truth differ by a factor of {1 / loosest:.2f} at most; "
        f"the house's differ by {worst:.1g}{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
