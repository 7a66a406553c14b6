"""Bootstrap: futures of the stock on each arm, drawn from the rewards that were seen."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number, whole
from ..confidence import best
from ..draws import uniform
from ..model import ARM, Policy
from ..shared.survival import one_stock


class Memory(NamedTuple):
    rewards: np.ndarray  #: the last ones of each arm, in a ring
    pulls: np.ndarray
    luck: np.ndarray
    value: np.ndarray


class Params(NamedTuple):
    penalty: float
    paths: int
    horizon: int


def future(rewards, n, luck, stock, steps):
    """The stock after some steps of rewards drawn from n seen ones; 0 where it runs out."""
    for s in range(steps):
        stock += rewards[int(luck[s] * n)]
        if stock <= 0.0:
            return 0.0
    return stock


def act(memory, params, view, left, t, key):
    n, kept = memory.rewards.shape
    steps = min(memory.luck.size, params.horizon - t)
    untried = False
    for k in range(n):
        memory.value[k] = 0.0 if memory.pulls[k] > 0.0 else math.inf
        untried = untried or memory.pulls[k] == 0.0
    if untried:
        arm = best(view, memory.value)
        if memory.value[arm] > 0.0:
            return arm
    for path in range(params.paths):
        for s in range(steps):
            memory.luck[s] = uniform(key, path * steps + s)
        for k in range(n):
            if memory.pulls[k] > 0.0:
                end = future(memory.rewards[k], min(memory.pulls[k], kept), memory.luck, left[0], steps)
                memory.value[k] += end if end > 0.0 else -params.penalty
    for k in range(n):
        if memory.pulls[k] == 0.0:
            memory.value[k] = -math.inf
    arm = best(view, memory.value)
    return arm if arm >= 0 else 0


def update(memory, params, view, action, outcome, t):
    memory.rewards[action, int(memory.pulls[action]) % memory.rewards.shape[1]] = outcome.reward
    memory.pulls[action] += 1.0


def bootstrap_survival(penalty: float = 10.0, paths: int = 20, ahead: int = 20, kept: int = 200) -> Policy:
    """The arm on which resampled futures of the stock end highest, with a penalty on ruin.

    Each arm once; then, for each arm, futures of ``min(ahead, horizon - t)`` steps in which its seen rewards are drawn with replacement:
    ``argmax E[b] - penalty P(ruin)``, b being the stock at the end, 0 where it ran out. All arms see the same luck; ties
    go to the lower arm.

    Parameters
    ----------
    penalty
        Of ruin, >= 0, in units of reward.
    paths
        Futures that are drawn each round, >= 1.
    ahead
        Steps that a future is long, >= 1.
    kept
        An arm's last rewards that are drawn from, >= 1.

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone. Its time grows as arms x paths x ahead.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without such a stock.

    Departures from the paper
    -------------------------
    A reconstruction from the abstract, which has the objective and the resampling: that a future stays on one arm, its length and number are
    ours.

    Examples
    --------
    >>> bootstrap_survival(penalty=5).name
    'bootstrap_survival(penalty=5, paths=20, ahead=20, kept=200; told the horizon)'

    References
    ----------
    [Veroutis2024]_.
    """
    penalty, paths = number("penalty", penalty, 0.0), whole("paths", paths, 1, 10**6)
    ahead, kept = whole("ahead", ahead, 1, 10**6), whole("kept", kept, 1, 10**7)

    def init(spec):
        one_stock("bootstrap_survival", spec)
        n = spec.n_actions
        return Memory(np.zeros((n, kept)), np.zeros(n), np.zeros(ahead), np.zeros(n)), Params(penalty, paths, spec.horizon)

    return Policy(ARM, init, act, update, name=f"bootstrap_survival(penalty={penalty:g}, paths={paths}, ahead={ahead}, kept={kept}; told the horizon)")
