"""Adversarial bandits with knapsacks: on the family of k phases the least ratio OPT_FD / reward is (1 + H_k) / 2, exactly.

**Statement.** One arm of unit cost and the null arm; k = T/B phases of B rounds; in phase i the arm earns i/k, and in member tau of the family nothing after phase tau. The least ratio OPT_FD /
E[reward] that one rule can promise on all members is (1 + H_k) / 2, H_k = 1 + 1/2 + ... + 1/k: it grows as log(T/B) / 2.

**Source.** The growth is [Immorlica2019]_; the family and its exact value are derived here.

**Proved.** In rationals, for every k up to 120 (30 at scale below 0.3): the plan z_1 = s, z_i = s / (2 i) with s = 2 / (1 + H_k) is feasible, so the ratio is attained, and the
lottery w_tau = 1 / (tau (tau + 1)), w_k = 1/k over the members lets no plan do better, so it is least. For all k by induction (sympy): with z_i = s / (2i) the plan's spending is s (1 + H_k) / 2 and
what it has earned after phase tau is s (tau + 1) / 2; the lottery's tail is 1/i. That a rule is the vector z of the parts of the budget it spends in each phase, in expectation, is an argument, not a
computation. OPT_FD of the arrays of `theory.adversarial_family` is (tau + 1) B / (2k) to 1e-9 by `best_fixed_distribution`, k <= 4.

**Control.** 1/2 becomes 11/20.
"""

from fractions import Fraction

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.adversarial_ratio import adversarial_ratio
from budgetsim.optima.best_fixed_distribution import best_fixed_distribution
from budgetsim.theory.adversarial_family import phased_optimum, phased_sequence

PERTURBED = {"factor": Fraction(11, 20)}


def _bracket(k: int, ratio: Fraction) -> tuple[bool, Fraction]:
    """Whether the plan attains `ratio` on every member, and a bound that no plan is below, by the lottery."""
    plan = [Fraction(1)] + [Fraction(1, 2 * i) for i in range(2, k + 1)]  # times the ratio
    earned, attained = Fraction(0), sum(plan) <= ratio
    for tau, share in enumerate(plan, 1):
        earned += tau * share
        attained = attained and earned >= k * phased_optimum(k, tau)
    lottery = [Fraction(1, tau * (tau + 1)) for tau in range(1, k)] + [Fraction(1, k)]
    optimum, tail, most = Fraction(0), Fraction(0), Fraction(0)
    for i in range(k, 0, -1):
        tail += lottery[i - 1]
        optimum += lottery[i - 1] * k * phased_optimum(k, i)
        most = max(most, i * tail)  # what a unit of budget earns in phase i on average
    return attained, optimum / (most * tail)


def _induction() -> bool:
    import sympy as sp

    i, h = sp.symbols("i h", positive=True)
    spent = (1 + h + 1 / (i + 1)) / 2 - (1 + h) / 2 - 1 / (2 * (i + 1))
    earned = (i + 2) / 2 - (i + 1) / 2 - (i + 1) / (2 * (i + 1))
    tail = 1 / i - 1 / (i + 1) - 1 / (i * (i + 1))
    return all(sp.simplify(e) == 0 for e in (spent, earned, tail))


def _arrays_agree() -> bool:
    for k in (2, 4):
        for last in range(1, k + 1):
            best = best_fixed_distribution(*phased_sequence(k, 3, last))
            if not best.lower - 1e-9 <= float(3 * phased_optimum(k, last)) <= best.upper + 1e-9:
                return False
    return True


def check(scale: float, seed: int, factor: Fraction = Fraction(1, 2)) -> Verdict:
    ok, margin, last, harmonic = _induction() and _arrays_agree(), Fraction(10), 120 if scale >= 0.3 else 30, Fraction(0)
    for k in range(1, last + 1):
        harmonic += Fraction(1, k)
        claimed = factor * (1 + harmonic)
        attained, least = _bracket(k, claimed)
        ok = ok and attained and least >= claimed and (factor != Fraction(1, 2) or abs(adversarial_ratio(k).value - claimed) < 1e-12)
        margin = min(margin, least - claimed)
    claim = f"the least ratio OPT_FD / reward on the adversarial family is {factor} (1 + H_k), 1 <= k <= {last}"
    return claims.proved(
        claim,
        ok,
        float(margin),
        "plan and lottery of equal value, in rationals; induction over k by sympy; sharp: margin 0" if ok else "the lottery's bound is below",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
