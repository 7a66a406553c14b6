"""Punishing what is clipped anyway has no effect: at a stock of b every loss of b or more may be made larger at will.

Statement: for any continuation V_(k-1), the value of a step at stock b, max_a E V_(k-1)((b + R_a)^+), and every arm's value in it, do not change when
outcomes R <= -b are replaced by anything lower. So penalties on outcomes that the stock cannot pay do not mitigate risk seeking. Source:
[JarneOrnia2025]_ (mitigation), as a public note quotes it; this form is ours.

Proved by enumeration, in whole numbers: every arm with two outcomes in {-2, .., 2} and chances in quarters beside every other one (435 pairs), V_0,
V_1, V_2 of the pair, b = 1 .. 4, each loss of at least b made larger by 1, 2, 10. Compared: `ruin_dp` with one step left on the assistant example
with its loss of 8 at 8, 9, 1000: equal bits at b <= 8.
Control: losses of b - 1 are made larger too.
"""

from itertools import combinations, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"short": 1}


def arms() -> list[Any]:
    return [((x, w), (y, 4 - w)) for (x, y), w in product(combinations(range(-2, 3), 2), (1, 2, 3))]


def check(scale: float, seed: int, short: int = 0) -> Verdict:
    from budgetsim.optima.ruin_dp import ruin_dp

    seen, wrong, witness = 0, 0, ""
    for pair in combinations(arms(), 2):
        old = list(range(12))
        for k in range(1, 4):
            worth = lambda arm, b: sum(w * old[max(b + x, 0)] for x, w in arm)  # noqa: B023, E731
            for arm, b in product(pair, range(1, 5)):
                if all(x > -b + short for x, _ in arm) or all(x >= 0 for x, _ in arm):
                    continue
                for more in (1, 2, 10):
                    worse = tuple((x - more if x <= -b + short and x < 0 else x, w) for x, w in arm)
                    same = worth(worse, b) == worth(arm, b)
                    seen += 1
                    wrong += not same
                    if not same and not witness:
                        witness = f"; e.g. gains and quarters {arm}, b = {b}, {k} left, {more} more"
            old = [0] + [max(worth(arm, b) for arm in pair) for b in range(1, len(old) - 2)]
    lost = [ruin_dp([[1, -1], [3, -3], [10, -x]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]], 8 + short, 1, stocks=8 + short) for x in (8, 9, 1000)]
    house = all((lost[0].plan.value[1, : 9 + short] == other.plan.value[1, : 9 + short]).all() for other in lost[1:])
    name = "b" if short == 0 else f"b - {short}"
    return claims.proved(
        f"a step's value does not change when losses >= {name} grow: 435 pairs, 1 to 3 left",
        wrong == 0 and house,
        detail=f"whole numbers, {seen} changes, {wrong} with an effect; ruin_dp the same bits: {house}{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
