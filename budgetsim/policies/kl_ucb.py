"""KL-UCB: optimism with the Bernoulli divergence."""

from typing import NamedTuple

import numpy as np

from ..arguments import number
from ..confidence import Means, best_mean, kl_root, means, negative_entropy, record
from ..draws import log
from ..kernels import available
from ..model import ARM, Policy


class Memory(NamedTuple):
    reward: Means
    entropy: np.ndarray  #: m log m + (1 - m) log(1 - m) of each mean m


class Params(NamedTuple):
    c: float


def act(memory, params, view, left, t, key):
    pulls, mean = memory.reward.pulls, memory.reward.mean
    level = log(max(t, 1))
    level += params.c * log(max(level, 1.0))
    arm, greatest, above, below = -1, -1.0, 0.0, 0.0
    for k in range(mean.size):
        # only an arm with n kl(mean, greatest) < level can beat the greatest index so far: most need no inversion
        if available(view, k) and greatest < 2.0:
            if pulls[k] == 0.0:
                arm, greatest = k, 2.0
            else:
                m = min(max(mean[k], 0.0), 1.0)
                if m >= greatest or pulls[k] * (memory.entropy[k] - m * above - (1.0 - m) * below) < level:
                    index = kl_root(m, memory.entropy[k], level / pulls[k])
                    if index > greatest:
                        arm, greatest = k, index
                        above, below = (log(index) if index > 0.0 else 0.0), (log(1.0 - index) if index < 1.0 else 0.0)
    return arm


def update(memory, params, view, action, outcome, t):
    record(memory.reward, action, outcome.reward)
    memory.entropy[action] = negative_entropy(min(max(memory.reward.mean[action], 0.0), 1.0))


def recommend(memory, params, left, t, key):
    return best_mean(memory.reward)


def kl_ucb(c: float = 0.0) -> Policy:
    """The arm whose mean could still be the greatest, by the Bernoulli divergence.

    After each arm was pulled once, round t (t rounds are over) plays the arm of greatest index
    ``max{q : pulls kl(mean, q) <= log t + c log log t}``; ties go to the lower arm. Recommends the greatest mean.

    Parameters
    ----------
    c
        Multiplies log log t (0 before t = e), >= 0; the analysis takes 3, the paper recommends 0 in practice.

    Returns
    -------
    Policy
        For problems whose action is an arm and whose rewards lie in [0, 1].

    Raises
    ------
    BadValue, BadType
        If c is not a number >= 0.

    Departures from the paper
    -------------------------
    An arm is tried when it first is available. Means outside [0, 1] count as the nearer end. A round that the budget
    made void counts as a reward of 0.

    Examples
    --------
    >>> kl_ucb().name
    'kl_ucb(c=0)'

    References
    ----------
    [Garivier2011]_, Algorithm 1.
    """
    params = Params(number("c", c, 0.0))

    def init(spec):
        return Memory(means(spec.n_actions), np.zeros(spec.n_actions)), params

    return Policy(ARM, init, act, update, recommend=recommend, name=f"kl_ucb(c={c:g})")
