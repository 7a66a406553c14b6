"""A function on finitely many points, read with noise: maximise it, or add up what was read."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, number, whole
from ..model import Kind, Nothing, Problem, Spec
from ..shared.gaussian_process import squared_exponential


class Field(NamedTuple):
    mean_reward: np.ndarray
    noise: float


class Told(NamedTuple):
    """What anyone may know: the prior (covariance (n, n), mean) and the standard deviation of a reading."""

    covariance: np.ndarray
    prior_mean: float
    noise: float


def step(instance, state, view, action, left, t, key, cost, seen):
    return instance.mean_reward[action] + instance.noise * draws.normal(key, action)


def expected(instance, state, view, action, t):
    return instance.mean_reward[action]


def loss(instance, state, recommendation):
    best = instance.mean_reward[0]
    for i in range(instance.mean_reward.size):
        best = max(best, instance.mean_reward[i])
    return best - instance.mean_reward[recommendation]


def gaussian_process_field(mean_reward: Any, covariance: Any, noise: float = 0.1, horizon: int = 1000, prior_mean: float = 0.0) -> Problem:
    """n points; reading point x returns f(x) + noise Z, Z standard normal.

    The prior that rules are told, a Gaussian process with this mean and covariance, may be wrong: f is given, not drawn.
    The loss of recommending x is max f - f(x).

    Parameters
    ----------
    mean_reward : (n,), f at the points, reward; hidden.
    covariance : (n, n), symmetric and positive semidefinite, reward squared; public.
    noise : standard deviation of one reading, >= 0, reward; public.
    horizon : rounds, one reading each, at least 1.
    prior_mean : of every point, reward; public.

    Returns
    -------
    Problem of kind ARM without budgets; `instance.mean_reward` is what `best_fixed_arm` asks for.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; a covariance that is none.

    Examples
    --------
    >>> from budgetsim.shared.gaussian_process import squared_exponential
    >>> x = np.linspace(0, 1, 50)
    >>> gaussian_process_field(np.sin(6 * x), squared_exponential(x, 0.2)).name
    'gaussian_process_field(50 points, noise=0.1)'

    References
    ----------
    [Srinivas2010]_ for the problem.
    """
    f = array("mean_reward", mean_reward, (None,))
    k = array("covariance", covariance, (f.size, f.size))
    if not np.allclose(k, k.T, rtol=0.0, atol=1e-12 * np.abs(k).max()):
        raise BadValue("covariance: got a matrix that is not symmetric; allowed: a covariance")
    k = 0.5 * (k + k.T)
    least = float(np.linalg.eigvalsh(k)[0])
    if least < -1e-9 * max(float(np.diag(k).max()), 1e-300):
        raise BadValue(f"covariance: got least eigenvalue {least:.3g}; allowed: >= 0, up to rounding")
    noise = number("noise", noise, 0.0)
    told = Told(k, number("prior_mean", prior_mean), noise)
    spec = Spec(Kind.ARM, f.size, whole("horizon", horizon, 1), seen=Nothing(), public=told)
    return Problem(spec, Field(f, noise), step, expected=expected, loss=loss, name=f"gaussian_process_field({f.size} points, noise={noise:g})")


def examples() -> list[Problem]:
    """A smooth field, and one whose points have nothing to do with each other.

    >>> [p.name for p in examples()]
    ['gaussian_process_field(20 points, noise=0.1)', 'gaussian_process_field(3 points, noise=0.5)']
    """
    x = np.linspace(0.0, 1.0, 20)
    return [gaussian_process_field(np.sin(6.0 * x), squared_exponential(x, 0.2), 0.1, 200), gaussian_process_field([0.3, 0.1, 0.7], np.eye(3), 0.5, 200, 0.5)]
