"""Intervals for what replications estimate: means, differences, ratios, probabilities, log-log slopes.

Student's t is wrong for skewed outcomes long after n = 200, and never knows it. Every interval of a mean here therefore looks at the sample's skewness
and gives way where t fails:

- n >= 200 and 100 skewness**2 <= n: plain t (Cochran's rule asks for 25 skewness**2; Pareto tails need more);
- otherwise each end is the further of Student's and of Hall's skewness-corrected one [Hall1992]_. Hall's alone is too short for symmetric heavy tails,
  Student's for skewed ones, the further of the two for neither, and there is nothing to seed;
- where no correction can help, `method` ends in a caveat ("; few replications", "; no variation seen", "; heavy tail"), `Interval.caveat` reads it,
  and the functions that are given values warn (`IntervalWarning`).

`level` is always a confidence level: 0.95, or 1 - 1e-6. tests/test_intervals.py measures the coverage.
"""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from .arguments import BadValue, array, number, whole

FEW = 50  #: below this many replications an outcome of probability 1 - 0.05**(1/n) >= 0.058 goes unseen once in 20 runs
MANY = 200  #: from here on plain t, where the skewness allows it
HEAVY = 0.25  #: one replication with this share of the sum of squares: the variance itself is not yet known


class IntervalWarning(UserWarning):
    """An interval whose coverage nobody can vouch for."""


class Interval(NamedTuple):
    """low <= the estimated quantity <= high, with confidence `level`; `method` says how, and after "; " what speaks against it.

    >>> mean(range(200)).method, mean_from_moments(20, 1.0, 1.0).caveat
    ('t', 'few replications, skewness unknown')
    """

    estimate: Any
    low: Any
    high: Any
    level: float
    method: str

    @property
    def caveat(self) -> str:
        """Why the interval may not cover; empty where nothing speaks against it."""
        return self.method.partition("; ")[2]


def _level(level: Any) -> float:
    return number("level (of confidence)", level, 0.5, math.nextafter(1.0, 0.0))


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _warned(interval: Interval, n: int) -> Interval:
    if interval.caveat and np.ndim(interval.estimate) == 0:
        unseen = 1.0 - (1.0 - interval.level) ** (1.0 / n)
        text = f"{interval.caveat} (n = {n}): the {interval.level:g} interval may not cover; an outcome of probability up to {unseen:.2g} may be unseen"
        warnings.warn(text, IntervalWarning, stacklevel=3)
    return interval


def _reach(n: int, level: float, skewness: Any) -> tuple[Any, Any, Any]:
    """Standard errors from the estimate down to `low` and up to `high`, and where Hall's correction was used."""
    from scipy.special import stdtrit

    q = float(stdtrit(n - 1, 0.5 + level / 2.0))
    if skewness is None:
        return q, q, np.False_
    wide = (n < MANY) | (100.0 * np.square(skewness) > n)
    a = np.asarray(skewness) / math.sqrt(n)

    def inverse(y: float) -> Any:
        # of Hall's monotone f(t) = t + a t**2 / 3 + a**2 t**3 / 27 + a / 6, without dividing by a
        x = y - a / 6.0
        c = np.cbrt(1.0 + a * x)
        return 3.0 * x / (c * c + c + 1.0)

    return np.where(wide, np.maximum(q, inverse(q)), q), np.where(wide, np.maximum(q, -inverse(-q)), q), wide


def _caveats(n: int, variance: Any, skewness: Any, share: Any) -> str:
    """What speaks against an interval of a mean; for arrays, at how many entries."""

    def note(text: str, mask: Any) -> str:
        count = np.count_nonzero(mask)
        return "" if not count else text if np.ndim(mask) == 0 else f"{text} at {count} of {np.size(mask)}"

    few = "" if n >= (MANY if skewness is None else FEW) else "few replications" + (", skewness unknown" if skewness is None else "")
    notes = few, note("no variation seen", np.equal(variance, 0.0)), note("heavy tail", np.greater(share, HEAVY)) if n >= FEW else ""
    return "".join("; " + text for text in notes if text)


def mean_from_moments(n: int, mean: Any, variance: Any, level: float = 0.95, skewness: Any = None, share: Any = 0.0) -> Interval:
    """Interval of an expectation from the moments of n replications; arrays give pointwise intervals.

    Parameters
    ----------
    n: number of replications. mean, variance: of the sample, the variance with divisor n - 1.
    skewness: third central moment / second**1.5, divisor n; without it t is used as it is, and n < 200 is a caveat.
    share: the largest squared deviation / the sum of squared deviations.

    >>> mean_from_moments(400, 10.0, 4.0)  # doctest: +ELLIPSIS
    Interval(estimate=10.0, low=9.80..., high=10.19..., level=0.95, method='t')
    """
    n, level = whole("n", n, 1), _level(level)
    mean, variance = (array(name, value, np.shape(value), 0.0 if name == "variance" else -math.inf) for name, value in (("mean", mean), ("variance", variance)))
    if n == 1:
        return Interval(_plain(mean), _plain(mean - math.inf), _plain(mean + math.inf), level, "none; one replication")
    down, up, wide = _reach(n, level, skewness)
    error = np.sqrt(variance / n)
    method = ("t, widened for skewness" if np.any(wide) else "t") + _caveats(n, variance, skewness, share)
    return Interval(_plain(mean), _plain(mean - down * error), _plain(mean + up * error), level, method)


def _moments(values: np.ndarray) -> tuple[Any, Any, Any, Any]:
    """Mean, variance, skewness and largest share of the squares, along axis 0; a constant series has exactly none of them."""
    n, centre = len(values), values.mean(axis=0)
    constant = values.max(axis=0) == values.min(axis=0)
    deviation = np.where(constant, 0.0, values - centre)
    total = np.square(deviation).sum(axis=0)
    standard = deviation / np.sqrt(np.where(total > 0.0, total / n, 1.0))
    square = np.square(standard)
    return np.where(constant, values[0], centre), total / max(n - 1, 1), (square * standard).mean(axis=0), square.max(axis=0) / n


def _mean(values: np.ndarray, level: float) -> Interval:
    centre, variance, skewness, share = _moments(values)
    return mean_from_moments(len(values), centre, variance, level, skewness, share)


def mean(values: Any, level: float = 0.95) -> Interval:
    """Interval of an expectation from independent replications.

    Parameters
    ----------
    values: (n,), or (n, m) for m pointwise intervals; axis 0 runs over replications.
    level: confidence level, in [0.5, 1).

    Examples
    --------
    >>> mean([float(i % 2) for i in range(200)]).method
    't'
    >>> skewed = mean([0.0] * 190 + [1.0] * 10)
    >>> skewed.high - skewed.estimate > skewed.estimate - skewed.low
    True

    References
    ----------
    [Hall1992]_, the monotone cubic transformation.
    """
    values = array("values", values, (None, None) if np.ndim(values) == 2 else (None,))
    return _warned(_mean(values, _level(level)), len(values))


def paired(a: Any, b: Any, level: float = 0.95) -> Interval:
    """Interval of E[a - b] when a (n,) and b (n,) come from the same replications.

    >>> luck = [float(i % 7) for i in range(200)]
    >>> better = paired([x + 1.0 + i % 2 for i, x in enumerate(luck)], luck)
    >>> better.estimate, better.method
    (1.5, 'paired t')
    """
    a = array("a", a, (None,))
    difference = a - array("b", b, a.shape)
    interval = _mean(difference, _level(level))
    return _warned(interval._replace(method="paired " + interval.method), len(a))


def _fieller(n: int, a: float, b: float, va: float, vb: float, cab: float, level: float, skewness: Any, notes: str) -> Interval:
    """Each end solves (a - r b)**2 = q**2 Var(a - r b) with its own q, as the skewness of a - r b asks."""
    down, up, wide = _reach(n, level, skewness)
    ends = []
    for q, side in ((float(down), -1.0), (float(up), 1.0)):
        k = q * q / n
        square, half = b * b - k * vb, a * b - k * cab
        if not square > 1e-14 * b * b:  # the denominator may be 0
            estimate = a / b if b != 0.0 else math.nan
            return Interval(estimate, -math.inf, math.inf, level, "fieller, unbounded" + notes)
        ends.append((half + side * math.sqrt(max(half * half - square * (a * a - k * va), 0.0))) / square)
    return Interval(a / b, ends[0], ends[1], level, ("fieller, widened for skewness" if np.any(wide) else "fieller") + notes)


def ratio_from_moments(n: int, means: Any, covariance: Any, level: float = 0.95, skewness: float | None = None) -> Interval:
    """Interval of E[numerator] / E[denominator] from means (2,) and covariance (2, 2), divisor n - 1, of n replications.

    `skewness` is that of numerator - estimate * denominator, signed as if the denominator's mean were positive.
    """
    n, level = whole("n", n, 2), _level(level)
    a, b = array("means", means, (2,)).tolist()
    (va, cab), (_, vb) = array("covariance", covariance, (2, 2)).tolist()
    sign = -1.0 if b < 0.0 else 1.0
    return _fieller(n, sign * a, sign * b, va, vb, cab, level, skewness, _caveats(n, va + vb, skewness, 0.0))


def ratio(numerator: Any, denominator: Any, level: float = 0.95) -> Interval:
    """Interval of E[numerator] / E[denominator], by Fieller's theorem.

    The set of r that a test of E[numerator - r denominator] = 0 accepts. Where the denominator's mean may be 0 that set is unbounded: the
    interval is then (-inf, inf) and the method says "fieller, unbounded".

    Parameters
    ----------
    numerator: (n,). denominator: (n,) of the same replications, or a number that is known exactly.

    Examples
    --------
    >>> even = [float(i % 2) for i in range(200)]
    >>> ratio(even, 2.0).estimate
    0.25
    >>> ratio(even, [x - 0.5 for x in even]).method
    'fieller, unbounded'
    """
    x, level = array("numerator", numerator, (None,)), _level(level)
    n = len(x)
    if np.ndim(denominator) == 0:
        known = number("denominator", denominator)
        if known == 0.0:
            raise BadValue("denominator: got 0; allowed: a number that is not 0")
        return _warned(_mean(x / known, level), n)
    y = array("denominator", denominator, x.shape)
    if n == 1:
        return _warned(Interval(x[0] / y[0] if y[0] != 0.0 else math.nan, -math.inf, math.inf, level, "none; one replication"), n)
    if y.mean() < 0.0:
        x, y = -x, -y
    (a, va, _, _), (b, vb, _, _) = _moments(x), _moments(y)
    cab = float(np.sum((x - a) * (y - b)) / (n - 1))
    _, variance, skewness, share = _moments(x - (a / b if b != 0.0 else 0.0) * y)
    notes = _caveats(n, variance, skewness, share)
    return _warned(_fieller(n, float(a), float(b), float(va), float(vb), cab, level, float(skewness), notes), n)


def proportion(successes: int, n: int, level: float = 0.95) -> Interval:
    """Interval of a probability from the number of successes in n independent trials.

    Wilson's, unless fewer than 4/3 z**4 trials (20 at level 0.95) are successes, or failures: there its error is several times what it promises
    (3.2 times at 0.95, 70 times at 0.999), and the interval is the exact one of Clopper and Pearson, which always covers.
    With no success seen its upper end is 1 - ((1 - level) / 2)**(1/n).

    >>> proportion(0, 100)  # doctest: +ELLIPSIS
    Interval(estimate=0.0, low=0.0, high=0.0362..., level=0.95, method='exact')
    >>> proportion(50, 100).method
    'wilson'
    """
    from scipy.special import betaincinv, ndtri

    n, level = whole("n", n, 1), _level(level)
    k = whole("successes", successes, 0, n)
    z, p = float(ndtri(0.5 + level / 2.0)), k / n
    if min(k, n - k) < 4.0 / 3.0 * z**4:
        tail = (1.0 - level) / 2.0
        low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
        high = 1.0 - float(betaincinv(n - k, k + 1, tail)) if k < n else 1.0
        return Interval(p, low, high, level, "exact")
    grown = 1.0 + z * z / n
    centre, half = (p + z * z / (2 * n)) / grown, z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2) / grown
    return Interval(p, centre - half, centre + half, level, "wilson")


def slope(x: Any, samples: Any, level: float = 0.95) -> Interval:
    """Interval of the least-squares slope of log E[samples] against log x.

    The slope is sum_j w_j log(mean_j); to first order its error is the mean over replications of sum_j w_j samples_ij / mean_j, whatever the
    columns share, and gets the interval of a mean: the bootstrap over replications without its noise.

    Parameters
    ----------
    x: (k,) positive, k >= 2. samples: (n, k), row i is replication i at every x; the rows are independent, the columns need not be.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> fit = slope(x, np.sqrt(x) * np.array([[0.9], [1.1]] * 100))
    >>> round(fit.estimate, 12), fit.method
    (0.5, 'delta')
    """
    x, level = array("x", x, (None,), 5e-324), _level(level)
    if len(np.unique(x)) < 2:
        raise BadValue("x: got fewer than two different values; allowed: at least two")
    samples = array("samples", samples, (None, len(x)))
    n, centre = len(samples), samples.mean(axis=0)
    if n < 2 or np.any(centre <= 0.0):
        return _warned(Interval(math.nan, -math.inf, math.inf, level, "delta, unbounded; a mean is not positive" if n > 1 else "none; one replication"), n)
    w = np.log(x) - np.log(x).mean()
    w /= np.square(w).sum()
    estimate = float(w @ np.log(centre))
    error = _mean((samples / centre - 1.0) @ w, level)
    far = np.any(centre < 4.0 * samples.std(axis=0) / math.sqrt(n))
    method = "delta" + error.method.removeprefix("t") + ("; a mean is within 4 standard errors of 0" if far else "")
    return _warned(Interval(estimate, estimate + error.low - error.estimate, estimate + error.high - error.estimate, level, method), n)


def simultaneous(level: float, comparisons: int) -> float:
    """The level that each of several intervals needs for all to cover together with confidence `level`: Bonferroni's, under any dependence.

    >>> round(simultaneous(0.95, 10), 12)
    0.995
    """
    return 1.0 - (1.0 - _level(level)) / whole("comparisons", comparisons, 1)


def dkw_band(n: int, level: float = 0.95) -> float:
    """Half-width h such that the empirical distribution of n replications is within h of the true one everywhere, with confidence `level`.

    h = sqrt(log(2 / (1 - level)) / (2 n)), exact for every n and every law [Massart1990]_.

    >>> round(dkw_band(1000), 4)
    0.0429
    """
    return math.sqrt(math.log(2.0 / (1.0 - _level(level))) / (2 * whole("n", n, 1)))
