"""Closed forms of a stream of arms: printed digits, enumeration, ranges."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory.streaming import (
    commitment_regret,
    exploration_cost,
    hidden_arm,
    naive_batch,
    stream_accuracy,
    stream_batch,
    stream_scale,
    uniform_batch,
)


@given(st.integers(1, 10**6), st.integers(1, 10**15))
@settings(max_examples=200)
def test_accuracy_batch_and_scale(arms, pulls):
    """eps = (K/T)^(1/3), s = (T/K)^(2/3), scale = K^(1/3) T^(2/3), by the powers of libm."""
    assert stream_accuracy(arms, pulls) == pytest.approx((arms / pulls) ** (1 / 3), rel=1e-13)
    assert stream_scale(arms, pulls) == pytest.approx(arms ** (1 / 3) * pulls ** (2 / 3), rel=1e-13)
    for batch, factor in (
        (stream_batch(arms, pulls), 1.0),
        (naive_batch(arms, pulls), math.log(arms)),
        (uniform_batch(arms, pulls), max(math.log(pulls), 0) ** (1 / 3)),
    ):
        exact = factor * (pulls / arms) ** (2 / 3)
        assert batch >= 1 and (batch == 1 or exact * (1 - 1e-11) <= batch < exact * (1 + 1e-11) + 1)


def test_cubes_are_exact():
    assert [stream_batch(1, n**3) for n in (1, 2, 10, 100, 1000)] == [1, 4, 100, 10**4, 10**6]


def test_naive_pulls_more_than_uniform():
    """log K > (log T)^(1/3) for every K >= 12 at T = 1000 K^3 that can be run, and not for K = 10."""
    assert all(naive_batch(k, 1000 * k**3) > uniform_batch(k, 1000 * k**3) for k in (*range(12, 200), 10**3, 10**4))
    assert naive_batch(10, 10**6) < uniform_batch(10, 10**6)


def brute_force(mean, each, pulls):
    """Over all outcomes of all pulls."""
    gaps, total = np.max(mean) - np.array(mean), 0.0
    for x in itertools.product(range(each + 1), repeat=len(mean)):
        chance = math.prod(math.comb(each, k) * p**k * (1 - p) ** (each - k) for k, p in zip(x, mean, strict=True))
        total += chance * gaps[int(np.argmax(x))]
    return each * gaps.sum() + (pulls - each * len(mean)) * total


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.integers(1, 4), st.integers(16, 1000))
@settings(max_examples=200, deadline=None)
def test_the_regret_of_commitment_is_the_enumeration(mean, each, pulls):
    assert commitment_regret(mean, each, pulls) == pytest.approx(brute_force(mean, each, pulls), rel=1e-9, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 50), st.integers(1, 200))
@settings(max_examples=200)
def test_the_exploration_cost_is_a_sum_over_pulls(mean, each, pulls):
    order = [k for k in range(len(mean)) for _ in range(each)][:pulls]
    assert exploration_cost(mean, each, pulls) == pytest.approx(sum(max(mean) - mean[k] for k in order), abs=1e-9)


def test_the_hidden_arm():
    mean = hidden_arm(1000, 10**6, place=999, lift=2.0)
    assert np.count_nonzero(mean == 0.5) == 999 and mean[999] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: stream_accuracy(0, 5), "arms: got 0"),
        (lambda: stream_accuracy(5, 0), "pulls: got 0"),
        (lambda: stream_batch(5, 5, -1.0), "factor: got -1.0"),
        (lambda: exploration_cost([0.5], -1, 5), "each: got -1"),
        (lambda: exploration_cost([1.5], 1, 5), "mean_reward: got 1.5"),
        (lambda: commitment_regret([0.5, 0.6], 3, 5), "each: got 3 pulls for each of 2 arms; allowed: at most 2"),
        (lambda: hidden_arm(5, 5, place=5), "place: got 5"),
        (lambda: hidden_arm(5, 5), "lift: got 1.0, which lifts a mean of 1/2 to 1.5"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises(BudgetsimError, match=says):
        call()
