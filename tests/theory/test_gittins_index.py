"""Gittins's index: known answers, all stopping sets enumerated, and the bounds of the Bernoulli arm."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory.gittins_index import bernoulli_gittins_index, gittins_index
from budgetsim.theory.whittle_index import whittle_index

#: G3 of the known answers
G3 = {0.9: {(1, 1): 0.702889, (2, 1): 0.800056, (1, 2): 0.500129}, 0.5: {(1, 1): 0.559019, (2, 1): 0.705967, (1, 2): 0.375822}}


@st.composite
def chains(draw):
    n = draw(st.integers(1, 5))
    parts = np.array(draw(st.lists(st.integers(0, 10), min_size=n * n, max_size=n * n)), float).reshape(n, n)
    parts[parts.sum(axis=1) == 0.0] = 1.0
    return parts / parts.sum(axis=1, keepdims=True), np.array(draw(st.lists(st.integers(-10, 10), min_size=n, max_size=n)), float) / 10


@pytest.mark.parametrize("discount", G3)
def test_the_known_answers(discount):
    for (a, b), printed in G3[discount].items():
        found = bernoulli_gittins_index(a, b, discount, 1e-9)
        assert found.lower <= found.value <= found.upper <= found.lower + 1e-9
        assert round(found.value, 6) == printed


@settings(max_examples=200, deadline=None)
@given(chains(), st.sampled_from([0.2, 0.7, 0.95]))
def test_all_stopping_sets_enumerated(chain, discount):
    """gittins_index = the maximum over all sets C of states in which to go on: (I - discount P_C)^-1 r / (I - discount P_C)^-1 1."""
    p, r = chain
    best = np.full(r.size, -np.inf)
    for inside in itertools.product((0.0, 1.0), repeat=r.size):
        both = np.linalg.solve(np.eye(r.size) - discount * p * np.array(inside), np.column_stack([r, np.ones(r.size)]))
        best = np.maximum(best, both[:, 0] / both[:, 1])
    np.testing.assert_allclose(gittins_index(p, r, discount), best, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(chains(), st.sampled_from([0.2, 0.7, 0.95]))
def test_a_rested_arm_is_a_restless_one_that_stands_still(chain, discount):
    """gittins_index = whittle_index with a passive action that neither moves nor earns; and such an arm is always indexable."""
    p, r = chain
    found = whittle_index([np.eye(r.size), p], [np.zeros(r.size), r], discount)
    assert found.indexable
    np.testing.assert_allclose(found.indices, gittins_index(p, r, discount), atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(chains(), st.floats(0.1, 10), st.floats(-5, 5))
def test_units_of_reward(chain, scale, shift):
    p, r = chain
    np.testing.assert_allclose(gittins_index(p, scale * r + shift, 0.8), scale * gittins_index(p, r, 0.8) + shift, atol=1e-10 * (1 + scale + abs(shift)))


def test_a_bernoulli_arm_cut_off_is_a_finite_one():
    """Beta counts up to 40 pulls, then the mean for ever: within discount^40 / (1 - discount) of the bounds."""
    discount, depth = 0.7, 40
    states = [(n, w) for n in range(depth + 1) for w in range(n + 1)]
    where = {s: i for i, s in enumerate(states)}
    p, r = np.zeros((len(states), len(states))), np.zeros(len(states))
    for i, (n, w) in enumerate(states):
        r[i] = (1 + w) / (2 + n)
        if n == depth:
            p[i, i] = 1.0
        else:
            p[i, where[n + 1, w + 1]], p[i, where[n + 1, w]] = r[i], 1 - r[i]
    finite, found = gittins_index(p, r, discount), bernoulli_gittins_index(1, 1, discount, 1e-10)
    assert abs(finite[0] - found.value) <= discount**depth / (1 - discount) + 1e-10


@settings(max_examples=200, deadline=None)
@given(st.floats(0.2, 8), st.floats(0.2, 8), st.sampled_from([0.3, 0.6]))
def test_more_successes_and_patience_raise_it(a, b, discount):
    """It exceeds the mean; it rises with a, falls with b, rises with the discount: bounds that overlap are not counted against it."""
    found = bernoulli_gittins_index(a, b, discount, 1e-5)
    assert a / (a + b) - 1e-5 <= found.upper <= 1.0 and found.upper - found.lower <= 1e-5
    assert bernoulli_gittins_index(a + 1, b, discount, 1e-5).upper >= found.lower
    assert bernoulli_gittins_index(a, b + 1, discount, 1e-5).lower <= found.upper
    assert bernoulli_gittins_index(a, b, discount / 2, 1e-5).lower <= found.upper


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gittins_index(np.zeros((0, 0)), [], 0.9), "transition: got an empty array"),
        (lambda: gittins_index([[0.5, 0.5]], [1.0], 0.9), r"transition: got shape \(1, 2\)"),
        (lambda: gittins_index([[1.0 + 1e-6]], [1.0], 0.9), "transition: got 1"),
        (lambda: gittins_index([[1.0 - 1e-6]], [1.0], 0.9), "transition: sums to 0.999999"),
        (lambda: gittins_index([[1.0]], [1.0, 2.0], 0.9), r"reward: got shape \(2,\)"),
        (lambda: gittins_index([[1.0]], [1.0], 1.0), "discount: got 1"),
        (lambda: bernoulli_gittins_index(0, 1, 0.9), "a: got 0"),
        (lambda: bernoulli_gittins_index(1, -1, 0.9), "b: got -1"),
        (lambda: bernoulli_gittins_index(1, 1, 1.5), "discount: got 1.5"),
        (lambda: bernoulli_gittins_index(1, 1, 0.9, 0.0), "tolerance: got 0"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
