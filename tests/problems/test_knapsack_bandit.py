"""Joint laws, the stopping rule, idling, and arguments."""

import numpy as np
import pytest

from budgetsim import BudgetsimError, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.model import Ended
from budgetsim.problems.knapsack_bandit import knapsack_bandit

from ..strategies import greedy, planned

R, C = [0.9, 0.6, 0.5], [[0.8, 0.2], [0.35, 0.5], [0.1, 0.25]]
OUTCOMES = [[[0, 0, 0], [1, 2, 0.5], [0.5, 1, 0]], [[3, 0, 1], [3, 0, 1], [0, 4, 0]]]
CHANCES = [[0.5, 0.3, 0.2], [0.25, 0.25, 0.5]]


def table(**changes):
    return knapsack_bandit(**{"outcomes": OUTCOMES, "probabilities": CHANCES, "budget": [40.0, 9.5], "horizon": 200} | changes)


def outcomes(problem, seed, rounds=4000):
    """(rounds, K, 1 + d): reward and costs of every arm."""
    k, d = problem.instance.mean_cost.shape
    out = np.zeros((rounds, k, 1 + d))
    for t in range(rounds):
        for a in range(k):
            out[t, a, 0] = problem.step(problem.instance, None, None, a, None, t, nature_key(seed, 0, t, ROUND), out[t, a, 1:], None)
    return out


def test_means_and_independence_of_bernoulli_costs(seed):
    """Every mean within 4 standard errors; reward and costs of all arms uncorrelated, each |correlation| <= 4.5 / sqrt(n)."""
    problem = knapsack_bandit(R, C, [10, 10], 100)
    x = outcomes(problem, seed)
    mean = np.column_stack([R, C])
    assert set(np.unique(x)) == {0.0, 1.0}
    assert np.all(np.abs(x.mean(axis=0) - mean) <= 4 * np.sqrt(mean * (1 - mean) / len(x)))
    correlation = np.corrcoef(x.reshape(len(x), -1).T) - np.eye(9)
    assert np.abs(correlation).max() <= 4.5 / np.sqrt(len(x))


def test_joint_law_of_a_table(seed):
    """Each outcome appears with its probability, within 4 standard errors; means and the largest cost are computed."""
    problem = table()
    np.testing.assert_allclose(problem.instance.mean_reward, [0.4, 1.5])
    np.testing.assert_allclose(problem.instance.mean_cost, [[0.8, 0.15], [2.0, 0.5]])
    assert problem.instance.largest_cost.tolist() == [4.0, 1.0]
    x = outcomes(problem, seed)
    for arm, points in enumerate([{(0, 0, 0): 0.5, (1, 2, 0.5): 0.3, (0.5, 1, 0): 0.2}, {(3, 0, 1): 0.5, (0, 4, 0): 0.5}]):
        for point, p in points.items():
            share = np.mean(np.all(x[:, arm] == point, axis=1))
            assert abs(share - p) <= 4 * np.sqrt(p * (1 - p) / len(x))


@pytest.mark.parametrize("make", [lambda: knapsack_bandit(R, C, [12, 15.5], 200), table], ids=["independent", "table"])
def test_same_bits_on_both_paths_and_nobody_overspends(make, seed):
    problem = make()
    games = [engine.prepare(problem, greedy(), path=path) for path in ("rows", "python")]
    assert games[0].grade == "portable"
    fast, plain = (engine.play_block(g, seed, 0, 5, [20, 200]) for g in games)
    for a, b in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.all(fast.spent <= problem.spec.budget)
    assert np.all(fast.ended >= Ended.RESOURCE) and np.all(fast.rounds[:, -1] < 200)


def test_idle_costs_only_time(seed):
    log = engine.play_block(engine.prepare(knapsack_bandit(R, C, [0, 0], 50), planned(-1), path="python"), seed, 0, 2, [50])
    assert log.rounds.tolist() == [[50], [50]] and not log.reward.any() and not log.spent.any() and not log.pseudo.any()
    game = engine.prepare(knapsack_bandit(R, C, [0, 0], 50, idle=False), planned(-1), path="python")
    log = engine.play_block(game, seed, 0, 2, [50])
    with pytest.raises(BudgetsimError, match="replication 0, round 0"):
        engine.raise_fault(game, log, 0)


def test_a_free_arm_never_stops(seed):
    """No cap: the horizon ends the run, whatever is spent."""
    log = engine.play_block(engine.prepare(knapsack_bandit(R, C, [np.inf, np.inf], 50), planned(0), path="python"), seed, 0, 3, [50])
    assert (log.ended == Ended.HORIZON).all() and (log.spent > 0).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: knapsack_bandit(R, C, [1], 10), "budget: got shape"),
        (lambda: knapsack_bandit(R, C, [-1, 1], 10), "budget: got -1.0"),
        (lambda: knapsack_bandit(R, C, [np.nan, 1], 10), "budget: got nan"),
        (lambda: knapsack_bandit(R, C, None, 10), "budget"),
        (lambda: knapsack_bandit(R, C, [1, 1], 10.5), "horizon: got 10.5"),
        (lambda: knapsack_bandit(R, C, [1, 1]), "horizon"),
        (lambda: knapsack_bandit(R, C[:2], [1, 1], 10), "mean_cost: got shape"),
        (lambda: knapsack_bandit([2.0], [[0.1]], [1], 10), "mean_reward: got 2.0"),
        (lambda: knapsack_bandit([0.5], [[1.1]], [1], 10), "mean_cost: got 1.1"),
        (lambda: knapsack_bandit(None, None, [1], 10), "mean_reward"),
        (lambda: knapsack_bandit(R, C, [1, 1], 10, idle=1), "idle: got 1"),
        (lambda: table(mean_reward=R), "mean_reward: got a value beside outcomes"),
        (lambda: table(mean_cost=C), "mean_cost: got a value beside outcomes"),
        (lambda: table(probabilities=None), "probabilities"),
        (lambda: table(outcomes=None), "outcomes"),
        (lambda: table(probabilities=[[0.5, 0.5], [0.5, 0.5]]), "probabilities: got shape"),
        (lambda: table(probabilities=[[0.5, 0.3, 0.1], [0.25, 0.25, 0.5]]), "probabilities: sums to"),
        (lambda: table(outcomes=[[[1], [2], [3]], [[1], [2], [3]]]), "at least one cost"),
        (lambda: table(outcomes=-np.array(OUTCOMES)), "outcomes"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
