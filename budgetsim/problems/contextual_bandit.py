"""Users of several classes ask one by one; each recommendation costs one unit of a budget."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import array, flag, number, probabilities, whole
from ..model import Kind, Law, Problem, Spec, Units
from ..shared.user_classes import Classes, User


class Truth(NamedTuple):
    """Hidden: `weights` (J, K, d), `offset` (J, K); public as well: `centres`. `upto` (J,) is the running sum of the class probabilities."""

    weights: np.ndarray
    offset: np.ndarray
    centres: np.ndarray
    upto: np.ndarray
    spread: float
    unit_length: bool


def observe(instance, state, t, key, view):
    j, square = draws.categorical(key, 0, instance.upto), 0.0
    view.user_class[0] = j
    for a in range(view.context.size):
        x = instance.centres[j, a] + instance.spread * draws.normal(key, a)
        view.context[a] = x
        square += x * x
    if instance.unit_length and square > 0.0:
        length = math.sqrt(square)
        for a in range(view.context.size):
            view.context[a] /= length


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    cost[0] = 1.0
    return draws.bernoulli(key, action, mean(instance, view, action))


def expected(instance, state, view, action, t):
    return mean(instance, view, action) if action >= 0 else 0.0


def mean(instance, view, action):
    """Of the reward: offset + weights . context, cut to [0, 1]."""
    j = int(view.user_class[0])
    total = instance.offset[j, action]
    for a in range(view.context.size):
        total += instance.weights[j, action, a] * view.context[a]
    return min(max(total, 0.0), 1.0)


def contextual_bandit(
    class_probability: Any,
    centres: Any,
    weights: Any,
    budget: Any,
    horizon: int,
    offset: Any = 0.0,
    spread: float = 0.2,
    unit_length: bool = True,
) -> Problem:
    """K arms to recommend to users of J classes; each recommendation costs 1 of a budget, skipping a user (-1) is free.

    In each round a user of class j comes with probability class_probability[j] and shows j and a context x = centres[j] +
    spread N, N standard normal in d dimensions, scaled to length 1 where `unit_length` is set. Recommending arm k earns 1
    with probability ``min(max(offset[j, k] + weights[j, k] . x, 0), 1)``, else 0. Users keep coming when the money is gone
    (law SKIP: a recommendation that cannot be paid is not sent, and the run goes on). Class probabilities and centres are
    public, as if fitted offline; weights, offsets and spread are not.

    Parameters
    ----------
    class_probability : (J,), sums to 1.
    centres : (J, d).
    weights : (J, K, d), or (K, d) where all classes share them; reward for each unit of context.
    budget : number of recommendations, >= 0, one number or (1,); infinite where there is no cap.
    horizon : rounds, at least 1.
    offset : reward, one number, (J, 1) for each class, (1, K) for each arm, or (J, K).
    spread : >= 0, in units of the contexts.
    unit_length : whether contexts are scaled to length 1.

    Returns
    -------
    Problem of kind ARM. `spec.view` shows `context` (d,) and `user_class` (1,); `spec.public` holds `class_probability`,
    `centres` and `answered`, here 1; `instance` holds `weights` (J, K, d), `offset` (J, K) and the rest of the truth.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, probabilities that do not sum to 1.

    Departures from the paper
    -------------------------
    The paper's users come from logs, whose classes are a Gaussian mixture fitted offline; this generator, its link and
    its clipping are ours.

    Examples
    --------
    >>> problem = contextual_bandit([0.5, 0.5], [[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]], budget=25, horizon=100)
    >>> problem.name, problem.spec.law.name, problem.spec.public.centres.shape, problem.instance.weights.shape
    ('contextual_bandit(2 classes, 2 arms, 2 dimensions)', 'SKIP', (2, 2), (2, 2, 2))

    References
    ----------
    [Yang2020]_ for the model: classes, unit costs, skipping.
    """
    share = probabilities("class_probability", class_probability, (None,))
    centres = array("centres", centres, (share.size, None))
    j, d = centres.shape
    if np.ndim(weights) == 2:
        weights = np.repeat(array("weights", weights, (None, d))[None], j, axis=0)
    weights = array("weights", weights, (j, None, d))
    k = weights.shape[1]
    sizes = np.shape(offset)
    wanted = (1, 1) if sizes == () else (j if sizes[0] != 1 else 1, k if sizes[-1] != 1 else 1)
    offset = np.broadcast_to(array("offset", [[offset]] if sizes == () else offset, wanted), (j, k)).copy()
    budget = array("budget", [budget] if np.ndim(budget) == 0 else budget, (1,), 0.0, finite=False)
    truth = Truth(weights, offset, centres, np.cumsum(share), number("spread", spread, 0.0), flag("unit_length", unit_length))
    spec = Spec(Kind.ARM, k, whole("horizon", horizon, 1), idle=True, budget=budget, law=Law.SKIP, view=User(np.zeros(d), np.zeros(1)),
                public=Classes(share, centres, 1.0), units=Units("reward", ("recommendations",), "user"))  # fmt: skip
    return Problem(spec, truth, step, observe=observe, expected=expected, name=f"contextual_bandit({j} classes, {k} arms, {d} dimensions)")


def examples() -> list[Problem]:
    """Two classes with weights of their own, and one class whose contexts are not scaled.

    >>> [p.spec.budget.tolist() for p in examples()]
    [[60.0], [40.5]]
    """
    weights = [[[0.9, 0.1, 0.2], [0.1, 0.9, 0.0]], [[0.3, 0.1, 0.1], [0.0, 0.2, 0.4]]]
    return [
        contextual_bandit([0.7, 0.3], [[1.0, 0.0, 0.2], [0.0, 0.6, 0.8]], weights, 60, 200),
        contextual_bandit([1.0], [[0.5, 0.5]], [[0.5, 0.1], [0.1, 0.4], [0.3, 0.3]], 40.5, 150, offset=0.2, spread=0.3, unit_length=False),
    ]
