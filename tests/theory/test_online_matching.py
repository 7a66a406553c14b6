"""M1, M2 and M3 of the known answers, and the same numbers by other means."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgetsim import BudgetsimError
from budgetsim.theory.online_matching import adwords_guarantee, fractional_balance, ranking_matches, triangular

M1 = {2: 0.75, 3: 0.722222, 4: 0.708333, 5: 0.686667, 10: 0.661746, 100: 0.635257}


@pytest.mark.parametrize(("nodes", "printed"), M1.items())
def test_m1(nodes, printed):
    """The recursion beside its closed form on this graph: arrival k raises everybody left by 1/(n - k) while that fits."""
    level = fractional_balance(triangular(nodes))
    line = np.minimum(np.cumsum(1.0 / np.arange(nodes, 0, -1)), 1.0)
    np.testing.assert_allclose(level, line, atol=1e-12)
    assert abs(level.mean() - printed) < 6e-7


def test_the_limit_of_m1():
    assert fractional_balance(triangular(1500)).mean() == pytest.approx(1 - 1 / math.e, abs=5e-4)


@pytest.mark.parametrize(("nodes", "printed"), [(2, Fraction(3, 2)), (3, Fraction(13, 6)), (4, Fraction(67, 24))])
def test_m2(nodes, printed):
    assert ranking_matches(triangular(nodes)) == printed
    assert ranking_matches(np.ones((nodes, nodes))) == nodes  # control: who knows everybody is always matched


graphs = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n), min_size=1, max_size=5))


def optimum(edges):
    edges = np.asarray(edges)
    m, n = edges.shape
    rows = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])
    return -linprog(-edges.ravel(), rows, np.ones(m + n), method="highs").fun


@settings(max_examples=200, deadline=None)
@given(graphs)
def test_both_keep_one_minus_1_over_e(edges):
    """RANKING's mean over all orders, and fractional Balance, on every small graph; Balance pours out one unit or fills all neighbours."""
    best = optimum(edges)
    assert float(ranking_matches(edges)) >= (1 - 1 / math.e) * best - 1e-9
    level = fractional_balance(edges)
    assert level.sum() >= (1 - 1 / math.e) * best - 1e-9 and level.max() <= 1.0
    before, last = fractional_balance(edges[:-1]) if len(edges) > 1 else np.zeros(level.size), np.array(edges[-1]) > 0
    poured = level - before
    assert poured[~last].sum() == 0.0 and poured.min() >= 0.0
    if last.any():
        assert poured.sum() == pytest.approx(1.0, abs=1e-12) or level[last].min() == 1.0
        assert level[last][poured[last] > 1e-12].max(initial=0.0) <= level[last].min() + 1e-12  # the emptiest first


def test_m3():
    """(1 - 1/c)(1 - R) with c = (1 + R)^(1/R), from 1 - 1/e down to 0."""
    for r in (1e-6, 0.01, 0.1, 0.5, 1.0):
        c = (1 + r) ** (1 / r)
        assert adwords_guarantee(r) == pytest.approx((1 - 1 / c) * (1 - r), rel=1e-9)
    assert adwords_guarantee(0.0) == 1 - 1 / math.e and adwords_guarantee(1e-12) == pytest.approx(1 - 1 / math.e)


def test_wrong_arguments():
    for make, says in (
        (lambda: adwords_guarantee(2.0), "ratio: got 2.0"),
        (lambda: ranking_matches(np.ones((2, 10))), "nodes: got 10"),
        (lambda: fractional_balance([]), "adjacency"),
    ):
        with pytest.raises(BudgetsimError, match=says):
            make()
