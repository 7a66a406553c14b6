"""`exercise`: every one that its arguments allow is a valid problem, is built again by its name, and keeps to the contract."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim import ARM, RUIN, VECTOR, Kind, Law, check_problem, contract, engine, run
from budgetsim.arguments import BadType, BadValue, BudgetsimError
from budgetsim.exercises import Mask, exercise, probe
from budgetsim.model import Ended
from budgetsim.shrinking import ARGUMENTS

arguments = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ARGUMENTS.items()} | {"law": st.sampled_from(Law)})
kinds = st.sampled_from(Kind)


def same(one, two):
    """Equal to the last number, and with the same functions."""
    if isinstance(one, tuple):
        return type(one) is type(two) and len(one) == len(two) and all(map(same, one, two))
    return np.array_equal(one, two) if isinstance(one, np.ndarray) else one == two


@settings(max_examples=300)
@given(kinds, arguments)
def test_the_name_is_the_line_that_builds_it(kind, how):
    """Whatever is accepted is valid, and `eval` of its name gives it again; whatever is not gets one line that names an argument."""
    try:
        problem = exercise(kind, **how)
    except BudgetsimError as error:
        said = str(error)
        assert said.split(":")[0] in how and "; allowed: " in said and "\n" not in said
        return
    assert same(eval(problem.name, {"exercise": exercise}), problem)
    spec = contract.checked_spec(problem.spec)
    contract.checked_pair(problem, probe(kind))
    for name, value in {"actions": spec.n_actions, "horizon": spec.horizon, "resources": spec.budget.size, "law": spec.law, "idle": spec.idle}.items():
        assert how.get(name, value) == value or how[name] == Law(value).name
    assert spec.kind == kind and how.get("masked", False) == isinstance(spec.view, Mask)


@settings(max_examples=60)
@given(kinds, arguments, st.integers(0, 2**32))
def test_every_exercise_plays_to_an_end(kind, how, seed):
    try:
        problem = exercise(kind, **how)
    except BudgetsimError:
        assume(False)
    data = run(problem, probe(kind), replications=2, seed=seed, path="python")
    assert np.isfinite(data.reward.values).all()
    if not problem.spec.renew:
        assert (data.spent.values[:, -1] <= problem.spec.budget).all()


@pytest.mark.parametrize("kind", Kind, ids=lambda k: k.name)
def test_each_keeps_to_the_laws_of_a_problem(kind, monkeypatch):
    """Under each law, at each extreme, in plain Python (the exercises that `check_policy` plays are compiled in tests/test_checks.py)."""
    prepare = engine.prepare
    monkeypatch.setattr(engine, "prepare", lambda problem, policy, path=None: prepare(problem, policy, "python"))
    hows = [{"law": law, "actions": n, "seed": n} for law in Law for n in (1, 4)]
    hows += [{"budget": 0}, {"renewed": True}, {"equal": True, "worth": -1e6}, {"resources": 2, "horizon": 1}]
    hows += {ARM: [{"masked": True, "idle": True, "law": "RUIN"}], VECTOR: [{"whole": False}]}.get(kind, [])
    assert [v for v in check_problem([exercise(kind, **how) for how in hows], replications=2) if v.holds is False] == []


@pytest.mark.parametrize("kind", Kind, ids=lambda k: k.name)
def test_the_extremes_are_reachable(kind, seed):
    """One action, no resource, one round; a budget of 0 affords only what is free; one that never binds gives the run without resources; equal chances."""

    def end(**how):
        return run(exercise(kind, **how), probe(kind), replications=20, seed=seed, path="python")

    assert (end(actions=1, resources=0, horizon=1).ended_by == Ended.HORIZON).all()
    broke = end(budget=0, equal=True, actions=1, law="SKIP")
    assert (broke.spent == 0).all() and (broke.void[:, -1] > 0).any()
    assert (end(budget=0, equal=True).ended_by >= Ended.RESOURCE).any()
    assert (end(budget=math.inf).ended_by == Ended.HORIZON).all()
    assert end(budget=math.inf).reward.equals(end(budget=1000).reward)
    assert len(set(exercise(kind, equal=True, actions=4, seed=3).instance.mean_reward)) == 1


def test_seeds_draw_other_chances_and_worth_multiplies_rewards(seed):
    chances = [exercise("ARM", actions=4, seed=s).instance.mean_reward for s in range(30)]
    assert len({c.tobytes() for c in chances}) == 30 and {0.0, 1.0} <= set(np.ravel(chances))
    few, many = (exercise("ARM", actions=n, resources=d, seed=5).instance for n, d in ((2, 1), (4, 2)))
    assert same(few.mean_reward, many.mean_reward[:2]) and same(few.mean_cost, many.mean_cost[:2, :1])
    for kind in Kind:
        plain, dear = (run(exercise(kind, worth=w), probe(kind), replications=3, seed=seed, path="python") for w in (1, -8))
        np.testing.assert_array_equal(dear.reward, -8.0 * plain.reward)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"kind": "ARMS"}, BadValue, "kind: got 'ARMS'; allowed: ARM, REQUEST, VECTOR; did you mean 'ARM'?"),
        ({"kind": 0}, BadValue, "kind: got 0"),
        ({"law": "HALT"}, BadValue, "law: got 'HALT'; allowed: STOP, SKIP, RUIN"),
        ({"actions": 0}, BadValue, "actions: got 0"),
        ({"actions": "two"}, BadType, "actions: got 'two'"),
        ({"resources": -1}, BadValue, "resources: got -1"),
        ({"horizon": 2.5}, BadValue, "horizon: got 2.5"),
        ({"seed": -1}, BadValue, "seed: got -1"),
        ({"worth": math.nan}, BadValue, "worth: got nan"),
        ({"budget": -1}, BadValue, "budget: got -1"),
        ({"equal": 1}, BadType, "equal: got 1; allowed: True or False"),
        ({"kind": "VECTOR", "masked": True}, BadValue, "masked: got True for VECTOR; allowed: of ARM only"),
        ({"kind": "REQUEST", "idle": True}, BadValue, "idle: got True for REQUEST"),
        ({"whole": False}, BadValue, "whole: got False for ARM; allowed: of VECTOR only"),
        ({"law": RUIN, "resources": 2}, BadValue, "resources: got 2 under RUIN; allowed: one stock"),
        ({"law": RUIN, "renewed": True}, BadValue, "renewed: got True under RUIN"),
        ({"resources": 0, "budget": 3}, BadValue, "budget: got 3; allowed: None where there are 0 resources"),
        ({"renewed": True, "budget": 3}, BadValue, "budget: got 3; allowed: None where it is renewed"),
    ],
    ids=lambda v: str(v) if isinstance(v, dict) else "",
)
def test_what_is_wrong_gets_one_line(arguments, error, said):
    with pytest.raises(error) as raised:
        exercise(**{"kind": ARM, **arguments})
    assert str(raised.value).startswith(said) and "\n" not in str(raised.value)
