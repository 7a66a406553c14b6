"""Equitable sampling: what a purchase earns and shows, the rules beside their twins, and the numbers of section 11(g)."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, Policy, engine
from budgetsim.folders import bind
from budgetsim.optima.concave_split import concave_split
from budgetsim.policies.adaptive_sampling import adaptive_sampling
from budgetsim.policies.fixed_split import fixed_split
from budgetsim.policies.worst_group import worst_group
from budgetsim.problems.equitable_sampling import equitable_sampling
from budgetsim.shared.learning_curves import fitted, no_fit, observe_losses
from tests.optima.test_concave_split import PRINTED, A, B, C, R, W
from tests.references import equitable as twin

LEVEL, RUNS = 1e-4, 60


def problem(noise=0.05, aim="mean", horizon=20):
    """Section 11(g), less the price of the first sample of each group, which is free here."""
    return equitable_sampling(A, B, R, C, W, 4000.0 - sum(C), horizon, 1.0, noise, aim)


def final(rule, runs, seed=0, **changes):
    made = problem(**changes)
    return -engine.play_block(engine.prepare(made, rule), seed, 0, runs, np.array([made.spec.horizon])).reward[:, -1]


def theirs(kind, runs, seed, **constants):
    arrays = [np.array(v, float) for v in (A, B, R, C, W)]
    return twin.simulate(*arrays, 4000.0 - sum(C), 20, runs, np.random.default_rng(seed), kind, **constants)


class Pair(NamedTuple):
    policy: Policy
    kind: str
    constants: dict[str, Any]
    wrong: dict[str, Any]


PAIRS = {
    "adaptive_sampling": Pair(adaptive_sampling(3, 20), "adaptive", {"portions": 20}, {"noise": 0.3}),
    "worst_group": Pair(worst_group(), "worst", {"noise": 0.5}, {"noise": 0.2}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_agrees_with_its_twin(name, seed):
    """Two-sample tests (Welch, Kolmogorov and Smirnov) of the final loss; the same tests reject a wrong constant."""
    pair = PAIRS[name]
    ours = final(pair.policy, 10 * RUNS, seed, noise=pair.constants.get("noise", 0.05))
    for wrong in ({}, pair.wrong):
        other = theirs(pair.kind, RUNS, seed, **{**pair.constants, **wrong})
        p = min(stats.ttest_ind(ours, other, equal_var=False).pvalue, stats.ks_2samp(np.round(ours, 9), np.round(other, 9)).pvalue)
        print(f"{name}: {ours.mean():.6f} +- {ours.std() / math.sqrt(ours.size):.6f}, twin {other.mean():.6f} +- {other.std() / math.sqrt(RUNS):.6f} {wrong}")
        assert bool(p > LEVEL) is (not wrong)


@pytest.mark.parametrize("aim", ["mean", "worst"])
def test_without_noise_rule_and_twin_are_equal(aim):
    for rule, kind, constants in (
        (adaptive_sampling(4, 10), "adaptive", {"explore": 4, "portions": 10}),
        (worst_group(), "worst", {}),
        (fixed_split(), "fixed", {}),
        (fixed_split("weight"), "fixed", {"split": np.array(W)}),
        (fixed_split("money"), "fixed", {"split": 1.0 / np.array(C)}),
        (fixed_split(PRINTED), "fixed", {"split": PRINTED}),
    ):
        ours, other = final(rule, 1, noise=0.0, aim=aim)[0], theirs(kind, 1, 0, noise=0.0, worst=aim == "worst", **constants)[0]
        assert abs(ours - other) <= 1e-9, rule.name


def test_printed_numbers(seed):
    """Section 11(g): equal .18072; adaptive (batch 200, 5% noise, 20 seeds, its fit unknown) .18022; never below the optimum .17985."""
    made = problem()
    assert round(float(final(fixed_split(), 1)[0]), 5) == 0.18072
    ours, best = final(adaptive_sampling(), 400, seed), bind(concave_split, made)
    mean, error = ours.mean(), ours.std() / 20
    print(f"adaptive {mean:.6f} +- {error:.6f}, printed .18022, optimum {-best.value:.6f}")
    assert np.all(ours >= -best.upper) and mean + 5 * error < 0.18072 and abs(mean - 0.18022) < 2e-4
    told = final(fixed_split(best.plan.bought), 1)[0]
    assert abs(told + best.value) <= 1e-12


def test_the_reward_is_minus_the_objective(seed):
    """Reward so far = -F after every purchase; the budget is spent to the last unit."""
    made = problem()
    log = engine.play_block(engine.prepare(made, adaptive_sampling()), seed, 0, 3, np.arange(1, 21), True)
    n = 1.0 + np.cumsum(log.action, axis=1)
    loss = np.array(A) + np.array(B) * n ** -np.array(R)
    np.testing.assert_allclose(log.reward, -(loss @ W), rtol=1e-12)
    np.testing.assert_allclose(log.spent[:, -1, 0], made.spec.budget[0], rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 30), st.floats(0, 1), st.floats(0.1, 20), st.integers(0, 10**6))
def test_a_fit_of_losses_without_noise_is_the_curve(rate, floor, scale, seed):
    """Property: a curve whose rate is one of those tried is found again, from the losses at different n."""
    rates = np.arange(1, 31) / 20.0
    n, fit = np.cumsum(np.random.default_rng(seed).integers(5, 500, size=8)).astype(float), no_fit(30, 1)
    for m in n:
        observe_losses(fit, rates, np.array([m]), np.array([floor + scale * m ** -rates[rate - 1]]))
    curve = fitted(fit, rates, 0)
    at = np.array([n[-1], 2 * n[-1]])
    np.testing.assert_allclose(curve.floor + curve.scale * at**-curve.rate, floor + scale * at ** -rates[rate - 1], rtol=2e-3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: equitable_sampling([], [], [], [], [], 1), "floor: got an empty array"),
        (lambda: equitable_sampling([0.1], [np.nan], [1], [1], [1], 1), "scale: got nan"),
        (lambda: equitable_sampling([0.1], [1], [0], [1], [1], 1), "rate: got 0.0"),
        (lambda: equitable_sampling([0.1], [1], [1], [0], [1], 1), "cost: got 0.0"),
        (lambda: equitable_sampling([0.1], [1], [1], [1], [0.9], 1), "weight: sums to 0.9"),
        (lambda: equitable_sampling([0.1], [1], [1], [1], [1], -1), "budget: got -1"),
        (lambda: equitable_sampling([0.1], [1], [1], [1], [1], 1, start=0), "start: got 0.0"),
        (lambda: equitable_sampling([0.1], [1], [1], [1], [1], 1, noise=-1), "noise: got -1"),
        (lambda: equitable_sampling([0.1], [1], [1], [1], [1], 1, aim="least"), "aim: got 'least'"),
        (lambda: fixed_split("even"), "split: got 'even'"),
        (lambda: fixed_split([0.0, 0.0]), "split: got only zeros"),
        (lambda: fixed_split([1.0]).init(problem().spec), "split: got shape"),
        (lambda: adaptive_sampling(0), "explore: got 0"),
        (lambda: adaptive_sampling(portions=0), "portions: got 0"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
