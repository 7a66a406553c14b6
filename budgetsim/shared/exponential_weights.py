"""Exponential weights: draw in proportion, multiply, renormalise; and the zero-sum game of EXP3 against Hedge.

Plain portable functions on arrays that a rule keeps in its memory. Weights are known up to a factor: their sum is kept beside
them and brought back to 1 before it has lost digits, when it has left [1/2, 2].
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, number
from ..confidence import scarce_rate
from ..draws import exp, log, uniform
from ..kernels import available
from ..model import Spec

FLOOR = 1e-290  # a weight this far below the sum is never drawn; denormal numbers are slow
LARGEST = 600.0  # of exponents: beyond it a weight is all there is


# ------------------------------------------------------------------------------------------------ weights
class Weights(NamedTuple):
    """Of n options."""

    weight: np.ndarray
    total: np.ndarray  #: their sum, between 1/2 and 2
    probability: np.ndarray  #: of the option just drawn


def weights(n: int) -> Weights:
    """All equal.

    >>> weights(4).weight.tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return Weights(np.full(n, 1.0 / n), np.ones(1), np.ones(1))


def draw_weighted(memory: Any, mixing: Any, arms: Any, view: Any, key: Any, slot: Any) -> Any:
    """One of the available options: k with probability (1 - mixing) w_k / sum w + mixing / n, which is noted.

    The first `arms` options obey the view's mask, where there is one; later ones are always there.
    """
    weight = memory.weight
    total, options = memory.total[0], 0
    for k in range(weight.size):
        if k >= arms or available(view, k):
            options += 1
    if options < weight.size:
        total = 0.0
        for k in range(weight.size):
            if k >= arms or available(view, k):
                total += weight[k]
    share, base = (1.0 - mixing) / total, mixing / options
    last = weight.size - 1
    while last < arms and not available(view, last):
        last -= 1
    k, point = 0, uniform(key, slot)
    while k < last and ((k < arms and not available(view, k)) or point >= share * weight[k] + base):
        if k >= arms or available(view, k):
            point -= share * weight[k] + base
        k += 1
    memory.probability[0] = share * weight[k] + base
    return k


def multiply(memory: Any, k: Any, exponent: Any) -> None:
    """Option k's weight times exp(exponent).

    >>> m = weights(2)
    >>> multiply(m, 0, -0.5)
    >>> round(float(m.weight[0]), 9), round(float(m.total[0]), 9)
    (0.30326533, 0.80326533)
    """
    old = memory.weight[k]
    memory.weight[k] = max(old * exp(min(exponent, LARGEST)), FLOOR)
    memory.total[0] += memory.weight[k] - old
    if not 0.5 <= memory.total[0] <= 2.0:
        renormalise(memory)


def renormalise(memory: Any) -> None:
    """Scales the weights to sum 1 again."""
    weight, total = memory.weight, 0.0
    for k in range(weight.size):
        total += weight[k]
    memory.total[0] = 0.0
    for k in range(weight.size):
        weight[k] = max(weight[k] / total, FLOOR)
        memory.total[0] += weight[k]


def hedge_gains(memory: Any, gain: Any, eta: Any) -> None:
    """Every weight times exp(eta gain), then all by what makes the greatest factor 1: no gain is too large.

    >>> m = weights(2)
    >>> hedge_gains(m, np.array([1001.0, 1000.0]), 0.5)
    >>> round(float(m.weight[1] / m.weight[0]), 9)  # exp(-1/2)
    0.60653066
    """
    weight, greatest, total = memory.weight, gain[0], 0.0
    for k in range(1, weight.size):
        greatest = max(greatest, gain[k])
    for k in range(weight.size):  # apart from the sum, so that exponentials are taken several at a time
        weight[k] = max(weight[k] * exp(eta * (gain[k] - greatest)), FLOOR)
    for k in range(weight.size):
        total += weight[k]
    memory.total[0] = total
    if not 0.5 <= total <= 2.0:
        renormalise(memory)


# ------------------------------------------------------------------------------------------------ EXP3 against Hedge
class Game(NamedTuple):
    """What the two players of the Lagrangian game know."""

    primal: Weights  #: over the arms and, last, the null arm where there is one
    dual: Weights  #: over the resources and, last, time where it is one
    scale: np.ndarray  #: gamma, the Lagrangian's weight on costs: T/B, or a guess
    gain: np.ndarray  #: scratch of the dual player


class Rates(NamedTuple):
    """How they learn."""

    eta: float  #: of the primal player
    mixing: float
    dual_eta: float  #: per unit of L
    arms: int
    unit: np.ndarray  #: (d,) B / budget: what brings every budget to the smallest, B
    largest: float  #: largest cost in these units
    scales: int = 1  #: how many halvings of gamma a rule draws from


def play_game(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> Any:
    """An arm by the primal player's weights; -1 for the null arm."""
    k = draw_weighted(memory.primal, params.mixing, params.arms, view, key, 0)
    return k if k < params.arms else -1


def learn_game(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
    """Both players learn from L(a, i) = r + 1 - gamma c_i: the primal one its mean over the dual's mixture, brought to [0, 1], the dual one all i.

    With rewards in [0, 1], L lies in [1 - max(gamma largest, 1), 2]; what is outside counts as the nearer end.
    """
    dual, gain, scale, unit = memory.dual, memory.gain, memory.scale[0], params.unit
    span, mean = max(scale * params.largest, 1.0), 0.0
    for i in range(gain.size):
        cost = scale * unit[i] * outcome.cost[i] if i < unit.size else 1.0  # time costs B/T a round, and gamma is T/B
        payoff = min(max((outcome.reward - cost + span) / (1.0 + span), 0.0), 1.0)
        mean += dual.weight[i] * payoff
        gain[i] = -payoff * (1.0 + span)
    mean = mean / dual.total[0]
    multiply(memory.primal, action if action >= 0 else params.arms, params.eta * mean / memory.primal.probability[0])
    hedge_gains(dual, gain, params.dual_eta)


def new_game(rule: str, spec: Spec, largest: np.ndarray, rates: tuple[float | None, float | None, float | None], time: bool) -> tuple[Game, Rates]:
    """The game of a problem at gamma = T/B, before its first round; `rates` are eta, mixing and dual_eta, None for the defaults."""
    d, horizon = spec.budget.size, spec.horizon
    rate = scarce_rate(rule, spec, largest)
    pace = min(float((rate / largest).min()), 1.0)  # B / T, B being the smallest budget in units of its largest cost, or T
    n, m = spec.n_actions + spec.idle, d + time
    eta, mixing, dual_eta = rates
    usual = math.sqrt(n * log(n) / horizon)
    mixing = min(usual, 1.0) if mixing is None else mixing
    eta = usual / n if eta is None else eta
    dual_eta = math.sqrt(8.0 * log(m) / horizon) if dual_eta is None else dual_eta
    unit = pace / rate
    game = Game(weights(n), weights(m), np.array([1.0 / pace]), np.zeros(m))
    return game, Rates(eta, mixing, dual_eta, spec.n_actions, unit, float((unit * largest).max()))


def game_arguments(eta: Any, mixing: Any, dual_eta: Any, largest_cost: Any) -> tuple[tuple[Any, Any, Any], np.ndarray, str]:
    """A rule's arguments, checked: the rates, the largest costs, and how a label says them."""
    eta = None if eta is None else number("eta", eta, 0.0)
    mixing = None if mixing is None else number("mixing", mixing, 0.0, 1.0)
    dual_eta = None if dual_eta is None else number("dual_eta", dual_eta, 0.0)
    largest = np.array([number("largest_cost", largest_cost, 1e-100)]) if np.ndim(largest_cost) == 0 else array("largest_cost", largest_cost, (None,), 1e-100)
    rates = {"eta": eta, "mixing": mixing, "dual_eta": dual_eta}
    costs = ", ".join(f"{c:g}" for c in largest)
    said = [f"{name}={'auto' if value is None else f'{value:g}'}" for name, value in rates.items()]
    return (eta, mixing, dual_eta), largest, ", ".join([*said, f"largest_cost={costs}"])
