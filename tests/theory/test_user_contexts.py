"""Monte Carlo values of classes against values known in closed form, and one interval against another."""

import numpy as np

from budgetsim.theory.user_contexts import best_means, class_values, five_classes


def test_values_known_in_closed_form(seed):
    """E max(x, 0) of a normal x is spread / sqrt(2 pi); with length 1 a sign is left, and the mean is 1/2. Control: another spread is refused."""
    seed %= 2**32
    known = 0.1 / np.sqrt(2 * np.pi)
    found = class_values([[0.0], [0.5]], [[[1.0]], [[0.0]]], [[0.0], [0.25]], 0.1, False, seed=seed)
    assert np.all((found.low <= [known, 0.25]) & ([known, 0.25] <= found.high))
    assert not found.low[0] <= 1.1 * known <= found.high[0]
    found = class_values([[0.0]], [[[1.0]]], [[0.0]], 1.0, True, seed=seed)
    assert found.low[0] <= 0.5 <= found.high[0]


def test_class_values_average_the_best_means(seed):
    made = five_classes()
    values, best = class_values(*made[1:], seed=seed % 2**32), best_means(*made, seed=seed % 2**32 + 1)
    whole = made.class_probability @ values.estimate
    error = 5 * np.hypot(best.std() / np.sqrt(best.size), (values.high - values.low).max() / 2)
    assert abs(best.mean() - whole) < error
