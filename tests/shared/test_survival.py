"""The gambler's posterior and the checks of stocks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from budgetsim import BudgetsimError
from budgetsim.model import ARM, RUIN, Spec
from budgetsim.shared.survival import laws, no_record, note, one_stock, positive_chance, reward_range, ruin_chance
from tests.references import gamblers


def record(wins, losses):
    """In whatever order: `half` depends on both numbers alone, to rounding."""
    seen = no_record(1)
    for i in range(wins + losses):
        note(seen, 0, 1.0 if i < wins else -1.0)
    return seen.wins[0], seen.losses[0], seen.half[0]


@given(st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_the_chance_of_a_good_arm_is_the_beta_tail(wins, losses):
    """P(p > 1/2) under Beta(w + 1, l + 1)."""
    ours, law = positive_chance(*record(wins, losses)), stats.beta.sf(0.5, wins + 1, losses + 1)
    assert abs(ours - law) <= 1e-12 * max(law, 1e-3)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 80))
@settings(max_examples=200, deadline=None)
def test_the_chance_of_ruin_is_the_integral(wins, losses, b):
    """E[((1-p)/p)^b 1{p > 1/2}] against quadrature."""
    law = stats.beta(wins + 1, losses + 1)
    theirs = integrate.quad(lambda p: ((1 - p) / p) ** b * law.pdf(p), 0.5, 1.0, epsabs=1e-13, limit=200)[0]
    assert abs(ruin_chance(*record(wins, losses), b) - theirs) <= 1e-9


@pytest.mark.parametrize(("wins", "losses", "b"), [(6000, 4000, 2000), (9000, 1000, 3), (4000, 6000, 1), (5000, 5000, 1)])
def test_long_records_stay_in_range(wins, losses, b):
    """Ten thousand pulls, against a sum over u = (1-p)/p of the density from its logarithm."""
    seen = record(wins, losses)
    index = positive_chance(*seen) - ruin_chance(*seen, b)
    u = np.linspace(1e-9, 1.0, 400_001)
    log_density = losses * np.log(u) - (wins + losses + 2) * np.log1p(u)
    normaliser = math.lgamma(wins + 1) + math.lgamma(losses + 1) - math.lgamma(wins + losses + 2)
    theirs = np.trapezoid(np.exp(log_density - normaliser) * -np.expm1(b * np.log(u)), u)
    assert 0.0 <= index <= 1.0 and abs(index - theirs) < 1e-6


def test_the_index_of_nothing_seen_with_one_unit_is_1_less_log_2():
    """Section 2(g): Bandit-Gambler index at n=0, b=1: 1 - ln 2 = .306853."""
    seen = no_record(1)
    index = positive_chance(seen.wins[0], seen.losses[0], seen.half[0]) - ruin_chance(seen.wins[0], seen.losses[0], seen.half[0], 1)
    assert abs(index - (1.0 - math.log(2.0))) < 1e-15 and f"{index:.6f}" == "0.306853"
    assert abs(gamblers.bandit_gambler(np.zeros(1), np.zeros(1), np.ones(1))[0] - index) < 1e-12


def test_a_reward_of_nothing_says_nothing():
    seen = no_record(1)
    note(seen, 0, 0.0)
    assert seen.wins[0] == seen.losses[0] == 0.0 and seen.half[0] == 0.25


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: one_stock("r", Spec(ARM, 2, 10, budget=np.array([5.0]))), "law"),
        (lambda: one_stock("r", Spec(ARM, 2, 10, law=RUIN, budget=np.array([5.0])), 3), "arms"),
        (lambda: reward_range(1.0, 1.0), "low"),
        (lambda: reward_range(float("nan"), 1.0), "low"),
        (lambda: laws([[1, -1]], [[0.5, 0.4]]), "probabilities"),
        (lambda: laws([[1, -1]], [[0.5, 0.5], [0.5, 0.5]]), "probabilities"),
        (lambda: laws([], [[0.5, 0.5]]), "outcomes"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(BudgetsimError, match=named):
        call()
