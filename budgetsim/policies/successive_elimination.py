"""Successive elimination: all arms in turn, dropping those that are surely worse."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number
from ..confidence import Means, best, best_mean, means, record
from ..draws import log
from ..kernels import available
from ..model import ARM, Policy


class Memory(NamedTuple):
    reward: Means
    active: np.ndarray  #: 1 or 0
    phase: np.ndarray  #: pulls of each active arm when the phase is over
    due: np.ndarray  #: how many active arms have fewer


class Params(NamedTuple):
    scale: float  #: sqrt(radius log horizon)


def act(memory, params, view, left, t, key):
    arm, fewest = -1, math.inf
    for k in range(memory.active.size):
        if available(view, k) and memory.active[k] > 0.0 and memory.reward.pulls[k] < fewest:
            arm, fewest = k, memory.reward.pulls[k]
    return arm if arm >= 0 else best(view, memory.reward.mean)


def update(memory, params, view, action, outcome, t):
    n = record(memory.reward, action, outcome.reward)
    if memory.active[action] > 0.0 and n == memory.phase[0]:
        memory.due[0] -= 1.0
        while memory.due[0] == 0.0:
            end_phase(memory, params.scale)


def end_phase(memory, scale):
    """Drops every arm whose upper bound is below the greatest lower bound, and counts who is due next."""
    mean, pulls, active = memory.reward.mean, memory.reward.pulls, memory.active
    floor = -math.inf
    for k in range(active.size):
        if active[k] > 0.0:
            floor = max(floor, mean[k] - scale / math.sqrt(pulls[k]))
    memory.phase[0] += 1.0
    for k in range(active.size):
        if active[k] > 0.0:
            if mean[k] + scale / math.sqrt(pulls[k]) < floor:
                active[k] = 0.0
            elif pulls[k] < memory.phase[0]:
                memory.due[0] += 1.0


def recommend(memory, params, left, t, key):
    return best_mean(memory.reward)


def successive_elimination(radius: float = 2.0) -> Policy:
    """All active arms in turn; an arm that is surely worse than another is dropped.

    In each phase every active arm is pulled once. At its end an arm is dropped when ``mean + r < max (mean' - r')``
    over the active arms, with ``r = sqrt(radius log T / pulls)``, T the horizon. Recommends the greatest mean.

    Parameters
    ----------
    radius
        Multiplies log T under the root, >= 0; 2 in the book, for rewards in [0, 1].

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
    Where arms may be unavailable, the least pulled active one that is available is played, or, if none is active, the
    best mean; a phase ends when every active arm has been pulled in it. A round that the budget made void counts as a
    reward of 0.

    Examples
    --------
    >>> successive_elimination().name
    'successive_elimination(radius=2; told the horizon)'

    References
    ----------
    [Slivkins2019]_, chapter 1; [EvenDar2006]_.
    """
    radius = number("radius", radius, 0.0)

    def init(spec):
        n = spec.n_actions
        return Memory(means(n), np.ones(n), np.ones(1), np.array([float(n)])), Params(math.sqrt(radius * log(spec.horizon)))

    return Policy(ARM, init, act, update, recommend=recommend, name=f"successive_elimination(radius={radius:g}; told the horizon)")
