"""With b >= k l nothing can go wrong: V_k(b) = b + k mu*, and exactly the arms of greatest mean are best.

Statement: V_0(b) = b, V_k(0) = 0, V_k(b) = max_a E V_(k-1)((b + R_a)^+); l the largest loss, mu* the largest mean. If b >= k l, then V_k(b) = b + k
mu*, and a choice is optimal iff its mean is mu*. Source: [JarneOrnia2025]_, Lemma 1, as a public note quotes it; the constant k l is ours.

Proved by enumeration, in whole numbers: every pair of arms with two outcomes in {-2, .., 2} and chances in quarters (435 pairs), k <= 3, b from k l
to k l + 3. (For all arms it follows by induction: b - l >= (k - 1) l.) Compared: `ruin_dp` on the three arms of the assistant example, k <= 12, to
1e-9.
Control: b >= k l - 1.
"""

from itertools import combinations, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"spare": 1}

Arm = tuple[tuple[int, int], ...]  #: (gain, quarters)


def arms() -> list[Arm]:
    return [((x, w), (y, 4 - w)) for (x, y), w in product(combinations(range(-2, 3), 2), (1, 2, 3))]


def tables(pair: tuple[Arm, Arm], steps: int, top: int) -> Any:
    """4^k V_k(b), and the choices' values, in whole numbers: for each k, b -> (values of the arms)."""
    old = list(range(top + 2 * steps + 1))
    for k in range(1, steps + 1):
        each = [tuple(sum(w * old[max(b + x, 0)] for x, w in arm) for arm in pair) for b in range(1, len(old) - 2)]
        old = [0] + [max(values) for values in each]
        yield k, each


def check(scale: float, seed: int, spare: int = 0) -> Verdict:
    import numpy as np

    from budgetsim.optima.ruin_dp import ruin_dp

    seen, wrong, witness = 0, 0, ""
    for pair in combinations(arms(), 2):
        loss = max(0, -min(x for arm in pair for x, _ in arm))
        means = [sum(x * w for x, w in arm) for arm in pair]
        for k, each in tables(pair, 3, 3 * loss + 4):
            for b in range(max(k * loss - spare, 1), k * loss + 4):
                values = each[b - 1]
                right = max(values) == 4**k * b + k * 4 ** (k - 1) * max(means) and [v == max(values) for v in values] == [m == max(means) for m in means]
                seen += 1
                wrong += not right
                if not right and not witness:
                    witness = f"; e.g. gains and quarters {pair}, k = {k}, b = {b}: V = {max(values)}/{4**k}"
    coins = [[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
    value = ruin_dp(*coins, budget=1, horizon=12, stocks=110).plan.value
    house = max(float(np.abs(value[k, max(8 * k - spare, 1) : 110] - np.arange(max(8 * k - spare, 1), 110) - 0.3 * k).max()) for k in range(1, 13))
    return claims.proved(
        f"V_k(b) = b + k mu* wherever b >= k l{f' - {spare}' if spare else ''}: 435 pairs of arms, k <= 3",
        wrong == 0 and house < 1e-9,
        detail=f"whole numbers, {seen} states, {wrong} differ; ruin_dp differs by {house:.2g}{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
