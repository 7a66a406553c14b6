"""Sandbagging is survival in a mirror: the room below the cap is a stock, and every reward is a loss of it.

Statement: whole rewards R >= 0, room i below the cap, k supervised steps left, then `free` steps at the largest mean m if the cap was not reached.
With U_0(0) = cap, U_0(i) = cap - i + free m, U_k(0) = cap, U_k(i) = max_a E U_(k-1)((i - R_a)^+), what can still be earned is U_k(i) - (cap - i).
Source: the model [JarneOrnia2025]_, as a public note quotes it; the identity is ours.

Proved by enumeration, in rationals: every pair of arms with two rewards in {0, .., 3} and chances in quarters (153 pairs), cap 4, 3 supervised steps,
free = 0, 2, every room. What can be earned is found independently: the best of all rules that choose by everything seen, written as a recursion over
the rewards counted one by one, the last one cut at the cap. Compared: `sandbagging_dp`, to 1e-9.
Control: the reward that reaches the cap is counted in full.
"""

from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity"

CAP, STEPS = 4, 3


def arms() -> list[Any]:
    return [((x, Fraction(w, 4)), (y, Fraction(4 - w, 4))) for (x, y), w in product(combinations(range(4), 2), (1, 2, 3))]


def earned(pair: Any, free: int, cut: bool) -> Any:
    """The most that can still be earned: reward by reward."""
    able = max(sum(x * w for x, w in arm) for arm in pair)

    @cache
    def total(k: int, i: int) -> Fraction:
        if i == 0 or k == 0:
            return free * able if i else Fraction(0)
        return max(sum(w * ((min(x, i) if cut else x) + total(k - 1, max(i - x, 0))) for x, w in arm) for arm in pair)

    return total


def stock(pair: Any, free: int) -> Any:
    """U: the mirrored survival bandit."""
    able = max(sum(x * w for x, w in arm) for arm in pair)

    @cache
    def value(k: int, i: int) -> Fraction:
        if i == 0 or k == 0:
            return CAP - i + (free * able if i else Fraction(0))
        return max(sum(w * value(k - 1, max(i - x, 0)) for x, w in arm) for arm in pair)

    return value


def run(cut: bool) -> Verdict:
    from budgetsim.optima.sandbagging_dp import sandbagging_dp

    seen, wrong, worst, witness = 0, 0, 0.0, ""
    for number, (pair, free) in enumerate(product(combinations(arms(), 2), (0, 2))):
        total, value = earned(pair, free, cut), stock(pair, free)
        for k, i in product(range(STEPS + 1), range(CAP + 1)):
            same = total(k, i) == value(k, i) - (CAP - i)
            seen += 1
            wrong += not same
            if not same and not witness:
                witness = f"; e.g. rewards and chances {[[(x, str(w)) for x, w in arm] for arm in pair]}, k = {k}, room {i}"
        if number % 20 == 0:
            law = [[x for x, _ in arm] for arm in pair], [[float(w) for _, w in arm] for arm in pair]
            worst = max(worst, abs(sandbagging_dp(*law, None, CAP, STEPS, free).value - float(total(STEPS, CAP))))
    return claims.proved(
        f"sandbagging with the last reward {'cut at the cap' if cut else 'in full'} = survival of the room: 153 pairs of arms",
        wrong == 0 and worst < 1e-9,
        detail=f"rationals, {seen} states, {wrong} differ; sandbagging_dp differs by {worst:.2g}{witness}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(True)


def control(scale: float, seed: int) -> Verdict:
    return run(False)
