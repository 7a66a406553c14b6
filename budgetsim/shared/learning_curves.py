"""Learning curves of groups, a + b n^-rate: what they say at n, and fitting them to noisy losses as data come in."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue
from ..model import Spec

MEAN, WORST = 0, 1


class Groups(NamedTuple):
    """What is public: prices and weights of G groups, the samples that they start with, what is minimised, rounds."""

    cost: np.ndarray
    weight: np.ndarray
    start: np.ndarray
    aim: int  #: MEAN or WORST


class Losses(NamedTuple):
    """What is seen after a purchase: `loss` (G,), noisy."""

    loss: np.ndarray


class Curve(NamedTuple):
    floor: float
    scale: float
    rate: float


class Fit(NamedTuple):
    """Weighted sums over what was seen, for each rate tried: (R, G) of 1, x, x x, y, x y, y y with x = n^-rate and weights y^-2."""

    one: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    y: np.ndarray
    xy: np.ndarray
    yy: np.ndarray


def loss_at(floor: Any, scale: Any, rate: Any, n: Any) -> Any:
    """a + b n^-rate, n > 0.

    >>> loss_at(0.5, 2.0, 1.0, 4.0)
    1.0
    """
    return floor + scale * draws.exp(-rate * draws.log(n))


def no_fit(rates: int, groups: int) -> Fit:
    return Fit(*(np.zeros((rates, groups)) for _ in Fit._fields))


def observe_losses(fit: Any, rates: Any, n: Any, loss: Any) -> None:
    """One noisy loss of each group at its n; errors are taken as proportional to the loss."""
    for g in range(n.size):
        weight = 1.0 / (loss[g] * loss[g])
        log_n = draws.log(n[g])
        for r in range(rates.size):
            x = draws.exp(-rates[r] * log_n)
            fit.one[r, g] += weight
            fit.x[r, g] += weight * x
            fit.xx[r, g] += weight * x * x
            fit.y[r, g] += weight * loss[g]
            fit.xy[r, g] += weight * x * loss[g]
            fit.yy[r, g] += weight * loss[g] * loss[g]


def fitted(fit: Any, rates: Any, g: Any) -> Any:
    """Least squares in (a, b) >= 0 for each rate; the curve of the rate with the least sum of squares, ties to the first."""
    best, least = Curve(0.0, 0.0, rates[0]), math.inf
    for r in range(rates.size):
        s, sx, sxx, sy, sxy = fit.one[r, g], fit.x[r, g], fit.xx[r, g], fit.y[r, g], fit.xy[r, g]
        spread = s * sxx - sx * sx
        a, b = -1.0, -1.0
        if spread > 1e-9 * s * sxx:
            b = (s * sxy - sx * sy) / spread
            a = (sy - b * sx) / s
        if a < 0.0 and sxx > 0.0:
            a, b = 0.0, sxy / sxx
        elif b < 0.0 and s > 0.0:
            a, b = sy / s, 0.0
        squares = fit.yy[r, g] - 2.0 * a * sy - 2.0 * b * sxy + a * a * s + 2.0 * a * b * sx + b * b * sxx
        if squares < least:
            least, best = squares, Curve(a, b, rates[r])
    return best


def groups_of(rule: str, spec: Spec) -> Groups:
    """The public numbers; declines every other problem."""
    told = spec.public
    if not hasattr(told, "aim") or not hasattr(told, "weight") or not hasattr(spec.seen, "loss"):
        raise BadValue(f"{rule}: got a problem without groups whose losses are seen; allowed: equitable_sampling")
    return told
