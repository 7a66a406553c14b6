"""Whittle's index of finite arms: known answers, and every policy enumerated."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory.whittle_index import whittle_index

W2 = [[[0.5, 0.5], [0.25, 0.75]], [[1, 0], [0.5, 0.5]]], [[0.5, 0.5], [2, 1]]
#: found by search among arms with probabilities in fifths: not indexable, by a wide margin
TURNING = [[[0, 0, 1], [1, 0, 0], [0.2, 0.8, 0]], [[1, 0, 0], [0, 1, 0], [0.8, 0, 0.2]]], [[0, 0, 0], [0, 0.75, 1]]


def advantages(transition, reward, discount, price):
    """Of being active (S,), all 2^S stationary policies being tried: the best is the one whose values no other exceeds anywhere."""
    p, r = np.array(transition, float), np.array(reward, float) - np.array([[0.0], [price]])
    n, every = p.shape[1], np.arange(p.shape[1])
    best, gain = None, -np.inf
    for actions in itertools.product((0, 1), repeat=n):
        a = np.array(actions)
        if discount is not None:
            value = np.linalg.solve(np.eye(n) - discount * p[a, every], r[a, every])
            best = value if best is None else np.maximum(best, value)
        else:
            system = np.column_stack([np.eye(n) - p[a, every], np.ones(n)])
            bias = np.linalg.lstsq(system, r[a, every], rcond=None)[0]
            q = r + p @ bias[:n]
            if bias[n] > gain + 1e-12 or (bias[n] > gain - 1e-9 and np.all(q.max(axis=0) <= bias[n] + bias[:n] + 1e-9)):
                best, gain = bias[:n], max(gain, bias[n])
    return (r[1] - r[0]) + (1.0 if discount is None else discount) * (p[1] - p[0]) @ best


@st.composite
def arms(draw, least=0.0):
    """Probabilities in twentieths (+ `least` everywhere, so that one class is recurrent), rewards in tenths: ties happen."""
    n = draw(st.integers(1, 4))
    parts = np.array(draw(st.lists(st.integers(0, 20), min_size=2 * n * n, max_size=2 * n * n)), float).reshape(2, n, n) + least
    parts[parts.sum(axis=2) == 0.0] = 1.0
    reward = np.array(draw(st.lists(st.integers(-10, 10), min_size=2 * n, max_size=2 * n)), float).reshape(2, n) / 10
    return parts / parts.sum(axis=2, keepdims=True), reward


def holds_beside_enumeration(arm, discount):
    """Between neighbouring turning points the active states are those that the answer says."""
    found = whittle_index(*arm, discount)
    points = np.unique(np.concatenate([found.indices[~np.isnan(found.indices)], found.gaps[:, 1:].ravel()]))
    points = points[np.append(True, np.diff(points) > 1e-6)] if points.size else np.zeros(1)
    for price in np.concatenate([[points[0] - 0.5], (points[1:] + points[:-1]) / 2, [points[-1] + 0.5]]):
        ours = found.indices > price
        advantage = advantages(*arm, discount, price)
        clear = np.abs(advantage) > 1e-7 * (1 + abs(price))
        sure = clear & ~np.isnan(found.indices)
        assert np.array_equal(advantage[sure] > 0, ours[sure]), (price, advantage, found)
    for state, low, high in found.gaps:
        s = int(state)
        assert advantages(*arm, discount, (low + high) / 2)[s] < 1e-9
        assert advantages(*arm, discount, high)[s] == pytest.approx(0.0, abs=1e-7 * (1 + abs(high)))
    assert found.indexable == (len(found.gaps) == 0) == bool(~np.isnan(found.indices).any())


def test_the_known_answer():
    """W2 of the known answers: average reward (1.5, 1.0)."""
    found = whittle_index(*W2)
    np.testing.assert_allclose(found.indices, [1.5, 1.0], atol=1e-12)
    assert found.indexable and found.gaps.shape == (0, 3)


@settings(max_examples=200, deadline=None)
@given(arms(), st.sampled_from([0.3, 0.9, 0.98]))
def test_every_policy_enumerated_agrees_discounted(arm, discount):
    """whittle_index = enumeration of all stationary policies, between all turning points; also where the arm is not indexable."""
    holds_beside_enumeration(arm, discount)


@settings(max_examples=200, deadline=None)
@given(arms(least=0.2))
def test_every_policy_enumerated_agrees_on_average(arm):
    """The same for the average reward."""
    holds_beside_enumeration(arm, None)


def test_a_turning_arm_is_found_and_its_gap_is_right():
    """State 2 is active below the gap, passive in it and active again above: enumeration says so at both ends, to 1e-6."""
    found = whittle_index(*TURNING, 0.9)
    assert not found.indexable and np.isnan(found.indices[2]) and len(found.gaps) == 1
    state, low, high = found.gaps[0]
    assert state == 2 and high - low > 4
    assert "state 2 is passive at prices from" in found.detail
    for price, sign in ((low - 1e-6, 1), (low + 1e-6, -1), (high - 1e-6, -1), (high + 1e-6, 1)):
        assert np.sign(advantages(*TURNING, 0.9, price)[2]) == sign


def test_random_arms_of_both_kinds(seed):
    """Among 600 sparse random arms some are not indexable; enumeration on a grid of prices finds the same ones."""
    rng, turning = np.random.default_rng(seed), 0
    for _ in range(600):
        n = int(rng.integers(3, 5))
        arm = rng.dirichlet(np.full(n, 0.2), (2, n)), rng.random((2, n))
        found = whittle_index(*arm, 0.95)
        if not found.indexable:
            turning += 1
            for state, low, high in found.gaps:
                s, step = int(state), (high - low) * 1e-3
                assert advantages(*arm, 0.95, (low + high) / 2)[s] < 0.0 < advantages(*arm, 0.95, high + step)[s]
        elif rng.random() < 0.1:
            grid = np.linspace(found.indices.min() - 0.1, found.indices.max() + 0.1, 40)
            active = np.array([advantages(*arm, 0.95, price) > 0.0 for price in grid])
            assert np.all(active[1:] <= active[:-1])
    assert turning >= 3


@settings(max_examples=200, deadline=None)
@given(arms(), st.floats(0.1, 10), st.floats(-5, 5))
def test_units_of_reward(arm, scale, shift):
    """Scaling rewards scales the index; what both actions earn alike does not matter."""
    a, b = whittle_index(*arm, 0.8), whittle_index(arm[0], scale * arm[1] + shift, 0.8)
    assert a.indexable == b.indexable
    np.testing.assert_allclose(b.indices, scale * a.indices, atol=1e-8 * (1 + abs(shift) + scale))


def test_the_average_is_the_limit_of_discounts(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        arm = rng.dirichlet(np.ones(4), (2, 4)), rng.random((2, 4))
        np.testing.assert_allclose(whittle_index(*arm, 1 - 1e-7).indices, whittle_index(*arm).indices, atol=1e-5)


def test_large_arms_are_quick(seed):
    rng = np.random.default_rng(seed)
    arm = rng.dirichlet(np.ones(60), (2, 60)), rng.random((2, 60))
    found = whittle_index(*arm, 0.9)
    low, high = np.argmin(found.indices), np.argmax(found.indices)
    assert found.indexable and np.unique(found.indices).size == 60 and found.indices[low] < found.indices[high]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: whittle_index(np.zeros((2, 0, 0)), np.zeros((2, 0))), "transition: got an empty array"),
        (lambda: whittle_index(np.ones((2, 2, 3)) / 3, np.zeros((2, 2))), "transition: got shape"),
        (lambda: whittle_index(np.ones((3, 2, 2)) / 2, np.zeros((2, 2))), r"transition: got shape \(3, 2, 2\); allowed: shape \(2, any, any\)"),
        (lambda: whittle_index([[[0.5, 0.5], [0.25, 0.75 + 1e-6]], W2[0][1]], W2[1]), "transition: sums to 1"),
        (lambda: whittle_index(W2[0], [0.5, 0.5]), r"reward: got shape \(2,\)"),
        (lambda: whittle_index(W2[0], [[0.5, 0.5], [np.inf, 1]]), "reward: got inf"),
        (lambda: whittle_index(*W2, discount=1.0), r"discount: got 1; allowed: a number in \(0, 1\), or None"),
        (lambda: whittle_index(*W2, discount=0), "discount: got 0"),
        (lambda: whittle_index(*W2, discount="0.9"), "discount: got '0.9'"),
        (lambda: whittle_index([np.eye(2), W2[0][1]], W2[1]), "transition: states 0 and 1 never meet when none are active"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
