"""Wrong calls, one a line: each gives one BudgetsimError of one line that names the argument, what came and what is allowed."""

import math
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import ARM, REQUEST, RUIN, SKIP, STOP, VECTOR, BudgetsimError, Nothing, Policy, Units, check_policy, check_problem, compare, folders, regret, run
from budgetsim.exercises import exercises, probe
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.optima.knapsack_dp import knapsack_dp
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.explore_then_commit import explore_then_commit
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.successive_elimination import successive_elimination
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.logged_bandit import from_dataframe, logged_bandit
from budgetsim.problems.stochastic_bandit import bernoulli, beta, finite, gaussian, stochastic_bandit

from .strategies import greedy, planned, scripted

GOOD = scripted(np.ones((5, 2)), np.ones((5, 2, 1)), [4])
VECTORS, FIRST = exercises(VECTOR)[0], planned(0)
nan, inf = math.nan, math.inf


class Loose(NamedTuple):
    value: object


def play(problem=GOOD, policy=FIRST, **more):
    return run(problem, policy, **{"replications": 2, "seed": 0, "path": "python", **more})


def spec(**changes):
    return play(GOOD._replace(spec=GOOD.spec._replace(**changes)))


def vector(**changes):
    return play(VECTORS._replace(spec=VECTORS.spec._replace(**changes)), probe(VECTOR))


def acting(value, problem=GOOD):
    return play(problem, greedy(act=lambda memory, params, view, left, t, key: value))


def filling(value):
    def act(memory, params, view, left, t, key, chosen):
        chosen[1] = value

    return play(VECTORS, probe(VECTOR)._replace(act=act))


def stepping(reward=0.0, cost=0.0, law=STOP):
    def step(instance, state, view, action, left, t, key, charge, seen):
        charge[0] = cost
        return reward

    return play(GOOD._replace(step=step, spec=GOOD.spec._replace(law=law)))


def remembering(memory):
    return play(policy=planned(0)._replace(init=lambda spec: memory))


def told(params):
    return play(policy=planned(0)._replace(init=lambda spec: (Nothing(), params)))


def scheduled(*rounds):
    return play(policy=planned(0)._replace(replan=lambda memory, params, view, left, t: None, schedule=lambda spec: rounds))


def advised(value):
    return play(policy=planned(0)._replace(recommend=lambda memory, params, left, t, key: value))


def raising(error):
    raise error


def knapsack(mean_reward=(0.5, 0.5), mean_cost=((0.5,), (0.5,)), budget=(3.0,), horizon=10, **more):
    return knapsack_bandit(mean_reward, mean_cost, budget, horizon, **more)


def logged(reward=((1.0, 0.0), (0.5, 0.5)), cost=((1.0, 0.0), (1.0, 1.0)), budget=3.0, horizon=2, **more):
    return logged_bandit(reward, cost, budget, horizon, **more)


WRONG = {
    # run
    "a factory for a problem": (lambda: play(stochastic_bandit), "problem: got the factory stochastic_bandit; allowed: a Problem"),
    "a spec for a problem": (lambda: play(GOOD.spec), "problem: got Spec; allowed: a Problem"),
    "a factory for a policy": (lambda: play(policy=ucb1), "policy: got the factory ucb1; allowed: a Policy; call the factory"),
    "a name for a policy": (lambda: play(policy="ucb1"), "policy: got str; allowed: a Policy"),
    "a rule of another kind": (lambda: play(policy=probe(REQUEST)), "policy: any action chooses REQUEST; allowed: a rule of kind ARM"),
    "no replications": (lambda: play(replications=0), "replications: got 0; allowed: a whole number, 1 to"),
    "half a replication": (lambda: play(replications=2.5), "replications: got 2.5; allowed: a whole number"),
    "replications true": (lambda: play(replications=True), "replications: got True; allowed: a whole number"),
    "replications in words": (lambda: play(replications="two"), "replications: got 'two'; allowed: a whole number"),
    "a negative seed": (lambda: play(seed=-1), "seed: got -1; allowed: a whole number, 0 to 18446744073709551615"),
    "a seed of 65 bits": (lambda: play(seed=2**64), "seed: got 18446744073709551616; allowed"),
    "a seed that is no number": (lambda: play(seed=nan), "seed: got nan; allowed: a whole number"),
    "a checkpoint before the start": (lambda: play(checkpoints=[0, 3]), "checkpoints: got 0; allowed: a whole number, 1 to 5"),
    "a checkpoint after the end": (lambda: play(checkpoints=[6]), "checkpoints: got 6; allowed: a whole number, 1 to 5"),
    "half a round": (lambda: play(checkpoints=[2.5]), "checkpoints: got 2.5"),
    "a checkpoint in words": (lambda: play(checkpoints="end"), "checkpoints: got 'end'"),
    "no threads": (lambda: play(threads=0), "threads: got 0"),
    "a block of nothing": (lambda: play(block=0), "block: got 0"),
    "an executor that is none": (lambda: play(executor=4), "executor: got int; allowed: a concurrent.futures.Executor"),
    "an unknown path": (lambda: play(path="row"), "path: got 'row'; allowed: lanes, rows, python; did you mean 'rows'?"),
    "an unknown keep": (lambda: play(keep="summery"), "keep: got 'summery'; allowed: all, summary; did you mean 'summary'?"),
    "a trace of a summary": (lambda: play(keep="summary", trace=True), "trace: got True with keep='summary'"),
    "a trace that is no flag": (lambda: play(trace=1), "trace: got 1; allowed: True or False"),
    # the spec
    "a kind in words": (lambda: spec(kind="ARM"), "kind: got 'ARM'; allowed: ARM, REQUEST, VECTOR"),
    "a law in words": (lambda: spec(law="STOP"), "law: got 'STOP'; allowed: STOP, SKIP, RUIN"),
    "no actions": (lambda: spec(n_actions=0), "n_actions: got 0; allowed: a whole number, at least 1"),
    "a fractional horizon": (lambda: spec(horizon=2.5), "horizon: got 2.5; allowed: a whole number"),
    "an infinite horizon": (lambda: spec(horizon=inf), "horizon: got inf; allowed: a whole number"),
    "a horizon that is no number": (lambda: spec(horizon=nan), "horizon: got nan"),
    "a negative horizon": (lambda: spec(horizon=-5), "horizon: got -5"),
    "a negative budget": (lambda: spec(budget=[-1.0]), "budget: got -1.0 at [0]; allowed: numbers in [0, inf]"),
    "a budget that is no number": (lambda: spec(budget=[nan]), "budget: got nan at [0]"),
    "a budget with two axes": (lambda: spec(budget=np.ones((2, 2))), "budget: got shape (2, 2); allowed: shape (2,)"),
    "a budget in words": (lambda: spec(budget=["much"]), "budget: got ['much']; allowed: an array of numbers"),
    "two stocks to be ruined": (lambda: spec(law=RUIN, budget=[1.0, 1.0]), "budget: got 2 resources under RUIN; allowed: one stock"),
    "idle that is no flag": (lambda: spec(idle="yes"), "idle: got 'yes'; allowed: True or False"),
    "an unknown feedback": (lambda: spec(feedback="bandits"), "feedback: got 'bandits'; allowed: bandit, semi, full; did you mean 'bandit'?"),
    "a renewal without allowance": (lambda: spec(renew=True), "renews without an allowance function"),
    "a view that is a list": (lambda: spec(view=[1.0]), "view: got list; allowed: arrays of numbers, in NamedTuples"),
    "a view that is a plain tuple": (lambda: spec(view=(np.ones(1),)), "view: got a plain tuple; allowed: a NamedTuple of arrays"),
    "a view with a plain number": (lambda: spec(view=Loose(1.0)), "view.value: got float; allowed: arrays of numbers"),
    "words to be seen": (lambda: spec(seen=Loose(np.array(["a"]))), "seen.value: got ndarray of dtype <U1"),
    "a mask of another length": (lambda: spec(view=NamedTuple("View", [("legal", np.ndarray)])(np.ones(3))), "view.legal: got shape (3,); allowed: shape (2,)"),
    "a spec that is none": (lambda: play(GOOD._replace(spec={})), "spec: got dict; allowed: a Spec"),
    "a lower bound above the upper": (lambda: vector(low=np.full(3, 5.0)), "low: got an entry above high; allowed: low <= high"),
    "bounds of another length": (lambda: vector(high=np.ones(2)), "high: got shape (2,); allowed: shape (3,)"),
    "whole for too few": (lambda: vector(whole=[True]), "whole: got shape (1,); allowed: shape (3,)"),
    # the problem
    "no step": (lambda: play(GOOD._replace(step=None)), "scripted.step: got None; allowed: a function of 9 arguments"),
    "a step of two arguments": (lambda: play(GOOD._replace(step=lambda instance, key: 0.0)), "scripted.step: takes 2 arguments; allowed: 9"),
    "a step that is a number": (lambda: play(GOOD._replace(step=3)), "scripted.step: got int; allowed: a function of 9 arguments"),
    "an unknown objective": (lambda: play(GOOD._replace(objective="profit")), "objective: got 'profit'; allowed: reward, reward - cost"),
    "an instance in a dict": (lambda: play(GOOD._replace(instance={"mean": 1})), "instance: got dict; allowed: arrays and plain numbers"),
    "a state with a plain number": (lambda: play(GOOD._replace(init=lambda instance: Loose(1.0))), "state.value: got float; allowed: arrays of numbers"),
    "an init of nature that fails": (lambda: play(GOOD._replace(init=lambda instance: 1 // 0)), "init: raised ZeroDivisionError"),
    # the policy
    "no update": (lambda: play(policy=greedy(update=None)), "greedy.update: got None; allowed: a function of 6 arguments"),
    "a policy's kind in words": (lambda: play(policy=greedy(kind="ARM")), "greedy.kind: got 'ARM'; allowed: ARM, REQUEST, VECTOR"),
    "an act of seven for arms": (lambda: play(policy=greedy(act=lambda a, b, c, d, e, f, g: 0)), "greedy.act: takes 7 arguments; allowed: 6"),
    "memory in a list": (lambda: remembering([1.0]), "memory: got list; allowed: arrays of numbers, in NamedTuples"),
    "memory in a dict": (lambda: remembering({}), "memory: got dict"),
    "a plain number in memory": (lambda: remembering(Loose(2)), "memory.value: got int"),
    "an object in params": (lambda: told(Loose(object())), "params.value: got object; allowed: arrays and plain numbers"),
    "an init that fails": (lambda: play(policy=greedy(init=lambda spec: spec.budget[7])), "init: raised IndexError"),
    "an init that writes the budget": (lambda: play(policy=greedy(init=lambda spec: spec.budget.fill(9.0))), "init: raised ValueError"),
    "replan without schedule": (lambda: play(policy=greedy(replan=lambda a, b, c, d, e: None)), "greedy: has only one of replan and schedule"),
    "half a round to replan": (lambda: scheduled(1.5), "schedule: got 1.5; allowed: a whole number"),
    "a round before the start to replan": (lambda: scheduled(-1), "schedule: got -1"),
    # what rules and problems return
    "arm -2": (lambda: acting(-2), "act: greedy returned -2; allowed: 0 to 1; at replication 0, round 0"),
    "arm n": (lambda: acting(2), "act: greedy returned 2; allowed: 0 to 1; at replication 0, round 0"),
    "arm NaN": (lambda: acting(nan), "act: greedy returned nan; allowed: 0 to 1; at replication 0, round 0"),
    "arm 1e300": (lambda: acting(1e300), "act: greedy returned 1e+300; allowed: 0 to 1"),
    "half an arm": (lambda: acting(0.5), "act: greedy returned 0.5; allowed: 0 to 1"),
    "no arm": (lambda: acting(None), "act: got None; allowed: a whole number; at replication 0, round 0"),
    "an arm in words": (lambda: acting("first"), "act: got 'first'; allowed: a whole number; at replication 0, round 0"),
    "too much": (lambda: filling(4.0), "act: any action chose 4 for entry 1; allowed: 0 to 3, whole; at replication 0, round 0"),
    "a fraction where whole": (lambda: filling(0.5), "act: any action chose 0.5 for entry 1"),
    "an amount that is no number": (lambda: filling(nan), "act: any action chose nan for entry 1"),
    "a reward that is no number": (lambda: stepping(nan), "step: scripted gave nan as reward; allowed: finite numbers; at replication 0, round 0"),
    "an infinite reward": (lambda: stepping(inf), "step: scripted gave inf as reward"),
    "a negative cost under STOP": (lambda: stepping(0.0, -1.0), "step: scripted gave -1 as cost of resource 0; allowed: costs >= 0 under STOP"),
    "a negative cost under SKIP": (lambda: stepping(0.0, -1.0, SKIP), "allowed: costs >= 0 under SKIP"),
    "a cost that is no number": (lambda: stepping(0.0, nan), "step: scripted gave nan as cost of resource 0; allowed: finite numbers"),
    "advice beyond": (lambda: advised(7), "recommend: planned(0,) returned 7; allowed: 0 to 1; at replication 0, round 1"),
    "an act that fails": (lambda: play(policy=greedy(act=lambda a, b, c, d, e, f: raising(KeyError("x")))), "raised KeyError: 'x'; at replication 0, round 0"),
    # problems
    "a probability above 1": (lambda: knapsack([1.5, 0.5]), "mean_reward: got 1.5 at [0]; allowed: numbers in [0, 1]"),
    "costs of another length": (lambda: knapsack(mean_cost=[[0.5]]), "mean_cost: got shape (1, 1); allowed: shape (2, any)"),
    "a negative budget of a knapsack": (lambda: knapsack(budget=[-3]), "budget: got -3.0 at [0]"),
    "two budgets for one resource": (lambda: knapsack(budget=[3, 4]), "budget: got shape (2,); allowed: shape (1,)"),
    "a horizon of 10.5": (lambda: knapsack(horizon=10.5), "horizon: got 10.5; allowed: a whole number"),
    "a table beside means": (lambda: knapsack(outcomes=[[[0, 1.0]]], probabilities=[[1.0]]), "got a value beside outcomes"),
    "arms in a list": (lambda: stochastic_bandit([0.5, 0.6], 10), "arms: got list; allowed: bernoulli(...)"),
    "no arms": (lambda: bernoulli([]), "means: got an empty array; allowed: shape (any,) with at least one entry"),
    "a mean that is no number": (lambda: bernoulli([0.5, nan]), "means: got nan at [1]; allowed: numbers in [0, 1]"),
    "a negative sigma": (lambda: gaussian([0.0], -1.0), "sigma: got -1.0 at [0]"),
    "beta(0, 1)": (lambda: beta([0.0], [1.0]), "a: got 0.0 at [0]"),
    "chances that do not sum to 1": (lambda: finite([[0.0, 1.0]], [[0.5, 0.4]]), "probabilities: sums to 0.9; allowed: probabilities that sum to 1"),
    "an unknown order": (lambda: logged(order="resampled"), "order: got 'resampled'; allowed: resample, permute, as_logged; did you mean 'resample'?"),
    "a log under RUIN": (lambda: logged(law=RUIN), "law: got <Law.RUIN: 2>; allowed: Law.STOP, Law.SKIP"),
    "a log shorter than the horizon": (lambda: logged(horizon=3, order="permute"), "horizon: got 3; allowed: a whole number, 1 to 2"),
    "a log with a negative cost": (lambda: logged(cost=[[1, 1], [-1, 1]]), "row 1: a cost is negative"),
    "a column that is not there": (lambda: from_dataframe({"a": [1.0], "b": [1.0]}, ["a"], ["bb"], 1.0, 1), "cost column: got 'bb'; allowed: a, b; did you mean 'b'?"),
    "names for other resources": (lambda: logged(units=Units(resource=("usd", "s"))), "units: got"),
    # policies
    "a negative radius": (lambda: ucb1(radius=-1.0), "radius: got -1.0; allowed: a number in [0, inf]"),
    "a negative numpy radius": (lambda: ucb1(radius=np.float64(-1.0)), "radius: got -1.0; allowed"),
    "a radius in words": (lambda: ucb1(radius="2"), "radius: got '2'; allowed: a number"),
    "epsilon 2": (lambda: epsilon_greedy(epsilon=2.0), "epsilon: got 2.0; allowed: a number in [0, 1]"),
    "an unknown prior": (lambda: thompson(prior="betta"), "prior: got 'betta'; allowed: beta, gaussian; did you mean 'beta'?"),
    "no pulls": (lambda: explore_then_commit(pulls=0), "pulls: got 0; allowed: a whole number, at least 1"),
    "c that is no number": (lambda: kl_ucb(c=nan), "c: got nan"),
    "mixing above 1": (lambda: exp3(mixing=1.5), "mixing: got 1.5"),
    "half an arm to fix": (lambda: fixed_arm(0.5), "arm: got 0.5; allowed: a whole number"),
    "an arm to fix that is not there": (lambda: play(policy=fixed_arm(7)), "arm: got 7"),
    "a mixture of 1.1": (lambda: fixed_mixture([0.5, 0.6]), "mixture: sums to 1.1"),
    "a mixture for other arms": (lambda: play(policy=fixed_mixture([0.5, 0.25, 0.25])), "mixture: got"),
    "confidence below 0": (lambda: primal_dual(confidence=-1.0), "confidence: got -1.0"),
    "no exploration": (lambda: density_greedy(explore=0), "explore: got 0"),
    "a word to pace": (lambda: paced("ucb1"), "rule: got str; allowed: a Policy"),
    "an infinite radius": (lambda: successive_elimination(radius=inf), "radius: got inf"),
    "a price where nothing is scarce": (lambda: play(scripted(np.ones((5, 2))), primal_dual()), "primal_dual: got budget []"),
    # optima
    "a program without costs": (lambda: fluid_lp([0.5], [[0.5], [0.1]], [3.0], 10), "mean_cost: got shape (2, 1); allowed: shape (1, any)"),
    "an unknown method": (lambda: fluid_lp([0.5], [[0.5]], [3.0], 10, method="cvxp"), "method: got 'cvxp'"),
    "a program over half a round": (lambda: fluid_lp([0.5], [[0.5]], [3.0], 0.5), "horizon: got 0.5"),
    "a knapsack too large": (lambda: knapsack_dp([0.5], [[0.5]], [1e9], 10**9), "horizon, budget: got"),
    "a best arm of none": (lambda: best_fixed_arm([], 10), "mean_reward: got an empty array"),
    # folders, checks, scores
    "a name that is near": (lambda: folders.factory("policies", "ucb"), "policy: got 'ucb'; allowed: "),
    "a folder that is not there": (lambda: folders.names("polices"), "kind: got 'polices'; allowed: policies, problems, optima, theory; did you mean 'policies'?"),
    "a file that is not there": (lambda: folders.load_file("no/such.py"), "allowed: an existing .py file"),
    "an oracle without its truth": (lambda: folders.bind(lambda mixture: None, GOOD), "mixture: <lambda> requires it, scripted has no such field"),
    "a parameter that is not there": (lambda: folders.bind(ucb1, GOOD, radios=1.0), "parameter of ucb1: got 'radios'; allowed: radius; did you mean 'radius'?"),
    "no rounds to check": (lambda: check_policy(ucb1, rounds=0), "rounds: got 0"),
    "no replications to check": (lambda: check_problem(GOOD, replications=0), "replications: got 0"),
    "regret against a number": (lambda: regret(play(), against=3.0), "against: got"),
    "a sweep over nothing": (lambda: compare(GOOD, [planned(0)], sweep={"radios": [1.0]}, replications=1, seed=0), "radios"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_one_readable_line(wrong):
    call, message = wrong
    with pytest.raises(BudgetsimError) as caught:
        call()
    said = str(caught.value)
    assert message in said
    assert "\n" not in said and len(said) < 400
    assert isinstance(caught.value, (ValueError, TypeError))


def test_there_are_enough_of_them():
    assert len(WRONG) >= 60


@pytest.mark.parametrize("path", ["rows", "python"])
@pytest.mark.parametrize("value", [-2, 2, nan, 1e300, 0.5])
def test_hostile_actions_say_the_same_on_both_paths(path, value):
    def act(memory, params, view, left, t, key):
        return params.value

    rule = Policy(ARM, lambda spec: (Nothing(), Loose(float(value))), act, planned(0).update, name="hostile")
    with pytest.raises(BudgetsimError, match=rf"^act: hostile returned {value:g}; allowed: 0 to 1; at replication 0, round 0$".replace("+", r"\+")):
        run(GOOD, rule, replications=3, seed=0, path=path)


# ------------------------------------------------------------------------------------------------ files
def test_files_that_cannot_be_imported_say_where(tmp_path):
    cases = {
        "broken.py": ("def f(:\n", r"file: broken.py, line 1: invalid syntax"),
        "missing.py": ("import no_such_module_of_mine\n", r"file: importing missing.py raised ModuleNotFoundError: No module named 'no_such_module_of_mine'"),
        "failing.py": ("x = 1\nraise RuntimeError('two\\nlines')\n", r"file: importing failing.py raised RuntimeError: two lines"),
    }
    for name, (text, message) in cases.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(BudgetsimError, match=message):
            folders.load_file(tmp_path / name)
    (tmp_path / "rule.txt").write_text("x = 1")
    for path in (tmp_path, tmp_path / "rule.txt", tmp_path / "none.py"):
        with pytest.raises(BudgetsimError, match=r"allowed: an existing \.py file"):
            folders.load_file(path)


def test_what_cannot_travel_and_who_dies_on_the_way():
    lock = threading.Lock()

    def holds_a_lock(memory, params, view, left, t, key):
        return 0 if lock else 1

    def dies(memory, params, view, left, t, key):
        os._exit(3)

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(BudgetsimError, match=r"^executor: greedy on scripted cannot travel to another process \(.*lock.*\); allowed: threads$"):
            play(policy=greedy(act=holds_a_lock), executor=pool)
        with pytest.raises(BudgetsimError, match=r"^executor: lost a worker that had replications from 0 on"):
            play(policy=greedy(act=dies), executor=pool)


def test_a_failing_run_leaves_the_next_one_alone():
    """Nothing half-done survives an error: not in the compiled game, not in the pool of threads."""
    before = run(GOOD, planned(0), replications=40, seed=3, threads=2, block=3)
    with pytest.raises(BudgetsimError):
        run(GOOD, planned(0, 9), replications=40, seed=3, threads=2, block=3)
    after = run(GOOD, planned(0), replications=40, seed=3, threads=2, block=3)
    assert before.identical(after)
