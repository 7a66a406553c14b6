"""UCB-ALP on classes: the linear program of HATCH with indices that look at no context inside a class."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number
from ..confidence import Means, means, record
from ..draws import log, uniform
from ..kernels import available
from ..model import ARM, VOID, Policy
from ..shared.user_classes import affordable, chance, public_classes, rank

NOT_SENT = int(VOID)


class Memory(NamedTuple):
    seen: Means  #: (J K,)
    width: np.ndarray  #: (J K,), 1 / sqrt(pulls)
    value: np.ndarray  #: (J,), optimistic
    arm: np.ndarray  #: (J,), that has it
    order: np.ndarray  #: (J,), by falling value


class Params(NamedTuple):
    share: np.ndarray
    horizon: int
    answered: float
    radius: float
    arms: int


def act(memory, params, view, left, t, key):
    user_class = int(view.user_class[0])
    level = math.sqrt(params.radius * log(t + 1.0))
    for j in range(memory.value.size):
        greatest, arm = -math.inf, -1
        for k in range(params.arms):
            index = memory.seen.mean[j * params.arms + k] + level * memory.width[j * params.arms + k]
            if index > greatest and available(view, k):
                greatest, arm = index, k
        memory.value[j] = min(greatest, 1.0)
        memory.arm[j] = arm
    rank(memory.order, memory.value)
    rate = left[0] / ((params.horizon - t) * params.answered)
    if affordable(left) and uniform(key, 0) < chance(memory.order, params.share, rate, user_class):
        return int(memory.arm[user_class])
    return -1


def update(memory, params, view, action, outcome, t):
    if action >= 0 and outcome.status != NOT_SENT:
        i = int(view.user_class[0]) * params.arms + action
        memory.width[i] = 1.0 / math.sqrt(record(memory.seen, i, outcome.reward))


def cluster_ucb_alp(radius: float = 0.5) -> Policy:
    """The class of a user decides alone: UCB for each (class, arm), and the adaptive linear program over classes.

    The index of arm k in class j is ``mean + sqrt(radius log t / n)``, infinite before the first reward, t counting
    rounds from 1; u_j, the value of class j, is its greatest index, at most 1. A user of class j is served with
    probability p_j of the linear program of `hatch`, and shown the arm of greatest index, the first among equals.

    Parameters
    ----------
    radius : multiplies the logarithm, >= 0, squared reward; 1/2 is UCB-ALP's.

    Returns
    -------
    Policy
        For problems that show `context` and `user_class` and have one budget of recommendations, such as `contextual_bandit`.

    Raises
    ------
    BadType, BadValue
        If radius is not a number >= 0; on a problem without classes of users.

    Departures from the paper
    -------------------------
    Reconstruction: the paper's baseline by its name, UCB-ALP from knowledge. Values are cut to 1, the greatest mean that
    a reward in [0, 1] can have. Where only a share of recommendations is answered and charged (`spec.public.answered`),
    the rate is divided by it.

    Examples
    --------
    >>> cluster_ucb_alp().name
    'cluster_ucb_alp(radius=0.5; told the horizon, the budget and the class probabilities)'

    References
    ----------
    [Yang2020]_, a baseline; [Wu2015]_ for UCB-ALP.
    """
    radius = number("radius", radius, 0.0)

    def init(spec):
        share, _, answered = public_classes("cluster_ucb_alp", spec)
        j = share.size
        memory = Memory(means(j * spec.n_actions), np.zeros(j * spec.n_actions), np.ones(j), np.zeros(j), np.arange(float(j)))
        return memory, Params(share, spec.horizon, answered, radius, spec.n_actions)

    return Policy(ARM, init, act, update, name=f"cluster_ucb_alp(radius={radius:g}; told the horizon, the budget and the class probabilities)")
