"""Rules that watch a budget: by hand, by their formulas, and what they gain over a rule that does not."""

import math
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import ARM, SKIP, VECTOR, Policy, Problem, Spec, engine
from budgetsim.model import Ended
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1

from ..strategies import forget, planned_act, planned_init, scripted
from .tiny import Truth, actions, awkward, coins, played


# ------------------------------------------------------------------------------------------------ primal dual
def formula(reward, cost, budget, confidence, largest):
    """PrimalDualBwK with time as a resource among the others, every budget rescaled to the smallest, nothing cached."""
    (horizon, k), d = reward.shape, cost.shape[2]
    b = min(float((budget / largest).min()), horizon)
    level, epsilon = confidence * math.log(k * horizon * (d + 1)), math.sqrt(math.log(d + 1) / b)
    n, r, c, v, out = np.zeros(k), np.zeros(k), np.zeros((k, d)), np.ones(d + 1), []

    def lower(a):
        if n[a] == 0:
            return np.append(np.zeros(d), b / horizon)
        m = c[a] / n[a] / largest
        return np.append(np.maximum(m - np.sqrt(level * m / n[a]) - level / n[a], 0) * b * largest / budget, b / horizon)

    def density(a):
        m = r[a] / n[a]
        return min(m + math.sqrt(level * m / n[a]) + level / n[a], 1.0) / (v @ lower(a))

    left = budget.copy()
    for t in range(horizon):
        a = t if t < k else int(np.argmax([density(a) for a in range(k)]))
        if np.any(cost[t, a] > left + 1e-12 * budget):
            break
        v *= (1 + epsilon) ** lower(a)
        v /= v.sum()
        left -= cost[t, a]
        n[a] += 1
        r[a] += reward[t, a]
        c[a] += cost[t, a]
        out.append(a)
    return out


def instance(seed, horizon=600, scale=1.0):
    rng = np.random.default_rng(seed)
    reward = rng.random((horizon, 3)) * [0.9, 0.6, 0.4]
    cost = rng.random((horizon, 3, 2)) * np.array([[0.9, 0.2], [0.5, 0.8], [0.1, 0.3]]) * scale
    return reward, cost, np.array([0.25, 0.15]) * horizon * scale


def test_primal_dual_against_the_formula(seed):
    for confidence in (0.25, 0.02):
        reward, cost, budget = instance(seed)
        expected = formula(reward, cost, budget, confidence, np.ones(2))
        assert actions(scripted(reward, cost, budget), primal_dual(confidence=confidence)) == expected
        assert len(set(expected)) == 3


def test_control_primal_dual_with_another_constant(seed):
    reward, cost, budget = instance(seed)
    assert actions(scripted(reward, cost, budget), primal_dual(confidence=0.03)) != formula(reward, cost, budget, 0.02, np.ones(2))


def test_primal_dual_knows_the_unit(seed):
    """Costs in a unit 1/4096 of ours and the largest cost told in it: the same actions. Not told: costs stay unknown, and others follow."""
    reward, cost, budget = instance(seed)
    small = scripted(reward, cost / 4096, budget / 4096)
    same = actions(scripted(reward, cost, budget), primal_dual(confidence=0.02))
    assert actions(small, primal_dual(confidence=0.02, largest_cost=1 / 4096)) == same
    assert actions(small, primal_dual(confidence=0.02, largest_cost=[1 / 4096, 1 / 4096])) == same
    assert actions(small, primal_dual(confidence=0.02)) != same


def test_a_resource_without_a_cap_has_no_price(seed):
    reward, cost, budget = instance(seed)
    uncapped = scripted(reward, cost, [budget[0], np.inf])
    free = scripted(reward, cost * [1, 0], [budget[0], 1e12])
    a, b = actions(uncapped, primal_dual(confidence=0.02)), actions(free, primal_dual(confidence=0.02))
    assert a == b


def bwk1(horizon):
    """The textbook instance; LP(B) / T = .585714."""
    truth = Truth(np.array([0.9, 0.6, 0.5, 0.3]), np.array([[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05]]))
    return Problem(Spec(ARM, 4, horizon, budget=np.full(2, horizon / 4)), truth, coins, name="bwk1")


def test_primal_dual_beats_a_rule_blind_to_costs(seed):
    """On 10 runs of 2,000 rounds, by more than 4 standard errors."""
    reward = [played(bwk1(2000), p, seed, 10).reward[:, -1] for p in (primal_dual(), ucb1())]
    gain = reward[0] - reward[1]
    assert gain.mean() > 4 * gain.std(ddof=1) / math.sqrt(10)
    assert reward[0].mean() < 0.585714 * 2000


@pytest.mark.parametrize(("budget", "message"), [([], "at least one that is finite"), ([np.inf], "at least one that is finite"), ([0.0, 5.0], "none that is 0")])
def test_primal_dual_needs_a_budget(budget, message):
    with pytest.raises(ValueError, match=message):
        engine.prepare(scripted([[0, 1]], np.zeros((1, 2, len(budget))), budget), primal_dual(), path="python")


# ------------------------------------------------------------------------------------------------ density greedy
def test_density_greedy_by_hand():
    """Budget 5 for 10 rounds: a unit costs 2. Densities .9/(1+2), .5/(1+.4), .2/1: the second; with budget 50, the first."""
    reward, cost = [[0.9, 0.5, 0.2]] * 10, [[[1], [0.2], [0]]] * 10
    assert actions(scripted(reward, cost, [5]), density_greedy()) == [0, 1, 2] + [1] * 7
    assert actions(scripted(reward, cost, [50]), density_greedy()) == [0, 1, 2] + [0] * 7
    assert actions(scripted(reward, cost, [50]), density_greedy(explore=2)) == [0, 0, 1, 1, 2, 2] + [0] * 4
    assert actions(scripted(reward), density_greedy()) == [0, 1, 2] + [0] * 7


def test_density_greedy_gives_up_what_no_longer_fits():
    """SKIP, a unit costs 6: densities 1/7 and .1 until arm 0 fits no more; one void round makes it 2/3/7 < .1."""
    log = played(scripted([[1.0, 0.1]] * 12, [[[1.0], [0.0]]] * 12, [2.0], SKIP), density_greedy())
    assert log.action[0, :, 0].tolist() == [0, 1, 0, 0] + [1] * 8
    assert log.pulls[0, -1].tolist() == [2, 9] and log.void[0, -1] == 1


# ------------------------------------------------------------------------------------------------ paced
def test_paced_idles_on_the_line():
    """Unit costs, budget half the horizon: when more than (t + 1) / 2 are spent; the last pull would not fit. With a budget for all, never."""
    reward, cost = [[1.0]] * 12, [[[1.0]]] * 12
    assert actions(scripted(reward, cost, [6], idle=True), paced(fixed_arm(0))) == [0, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1]
    assert actions(scripted(reward, cost, [12], idle=True), paced(fixed_arm(0))) == [0] * 12


def test_paced_takes_the_cheapest_it_knows():
    """No idling: while ahead the cheaper of the arms charged so far, 1/8, where the wrapped rule wants the dear one."""
    reward, cost = [[0.2, 1.0, 0.9]] * 20, [[[0.125], [1.0], [0.01]]] * 20
    wrapped = Policy(ARM, planned_init((0, 1)), planned_act, forget, name="planned")
    log = played(scripted(reward, cost, [6.05]), paced(wrapped))
    a, spent = log.action[0, :, 0].astype(int), 0.0
    for t in range(19):
        assert a[t] == (0 if spent > 6.05 * (t + 1) / 20 else t % 2)
        spent += cost[t][a[t]][0]
    assert log.rounds[0, -1] == 19 and log.ended[0] == Ended.RESOURCE  # arm 1, when less than 1 is left


def test_paced_without_a_budget_is_the_wrapped_rule(seed):
    reward = np.random.default_rng(seed).random((60, 3))
    assert actions(scripted(reward), paced(ucb1())) == actions(scripted(reward), ucb1())


def test_paced_lasts_where_the_wrapped_rule_stops(seed):
    problem = bwk1(1000)
    problem = problem._replace(spec=problem.spec._replace(idle=True), step=idle_or_coins)
    rounds = [played(problem, p, seed, 4).rounds[:, -1].mean() for p in (ucb1(), paced(ucb1()))]
    assert rounds[0] < 700 < 980 < rounds[1]


def idle_or_coins(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    return coins(instance, state, view, action, left, t, key, cost, seen)


class Diary(NamedTuple):
    begun: np.ndarray
    replanned: np.ndarray
    told: np.ndarray


def diary_init(spec):
    return Diary(np.zeros(1), np.zeros(1), np.zeros(1))


def diary_begin(memory, params, key):
    memory.begun[0] += 1.0


def diary_act(memory, params, view, left, t, key):
    return int(memory.replanned[0]) % 2


def diary_update(memory, params, view, action, outcome, t):
    memory.told[0] += 1.0


def diary_replan(memory, params, view, left, t):
    memory.replanned[0] += memory.begun[0]


def diary_stop(memory, params, left, t):
    return memory.told[0] >= 8.0


def diary_recommend(memory, params, left, t, key):
    return 1 if memory.told[0] == 8.0 else 0


@pytest.mark.parametrize("path", ["rows", "python"])
@pytest.mark.parametrize("wrap", [paced, lambda p: paced(paced(p))], ids=["once", "twice"])
def test_paced_passes_every_function_on(wrap, path):
    """Begun once, replanned at rounds 2 and 5, told of its own decisions only, stopped after 8 of them, asked what it recommends."""
    rule = Policy(ARM, diary_init, diary_act, diary_update, diary_begin, diary_replan, lambda spec: [2, 5], diary_stop, diary_recommend, "diary")
    log = played(scripted([[1.0, 1.0]] * 40, [[[1.0], [1.0]]] * 40, [20], idle=True), wrap(rule), path=path)
    a = log.action[0, : log.rounds[0, -1], 0].astype(int).tolist()
    assert sum(k >= 0 for k in a) == 8 and -1 in a
    assert [k for k in a if k >= 0] == [0 if t < 2 or t >= 5 else 1 for t, k in enumerate(a) if k >= 0]
    assert log.ended[0] == Ended.RULE and log.recommended[0, -1] == 1


def test_paced_of_primal_dual_compiles_to_the_same_bits(seed):
    policy = paced(primal_dual())
    rows, python = (played(awkward(), policy, seed, 3, path) for path in ("rows", "python"))
    assert all(np.array_equal(a, b) for a, b in zip(rows, python, strict=True))
    assert policy.name == f"paced({primal_dual().name}; told the horizon and budget)"


def test_paced_refuses_what_is_no_rule():
    with pytest.raises(TypeError, match="rule: got float; allowed: a Policy"):
        paced(0.5)
    with pytest.raises(TypeError, match="rule: got function"):
        paced(thompson)
    with pytest.raises(ValueError, match="whose action is a VECTOR"):
        paced(thompson()._replace(kind=VECTOR))
