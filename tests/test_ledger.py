"""The ledger, alone against exact fractions and through the engine on both paths; and rules that try to get past it."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim import engine, ledger
from budgetsim.arguments import BudgetsimError
from budgetsim.draws import uniform
from budgetsim.model import ARM, CHARGED, CLIPPED, RUIN, SKIP, STOP, TOLERANCE, VECTOR, VOID, Ended, Nothing, Policy, Problem, Spec

PATHS = ["rows", "python"]
EXACTLY = Fraction(TOLERANCE)


# ------------------------------------------------------------------------------------------------ a problem and a rule on tape
class Tape(NamedTuple):
    reward: np.ndarray  # (rounds, n)
    cost: np.ndarray  # (rounds, n, d)


class Actions(NamedTuple):
    actions: np.ndarray  # (rounds,)


class Scratch(NamedTuple):
    x: np.ndarray


class View(NamedTuple):
    x: np.ndarray


def tape_step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = instance.cost[t, action, j]
    return instance.reward[t, action]


def left_step(instance, state, view, action, left, t, key, cost, seen):
    """The reward tells what was left before the round."""
    tape_step(instance, state, view, action, left, t, key, cost, seen)
    return left[0]


def tape_act(memory, params, view, left, t, key):
    return int(params.actions[t])


def no_update(memory, params, view, action, outcome, t):
    pass


def tape(reward, cost, budget, law, step=tape_step, **more):
    cost = np.array(cost, float)
    horizon, n, _ = cost.shape
    spec = Spec(ARM, n, horizon, idle=True, budget=np.array(budget, float), law=law, **more)
    return Problem(spec, Tape(np.broadcast_to(np.array(reward, float), (horizon, n)).copy(), cost), step, name="tape")


def plays(actions):
    def init(spec):
        return Nothing(), Actions(np.array(actions, float))

    return Policy(ARM, init, tape_act, no_update, name="tape")


def always_first(horizon):
    return plays(np.zeros(horizon))


def play(problem, policy, path, replications=1):
    every = np.arange(1, problem.spec.horizon + 1)
    return engine.play_block(engine.prepare(problem, policy, path), 5, 0, replications, every, trace=True)


# ------------------------------------------------------------------------------------------------ the exact ledger
def judge(law, cost, spent, budget):
    """(status, paid) of one round in exact arithmetic; rejects examples at the very edge of the tolerance."""
    fits = True
    for c, s, b in zip(cost, spent, budget, strict=True):
        if math.isinf(b):
            continue
        c, b = Fraction(c), Fraction(b)
        room = max(b - s, 0) + EXACTLY * b - c
        assume(abs(room) > Fraction(1e-15) * (b + abs(c)) or room == 0 == b)
        fits = fits and room >= 0
    if fits:
        return CHARGED, [Fraction(c) for c in cost]
    if law == RUIN:
        return CLIPPED, [max(Fraction(b) - s, 0) for s, b in zip(spent, budget, strict=True)]
    return VOID, [Fraction(0)] * len(cost)


amounts = st.one_of(st.sampled_from([0.0, 0.1, 0.2, 0.3, 1 / 3, 0.7, 1.0, 1e-6, 2.5, 1e9]), st.floats(0.0, 2.0, allow_subnormal=False))
budgets = st.one_of(st.sampled_from([0.0, 0.3, 0.5, 1.0, 1.2, 7.0, math.inf]), st.floats(0.0, 8.0, allow_subnormal=False))
quiet = settings(max_examples=60, deadline=None, derandomize=True)


@quiet
@given(st.sampled_from([STOP, SKIP, RUIN]), budgets, st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=60))
def test_settle_against_exact_fractions(law, budget, rounds):
    cap, left, spent, carry, cost = (np.zeros(1) for _ in range(5))
    ledger.open_account(np.array([budget]), cap, left, spent, carry)
    total = Fraction(0)
    for amount, gain in rounds:
        c = -amount if gain and law == RUIN else amount
        cost[0] = c
        status, paid = judge(law, [c], [total], [budget])
        got, counted, resource = ledger.settle(law, False, -c, cost, cap, left, spent, carry)
        total += paid[0]
        assert (got, resource) == (status, -1 if status == CHARGED else 0)
        assert counted == {CHARGED: -c, VOID: 0.0, CLIPPED: -float(cost[0])}[status] or math.isclose(counted, -float(paid[0]), rel_tol=1e-15, abs_tol=1e-15)
        assert abs(Fraction(spent[0]) + Fraction(carry[0]) - total) <= EXACTLY / 1000 * (abs(total) + 1)
        if math.isfinite(budget):
            assert abs(Fraction(left[0]) - max(Fraction(budget) - total, 0)) <= Fraction(1e-15) * max(Fraction(budget), abs(total))
        assert left[0] >= 0.0 and ledger.total(spent[0], carry[0], cap[0]) <= budget
        if status == CLIPPED:
            assert left[0] == 0.0
            break


class Case(NamedTuple):
    problem: Problem
    policy: Policy


@st.composite
def cases(draw, law):
    horizon, n, d = draw(st.integers(1, 8)), draw(st.integers(1, 3)), 1 if law == RUIN else draw(st.integers(0, 3))
    size = horizon * n * d
    cost = np.array(draw(st.lists(amounts, min_size=size, max_size=size))).reshape(horizon, n, d)
    budget = draw(st.lists(budgets, min_size=d, max_size=d))
    reward = np.array(draw(st.lists(st.floats(-1.0, 1.0), min_size=horizon * n, max_size=horizon * n))).reshape(horizon, n)
    if law == RUIN:
        cost *= np.where(draw(st.booleans()), np.sign(reward + 1e-9), 1.0)[:, :, None]
        reward = -cost[:, :, 0]
    actions = draw(st.lists(st.integers(-1, n - 1), min_size=horizon, max_size=horizon))
    return Case(tape(reward, cost, budget, law), plays(actions))


def follow(problem, actions):
    """What the engine must report: (status of each round, spent after it, reward counted, how it ended)."""
    spec, (reward, cost) = problem.spec, problem.instance
    spent, statuses, spends, counted, ended = [Fraction(0)] * spec.budget.size, [], [], [], Ended.HORIZON
    for t, a in enumerate(actions):
        c = cost[t, a].tolist() if a >= 0 else [0.0] * spec.budget.size
        r = float(reward[t, a]) if a >= 0 else 0.0
        status, paid = judge(spec.law, c, spent, spec.budget.tolist())
        if status == VOID and spec.law == STOP:
            tight = [
                j for j, b in enumerate(spec.budget) if Fraction(c[j]) > (math.inf if math.isinf(b) else max(Fraction(b) - spent[j], 0) + EXACTLY * Fraction(b))
            ]
            return statuses, spends, counted, Ended.RESOURCE + tight[0]
        spent = [s + p for s, p in zip(spent, paid, strict=True)]
        statuses.append(status)
        spends.append(spent)
        counted.append({CHARGED: r, VOID: 0.0, CLIPPED: -float(sum(paid))}[status])
        if spec.law == RUIN and Fraction(spec.budget[0] if math.isfinite(spec.budget[0]) else 1e300) - spent[0] <= 0:
            return statuses, spends, counted, Ended.RUIN
    return statuses, spends, counted, ended


@pytest.mark.parametrize("law", [STOP, SKIP, RUIN])
def test_the_engine_against_exact_fractions(law):
    @quiet
    @given(cases(law))
    def check(case):
        problem, policy = case
        fast, plain = (play(problem, policy, path, replications=2) for path in PATHS)
        assert all(np.array_equal(a, b) for a, b in zip(fast, plain, strict=True))
        statuses, spends, counted, ended = follow(problem, policy.init(problem.spec)[1].actions.astype(int))
        rounds, budget = len(statuses), problem.spec.budget
        assert np.all(fast.spent <= budget)
        assert np.all(fast.rounds[:, -1] == rounds) and np.all(fast.ended == ended)
        for i in range(2):
            assert fast.status[i, :rounds].tolist() == statuses
            assert np.allclose(fast.spent[i, :rounds], np.array(spends, float).reshape(rounds, budget.size), rtol=1e-15, atol=1e-12)
            assert np.allclose(fast.reward[i, :rounds], np.cumsum(counted), rtol=1e-12, atol=1e-12 + 1e-15 * np.max(problem.instance.cost, initial=0.0))
            assert fast.void[i, -1] == statuses.count(VOID)
            assert fast.pulls[i, -1].sum() == sum(a >= 0 and s in (CHARGED, CLIPPED) for a, s in zip(fast.action[i, :rounds, 0], statuses, strict=True))

    check()


# ------------------------------------------------------------------------------------------------ what a budget buys
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("law", [STOP, SKIP])
def test_three_tenths_buy_three_tenths(path, law):
    log = play(tape(1.0, np.full((10, 1, 1), 0.1), [0.3], law), always_first(10), path)
    assert log.reward[0, -1] == 3.0 and log.pulls[0, -1, 0] == 3.0 and log.spent[0, -1, 0] == 0.3
    assert (log.ended[0], log.rounds[0, -1], log.void[0, -1]) == ((Ended.RESOURCE, 3, 0) if law == STOP else (Ended.HORIZON, 10, 7))


def price_step(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = instance.x[0]
    return 1.0


def first_act(memory, params, view, left, t, key):
    return 0


def nothing_init(spec):
    return None


ALWAYS = Policy(ARM, nothing_init, first_act, no_update, name="never stops")


def shop(price, budget, horizon, law=STOP):
    return Problem(Spec(ARM, 1, horizon, budget=np.array([budget]), law=law), Scratch(np.array([price])), price_step, name="shop")


@pytest.mark.parametrize(("units", "path"), [(10, "python"), (10**4, "python"), (10**4, "rows"), (10**6, "rows"), (10**7, "rows")])
def test_small_prices_add_up(units, path):
    log = engine.play_block(engine.prepare(shop(1.0 / units, 1.0, 2 * units), ALWAYS, path), 1, 0, 1, np.array([2 * units]))
    assert log.reward[0, 0] == units and log.ended[0] == Ended.RESOURCE and log.spent[0, 0, 0] <= 1.0


def test_naive_sums_miss_the_count():
    """Control: without compensation a million small prices do not add up within the tolerance."""
    left, bought = 1.0, 0
    while 1e-6 <= left + TOLERANCE:
        left = max(left - 1e-6, 0.0)
        bought += 1
    assert bought != 10**6


@pytest.mark.parametrize("path", PATHS)
def test_crumbs_do_not_pass_an_empty_purse(path):
    """Costs below the tolerance must not be paid for ever once nothing is left: exact sum <= budget (1 + TOLERANCE)."""
    crumb = TOLERANCE / 2
    cost = np.full((100, 1, 1), crumb)
    cost[0] = 1.0
    log = play(tape(1.0, cost, [1.0], SKIP), always_first(100), path)
    paid = sum(Fraction(c) for c, s in zip(cost[:, 0, 0].tolist(), log.status[0], strict=True) if s == CHARGED)
    assert paid <= 1 + EXACTLY


@pytest.mark.parametrize("path", PATHS)
def test_a_rule_that_never_stops_is_stopped(path):
    runs = engine.run(shop(1.0, 2.5, 10**6), ALWAYS, replications=3, seed=1, path=path)
    assert runs.rounds.values[:, -1].tolist() == [2, 2, 2] and runs.reward.values[:, -1].tolist() == [2.0, 2.0, 2.0]
    assert np.all(runs.ended_by == Ended.RESOURCE) and np.all(runs.spent == np.minimum(runs.rounds, 2.0))


@pytest.mark.parametrize("path", PATHS)
def test_an_infinite_budget_never_binds(path):
    log = play(tape(1.0, np.full((6, 1, 2), [1e9, 0.5]), [math.inf, 2.0], SKIP), always_first(6), path)
    assert log.void[0, -1] == 2 and log.spent[0, -1].tolist() == [4e9, 2.0]


# ------------------------------------------------------------------------------------------------ laws
@pytest.mark.parametrize("path", PATHS)
def test_skip_leaves_left_alone(path):
    cost = np.array([1.0, 5.0, 1.5, 0.6, 0.5]).reshape(5, 1, 1)
    log = play(tape(0.0, cost, [3.0], SKIP, left_step), always_first(5), path)
    assert log.status[0].tolist() == [CHARGED, VOID, CHARGED, VOID, CHARGED]
    assert np.diff(log.reward[0], prepend=0.0).tolist() == [3.0, 0.0, 2.0, 0.0, 0.5]  # left before each charged round
    assert log.spent[0, :, 0].tolist() == [1.0, 1.0, 2.5, 2.5, 3.0] and log.void[0].tolist() == [0, 1, 1, 2, 2]
    assert log.ended[0] == Ended.HORIZON and log.rounds[0, -1] == 5


@pytest.mark.parametrize("path", PATHS)
def test_stop_ends_before_the_round(path):
    cost = np.array([1.0, 5.0, 0.5]).reshape(3, 1, 1)
    log = play(tape([[1.0]], cost, [3.0], STOP), always_first(3), path)
    assert log.rounds[0].tolist() == [1, 1, 1] and log.reward[0].tolist() == [1.0, 1.0, 1.0] and log.spent[0, :, 0].tolist() == [1.0, 1.0, 1.0]
    assert log.ended[0] == Ended.RESOURCE and log.void[0, -1] == 0


@pytest.mark.parametrize("path", PATHS)
def test_stop_names_the_resource(path):
    cost = np.tile([0.25, 1.0, 0.5], (9, 1, 1))
    runs = engine.run(tape(1.0, cost, [9.0, 9.0, 1.0], STOP), always_first(9), replications=1, seed=0, path=path)
    assert runs.ended_by.attrs["flag_meanings"][int(runs.ended_by[0])] == "resource 2" and runs.rounds.values[0, -1] == 2


@pytest.mark.parametrize("path", PATHS)
def test_ruin_clips(path):
    """Stock 2 wins 1, loses 1.5, then loses 4 of the 1.5 that is left: all rewards add up to minus the first stock."""
    cost = np.array([-1.0, 1.5, 4.0, 1.0]).reshape(4, 1, 1)
    log = play(tape(-cost[:, :, 0], cost, [2.0], RUIN), always_first(4), path)
    assert log.reward[0].tolist() == [1.0, -0.5, -2.0, -2.0] and log.spent[0, :, 0].tolist() == [-1.0, 0.5, 2.0, 2.0]
    assert log.status[0, :3].tolist() == [CHARGED, CHARGED, CLIPPED]
    assert log.ended[0] == Ended.RUIN and log.rounds[0, -1] == 3 and log.clipped[0] == 2.5


@pytest.mark.parametrize("path", PATHS)
def test_ruin_at_zero_exactly_is_no_clip(path):
    cost = np.full((9, 1, 1), 0.1)
    log = play(tape(-cost[:, :, 0], cost, [0.3], RUIN), always_first(9), path)
    assert log.ended[0] == Ended.RUIN and log.rounds[0, -1] == 3 and log.clipped[0] == 0.0


def fill_allowance(instance, state, view, left):
    left[0] = 1.0


@pytest.mark.parametrize("path", PATHS)
def test_renew_charges_each_round_alone(path):
    cost = np.array([0.75, 1.0, 1.25, 0.5]).reshape(4, 1, 1)
    problem = tape(1.0, cost, [1.0], SKIP, renew=True)._replace(allowance=fill_allowance)
    log = play(problem, always_first(4), path)
    assert log.status[0].tolist() == [CHARGED, CHARGED, VOID, CHARGED] and log.spent[0, :, 0].tolist() == [0.75, 1.75, 1.75, 2.25]


# ------------------------------------------------------------------------------------------------ hostile rules
class Bad(NamedTuple):
    value: float


def hostile_act(memory, params, view, left, t, key):
    if uniform(key, 0) < 0.01:
        return params.value
    return 0.0


def hostile(value):
    def init(spec):
        return Nothing(), Bad(float(value))

    return Policy(ARM, init, hostile_act, no_update, name="hostile")


def first_bad_round():
    """(replication, round) at which the hostile rule first misbehaves, found by playing a rule that reports it."""
    from budgetsim.draws import ROUND, nature_key, rule_key

    return next((r, t) for r in range(99) for t in range(20) if uniform(rule_key(nature_key(9, r, t, ROUND)), 0) < 0.01)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", [-2, 1, math.nan, 1e300, -1e300, math.inf, 0.5, -1])
def test_a_bad_action_is_one_line(path, value):
    problem = shop(0.0, 1.0, 20)
    replication, t = first_bad_round()
    messages = set()
    for block, threads in ((None, 1), (1, 1), (7, 2), (64, 2)):
        with pytest.raises(BudgetsimError) as caught:
            engine.run(problem, hostile(value), replications=99, seed=9, path=path, block=block, threads=threads)
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message and f"replication {replication}, round {t}" in message and message.startswith("act: hostile returned")
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("path", PATHS)
def test_idling_is_refused_where_it_is_not_allowed(path):
    problem = shop(0.0, 1.0, 20)
    idle = problem._replace(spec=problem.spec._replace(idle=True))
    assert engine.run(idle, hostile(-1), replications=99, seed=9, path=path).pulls.values[:, -1].sum() < 99 * 20


def none_act(memory, params, view, left, t, key):
    return None


def word_act(memory, params, view, left, t, key):
    return "0"


def array_act(memory, params, view, left, t, key):
    return np.zeros(2)


def raise_act(memory, params, view, left, t, key):
    if t == 3:
        raise ValueError("out of ideas")
    return 0


@pytest.mark.parametrize("act", [none_act, word_act, array_act])
def test_an_action_that_is_no_number_is_one_line(act):
    with pytest.raises(BudgetsimError) as caught:
        engine.run(shop(0.0, 1.0, 20), ALWAYS._replace(act=act), replications=2, seed=9)
    assert "\n" not in str(caught.value) and "replication 0, round 0" in str(caught.value)


@pytest.mark.parametrize("path", PATHS)
def test_an_exception_is_one_line(path):
    with pytest.raises(BudgetsimError, match=r"out of ideas.*replication 0, round 3") as caught:
        engine.run(shop(0.0, 1.0, 20), ALWAYS._replace(act=raise_act), replications=2, seed=9, path=path)
    assert "\n" not in str(caught.value)


class Vault(NamedTuple):
    gold: np.ndarray


def vault_init(spec):
    return Scratch(np.zeros(1)), Vault(np.ones(1))


def writes_left(memory, params, view, left, t, key):
    left[0] = 1e9
    return 0


def writes_view(memory, params, view, left, t, key):
    view.x[0] = 1e9
    return 0


def writes_params(memory, params, view, left, t, key):
    params.gold[0] = 1e9
    return 0


def update_writes_cost(memory, params, view, action, outcome, t):
    outcome.cost[0] = -1e9


def update_writes_seen(memory, params, view, action, outcome, t):
    outcome.seen.x[0] = 1e9


def update_writes_view(memory, params, view, action, outcome, t):
    view.x[0] = 1e9


def step_writes_left(instance, state, view, action, left, t, key, cost, seen):
    left[0] = 1e9
    return 1.0


def step_writes_instance(instance, state, view, action, left, t, key, cost, seen):
    instance.x[0] = 0.0
    return 1.0


def stop_writes_left(memory, params, left, t):
    left[0] = 1e9
    return False


THIEF = Policy(ARM, vault_init, first_act, no_update, name="thief")
WRITERS = [
    (THIEF._replace(act=writes_left), None),
    (THIEF._replace(act=writes_view), None),
    (THIEF._replace(act=writes_params), None),
    (THIEF._replace(update=update_writes_cost), None),
    (THIEF._replace(update=update_writes_seen), None),
    (THIEF._replace(update=update_writes_view), None),
    (THIEF._replace(stop=stop_writes_left), None),
    (THIEF, step_writes_left),
    (THIEF, step_writes_instance),
]


def refused(policy, step, path):
    problem = shop(1.0, 3.0, 20)
    problem = problem._replace(spec=problem.spec._replace(view=View(np.zeros(1)), seen=Scratch(np.zeros(1))), step=step or problem.step)
    with pytest.raises(BudgetsimError, match="does not own") as caught:
        engine.run(problem, policy, replications=2, seed=1, path=path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("policy", "step"), WRITERS)
def test_writing_what_is_not_ones_own_is_refused(policy, step):
    refused(policy, step, "python")


@pytest.mark.parametrize("act", [writes_left, writes_view, writes_params])
def test_writing_what_is_not_ones_own_is_refused_before_compiled_code_runs(act):
    refused(THIEF._replace(act=act), None, None)


def unlocks_left(memory, params, view, left, t, key):
    left.flags.writeable = True
    left[0] = 1e9
    return 0


def replan_unlocks_left(memory, params, view, left, t):
    left.flags.writeable = True
    left[0] = 1e9


def every_round(spec):
    return range(1, spec.horizon)


TRICKS = [
    pytest.param(THIEF._replace(act=unlocks_left), id="act"),
    pytest.param(
        THIEF._replace(replan=replan_unlocks_left, schedule=every_round),
        id="replan",
    ),
]


@pytest.mark.parametrize("policy", TRICKS)
def test_unlocking_an_array_does_not_reach_the_purse(policy):
    try:
        runs = engine.run(shop(1.0, 3.0, 20), policy, replications=2, seed=1)
    except BudgetsimError:
        return
    assert np.all(runs.spent <= 3.0) and np.all(runs.reward.values[:, -1] == 3.0)


# ------------------------------------------------------------------------------------------------ hostile problems
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("reward", "cost", "words"),
    [
        (math.nan, 0.0, "gave nan as reward"),
        (math.inf, 0.0, "gave inf as reward"),
        (1.0, math.nan, "gave nan as cost of resource 0"),
        (1.0, math.inf, "gave inf as cost of resource 0"),
        (1.0, -0.5, "gave -0.5 as cost of resource 0; allowed: costs >= 0 under STOP"),
    ],
)
def test_a_bad_reward_or_cost_is_one_line(path, reward, cost, words):
    rewards, costs = np.ones((6, 1)), np.zeros((6, 1, 1))
    rewards[4], costs[4] = reward, cost
    with pytest.raises(BudgetsimError) as caught:
        engine.run(tape(rewards, costs, [3.0], STOP), always_first(6), replications=2, seed=1, path=path)
    assert words in str(caught.value) and "replication 0, round 4" in str(caught.value) and "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ vectors
def vector_act(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = params.actions[i] if t == 2 else 0.0


def vector_step(instance, state, view, action, left, t, key, cost, seen):
    for i in range(action.size):
        cost[0] += action[i]
    return cost[0]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entry", [-0.5, 1.5, math.nan, 1e300, 0.25])
def test_a_bad_entry_is_one_line(path, entry):
    def init(spec):
        return Nothing(), Actions(np.array([0.0, 1.0, entry]))

    spec = Spec(VECTOR, 3, 5, low=np.zeros(3), high=np.ones(3), whole=np.array([0, 1, 1]), budget=np.array([2.0]))
    problem = Problem(spec, Nothing(), vector_step, name="mask")
    with pytest.raises(BudgetsimError, match=r"entry 2; allowed: 0 to 1, whole; at replication 0, round 2") as caught:
        engine.run(problem, Policy(VECTOR, init, vector_act, no_update, name="hostile"), replications=2, seed=1, path=path)
    assert "\n" not in str(caught.value)
