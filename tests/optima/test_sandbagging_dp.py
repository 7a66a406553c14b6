"""The exact optimum of sandbagging: all rules of tiny instances, a linear program, the mirrored stock that may run out, properties."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.folders import bind
from budgetsim.optima.ruin_dp import _induct, ruin_dp, steps
from budgetsim.optima.sandbagging_dp import sandbagging_dp
from budgetsim.problems.sandbagging import sandbagging
from tests.references import sandbagging_plan as twin

ARMS = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 2.0, 4.0]]), np.array([[0.8, 0.2, 0.0], [0.4, 0.4, 0.2], [0.2, 0.5, 0.3]])


@st.composite
def instances(draw, own=True):
    """(outcomes, probabilities, danger or None, cap, supervised, free)."""
    k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x, d, w = (draw(st.lists(st.lists(st.integers(low, 6), min_size=s, max_size=s), min_size=k, max_size=k)) for low in (0, 0, 1))
    p = np.array(w, float)
    x, d = np.array(x, float), np.array(d, float) if own and draw(st.booleans()) else None
    return x if d is None else x / 4, p / p.sum(axis=1, keepdims=True), d, draw(st.integers(1, 15)), draw(st.integers(1, 12)), draw(st.integers(0, 30))


# ------------------------------------------------------------------------------------------------ against everything else
@pytest.mark.parametrize(
    ("x", "d", "cap", "supervised", "free"),
    [
        ([[0, 1], [2, 1]], None, 3, 3, 1),
        ([[0, 1], [1, 3]], None, 4, 3, 4),
        ([[Fraction(1, 2), 1], [2, 0]], [[0, 1], [1, 4]], 2, 4, 2),
        ([[0, 1], [1, 2], [3, 0]], None, 3, 2, 3),
    ],
)
def test_no_rule_does_better(x, d, cap, supervised, free, seed):
    """All rules of a tiny instance, tried in exact fractions: the best lies between `lower` and `upper`, 1e-12 apart. Control: not all rules are as good."""
    g = np.random.default_rng(seed)
    p = [[Fraction(int(w), 16), 1 - Fraction(int(w), 16)] for w in g.integers(4, 13, len(x))]
    laws = [list(zip(*row, strict=True)) for row in zip(x, d or x, p, strict=True)]
    bonus = free * max(sum(c * r for r, _, c in law) for law in laws)
    states = [(t, h) for t in range(supervised) for h in range(cap) if t or h == 0]
    assert len(x) ** len(states) <= 20_000

    def worth(rule):
        level = dict.fromkeys(range(cap), bonus)
        for t in reversed(range(supervised)):
            before = {}
            for h in range(cap):
                if (t, h) in rule:
                    law = laws[rule[t, h]]
                    before[h] = sum(c * (r + level[h + e] if h + e < cap else r * Fraction(cap - h, e)) for r, e, c in law)
            level = before
        return level[0]

    every = [worth(dict(zip(states, acts, strict=True))) for acts in itertools.product(range(len(x)), repeat=len(states))]
    best = sandbagging_dp(np.array(x, float), np.array(p, float), d, cap, supervised, free)
    assert Fraction(best.lower) <= max(every) <= Fraction(best.upper) and best.upper - best.lower <= 1e-12
    assert abs(max(every) - Fraction(best.value)) <= 1e-12 and min(every) < Fraction(best.lower)


def test_it_is_a_linear_program():
    """Mean visits of (step, level, arm) that earn most, by HiGHS, come to the DP's value, to 1e-9, and show what its plan shows."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    cap, supervised, free = 12, 10, 7
    able = float((ARMS[0] * ARMS[1]).sum(axis=1).max())
    at = {key: i for i, key in enumerate(itertools.product(range(supervised), range(cap), range(3)))}
    gain, rows, columns, entries = np.zeros(len(at)), [], [], []
    for (t, h, arm), i in at.items():
        rows.append(t * cap + h), columns.append(i), entries.append(1.0)
        for r, chance in zip(ARMS[0][arm], ARMS[1][arm], strict=True):
            to = int(h + r)
            gain[i] += chance * (min(r, cap - h) + (free * able if to < cap and t == supervised - 1 else 0.0))
            if to < cap and t < supervised - 1:
                rows.append((t + 1) * cap + to), columns.append(i), entries.append(-chance)
    start = np.zeros(supervised * cap)
    start[0] = 1.0
    solved = linprog(-gain, A_eq=coo_matrix((entries, (rows, columns)), (start.size, len(at))), b_eq=start, method="highs")
    best = sandbagging_dp(*ARMS, None, cap, supervised, free)
    assert abs(best.value + solved.fun) <= 1e-9
    assert abs(best.plan.best.steps - solved.x.sum()) <= 1e-6


@settings(max_examples=200, deadline=None)
@given(instances(own=False))
def test_it_is_the_mirrored_stock(instance):
    """`ruin_dp`'s induction with gains -R, an end worth cap - b + T' m above 0 and cap at 0: V_k(i) + cap - i, at every step and level; on one arm from `ruin_dp` itself.

    With so much freedom to win that nothing else counts, the plan is released as likely as `ruin_dp` can survive.
    """
    x, p, _, cap, supervised, free = instance
    best = sandbagging_dp(x, p, None, cap, supervised, free)
    mean = float((x * p).sum(axis=1).max())
    mirrored = steps(-x, p, 1.0, "split")
    table, action = np.zeros((supervised + 1, cap + 1)), np.zeros((supervised + 1, cap + 1), np.int16)
    worked = np.minimum(np.arange(supervised + 1) * mirrored.loss, cap)  # beyond it nothing can go wrong
    _induct(mirrored.move, mirrored.chance, mirrored.loss, mirrored.gain, -1.0, mean, cap + free * mean, float(cap), 0, supervised, worked, table, action)
    assert np.allclose(table[0, 1:], cap - np.arange(1, cap + 1) + free * mean, rtol=0, atol=1e-9)
    scale = 1.0 + cap + free * mean
    assert np.allclose(table, best.plan.value + cap - np.arange(cap + 1), rtol=0, atol=1e-12 * scale)
    one = sandbagging_dp(x[:1], p[:1], None, cap, supervised, free)
    wealth, survival = (ruin_dp(-x[:1], p[:1], cap, supervised, objective).value for objective in ("wealth", "survival"))
    assert abs(one.value - (free * float(x[0] @ p[0]) * survival - wealth)) <= 1e-12 * scale and abs(one.plan.best.release - survival) <= 1e-12
    if mean > 0.0:
        free_for_all = sandbagging_dp(x, p, None, cap, supervised, 10**7).plan.best.release
        assert abs(free_for_all - ruin_dp(-x, p, cap, supervised, "survival").value) <= cap / (10**7 * mean) + 1e-9


@settings(max_examples=200, deadline=None)
@given(instances())
def test_it_is_the_twins_recursion(instance):
    """Of the best rule and of the honest one, in fractions, danger of its own included."""
    x, p, d, cap, supervised, free = instance
    supervised = min(supervised, 5)
    laws = [[(Fraction(r), int(e), Fraction(c)) for r, e, c in zip(*row, strict=True)] for row in zip(x, x if d is None else d, p, strict=True)]
    best = sandbagging_dp(x, p, d, cap, supervised, free)
    for honest, value in ((False, best.value), (True, best.plan.honest.total)):
        agent = twin.Hider(laws, cap, free, honest)
        agent.star = best.plan.free_action  # means that tie but for rounding
        exact = agent.worth(supervised, 0)[agent.choice(supervised, 0)]
        assert abs(float(exact) - value) <= 1e-12 * (1 + abs(value))
        assert honest or Fraction(best.lower) - Fraction(1, 10**13) <= exact <= Fraction(best.upper) + Fraction(1, 10**13)


# ------------------------------------------------------------------------------------------------ properties
@settings(max_examples=200, deadline=None)
@given(instances())
def test_room_is_worth_something_and_honesty_is_not_better(instance):
    """V_k(i) grows with the room i and with the cap; it is at least what the honest agent gets and every arm alone, at most (k + T') m; V = total, shown as shares of steps."""
    x, p, d, cap, supervised, free = instance
    best = sandbagging_dp(x, p, d, cap, supervised, free)
    plan, slack = best.plan, 1e-10
    assert np.all(np.diff(plan.value, axis=1) >= -slack) and np.all(plan.value >= plan.honest_value - slack)
    assert np.all(plan.value <= (np.arange(supervised + 1)[:, None] + free) * plan.able + slack)
    assert sandbagging_dp(x, p, d, cap + 1, supervised, free).value >= best.value - slack
    for agent in (plan.best, plan.honest):
        assert abs(agent.total - agent.shown * agent.steps - agent.release * free * plan.able) <= slack
        assert 0.0 <= agent.release <= 1.0 + slack and 1.0 - slack <= agent.steps <= supervised + slack
    if d is None:
        assert plan.best.shown * plan.best.steps <= cap + slack
    worst = (x if d is None else d)[p > 0].max()
    if supervised * worst < cap:
        assert abs(best.value - (supervised + free) * plan.able) <= slack, "who cannot be stopped has nothing to hide"


@settings(max_examples=200, deadline=None)
@given(instances(), st.integers(1, 30))
def test_the_longer_the_freedom_the_more_it_hides(instance, longer):
    """In T': the value is convex, its slope between m x release of the shorter and of the longer one; release grows, what is shown in all falls."""
    x, p, d, cap, supervised, free = instance
    a, b = (sandbagging_dp(x, p, d, cap, supervised, f) for f in (free, free + longer))
    middle = sandbagging_dp(x, p, d, cap, supervised, free + 2 * longer)
    m, slack = a.plan.able, 1e-9 * (1.0 + abs(middle.value))
    assert a.value + middle.value >= 2 * b.value - slack
    assert a.plan.best.release * longer * m - slack <= b.value - a.value <= b.plan.best.release * longer * m + slack
    if m > 0.0:
        assert b.plan.best.release >= a.plan.best.release - 1e-9 / m - 1e-11
        assert b.plan.best.shown * b.plan.best.steps <= a.plan.best.shown * a.plan.best.steps + slack


def test_edges():
    """Nobody is released from an arm that must reach the cap; an arm without danger is played for ever; a problem binds."""
    assert sandbagging_dp([[2]], [[1.0]], None, 3, 2, 5).value == 3.0 and sandbagging_dp([[2]], [[1.0]], None, 5, 2, 5).value == 14.0
    assert sandbagging_dp([[2]], [[1.0]], None, 4, 2, 5).value == 4.0, "reaching the cap in the last round stops"
    free = sandbagging_dp([[1.5], [2.0]], [[1.0], [1.0]], [[0], [9]], 3, 4, 10)
    assert free.value == 4 * 1.5 + 10 * 2.0 and free.plan.action[1:, 1:].max() == 0 and free.plan.gap == 0.5
    assert sandbagging_dp([[0]], [[1.0]], None, 3, 2, 5).value == 0.0
    assert sandbagging_dp([[1, 7]], [[1.0, 0.0]], None, 3, 2, 5).value == 7.0, "what has probability 0 stops nobody"
    assert bind(sandbagging_dp, sandbagging(*ARMS, 12, 10, 7)).value == sandbagging_dp(*ARMS, None, 12, 10, 7).value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probabilities": [[0.6, 0.5]]}, "probabilities: sums to 1.1"),
        ({"outcomes": [[1, -1]]}, "outcomes: got -1"),
        ({"danger": [[0.5, 1]]}, "danger: got 0.5"),
        ({"danger_cap": 0}, "danger_cap: got 0"),
        ({"supervised_horizon": None}, "supervised_horizon: got None"),
        ({"free_horizon": 2.5}, "free_horizon: got 2.5"),
        ({"danger_cap": 10**6}, "cells of tables"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says):
        sandbagging_dp(
            **({"outcomes": [[1, 0]], "probabilities": [[0.5, 0.5]], "danger": None, "danger_cap": 5, "supervised_horizon": 40, "free_horizon": 3} | change)
        )
