"""UcbBwK and balanced exploration: every program they solved, solved again from the formula by HiGHS; arguments; speed."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from budgetsim import BudgetsimError, engine, intervals
from budgetsim.policies.balanced_exploration import balanced_exploration
from budgetsim.policies.ucb_bwk import ucb_bwk
from budgetsim.problems.dynamic_pricing import dynamic_pricing

from ..strategies import scripted
from .test_budget_rules import instance
from .tiny import played


def diary(rule, seed, horizon=600):
    """(budget, [(pulls, rewards, costs, mixture) after each program]) of one run on given rewards and costs."""
    reward, cost, budget = instance(seed, horizon)
    pages = []

    def replan(memory, params, view, left, t):
        rule.replan(memory, params, view, left, t)
        pages.append([a.copy() for a in (memory.pulls, memory.reward, memory.cost, memory.mixture)])

    played(scripted(reward, cost, budget, idle=True), rule._replace(replan=replan), seed)
    assert len(pages) > 50
    return budget, pages


def formula(page, level, hoeffding):
    """(U, L, l, u), each arm having been pulled."""
    n, r, c, _ = page
    m, k = r / n, c / n[:, None]
    s, q = (
        (np.sqrt(level / n), np.sqrt(level / n)[:, None])
        if hoeffding
        else (np.sqrt(level * m / n) + level / n, np.sqrt(level * k / n[:, None]) + level / n[:, None])
    )
    return np.minimum(m + s, 1), np.maximum(m - s, 0), np.maximum(k - q, 0), np.minimum(k + q, 1)


def best(objective, cost, rho, extra=None, floor=0.0):
    rows, caps = np.vstack([cost.T, np.ones(len(cost))]), np.append(rho, 1.0)
    if extra is not None:
        rows, caps = np.vstack([rows, -extra]), np.append(caps, -floor + 1e-12)
    return linprog(-objective, rows, caps, method="highs", options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}).x


@pytest.mark.parametrize("radius", ["relative", "hoeffding"])
@pytest.mark.parametrize("epsilon", [None, 0.1])
def test_ucb_bwk_plays_the_optimistic_program(radius, epsilon, seed):
    budget, pages = diary(ucb_bwk(radius, 0.1, epsilon), seed)
    level, part = 0.1 * math.log(3 * 600 * 3), None
    part = 3 * level / budget.min()
    rho = budget / 600 * (1 - (min(0.5, math.sqrt(part) + part) if epsilon is None else epsilon))
    for page in pages:
        upper, _, lower, _ = formula(page, level, radius == "hoeffding")
        x = page[3]
        assert upper @ x == pytest.approx(upper @ best(upper, lower, rho), abs=1e-9)
        assert x.sum() <= 1 + 1e-12 and np.all(x @ lower <= rho + 1e-9)


def test_balanced_exploration_plays_the_extremes(seed):
    budget, pages = diary(balanced_exploration("relative", 0.05), seed)
    level, rho, eliminated = 0.05 * math.log(3 * 600 * 3), budget / 600, 0
    for page in pages[::5]:
        upper, lower, cheap, dear = formula(page, level, False)
        floor = lower @ best(lower, dear, rho)
        extremes = [best(np.eye(3)[b] + 1e-6 * upper, cheap, rho, upper, floor) for b in range(3)]
        np.testing.assert_allclose(page[3], np.mean(extremes, axis=0), atol=2e-6)
        assert upper @ page[3] >= floor - 1e-9 and np.all(page[3] @ cheap <= rho + 1e-9)  # the set is convex
        eliminated += min(extremes[b][b] for b in range(3)) < 0.9 * min(1.0, *(rho / np.maximum(cheap[0], 1e-9)))
    assert eliminated > 0  # some arm may no longer be pulled as often as its cost allows


def test_control_another_level_is_another_program(seed):
    budget, pages = diary(ucb_bwk("relative", 0.1, 0.1), seed)
    level, rho = 0.2 * math.log(3 * 600 * 3), budget / 600 * 0.9
    gaps = [abs((u := formula(p, level, False))[0] @ p[3] - u[0] @ best(u[0], u[2], rho)) for p in pages]
    assert max(gaps) > 1e-3


@pytest.mark.parametrize("make", [ucb_bwk, balanced_exploration])
def test_the_unit_of_costs_does_not_matter(make, seed):
    """Costs and budgets in a unit 1/1024 of ours, and the largest cost told in it: the same actions."""
    reward, cost, budget = instance(seed)
    a = played(scripted(reward, cost, budget, idle=True), make(confidence=0.05), seed).action
    b = played(scripted(reward, cost / 1024, budget / 1024, idle=True), make(confidence=0.05, largest_cost=[1 / 1024, 1 / 1024]), seed).action
    np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_one_per_cent_alone_is_a_constant_share(seed):
    """Statistical: solved after every 1 % of the rounds and never earlier, UcbBwK's regret in pricing has slope above 2/3; as it is, below."""
    behind = np.zeros((2, 20, 3))
    horizons = (4_000, 16_000, 64_000)
    for j, t in enumerate(horizons):
        for i, rule in enumerate((ucb_bwk(), ucb_bwk()._replace(schedule=lambda spec: list(range(9, spec.horizon, spec.horizon // 100))))):
            behind[i, :, j] = 0.16 * t - engine.play_block(engine.prepare(dynamic_pricing(horizon=t), rule), seed, 0, 20, [t]).reward[:, -1]
    ours, bare = (intervals.slope(horizons, b, 1 - 1e-4) for b in behind)
    print(behind.mean(axis=1), ours, bare)
    assert ours.high < 2 / 3 < bare.low


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ucb_bwk("relativ"), "radius: got 'relativ'"),
        (lambda: ucb_bwk(confidence=-1.0), "confidence: got -1.0"),
        (lambda: ucb_bwk(epsilon=1.0), "epsilon: got 1.0"),
        (lambda: ucb_bwk(resolve=0.0), "resolve: got 0.0"),
        (lambda: ucb_bwk(largest_cost=0.0), "largest_cost: got 0.0"),
        (lambda: balanced_exploration("UCB"), "radius: got 'UCB'"),
        (lambda: balanced_exploration(resolve=2.0), "resolve: got 2.0"),
        (lambda: balanced_exploration(confidence=math.nan), "confidence: got nan"),
        (lambda: play(ucb_bwk(largest_cost=[1.0, 1.0]), [5.0]), "largest_cost: got 2 numbers"),
        (lambda: play(ucb_bwk(), [0.0]), "ucb_bwk: got budget"),
        (lambda: play(balanced_exploration(), [np.inf]), "balanced_exploration: got budget"),
        (lambda: play(ucb_bwk(), []), "ucb_bwk: got budget"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


def play(rule, budget):
    return engine.prepare(scripted([[0, 1]], np.zeros((1, 2, len(budget))), budget), rule, path="python")
