"""EXP3: exponential weights on importance-weighted losses."""

import math
from typing import NamedTuple

from ..arguments import number
from ..confidence import best
from ..draws import log
from ..model import ARM, Policy
from ..shared.exponential_weights import draw_weighted, multiply, weights


class Params(NamedTuple):
    eta: float
    mixing: float


def act(memory, params, view, left, t, key):
    return draw_weighted(memory, params.mixing, memory.weight.size, view, key, 0)


def update(memory, params, view, action, outcome, t):
    multiply(memory, action, -params.eta * max(1.0 - outcome.reward, 0.0) / memory.probability[0])


def recommend(memory, params, left, t, key):
    return best((), memory.weight)


def exp3(eta: float | None = None, mixing: float = 0.0) -> Policy:
    """An arm drawn with probability proportional to its weight, which falls with the losses it has shown.

    ``p_k = (1 - mixing) w_k / sum w + mixing / K``; the arm drawn has its weight multiplied by ``exp(-eta l / p)``, with
    loss l = max(1 - reward, 0). By default ``eta = sqrt(2 log K / (K T))``, T the horizon, which without mixing bounds the
    expected regret by ``sqrt(2 K T log K)`` against any rewards in [0, 1]. Recommends the greatest weight.

    Parameters
    ----------
    eta
        Learning rate, >= 0, per unit of reward; None for the value above.
    mixing
        Probability of any arm, each equally likely, in [0, 1].

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If eta is not a number >= 0 or mixing not one in [0, 1].

    Departures from the paper
    -------------------------
    Losses instead of gains, and no mixing by default, as in [Slivkins2019]_, chapter 6. Where arms may be unavailable,
    the probabilities are those of the available ones. A weight never falls below 1e-290 of the sum. A round that the
    budget made void counts as a reward of 0.

    Examples
    --------
    >>> exp3().name, exp3(eta=0.1, mixing=0.05).name
    ('exp3(mixing=0; told the horizon)', 'exp3(eta=0.1, mixing=0.05)')

    References
    ----------
    [AuerExp32002]_.
    """
    eta = None if eta is None else number("eta", eta, 0.0)
    mixing = number("mixing", mixing, 0.0, 1.0)

    def init(spec):
        k = spec.n_actions
        rate = math.sqrt(2.0 * log(k) / (k * spec.horizon)) if eta is None else eta
        return weights(k), Params(rate, mixing)

    name = f"mixing={mixing:g}; told the horizon" if eta is None else f"eta={eta:g}, mixing={mixing:g}"
    return Policy(ARM, init, act, update, recommend=recommend, name=f"exp3({name})")
