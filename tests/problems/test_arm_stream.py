"""A stream of arms: the model holds whatever a rule decides, many pulls are one draw, a run costs O(K)."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine, folders
from budgetsim.draws import ROUND, nature_key
from budgetsim.model import VECTOR, Nothing, Outcome, Policy
from budgetsim.optima.best_stream_arm import best_stream_arm
from budgetsim.policies.uniform_exploration import uniform_exploration
from budgetsim.problems.arm_stream import arm_stream

decisions = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2), st.integers(0, 30)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(decisions, st.integers(1, 6), st.integers(0, 2**40))
def test_only_stored_arms_are_pulled_and_lost_arms_stay_lost(script, arms, seed):
    """Property 1 of the (f) list, for any decisions: an independent model of the slots says which arm is pulled; memory holds three at most, an arm
    arrives once, in order, and what is replaced never comes back."""
    mean = (1.0 + np.arange(arms)) / (arms + 1)
    problem = arm_stream(mean, 3, 10**6)
    instance, state = problem.instance, problem.init(problem.instance)
    held, gone, next_arm, left = {}, set(), 0, np.array([1e6])
    for t, decision in enumerate(script):
        action, cost = np.array(decision, float), np.zeros(1)
        take, slot, n = decision
        after = dict(held)
        if take >= 0 and next_arm < arms:
            gone |= {held[take]} if take in held else set()
            after[take] = next_arm
            next_arm += 1
        reward = problem.step(instance, state, None, action, left, t, nature_key(seed, 0, t, ROUND), cost, None)
        mu = problem.expected(instance, state, None, action, t)
        assert mu == (n * mean[after[slot]] if slot in after else 0.0)
        assert cost[0] == (n if slot in after else 0) and 0 <= reward <= cost[0]
        problem.advance(instance, state, None, action, Outcome(reward, cost, None, 0), left, t, None)
        held = after
        assert {s: int(a) for s, a in enumerate(state.held) if a >= 0} == held and state.waiting[0] == arms - next_arm
        assert len(held) <= 3 and not gone & set(held.values())


def fixed(memory, params, view, left, t, key, chosen):
    chosen[0] = 0.0 if t == 0 else -1.0
    chosen[1] = 0.0
    chosen[2] = params.pulls[0]


def forget(memory, params, view, action, outcome, t):
    pass


class Asked(NamedTuple):
    pulls: np.ndarray


def asking(pulls):
    """A rule that takes the first arm and asks for this many pulls again and again."""
    return Policy(VECTOR, lambda spec: (Nothing(), Asked(np.array([float(pulls)]))), fixed, forget, name=f"asking({pulls})")


def played(problem, rule, replications, seed):
    return engine.run(problem, rule, replications=replications, seed=seed, threads=1)


def test_who_asks_for_more_than_is_left_ends_the_run(seed):
    runs = played(arm_stream([0.5], 1, 100), asking(30), 3, seed)
    assert runs.spent.values[:, -1, 0].tolist() == [90.0] * 3 and set(runs.ended_by.values) == {4}
    runs = played(arm_stream([0.5], 1, 100), asking(25), 3, seed)
    assert runs.spent.values[:, -1, 0].tolist() == [100.0] * 3 and set(runs.ended_by.values) == {2}  # by the problem, at the last pull
    runs = played(arm_stream([0.5], 1, 10**15), asking(10**15 - 100), 3, seed)  # the ledger's tolerance is 1000 pulls here
    assert runs.spent.values[:, -1, 0].tolist() == [1e15 - 100] * 3 and set(runs.ended_by.values) == {4}


def test_many_pulls_are_one_binomial_draw(seed):
    runs = played(arm_stream([0.3], 1, 10**9), asking(10**9), 20_000, seed)
    z = (runs.reward.values[:, -1] - 3e8) / np.sqrt(1e9 * 0.3 * 0.7)
    assert stats.kstest(z, stats.norm.cdf).pvalue > 1e-4 and set(runs.rounds.values[:, -1]) == {1}
    assert stats.kstest(z + 0.05, stats.norm.cdf).pvalue < 1e-4  # control


def test_a_shuffled_stream_is_in_a_uniform_order(seed):
    """The first arm's mean tells which one it is: each of five comes first equally often; in the order given always the same."""
    means = np.linspace(0.1, 0.9, 5)
    pseudo = played(arm_stream(means, 1, 10, "shuffled"), asking(10), 20_000, seed).pseudo_reward.values[:, -1]
    counts = [np.isclose(pseudo, 10 * m).sum() for m in means]
    assert sum(counts) == 20_000 and stats.chisquare(counts).pvalue > 1e-4
    assert np.allclose(played(arm_stream(means, 1, 10), asking(10), 5, seed).pseudo_reward.values[:, -1], 1.0)


@pytest.mark.parametrize("pulls", [10**4, 10**9, 10**15])
def test_a_run_takes_order_k_decisions_whatever_t(pulls, seed):
    runs = played(arm_stream(np.linspace(0, 1, 300), 2, pulls), uniform_exploration(), 2, seed)
    assert runs.rounds.values[:, -1].max() <= 301 and runs.spent.values[:, -1, 0].tolist() == [pulls, pulls]


def test_its_name_says_what_it_is():
    assert arm_stream([0.5, 0.6], 2, 10**9, "shuffled").name == "arm_stream(2 arms, memory for 2, 1000000000 pulls, order shuffled)"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], 2, 10), "mean_reward: got an empty array"),
        (([0.5, 1.5], 2, 10), r"mean_reward: got 1.5 at \[1\]"),
        (([0.5, np.nan], 2, 10), "mean_reward: got nan"),
        (([[0.5]], 2, 10), "mean_reward: got shape"),
        (([0.5], 0, 10), "memory: got 0"),
        (([0.5], 1.5, 10), "memory: got 1.5"),
        (([0.5], 2, 0), "pulls: got 0"),
        (([0.5], 2, 10**16), "pulls: got 10000000000000000"),
        (([0.5], 2, 10, "sorted"), "order: got 'sorted'; allowed: given, shuffled"),
        (([0.5], 2, 10, "given", 0), "horizon: got 0"),
    ],
)
def test_wrong_arguments(arguments, says):
    with pytest.raises(BudgetsimError, match=says):
        arm_stream(*arguments)


@pytest.mark.parametrize(("arguments", "says"), [(([], 2), "mean_reward"), (([0.5, -1.0], 2), "mean_reward: got -1.0"), (([0.5], 0), "pulls: got 0")])
def test_wrong_arguments_of_its_optimum(arguments, says):
    with pytest.raises(BudgetsimError, match=says):
        best_stream_arm(*arguments)


def test_its_optimum_is_bound_by_name():
    best = folders.bind(best_stream_arm, arm_stream([0.5, 0.75, 0.75], 2, 10**9))
    assert best.value == 7.5e8 and best.plan.arm == 1 and best.lower <= best.value <= best.upper
