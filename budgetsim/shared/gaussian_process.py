"""A Gaussian process on finitely many points, conditioned one batch at a time: what the Gaussian-process rules share.

Conditioning on the mean of m readings of one point, each with noise variance v, is one rank-one step on the n points: the same
posterior as from the m readings one by one, at n^2 operations whatever m is. Plain loops: the same bits everywhere.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number
from ..confidence import best
from ..draws import exp
from ..kernels import available
from ..model import Spec


class Posterior(NamedTuple):
    """Of n points."""

    mean: np.ndarray
    covariance: np.ndarray
    scratch: np.ndarray


class Batch(NamedTuple):
    """A rule that stays on a point: the posterior, and the readings that are not in it yet."""

    posterior: Posterior
    visited: np.ndarray  #: (n,) 1 where a point was ever read
    point: np.ndarray
    planned: np.ndarray  #: readings still to come of this batch
    read: np.ndarray
    total: np.ndarray  #: their sum


class Settings(NamedTuple):
    """`spare`: (C^2 - 1) v, so that floor(spare / variance) readings shrink no standard deviation by more than C."""

    weight: float
    noise: float
    spare: float


def prior(mean: np.ndarray, covariance: np.ndarray) -> Posterior:
    """Nothing seen yet.

    >>> prior(np.zeros(2), np.eye(2)).covariance.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return Posterior(mean.copy(), covariance.copy(), np.zeros(mean.size))


def condition(posterior: Any, point: Any, reading: Any, variance: Any) -> None:
    """Sees `reading` at a point, with noise of this variance.

    >>> p = prior(np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> condition(p, 0, 2.0, 1.0)
    >>> p.mean.tolist(), p.covariance.tolist()
    ([1.0, 0.5], [[0.5, 0.25], [0.25, 0.875]])
    """
    n = posterior.mean.size
    scale = posterior.covariance[point, point] + variance
    surprise = (reading - posterior.mean[point]) / scale
    for i in range(n):
        posterior.scratch[i] = posterior.covariance[point, i]
    for i in range(n):
        along = posterior.scratch[i]
        posterior.mean[i] += along * surprise
        along = along / scale
        for j in range(n):
            posterior.covariance[i, j] -= along * posterior.scratch[j]
    posterior.covariance[point, point] = max(posterior.covariance[point, point], 0.0)


def deviation(posterior: Any, i: Any) -> Any:
    """The standard deviation at a point."""
    return math.sqrt(max(posterior.covariance[i, i], 0.0))


# ------------------------------------------------------------------------------------------------ staying on a point
def stay(noise: Any, weight: float, factor: float, rule: str) -> Any:
    """The `init` of a rule that stays on a point while no standard deviation has shrunk by more than `factor`."""

    def init(spec: Spec) -> Any:
        covariance = getattr(spec.public, "covariance", None)
        if covariance is None:
            raise BadValue(f"{rule}: got a problem that tells no covariance of its arms; allowed: one whose `public` has it, as gaussian_process_field")
        variance = spec.public.noise * spec.public.noise if noise is None else noise
        if not variance > 0.0:
            raise BadValue(f"{rule}: got noise variance {variance:g}; allowed: > 0 (pass `noise` where the readings are exact)")
        n = spec.n_actions
        memory = Batch(prior(np.full(n, float(spec.public.prior_mean)), np.asarray(covariance)), np.zeros(n), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1))
        return memory, Settings(weight, float(variance), (factor * factor - 1.0) * float(variance))

    return init


def upper_bound(memory, params, view, left, t, key):
    """The `act` of the rules that go to the greatest mu + weight sigma."""
    if goes_on(memory, params, view):
        return int(memory.point[0])
    value = memory.posterior.scratch
    for i in range(value.size):
        value[i] = memory.posterior.mean[i] + params.weight * deviation(memory.posterior, i)
    return begin_batch(memory, params, best(view, value))


def goes_on(memory: Any, params: Any, view: Any) -> Any:
    """Whether the batch has readings to come; one that cannot go on enters the posterior as it is."""
    if memory.planned[0] > 0.0 and available(view, int(memory.point[0])):
        return True
    learn(memory, params)
    return False


def begin_batch(memory: Any, params: Any, point: Any) -> Any:
    """Goes to a point for max(1, floor(spare / variance)) readings."""
    memory.point[0] = point
    memory.planned[0] = max(math.floor(params.spare / max(memory.posterior.covariance[point, point], 1e-300)), 1.0)
    memory.visited[point] = 1.0
    return point


def learn(memory: Any, params: Any) -> None:
    """The readings at hand enter the posterior."""
    m = memory.read[0]
    if m > 0.0:
        condition(memory.posterior, int(memory.point[0]), memory.total[0] / m, params.noise / m)
    memory.read[0] = 0.0
    memory.total[0] = 0.0


def take_reading(memory, params, view, action, outcome, t):
    """The `update` of these rules: the posterior moves when the batch is complete."""
    memory.read[0] += 1.0
    memory.total[0] += outcome.reward
    memory.planned[0] -= 1.0
    if memory.planned[0] <= 0.0:
        learn(memory, params)


def greatest_mean(memory, params, left, t, key):
    """The `recommend` of these rules: the greatest posterior mean among the points read, 0 where none was."""
    point, greatest = 0, -math.inf
    for i in range(memory.visited.size):
        if memory.visited[i] > 0.0 and memory.posterior.mean[i] > greatest:
            point, greatest = i, memory.posterior.mean[i]
    return point


# ------------------------------------------------------------------------------------------------ the normal law
def normal_density(z: Any) -> Any:
    """exp(-z^2 / 2) / sqrt(2 pi).

    >>> round(normal_density(0.0), 12)
    0.398942280401
    """
    return 0.3989422804014326779 * exp(-0.5 * z * z)


def normal_tail(z: Any) -> Any:
    """P(Z > z) for z >= 0 to about 1e-14 relative: the Mills ratio by its continued fraction beyond 3, by its series before.

    >>> round(normal_tail(1.959963984540054), 12), round(normal_tail(6.0) * 1e10, 6)
    (0.025, 9.865876)
    """
    if z > 3.0:
        ratio, i = z, 60.0
        while i > 0.0:
            ratio = z + i / ratio
            i -= 1.0
        return normal_density(z) / ratio
    term, total, k = z, z, 1.0
    while term > 1e-17 * total and k < 200.0:
        k += 2.0
        term = term * z * z / k
        total += term
    return 0.5 - normal_density(z) * total


def expected_improvement(mean: Any, sd: Any, incumbent: Any) -> Any:
    """E[(X - incumbent)^+] of X normal: sd (z Phi(z) + phi(z)), z = (mean - incumbent) / sd.

    >>> round(expected_improvement(0.0, 1.0, 0.0), 12), expected_improvement(2.0, 0.0, 1.5)
    (0.398942280401, 0.5)
    """
    if not sd > 0.0:
        return max(mean - incumbent, 0.0)
    z = (mean - incumbent) / sd
    below = 1.0 - normal_tail(z) if z >= 0.0 else normal_tail(-z)
    return max(sd * (z * below + normal_density(z)), 0.0)


# ------------------------------------------------------------------------------------------------ kernels
def squared_exponential(points: Any, length_scale: float) -> np.ndarray:
    """Covariance (n, n) exp(-|x - y|^2 / (2 l^2)) of points (n, d) or (n,), l in the points' own unit.

    >>> squared_exponential([0.0, 1.0], 1.0).round(6).tolist()
    [[1.0, 0.606531], [0.606531, 1.0]]
    """
    length_scale = number("length_scale", length_scale, 1e-12)
    x = np.atleast_2d(np.asarray(points, float).T).T
    array("points", x, (None, None))
    return np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / (2.0 * length_scale**2))
