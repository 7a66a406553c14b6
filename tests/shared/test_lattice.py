"""Steps of which amounts are multiples."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.shared.lattice import common_step


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6).filter(any), st.integers(1, 60), st.integers(1, 60))
def test_the_step_is_the_greatest_common_divisor(times, numerator, denominator):
    """Multiples of one fraction have its gcd multiple as their step, though no float is that fraction."""
    unit = Fraction(numerator, denominator)
    assert math.isclose(common_step([float(unit * i) for i in times]), float(unit * math.gcd(*times)), rel_tol=1e-12)


@pytest.mark.parametrize("mixed", [[1.0, math.sqrt(2)], [1.0, math.pi / 10], [1e-7 / 3, 1.0], [math.pi], [math.e], [0.1234567890123, 1.0]])
def test_what_has_no_step(mixed):
    assert common_step(mixed) == 0.0
