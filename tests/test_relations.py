"""The metamorphic laws: the house's rules keep them, and for each there is a rule that breaks it."""

import math
import sys
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import ARM, REQUEST, VECTOR, Policy, draws, folders, relations
from budgetsim.arguments import BadValue
from budgetsim.exercises import exercise, exercises, probe
from budgetsim.model import Nothing
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.stochastic_bandit import bernoulli, gaussian, stochastic_bandit
from budgetsim.relations import BLIND, BOUNDED, DEGENERATE, EXCHANGED, EXTENDED, RELABELLED, SCALED

from .strategies import Means, forget, greedy, means_init, means_update, planned

ARMS, SCARCE, SKIPPED, RUINOUS, SOMETIMES, RENEWED = exercises(ARM)
REQUESTS, AMOUNTS = exercises(REQUEST)[1], exercises(VECTOR)[0]
EXAMINE = {r.claim: r.examine for r in relations.RELATIONS}


def found(claim, rule, problem, seed=1):
    """What a law says of a rule, or of the factory that makes it."""
    return EXAMINE[claim](lambda p: rule if isinstance(rule, Policy) else folders.bind(rule, p), problem, seed)


def house(name):
    return folders.factory("policies", name)


# ------------------------------------------------------------------------------------------------ wrong rules
class Radius(NamedTuple):
    radius: np.ndarray


def optimist(memory, bonus, t):
    best = 0
    for k in range(memory.mean.size):
        if memory.pulls[k] == 0.0:
            return k
        if memory.mean[k] + bonus * (k == 2) > memory.mean[best] + bonus * (best == 2):
            best = k
    return best


def act_greedily(memory, params, view, left, t, key):
    return optimist(memory, 0.0, t)


def act_fond_of_two(memory, params, view, left, t, key):
    return optimist(memory, 0.4, t)


def act_often_two(memory, params, view, left, t, key):
    return 2 if draws.uniform(key, 0) < 0.6 else optimist(memory, 0.0, t)


def act_ucb(memory, params, view, left, t, key):
    for k in range(memory.mean.size):
        if memory.pulls[k] == 0.0:
            return k
    return int(np.argmax(memory.mean + np.sqrt(2.0 * np.log(t) / memory.pulls)))


def act_of_three(memory, params, view, left, t, key):
    return t % 3


def act_second_best(memory, params, view, left, t, key):
    return int(np.argsort(memory.mean)[-2])


def act_by_gap(memory, params, view, left, t, key):
    for k in range(memory.mean.size):
        if memory.pulls[k] == 0.0:
            return k
    memory.mean[:] = memory.mean / memory.mean.max() if memory.mean.max() > 0.0 else np.nan
    return t % memory.mean.size


def act_rich(memory, params, view, left, t, key):
    return 0 if left[0] > 10.0 else 1


def take_cheapest_of_first(memory, params, view, left, t, key):
    return int(np.argmin(view.cost[:, 0]))


def take_option_two(memory, params, view, left, t, key):
    return 2 if view.reward[2] > 0.1 else int(np.argmax(view.reward))


def take_best(memory, params, view, left, t, key):
    return int(np.argmax(view.reward))


def order_first(memory, params, view, left, t, key, chosen):
    chosen[:] = 0.0
    chosen[0] = max(1.0, memory.mean[0])


def follow_demand(memory, params, view, left, t, key, chosen):
    chosen[:] = memory.mean


def remember_demand(memory, params, view, action, outcome, t):
    memory.mean[:] = outcome.seen.demand


def act_peeks(memory, params, view, left, t, key):
    frame = sys._getframe()
    while "instance" not in frame.f_locals:
        frame = frame.f_back
    return int(np.argmax(frame.f_locals["instance"].mean_reward))


def act_lives_ahead(memory, params, view, left, t, key):
    """Plays nature's next round for itself, in which luck has not been observed, and does what would have paid."""
    frame = sys._getframe()
    while "instance" not in frame.f_locals:
        frame = frame.f_back
    v = frame.f_locals
    later = draws.nature_key(v["job"].seed, v["replication"], t + 3, draws.ROUND)
    pays = [frame.f_globals["step"](v["instance"], v["state_r"], view, k, left, t + 3, later, np.zeros(left.size), v["seen"]) for k in range(memory.mean.size)]
    return int(np.argmax(pays))


def act_sees_coins(memory, params, view, left, t, key):
    frame = sys._getframe()
    while "instance" not in frame.f_locals:
        frame = frame.f_back
    same = frame.f_locals["key"]
    coin = draws.Key(same.x0, same.x1, same.seed, same.replication)
    return int(np.argmax([draws.uniform(coin, k) < p for k, p in enumerate(frame.f_locals["instance"].mean_reward)]))


def learner(act, **changes):
    """A rule that remembers means."""
    return Policy(ARM, means_init, act, means_update, name=act.__name__)._replace(**changes)


# ------------------------------------------------------------------------------------------------ other names
@pytest.mark.parametrize("problem", [ARMS, SCARCE, SKIPPED, RUINOUS, SOMETIMES], ids=lambda p: p.name)
@pytest.mark.parametrize("name", ["ucb1", "kl_ucb", "density_greedy"])
def test_rules_without_ties_are_relabelled_bit_for_bit(name, problem):
    holds, why = found(RELABELLED, house(name), problem)
    assert holds is True and why.startswith("bit for bit"), why


def test_options_of_a_request_and_amounts_are_relabelled_bit_for_bit():
    assert found(RELABELLED, house("dual_descent"), REQUESTS) == (True, "bit for bit")
    assert found(RELABELLED, Policy(VECTOR, means_init, follow_demand, remember_demand), AMOUNTS) == (True, "bit for bit")


def test_a_rule_that_draws_is_relabelled_in_law():
    holds, why = found(RELABELLED, house("epsilon_greedy"), ARMS)
    assert (holds, why) == (True, "it draws: two samples of 24 runs, level 1e-08")


PREFERS = [
    (learner(act_fond_of_two), ARMS),
    (learner(act_often_two), ARMS),
    (Policy(REQUEST, means_init, take_option_two, forget), REQUESTS),
    (Policy(VECTOR, means_init, order_first, remember_demand), AMOUNTS),
]


@pytest.mark.parametrize(("rule", "problem"), PREFERS, ids=lambda v: v.name if not isinstance(v, Policy) else v.act.__name__)
def test_a_preference_that_is_written_in_is_refused(rule, problem):
    holds, why = found(RELABELLED, rule, problem)
    assert holds is False and "is taken" in why, why


def test_the_power_against_a_rule_that_often_takes_arm_two():
    """20 seeds: refused each time, so that with confidence .99 the power is at least 1 - .21; and the honest rule never is."""
    assert all(found(RELABELLED, learner(act_often_two), ARMS, seed)[0] is False for seed in range(20))
    assert all(found(RELABELLED, greedy(), ARMS, seed)[0] is True for seed in range(5))


@pytest.mark.parametrize(
    ("rule", "problem", "why"),
    [
        (house("fixed_arm"), SCARCE, "nothing that nature does"),
        (house("uniform"), ARMS, "nothing that nature does"),
        (lambda mean_reward: planned(int(np.argmax(mean_reward))), ARMS, "it is told mean_reward"),
        (learner(act_greedily, init=lambda spec: Means(np.zeros(spec.n_actions), 0.1 * np.arange(spec.n_actions))), ARMS, "0.mean, as init returns it"),
        (house("ucb1"), exercise("ARM", actions=1), "there is one action"),
        (house("marab"), RENEWED, "depends on when it is tried"),
        (house("explore_then_commit"), exercise("ARM", horizon=5), ""),
        (house("primal_dual"), folders.factory("problems", "dynamic_pricing")(), ""),
        (house("ucb1"), REQUESTS, "chooses ARM"),
    ],
)
def test_who_need_not_treat_arms_alike_is_passed_by_name(rule, problem, why):
    holds, said = found(RELABELLED, rule, problem)
    assert holds is None and why in said, said


@pytest.mark.parametrize("explore", [1, 2, 5, 7, 13, 25])
def test_the_order_in_which_arms_are_tried_is_no_preference(explore):
    for arms, horizon in ((2, 20), (3, 60), (5, 20), (5, 60)):
        assert found(RELABELLED, house("explore_then_commit")(explore), exercise("ARM", actions=arms, horizon=horizon))[0] is not False


def test_the_level_of_the_rank_test_is_exact():
    """Over all ways to deal k high values to samples of 5 and 7, the chance of a probability <= a is at most a."""
    for k in range(1, 7):
        chance = {}
        for x in range(max(0, k - 7), min(5, k) + 1):
            one, other = np.arange(5) < x, np.arange(7) < k - x
            ways = Fraction(math.comb(5, x) * math.comb(7, k - x), math.comb(12, k))
            p = relations.rank_test(one.astype(float), other.astype(float))
            chance[p] = chance.get(p, 0) + ways
        total = Fraction(0)
        for p in sorted(chance):
            total += chance[p]
            assert total <= Fraction(p) + Fraction(1, 10**12)
    assert all(a >= b for a, b in pairwise(relations.rank_test(np.zeros(n), np.ones(n)) for n in range(2, 9)))


# ------------------------------------------------------------------------------------------------ resources and units
@pytest.mark.parametrize(("name", "problem"), [("dual_descent", REQUESTS), ("primal_dual", SCARCE), ("ucb1", SKIPPED)])
def test_resources_may_be_exchanged(name, problem):
    assert found(EXCHANGED, house(name), problem) == (True, "bit for bit")


def test_a_rule_that_looks_at_one_resource_only_is_refused():
    holds, why = found(EXCHANGED, Policy(REQUEST, means_init, take_cheapest_of_first, forget), REQUESTS)
    assert holds is False and "after the change" in why
    unequal = SCARCE._replace(spec=SCARCE.spec._replace(budget=np.array([30.0, 9.0])))
    assert found(EXCHANGED, learner(act_rich), unequal)[0] is False
    assert found(EXCHANGED, house("ucb1"), ARMS) == (None, "there are fewer than two resources")
    told = Policy(ARM, lambda spec: (means_init(spec), Radius(np.array([1.0, 2.0]))), act_rich, means_update)
    assert "params" not in found(EXCHANGED, told, SCARCE)[1] and "1.radius, as init returns it" in found(EXCHANGED, told, SCARCE)[1]


def test_only_a_label_claims_that_units_do_not_matter():
    assert found(SCALED, learner(act_greedily, name="greedy, scale-free"), SCARCE) == (True, "")
    assert found(SCALED, Policy(REQUEST, means_init, take_best, forget, name="best, scale-free"), REQUESTS) == (True, "")
    holds, why = found(SCALED, learner(act_ucb, name="ucb, scale-free"), ARMS)
    assert holds is False and "scale-free, and rewards times 4" in why
    holds, why = found(SCALED, learner(act_rich, name="rich, scale-free in costs"), SCARCE)
    assert holds is False and "costs and budgets times 4" in why
    assert found(SCALED, learner(act_rich, name="rich, scale-free in rewards"), SCARCE)[0] is True
    assert found(SCALED, house("ucb1"), ARMS)[0] is None
    assert found(SCALED, learner(act_greedily, name="greedy, scale-free"), RUINOUS)[0] is None


# ------------------------------------------------------------------------------------------------ horizons
def test_who_is_not_told_the_horizon_does_not_know_it():
    told: list[int] = []

    def init(spec):
        told.append(spec.horizon)
        return means_init(spec)

    def act(memory, params, view, left, t, key):
        return 0 if 4 * t < told[-1] or 4 * t > 3 * told[-1] else 1

    def act_anew(memory, params, view, left, t, key):
        return t % max(1, told[0] // 7) % 2

    holds, why = found(EXTENDED, lambda: learner(act, init=init), ARMS)
    assert holds is False and "30 and for 60 rounds" in why
    assert found(EXTENDED, house("ucb1"), ARMS) == (True, "")
    assert found(EXTENDED, house("moss"), ARMS)[0] is None
    assert found(EXTENDED, house("primal_dual"), SCARCE)[0] is None
    scheduled = Policy(ARM, means_init, act_greedily, means_update, replan=lambda *a: None, schedule=lambda spec: [spec.horizon // 3])
    assert found(EXTENDED, scheduled, ARMS)[0] is None
    assert found(EXTENDED, lambda horizon: learner(act_greedily, name=f"greedy for {horizon}"), ARMS)[0] is None


# ------------------------------------------------------------------------------------------------ degenerate instances
@pytest.mark.parametrize(("name", "problem", "why"), [
    ("ucb1", SCARCE, ""), ("thompson", ARMS, ""), ("primal_dual", SCARCE, "declines no budget"), ("dual_descent", REQUESTS, ""), ("exp3", SOMETIMES, "")])  # fmt: skip
def test_degenerate_instances_are_played_or_declined(name, problem, why):
    assert found(DEGENERATE, house(name), problem) == (True, why)


def init_by_log(spec):
    return means_init(spec), Radius(np.array([1.0 / math.log(spec.horizon)]))


def init_by_rate(spec):
    return means_init(spec), Radius(np.array([math.log(spec.budget[0])]))


@pytest.mark.parametrize(
    ("rule", "problem", "why"),
    [
        (learner(act_of_three), ARMS, "one action: act: act_of_three returned 1; allowed: 0 to 0"),
        (learner(act_second_best), ARMS, "one action: act_second_best: raised IndexError"),
        (learner(act_greedily, init=init_by_log), ARMS, "one round: init: raised ZeroDivisionError"),
        (learner(act_greedily, init=init_by_rate), SCARCE, "no budget: init: raised ValueError"),
        (learner(act_by_gap), ARMS, "rewards of 0: memory holds a NaN"),
        (Policy(REQUEST, means_init, take_option_two, forget), REQUESTS, "one action: take_option_two: raised IndexError"),
    ],
    ids=lambda v: getattr(getattr(v, "act", None), "__name__", None) or "",
)
def test_a_rule_that_breaks_on_a_degenerate_instance_is_told_on_which(rule, problem, why):
    holds, said = found(DEGENERATE, rule, problem)
    assert holds is False and said.startswith(why), said


def test_a_decline_is_no_break():
    def init(spec):
        if spec.n_actions < 2:
            raise BadValue("n_actions: got 1; allowed: at least 2")
        return means_init(spec)

    assert found(DEGENERATE, learner(act_second_best, init=init), ARMS) == (True, "declines one action")


# ------------------------------------------------------------------------------------------------ hidden truth
@pytest.mark.parametrize(("name", "problem"), [("ucb1", ARMS), ("thompson", SCARCE), ("primal_dual", SKIPPED), ("dual_descent", REQUESTS), ("exp3", RENEWED)])
def test_rules_of_the_house_know_what_they_observe(name, problem):
    assert found(BLIND, house(name), problem)[0] is True


def test_public_numbers_are_no_secret():
    problem = stochastic_bandit(gaussian([0.1, 0.9], [0.3, 0.7]), 30)
    rule = learner(act_greedily, init=lambda spec: (means_init(spec), Radius(spec.public.sigma.copy())))
    assert found(BLIND, rule, problem)[0] is True


def test_a_rule_that_closes_over_the_instance_is_refused():
    means = ARMS.instance.mean_reward

    def act_closed(memory, params, view, left, t, key):
        return int(np.argmax(means))

    def act_problem(memory, params, view, left, t, key):
        return int(np.argmax(ARMS.instance.mean_reward))

    for act in (act_closed, act_peeks):
        holds, why = found(BLIND, learner(act), ARMS)
        assert holds is False and "round 0 is played differently on a twin" in why, why
    assert found(BLIND, learner(act_problem), ARMS)[0] is False
    copied = Policy(ARM, lambda spec: (Nothing(), Radius(means.copy())), act_of_three, forget)
    numbers = means.tolist()
    listed = Policy(ARM, means_init, lambda memory, params, view, left, t, key: numbers.index(max(numbers)), means_update)
    assert found(BLIND, copied, ARMS) == (False, "memory holds instance.mean_reward, which a factory asks for by an argument mean_reward, or does not know")
    assert found(BLIND, listed, ARMS)[1].startswith("act holds instance.mean_reward")
    assert ARMS.instance.mean_reward.tolist() == [0.3, 0.5, 0.7]  # put back


def test_a_rule_that_lives_ahead_is_refused():
    holds, why = found(BLIND, learner(act_lives_ahead), ARMS)
    assert holds is False and "looks the same before it" in why


def test_who_says_what_he_is_told_is_passed_by_name():
    assert found(BLIND, lambda mean_reward: planned(int(np.argmax(mean_reward))), ARMS) == (None, "claims no ignorance: it is told mean_reward")
    oracle = Policy(ARM, lambda spec: (Nothing(), Radius(ARMS.instance.mean_reward.copy())), act_of_three, forget, name="best arm(told the means)")
    assert found(BLIND, oracle, ARMS)[0] is None
    assert found(BLIND, oracle._replace(name="best arm(told the horizon)"), ARMS)[0] is False


# ------------------------------------------------------------------------------------------------ beside an optimum, and speed
def test_no_rule_earns_more_than_the_optimum():
    for name, problem in (("ucb1", ARMS), ("primal_dual", SCARCE), ("ucb1", SOMETIMES), ("thompson", stochastic_bandit(bernoulli([0.2, 0.9]), 80))):
        holds, why = found(BOUNDED, house(name), problem)
        assert holds is True and "48 runs" in why
    best = stochastic_bandit(bernoulli([0.3, 0.5, 0.7]), 60)
    assert found(BOUNDED, house("fixed_arm")(2), best)[0] is True
    holds, why = found(BOUNDED, learner(act_sees_coins), best)
    assert holds is False and "best_fixed_arm is at most 42" in why
    for problem in (SKIPPED, RUINOUS, RENEWED, REQUESTS, AMOUNTS):
        assert found(BOUNDED, probe(problem.spec.kind), problem)[0] is None


def test_a_budget_bounds_what_is_earned_as_well():
    """Two arms that pay 1 for 1 unit with chance .5 each: 20 rounds, 5 units, at most LP(6) = 6; a refund is found out."""
    scarce = knapsack_bandit([0.5, 0.5], [[1.0], [1.0]], [5.0], 60)
    assert found(BOUNDED, house("ucb1"), scarce)[0] is True
    free = scarce._replace(step=lambda i, s, v, a, left, t, key, cost, seen: draws.bernoulli(key, a, 0.5))
    assert found(BOUNDED, house("ucb1"), free)[0] is False


def test_each_law_says_what_it_is():
    assert len(EXAMINE) == len(relations.RELATIONS) == 7
    assert all((r.kind == "statistical") == (0.0 < r.level < 1e-6) for r in relations.RELATIONS)
