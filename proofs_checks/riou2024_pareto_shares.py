"""Shares are Pareto optimal: a rule that is ruined less often somewhere is ruined more often elsewhere.

Statement: arms with gains -1, +1, stock B in shares B_k, sum B. A rule whose chance of ruin is at most prod_k min(1, r_k)^(B_k) on every instance has
exactly that on every instance. Source: derived here (on an instance whose only good arm is k, P(ruin) = E_Q r_k^L_k >= r_k^(E_Q L_k), so E_Q L_k >=
B_k; the sum is B).

Proved by enumeration, in rationals: two arms, B = 4, shares (2, 2) and (3, 1) (B = 3, shares (2, 1) below scale .3), all 1024 (64) rules that choose
by both sums at most 0 and play an arm above 0 until it is back there, on 12 instances with odds 1/9, 9/11, 11/9, 9, not both above 1: every rule has
the shares' chance of ruin on all 12, or a larger one on some. So no rule of this class dominates shares.
Control: only the instances on which the first arm is the better one.
"""

from itertools import product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: no rule dominates"

WINS = (9, 11, 9, 1), (1, 9, 11, 9)  #: odds of an arm: losses over wins


def ruin(rule: dict[tuple[int, int], int], stock: int, odds: tuple[Any, Any]) -> Any:
    """Chance of ruin from (0, 0); an arm that rises from 0 comes back with chance min(1, r)."""
    from flint import fmpq, fmpq_mat

    states = list(rule)
    rows, known = fmpq_mat(len(states), len(states)), fmpq_mat(len(states), 1)
    for i, s in enumerate(states):
        arm, rows[i, i] = rule[s], rows[i, i] + 1
        up = 1 / (1 + odds[arm])
        back = min(odds[arm], fmpq(1)) if s[arm] == 0 else fmpq(1)
        above = s if s[arm] == 0 else tuple(x + (k == arm) for k, x in enumerate(s))
        below = tuple(x - (k == arm) for k, x in enumerate(s))
        rows[i, states.index(above)] -= up * back  # type: ignore[arg-type]
        if sum(below) <= -stock:
            known[i, 0] += 1 - up
        else:
            rows[i, states.index(below)] -= 1 - up  # type: ignore[arg-type]
    return rows.solve(known)[states.index((0, 0)), 0]


def run(scale: float, known_order: bool) -> Verdict:
    from flint import fmpq

    arms = [fmpq(lost, won) for won, lost in zip(*WINS)]
    instances = [pair for pair in product(arms, repeat=2) if min(pair) < 1 and (not known_order or pair[0] < pair[1])]
    stock, cases = (4, ((2, 2), (3, 1))) if scale >= 0.3 else (3, ((2, 1),))
    states = [s for s in product(range(0, -stock, -1), repeat=2) if sum(s) > -stock]
    rules = [dict(zip(states, choice)) for choice in product((0, 1), repeat=len(states))]
    dominating, equal, witness = 0, 0, ""
    undecided = {shares: dict.fromkeys(range(len(rules)), False) for shares in cases}  # rule -> whether it is better somewhere
    for pair in instances:
        found: dict[int, Any] = {}
        for shares, left in undecided.items():
            target = min(pair[0], fmpq(1)) ** shares[0] * min(pair[1], fmpq(1)) ** shares[1]
            for number in list(left):
                if number not in found:
                    found[number] = ruin(rules[number], stock, pair)
                if found[number] > target:
                    del left[number]
                elif found[number] < target:
                    left[number] = True
    for shares, left in undecided.items():
        dominating += sum(left.values())
        equal += len(left) - sum(left.values())
        if any(left.values()) and not witness:
            witness = f"; shares {shares} are beaten by arms {list(rules[next(n for n, better in left.items() if better)].values())} at {states}"
    return claims.proved(
        f"no rule is ruined less often than shares of {stock}: {len(rules)} rules, {'instances whose first arm is better' if known_order else '12 instances'}",
        dominating == 0 and equal > 0,
        -float(dominating) if dominating else 0.0,
        f"rationals; {len(cases)} divisions into shares: {equal} rules with the shares' chance everywhere, {dominating} that dominate them{witness}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, False)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, True)
