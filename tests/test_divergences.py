"""KL divergences beside the Bernoulli one: known answers, ends, and what they have in common."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetsim.confidence import bernoulli_kl, exponential_kl, poisson_kl
from budgetsim.kernels import compiled

means = st.floats(1e-6, 1e6)


def test_known_answers():
    """K2, printed by SMPyBandits (Policies/kullback.py)."""
    assert round(bernoulli_kl(0.1, 0.9), 6) == pytest.approx(1.757779, abs=1.1e-6)
    assert round(bernoulli_kl(0.4, 0.5), 6) == pytest.approx(0.020135, abs=1.1e-6)
    assert round(poisson_kl(3.0, 6.0), 6) == 0.920558
    assert round(exponential_kl(3.0, 6.0), 6) == 0.193147


def test_at_the_ends():
    assert [poisson_kl(0.0, 0.0), poisson_kl(0.0, 2.0), poisson_kl(2.0, 0.0)] == [0.0, 2.0, math.inf]
    assert [exponential_kl(0.0, 0.0), exponential_kl(0.0, 2.0), exponential_kl(2.0, 0.0)] == [0.0, math.inf, math.inf]


@given(means, means, st.floats(0.1, 10.0))
def test_they_are_divergences(p, q, factor):
    """At least 0, 0 at equality; Poisson's is homogeneous of degree 1, exponential's depends on the ratio, and both are Bregman's formula."""
    for kl in (poisson_kl, exponential_kl):
        assert kl(p, p) == 0.0 <= kl(p, q)
    assert poisson_kl(factor * p, factor * q) == pytest.approx(factor * poisson_kl(p, q), rel=1e-9, abs=1e-9 * factor * (p + q))
    assert exponential_kl(factor * p, factor * q) == pytest.approx(exponential_kl(p, q), rel=1e-9, abs=1e-9 * (1 + p / q))
    assert poisson_kl(p, q) == pytest.approx(q * (1 + p / q * (math.log(p / q) - 1)), rel=1e-9, abs=1e-12 * (p + q))


def test_same_bits_compiled():
    for kl in (poisson_kl, exponential_kl):
        fast = compiled(kl)
        assert [fast(p / 7, q / 3) for p in range(9) for q in range(1, 9)] == [kl(p / 7, q / 3) for p in range(9) for q in range(1, 9)]
