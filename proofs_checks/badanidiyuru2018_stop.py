"""Bandits with knapsacks under law STOP: LP(B + largest cost) bounds every rule, LP(B) does not.

**Statement.** Outcomes (reward, costs) >= 0 are independent over rounds, a cost that does not fit ends the run and its round is not counted. Then every rule, randomised or told the laws, has
E[reward] <= LP(B + largest single cost), LP(B) = max T r.x subject to T C'x <= B, sum x <= 1, x >= 0.

**Source.** LP(B) is [Badanidiyuru2018]_; the bound for this law is derived here (Wald's identity up to and with the round that did not fit).

**Proved.** For every instance of a finite class, in integers and rationals; the best rule is found by dynamic programming over (rounds left, budgets left), so all rules are covered. (1) Two arms,
one resource, each arm any joint law of (reward, cost) in {0, 1}^2 with probabilities in multiples of 1/4 (35 laws, 630 pairs), B = 0 to 2, T = 1 to 5. (2) Two arms, two resources, mean rewards 1 and 1/2,
independent costs in {0, 1} with means in {0, 1/2, 1}, B = (1, 1) and (1, 2), T = 4 (T = 2 at scale below 0.3). (3) One arm, reward 1, cost 1 with chance 1/10, B = 3, T = 400: 39 of at most 40. `optima.fluid_lp`
gives both LPs of 20 instances drawn by the seed to 1e-9.

**Control.** LP(B) in place of LP(B + largest cost).
"""

import itertools
from fractions import Fraction
from functools import lru_cache

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.shared.rational_lp import rational_lp

PERTURBED = {"largest": Fraction(4, 5)}

Law = tuple[tuple[int, int, tuple[int, ...]], ...]  # (weight, reward x unit, costs) of each outcome


def _best_rule(laws: tuple[Law, ...], weight: int, budget: tuple[int, ...], horizon: int) -> int:
    """weight^T times the most that a rule earns, in units of the rewards."""
    value = dict.fromkeys(itertools.product(*(range(b + 1) for b in budget)), 0)
    for n in range(horizon):
        value = {
            left: max(
                weight * value[left],  # the null arm
                *(sum(w * (r * weight**n + value[rest]) for w, r, c in law if min(rest := tuple(b - x for b, x in zip(left, c))) >= 0) for law in laws),
            )
            for left in value
        }
    return value[budget]


@lru_cache(None)
def _lp(rewards: tuple[Fraction, ...], costs: tuple[tuple[Fraction, ...], ...], budget: tuple[Fraction, ...], horizon: int) -> Fraction:
    rows = [[horizon * c[j] for c in costs] for j in range(len(budget))]
    return horizon * rational_lp(rewards, [*rows, [1] * len(rewards)], [*budget, 1])[0]


def _instances(scale: float):  # type: ignore[no-untyped-def]
    """(laws, weight, unit of reward, budget, horizon)"""
    outcomes = [(0, (0,)), (0, (1,)), (1, (0,)), (1, (1,))]
    joint = [tuple((w, *o) for w, o in zip(ws, outcomes) if w) for ws in itertools.product(range(5), repeat=4) if sum(ws) == 4]
    for laws in itertools.combinations_with_replacement(joint, 2):
        for b, t in itertools.product(range(3), range(1, 6) if scale >= 0.3 else (3,)):
            yield laws, 4, 1, (b,), t
    for means in itertools.product((0, 1, 2), repeat=4):  # twice the mean costs
        laws = tuple(
            tuple(((a if x else 2 - a) * (b if y else 2 - b), r, (x, y)) for x, y in itertools.product((0, 1), repeat=2))
            for r, (a, b) in ((2, means[:2]), (1, means[2:]))
        )
        for budget in ((1, 1), (1, 2)):
            yield laws, 4, 2, budget, 4 if scale >= 0.3 else 2
    yield (((9, 1, (0,)), (1, 1, (1,))),), 10, 1, (3,), 400


def check(scale: float, seed: int, largest: Fraction = Fraction(1)) -> Verdict:
    rng, worst, tightest, many, agree = np.random.default_rng(seed), Fraction(100), Fraction(0), 0, True
    drawn = set(rng.choice(1000, 20, replace=False).tolist())
    for laws, weight, unit, budget, horizon in _instances(scale):
        rewards = tuple(Fraction(sum(w * r for w, r, _ in law), weight * unit) for law in laws)
        costs = tuple(tuple(Fraction(sum(w * c[j] for w, _, c in law), weight) for j in range(len(budget))) for law in laws)
        best = Fraction(_best_rule(laws, weight, budget, horizon), weight**horizon * unit)
        bound = _lp(rewards, costs, tuple(b + largest for b in budget), horizon)
        worst = min(worst, bound - best)
        tightest = max(tightest, best / bound if bound and bound < horizon * max(rewards) else Fraction(0))
        if many in drawn and largest == 1:
            fluid = fluid_lp([float(r) for r in rewards], [[float(x) for x in c] for c in costs], [float(b) for b in budget], horizon)
            agree = agree and abs(fluid.upper - bound) < 1e-9 and abs(fluid.value - _lp(rewards, costs, budget, horizon)) < 1e-9
        many += 1
    _lp.cache_clear()
    claim = (
        f"every rule under STOP earns at most LP(B + {'' if largest == 1 else f'{largest} of the '}largest cost), on {many} instances with costs in {{0, 1}}"
    )
    detail = f"best rule by dynamic programming, LP by simplex, both in rationals; where LP binds, the best rule reaches up to {100 * float(tightest):.1f}% of the bound"
    return claims.proved(claim, worst >= 0 and agree, float(worst), detail)


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
