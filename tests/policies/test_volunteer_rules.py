"""Rules for volunteers: whom they notify, what they decline, their twins, and what relabelling does not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine, folders
from budgetsim.draws import ROUND, nature_key, rule_key
from budgetsim.policies.occupancy_index import occupancy_index
from budgetsim.policies.random import random
from budgetsim.policies.vanilla_whittle import vanilla_whittle
from budgetsim.policies.whittle import whittle
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.volunteer_rescue import View, volunteer_rescue
from budgetsim.theory.volunteer_index import volunteer_index

from ..references import volunteers as twin

LEVEL = 1e-4
F, Q = np.array([0.2, 0.5, 0.3]), np.array([0.05, 0.3, 0.1, 0.2, 0.08, 0.15])
P = np.array([[0.9, 0.5, 0.6], [0.3, 0.45, 0.5], [0.7, 0.6, 0.1], [0.5, 0.5, 0.95], [0.95, 0.48, 0.7], [0.6, 0.2, 0.3]])
ALLOCATION, HORIZON, RUNS = np.array([2.0, 1.0, 2.0]), 200, 2000
ONES = np.ones(3)


def rescue(p=P, q=Q, f=F, allocation=ALLOCATION, horizon=HORIZON, **more):
    return volunteer_rescue(f, p, q, allocation, horizon, **more)


def chosen(rule, problem, context, active, t=0, seed=0):
    """Whom a rule notifies, in plain Python."""
    made = rule.init(problem.spec)
    memory, params = made if isinstance(made, tuple) and not hasattr(made, "_fields") else (made, ())
    out, view = np.full(problem.spec.n_actions, 7.0), View(np.array([float(context)]), np.array(active, float))
    left = np.array([problem.instance.allocation[context]])
    rule.act(memory, params, view, left, t, rule_key(nature_key(seed, 0, t, ROUND)), out)
    return out


def played(problem, rule, seed, runs=RUNS):
    log = engine.play_block(engine.prepare(problem, rule), seed, 0, runs, [problem.spec.horizon])
    assert not log.void.any() and not log.fault.any()
    return log.reward[:, -1]


def p_value(a, b):
    return float(stats.ttest_ind(a, b, equal_var=False).pvalue)


# ------------------------------------------------------------------------------------------------ whom they notify
@st.composite
def rounds(draw):
    """Volunteers in twentieths (ties), an allocation, a context and who is active."""
    n, k = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    whole = lambda low, high, many: np.array(draw(st.lists(st.integers(low, high), min_size=many, max_size=many)), float)  # noqa: E731
    f = whole(1, 20, k)
    problem = volunteer_rescue(f / f.sum(), whole(0, 20, n * k).reshape(n, k) / 20, whole(1, 20, n) / 20, whole(0, n, k), 10)
    return problem, draw(st.integers(0, k - 1)), whole(0, 1, n)


@settings(max_examples=300, deadline=None)
@given(rounds())
def test_whittle_notifies_the_greatest_indices(case):
    """Exact: the active volunteers of positive index, by falling index and rising number, as many as allowed; nobody who is away."""
    problem, k, active = case
    got = chosen(folders.bind(whittle, problem), problem, k, active)
    truth = problem.instance
    index = volunteer_index(truth.context_probability, truth.acceptance, truth.reactivation).indices[:, k]
    order = sorted((i for i in range(len(active)) if active[i] and index[i] > 0), key=lambda i: (-index[i], i))
    assert np.flatnonzero(got).tolist() == sorted(order[: int(truth.allocation[k])]) and set(got) <= {0.0, 1.0}


@settings(max_examples=300, deadline=None)
@given(rounds(), st.integers(0, 2**40))
def test_random_notifies_as_many_as_it_can(case, seed):
    """Exact: min(allowance, active) volunteers, all of them active."""
    problem, k, active = case
    got = chosen(random(), problem, k, active, seed=seed)
    assert got.sum() == min(problem.instance.allocation[k], active.sum()) and np.all(got <= active)


@settings(max_examples=200, deadline=None)
@given(rounds())
def test_vanilla_is_whittle_with_one_budget(case):
    """Exact: where all contexts are allowed the same, it is `whittle`; elsewhere it is `whittle` with min(allowance, floor(average))."""
    problem, k, active = case
    truth, b = problem.instance, np.floor(problem.spec.budget[0] + 1e-9)
    equal = volunteer_rescue(truth.context_probability, truth.acceptance, truth.reactivation, np.full(truth.allocation.size, b), 10)
    np.testing.assert_array_equal(chosen(folders.bind(vanilla_whittle, equal), equal, k, active), chosen(folders.bind(whittle, equal), equal, k, active))
    got, unbounded = (chosen(folders.bind(rule, problem), problem, k, active) for rule in (vanilla_whittle, whittle))
    assert got.sum() == min(unbounded.sum(), b) and np.all(got <= unbounded)


def test_random_sets_are_equally_likely(seed):
    """Five active, two allowed: each of 10 pairs in a tenth of 4,000 rounds (chi-squared); a rule that favours the first is told apart."""
    problem, active = rescue(), np.array([1, 1, 0, 1, 1, 1.0])
    pairs = [tuple(np.flatnonzero(chosen(random(), problem, 0, active, t, seed))) for t in range(4000)]
    kinds, found = np.unique(pairs, axis=0, return_counts=True)
    assert len(kinds) == 10 and stats.chisquare(found).pvalue > LEVEL
    found[0] += 150
    found[1] -= 150
    assert stats.chisquare(found).pvalue < LEVEL


def test_the_occupancy_program_notifies_who_it_should():
    """One context, room for all: everybody is notified always, shares are 1 and the index is p w. Nobody allowed: index 0."""
    problem = volunteer_rescue([1.0], [[0.2], [0.7], [0.5]], 0.3, [3], 10)
    assert chosen(folders.bind(occupancy_index, problem), problem, 0, [1, 1, 1]).tolist() == [1, 1, 1]
    one = volunteer_rescue([1.0], [[0.2], [0.7], [0.5]], 0.3, [1], 10)
    assert chosen(folders.bind(occupancy_index, one), one, 0, [1, 1, 1]).tolist() == [0, 1, 0]
    assert chosen(folders.bind(occupancy_index, one), one, 0, [1, 0, 1]).tolist() == [0, 0, 1]


@settings(max_examples=200, deadline=None)
@given(rounds())
def test_occupancies_are_feasible_and_reproduce_themselves(case):
    """The program's solution keeps its constraints to 1e-7; given as an argument it makes the same rule."""
    from budgetsim.policies.occupancy_index import solve
    from budgetsim.shared.volunteers import told

    problem, k, active = case
    truth = told(*problem.instance[:3], problem.instance.reward)
    a = solve(truth, problem.instance.allocation)
    u = 1 - (truth.p * a).sum(axis=1) / truth.q
    assert np.all(a >= -1e-9) and np.all(a <= truth.f * u[:, None] + 1e-7) and np.all(a.sum(axis=0) <= truth.f * problem.instance.allocation + 1e-7)
    given_one = occupancy_index(*problem.instance[:3], problem.instance.reward, np.clip(a, 0, 1))
    np.testing.assert_array_equal(chosen(given_one, problem, k, active), chosen(folders.bind(occupancy_index, problem), problem, k, active))


# ------------------------------------------------------------------------------------------------ twins
def test_whittle_agrees_with_its_twin(seed):
    """Reward over 200 rounds, 2,000 runs; controls: the twin that ranks by acceptance, and one with other volunteers."""
    ours, rng = played(rescue(), whittle(F, P, Q, ONES, 0.98), seed), np.random.default_rng(seed)
    theirs = twin.simulate(F, P, Q, ALLOCATION, HORIZON, RUNS, rng, twin.index(F, P, Q, 0.98))
    print(f"whittle {ours.mean():.3f} +- {ours.std() / RUNS**0.5:.3f}, twin {theirs.mean():.3f} +- {theirs.std() / RUNS**0.5:.3f}")
    assert p_value(ours, theirs) > LEVEL and stats.ks_2samp(ours, theirs).pvalue > LEVEL
    assert p_value(ours, twin.simulate(F, P, Q, ALLOCATION, HORIZON, RUNS, rng, P)) < LEVEL
    assert p_value(ours, twin.simulate(F, P, 1.2 * Q, ALLOCATION, HORIZON, RUNS, rng, twin.index(F, P, Q, 0.98))) < LEVEL


def test_random_agrees_with_its_twin(seed):
    """Control: a twin that draws from all volunteers, those who are away among them."""
    ours, rng = played(rescue(), random(), seed), np.random.default_rng(seed)
    theirs = twin.simulate(F, P, Q, ALLOCATION, HORIZON, RUNS, rng)
    print(f"random {ours.mean():.3f} +- {ours.std() / RUNS**0.5:.3f}, twin {theirs.mean():.3f} +- {theirs.std() / RUNS**0.5:.3f}")
    assert p_value(ours, theirs) > LEVEL and stats.ks_2samp(ours, theirs).pvalue > LEVEL
    assert p_value(ours, twin.simulate(F, P, Q, ALLOCATION, HORIZON, RUNS, rng, among="all")) < LEVEL


@pytest.mark.parametrize("name", ["vanilla_whittle", "occupancy_index"])
def test_a_baseline_agrees_with_its_twin(name, seed):
    """The average allocation is 1.5. Controls: the whole allocation; a program that thinks all rewards equal."""
    w, rng = np.array([1.0, 2.0, 3.0]) if name == "occupancy_index" else ONES, np.random.default_rng(seed)
    index = twin.index(F, P, Q, 0.98)
    right, wrong = {"vanilla_whittle": ((np.minimum(ALLOCATION, 1.0), index), (ALLOCATION, index)),
                    "occupancy_index": ((ALLOCATION, twin.occupancy_value(F, P, Q, w, ALLOCATION)), (ALLOCATION, twin.occupancy_value(F, P, Q, ONES, ALLOCATION)))}[name]  # fmt: skip
    rule = vanilla_whittle(F, P, Q, w, 0.98) if name == "vanilla_whittle" else occupancy_index(F, P, Q, w)
    ours = played(rescue(reward=w), rule, seed)
    theirs, other = (twin.simulate(F, P, Q, allocation, HORIZON, RUNS, rng, value, w=w) for allocation, value in (right, wrong))
    print(f"{name} {ours.mean():.3f} +- {ours.std() / RUNS**0.5:.3f}, twin {theirs.mean():.3f} +- {theirs.std() / RUNS**0.5:.3f}, control {other.mean():.3f}")
    assert p_value(ours, theirs) > LEVEL and stats.ks_2samp(ours, theirs).pvalue > LEVEL
    assert p_value(ours, other) < LEVEL


@pytest.mark.parametrize("name", ["whittle", "random"])
def test_relabelling_volunteers_and_contexts_changes_no_law(name, seed):
    """In distribution (two samples of 2,000 runs); control: other volunteers are told apart."""
    volunteers, contexts = np.array([3, 0, 5, 1, 4, 2]), np.array([2, 0, 1])
    problems = [
        rescue(),
        rescue(P[volunteers][:, contexts], Q[volunteers], F[contexts], ALLOCATION[contexts]),
        rescue(np.minimum(1.15 * P, 1.0), Q),
    ]
    one, two, other = (played(p, folders.bind(folders.factory("policies", name), p), seed + i) for i, p in enumerate(problems))
    assert p_value(one, two) > LEVEL and stats.ks_2samp(one, two).pvalue > LEVEL
    assert p_value(one, other) < LEVEL


def test_whittle_earns_more_than_random_and_than_acceptance_alone(seed):
    """On this instance and the same luck: paired, beyond 4 standard errors. With a discount near 0 the index is acceptance alone."""
    problem = rescue(horizon=1000)
    best = played(problem, whittle(F, P, Q, ONES), seed)
    for rule in (random(), whittle(F, P, Q, ONES, 1e-9)):
        gap = best - played(problem, rule, seed)
        assert gap.mean() > 4 * gap.std() / RUNS**0.5, rule.name


def test_whittle_loses_to_acceptance_where_allocations_are_unequal(seed):
    """The index charges one price for a notification; with (2, 8, 5) one is worth more in some contexts than in others. 25 volunteers,
    p, q, f uniform: with equal entries it beats the ranking by acceptance, here it loses to it: both paired, beyond 4 standard errors. Where all are away for long, `random` earns 99% of it."""
    rng = np.random.default_rng(1)
    f, p, q = rng.random(3), rng.random((25, 3)), rng.random(25)
    f = f / f.sum()
    for allocation, sign in (((5, 5, 5), 1), ((2, 8, 5), -1)):
        problem = rescue(p, q, f, allocation, 2000)
        index, acceptance, occupancy = (
            played(problem, rule, seed, 400) / 2000 for rule in (whittle(f, p, q, ONES), whittle(f, p, q, ONES, 1e-9), occupancy_index(f, p, q, ONES))
        )
        print(f"{allocation}: whittle {index.mean():.4f}, by acceptance {acceptance.mean():.4f}, occupancy_index {occupancy.mean():.4f}", end="; ")
        gap = index - acceptance
        print(f"whittle - acceptance {gap.mean():+.4f} +- {gap.std() / 400**0.5:.4f}")
        assert sign * gap.mean() > 4 * gap.std() / 400**0.5
    scarce = rescue(p, 0.03 * q, f, (5, 5, 5), 2000)
    index, anybody = (played(scarce, rule, seed, 400).mean() / 2000 for rule in (whittle(f, p, 0.03 * q, ONES), random()))
    print(f"scarce, (5, 5, 5): whittle {index:.4f}, random {anybody:.4f}")
    assert anybody > 0.99 * index


def test_everybody_meets_the_same_luck(seed):
    """With room for all, whoever ranks notifies the same set: the same rewards, run by run."""
    problem = rescue(allocation=[6, 6, 6])
    first = played(problem, random(), seed, 50)
    for name in ("whittle", "occupancy_index"):
        np.testing.assert_array_equal(first, played(problem, folders.bind(folders.factory("policies", name), problem), seed, 50))


#: section 6(g): 25 volunteers alike, exact average rewards of allocations
PRINTED = [
    ("F1", [0.17660598, 0.46380528, 0.35958873], [0.60906654, 0.13339096, 0.24058962], 0.11505457, {(10, 0, 8): 1.583134, (5, 5, 5): 1.277370}),
    ("F2", [0.5, 0.5], [0.999, 0.0], 0.2, {(8, 2): 3.2214, (9, 1): 3.3231, (10, 0): 3.3925}),
]


@pytest.mark.parametrize(("name", "f", "p", "q", "printed"), PRINTED, ids=[row[0] for row in PRINTED])
def test_printed_average_rewards_of_alike_volunteers(name, f, p, q, printed, seed):
    """Rounds 1,000 to 5,000 of 200 runs, within 4 standard errors of the printed exact value; which rule plays does not matter.

    Control: the other allocations' values are further away than that."""
    f = np.array(f) / np.sum(f)
    for allocation, value in printed.items():
        problem = volunteer_rescue(f, np.tile(p, (25, 1)), q, allocation, 5000)
        for rule in ("whittle", "random"):
            game = engine.prepare(problem, folders.bind(folders.factory("policies", rule), problem))
            log = engine.play_block(game, seed, 0, 200, [1000, 5000])
            reward = (log.reward[:, 1] - log.reward[:, 0]) / 4000
            error = reward.std() / 200**0.5
            print(f"{name} {allocation} {rule}: {reward.mean():.5f} +- {error:.5f}, printed {value}")
            assert abs(reward.mean() - value) <= 4 * error
            assert all(abs(reward.mean() - other) > 4 * error for other in printed.values() if other != value)


# ------------------------------------------------------------------------------------------------ declined
TURNING = [0.6, 0.4], [[0.5, 0.5], [0.5, 1.0]], [0.5, 0.02], [1.0, 0.55]


@pytest.mark.parametrize("rule", [whittle, vanilla_whittle])
def test_a_volunteer_without_an_index_is_refused_and_named(rule):
    with pytest.raises(BudgetsimError, match="reward: got rewards under which volunteer 1 has no Whittle index: in context 1"):
        rule(*TURNING, discount=0.98)
    with pytest.raises(BudgetsimError, match="volunteer 1 has no Whittle index"):
        folders.bind(rule, volunteer_rescue(*TURNING[:3], [1, 1], 10, reward=TURNING[3]))
    assert "rewards)" in rule(*TURNING[:3], [1.0, 1.0]).name and "rewards 0.5, 0.5)" in rule(*TURNING[:3], [0.5, 0.5]).name


@pytest.mark.parametrize("rule", [whittle, vanilla_whittle, occupancy_index])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"context_probability": [0.5, 0.5]}, "acceptance: got shape"),
        ({"context_probability": F + 1e-6}, "context_probability: sums to"),
        ({"acceptance": P[:0]}, "acceptance: got an empty array"),
        ({"acceptance": P + 0.1}, "acceptance: got 1.05"),
        ({"reactivation": Q[:3]}, "reactivation: got shape"),
        ({"reward": [1.0, 1.0]}, "reward: got shape"),
        ({"reward": -ONES}, "reward: got -1"),
    ],
)
def test_wrong_arguments(rule, changes, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        rule(**{"context_probability": F, "acceptance": P, "reactivation": Q, "reward": ONES} | changes)
    assert "\n" not in str(caught.value)


def test_more_wrong_arguments():
    with pytest.raises(BudgetsimError, match=r"discount: got 1\.2"):
        whittle(F, P, Q, ONES, 1.2)
    with pytest.raises(BudgetsimError, match="reactivation: got 0 for volunteer 2"):
        whittle(F, P, np.where(np.arange(6) == 2, 0.0, Q), ONES)
    with pytest.raises(BudgetsimError, match=r"occupancy: got shape \(2,\)"):
        occupancy_index(F, P, Q, ONES, [0.1, 0.2])
    with pytest.raises(BudgetsimError, match="occupancy: volunteer 4 accepts in"):
        occupancy_index(F, P, Q, ONES, np.full(P.shape, 0.3))


@pytest.mark.parametrize("rule", [whittle(F, P, Q, ONES), vanilla_whittle(F, P, Q, ONES), occupancy_index(F, P, Q, ONES), random()])
def test_foreign_problems_are_declined(rule):
    with pytest.raises(BudgetsimError, match="got a problem without contexts and active volunteers; allowed: a volunteer_rescue"):
        rule.init(knapsack_bandit([0.5], [[0.1]], [1.0], 10).spec)
    if not rule.name.startswith("random"):
        with pytest.raises(BudgetsimError, match=r"acceptance: got shape \(6, 3\) with 5 volunteers and 3 contexts; allowed: shape \(5, 3\)"):
            rule.init(rescue(P[:5], Q[:5]).spec)
