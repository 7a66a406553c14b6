"""Limits in which one family becomes another: exact where the theory is, each with a control.

Two more are held elsewhere: with one class HATCH is random pacing, action by action (`tests/policies/test_hatch.py`), and one arm under RUIN is ruined as often as the
gambler's formula says, statistically (`tests/test_metrics.py`).
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import ARM, BudgetsimError, Problem, Spec, draws, engine, folders
from budgetsim.model import Ended
from budgetsim.optima.averaging_weights import averaging_weights
from budgetsim.optima.class_allocation_lp import class_allocation_lp
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.survival_bandit import survival_bandit
from budgetsim.shared.organisations import organisation_enumeration, organisation_recursion, star, tree
from budgetsim.theory.majority_tree import level_map
from budgetsim.theory.ruin import gambler_ruin


def played(problem, policy, seed, replications=2):
    game = engine.prepare(problem, policy, "python")
    return engine.play_block(game, seed, 0, replications, np.array([problem.spec.horizon]), trace=True)


def accepted(name, *problems):
    """The rule for each of the problems; None where it declines one of them."""
    try:
        rules = [folders.bind(folders.factory("policies", name), p) for p in problems]
        for rule, problem in zip(rules, problems, strict=True):
            rule.init(problem.spec)
    except BudgetsimError:
        return None
    return rules if all(r.kind == p.spec.kind for r, p in zip(rules, problems, strict=True)) else None


# ------------------------------------------------------------------------------------------------ a budget that never binds
class Truth(NamedTuple):
    mean_reward: np.ndarray


def coin(instance, state, view, action, left, t, key, cost, seen):
    return draws.bernoulli(key, 2 * action, instance.mean_reward[action]) if action >= 0 else 0.0


R, C, HORIZON = np.array([0.3, 0.6, 0.5]), np.array([[0.2], [0.9], [0.5]]), 60
PLAIN = Problem(Spec(ARM, 3, HORIZON), Truth(R), coin, name="no budget at all")
LOOSE = {budget: knapsack_bandit(R, C, [budget], HORIZON, idle=False) for budget in (np.inf, 2.0 * HORIZON)}
FREE = [name for name in folders.names("policies") if accepted(name, PLAIN, *LOOSE.values())]


@pytest.mark.parametrize("name", FREE)
def test_a_budget_that_never_binds_gives_the_plain_bandits_run(name, seed):
    """Bit for bit: the same actions and rewards without a resource, with one that is infinite, and with more than can be spent."""
    logs = [played(p, r, seed) for p, r in zip((PLAIN, *LOOSE.values()), accepted(name, PLAIN, *LOOSE.values()), strict=True)]
    for log in logs[1:]:
        assert np.array_equal(log.action, logs[0].action) and np.array_equal(log.reward, logs[0].reward) and not log.void.any()


def test_a_budget_that_binds_does_not(seed):
    """Control; and enough rules are asked."""
    tight = knapsack_bandit(R, C, [10.0], HORIZON, idle=False)
    assert len(FREE) >= 10 and played(tight, ucb1(), seed).reward.sum() < played(PLAIN, ucb1(), seed).reward.sum()


# ------------------------------------------------------------------------------------------------ one arm under RUIN
def walk_survival(p, stock, horizon):
    """P(a walk of steps +1 and -1 from `stock` stays above 0), in fractions."""
    law = {stock: Fraction(1)}
    for _ in range(horizon):
        after = {}
        for b, chance in law.items():
            for to, q in ((b + 1, p), (b - 1, 1 - p)):
                after[to] = after.get(to, Fraction(0)) + chance * q
        law = {b: chance for b, chance in after.items() if b > 0}
    return sum(law.values())


def test_one_arm_under_ruin_is_a_random_walk(seed):
    """Each run is the walk of its own steps until it meets 0; its ruin is exactly that of fractions, and for ever that of the gambler."""
    for p, stock in ((Fraction(5, 8), 2), (Fraction(1, 2), 3), (Fraction(3, 8), 4)):
        law = [[1, -1]], [[float(p), float(1 - p)]]
        for horizon in (1, 7, 30):
            best, exact = ruin_dp(*law, stock, horizon, "survival"), walk_survival(p, stock, horizon)
            assert best.lower <= float(exact) <= best.upper and abs(best.value - float(exact)) < 1e-13
            assert horizon == 1 or not best.lower <= float(walk_survival(p, stock + 1, horizon)) <= best.upper, "control: another stock"
        for_ever = 1 - ((1 - p) / p) ** stock if p > Fraction(1, 2) else 0
        assert abs(ruin_dp(*law, stock, None, "survival").value - float(for_ever)) < 1e-9 and abs(1 - gambler_ruin(law[0][0], law[1][0], stock) - float(for_ever)) < 1e-9
        problem = survival_bandit(*law, stock, 30)
        for run, rounds in enumerate((log := played(problem, fixed_arm(0), seed, 40)).rounds[:, -1]):
            steps = engine.play_block(engine.prepare(problem, fixed_arm(0), "python"), seed, run, 1, np.arange(1, 31)).reward[0]
            path = stock + steps[: int(rounds)]
            assert (path[:-1] > 0).all() and (log.ended[run] == Ended.RUIN) == (path[-1] == 0) and (abs(np.diff(path)) == 1).all()


# ------------------------------------------------------------------------------------------------ one resource, unit costs
@settings(max_examples=200)
@given(st.lists(st.integers(0, 32), min_size=1, max_size=8), st.integers(0, 40))
def test_unit_costs_of_one_resource_are_the_sorted_prefix(sixteenths, quarters):
    """In fractions: the greatest rewards while the budget lasts, the next in part; so it is with classes of users. Control: the smallest first."""
    r, b = [Fraction(x, 16) for x in sixteenths], Fraction(quarters, 4)

    def prefix(order):
        left, total = b, Fraction(0)
        for x in order:
            total, left = total + x * min(left, 1), left - min(left, 1)
        return total

    best, users = prefix(sorted(r, reverse=True)), len(r)
    found = hindsight_lp([[float(x)] for x in r], [[[1.0]]] * users, [float(b)])
    classes = class_allocation_lp([1 / users] * users, [float(x) for x in r], float(b), users)
    for optimum in (found, classes):
        assert optimum.lower <= best <= optimum.upper and abs(optimum.value - best) <= 1e-12 * users
        assert prefix(sorted(r)) == best or not optimum.lower <= prefix(sorted(r)) <= optimum.upper


# ------------------------------------------------------------------------------------------------ a star is a tree of depth one
@pytest.mark.parametrize("leaves", [3, 5])
def test_a_star_is_a_tree_of_depth_one(leaves):
    """The same bias by recursion and by enumeration, to the last bit, that of one level of the tree's map; the same best weights. Control: depth two."""
    one, other, deep = star(leaves), tree(leaves, 1), tree(3, 2)
    for fidelity, correlation in ((1.0, 0.0), (0.9, 0.3)):
        for bias_of in (organisation_recursion, organisation_enumeration):
            a, b = (np.sort(bias_of(g, 0.2, fidelity, correlation)) for g in (one, other))
            assert np.array_equal(a, b)
        top = float(organisation_recursion(one, 0.2, fidelity, correlation).max())
        assert top == pytest.approx(float(level_map(0.2, leaves, correlation, fidelity)), abs=1e-14)
        assert abs(float(organisation_recursion(deep, 0.2, fidelity, correlation).max()) - top) > 1e-3
    values = [averaging_weights(g, 2.0, 0.3, 0.5).value for g in (one, other, deep)]
    assert values[0] == values[1] and abs(values[2] - values[0]) > 1e-3


# ------------------------------------------------------------------------------------------------ SKIP with free options
REWARD = np.random.default_rng(4).random((30, 3))
GIFTS = online_allocation(REWARD, np.zeros((30, 3, 2)), [1.0, 0.0])
BUYERS = [name for name in folders.names("policies") if accepted(name, GIFTS)]


@pytest.mark.parametrize("name", BUYERS)
def test_skip_with_free_options_never_skips(name, seed):
    """Even where a budget is 0: what costs nothing fits."""
    log = played(GIFTS, accepted(name, GIFTS)[0], seed)
    assert not log.void.any() and not log.spent.any() and (log.rounds == 30).all()


def test_skip_with_costs_skips(seed):
    """Control; and enough rules are asked."""
    dear = online_allocation(REWARD, np.ones((30, 3, 2)), [5.0, 9.0])
    assert len(BUYERS) >= 3 and any(played(dear, accepted(name, dear)[0], seed).void.any() for name in BUYERS if accepted(name, dear))
