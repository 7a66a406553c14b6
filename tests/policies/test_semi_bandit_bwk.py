"""LagrangeBwK for semi-bandits by its formula, what it declines, and what it must be better than."""

import math

import numpy as np
import pytest

from budgetsim import ARM, BudgetsimError, Spec, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.exercises import exercises
from budgetsim.model import VECTOR
from budgetsim.policies.semi_bandit_bwk import semi_bandit_bwk
from budgetsim.problems.semi_bandit import Seen, examples, semi_bandit

FACTS = [0.9, 0.6, 0.5, 0.3, 0.4], [[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05], [0.5, 0.5]]


def formula(problem, seed, confidence, rate=1.0):
    """Masks round by round, nothing cached: nature is asked what it would answer."""
    spec, (n, d) = problem.spec, problem.instance.arm_cost.shape
    most, horizon, pressure = spec.public.most, spec.horizon, spec.horizon / spec.budget
    level, eta = confidence * math.log(n * horizon * (d + 1)), rate * math.sqrt(8 * math.log(d + 1) / horizon) / max(1, most * pressure.max())
    pulls, reward, cost, earned, left, out = np.zeros(n), np.zeros(n), np.zeros((n, d)), np.zeros(d + 1), spec.budget.copy(), []
    for t in range(horizon):
        w = np.exp(eta * earned) / np.exp(eta * earned).sum()
        gain = np.zeros(n)
        for k in range(n):
            m, c = (reward[k] / pulls[k], cost[k] / pulls[k]) if pulls[k] else (1.0, np.zeros(d))
            r = math.sqrt(level * m / pulls[k]) + level / pulls[k] if pulls[k] else 0.0
            s = np.sqrt(level * c / pulls[k]) + level / pulls[k] if pulls[k] else 0.0
            gain[k] = min(m + r, 1.0) - most * (w[:d] * pressure) @ np.maximum(c - s, 0.0)
        mask = np.zeros(n)
        mask[[k for k in np.argsort(-gain, kind="stable")[:most] if gain[k] > 0]] = 1.0
        seen, paid = Seen(np.zeros(n), np.zeros((n, d))), np.zeros(d)
        problem.step(problem.instance, None, None, mask, left, t, nature_key(seed, 0, t, ROUND), paid, seen)
        if np.any(paid > left + 1e-12 * spec.budget):
            break
        left -= paid
        out.append(mask)
        pulls, reward, cost = pulls + mask, reward + seen.reward, cost + seen.cost
        earned[:d] += paid * pressure - 1.0
    return np.array(out)


@pytest.mark.parametrize("confidence", [0.25, 0.02])
def test_against_the_formula(confidence, seed):
    problem = semi_bandit(*FACTS, 2, [120.0, 100.0], 400)
    log = engine.play_block(engine.prepare(problem, semi_bandit_bwk(confidence)), seed, 0, 1, [400], trace=True)
    expected = formula(problem, seed, confidence)
    assert log.rounds[0, -1] == len(expected) and np.array_equal(log.action[0, : len(expected)], expected)
    assert np.unique(expected, axis=0).shape[0] > 4 and expected.sum(axis=1).max() == 2
    assert not np.array_equal(formula(problem, seed, confidence, rate=30.0), expected)  # control


def test_with_one_arm_a_round_it_is_a_bandit_with_knapsacks(seed):
    """m = 1 and 2,000 rounds: at least nine tenths of what `primal_dual` earns, and no more than the program."""
    from budgetsim.policies.primal_dual import primal_dual
    from budgetsim.problems.knapsack_bandit import knapsack_bandit

    reward, cost = FACTS[0][:4], FACTS[1][:4]
    ours, theirs = (
        engine.play_block(engine.prepare(game, rule), seed, 0, 100, [2000]).reward[:, -1].mean()
        for game, rule in (
            (semi_bandit(reward, cost, 1, [500.0] * 2, 2000), semi_bandit_bwk()),
            (knapsack_bandit(reward, cost, [500.0] * 2, 2000), primal_dual()),
        )
    )
    assert 0.9 * theirs < ours < 0.585714 * 2000 + 3


@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_regret_grows_slower_than_two_thirds(seed):
    """Statistical; control: with prices that never move, a constant share is lost."""
    from budgetsim import intervals
    from budgetsim.optima.semi_bandit_lp import semi_bandit_lp

    horizons = np.array([1000, 4000, 16000])
    behind = np.zeros((2, 60, 3))
    for j, t in enumerate(horizons):
        problem = semi_bandit(*FACTS, 2, [t / 3] * 2, int(t))
        value = semi_bandit_lp(*FACTS, [t / 3] * 2, int(t), 2).value
        for i, rule in enumerate((semi_bandit_bwk(), semi_bandit_bwk(rate=1e-9))):
            behind[i, :, j] = value - engine.play_block(engine.prepare(problem, rule), seed, 0, 60, [t]).reward[:, -1]
    ours, control = (intervals.slope(horizons, b, 1 - 1e-4) for b in behind)
    print(ours, control)
    assert ours.high < 2 / 3 < control.low


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: semi_bandit_bwk(confidence=-1.0), "confidence: got -1.0"),
        (lambda: semi_bandit_bwk(rate=0.0), "rate: got 0.0"),
        (lambda: semi_bandit_bwk().init(exercises(VECTOR)[0].spec), "semi_bandit_bwk: got another problem"),
        (lambda: semi_bandit_bwk().init(Spec(ARM, 3, 10, budget=np.ones(1))), "semi_bandit_bwk: got another problem"),
        (lambda: semi_bandit_bwk().init(semi_bandit(*FACTS, 2, [0.0, 1.0], 5).spec), "none that is 0"),
        (lambda: semi_bandit_bwk().init(semi_bandit(*FACTS, 2, [np.inf, np.inf], 5).spec), "at least one that is finite"),
        (lambda: semi_bandit_bwk().init(examples()[0].spec._replace(renew=True)), "renewed every round"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
