"""Moments of every law, luck that is tied to the round and the arm, simple regret, and arguments."""

import numpy as np
import pytest

from budgetsim import BudgetsimError, Policy, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.problems.stochastic_bandit import bernoulli, beta, finite, gaussian, stochastic_bandit

from ..strategies import greedy, means_init, means_update, planned

LAWS = {
    "bernoulli": bernoulli([0.1, 0.5, 0.9]),
    "gaussian": gaussian([-1.0, 0.0, 3.0], [0.5, 1.0, 2.0]),
    "beta": beta([0.5, 1.0, 4.0], [0.5, 3.0, 2.0]),
    "finite": finite([[0.0, 1.0, 5.0], [2.0, 2.0, 2.0], [-1.0, 1.0, 0.0]], [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.5, 0.5, 0.0]]),
}
VARIANCE = {
    "bernoulli": [0.09, 0.25, 0.09],
    "gaussian": [0.25, 1.0, 4.0],
    "beta": [a * b / (a + b) ** 2 / (a + b + 1) for a, b in ((0.5, 0.5), (1.0, 3.0), (4.0, 2.0))],
    "finite": [3.61, 0.0, 1.0],
}


def rewards(problem, seed, rounds=4000):
    """(rounds, K): what every arm would pay."""
    at = range(problem.spec.n_actions)
    return np.array([[problem.step(problem.instance, None, None, k, None, t, nature_key(seed, 0, t, ROUND), None, None) for k in at] for t in range(rounds)])


@pytest.mark.parametrize("law", LAWS)
def test_moments_and_independence(law, seed):
    """Means and variances within 4 standard errors (the variance's estimated from the fourth moment); arms uncorrelated."""
    x = rewards(stochastic_bandit(LAWS[law], 10), seed)
    n, variance = len(x), np.array(VARIANCE[law])
    assert np.all(np.abs(x.mean(axis=0) - LAWS[law].mean_reward) <= 4 * np.sqrt(variance / n) + 1e-12)
    square = (x - LAWS[law].mean_reward) ** 2
    assert np.all(np.abs(square.mean(axis=0) - variance) <= 4 * square.std(axis=0) / np.sqrt(n) + 1e-12)
    correlation = np.corrcoef(x[:, [0, 2]].T)[0, 1]
    assert abs(correlation) <= 4 / np.sqrt(n)


def test_the_moment_test_fails_for_a_wrong_mean(seed):
    """Control: the same bound refuses a mean that is off by a tenth."""
    x = rewards(stochastic_bandit(LAWS["bernoulli"], 10), seed)
    assert not np.all(np.abs(x.mean(axis=0) - (LAWS["bernoulli"].mean_reward + 0.1)) <= 4 * np.sqrt(np.array(VARIANCE["bernoulli"]) / len(x)))


@pytest.mark.parametrize("law", LAWS)
def test_same_bits_on_both_paths(law, seed):
    problem = stochastic_bandit(LAWS[law], 300)
    games = [engine.prepare(problem, greedy(), path=path) for path in ("rows", "python")]
    assert games[0].grade == "portable"
    for fast, plain in zip(*(engine.play_block(g, seed, 0, 3, [100, 300]) for g in games), strict=True):
        np.testing.assert_array_equal(fast, plain)


def test_luck_does_not_depend_on_what_was_pulled_before(seed):
    """After any first rounds, arm 1 pays the same in the last."""
    problem = stochastic_bandit(bernoulli([0.5, 0.5]), 40)
    last = []
    for first in (0, 1):
        log = engine.play_block(engine.prepare(problem, planned(*[first] * 39, 1), path="python"), seed, 0, 20, [39, 40])
        last.append(log.reward[:, 1] - log.reward[:, 0])
    np.testing.assert_array_equal(*last)


def recommend_the_first(memory, params, left, t, key):
    return 0


def greedy_first(memory, params, view, left, t, key):
    return 0


def test_simple_regret(seed):
    problem = stochastic_bandit(gaussian([0.25, 1.0, 0.5]), 5)
    rule = Policy(problem.spec.kind, means_init, greedy_first, means_update, recommend=recommend_the_first)
    log = engine.play_block(engine.prepare(problem, rule, path="python"), seed, 0, 2, [5])
    assert log.loss.ravel().tolist() == [0.75, 0.75]
    assert log.pseudo.ravel().tolist() == [1.25, 1.25]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: bernoulli([0.5, 1.5]), "means: got 1.5"),
        (lambda: bernoulli([]), "means: got an empty array"),
        (lambda: bernoulli([[0.5]]), "means: got shape"),
        (lambda: bernoulli(["a"]), "means"),
        (lambda: bernoulli([np.nan]), "means: got nan"),
        (lambda: gaussian([0.0], -1.0), "sigma: got -1.0"),
        (lambda: gaussian([0.0], [1.0, 2.0]), "sigma: got shape"),
        (lambda: beta([0.0], [1.0]), "a: got 0.0"),
        (lambda: beta([1.0], [1.0, 1.0]), "b: got shape"),
        (lambda: finite([[1.0, 2.0]], [[0.5, 0.6]]), "probabilities: sums to"),
        (lambda: finite([1.0, 2.0], [0.5, 0.5]), "values: got shape"),
        (lambda: stochastic_bandit([0.5, 0.6], 10), "arms: got list"),
        (lambda: stochastic_bandit(bernoulli([0.5]), 2.5), "horizon: got 2.5"),
        (lambda: stochastic_bandit(bernoulli([0.5]), 0), "horizon: got 0"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
