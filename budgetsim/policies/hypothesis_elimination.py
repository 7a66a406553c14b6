"""Hypothesis elimination: read where the most hopeful sparse vector points; drop all that were wrong about it."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number, whole
from ..draws import log
from ..model import ARM, Policy
from ..theory.misspecified import net_tolerance, sparse_net


class Memory(NamedTuple):
    alive: np.ndarray  #: (m,) of the hypotheses, the most hopeful first
    first: np.ndarray  #: the first that is alive; m when none is
    read: np.ndarray  #: readings of its action so far
    total: np.ndarray  #: their sum
    accepted: np.ndarray  #: the action that kept its promise, -1 before


class Params(NamedTuple):
    support: np.ndarray  #: (m, s)
    coefficient: np.ndarray  #: (m, s)
    points_at: np.ndarray  #: (m,) the action of greatest <theta, a>
    promise: np.ndarray  #: (m,) that value
    features: np.ndarray
    tolerance: float
    samples: float


def act(memory, params, view, left, t, key):
    return int(params.points_at[min(int(memory.first[0]), memory.alive.size - 1)])


def update(memory, params, view, action, outcome, t):
    memory.read[0] += 1.0
    memory.total[0] += outcome.reward
    m, first = memory.alive.size, int(memory.first[0])
    if memory.read[0] < params.samples or first >= m:
        return
    mean = memory.total[0] / memory.read[0]
    memory.read[0] = 0.0
    memory.total[0] = 0.0
    if abs(mean - params.promise[first]) <= params.tolerance:
        memory.accepted[0] = action
        return
    for i in range(first, m):
        if memory.alive[i] > 0.0:
            said = 0.0
            for j in range(params.support.shape[1]):
                said += params.coefficient[i, j] * params.features[action, int(params.support[i, j])]
            if abs(mean - said) > params.tolerance:
                memory.alive[i] = 0.0
    memory.alive[first] = 0.0  # the one that promised, whatever rounding says
    while memory.first[0] < m and memory.alive[int(memory.first[0])] == 0.0:
        memory.first[0] += 1.0


def stop(memory, params, left, t):
    return memory.accepted[0] >= 0.0 or memory.first[0] >= memory.alive.size


def recommend(memory, params, left, t, key):
    if memory.accepted[0] >= 0.0:
        return int(memory.accepted[0])
    return act(memory, params, (), left, t, key)


def hypothesis_elimination(step: float = 0.1, samples: int | None = None) -> Policy:
    """Of all sparse vectors on a grid that no reading has contradicted, the one that promises most is asked to keep its promise.

    ``tol = eps + step sqrt(s) / 2``. The action a of greatest <theta, a> over the surviving theta is read; if ``|f(a) - <theta, a>| <= tol``
    the search stops and recommends a, else every theta with ``|f(a) - <theta, a>| > tol`` goes. Guarantee [D], exact readings and a true promise:
    the gap of a is at most ``2 tol``, after at most as many readings as the net has points, since each reading that fails removes its proposer and the net
    point next to the truth never goes. With noise sigma an action is read ``samples`` times and the guarantee becomes statistical.

    Parameters
    ----------
    step
        Of the grid, in (0, 1]; the net has about C(d, s) (2 / step)^s points, which are all held in memory.
    samples
        Readings of an action before it is judged, >= 1; None for 1 without noise, else ceil(2 sigma^2 log(m T) / tol^2), m points in the net.

    Returns
    -------
    Policy
        For problems that tell `features`, `misspecification`, `sparsity` and `noise`, as misspecified_linear does.

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on other problems.

    Departures from the paper
    -------------------------
    A reconstruction with the stated rate; of the paper only the abstract was read. With the default `samples` under noise, tol is what exact readings
    would have, and a mean errs by more than tol with probability at most 2 / (m T) each.

    Examples
    --------
    >>> hypothesis_elimination().name
    'hypothesis_elimination(step=0.1; told the misspecification and sparsity)'

    References
    ----------
    [Dong2023]_.
    """
    step = number("step", step, 1e-3, 1.0)
    fixed = None if samples is None else whole("samples", samples, 1)

    def init(spec):
        told = spec.public
        if not hasattr(told, "features") or not hasattr(told, "misspecification"):
            raise BadValue("hypothesis_elimination: got a problem that tells no features and misspecification; allowed: one like misspecified_linear")
        features = np.asarray(told.features)
        net = sparse_net(features.shape[1], told.sparsity, step)
        at, promise = np.zeros(len(net.support)), np.zeros(len(net.support))
        for some in np.array_split(np.arange(at.size), max(1, at.size * len(features) // 4_000_000)):
            theta = np.zeros((some.size, features.shape[1]))
            np.put_along_axis(theta, net.support[some].astype(int), net.coefficient[some], axis=1)
            said = theta @ features.T
            at[some] = said.argmax(axis=1)
            promise[some] = said.max(axis=1)
        order = np.argsort(-promise, kind="stable")
        tolerance = net_tolerance(told.misspecification, step, told.sparsity) * (1.0 + 1e-12) + 1e-12  # rounding is not a contradiction
        m = fixed
        if m is None:
            m = max(1, math.ceil(2.0 * told.noise * told.noise * log(at.size * float(spec.horizon)) / (tolerance * tolerance)))
        params = Params(net.support[order], net.coefficient[order], at[order], promise[order], features, tolerance, float(m))
        return Memory(np.ones(at.size), np.zeros(1), np.zeros(1), np.zeros(1), np.full(1, -1.0)), params

    label = f"step={step:g}" + ("" if fixed is None else f", samples={fixed}")
    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=f"hypothesis_elimination({label}; told the misspecification and sparsity)")
