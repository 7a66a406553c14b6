"""Finite-size scaling: where a continuous transition is, and its exponents, from systems of several sizes.

Near a critical noise q_c, with x = (q - q_c) L^(1/nu),

    U = f(x),   <|m|> = L^(-beta/nu) g(x),   chi = L^(gamma/nu) h(x)

up to corrections that fall with L. On graphs without a length, L is the number of nodes and the exponents are those per node.
Intervals are percentiles of a bootstrap over packs, which are independent; they know nothing of the corrections, chi^2 may.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number, whole
from ..intervals import Interval
from .majority_vote import Measurement, binder, magnetisation, susceptibility


class Crossing(NamedTuple):
    """Where the Binder cumulants of sizes i and i + 1 cross: noise and cumulant, each an Interval of arrays (S - 1,)."""

    noise: Interval
    binder: Interval


class Collapse(NamedTuple):
    """Four intervals, and one of the cumulant at the critical noise; chi^2 and its degrees of freedom; `coefficient` (3, degree + 1) of U, log g, log h."""

    critical_noise: Interval
    inverse_nu: Interval
    beta_over_nu: Interval
    gamma_over_nu: Interval
    binder: Interval
    chi_square: float
    freedom: int
    coefficient: np.ndarray


class FixedBinder(NamedTuple):
    """Where U has a given value, (S,), and the exponents between consecutive sizes there, (S - 1,): Intervals of arrays."""

    noise: Interval
    inverse_nu: Interval
    beta_over_nu: Interval
    gamma_over_nu: Interval


def _resampled(measured: Measurement, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples + 1, Q, 4): the means over packs, the first of all packs, the others of packs drawn with replacement."""
    packs = measured.moments.shape[1]
    weight = np.vstack([np.full(packs, 1.0), rng.multinomial(packs, np.full(packs, 1.0 / packs), size=resamples)]) / packs
    return np.einsum("bp,qpk->bqk", weight, measured.moments)  # the same packs at every noise: they may share a graph


def _percentiles(values: np.ndarray, level: float) -> Interval:
    """`values` (1 + resamples, ...), the first from the data themselves."""
    low, high = np.percentile(values[1:], [50.0 * (1.0 - level), 50.0 * (1.0 + level)], axis=0)
    estimate: Any = values[0]
    low, high = np.minimum(low, estimate), np.maximum(high, estimate)
    estimate, low, high = (float(v) if np.ndim(v) == 0 else v for v in (estimate, low, high))
    return Interval(estimate, low, high, level, "percentile bootstrap over packs")


def _checked(measurements: Sequence[Measurement], size: Any, least: int, resamples: int, level: float) -> tuple[np.ndarray, int, float]:
    if len(measurements) < least or not all(isinstance(m, Measurement) for m in measurements):
        raise BadValue(
            f"measurements: got {len(measurements)} of {sorted({type(m).__name__ for m in measurements})}; allowed: {least} or more of majority_vote"
        )
    size = array("size", size, (len(measurements),), 1.0)
    if np.any(np.diff(size) <= 0.0):
        raise BadValue(f"size: got {size.tolist()}; allowed: increasing")
    return size, whole("resamples", resamples, 20), number("level", level, 0.5, 1.0 - 1e-9)


def binder_crossing(measurements: Sequence[Measurement], size: Any, *, degree: int = 2, resamples: int = 400, level: float = 0.95, seed: int = 0) -> Crossing:
    """Where the Binder cumulants of consecutive sizes cross.

    U(q) of each size is a polynomial, fitted with weights 1 / error^2; the crossing is the root of their difference between the noises that both have.

    Parameters
    ----------
    measurements : of `majority_vote`, one a size. size : (S,) increasing, L or the number of nodes, for the order only.
    degree : of the polynomials. resamples : of the bootstrap over packs. level : of the intervals. seed : of the bootstrap.

    Returns
    -------
    Crossing.

    Raises
    ------
    BadValue : sizes that do not increase, fewer noises than coefficients, curves that do not cross in the common range.

    Examples
    --------
    >>> import networkx
    >>> from .majority_vote import majority_vote
    >>> q = np.linspace(0.08, 0.22, 5)
    >>> seen = [majority_vote(networkx.random_regular_graph(4, n, seed=1), q, 200, 40, seed=n) for n in (16, 64)]
    >>> binder_crossing(seen, [16, 64]).noise.estimate.round(2).tolist()
    [0.1]

    References
    ----------
    [Binder1981]_.
    """
    size, resamples, level = _checked(measurements, size, 2, resamples, level)
    curves = [_Curves(m, whole("degree", degree, 1, 8), resamples, rng) for rng in [np.random.default_rng(whole("seed", seed))] for m in measurements]
    noise, height = [], []
    for (length, one), (longer, other) in pairwise(zip(size, curves, strict=True)):
        low, high = max(one.low, other.low), min(one.high, other.high)
        ends = [float((one.at(0, q) - other.at(0, q))[0]) for q in (low, high)] if low < high else [0.0, 0.0]
        if not ends[0] < 0.0 < ends[1]:
            raise BadValue(
                f"measurements: got sizes {length:g} and {longer:g} that do not cross in [{low:g}, {high:g}]; allowed: noises on both sides of the crossing"
            )
        noise.append(_falls(lambda q, one=one, other=other: other.at(0, q) - one.at(0, q), low, high, resamples))
        height.append(one.at(0, noise[-1]))
    return Crossing(_percentiles(np.array(noise).T, level), _percentiles(np.array(height).T, level))


class _Curves:
    """U, log <|m|> and log chi of one size as polynomials of the noise, for the data and for each resample."""

    def __init__(self, m: Measurement, degree: int, resamples: int, rng: np.random.Generator) -> None:
        if m.noise.size <= degree:
            raise BadValue(f"measurements: got {m.noise.size} noises; allowed: more than degree = {degree}")
        self.low, self.high, self.degree = float(m.noise.min()), float(m.noise.max()), degree
        self.middle, self.scale = 0.5 * (self.low + self.high), max(0.5 * (self.high - self.low), 1e-300)
        means, design = _resampled(m, resamples, rng), self._powers(m.noise)
        values = binder(means), np.log(magnetisation(means, m.nodes)), np.log(susceptibility(means, m.nodes))
        errors = m.binder_error, m.magnetisation_error / m.magnetisation, m.susceptibility_error / m.susceptibility
        self.coefficient = [np.linalg.lstsq(design / e[:, None], (v / e).T, rcond=None)[0].T for v, e in zip(values, errors, strict=True)]

    def _powers(self, q: Any) -> np.ndarray:
        return np.vander((np.atleast_1d(q) - self.middle) / self.scale, self.degree + 1, increasing=True)

    def at(self, k: int, q: Any) -> np.ndarray:
        """(resamples + 1,) at one noise, or at one noise for each resample."""
        return np.asarray((self.coefficient[k] * self._powers(q)).sum(axis=1))

    def slope(self, q: np.ndarray) -> np.ndarray:
        """dU/dq."""
        powers = np.arange(1, self.degree + 1) * self._powers(q)[:, :-1] / self.scale
        return np.asarray((self.coefficient[0][:, 1:] * powers).sum(axis=1))


def _falls(f: Any, low: float, high: float, resamples: int) -> np.ndarray:
    """Where f, above 0 at `low` and below at `high`, changes its sign, by bisection; an end where it does not."""
    a, b = np.full(resamples + 1, low), np.full(resamples + 1, high)
    for _ in range(60):
        q = 0.5 * (a + b)
        positive = f(q) > 0.0
        a, b = np.where(positive, q, a), np.where(positive, b, q)
    return 0.5 * (a + b)


def fixed_binder(
    measurements: Sequence[Measurement], size: Any, value: float, *, degree: int = 2, resamples: int = 400, level: float = 0.95, seed: int = 0
) -> FixedBinder:
    """The noises q_L at which U has a given value, and the exponents between consecutive sizes there.

    Where U is the same, x is, so |m| falls as L^(-beta/nu), chi grows as L^(gamma/nu) and -dU/dq as L^(1/nu). At the value of U at the transition itself, known
    for the universality class, q_L tends to q_c faster than at any other.

    Parameters
    ----------
    measurements : of `majority_vote`, one a size. size : (S,) increasing. value : of U. degree : of the polynomials in q of U, log <|m|>, log chi.
    resamples, level, seed : of the bootstrap over packs.

    Returns
    -------
    FixedBinder.

    Raises
    ------
    BadValue : sizes that do not increase, fewer noises than coefficients, a value that a size does not take.

    Examples
    --------
    >>> import networkx
    >>> from .majority_vote import majority_vote
    >>> q = np.linspace(0.08, 0.22, 5)
    >>> seen = [majority_vote(networkx.random_regular_graph(4, n, seed=1), q, 200, 40, seed=n) for n in (16, 64)]
    >>> fixed_binder(seen, [16, 64], 0.4).noise.estimate.round(2).tolist()
    [0.17, 0.13]

    References
    ----------
    [Binder1981]_.
    """
    size, resamples, level = _checked(measurements, size, 2, resamples, level)
    value = number("value", value, 0.0, 2.0 / 3.0)
    curves = [_Curves(m, whole("degree", degree, 1, 8), resamples, rng) for rng in [np.random.default_rng(whole("seed", seed))] for m in measurements]
    noise, logs = [], []
    for length, one in zip(size, curves, strict=True):
        if not float(one.at(0, one.high)[0]) < value < float(one.at(0, one.low)[0]):
            raise BadValue(f"value: got {value:g}, which size {length:g} does not take in [{one.low:g}, {one.high:g}]; allowed: noises on both sides")
        noise.append(_falls(lambda q, one=one: one.at(0, q) - value, one.low, one.high, resamples))
        logs.append(np.stack([np.log(np.maximum(-one.slope(noise[-1]), 1e-300)), -one.at(1, noise[-1]), one.at(2, noise[-1])]))
    exponent = (np.diff(np.array(logs), axis=0) / np.diff(np.log(size))[:, None, None]).transpose(1, 2, 0)
    return FixedBinder(_percentiles(np.array(noise).T, level), *(_percentiles(e, level) for e in exponent))


def data_collapse(
    measurements: Sequence[Measurement],
    size: Any,
    *,
    degree: int = 3,
    correction: float | None = None,
    window: float = np.inf,
    resamples: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Collapse:
    """Critical noise and exponents with which the data of all sizes fall on three curves.

    U, log <|m|> + (beta/nu) log L and log chi - (gamma/nu) log L are polynomials of x = (q - q_c) L^(1/nu); all is fitted together, each point with weight
    1 / error^2. Given q_c and 1/nu the rest is linear least squares, so Gauss-Newton runs over these two only, from the best point of a grid.

    Parameters
    ----------
    measurements : of `majority_vote`, one a size. size : (S,) increasing, S >= 2.
    degree : of the polynomials. correction : omega > 0, adds c L^(-omega) to each of the three. None: no corrections to scaling.
    window : only points with |x| <= window at the first fit are kept. resamples, level, seed : of the bootstrap over packs.

    Returns
    -------
    Collapse.

    Raises
    ------
    BadValue : sizes that do not increase, too few points.

    Examples
    --------
    >>> import networkx
    >>> from .majority_vote import majority_vote
    >>> q = np.linspace(0.08, 0.22, 5)
    >>> seen = [majority_vote(networkx.random_regular_graph(4, n, seed=1), q, 200, 40, seed=n) for n in (16, 64)]
    >>> fit = data_collapse(seen, [16, 64], resamples=20)
    >>> round(fit.critical_noise.estimate, 1), fit.coefficient.shape
    (0.1, (3, 4))

    References
    ----------
    [Binder1981]_.
    """
    size, resamples, level = _checked(measurements, size, 2, resamples, level)
    degree, rng = whole("degree", degree, 1, 8), np.random.default_rng(whole("seed", seed))
    q = np.concatenate([m.noise for m in measurements])
    length = np.repeat(size, [m.noise.size for m in measurements])
    drawn, error = [], []
    for m in measurements:
        means = _resampled(m, resamples, rng)
        drawn.append(np.stack([binder(means), np.log(magnetisation(means, m.nodes)), np.log(susceptibility(means, m.nodes))], axis=1))
        error.append(np.stack([m.binder_error, m.magnetisation_error / m.magnetisation, m.susceptibility_error / m.susceptibility]))
    values, sigma = np.concatenate(drawn, axis=2), np.concatenate(error, axis=1)
    middle = float(np.exp(np.log(length).mean()))
    scale = length / middle  # so that log L of the middle is 0
    extra = [] if correction is None else [length ** -number("correction", correction, 1e-3, 10.0)]

    def linear(at: np.ndarray, data: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Residuals (all, in errors), coefficients (3, degree + 1), and the two exponents, at q_c, 1/nu = at."""
        design = np.column_stack([np.vander((q - at[0]) * scale ** at[1], degree + 1, increasing=True), *extra])[keep]
        residual, coefficient, exponent = [], np.empty((3, degree + 1)), np.zeros(3)
        for k in range(3):
            columns = design if k == 0 else np.column_stack([design, np.log(scale[keep])])
            norm = np.linalg.norm(columns, axis=0)
            weighted = columns / norm / sigma[k, keep, None]
            solved = np.linalg.lstsq(weighted, data[k, keep] / sigma[k, keep], rcond=None)[0]
            residual.append(weighted @ solved - data[k, keep] / sigma[k, keep])
            coefficient[k] = (solved / norm)[: degree + 1]
            exponent[k] = 0.0 if k == 0 else (solved / norm)[-1]
        return np.concatenate(residual), coefficient, exponent

    def climb(at: np.ndarray, data: np.ndarray, keep: np.ndarray) -> np.ndarray:
        residual = linear(at, data, keep)[0]
        step = np.array([1e-6 * np.ptp(q), 1e-6])
        for _ in range(30):
            slope = np.column_stack([(linear(at + step * unit, data, keep)[0] - residual) / s for unit, s in zip(np.eye(2), step, strict=True)])
            move = np.linalg.lstsq(slope, -residual, rcond=None)[0]
            for _ in range(12):
                trial = linear(at + move, data, keep)[0]
                if trial @ trial <= residual @ residual:
                    break
                move = move / 2.0
            else:
                break
            at, gained, residual = at + move, residual @ residual - trial @ trial, trial
            if gained <= 1e-9 * (1.0 + residual @ residual):
                break
        return at

    def loss(at: np.ndarray) -> float:
        residual = linear(at, values[0], everything)[0]
        return float(residual @ residual)

    everything = np.ones(q.size, dtype=bool)
    spread = np.ptp(q)
    grid = [np.array([c, a]) for c in np.linspace(q.min() + 0.05 * spread, q.max() - 0.05 * spread, 19) for a in np.linspace(0.2, 2.0, 10)]
    best = climb(min(grid, key=loss), values[0], everything)
    keep = np.abs(q - best[0]) * length ** best[1] <= window
    freedom = 3 * int(keep.sum()) - 3 * (degree + 1 + len(extra)) - 4
    if freedom < 1 or np.unique(length[keep]).size < 2:
        raise BadValue(f"window: got {window:g}, which leaves {int(keep.sum())} points; allowed: points of two sizes and more than coefficients")
    found = np.empty((resamples + 1, 5))
    for b, data in enumerate(values):
        best = climb(best if b == 0 else found[0, :2], data, keep)
        residual, coefficient, exponent = linear(best, data, keep)
        found[b] = best[0], best[1], -exponent[1], exponent[2], coefficient[0, 0]
        if b == 0:
            chi_square, curves = float(residual @ residual), coefficient / middle ** (best[1] * np.arange(degree + 1))
            curves[:, 0] -= exponent * np.log(middle)
    critical, inverse_nu, beta, gamma, height = (_percentiles(found[:, k], level) for k in range(5))
    return Collapse(critical, inverse_nu, beta, gamma, height, chi_square, freedom, curves)
