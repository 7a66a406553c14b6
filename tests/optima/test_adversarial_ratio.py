"""The exact ratio of the adversarial family: in fractions, by HiGHS, and against plans drawn at random."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim.arguments import BadType, BadValue, BudgetsimError
from budgetsim.optima.adversarial_ratio import _verify, adversarial_ratio
from budgetsim.theory.adversarial_family import phased_optimum, phased_sequence


@pytest.mark.parametrize(("phases", "printed"), [(1, 1.0), (2, 1.25), (4, 1.5417), (8, 1.8589)])
def test_printed_values(phases, printed):
    """Property 7 of the (f) list and section 2(g): (1 + H_k) / 2."""
    best = adversarial_ratio(phases)
    assert round(best.value, 4) == printed and best.lower == best.value == best.upper


@pytest.mark.parametrize("phases", [*range(1, 40), 997, 4000])
def test_it_is_the_harmonic_number(phases):
    harmonic = sum(1.0 / i for i in range(phases, 0, -1))
    best = adversarial_ratio(phases)
    assert best.value == pytest.approx((1.0 + harmonic) / 2.0, rel=1e-14)
    assert best.plan.fraction.sum() == pytest.approx(1.0, rel=1e-12) and best.dual.weight.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("phases", range(1, 31))
def test_the_program_as_written(phases):
    """max s over the fractions of the budget, by HiGHS: 1 / ratio; its dual prices are the lottery."""
    k = phases
    rows = np.array([[-i if i <= tau else 0 for i in range(1, k + 1)] + [(tau + 1) / 2] for tau in range(1, k + 1)] + [[1.0] * k + [0.0]])
    solved = linprog(np.append(np.zeros(k), -1.0), rows, np.append(np.zeros(k), 1.0), method="highs")
    best = adversarial_ratio(k)
    assert -solved.fun * best.value == pytest.approx(1.0, rel=1e-9)
    np.testing.assert_allclose(solved.x[:k], best.plan.fraction, atol=1e-9)
    lottery = -solved.ineqlin.marginals[:k]
    np.testing.assert_allclose(lottery / lottery.sum(), best.dual.weight, atol=1e-9)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_no_plan_does_better(parts):
    """In fractions: whatever shares of the budget are spent in the k phases, the worst member's ratio is at least (1 + H_k) / 2; and the
    lottery of the dual holds every plan to B/k."""
    k, total = len(parts), sum(parts)
    shares = [Fraction(p, total) for p in parts]
    earned = [sum(Fraction(i, k) * z for i, z in enumerate(shares[:tau], 1)) for tau in range(1, k + 1)]
    least = (1 + sum(Fraction(1, i) for i in range(1, k + 1))) / 2
    assert any(e == 0 or phased_optimum(k, tau) / e >= least for tau, e in enumerate(earned, 1))
    lottery = [Fraction(1, tau * (tau + 1)) for tau in range(1, k)] + [Fraction(1, k)]
    assert sum(p * e for p, e in zip(lottery, earned)) == Fraction(1, k)
    assert sum(p * phased_optimum(k, tau) for tau, p in enumerate(lottery, 1)) == least / k


def test_control_other_plans_are_refused():
    """The verification has teeth: a share moved, a weight moved, a ratio a little off."""
    z, w, ratio = [Fraction(1), Fraction(1, 4)], [Fraction(1, 2), Fraction(1, 2)], Fraction(5, 4)
    _verify(z, w, ratio)
    for bad in (([Fraction(3, 4), Fraction(1, 2)], w, ratio), (z, [Fraction(1, 4), Fraction(3, 4)], ratio), (z, w, ratio + Fraction(1, 10**9))):
        with pytest.raises(BudgetsimError, match="adversarial_ratio"):
            _verify(*bad)


def test_bad_input():
    for phases in (0, -3, 2.5, float("nan"), 10**6):
        with pytest.raises(BadValue, match="phases: got"):
            adversarial_ratio(phases)
    for phases in ("four", None, True):
        with pytest.raises(BadType, match="phases: got"):
            adversarial_ratio(phases)
    for arguments, said in (((2, 5, 3), "last: got 3"), ((2, 0, 1), "budget: got 0"), ((0, 5, 1), "phases: got 0")):
        with pytest.raises(BadValue, match=said):
            phased_sequence(*arguments)
