"""The balanced assignment: two solvers, the certificate, and the printed instance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
from budgetsim.theory.load_balance import choose, dual, imbalance


def printed():
    """Section 8(g): sigmoid(normal + linspace(-1, 1)), seed 0, n = 1024, E = 16; K = 2."""
    z = np.random.default_rng(0).normal(size=(1024, 16)) + np.linspace(-1.0, 1.0, 16)
    return 1.0 / (1.0 + np.exp(-z))


def test_the_printed_instance():
    """Unbalanced 1730.113 with MaxVio 2.031; LP 1625.8978, D at its price equal to 1e-11 relative; loads of the plan exactly 128, entries 0 and 1."""
    a = printed()
    x, best = choose(a, np.zeros(16), 2), balanced_assignment_lp(a, 2)
    assert round(float((a * x).sum()), 3) == 1730.113 and round(float(imbalance(x.sum(axis=0))), 3) == 2.031
    assert round(best.value, 4) == 1625.8978 and best.upper - best.lower <= 1e-10
    assert abs(dual(a, best.dual.price, 2) - best.value) <= 1e-11 * best.value
    assert np.all(best.plan.share.sum(axis=0) == 128.0) and np.isin(best.plan.share, (0.0, 1.0)).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 10**6), st.booleans(), st.data())
def test_shortest_paths_equal_highs(n, e, seed, ties, data):
    """Property: both methods give the same value, each within its own certificate, with rows summing to K and columns to n K / E (whole or not)."""
    k = data.draw(st.integers(1, e))
    rng = np.random.default_rng(seed)
    a = rng.integers(-2, 3, size=(n, e)) if ties else rng.normal(size=(n, e))
    ours, highs = balanced_assignment_lp(a, k), balanced_assignment_lp(a, k, method="scipy")
    assert abs(ours.value - highs.value) <= 1e-9
    for best in (ours, highs):
        assert best.lower <= best.value <= best.upper <= best.lower + 1e-8
        share = best.plan.share
        assert share.min() >= 0 and share.max() <= 1
        np.testing.assert_allclose(share.sum(axis=0), n * k / e, atol=1e-9)
        np.testing.assert_allclose(share.sum(axis=1), k, atol=1e-9)


def test_a_larger_one_equals_highs():
    a = printed()[:256]
    ours, highs = balanced_assignment_lp(a, 2), balanced_assignment_lp(a, 2, method="scipy")
    assert abs(ours.value - highs.value) <= 1e-8 and ours.upper >= highs.value - 1e-8


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_enumeration(seed):
    """All ways to send 4 tokens to 2 experts, 2 each."""
    a = np.random.default_rng(seed).normal(size=(4, 2))
    every = [sum(a[i, int(i in first)] for i in range(4)) for first in itertools.combinations(range(4), 2)]
    assert abs(balanced_assignment_lp(a, 1).value - max(every)) <= 1e-12


def test_a_wrong_price_is_no_certificate():
    """Control: at other biases the dual is strictly above the value."""
    a = printed()[:64]
    best = balanced_assignment_lp(a, 2)
    assert dual(a, best.dual.price + np.linspace(0, 0.1, 16), 2) > best.value + 1e-3


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: balanced_assignment_lp([], 1), "affinity: got shape"),
        (lambda: balanced_assignment_lp([[np.nan]], 1), "affinity: got nan"),
        (lambda: balanced_assignment_lp([[1.0, 2.0]], 3), "choices: got 3"),
        (lambda: balanced_assignment_lp([[1.0, 2.0]], 0), "choices: got 0"),
        (lambda: balanced_assignment_lp([[1.0]], 1, method="simplex"), "method: got 'simplex'"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
