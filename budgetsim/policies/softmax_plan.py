"""A noisy planner: arms in proportion to the exponential of what they are worth."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..draws import exp, uniform
from ..kernels import available
from ..model import ARM, Policy
from ..optima.ruin_dp import ruin_dp
from ..shared.lattice import common_step
from ..shared.survival import laws, one_stock


class Memory(NamedTuple):
    worth: np.ndarray  #: Q of each arm, then its weight


class Params(NamedTuple):
    temperature: float
    value: np.ndarray  #: (steps left, stock in steps)
    move: np.ndarray  #: (K, S) outcomes in steps
    chance: np.ndarray
    step: float
    drift: float  #: largest mean
    horizon: int


def worth(params, arm, i, k):
    """Mean of the optimal value with k steps left, after a pull from a stock of i steps."""
    total = 0.0
    for s in range(params.move.shape[1]):
        after = max(i + int(params.move[arm, s]), 0)
        if after < params.value.shape[1]:
            total += params.chance[arm, s] * params.value[k, after]
        else:
            total += params.chance[arm, s] * (after * params.step + k * params.drift)
    return total


def act(memory, params, view, left, t, key):
    weight, k = memory.worth, params.horizon - t - 1
    i = int(left[0] / params.step + 0.5)
    greatest, total, arm = -np.inf, 0.0, -1
    for a in range(weight.size):
        weight[a] = worth(params, a, i, k)
        if available(view, a):
            greatest = max(greatest, weight[a])
    for a in range(weight.size):
        weight[a] = exp((weight[a] - greatest) / params.temperature) if available(view, a) else 0.0
        total += weight[a]
    rest = uniform(key, 0) * total
    for a in range(weight.size):
        if weight[a] > 0.0 and rest >= 0.0:
            arm = a
            rest -= weight[a]
    return arm


def update(memory, params, view, action, outcome, t):
    pass


def softmax_plan(outcomes: Any, probabilities: Any, temperature: float = 0.1) -> Policy:
    """An agent that knows the laws and plans to the horizon, and errs the less, the more an error costs.

    With k steps left and stock b, arm a with probability in proportion to ``exp(Q_a / temperature)``, ``Q_a = E V_(k-1)((b + R_a)^+)`` being
    the value of pulling it now and playing optimally afterwards.

    Parameters
    ----------
    outcomes, probabilities
        The hidden truth of `survival_bandit`, (K, S): gains of each arm, and how likely they are.
    temperature
        > 0, in units of stock: near 0 for the optimal rule, large for uniform choice.

    Returns
    -------
    Policy
        For problems with these K arms and one stock that ends the run when it is gone, stocks and gains being multiples of a step.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without such a stock, with another number of arms, stocks on no
        lattice, or too large for tables.

    Departures from the paper
    -------------------------
    There language models choose; this stand-in for "reasons more" (a lower temperature) is ours.

    Examples
    --------
    >>> softmax_plan([[1, -1], [3, -3]], [[0.6, 0.4], [0.55, 0.45]], temperature=0.5).name
    'softmax_plan(temperature=0.5; told the outcomes, probabilities, stock and horizon)'

    References
    ----------
    [JarneOrnia2025]_, for the experiment that it stands in for.
    """
    x, p = laws(outcomes, probabilities)
    temperature = number("temperature", temperature, 1e-9)

    def init(spec):
        stock = one_stock("softmax_plan", spec, len(x))
        if not common_step(x[p > 0.0], stock):
            raise BadValue(f"softmax_plan: got a stock of {stock:g} and gains that are no multiples of one step; allowed: a lattice, as whole numbers are")
        plan = ruin_dp(x, p, stock, spec.horizon).plan
        move = np.where(p > 0.0, np.round(x / plan.step), 0.0)
        params = Params(temperature, plan.value, move, p, plan.step, float((x * p).sum(axis=1).max()), spec.horizon)
        return Memory(np.zeros(len(x))), params

    return Policy(ARM, init, act, update, name=f"softmax_plan(temperature={temperature:g}; told the outcomes, probabilities, stock and horizon)")
