"""No rule is ruined less often than prod_k r_k^(E_Q L_k): what it loses on each arm where ruin is certain decides.

Statement: K arms with gains -1, 0, +1, r_k = P(-1) / P(+1) < 1, stock B; Q swaps the chances of -1 and +1, L_k is the net loss on arm k at ruin. For
every rule P(ruin) = E_Q prod_k r_k^L_k >= prod_k r_k^(E_Q L_k), and sum_k E_Q L_k = B. Source: the bound exists in [Riou2024]_, as abstract and notes
say; this form and its proof are ours.

Proved by enumeration, in rationals: two arms, all 2^M rules that choose by the stock 1 .. M (arm 0 above M), M = 8 (6 below scale .3), B = 4, four
instances: P(ruin), E_Q L and E_Q prod r^L by three systems of linear equations each; the identity and the sum exactly, the bound in Arb, or exactly
where the losses are whole. (For all rules: a change of measure, term by term, and Jensen's inequality.) Compared: `ruin_lower_bound` of theory/ruin.
Control: the equal shares B / K instead of E_Q L_k.
"""

from fractions import Fraction
from itertools import product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"part": Fraction(9, 10)}

BUDGET = 4
INSTANCES = (((3, 1, 1), (4, 1, 3)), ((4, 0, 1), (3, 0, 2)), ((5, 2, 4), (3, 1, 1)), ((2, 0, 1), (6, 1, 1)))  #: weights of +1, 0, -1


def solve(rule: tuple[int, ...], law: Any, back: Any, reward: Any, ruined: Any, far: Any) -> Any:
    """h(i) = reward(arm) + sum of law(arm, x) h(i + x) over the stocks, h(0) = ruined, h(M + 1) = back h(M) + far."""
    from flint import fmpq_mat

    size = len(rule)
    rows, known = fmpq_mat(size, size), fmpq_mat(size, 1)
    for i, arm in enumerate(rule):  # stock i + 1
        rows[i, i] += 1
        known[i, 0] += reward[arm]
        for x, w in zip((1, 0, -1), law[arm]):
            j = i + x
            if j < 0:
                known[i, 0] += w * ruined
            elif j == size:
                rows[i, size - 1] -= w * back
                known[i, 0] += w * far
            else:
                rows[i, j] -= w
    return rows.solve(known)[BUDGET - 1, 0]


def run(scale: float, shares: bool, part: Fraction) -> Verdict:
    from flint import arb, fmpq

    from budgetsim.theory.ruin import ruin_lower_bound

    most = 8 if scale >= 0.3 else 6
    exact, wrong, seen, house, witness = True, 0, 0, 0.0, ""
    ratios: list[float] = []
    real = lambda q: int(q.p) / int(q.q)  # noqa: E731
    for weights in INSTANCES:
        true = [[fmpq(w, sum(arm)) for w in arm] for arm in weights]
        mirror = [arm[::-1] for arm in true]
        r = [arm[2] / arm[0] for arm in true]
        tilted = [[q * r[k] ** -x for x, q in zip((1, 0, -1), mirror[k])] for k in range(2)]  # Q(x) r^(lost), the loss being -x
        for rule in product((0, 1), repeat=most):
            ruin = solve(rule, true, r[0], (0, 0), 1, 0)
            weight = solve(rule, tilted, r[0], (0, 0), 1, 0)
            lost = [solve(rule, mirror, 1, [(arm[2] - arm[0]) * int(k == j) for j, arm in enumerate(mirror)], 0, int(k == 0)) for k in range(2)]
            exact &= ruin == weight and sum(lost) == BUDGET
            powers = [fmpq(BUDGET // 2)] * 2 if shares else [fmpq(part.numerator, part.denominator) * x for x in lost]
            if all(x.q == 1 for x in powers):
                bound = r[0] ** int(powers[0].p) * r[1] ** int(powers[1].p)
                holds, bound = ruin >= bound, arb(bound)
            else:
                bound = (arb(powers[0]) * arb(r[0]).log() + arb(powers[1]) * arb(r[1]).log()).exp()
                holds = bool(arb(ruin) > bound)
            seen += 1
            wrong += not holds
            if not holds and not witness:
                witness = f"; e.g. odds {r[0]}, {r[1]}, rule {rule}: {real(ruin):.4f} below {float(bound):.4f}"
            ratios.append(float(bound) / real(ruin))
            if not shares:
                house = max(house, abs(ruin_lower_bound([real(x) for x in r], [real(x) for x in lost]) - float(bound)))
    name = "prod r_k^(B / K)" if shares else f"prod r_k^({'' if part == 1 else f'{part} '}E_Q L_k)"
    return claims.proved(
        f"P(ruin) >= {name}: all rules that choose by stocks up to {most}, two arms",
        exact and wrong == 0 and house < 1e-12,
        detail=f"{seen} rules x instances, {wrong} below; change of measure and sum of losses exact: {exact}; "
        f"the bound is {min(ratios):.0%} to {max(ratios):.0%} of the truth; ruin_lower_bound differs by {house:.1g}{witness}",
    )


def check(scale: float, seed: int, part: Fraction = Fraction(1)) -> Verdict:
    return run(scale, False, part)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, True, Fraction(1))
