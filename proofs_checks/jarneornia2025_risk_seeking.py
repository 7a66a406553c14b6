"""Below the smallest loss only the gains count: with one step left the choice is argmax_a E R_a^+ - b P(R_a < 0).

Statement: let every loss of every arm be at least m. For 0 < b <= m and one step left, E (b + R_a)^+ = b + E R_a^+ - b P(R_a < 0): losses beyond the
stock do not matter, and as b -> 0 the choice is argmax E R_a^+, whatever the means. Source: [JarneOrnia2025]_, Theorem 3, as a public note quotes it;
this form is ours.

Proved by enumeration, in rationals: every pair of arms with two outcomes in {-3, .., 3} and chances in quarters (1953 pairs); both sides are linear
in b on (0, m], so two stocks decide: m / 3 and m. Values and sets of best arms agree. Compared: `ruin_dp`, one step left, on 20 random instances with
whole outcomes, b = 1 .. m: its choice is one of the best.
Control: m the largest loss.
"""

from fractions import Fraction
from itertools import combinations, product
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"beyond": 1}


def arms() -> list[Any]:
    return [((x, w), (y, 4 - w)) for (x, y), w in product(combinations(range(-3, 4), 2), (1, 2, 3))]


def house(luck: Random, tries: int) -> bool:
    from budgetsim.optima.ruin_dp import ruin_dp

    for _ in range(tries):
        x = [[luck.randrange(1, 12), -luck.randrange(2, 9)] for _ in range(3)]
        p = [[w / 16, 1.0 - w / 16] for w in (luck.randrange(1, 16) for _ in x)]
        least = min(-y for _, y in x)
        action = ruin_dp(x, p, least, 1).plan.action
        for b in range(1, least + 1):
            worth = [p[k][0] * x[k][0] - b * p[k][1] for k in range(3)]
            if worth[action[1, b]] < max(worth) - 1e-9:
                return False
    return True


def run(scale: float, seed: int, of: Any, beyond: int) -> Verdict:
    seen, wrong, witness = 0, 0, ""
    for pair in combinations(arms(), 2):
        losses = [-x for arm in pair for x, _ in arm if x < 0]
        if not losses:
            continue
        for b in (Fraction(of(losses), 3), Fraction(of(losses) + beyond)):
            exact = [sum(w * max(b + x, 0) for x, w in arm) for arm in pair]
            simple = [4 * b + sum(w * max(x, 0) for x, w in arm) - b * sum(w for x, w in arm if x < 0) for arm in pair]
            right = exact == simple
            seen += 1
            wrong += not right
            if not right and not witness:
                witness = f"; e.g. gains and quarters {pair}, b = {b}"
    agrees = house(Random(seed), 20)
    return claims.proved(
        f"one step left, 0 < b <= the {of.__name__}imum of all losses{f' + {beyond}' if beyond else ''}: E(b + R)^+ = b + E R^+ - b P(R < 0)",
        wrong == 0 and agrees,
        detail=f"rationals, {seen} states, {wrong} differ; ruin_dp's choices agree: {agrees}{witness}",
    )


def check(scale: float, seed: int, beyond: int = 0) -> Verdict:
    return run(scale, seed, min, beyond)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, max, 0)
