"""Monte Carlo values of classes against values known in closed form, and one interval against another."""

import itertools

import numpy as np

from budgetsim.optima.class_allocation_lp import class_allocation_lp
from budgetsim.theory.user_contexts import Crowd, best_means, class_values, five_classes


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


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def reading(law, order, shape, scaled):
    """An instance as section 3(g) may be read: law of the centres, order of the draws, shape of theta, length of contexts."""
    rng, made = np.random.default_rng(1234), {}
    for what in order:
        made[what] = {
            "centres": lambda: unit({"normal": rng.normal, "uniform": rng.random, "signed": lambda size: rng.uniform(-1, 1, size)}[law](size=(5, 5))),
            "share": lambda: rng.dirichlet(np.full(5, 3.0)),
            "theta": lambda: unit(rng.random(shape)) + np.zeros((5, 5, 5)),
        }[what]()
    scale = np.linspace(0.1, 1.0, 5)
    return Crowd(made["share"], made["centres"], 0.5 * scale[:, None, None] * made["theta"], 0.5 * scale[:, None] + np.zeros((5, 5)), 0.2, scaled)


def test_which_reading_of_the_generator_gives_the_printed_optima():
    """518, 958, 1600 at rho = .125, .25, .5: of 72 readings the one that `five_classes` takes is nearest, within .6%; no other is within 1%."""
    off = {}
    for key in itertools.product(("normal", "uniform", "signed"), itertools.permutations(("centres", "share", "theta")), ((5, 5), (5, 5, 5)), (True, False)):
        made = reading(*key)
        values = class_values(*made[1:], samples=8_000)
        found = [class_allocation_lp(made.class_probability, values, 8000 * r, 8000).value for r in (0.125, 0.25, 0.5)]
        off[key] = float(np.abs(np.array(found) / [518, 958, 1600] - 1).max())
    first, second = sorted(off, key=off.get)[:2]
    print(first, off[first], second, off[second])
    assert first == ("normal", ("centres", "share", "theta"), (5, 5, 5), True) and off[first] < 0.006 and off[second] > 0.01
    for a, b in zip(reading(*first), five_classes(), strict=True):
        np.testing.assert_array_equal(np.broadcast_to(b, np.shape(a)), a)
