"""Least squares on a G-optimal design: read where a linear function is best learned, recommend the best prediction."""

from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number, whole
from ..model import ARM, Policy
from ..optima.kiefer_wolfowitz import kiefer_wolfowitz


class Memory(NamedTuple):
    theta: np.ndarray  #: the estimate, once all is read
    best: np.ndarray  #: the action of greatest prediction


class Params(NamedTuple):
    support: np.ndarray  #: actions of the design
    gain: np.ndarray  #: (support, d): what a reading of 1 adds to theta
    features: np.ndarray
    samples: float  #: readings of each


def act(memory, params, view, left, t, key):
    done = int(t // params.samples)
    return int(params.support[done]) if done < params.support.size else int(memory.best[0])


def update(memory, params, view, action, outcome, t):
    row = int(t // params.samples)
    if row >= params.support.size:
        return
    for j in range(memory.theta.size):
        memory.theta[j] += params.gain[row, j] * outcome.reward
    if t + 1 == params.support.size * params.samples:
        memory.best[0] = greatest(memory, params)


def greatest(memory, params):
    arm, most = 0, 0.0
    for i in range(params.features.shape[0]):
        said = 0.0
        for j in range(memory.theta.size):
            said += memory.theta[j] * params.features[i, j]
        if i == 0 or said > most:
            arm, most = i, said
    return arm


def stop(memory, params, left, t):
    return t >= params.support.size * params.samples


def recommend(memory, params, left, t, key):
    return greatest(memory, params)


def g_optimal_least_squares(samples: int = 1, tolerance: float = 0.01) -> Policy:
    """Every action of a G-optimal design w the same number of times, then ``theta = V(w)^-1 sum_a w_a mean_a a``; recommends the greatest <theta, a>.

    If |f(a) - <theta*, a>| <= eps, exact readings err by at most ``eps sqrt(g)`` in every prediction of <theta*, a>, g <= (1 + tolerance) d the
    design's greatest variance (Cauchy and Schwarz), so the recommended action has a gap of at most ``2 eps (1 + sqrt(g))``.

    Parameters
    ----------
    samples
        Readings of each action of the design, >= 1.
    tolerance
        Of the design, relative, > 0: see `kiefer_wolfowitz`.

    Returns
    -------
    Policy
        For problems that tell `features`, as misspecified_linear does.

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on problems without features.

    Departures from the paper
    -------------------------
    The textbook rule, the paper's comparison; readings are weighted by the design, not repeated in proportion to it.

    Examples
    --------
    >>> g_optimal_least_squares().name
    'g_optimal_least_squares(samples=1, tolerance=0.01; told the features)'

    References
    ----------
    [Lattimore2020]_, chapters 21 and 29.
    """
    samples, tolerance = whole("samples", samples, 1), number("tolerance", tolerance, 1e-9)

    def init(spec):
        if not hasattr(spec.public, "features"):
            raise BadValue("g_optimal_least_squares: got a problem that tells no features; allowed: one like misspecified_linear")
        features = np.asarray(spec.public.features)
        w = kiefer_wolfowitz(features, tolerance).plan.weights
        inverse = np.linalg.pinv(features.T @ (features * w[:, None]), hermitian=True)
        support = np.flatnonzero(w > 0.0)
        gain = (features[support] * w[support, None]) @ inverse / samples
        return Memory(np.zeros(features.shape[1]), np.zeros(1)), Params(support.astype(float), gain, features, float(samples))

    name = f"g_optimal_least_squares(samples={samples}, tolerance={tolerance:g}; told the features)"
    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=name)
