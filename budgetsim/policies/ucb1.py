"""UCB1: optimism with Hoeffding's radius."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number
from ..confidence import Means, best, best_mean, means, record
from ..draws import log
from ..model import ARM, Policy


class Memory(NamedTuple):
    reward: Means
    width: np.ndarray  #: 1 / sqrt(pulls), 0 before the first pull
    bound: np.ndarray


class Params(NamedTuple):
    radius: float


def act(memory, params, view, left, t, key):
    scale = math.sqrt(params.radius * log(max(t, 1)))
    for k in range(memory.bound.size):
        memory.bound[k] = memory.reward.mean[k] + scale * memory.width[k]
    return best(view, memory.bound)


def update(memory, params, view, action, outcome, t):
    memory.width[action] = 1.0 / math.sqrt(record(memory.reward, action, outcome.reward))


def recommend(memory, params, left, t, key):
    return best_mean(memory.reward)


def ucb1(radius: float = 2.0) -> Policy:
    """The arm whose mean could still be the greatest.

    After each arm was pulled once, round t (t rounds are over) plays the arm that maximises
    ``mean + sqrt(radius log t / pulls)``; ties go to the lower arm. Recommends the greatest mean.

    Parameters
    ----------
    radius
        Multiplies log t under the root, >= 0; 2 in the paper, for rewards in [0, 1].

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If the radius is not a number >= 0.

    Departures from the paper
    -------------------------
    Arms may be unavailable in some rounds; an arm is tried when it first is available. A round that the budget made
    void counts as a reward of 0.

    Examples
    --------
    >>> ucb1(radius=0.5).name
    'ucb1(radius=0.5)'

    References
    ----------
    [Auer2002]_, Figure 1.
    """
    params = Params(number("radius", radius, 0.0))

    def init(spec):
        return Memory(means(spec.n_actions), np.zeros(spec.n_actions), np.zeros(spec.n_actions)), params

    return Policy(ARM, init, act, update, recommend=recommend, name=f"ucb1(radius={radius:g})")
