"""The best single arm, with and without budgets."""

import numpy as np
import pytest

from budgetsim import BudgetsimError
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import fluid_lp


def test_without_budgets_it_is_the_largest_mean():
    best = best_fixed_arm([-3.0, -1.0, -2.0], 10)
    assert best.value == -10.0 and best.plan.arm == 1 and best.lower <= -10.0 <= best.upper


def test_it_is_the_fluid_program_of_one_arm_at_a_time(seed):
    """Free arms, zero and infinite budgets included; mixtures never do worse, and on some instances better (control)."""
    g = np.random.default_rng(seed)
    better = 0
    for _ in range(50):
        k, d, horizon = int(g.integers(2, 6)), int(g.integers(1, 4)), int(g.integers(50, 500))
        r, c = g.random(k), g.random((k, d)) * (g.random((k, d)) < 0.8)
        b = g.choice([0.0, np.inf, 20.0, 100.0], d, p=[0.05, 0.1, 0.5, 0.35])
        best, mixed = best_fixed_arm(r, horizon, c, b), fluid_lp(r, c, b, horizon)
        alone = [fluid_lp(r[i : i + 1], c[i : i + 1], b, horizon).value for i in range(k)]
        assert best.value == pytest.approx(max(alone), rel=1e-12)
        assert alone[best.plan.arm] == pytest.approx(best.value) and best.plan.pulls * r[best.plan.arm] == pytest.approx(best.value)
        assert best.lower <= mixed.value * (1 + 1e-12)
        better += mixed.lower > best.value * 1.01
    assert better > 5


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: best_fixed_arm([0.5], 0), "horizon: got 0"),
        (lambda: best_fixed_arm([], 5), "mean_reward"),
        (lambda: best_fixed_arm([0.5], 5, [[0.1]]), "got one of them"),
        (lambda: best_fixed_arm([0.5], 5, None, [1.0]), "got one of them"),
        (lambda: best_fixed_arm([-0.5], 5, [[0.1]], [1.0]), "mean_reward: got -0.5"),
        (lambda: best_fixed_arm([0.5], 5, [[-0.1]], [1.0]), "mean_cost: got -0.1"),
        (lambda: best_fixed_arm([0.5], 5, [[0.1]], [-1.0]), "budget: got -1.0"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says):
        make()
