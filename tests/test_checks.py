"""`check_policy` and `check_problem`: the good pass, and each promise has rules and problems that break it."""

import json
import math
import random
import sys
import time
from typing import NamedTuple

import numpy as np
import pytest
import scipy.special

from budgetsim import ARM, VECTOR, Kind, Law, check_policy, check_problem, checks, claims, cli, draws, engine, folders, run
from budgetsim import exercises as exercise
from budgetsim.exercises import exercises, probe
from budgetsim.model import UNANSWERED, Ended, Nothing, Units
from budgetsim.relations import DEGENERATE

from . import mutants
from .strategies import forget, greedy, means_init, planned, scripted, scripted_step

ARMS, SCARCE, SKIPPED, RUINOUS, SOMETIMES, RENEWED = exercises(ARM)
rng = np.random.default_rng(0)
log: list[int] = []


def verdict(verdicts, claim):
    return next(v for v in verdicts if v.claim == claim)


@pytest.fixture
def plain(monkeypatch):
    """Nothing is compiled, where the test is not about compiled code: it takes seconds a rule."""
    prepare = engine.prepare
    monkeypatch.setattr(engine, "prepare", lambda problem, policy, path=None: prepare(problem, policy, "python"))


# ------------------------------------------------------------------------------------------------ the good
@pytest.mark.parametrize("kind", Kind, ids=lambda k: k.name)
def test_every_exercise_keeps_to_the_contract(kind):
    """Rules and problems of each kind: everything holds that applies."""
    for v in check_problem(exercises(kind), rounds=100):
        assert v.holds is True or v.detail.endswith(("has no loss", "an action is taken in every round")), v
    for v in check_policy(probe(kind)):
        assert v.holds is True or (v.holds == "unresolved" and v.claim in (checks.MASKS, checks.FAIR, *checks.BETWEEN)), v


def test_a_learning_rule_passes_everywhere_but_on_masks_that_it_does_not_read(plain):
    verdicts = check_policy(lambda: greedy())
    assert {v.claim: v.detail for v in verdicts if v.holds is not True and v.claim not in checks.BETWEEN} == {
        checks.MASKS: "arms, sometimes: does not claim masks: it never reads `legal`",
        checks.PATHS: "arms: runs in plain Python: asked for",
    }
    assert [v for v in verdicts if v.holds is False] == []
    assert verdict(verdicts, checks.RULE).detail == "on 7 problems"


def test_the_exercises_cover_every_law_and_end(seed):
    """Each exercise meets what it is there for: an exhausted budget, a void round, a ruin, a masked arm, an empty ration."""
    assert {p.spec.law for p in exercises(ARM)} == set(Law)
    assert all(p.spec.kind == k for k in Kind for p in exercises(k))
    ended = {p.name: run(p, probe(k), replications=20, seed=seed, path="python") for k in Kind for p in exercises(k)}
    for name in ("arms, 2 budgets", "requests", "whole amounts"):
        assert (ended[name].ended_by >= Ended.RESOURCE).any(), name
    for name in ("arms, SKIP", "arms, renewed", "requests, SKIP", "amounts, SKIP"):
        assert (ended[name].void[:, -1] > 0).any(), name
    assert (ended["arms, RUIN"].ended_by == Ended.RUIN).any() and (ended["arms, RUIN"].clipped > 0).any()


# ------------------------------------------------------------------------------------------------ rules that break a promise
def act_too_high(memory, params, view, left, t, key):
    return t % 4


def act_half(memory, params, view, left, t, key):
    return 0.5


def act_word(memory, params, view, left, t, key):
    return "first"


def act_fails(memory, params, view, left, t, key):
    return [0, 1][t]


def act_steals(memory, params, view, left, t, key):
    left[0] = 1e9
    return 0


def act_forces(memory, params, view, left, t, key):
    params.flags.setflags(write=True)
    params.flags[0] = t
    return 0


def act_counts(memory, params, view, left, t, key):
    log.append(t)
    return len(log) % 2


def act_clock(memory, params, view, left, t, key):
    return time.perf_counter_ns() % 2


def act_global_generator(memory, params, view, left, t, key):
    return int(rng.integers(3))


def act_numpy_random(memory, params, view, left, t, key):
    return np.random.randint(3)  # noqa: NPY002


def act_random(memory, params, view, left, t, key):
    return random.randrange(3)


def act_same_slot(memory, params, view, left, t, key):
    return int(draws.uniform(key, 0) + draws.uniform(key, 0))


def act_peeks(memory, params, view, left, t, key):
    frame = sys._getframe()
    while frame is not None and "instance" not in frame.f_locals:
        frame = frame.f_back
    return 0 if frame is None else int(np.argmax(frame.f_locals["instance"].mean_reward))


def act_overflows(memory, params, view, left, t, key):
    return (t << 61) % 3


def act_power(memory, params, view, left, t, key):
    return int((0.5 + t) ** 1.5) % memory.mean.size


def act_scipy(memory, params, view, left, t, key):
    return int(scipy.special.erf(t / 30.0) * 0.99 * memory.mean.size)


def update_nan(memory, params, view, action, outcome, t):
    memory.mean[0] = math.nan


def update_refunds(memory, params, view, action, outcome, t):
    outcome.cost[0] = 0.0


def act_of_three(memory, view, key):
    return 0


def recommend_none(memory, params, left, t, key):
    return -1


class Flags(NamedTuple):
    flags: np.ndarray


def init_flags(spec):
    return Nothing(), Flags(np.zeros(1))


def init_random(spec):
    return means_init(spec)._replace(mean=np.random.random(spec.n_actions))  # noqa: NPY002


def init_writes(spec):
    spec.budget[:] = 1e9
    return means_init(spec)


def init_list(spec):
    return [0.0, 1.0]


def init_raises(spec):
    raise KeyError("nothing here")


def capturing(radius):
    def act(memory, params, view, left, t, key):
        return int(radius * draws.uniform(key, 0))

    return greedy(act=act)


WRONG_RULES = [
    (greedy(act=act_too_high), checks.LEGAL, "greedy returned 3; allowed: 0 to 2, or -1; at replication 0, round 3"),
    (greedy(act=act_half), checks.LEGAL, "greedy returned 0.5"),
    (greedy(act=act_word), checks.LEGAL, "got 'first'; allowed: a whole number; at replication 0, round 0"),
    (greedy(recommend=recommend_none), checks.LEGAL, "recommend: greedy returned -1"),
    (greedy(act=act_fails), checks.PLAYS, "raised IndexError: list index out of range; at replication 0, round 2"),
    (greedy(act=act_steals), checks.OWNS, "writes an array that it does not own"),
    (greedy(update=update_refunds), checks.OWNS, "writes an array that it does not own"),
    (greedy(init=init_flags, act=act_forces, update=forget), checks.OWNS, "writes params"),
    (greedy(init=init_writes), checks.OWNS, "init: raised ValueError: assignment destination is read-only"),
    (greedy(act=act_counts), checks.PURE, "answers differently"),
    (greedy(act=act_peeks), checks.NAMES, "act_peeks uses sys._getframe"),
    (greedy(act=act_clock), checks.PURE, ""),
    (greedy(act=act_global_generator), checks.PURE, ""),
    (greedy(act=act_numpy_random), checks.PURE, "no seed of a run controls"),
    (greedy(act=act_random), checks.PURE, "no seed of a run controls"),
    (greedy(init=init_random), checks.PURE, "init returns something else"),
    (greedy(act=act_same_slot), checks.SLOTS, "slot 0 drawn twice"),
    (greedy(update=update_nan), checks.FINITE, "update, round 0 leaves a NaN"),
    (greedy(act=act_overflows), checks.PATHS, "differs"),
    (capturing(2.0), checks.CAPTURED, "act captures radius = [2.0]"),
    (greedy(act=act_of_three), checks.RULE, "act: takes 3 arguments; allowed: 6"),
    (greedy(init=init_list), checks.RULE, "memory: got list"),
    (greedy(init=init_raises), checks.RULE, "init: raised KeyError: 'nothing here'"),
    (greedy(update=None), checks.RULE, "update: got None"),
    (greedy(kind=VECTOR), checks.RULE, "takes 6 arguments; allowed: 7"),
    (greedy(name="two\nlines"), checks.RULE, "a label of one line"),
    (lambda: "ucb1", checks.RULE, "returned str; allowed: a Policy"),
    ("ucb1", checks.RULE, "got str; allowed: a Policy"),
]


@pytest.mark.parametrize(("rule", "claim", "detail"), WRONG_RULES, ids=lambda v: v if isinstance(v, str) else getattr(getattr(v, "act", v), "__name__", ""))
def test_a_rule_that_breaks_a_promise_is_told_which(rule, claim, detail, request):
    if claim != checks.PATHS:
        request.getfixturevalue("plain")
    verdicts = check_policy(rule, SCARCE, shrink=False)
    assert verdict(verdicts, claim).holds is False, verdicts
    assert detail in verdict(verdicts, claim).detail
    assert all("\n" not in v.detail for v in verdicts)
    assert [v.claim for v in verdicts] == list(checks.OF_A_POLICY)


def test_a_power_is_native_and_scipy_runs_on_python(plain, monkeypatch):
    native = verdict(check_policy(greedy(act=act_power), ARMS), checks.PORTABLE)
    assert (native.holds, native.detail) == ("unresolved", "arms: act_power uses **")
    monkeypatch.undo()
    verdicts = check_policy(greedy(act=act_scipy), ARMS)
    assert [v.claim for v in verdicts if v.holds is False] == []
    assert "scipy" in verdict(verdicts, checks.PATHS).detail and "plain Python" in verdict(verdicts, checks.PATHS).detail


def test_an_oracle_is_built_from_the_problem_and_one_that_cannot_be_is_unresolved(plain):
    def oracle(mean_reward, horizon):
        assert horizon == 60 and mean_reward.shape == (3,)
        return planned(2)

    assert verdict(check_policy(oracle, ARMS), checks.RULE).holds is True
    missing = verdict(check_policy(lambda transition: planned(0), ARMS), checks.RULE)
    assert missing.holds == "unresolved" and "transition" in missing.detail and "mean_reward" in missing.detail


def test_a_declined_problem_is_left_out(plain):
    from budgetsim.arguments import BadValue

    def init(spec):
        if spec.budget.size == 0:
            raise BadValue("budget: got none; allowed: at least one resource")
        return means_init(spec)

    verdicts = check_policy(greedy(init=init), [ARMS, SCARCE])
    assert verdict(verdicts, checks.RULE).detail == "on 1 problem"
    assert verdict(check_policy(greedy(init=init), ARMS), checks.RULE).holds == "unresolved"


# ------------------------------------------------------------------------------------------------ the same report, inside and outside
def test_a_file_outside_gets_the_report_that_a_file_of_the_house_gets(plain, tmp_path, capsys):
    """A wrong UCB1 as a file of a stranger, asked by the command, and as a module of budgetsim/policies: the same verdicts, word for word."""
    text = (mutants.ROOT / "budgetsim/policies/ucb1.py").read_text().replace("    return best(view, memory.bound)", "    return 1 + 0 * best(view, memory.bound)")
    inside = mutants.executed("budgetsim.policies.ucb1", "budgetsim.policies.ucb1__wrong", text)
    (tmp_path / "ucb1.py").write_text(text.replace("from ..", "from budgetsim."))
    assert cli.check(tmp_path / "ucb1.py", None, 0, True) == 1
    (told,) = json.loads(capsys.readouterr().out).values()
    right = claims.as_records(check_policy(inside.ucb1))
    assert told == json.loads(json.dumps(right))
    assert {v["claim"] for v in told if v["holds"] is False} >= {checks.MASKS, DEGENERATE}
    assert any("; smallest: check_policy(ucb1, exercise(" in v["detail"] for v in told)


def test_the_line_of_the_smallest_instance_repeats_the_failure(plain):
    """The line can be pasted, and the promise is broken on the instance that it builds."""
    rule = greedy(act=act_too_high)
    line = verdict(check_policy(rule, SCARCE), checks.LEGAL).detail.partition("; smallest: ")[2]
    assert line == 'check_policy(rule, exercise("ARM", actions=1, resources=0, horizon=2))'
    assert verdict(eval(line, {"check_policy": check_policy, "exercise": exercise.exercise, "rule": rule}), checks.LEGAL).holds is False


def test_the_fewest_rounds_are_told_of_a_problem(plain):
    wrong = SOMETIMES._replace(observe=observe_nothing)
    assert verdict(check_problem(wrong), checks.CHOICE).detail.endswith("smallest: check_problem(problem, rounds=10)")
    assert verdict(check_problem(wrong, rounds=9), checks.CHOICE).holds is True


def test_a_rule_that_declines_every_exercise_is_tried_on_the_house_s_problems(plain):
    hedge = check_policy(folders.factory("policies", "hedge"))
    assert verdict(hedge, checks.RULE).detail.startswith("on ") and [v for v in hedge if v.holds is False] == []


# ------------------------------------------------------------------------------------------------ what statistics can see
def test_who_turns_the_key_is_named_and_found_out_by_fair_coins(plain):
    """rule_key twice is nature's key."""
    verdicts = check_policy(greedy(act=act_turns_the_key), ARMS, shrink=False)
    assert verdict(verdicts, checks.NAMES).detail == "arms: act_turns_the_key uses rule_key"
    assert verdict(verdicts, checks.FAIR).holds is False and "fair coins pay it" in verdict(verdicts, checks.FAIR).detail


def act_turns_the_key(memory, params, view, left, t, key):
    nature = draws.rule_key(key)
    best, least = 0, 9.0
    for k in range(memory.mean.size):
        u = draws.uniform(nature, k)
        best, least = (k, u) if u < least else (best, least)
    return best


def shifted(by):
    def expected(instance, state, view, action, t):
        return instance.mean_reward[action] + (by if action == 0 else 0.0)

    return ARMS._replace(expected=expected)


def test_the_power_of_the_mean_is_what_it_says(plain):
    """An error as large as the report says is found at 20 of 20 seeds: with confidence .99 the power is above .79; none is found where there is none."""
    said = float(verdict(check_problem(ARMS), checks.MEAN).detail.split("an error of ")[1].split()[0])
    assert said < 0.055

    def found(problem, seed):
        trial = checks._trial_of(problem, lambda: problem, seed, 3, 60)
        return checks.OF_PROBLEMS[checks.MEAN](trial)[0] is False if trial.log is not None else None

    assert all(found(shifted(said), seed) for seed in range(20))
    assert not any(found(shifted(0.0), seed) for seed in range(5))


# ------------------------------------------------------------------------------------------------ problems that break a promise
def step_negative(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = -1.0
    return 0.0


def step_nan(instance, state, view, action, left, t, key, cost, seen):
    return math.nan


def step_moves(instance, state, view, action, left, t, key, cost, seen):
    state.day[0] += 1.0
    return 0.0


def step_counts(instance, state, view, action, left, t, key, cost, seen):
    log.append(t)
    return len(log) % 7


def step_same_slot(instance, state, view, action, left, t, key, cost, seen):
    return draws.bernoulli(key, 0, 0.5) + draws.bernoulli(key, 0, 0.5)


def step_charges_idle(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = 0.01
    return 0.0


def step_fails(instance, state, view, action, left, t, key, cost, seen):
    return instance.mean_reward[action + 100]


def optimistic(instance, state, view, action, t):
    return instance.mean_reward[action] + 0.2 if action == 2 else exercise.mean_coin(instance, state, view, action, t)


def observe_nothing(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = 1.0 if t < 9 else 0.0


def begin_randomly(instance, state, key):
    state.day[0] = rng.random()


def step_adds_up(instance, state, view, action, left, t, key, cost, seen):
    seen.demand[action] += 1.0
    return 0.0


def step_leaves_some(instance, state, view, action, left, t, key, cost, seen):
    seen.demand[action] = draws.uniform(key, 0)
    return 0.0


SHOWN = ARMS._replace(spec=ARMS.spec._replace(seen=exercise.Demand(np.zeros(3))), expected=None)


def loss_below_zero(instance, state, recommendation):
    return instance.mean_reward[0] - instance.mean_reward[recommendation]


WRONG_PROBLEMS = [
    (SCARCE._replace(step=step_negative), checks.COSTS, "cost of resource 0; allowed: costs >= 0 under STOP; at replication 0, round 0"),
    (SCARCE._replace(step=step_nan), checks.COSTS, "gave nan as reward"),
    (RENEWED._replace(step=step_moves), checks.OWNS, "does not own"),
    (SCARCE._replace(step=step_counts), checks.PURE, "answers differently"),
    (SHOWN._replace(step=step_adds_up), checks.LUCK, "pays or shows something of the round before"),
    (SHOWN._replace(step=step_leaves_some), checks.LUCK, "pays or shows something of the round before"),
    (RENEWED._replace(begin=begin_randomly), checks.PURE, ""),
    (SCARCE._replace(step=step_same_slot), checks.SLOTS, "slot 0 drawn twice"),
    (SCARCE._replace(step=step_charges_idle), checks.IDLE, "charges [0.01, 0.0] for action -1"),
    (SCARCE._replace(step=step_fails), checks.PLAYS, "step_fails: raised IndexError"),
    (SCARCE._replace(expected=optimistic), checks.MEAN, "action 2 earns"),
    (SOMETIMES._replace(observe=observe_nothing), checks.CHOICE, "legal mask"),
    (SCARCE._replace(loss=loss_below_zero), checks.LOSS, "loss of 1 is -0.2"),
    (SCARCE._replace(spec=SCARCE.spec._replace(units=Units(resource=("money",)))), checks.NATURE, "got 1 names of resources; allowed: 2"),
    (SCARCE._replace(spec=SCARCE.spec._replace(horizon=2.5)), checks.NATURE, "horizon: got 2.5"),
    (SCARCE._replace(step=forget), checks.NATURE, "step: takes 6 arguments; allowed: 9"),
]


@pytest.mark.parametrize(("problem", "claim", "detail"), WRONG_PROBLEMS, ids=[f"{i}-{c}" for i, (_, c, _) in enumerate(WRONG_PROBLEMS)])
def test_a_problem_that_breaks_a_promise_is_told_which(plain, problem, claim, detail):
    verdicts = check_problem(problem)
    assert verdict(verdicts, claim).holds is False, verdicts
    assert detail in verdict(verdicts, claim).detail
    assert [v.claim for v in verdicts] == list(checks.OF_A_PROBLEM)


def test_a_wrong_mean_is_found_and_a_rare_event_is_not_taken_for_one(plain, seed):
    rare = ARMS._replace(instance=ARMS.instance._replace(mean_reward=np.array([1e-3, 0.5, 1.0])))
    assert verdict(check_problem(rare, seed=seed), checks.MEAN).holds is True
    wrong = verdict(check_problem(ARMS._replace(expected=optimistic), seed=seed), checks.MEAN)
    assert wrong.holds is False and wrong.kind == "statistical" and wrong.level < 1e-4


def some_answers(instance, state, view, action, left, t, key, cost, seen):
    return UNANSWERED if t % 3 == 0 else scripted_step(instance, state, view, action, left, t, key, cost, seen)


def test_a_log_that_cannot_answer_is_no_fault(plain):
    problem = scripted(np.ones((20, 2)))._replace(step=some_answers)
    assert [v.claim for v in check_problem(problem) if v.holds is False] == []


def test_factories_and_their_examples(plain):
    def tiny(arms=2):
        return scripted(np.zeros((5, arms)))

    def needing(arms):
        return scripted(np.zeros((5, arms)))

    assert verdict(check_problem(tiny), checks.NATURE).holds is True
    unknown = verdict(check_problem(needing), checks.NATURE)
    assert unknown.holds == "unresolved" and "requires arms" in unknown.detail
    tiny.__module__ = needing.__module__ = "tests.test_checks_examples"
    module = type(sys)("tests.test_checks_examples")
    module.examples = lambda: [tiny(1), tiny(3)]
    sys.modules[module.__name__] = module
    assert verdict(check_problem(needing), checks.NATURE).detail == "on 2 problems"
    del sys.modules[module.__name__]
