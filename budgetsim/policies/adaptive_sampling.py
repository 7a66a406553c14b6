"""Data collection that learns the learning curves: refit after each batch, spend the next one greedily."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import whole
from ..model import CHARGED, VECTOR, Policy
from ..shared.learning_curves import WORST, Fit, fitted, groups_of, loss_at, no_fit, observe_losses

_PAID = int(CHARGED)
RATES = np.arange(1, 31) / 20.0  #: .05 to 1.5, the rates that are tried


class Memory(NamedTuple):
    samples: np.ndarray
    fit: Fit
    floor: np.ndarray
    scale: np.ndarray
    rate: np.ndarray
    loss: np.ndarray  #: predicted, as the batch is spent
    after: np.ndarray  #: predicted, with one more portion


class Params(NamedTuple):
    cost: np.ndarray
    weight: np.ndarray
    aim: int
    explore: int
    portions: int
    horizon: int
    rates: np.ndarray


def predict(memory, params, g, amount, portion):
    n = memory.samples[g] + amount
    memory.loss[g] = loss_at(memory.floor[g], memory.scale[g], memory.rate[g], n)
    memory.after[g] = loss_at(memory.floor[g], memory.scale[g], memory.rate[g], n + portion / params.cost[g])


def act(memory, params, view, left, t, key, chosen):
    groups, money = chosen.size, left[0] / (params.horizon - t)
    if t < params.explore:
        price = 0.0
        for g in range(groups):
            price += params.cost[g]
        for g in range(groups):
            chosen[g] = money / price
        return
    portion = money / params.portions
    for g in range(groups):
        curve = fitted(memory.fit, params.rates, g)
        memory.floor[g], memory.scale[g], memory.rate[g] = curve.floor, curve.scale, curve.rate
        chosen[g] = 0.0
        predict(memory, params, g, 0.0, portion)
    for _ in range(params.portions):
        best, most = 0, -math.inf
        for g in range(groups):
            worth = memory.loss[g] if params.aim == WORST else params.weight[g] * (memory.loss[g] - memory.after[g])
            if worth > most:
                best, most = g, worth
        chosen[best] += portion / params.cost[best]
        predict(memory, params, best, chosen[best], portion)


def update(memory, params, view, action, outcome, t):
    if outcome.status == _PAID:
        for g in range(action.size):
            memory.samples[g] += action[g]
        observe_losses(memory.fit, params.rates, memory.samples, outcome.seen.loss)


def adaptive_sampling(explore: int = 3, portions: int = 50) -> Policy:
    """Refits ``a_g + b_g n^-rate_g`` to the losses seen so far before every batch, and spends the batch where it is predicted to help most.

    A batch is what is left over the rounds that are left. The first `explore` batches buy the same number of samples of every group. Later ones are
    spent in equal portions, each for the group whose objective is predicted to fall most: w_g (L_g now - L_g then) for the aim
    "mean", for "worst" the group of greatest predicted loss. Greedy is optimal up to the size of a portion if the curves are right, for
    they are convex and separate. Fits are least squares with weights 1 / loss^2, a, b >= 0, rates .05, .10, ..., 1.5.

    Parameters
    ----------
    explore : batches, at least 1.
    portions : of each batch, at least 1.

    Returns
    -------
    Policy for `equitable_sampling`, told the horizon.

    Raises
    ------
    BadType, BadValue : numbers out of range; on other problems.

    Departures from the paper
    -------------------------
    The abstract is all that was available: curves, fit and exploration are a reconstruction.

    Examples
    --------
    >>> adaptive_sampling().name
    'adaptive_sampling(explore=3, portions=50; told the horizon)'

    References
    ----------
    [Cai2022]_, the sequential strategy; reconstruction.
    """
    explore, portions = whole("explore", explore, 1), whole("portions", portions, 1, 10**6)

    def init(spec):
        told = groups_of("adaptive_sampling", spec)
        zeros = np.zeros(told.cost.size)
        memory = Memory(told.start.copy(), no_fit(RATES.size, zeros.size), *(zeros.copy() for _ in range(5)))
        return memory, Params(told.cost, told.weight, told.aim, explore, portions, spec.horizon, RATES)

    return Policy(VECTOR, init, act, update, name=f"adaptive_sampling(explore={explore}, portions={portions}; told the horizon)")
