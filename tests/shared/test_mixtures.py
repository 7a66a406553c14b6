"""What rules that play mixtures share: when they solve, their bounds, their draws."""

import math

import numpy as np
import pytest

from budgetsim import ARM, Spec
from budgetsim.draws import ROUND, nature_key
from budgetsim.shared.mixtures import Record, Told, bounds, draw_arm, rounds_to_solve
from tests.policies.tiny import awkward


def record(pulls, reward, cost, mixture=None):
    n = len(pulls)
    pulls = np.array(pulls, float)
    return Record(pulls, np.array(reward, float), pulls.copy(), np.array(cost, float), np.array([float((pulls == 0).sum())]),
                  np.full(n, 1.0 / n) if mixture is None else np.array(mixture))  # fmt: skip


def told(level=1.0, hoeffding=False, idle=True):
    return Told(level, hoeffding, np.array([0.25]), np.ones(1), idle)


def test_bounds_by_hand():
    """Mean 1/4 of 16, A = 1: sqrt(1/64) + 1/16 = 3/16, or 1/4; nothing seen: everything is possible; all within [0, 1]."""
    seen = record([16, 0, 1], [4, 0, 1], [[4], [0], [0]])
    upper, lower, cheap, dear = bounds(seen, told())
    np.testing.assert_allclose([upper, lower], [[7 / 16, 1, 1], [1 / 16, 0, 0]])
    np.testing.assert_allclose([cheap[:, 0], dear[:, 0]], [[1 / 16, 0, 0], [7 / 16, 1, 1]])
    upper, lower, _, _ = bounds(seen, told(hoeffding=True))
    np.testing.assert_allclose([upper, lower], [[0.5, 1, 1], [0, 0, 0]])


@pytest.mark.parametrize("idle", [True, False])
def test_draws_follow_the_mixture(idle, seed):
    """Within 4 standard errors; what is missing is idle, or shared in proportion where there is no idling."""
    p = np.array([0.5, 0.0, 0.2])
    seen = record([1, 1, 1], [0, 0, 0], np.zeros((3, 1)), p)
    n = 20_000
    got = np.bincount([draw_arm(seen, told(idle=idle), (), nature_key(seed, 0, t, ROUND)) + 1 for t in range(n)], minlength=4) / n
    expected = np.array([0.3, *p]) if idle else np.array([0.0, *p / 0.7])
    assert np.all(np.abs(got - expected) <= 4 * np.sqrt(expected * (1 - expected) / n))


def test_arms_never_pulled_come_first():
    assert draw_arm(record([1, 0, 0], [0] * 3, np.zeros((3, 1))), told(), (), nature_key(1, 0, 0, ROUND)) == 1


def test_a_mask_is_obeyed(seed):
    problem = awkward()
    view = problem.spec.view._replace(legal=np.array([0.0, 1.0] + [0.0] * (problem.spec.n_actions - 2)))
    n = problem.spec.n_actions
    for mixture in (np.eye(n)[0], np.full(n, 1.0 / n)):  # the first has nothing on the only available arm
        seen = record([1] * n, [0] * n, np.zeros((n, 1)), mixture)
        assert {draw_arm(seen, told(idle=False), view, nature_key(seed, 0, t, ROUND)) for t in range(50)} == {1}


def test_when_programs_are_solved():
    """From round K on, after a twentieth of the rounds played, but never later than the share of the horizon."""
    spec = Spec(ARM, 4, 10_000, budget=np.array([10.0]))
    rounds = rounds_to_solve(spec, 0.01)
    gaps = np.diff(rounds)
    assert rounds[0] == 4 and gaps.max() == 100 and rounds[-1] >= 9_900
    assert all(g == max(1, math.floor(min(100, t / 20))) for t, g in zip(rounds, gaps))
    assert rounds_to_solve(spec._replace(horizon=4), 0.01) == []
