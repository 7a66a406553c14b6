"""Sinkhorn routing: biases from the batch's own affinities, by scaling rows and columns in turn."""

from typing import NamedTuple

import numpy as np

from .. import draws
from ..arguments import number, whole
from ..model import VECTOR, Policy
from ..shared.expert_choice import experts_of


class Memory(NamedTuple):
    bias: np.ndarray
    column: np.ndarray
    plan: np.ndarray


class Params(NamedTuple):
    temperature: float
    sweeps: int
    choices: int
    target: float


def act(memory, params, view, left, t, key, chosen):
    affinity, plan, column, bias = view.affinity, memory.plan, memory.column, memory.bias
    n, e = affinity.shape
    for i in range(n):
        top = affinity[i, 0] + bias[0]
        for k in range(1, e):
            top = max(top, affinity[i, k] + bias[k])
        for k in range(e):
            plan[i, k] = draws.exp((affinity[i, k] + bias[k] - top) / params.temperature)
    for _ in range(params.sweeps):
        for k in range(e):
            column[k] = 0.0
        for i in range(n):
            total = 0.0
            for k in range(e):
                total += plan[i, k]
            scale = params.choices / total
            for k in range(e):
                plan[i, k] *= scale
                column[k] += plan[i, k]
        for k in range(e):
            scale = params.target / max(column[k], 1e-300)
            bias[k] += params.temperature * draws.log(scale)
            for i in range(n):
                plan[i, k] *= scale
    for k in range(e):
        chosen[k] = bias[k]


def update(memory, params, view, action, outcome, t):
    pass


def sinkhorn(temperature: float = 0.02, sweeps: int = 8) -> Policy:
    """The biases of the entropic transport plan: x_ik = u_i exp((affinity_ik + p_k) / temperature) with row sums K and column sums L.

    `sweeps` times, rows are scaled to K, then columns to L, which moves p_k by temperature log(L / column sum); the biases of the last batch are where the
    next one starts. The tokens then take their top K by affinity + p. The lower the temperature, the nearer to the linear program, and the
    slower the scaling.

    Parameters
    ----------
    temperature : > 0, in units of affinity.
    sweeps : a batch, at least 1.

    Returns
    -------
    Policy for `expert_routing`. Unlike the rules that learn from past loads, it uses the affinities of the batch that it is about to route.

    Raises
    ------
    BadType, BadValue : numbers out of range; on other problems.

    Departures from the paper
    -------------------------
    For K > 1 the plan's entries may exceed 1, which the choice of K different experts cannot follow: the loads are then balanced in the plan only.

    Examples
    --------
    >>> sinkhorn().name
    'sinkhorn(temperature=0.02, sweeps=8, told the affinities of the batch)'

    References
    ----------
    [Clark2022]_, S-BASE.
    """
    temperature, sweeps = number("temperature", temperature, 1e-6), whole("sweeps", sweeps, 1)

    def init(spec):
        batch = experts_of("sinkhorn", spec)
        zeros = np.zeros(batch.experts)
        return Memory(zeros, zeros.copy(), np.zeros((batch.tokens, batch.experts))), Params(temperature, sweeps, batch.choices, batch.target)

    return Policy(VECTOR, init, act, update, name=f"sinkhorn(temperature={temperature:.10g}, sweeps={sweeps}, told the affinities of the batch)")
