"""Whether amounts are multiples of one step: what makes a stock a whole number of something."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

_FINEST = 10**6  # denominators up to here are tried


def common_step(*amounts: Any) -> float:
    """The largest step of which every amount is a multiple (to 1e-12 of itself), 0 where there is none; 1 for zeros alone.

    Amounts are read as the fractions of the smallest denominator, up to 1e6, that are that near.

    >>> common_step([2.0, -3.0], 1), common_step([0.1, -0.25]), common_step([1.0, 2.0**0.5])
    (1.0, 0.05, 0.0)
    """
    step = Fraction(0)
    for x in np.unique(np.concatenate([np.ravel(np.asarray(a, float)) for a in amounts])).tolist():
        near = Fraction(x).limit_denominator(_FINEST)
        if abs(float(near) - x) > 1e-12 * abs(x):
            return 0.0
        step = Fraction(math.gcd(step.numerator * near.denominator, near.numerator * step.denominator), step.denominator * near.denominator)
    return float(step) or 1.0
