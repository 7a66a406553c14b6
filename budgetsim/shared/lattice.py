"""Whether amounts are multiples of one step: what makes a stock a whole number of something."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

_DECIMALS, _DENOMINATOR = 10**9, 10**4
NEAR = 1e-15  #: relative; some units in the last place, far less than any fraction with a denominator up to 1e4 comes to others


def common_step(*amounts: Any) -> float:
    """The largest step of which every amount is a multiple, but for rounding; 0 where there is none, 1 for zeros alone.

    An amount is read as it is written, with up to nine decimals, else as a fraction with a denominator up to 10,000.

    >>> common_step([2.0, -3.0], 1), common_step([0.1, -0.25]), common_step([1.0 / 3.0, 1.0]), common_step([1.0, 2.0**0.5])
    (1.0, 0.05, 0.3333333333333333, 0.0)
    """
    step = Fraction(0)
    for x in np.unique(np.concatenate([np.ravel(np.asarray(a, float)) for a in amounts])).tolist():
        near = Fraction(repr(x))
        if near.denominator > _DECIMALS:
            near = Fraction(x).limit_denominator(_DENOMINATOR)
        if abs(near - Fraction(x)) > NEAR * abs(x):
            return 0.0
        step = Fraction(math.gcd(step.numerator * near.denominator, near.numerator * step.denominator), step.denominator * near.denominator)
    return float(step) or 1.0
