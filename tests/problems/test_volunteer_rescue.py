"""Contexts, acceptance, coming back, the allowance of a round, and arguments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import SKIP, VECTOR, BudgetsimError, Nothing, Policy, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.loop import Outcome
from budgetsim.problems.volunteer_rescue import Seen, State, View, volunteer_rescue

F, Q = [0.2, 0.5, 0.3], [0.1, 0.4, 0.25, 0.6]
P = np.array([[0.9, 0.1, 0.4], [0.2, 0.8, 0.5], [0.6, 0.6, 0.1], [0.3, 0.05, 0.95]])


def rescue(allocation=(4, 4, 4), horizon=50, **changes):
    return volunteer_rescue(**{"context_probability": F, "acceptance": P, "reactivation": Q, "allocation": allocation, "horizon": horizon} | changes)


def all_of_them(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = 1.0


def nobody(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = 0.0


def forget(memory, params, view, action, outcome, t):
    pass


def rule(act):
    return Policy(VECTOR, lambda spec: Nothing(), act, forget, name=act.__name__)


def test_the_law_of_a_round(seed):
    """Contexts, acceptance and coming back have their probabilities, each within 4.5 standard errors; who is away and notified earns nothing."""
    problem, rounds = rescue(), 6000
    instance = problem.instance
    active = np.array([1.0, 1.0, 0.0, 1.0])
    state, view, seen, cost = State(active.copy()), View(np.zeros(1), np.zeros(4)), Seen(np.zeros(4)), np.zeros(1)
    context, accepted, back = np.zeros(rounds, int), np.zeros((rounds, 4)), np.zeros(rounds)
    for t in range(rounds):
        key = nature_key(seed, 0, t, ROUND)
        state.active[:] = active
        problem.observe(instance, state, t, key, view)
        context[t] = view.context[0]
        reward = problem.step(instance, state, view, np.ones(4), None, t, key, cost, seen)
        assert cost[0] == 4.0 and reward == seen.accepted.sum() and seen.accepted[2] == 0.0
        accepted[t] = seen.accepted
        problem.advance(instance, state, view, np.ones(4), Outcome(reward, cost, seen, 0), None, t, key)
        back[t] = state.active[2]
        np.testing.assert_array_equal(state.active[[0, 1, 3]], 1.0 - seen.accepted[[0, 1, 3]])

    def near(x, p):
        assert abs(x.mean() - p) <= 4.5 * np.sqrt(p * (1 - p) / x.size)

    near(back, Q[2])
    for k in range(3):
        near(context == k, F[k])
        for i in (0, 1, 3):
            near(accepted[context == k, i], P[i, k])


def test_a_round_that_notifies_too_many_is_void(seed):
    """Nobody is asked: no reward, no cost, nobody leaves, and those who are away come back as they would have."""
    problem = rescue((3, 3, 3), start=[1.0, 1.0, 0.0, 0.0])
    assert problem.spec.law == SKIP and problem.spec.renew
    logs = [engine.play_block(engine.prepare(problem, rule(act), "python"), seed, 0, 4, [50], trace=True) for act in (all_of_them, nobody)]
    assert (logs[0].void[:, -1] == 50).all() and not logs[1].void.any()
    for log in logs:
        assert not log.reward.any() and not log.spent.any()


def test_allowances_are_those_of_the_contexts(seed):
    """Notifying all four is void exactly in the contexts that allow fewer."""
    problem = rescue((4, 3, 4), horizon=400)
    log = engine.play_block(engine.prepare(problem, rule(all_of_them)), seed, 0, 1, [400], trace=True)
    contexts = []
    for t in range(400):
        view = View(np.zeros(1), np.zeros(4))
        problem.observe(problem.instance, State(np.ones(4)), t, nature_key(seed, 0, t, ROUND), view)
        contexts.append(int(view.context[0]))
    np.testing.assert_array_equal(log.status[0] == 1, np.array(contexts) == 1)
    assert log.spent[0, -1, 0] == 4 * np.sum(np.array(contexts) != 1)


def test_starts(seed):
    for start, share in (("active", 1.0), ("inactive", 0.0), ([1.0, 0.0, 0.0, 1.0], 0.5)):
        problem, total = rescue(start=start), 0.0
        for replication in range(50):
            state = problem.init(problem.instance)
            problem.begin(problem.instance, state, nature_key(seed, replication, 0, ROUND))
            total += state.active.mean() / 50
        assert total == pytest.approx(share)


def test_expected_is_the_mean(seed):
    problem = rescue(reward=[1.0, 2.0, 0.5])
    for k in range(3):
        view = View(np.array([float(k)]), np.array([1.0, 0.0, 1.0, 1.0]))
        got = [problem.step(problem.instance, None, view, np.array([1.0, 1, 0, 1]), None, t, nature_key(seed, 0, t, ROUND), np.zeros(1), Seen(np.zeros(4)))
               for t in range(3000)]  # fmt: skip
        mean = problem.expected(problem.instance, None, view, np.array([1.0, 1, 0, 1]), 0)
        assert mean == pytest.approx([1.0, 2.0, 0.5][k] * (P[0, k] + P[3, k]))
        assert abs(np.mean(got) - mean) <= 4.5 * np.std(got) / np.sqrt(3000)


def test_budget_is_the_mean_allocation_and_one_number_serves_all():
    problem = rescue((4, 1, 0), reactivation=0.3)
    assert problem.spec.budget.tolist() == pytest.approx([0.2 * 4 + 0.5 * 1])
    assert problem.instance.reactivation.tolist() == [0.3] * 4 and problem.spec.public.allocation.tolist() == [4.0, 1.0, 0.0]


def test_a_renewal_process_by_itself(seed):
    """One volunteer, one context, always notified: mean reward a round -> 1 / (1/p + 1/q)."""
    p, q, rounds = 0.3, 0.2, 4000
    problem = volunteer_rescue([1.0], [[p]], q, [1], rounds)
    game = engine.prepare(problem, rule(all_of_them))
    log = engine.play_block(game, seed, 0, 200, [rounds])
    assert stats.ttest_1samp(log.reward[:, -1] / rounds, 1 / (1 / p + 1 / q)).pvalue > 1e-4
    assert stats.ttest_1samp(log.reward[:, -1] / rounds, 1 / (1 / p + 1 / (q * 1.1))).pvalue < 1e-4  # control


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**40))
def test_nobody_accepts_more_often_than_he_comes_back(n, k, seed):
    """Property of the (f) list, path by path: a volunteer's acceptances are his returns, and one more if he is away in the end; so the
    average reward is the flow sum_i q_i (1 - u_i), u_i the share of rounds in which he is active."""
    rng = np.random.default_rng(seed)
    problem = volunteer_rescue(np.full(k, 1 / k), rng.random((n, k)), rng.random(n), np.full(k, n), 30)
    instance, state = problem.instance, State(np.ones(n))
    view, seen, accepted, returns = View(np.zeros(1), np.zeros(n)), Seen(np.zeros(n)), np.zeros(n), np.zeros(n)
    for t in range(30):
        key, action = nature_key(seed, 0, t, ROUND), rng.integers(0, 2, n).astype(float)
        problem.observe(instance, state, t, key, view)
        reward = problem.step(instance, state, view, action, None, t, key, np.zeros(1), seen)
        problem.advance(instance, state, view, action, Outcome(reward, None, seen, 0), None, t, key)
        accepted += seen.accepted
        returns += (view.active == 0.0) & (state.active == 1.0)
    np.testing.assert_array_equal(accepted, returns + (state.active == 0.0))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"acceptance": np.zeros((0, 3))}, "acceptance: got an empty array"),
        ({"acceptance": np.zeros((2, 2))}, r"acceptance: got shape \(2, 2\); allowed: shape \(any, 3\)"),
        ({"acceptance": P[0]}, r"acceptance: got shape \(3,\)"),
        ({"acceptance": P + 1e-6 * (P > 0.9) + 0.1}, "acceptance: got 1.0"),
        ({"acceptance": -P}, "acceptance: got -"),
        ({"acceptance": np.where(P == 0.9, np.nan, P)}, "acceptance: got nan"),
        ({"context_probability": []}, "context_probability: got an empty array"),
        ({"context_probability": [0.5, 0.5]}, r"acceptance: got shape \(4, 3\); allowed: shape \(any, 2\)"),
        ({"context_probability": [0.2, 0.5, 0.3 + 1e-6]}, "context_probability: sums to 1"),
        ({"context_probability": [0.5, 0.6, -0.1]}, "context_probability: got -0.1"),
        ({"reactivation": [0.1, 0.2]}, r"reactivation: got shape \(2,\); allowed: shape \(4,\)"),
        ({"reactivation": 1.5}, "reactivation: got 1.5"),
        ({"allocation": [1, 2]}, r"allocation: got shape \(2,\); allowed: shape \(3,\)"),
        ({"allocation": [1, 2, -1]}, "allocation: got -1.0"),
        ({"allocation": [1, 2.5, 1]}, "allocation: got 2.5; allowed: whole numbers"),
        ({"allocation": [1, np.inf, 1]}, "allocation: got inf"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"reward": [1.0]}, r"reward: got shape \(1,\)"),
        ({"reward": [1.0, -1.0, 1.0]}, "reward: got -1.0"),
        ({"start": "activ"}, "start: got 'activ'; .*did you mean 'active'"),
        ({"start": [0.5]}, r"start: got shape \(1,\)"),
    ],
)
def test_wrong_arguments(changes, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        rescue(**changes)
    assert "\n" not in str(caught.value)
