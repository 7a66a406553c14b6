"""No rule has sublinear regret where ruin ends the game: a first pull of the wrong arm costs a constant share of all that was to come.

Statement: two arms with gains +1 and -1, one wins with p = 4/5, the other with 1/5, which is which is unknown; stock 1, horizon T, objective the
expected final stock. For every rule, randomised or not, the larger of its regrets on the two instances is at least (p - 1/2) (2 + (T - 1)(2p - 1)(1 -
r^2)), r = (1 - p) / p: linear in T.
Source: [Riou2024]_ and [Perotto2019]_ for the fact; the instance and constants are ours.

Proved: (i) for T <= 24 (12 below scale .3) over all rules, in rationals: the regret of the Bayes-optimal rule under the fair prior, a dynamic program
over stock, steps left and the difference of the arms' sums (which decides the posterior), is below every rule's larger regret and above the bound.
(ii) V_T(1) = p V_(T-1)(2), and V_(T-1)(2) >= 2 + (T - 1)(2p - 1)(1 - r^2), in rationals for these T; in general by optional stopping, survival being
at least 1 - r^2. Half of V_T(1) - (1 - p) V_(T-1)(2) bounds any rule, whose first pull is wrong on one of the two instances with chance 1/2 at least.
Control: the stock never ends the game (then the regret stays bounded).
"""

from fractions import Fraction
from functools import cache
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"half": Fraction(9, 20)}

P = Fraction(4, 5)


def informed(ruin: bool) -> Any:
    """V_k(b) of whoever knows which arm is which."""

    @cache
    def value(k: int, b: int) -> Fraction:
        if k == 0 or (ruin and b == 0):
            return Fraction(b)
        return max(p * value(k - 1, b + 1) + (1 - p) * value(k - 1, b - 1) for p in (P, 1 - P))

    return value


def bayes(ruin: bool) -> Any:
    """The best mean over the two instances: d is the sum of arm 0 less that of arm 1, (p / (1 - p))^d the odds that arm 0 is the better one."""

    @cache
    def first(d: int) -> Fraction:
        """P(arm 0 wins)."""
        odds = (P / (1 - P)) ** d
        return (odds * P + 1 - P) / (odds + 1)

    @cache
    def value(k: int, b: int, d: int) -> Fraction:
        if k == 0 or (ruin and b == 0):
            return Fraction(b)
        zero, one = first(d), first(-d)
        return max(
            zero * value(k - 1, b + 1, d + 1) + (1 - zero) * value(k - 1, b - 1, d - 1),
            one * value(k - 1, b + 1, d - 1) + (1 - one) * value(k - 1, b - 1, d + 1),
        )

    return value


def run(scale: float, ruin: bool, half: Fraction) -> Verdict:
    most = 24 if scale >= 0.3 else 12
    best, learner, r = informed(ruin), bayes(ruin), (1 - P) / P
    ok, least, parts = True, Fraction(10**6), True
    for horizon in range(1, most + 1):
        bound = (P - half) * (2 + (horizon - 1) * (2 * P - 1) * (1 - r**2))
        regret = best(horizon, 1) - learner(horizon, 1, 0)
        assert bound < best(horizon, 1), "a bound above the value itself would say nothing"
        ok &= regret >= bound
        least = min(least, regret - bound)
        parts &= best(horizon, 1) == P * best(horizon - 1, 2) + (1 - P) * best(horizon - 1, 0)
        parts &= best(horizon - 1, 2) >= 2 + (horizon - 1) * (2 * P - 1) * (1 - r**2)
    ratio = bound / regret
    return claims.proved(
        f"every rule's regret is at least (p - {half}) (2 + (T - 1)(2p - 1)(1 - r^2)), {'ruin at 0' if ruin else 'no end at 0'}: all rules, T <= {most}",
        ok and parts,
        float(least) if ok and parts else -abs(float(least)),
        f"rationals; at T = {most} no rule's larger regret is below {float(regret):.3f} ({float(regret / best(most, 1)):.1%} of the value); "
        f"the bound is {float(ratio):.0%} of that",
    )


def check(scale: float, seed: int, half: Fraction = Fraction(1, 2)) -> Verdict:
    return run(scale, True, half)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, False, Fraction(1, 2))
