"""Hedge: exponential weights where every arm's reward is seen."""

import math
from typing import NamedTuple

from ..arguments import BadValue, number
from ..confidence import best
from ..draws import log
from ..model import ARM, Policy
from ..shared.exponential_weights import draw_weighted, hedge_gains, weights


class Params(NamedTuple):
    eta: float


def act(memory, params, view, left, t, key):
    return draw_weighted(memory, 0.0, memory.weight.size, view, key, 0)


def update(memory, params, view, action, outcome, t):
    hedge_gains(memory, outcome.seen.reward, params.eta)


def recommend(memory, params, left, t, key):
    return best((), memory.weight)


def hedge(eta: float | None = None) -> Policy:
    """An arm drawn in proportion to its weight; every weight grows with what its arm would have earned.

    ``p_k = w_k / sum w``, then ``w_k *= exp(eta r_k)`` for every k. By default ``eta = sqrt(8 log K / T)``, T the horizon, which bounds
    the regret ``max_k sum_t r_tk - sum_t p_t.r_t`` by ``sqrt(T log(K) / 2)`` on every sequence of rewards in [0, 1]. Recommends the
    greatest weight.

    Parameters
    ----------
    eta
        Learning rate, >= 0, per unit of reward; None for the value above.

    Returns
    -------
    Policy
        For problems whose action is an arm and whose feedback is "full": `seen.reward` (K,) shows what each arm would have earned.

    Raises
    ------
    BadValue, BadType
        If eta is not a number >= 0; on a problem that shows less.

    Departures from the paper
    -------------------------
    Rewards instead of losses. Where arms may be unavailable, the probabilities are those of the available ones. A round that the
    budget made void teaches nothing. A weight never falls below 1e-290 of the sum.

    Examples
    --------
    >>> hedge().name, hedge(eta=0.1).name
    ('hedge(told the horizon)', 'hedge(eta=0.1)')

    References
    ----------
    [Slivkins2019]_, chapter 5.
    """
    eta = None if eta is None else number("eta", eta, 0.0)

    def init(spec):
        k, shown = spec.n_actions, getattr(spec.seen, "reward", None)
        if spec.feedback != "full" or getattr(shown, "shape", None) != (k,):
            raise BadValue(f"hedge: got feedback {spec.feedback!r}; allowed: 'full', with the reward of every arm in seen.reward")
        return weights(k), Params(math.sqrt(8.0 * log(k) / spec.horizon) if eta is None else eta)

    return Policy(ARM, init, act, update, recommend=recommend, name="hedge(told the horizon)" if eta is None else f"hedge(eta={eta:g})")
