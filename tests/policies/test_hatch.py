"""HATCH and its three companions: the closed form of the program, budgets, one class, twins, and where a fixed width fails."""

import math
import time
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim import BudgetsimError, engine
from budgetsim.model import Outcome
from budgetsim.policies.cluster_ucb_alp import cluster_ucb_alp
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.greedy_linucb import greedy_linucb
from budgetsim.policies.hatch import hatch
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.random_linucb import random_linucb
from budgetsim.problems.contextual_bandit import contextual_bandit
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.shared.ridge import ridge, ridge_add, ridge_scores
from budgetsim.shared.user_classes import User, chance, rank
from budgetsim.theory.user_contexts import five_classes

from ..references import cluster_ucb_alp as cluster_twin
from ..references import hatch as hatch_twin
from ..test_twins import p_values
from .tiny import played

LEVEL = 1e-4
MANY = settings(max_examples=200, deadline=None)
unit = st.floats(0.0, 1.0)


def program(share, value, rate):
    """p (J,) as the rules find it, one class at a time."""
    order = np.arange(float(share.size))
    rank(order, value)
    return np.array([chance(order, share, rate, j) for j in range(share.size)])


@st.composite
def classes(draw):
    """Class probabilities (some may be 0), values with ties, a rate."""
    n = draw(st.integers(1, 7))
    share = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)), float)
    share[draw(st.integers(0, n - 1))] += 1.0
    value = np.array(draw(st.lists(st.one_of(unit, st.sampled_from([0.0, 0.5, 1.0])), min_size=n, max_size=n)))
    return share / share.sum(), value, draw(st.one_of(st.floats(0.0, 1.3), st.integers(0, 8).map(lambda i: i / 8)))


# ------------------------------------------------------------------------------------------------ the program
@MANY
@given(classes())
def test_the_closed_form_is_the_linear_program(drawn):
    """Property 1 of the (f) list: the closed form is feasible and as good as HiGHS."""
    share, value, rate = drawn
    p = program(share, value, rate)
    assert np.all((p >= 0) & (p <= 1)) and share @ p <= min(rate, 1) + 1e-12
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}  # by default a value of 1e-8 is nothing to HiGHS
    solved = linprog(-share * value, share[None], [rate], bounds=(0, 1), method="highs", options=tight)
    assert (share * value) @ p == pytest.approx(-solved.fun, abs=1e-9)
    dual = min(rate * price + share @ np.maximum(value - price, 0) for price in (0.0, *value))
    assert (share * value) @ p == pytest.approx(dual, abs=1e-12)


@MANY
@given(classes(), st.integers(0, 6), unit)
def test_p_is_monotone_in_the_value_and_in_the_rate(drawn, which, more):
    """Property 2: a class that becomes more valuable is served no less, and with a greater rate no class is served less."""
    share, value, rate = drawn
    j = which % share.size
    raised = value.copy()
    raised[j] += more
    assert program(share, raised, rate)[j] >= program(share, value, rate)[j] - 1e-12
    assert np.all(program(share, value, rate + more) >= program(share, value, rate) - 1e-12)


@MANY
@given(classes())
def test_the_expected_spend_of_a_round_is_the_rate(drawn):
    """Property 4: sum_j phi_j p_j = min(rate, 1)."""
    share, value, rate = drawn
    assert share @ program(share, value, rate) == pytest.approx(min(rate, 1.0), abs=1e-12)


@MANY
@given(st.lists(st.sampled_from([0.1, 0.3, 0.3, 0.8]), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_rank_sorts_by_value_then_by_number(value, random):
    value, order = np.array(value), np.arange(float(len(value)))
    random.shuffle(order)
    rank(order, value)
    assert order.astype(int).tolist() == np.argsort(-value, kind="stable").tolist()


# ------------------------------------------------------------------------------------------------ the rule's parts
@MANY
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 4), st.floats(0.1, 3.0), st.floats(0.01, 10.0), st.floats(0.0, 2.0))
def test_the_class_value_is_the_ridge_at_the_centre(rewards, d, length, penalty, width):
    """The one number that is kept instead of a d x d matrix predicts the same."""
    centre = np.random.default_rng(d).normal(size=d)
    centre *= length / np.linalg.norm(centre)
    problem = contextual_bandit([1.0], [centre], np.zeros((2, d)), 50, 100)
    policy, model = hatch(class_alpha=width, penalty=penalty), ridge(1, d, penalty)
    memory, params = policy.init(problem.spec)
    assert memory.value[0] == 1.0
    for r in rewards:
        policy.update(memory, params, User(centre, np.zeros(1)), 1, Outcome(float(r), np.ones(1), (), 0), 0)
        ridge_add(model, 0, centre, float(r))
        assert memory.value[0] == pytest.approx(ridge_scores(model, 0, centre, width)[0], rel=1e-7, abs=1e-9)


class Told(NamedTuple):
    made: object
    twin: object
    wrong: dict  #: a constant of the twin that is not the rule's


RULES = {
    "hatch": Told(hatch(), hatch_twin, {"class_alpha": 4.0}),
    "greedy_linucb": Told(greedy_linucb(), hatch_twin, {"whom": "all", "alpha": 6.0}),
    "random_linucb": Told(random_linucb(), hatch_twin, {"whom": "coin", "alpha": 6.0}),
    "cluster_ucb_alp": Told(cluster_ucb_alp(), cluster_twin, {"radius": 4.0}),
}
BUDGET, HORIZON, RUNS = 100, 400, 600


def users():
    """Three classes, four arms, three dimensions; an arm that is much better depends on the context."""
    rng = np.random.default_rng(5)
    centres = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.1], [0.4, 0.4, 0.8]])
    weights = rng.uniform(0, 1, (3, 4, 3)) * np.array([0.3, 0.6, 0.9])[:, None, None]
    return np.array([0.5, 0.3, 0.2]), centres, weights, np.array([[0.0], [0.05], [0.1]]) + np.zeros((3, 4)), 0.3


def rewards(rule, seed, runs=RUNS):
    share, centres, weights, offset, spread = users()
    problem = contextual_bandit(share, centres, weights, BUDGET, HORIZON, offset, spread)
    return engine.play_block(engine.prepare(problem, rule), seed, 0, runs, np.array([HORIZON // 2, HORIZON]))


@pytest.mark.parametrize("name", RULES)
def test_the_rule_agrees_with_its_twin_and_not_with_another_constant(name, seed):
    told = RULES[name]
    ours = rewards(told.made, seed).reward[:, -1]
    right = {k: v for k, v in told.wrong.items() if k == "whom"}
    twins = [told.twin.simulate(*users(), BUDGET, HORIZON, RUNS, np.random.default_rng(seed), **options) for options in (right, told.wrong)]
    print(f"{name}: {ours.mean():.2f} +- {ours.std() / math.sqrt(RUNS):.2f}", *(f"{t.mean():.2f} +- {t.std() / math.sqrt(RUNS):.2f}" for t in twins))
    assert min(p_values(ours, twins[0])) > LEVEL
    assert p_values(ours, twins[1])[0] < LEVEL  # control


# ------------------------------------------------------------------------------------------------ budgets
small = st.integers(0, 2**32)


@MANY
@given(small, st.integers(1, 3), st.floats(0.0, 30.0), st.sampled_from(sorted(RULES)))
def test_the_budget_is_never_overdrawn(seed, n, budget, name):
    """Property 3: spent <= budget in every round, and no recommendation is void: rules know what they can pay. Played by hand."""
    rng = np.random.default_rng(seed)
    problem = contextual_bandit(rng.dirichlet(np.ones(n)), rng.normal(size=(n, 2)), rng.random((n, 3, 2)), budget, 20)
    log = played(problem, RULES[name].made, seed=seed)
    sent = (log.action[0, :, 0] >= 0).cumsum()
    assert np.all(sent <= budget * (1 + 1e-12)) and log.void[0, -1] == 0
    assert log.spent[0, -1, 0] == sent[-1] and log.rounds[0, -1] == 20


@MANY
@given(small, st.integers(1, 4), st.integers(0, 25), st.sampled_from(["hatch", "cluster_ucb_alp"]))
def test_a_whole_budget_is_spent_to_the_last_unit(seed, n, budget, name):
    """What the adaptive program adds to property 4: b / tau reaches 1 before time runs out, so every run spends min(B, T)."""
    rng = np.random.default_rng(seed)
    problem = contextual_bandit(rng.dirichlet(np.ones(n)), rng.normal(size=(n, 2)), rng.random((n, 2, 2)), budget, 15)
    assert played(problem, RULES[name].made, seed=seed).spent[0, -1, 0] == min(budget, 15)


def test_spending_is_even_on_average_and_greedy_is_the_control(seed):
    """Property 4 along a run: half of the budget at half time, within 5 standard errors of 600 runs."""
    half = {name: rewards(RULES[name].made, seed).spent[:, 0, 0] for name in RULES}
    for name, spent in half.items():
        off = abs(spent.mean() - BUDGET / 2) > 5 * max(spent.std(), 1e-9) / math.sqrt(RUNS)
        assert off == (name == "greedy_linucb"), name


# ------------------------------------------------------------------------------------------------ one class
def one_class(budget=30, horizon=120):
    return contextual_bandit([1.0], [[1.0, 0.3]], [[0.9, 0.0], [0.1, 0.8]], budget, horizon, spread=0.5)


def test_with_one_class_hatch_is_random_pacing(seed):
    """Property 5, where the rate is what is left / rounds to go: the same actions, round by round, on 200 runs."""
    logs = [played(one_class(), p, seed, 200, "rows") for p in (hatch(), random_linucb(pacing="adaptive"))]
    np.testing.assert_array_equal(logs[0].action, logs[1].action)
    assert np.all(logs[0].spent[:, -1] == 30)
    share = (logs[0].action[:, :, 0] >= 0).mean(axis=0)
    assert abs(share - 0.25).max() < 5 * math.sqrt(0.25 * 0.75 / 200)  # every round is served with probability rho


def test_property_5_is_false_as_written(seed):
    """Counterexample: serving with the fixed probability rho leaves money on the table, which HATCH with one class never does."""
    log = played(one_class(), random_linucb(), seed, 200, "rows")
    assert log.spent[:, -1].min() < 30 == log.spent[:, -1].max()


# ------------------------------------------------------------------------------------------------ what the numbers say
PRINTED = {0.125: (243, 240, 443), 0.25: (466, 460, 857), 0.5: (958, 967, 1427)}


def test_the_printed_table(seed):
    """Section 3(g), 3 runs without standard errors: ours is within 4 standard errors of 3 runs; the order is strict."""
    for ratio, printed in PRINTED.items():
        problem = contextual_bandit(**five_classes()._asdict(), budget=8000 * ratio, horizon=8000)
        found = []
        for policy, number in zip((greedy_linucb(), random_linucb(), hatch()), printed, strict=True):
            reward = engine.play_block(engine.prepare(problem, policy), seed, 0, 60, np.array([8000])).reward[:, -1]
            print(f"rho {ratio} {policy.name.split('(')[0]}: {reward.mean():.0f} +- {reward.std() / math.sqrt(60):.1f}, printed {number}")
            assert abs(reward.mean() - number) < 4 * reward.std() * math.sqrt(1 / 3 + 1 / 60)
            found.append(reward)
        assert found[2].mean() > 1.4 * max(found[0].mean(), found[1].mean())


def test_a_width_that_does_not_grow_can_leave_the_best_class_for_good(seed):
    """Two classes of value .6 and .5, room for half of one: some runs of HATCH never return to the better, at any horizon; UCB-ALP's logarithm always does."""
    lost = {}
    for horizon in (2_000, 20_000):
        problem = contextual_bandit([0.5, 0.5], np.eye(2), np.zeros((2, 1, 2)), horizon / 4, horizon, offset=[[0.6], [0.5]], spread=0.0)
        for policy in (hatch(), cluster_ucb_alp()):
            reward = engine.play_block(engine.prepare(problem, policy), seed, 0, 1000, np.array([horizon])).reward[:, -1]
            lost[horizon, policy.name[:5]] = np.mean(horizon * 0.25 * 0.6 - reward > 0.8 * horizon * 0.25 * 0.1)
    print(lost)
    assert lost[20_000, "hatch"] > 0.02 and lost[20_000, "clust"] < 0.005


# ------------------------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize("make", [hatch, greedy_linucb, random_linucb, cluster_ucb_alp], ids=lambda f: f.__name__)
def test_other_problems_are_declined(make):
    spec = contextual_bandit([1.0], [[1.0]], [[1.0]], 1, 5).spec
    for wrong in (knapsack_bandit([0.5], [[0.5]], [3.0], 10).spec, spec._replace(budget=np.ones(2)), spec._replace(idle=False), spec._replace(renew=True)):
        with pytest.raises(BudgetsimError, match=make.__name__) as caught:
            make().init(wrong)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: hatch(alpha=-1), "alpha: got -1"),
        (lambda: hatch(penalty=0), "penalty: got 0"),
        (lambda: hatch(class_alpha="x"), "class_alpha"),
        (lambda: greedy_linucb(alpha=math.nan), "alpha: got nan"),
        (lambda: random_linucb(pacing="adaptve"), "did you mean 'adaptive'"),
        (lambda: cluster_ucb_alp(radius=-0.5), "radius: got -0.5"),
        (lambda: hatch().init(contextual_bandit([1.0], [[0.0]], [[1.0]], 1, 5).spec), "centre 0 for class 0"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says):
        make()


def speed(arms=100, dimension=5, horizon=10_000):
    """ns a round of each rule where every user is served, and of primal_dual on as many arms: CPU time, best of 5."""
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(5, dimension))
    crowd = contextual_bandit(np.full(5, 0.2), centres, 0.5 * rng.random((5, arms, dimension)), horizon, horizon)
    knapsack = knapsack_bandit(np.linspace(0.3, 0.7, arms), rng.uniform(0.1, 0.6, (arms, 1)), [0.6 * horizon], horizon)
    for problem, policy in ((crowd, fixed_arm(0)), (crowd, hatch()), (crowd, greedy_linucb()), (crowd, cluster_ucb_alp()), (knapsack, primal_dual())):
        game, best = engine.prepare(problem, policy), math.inf
        for _ in range(6):  # the first compiles
            start = time.thread_time()
            engine.play_block(game, 1, 0, 4, np.array([horizon]))
            best = min(best, time.thread_time() - start)
        print(f"{policy.name.split('(')[0]}: {best / 4 / horizon * 1e9:.0f} ns a round of {arms} arms")


if __name__ == "__main__":
    speed()
