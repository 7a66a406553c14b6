"""On the stopping family no online rule earns more than 1 / ((k - 1)(1 - 1/M) + 1) of the mean optimum; equality iff it plans to spend all.

Statement. k phases of B requests worth M^i each in phase i = 0..k-1, budget B, zeros after a random stop: the day reaches phase i with probability
M^-i. Whatever an online rule does, mean optimum / mean reward >= (k - 1)(1 - 1/M) + 1, which tends to k = T/B as M grows: the competitive ratio of
dual descent cannot be improved.

Source: [Balseiro2023]_ for the ratio; the family and its exact value are derived here (Yao's principle).

What was proved. Until the stop a rule sees no luck, so a deterministic one is its vector s of units spent by phase, sum s <= B, and a random one a
mixture. (1) sympy, k <= 8, for all M > 1, all s: mean reward = sum s and mean optimum / B = (k - 1)(1 - 1/M) + 1. (2) In rationals: *every* plan s of
k <= 4 phases with B <= 3 (5 from scale .3 on), M in {2, 3, 10}; the optimum of each day by sorting its requests; inequality, and equality iff sum s =
B; the same numbers by `theory.mirror_descent.stopping_values` and `stopping_ratio`.
"""

import itertools
from fractions import Fraction
from functools import cache

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"last": Fraction(21, 20)}


def check(scale: float, seed: int, last: Fraction = Fraction(1)) -> Verdict:
    return _verdict(True, scale, last, f"stopping family: mean optimum / mean reward >= (k - 1)(1 - 1/M) + {last}, equality iff all is spent")


def control(scale: float, seed: int) -> Verdict:
    """Days that end in each phase equally often: whoever waits for the last phases earns more."""
    return _verdict(False, scale, Fraction(1), "control: the same ratio where days end in each phase equally often")


def _verdict(geometric, scale, last, claim):
    from budgetsim.theory.mirror_descent import stopping_ratio, stopping_values

    symbolic = all(_symbolic(k, geometric) for k in range(1, 9))
    plans, broken, agree, least = 0, 0, True, None
    for k, budget, m in itertools.product(range(1, 5), range(1, 6 if scale >= 0.3 else 4), (2, 3, 10)):
        law, ratio = _stops(k, Fraction(m), geometric), stopping_ratio(k, m) + last - 1
        days = [[Fraction(m) ** h for h in range(i + 1) for _ in range(budget)] for i in range(k)]
        optimum = sum(p * sum(sorted(day)[-budget:]) for p, day in zip(law, days, strict=True))
        for plan in itertools.product(range(budget + 1), repeat=k):
            if not 0 < sum(plan) <= budget:
                continue
            earned = sum(p * sum(s * Fraction(m) ** h for h, s in enumerate(plan[: i + 1])) for i, p in enumerate(law))
            broken += optimum < ratio * earned or (optimum == ratio * earned) != (sum(plan) == budget)
            least = min(optimum / earned / ratio, least or optimum / earned / ratio)
            agree &= not geometric or stopping_values(plan, m) == (earned, optimum / budget)
            plans += 1
    ok = symbolic and broken == 0 and agree
    return proved(
        claim,
        ok,
        float(least - 1),
        f"sympy, k <= 8, all M: {symbolic}; {plans} plans in rationals, broken by {broken}; least of optimum / reward over the ratio {float(least):.4f}",
    )


def _stops(k, m, geometric):
    """The law of the last phase."""
    if not geometric:
        return [Fraction(1, k)] * k
    return [m**-i - (m ** -(i + 1) if i + 1 < k else 0) for i in range(k)]


@cache
def _symbolic(k, geometric):
    import sympy

    m = sympy.Symbol("M", positive=True)
    law = _stops(k, m, True) if geometric else [sympy.Rational(1, k)] * k
    worth = [sum(p * m**h for p in law[h:]) for h in range(k)]  # of a unit planned for phase h
    optimum = sum(p * m**i for i, p in enumerate(law))
    return all(sympy.simplify(w - 1) == 0 for w in worth) and sympy.simplify(optimum - (k - 1) * (1 - 1 / m) - 1) == 0
