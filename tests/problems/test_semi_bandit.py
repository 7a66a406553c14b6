"""Semi-bandits with knapsacks: what is seen, what is paid, what is not played, and arguments."""

import numpy as np
import pytest

from budgetsim import VECTOR, BudgetsimError, Policy, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.model import Ended, Nothing
from budgetsim.problems.semi_bandit import Seen, semi_bandit

R, C = [0.9, 0.6, 0.5], [[0.8, 0.2], [0.35, 0.5], [0.1, 0.25]]


def outcomes(problem, mask, seed, rounds=4000):
    n, d = problem.instance.arm_cost.shape
    rows = []
    for t in range(rounds):
        seen, cost = Seen(np.full(n, 7.0), np.full((n, d), 7.0)), np.zeros(d)
        reward = problem.step(problem.instance, None, None, np.array(mask, float), None, t, nature_key(seed, 0, t, ROUND), cost, seen)
        rows.append((reward, cost, seen.reward, seen.cost))
    return [np.array(x) for x in zip(*rows, strict=True)]


def test_what_is_seen_is_what_is_paid(seed):
    """Sums over the arms chosen; nothing of the others; means within 4 standard errors; all independent."""
    reward, cost, seen_reward, seen_cost = outcomes(semi_bandit(R, C, 2, [9, 9], 10), [1, 0, 1], seed)
    np.testing.assert_array_equal(reward, seen_reward.sum(axis=1))
    np.testing.assert_array_equal(cost, seen_cost.sum(axis=1))
    assert not seen_reward[:, 1].any() and not seen_cost[:, 1].any()
    x = np.column_stack([seen_reward, seen_cost.reshape(len(reward), -1)])[:, [0, 2, 3, 4, 7, 8]]
    p = np.array([0.9, 0.5, 0.8, 0.2, 0.1, 0.25])
    assert np.all(np.abs(x.mean(axis=0) - p) <= 4 * np.sqrt(p * (1 - p) / len(x)))
    assert np.abs(np.corrcoef(x.T) - np.eye(6)).max() <= 4.5 / np.sqrt(len(x))


def test_an_arm_does_not_feel_the_others(seed):
    alone, together = (outcomes(semi_bandit(R, C, 3, [9, 9], 10), mask, seed, 200) for mask in ([0, 1, 0], [1, 1, 1]))
    np.testing.assert_array_equal(alone[2][:, 1], together[2][:, 1])
    np.testing.assert_array_equal(alone[3][:, 1], together[3][:, 1])


def constant(mask):
    """A rule that pulls the same arms in every round."""

    def act(memory, params, view, left, t, key, chosen):
        for k in range(chosen.size):
            chosen[k] = params.nothing[k]

    return Policy(VECTOR, lambda spec: (None, Nothing(np.array(mask, float))), act, lambda memory, params, view, action, outcome, t: None, name="constant")


def test_too_many_arms_are_not_played(seed):
    problem = semi_bandit(R, C, 2, [9, 9], 30)
    log = engine.play_block(engine.prepare(problem, constant([1, 1, 1]), path="python"), seed, 0, 2, [30])
    assert np.all(log.ignored == 30) and not log.reward.any() and not log.spent.any() and not log.pulls.any()
    log = engine.play_block(engine.prepare(problem, constant([0, 0, 0]), path="python"), seed, 0, 2, [30])
    assert not log.ignored.any() and not log.spent.any() and np.all(log.rounds == 30)
    log = engine.play_block(engine.prepare(problem, constant([1, 1, 0]), path="python"), seed, 0, 2, [30])
    assert np.all(log.ended >= Ended.RESOURCE) and np.all(log.spent <= 9) and log.reward.any()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: semi_bandit([], [], 1, [1], 10), "arm_reward: got an empty array"),
        (lambda: semi_bandit([1.2], [[0.1]], 1, [1], 10), "arm_reward: got 1.2"),
        (lambda: semi_bandit([0.2], [[1.0 + 1e-6]], 1, [1], 10), "arm_cost: got 1.000001"),
        (lambda: semi_bandit(R, C[:2], 1, [1, 1], 10), "arm_cost: got shape"),
        (lambda: semi_bandit(R, C, 0, [1, 1], 10), "most: got 0"),
        (lambda: semi_bandit(R, C, 4, [1, 1], 10), "most: got 4"),
        (lambda: semi_bandit(R, C, 2, [1], 10), "budget: got shape"),
        (lambda: semi_bandit(R, C, 2, [-1, 1], 10), "budget: got -1.0"),
        (lambda: semi_bandit(R, C, 2, [1, 1], 1.5), "horizon: got 1.5"),
        (lambda: semi_bandit(), "arm_reward"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
