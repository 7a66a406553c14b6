"""The loop, by hand: laws, kinds, hooks, statuses, ends, checkpoints; and the same bits however a run is cut up.

`both` plays every case in plain Python and compiled and holds the two equal, so each expectation covers both paths.
"""

import math
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings

from budgetsim import ARM, REQUEST, RUIN, SKIP, STOP, VECTOR, BudgetsimError, Policy, Problem, Spec, draws, engine, run
from budgetsim.exercises import exercises, probe
from budgetsim.model import UNANSWERED, Ended, Nothing, Status, Units

from .strategies import Plan, forget, greedy, planned, scripted, scripts


def both(problem, policy, seed=0, replications=1, checkpoints=None, **more):
    """The compiled result, held equal to plain Python."""
    checkpoints = np.arange(1, problem.spec.horizon + 1) if checkpoints is None else checkpoints
    rows, plain = (run(problem, policy, replications=replications, seed=seed, checkpoints=checkpoints, path=path, **more) for path in ("rows", "python"))
    same(rows, plain)
    return rows


def same(a, b):
    assert set(a.variables) == set(b.variables)
    for name in a.variables:
        assert a[name].dtype == b[name].dtype and a[name].values.tobytes() == b[name].values.tobytes(), name


# ------------------------------------------------------------------------------------------------ a rule that tells what it was told
class Diary(NamedTuple):
    updates: np.ndarray
    status: np.ndarray
    reward: np.ndarray
    cost: np.ndarray
    seen: np.ndarray
    left: np.ndarray


class Which(NamedTuple):
    arm: np.ndarray
    page: int


def diary_act(memory, params, view, left, t, key):
    if left.size > 0:
        memory.left[0] = left[0]
    return params.arm[t]


def diary_update(memory, params, view, action, outcome, t):
    memory.updates[0] += 1.0
    memory.status[0] = outcome.status
    memory.reward[0] = outcome.reward
    if outcome.cost.size > 0:
        memory.cost[0] = outcome.cost[0]


def diary_page(memory, params, left, t, key):
    pages = (memory.updates[0], memory.status[0], memory.reward[0], memory.cost[0], memory.seen[0], memory.left[0])
    return round(10.0 * pages[params.page])


def diary(page, *arms, **changes):
    """Plays `arms` in turn; recommends ten times what stands on one page, checkpoint by checkpoint."""

    def init(spec):
        return Diary(*(np.zeros(1) for _ in Diary._fields)), Which(np.resize(np.array(arms), spec.horizon), Diary._fields.index(page))

    return Policy(ARM, init, diary_act, diary_update, recommend=diary_page, name=f"diary of {page}")._replace(**changes)


def pages(problem, page, *arms, path="python", **changes):
    """What was told, round by round; in plain Python but for one test, because each problem costs a compile."""
    wide = problem._replace(spec=problem.spec._replace(n_actions=1000))
    runs = run(wide, diary(page, *arms, **changes), replications=1, seed=0, checkpoints=np.arange(1, wide.spec.horizon + 1), path=path)
    return (runs.recommendation.values[0] / 10).tolist()


def rowwise(*rewards):
    """(T, 1) rewards of a single arm."""
    return np.array(rewards, float)[:, None]


def priced(*costs):
    """(T, 1, 1) costs of a single arm."""
    return np.array(costs, float)[:, None, None]


# ------------------------------------------------------------------------------------------------ laws
def test_stop_ends_before_the_round_that_does_not_fit():
    runs = both(scripted(rowwise(1, 2, 4, 8, 16), priced(*[0.1] * 5), [0.3]), planned(0))
    assert runs.reward.values.tolist() == [[1, 3, 7, 7, 7]]
    assert runs.rounds.values.tolist() == [[1, 2, 3, 3, 3]]
    assert runs.spent.values[0, -1].tolist() == [0.3]
    assert runs.pulls.values[0, :, 0].tolist() == [1, 2, 3, 3, 3]
    assert runs.ended_by.values.tolist() == [Ended.RESOURCE]
    assert pages(scripted(rowwise(1, 2, 4, 8, 16), priced(*[0.1] * 5), [0.3]), "updates", 0) == [1, 2, 3, 3, 3]


def test_the_first_resource_that_does_not_fit_is_named_and_free_rounds_go_on():
    cost = np.array([[[1, 0, 0]], [[0, 0, 0]], [[0, 2, 5]], [[0, 0, 0]]], float)
    runs = both(scripted(np.ones((4, 1)), cost, [1, 1, 1], units=Units(resource=("money", "time", "people"))), planned(0))
    assert runs.rounds.values[0].tolist() == [1, 2, 2, 2] and runs.ended_by.values.tolist() == [Ended.RESOURCE + 1]
    assert runs.ended_by.attrs["flag_meanings"][int(runs.ended_by[0])] == "resource time"
    assert runs.resource.values.tolist() == ["money", "time", "people"]


def test_skip_voids_the_round_and_goes_on():
    problem = scripted(rowwise(1, 2, 4, 8), priced(1, 2, 1, 1), [2], SKIP)
    runs = both(problem, planned(0), trace=True)
    assert runs.reward.values.tolist() == [[1, 1, 5, 5]]
    assert runs.void.values.tolist() == [[0, 1, 1, 2]]
    assert runs.rounds.values.tolist() == [[1, 2, 3, 4]]
    assert runs.pulls.values[0, -1].tolist() == [2] and runs.spent.values[0, -1].tolist() == [2]
    assert runs.status.values.tolist() == [[Status.CHARGED, Status.VOID, Status.CHARGED, Status.VOID]]
    assert runs.ended_by.values.tolist() == [Ended.HORIZON]
    for path in ("rows", "python"):
        assert pages(problem, "updates", 0, path=path) == [1, 2, 3, 4]
        assert pages(problem, "status", 0, path=path) == [0, 1, 0, 1]
        assert pages(problem, "reward", 0, path=path) == [1, 0, 4, 0]
        assert pages(problem, "cost", 0, path=path) == [1, 0, 1, 0]


def test_ruin_clips_cost_and_reward_by_the_same_amount():
    gain = [-1, 2, -3, -5, 7]
    runs = both(scripted(rowwise(*gain), -priced(*gain), [3], RUIN), planned(0))
    assert runs.reward.values.tolist() == [[-1, 1, -2, -3, -3]]  # the last loss is 1, not 5: no more was there
    assert runs.spent.values[0, :, 0].tolist() == [1, -1, 2, 3, 3]
    assert runs.clipped.values.tolist() == [4] and runs.ended_by.values.tolist() == [Ended.RUIN]
    exact = both(scripted(rowwise(-1, -2, 5), priced(1, 2, -5), [3], RUIN), planned(0))
    assert (exact.rounds.values[0, -1], exact.clipped.values[0], exact.ended_by.values[0]) == (2, 0, Ended.RUIN)
    alive = both(scripted(rowwise(-1, 1), priced(1, -1), [2], RUIN), planned(0))
    assert alive.ended_by.values.tolist() == [Ended.HORIZON]


def test_no_cap_is_an_infinite_budget():
    runs = both(scripted(np.ones((3, 1)), priced(5, 1e300, 5), [math.inf]), planned(0))
    assert runs.rounds.values[0, -1] == 3 and runs.spent.values[0, :, 0].tolist() == [5, 1e300, 1e300]


@given(scripts())
@settings(max_examples=60, deadline=None)
def test_the_ledger_agrees_with_exact_fractions(pair):
    problem, policy = pair
    runs = both(problem, policy)
    plan = policy.init(problem.spec)[1].arm
    exact = [Fraction(round(10 * b), 10) for b in problem.spec.budget]
    left, reward, void, rounds, ended = list(exact), 0, 0, 0, int(Ended.HORIZON)
    for t, arm in enumerate(plan):
        cost = [Fraction(round(10 * c), 10) for c in problem.instance.cost[t, arm]]
        misfit = [j for j, c in enumerate(cost) if c > left[j]]
        if misfit and problem.spec.law == STOP:
            ended = int(Ended.RESOURCE) + misfit[0]
            break
        rounds += 1
        if misfit:
            void += 1
        else:
            left = [b - c for b, c in zip(left, cost)]
            reward += problem.instance.reward[t, arm]
    assert (runs.reward.values[0, -1], runs.void.values[0, -1], runs.rounds.values[0, -1], runs.ended_by.values[0]) == (reward, void, rounds, ended)
    assert np.allclose(runs.spent.values[0, -1], [float(b - r) for b, r in zip(exact, left)], rtol=0, atol=1e-12)
    assert np.all(runs.spent.values <= problem.spec.budget)


# ------------------------------------------------------------------------------------------------ renew
class Clock(NamedTuple):
    hour: np.ndarray


def noon(instance):
    return Clock(np.array([1.0]))


def tick(instance, state, view, action, outcome, left, t, key):
    state.hour[0] += 1.0


def by_the_hour(instance, state, view, left):
    left[0] = state.hour[0]


def test_renew_refills_every_round():
    problem = scripted(np.ones((4, 1)), priced(1, 3, 3, 4), [0], SKIP, renew=True)._replace(init=noon, advance=tick, allowance=by_the_hour)
    runs = both(problem, planned(0))
    assert runs.void.values.tolist() == [[0, 1, 1, 1]]  # 1 of 1, 3 of 2, 3 of 3, 4 of 4
    assert runs.spent.values[0, :, 0].tolist() == [1, 1, 4, 8]
    assert pages(problem, "left", 0) == [1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------ kinds, views, seen
class Offer(NamedTuple):
    price: np.ndarray


class Table(NamedTuple):
    price: np.ndarray


class Spot(NamedTuple):
    value: np.ndarray


def fill(instance, state, t, key, view):
    for i in range(view.price.size):
        view.price[i] = instance.price[t, i]


def slice_of(instance, state, t, key, view):
    return Offer(instance.price[t])


def sale(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    cost[0] = view.price[action]
    return 10.0 * view.price[action]


def cheapest(memory, params, view, left, t, key):
    best = -1
    for i in range(view.price.size):
        if view.price[i] <= left[0] and (best < 0 or view.price[i] < view.price[best]):
            best = i
    return best


@pytest.mark.parametrize("observe", [fill, slice_of])
def test_a_request_shows_its_view_filled_or_sliced(observe):
    price = np.array([[3.0, 2.0], [4.0, 5.0], [9.0, 9.0], [1.0, 8.0]])
    spec = Spec(REQUEST, 2, 4, budget=np.array([7.0]), view=Offer(np.zeros(2)))
    runs = both(Problem(spec, Table(price), sale, observe=observe), Policy(REQUEST, lambda spec: None, cheapest, forget), trace=True)
    assert runs.action.values.tolist() == [[1, 0, -1, 0]]
    assert runs.reward.values[0].tolist() == [20, 60, 60, 70] and runs.spent.values[0, -1].tolist() == [7]
    assert runs.pulls.values[0, -1].tolist() == [2, 1]


def amounts(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = 0.5 * i * (t + 1)


def harvest(instance, state, view, action, left, t, key, cost, seen):
    total = 0.0
    for i in range(action.size):
        seen.value[i] = t + 10.0 * i
        total += action[i]
    cost[0] = total
    return 2.0 * total


def test_a_vector_fills_chosen_and_pulls_add_its_amounts():
    spec = Spec(VECTOR, 3, 3, low=np.zeros(3), high=np.full(3, 9.0), budget=np.array([4.5]), feedback="full", seen=Spot(np.zeros(3)))
    runs = both(Problem(spec, Nothing(), harvest), Policy(VECTOR, lambda spec: None, amounts, forget), trace=True)
    assert runs.action.values[0].tolist() == [[0, 0.5, 1], [0, 1, 2], [0, 0, 0]]
    assert runs.reward.values[0].tolist() == [3, 9, 9] and runs.ended_by.values[0] == Ended.RESOURCE
    assert runs.pulls.values[0, -1].tolist() == [0, 1.5, 3]


def glimpse(instance, state, view, action, left, t, key, cost, seen):
    if t != 2:  # what was there stays
        seen.value[0] = t + 1.0
    cost[0] = instance.cost[t, action, 0]
    return 0.0


def see(memory, params, view, action, outcome, t):
    memory.seen[0] = outcome.seen.value[0]


def test_seen_keeps_its_last_content_and_a_void_round_blanks_it():
    problem = scripted(np.zeros((5, 1)), priced(0, 0, 0, 9, 0), [1], SKIP, seen=Spot(np.zeros(1)))._replace(step=glimpse)
    assert pages(problem, "seen", 0, update=see) == [1, 2, 2, 0, 5]


class Legal(NamedTuple):
    legal: np.ndarray


def only_even(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = 1.0 - (k + t) % 2


def test_a_masked_arm_is_refused_where_it_is_masked():
    problem = scripted(np.ones((3, 3)), view=Legal(np.ones(3)))._replace(observe=only_even)
    assert both(problem, planned(0, 1, 2)).rounds.values[0, -1] == 3
    for path in ("rows", "python"):
        with pytest.raises(BudgetsimError, match=r"returned 2, which the view's legal mask excludes; .*; at replication 0, round 1$"):
            run(problem, planned(0, 2), replications=2, seed=0, path=path)


# ------------------------------------------------------------------------------------------------ begin, advance, replan, stop, recommend
def random_hour(instance, state, key):
    state.hour[0] = float(draws.integer(key, 0, 50))


def pay_hour(instance, state, view, action, left, t, key, cost, seen):
    return state.hour[0]


def random_arm(memory, params, key):
    memory.arm[0] = draws.integer(key, 0, 5)


def own_arm(memory, params, view, left, t, key):
    return memory.arm[0]


def test_begin_draws_once_a_replication_from_streams_of_its_own(seed):
    problem = scripted(np.zeros((3, 5)))._replace(init=noon, begin=random_hour, step=pay_hour)
    policy = Policy(ARM, lambda spec: Plan(np.zeros(1, np.int64)), own_arm, forget, begin=random_arm)
    runs = both(problem, policy, seed=seed, replications=40, trace=True)
    hours = [draws.integer(draws.nature_key(seed, r, 0, draws.BEGIN_PROBLEM), 0, 50) for r in range(40)]
    arms = [draws.integer(draws.rule_key(draws.nature_key(seed, r, 0, draws.BEGIN_POLICY)), 0, 5) for r in range(40)]
    assert runs.reward.values[:, 0].tolist() == hours and len(set(hours)) > 5
    assert runs.action.values.tolist() == [[a] * 3 for a in arms]


def advance_counts(instance, state, view, action, outcome, left, t, key):
    state.hour[0] += 10.0 * (action + 1) + outcome.status  # arm 0 adds 10; the null action nothing but the status
    return state.hour[0] >= 30.0


def test_advance_moves_by_the_action_as_settled_and_may_end_the_run():
    problem = scripted(np.zeros((9, 1)), priced(1, 9, 1, 1, 1, 1, 1, 1, 1), [8], SKIP)._replace(init=noon, step=hour_and_cost, advance=advance_counts)
    runs = both(problem, planned(0))
    assert runs.reward.values[0].tolist() == [1, 1, 13, 35] + [35] * 5  # the hour: 1, 11, 12 after the void round, 22, 32
    assert runs.ended_by.values.tolist() == [Ended.PROBLEM] and runs.rounds.values[0, -1] == 4


def hour_and_cost(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = instance.cost[t, action, 0]
    return state.hour[0]


def plan_of_memory(memory, params, view, left, t, key):
    return memory.arm[0]


def replan_nothing(memory, params, view, left, t):
    pass


def replan_next(memory, params, view, left, t):
    memory.arm[0] = (memory.arm[0] + 1) % 3
    if t == 4:
        assert left.tolist() == [6.0] and not left.flags.writeable


def test_replan_edits_memory_before_the_listed_rounds_and_changes_nothing_when_it_does_nothing():
    reward = np.tile([[1.0, 10.0, 100.0]], (6, 1))
    problem = scripted(reward, np.ones((6, 3, 1)), [10])
    still = Policy(ARM, lambda spec: Plan(np.zeros(1, np.int64)), plan_of_memory, forget)
    busy = still._replace(replan=replan_next, schedule=lambda spec: [4, 0, 0, spec.horizon + 3])
    idle = still._replace(replan=replan_nothing, schedule=lambda spec: range(spec.horizon))
    runs = both(problem, busy, replications=3, trace=True)
    assert runs.action.values.tolist() == [[1, 1, 1, 1, 2, 2]] * 3
    assert runs.attrs["grade"] == "native" and "replan" in runs.attrs["grade_reason"]
    same(both(problem, still), both(problem, idle))


def test_a_replan_that_fails_says_where():
    def broken(memory, params, view, left, t):
        raise ArithmeticError("no plan")

    policy = planned(0)._replace(replan=broken, schedule=lambda spec: [2])
    with pytest.raises(BudgetsimError, match="replan: raised ArithmeticError: no plan; at replication 0, round 2"):
        run(scripted(np.zeros((5, 1))), policy, replications=2, seed=0, path="python")


def enough(memory, params, left, t):
    return t >= 2 and left[0] < 5.0


def test_stop_ends_before_its_round():
    runs = both(scripted(rowwise(1, 1, 1, 1, 1), priced(1, 2, 3, 4, 5), [9]), planned(0)._replace(stop=enough))
    assert runs.rounds.values[0].tolist() == [1, 2, 3, 3, 3] and runs.ended_by.values.tolist() == [Ended.RULE]  # left: 9, 8, 6, 3


def clock_advice(memory, params, left, t, key):
    return t % 3


def advice_loss(instance, state, recommendation):
    return instance.reward[0, 2] - instance.reward[0, recommendation]


def test_recommendations_are_asked_and_judged_at_checkpoints():
    problem = scripted(np.tile([[0.0, 1.0, 3.0]], (7, 1)))._replace(loss=advice_loss)
    runs = both(problem, planned(0)._replace(recommend=clock_advice), checkpoints=[2, 4, 6])
    assert runs.recommendation.values.tolist() == [[2, 1, 0, 1]] and runs.loss.values.tolist() == [[0, 2, 3, 2]]
    assert "loss" not in run(problem, planned(0), replications=1, seed=0, path="python")


# ------------------------------------------------------------------------------------------------ statuses and ends
def partial_log(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = 1.0
    return UNANSWERED if instance.reward[t, action] < 0.0 else instance.reward[t, action]


def test_an_action_that_the_log_cannot_answer_is_ignored():
    problem = scripted(rowwise(1, -1, 2, -1, 4), priced(*[1] * 5), [3])._replace(step=partial_log)
    runs = both(problem, planned(0), trace=True)
    assert runs.status.values.tolist() == [[Status.CHARGED, Status.IGNORED, Status.CHARGED, Status.IGNORED, Status.CHARGED]]
    assert runs.ignored.values[0].tolist() == [0, 1, 1, 2, 2] and runs.reward.values[0].tolist() == [1, 1, 3, 3, 7]
    assert runs.spent.values[0, -1].tolist() == [3] and runs.pulls.values[0, -1].tolist() == [3]
    assert pages(problem, "updates", 0) == [1, 1, 2, 2, 3]


def test_idle_costs_only_time():
    runs = both(scripted(rowwise(1, 2, 4), priced(1, 1, 1), [2], idle=True), planned(0, -1), trace=True)
    assert runs.action.values.tolist() == [[0, -1, 0]] and runs.reward.values[0].tolist() == [1, 1, 5]
    assert runs.pulls.values[0, -1].tolist() == [2]
    with pytest.raises(BudgetsimError, match=r"planned\(0, -1\) returned -1; allowed: 0 to 0; at replication 0, round 1"):
        run(scripted(rowwise(1, 2, 4)), planned(0, -1), replications=1, seed=0)


def test_ended_by_has_a_word_for_every_code():
    spec = Spec(ARM, 1, 1, budget=np.ones(2))
    assert engine.ended_names(spec) == ["horizon", "rule", "problem", "ruin", "resource 0", "resource 1"]
    assert [int(e) for e in Ended] == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------ checkpoints, trace, attributes
def test_checkpoints_are_sorted_completed_and_carried_forward():
    problem = scripted(np.arange(10.0)[:, None], priced(*[1] * 10), [4])
    runs = both(problem, planned(0), checkpoints=[7, 3, 3.0])
    assert runs.checkpoint.values.tolist() == [3, 7, 10]
    assert runs.reward.values.tolist() == [[3, 6, 6]] and runs.rounds.values.tolist() == [[3, 4, 4]]
    assert engine.default_checkpoints(1).tolist() == [1]
    times = engine.default_checkpoints(10**6)
    assert times[0] == 1 and times[-1] == 10**6 and np.all(np.diff(times) > 0) and len(times) < 60


def test_a_result_says_what_was_played():
    runs = run(exercises(ARM)[1], greedy(), replications=2, seed=2**64 - 1, threads=1)
    assert runs.attrs["path"] == "lanes" and runs.attrs["path_reason"].endswith("replications at once") and runs.attrs["grade"] == "portable"
    assert (runs.attrs["problem"], runs.attrs["policy"], runs.attrs["law"]) == ("arms, 2 budgets", "greedy", "STOP")
    assert runs.attrs["seed"] == str(2**64 - 1) and "n_actions=3" in runs.attrs["spec"] and '"numba"' in runs.attrs["versions"]
    assert runs.pseudo_reward.dims == ("replication", "checkpoint")
    assert all(isinstance(v, (str, int, float)) for v in runs.attrs.values())


def test_trace_adds_up_to_what_was_counted(seed):
    problem = exercises(ARM)[2]
    runs = run(problem, greedy(), replications=5, seed=seed, trace=True, path="python")
    charged = runs.status.values == Status.CHARGED
    for k in range(3):
        assert ((runs.action.values == k) & charged).sum(axis=1).tolist() == runs.pulls.values[:, -1, k].tolist()
    assert (runs.status.values == Status.VOID).sum(axis=1).tolist() == runs.void.values[:, -1].tolist()


# ------------------------------------------------------------------------------------------------ the same bits
SIZE = 150
SCARCE = exercises(ARM)[1]


@pytest.fixture(scope="module")
def whole():
    return run(SCARCE, greedy(), replications=SIZE, seed=5, threads=1, block=SIZE)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("block", [1, 7, 64, 100])
def test_threads_and_blocks_change_no_bit(whole, threads, block):
    same(whole, run(SCARCE, greedy(), replications=SIZE, seed=5, threads=threads, block=block))


def test_a_summary_is_the_same_bits_too():
    once = run(SCARCE, greedy(), replications=SIZE, seed=5, threads=1, block=SIZE, keep="summary")
    for threads, block in ((1, 1), (2, 7), (3, 64), (7, 100), (2, None)):
        assert once.identical(run(SCARCE, greedy(), replications=SIZE, seed=5, threads=threads, block=block, keep="summary"))
    with ThreadPoolExecutor(2) as pool:
        assert once.identical(run(SCARCE, greedy(), replications=SIZE, seed=5, executor=pool, keep="summary"))


def test_a_longer_run_starts_with_the_shorter_one(whole):
    short = run(SCARCE, greedy(), replications=11, seed=5)
    same(short, whole.isel(replication=slice(0, 11)))
    other = run(SCARCE, greedy(), replications=11, seed=6)
    assert not np.array_equal(short.reward, other.reward)


def test_a_thread_pool_and_a_spawned_process_pool(whole):
    with ThreadPoolExecutor(2) as pool:
        same(whole, run(SCARCE, greedy(), replications=SIZE, seed=5, executor=pool))

    def act(memory, params, view, left, t, key):  # travels by value: no process could import it
        return draws.integer(key, 0, memory.mean.size)

    here = run(SCARCE, greedy(act=act), replications=40, seed=5)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        same(whole, run(SCARCE, greedy(), replications=SIZE, seed=5, executor=pool, block=40))
        same(here, run(SCARCE, greedy(act=act), replications=40, seed=5, executor=pool))
        with pytest.raises(BudgetsimError, match=r"^act: planned\(0, 4\) returned 4; allowed: 0 to 2, or -1; at replication 0, round 1$"):
            run(SCARCE, planned(0, 4), replications=40, seed=5, executor=pool, path="python")


@pytest.mark.parametrize("path", ["rows", "python"])
def test_returning_to_python_between_rounds_changes_no_bit(path, monkeypatch):
    problem, rule = SCARCE, greedy()
    once = run(problem, rule, replications=6, seed=1, path=path)
    monkeypatch.setattr(engine, "SEGMENT", 7)
    same(once, run(problem, rule, replications=6, seed=1, path=path))


@pytest.mark.parametrize("problem", [p for kind in (ARM, REQUEST, VECTOR) for p in exercises(kind)], ids=lambda p: p.name)
def test_every_exercise_is_the_same_compiled(problem, seed):
    runs = both(problem, probe(problem.spec.kind), seed=seed, replications=30, checkpoints=[5, 60], trace=True)
    assert np.all(runs.spent.values <= np.maximum(problem.spec.budget, 200 * problem.spec.renew))


def test_progress_counts_every_replication_and_round():
    told = []
    runs = run(SCARCE, greedy(), replications=25, seed=0, block=4, progress=lambda replications, rounds: told.append((replications, rounds)))
    assert sum(r for r, _ in told) == 25 and sum(t for _, t in told) == int(runs.rounds[:, -1].sum())


# ------------------------------------------------------------------------------------------------ faults
class Late(NamedTuple):
    arm: np.ndarray
    unlucky: float


def sometimes_wrong(memory, params, view, left, t, key):
    return 99 if draws.uniform(key, 0) < params.unlucky else 0


@pytest.mark.parametrize("path", ["rows", "python"])
def test_the_lowest_replication_and_round_is_reported_whatever_finishes_first(path, seed):
    policy = Policy(ARM, lambda spec: (Nothing(), Late(np.zeros(1), 0.01)), sometimes_wrong, forget)
    problem = scripted(np.zeros((60, 2)))

    def first_bad(r):
        bad = [t for t in range(60) if draws.uniform(draws.rule_key(draws.nature_key(seed, r, t, draws.ROUND)), 0) < 0.01]
        return bad[0] if bad else None

    replication = next(r for r in range(200) if first_bad(r) is not None)
    with pytest.raises(BudgetsimError, match=f"policy returned 99; allowed: 0 to 1; at replication {replication}, round {first_bad(replication)}$"):
        run(problem, policy, replications=200, seed=seed, threads=2, block=3, path=path)


def test_a_rule_that_cannot_compile_runs_on_python_and_says_why():
    class Loud:
        pass

    loud = Loud()

    def act(memory, params, view, left, t, key):
        return 0 if loud else 1

    runs = run(scripted(np.zeros((3, 2))), greedy(act=act), replications=1, seed=0)
    assert runs.attrs["path"] == "python" and "Loud" in runs.attrs["path_reason"]
    with pytest.raises(BudgetsimError, match=r"^path: got 'rows', but .*; allowed: 'python' or None$"):
        run(scripted(np.zeros((3, 2))), greedy(act=act), replications=1, seed=0, path="rows")


def test_compiled_code_lets_other_threads_run():
    """A second thread makes progress while a compiled block plays."""
    beats, done = [], threading.Event()

    def beat():
        while not done.wait(0.001):
            beats.append(1)

    problem = exercises(ARM)[0]._replace(spec=exercises(ARM)[0].spec._replace(horizon=200_000))
    run(problem, greedy(), replications=1, seed=0, checkpoints=[1])
    thread = threading.Thread(target=beat)
    thread.start()
    beats.clear()
    run(problem, greedy(), replications=20, seed=0, checkpoints=[1], threads=1)
    done.set()
    thread.join()
    assert len(beats) > 5


