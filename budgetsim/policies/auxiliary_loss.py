"""Load balance by an auxiliary loss: gradient descent on the product of loads and mean gates."""

from typing import NamedTuple

import numpy as np

from .. import draws
from ..arguments import number
from ..model import VECTOR, Policy
from ..shared.expert_choice import experts_of, offer_bias


class Memory(NamedTuple):
    bias: np.ndarray
    gate: np.ndarray
    gradient: np.ndarray


class Params(NamedTuple):
    weight: float
    u: float
    total: float  #: n K


def update(memory, params, view, action, outcome, t):
    load, gate, gradient = outcome.seen.load, memory.gate, memory.gradient
    n, e = view.affinity.shape
    for k in range(e):
        gradient[k] = 0.0
    for i in range(n):
        total, mean = 0.0, 0.0
        for k in range(e):
            gate[k] = draws.exp(view.affinity[i, k] + memory.bias[k])
            total += gate[k]
            mean += gate[k] * load[k]
        mean /= total
        for k in range(e):
            gradient[k] += gate[k] / total * (load[k] - mean)
    for k in range(e):
        memory.bias[k] -= params.u * (params.weight * e * gradient[k] / (params.total * n) + memory.bias[k])


def auxiliary_loss(weight: float = 1.0, u: float = 0.01) -> Policy:
    """Gradient descent on ``weight E sum_k f_k P_k(p) + |p|^2 / 2`` with step u, after each batch, from p = 0.

    f_k = A_k / (n K) are the loads, held fixed in the gradient, P_k(p) = mean_i softmax_k(affinity_i + p) the mean gates. The penalty pulls towards balance; the
    quadratic stands for the task, which in training pulls the gates back to where the affinities want them. So the weight trades score for
    balance, and no finite weight gives balance exactly: at balance the penalty has no gradient, and the quadratic has one.

    Parameters
    ----------
    weight : >= 0, of the penalty.
    u : the step, in (0, 1].

    Returns
    -------
    Policy for `expert_routing`; it learns from the affinities of the batch that is over.

    Raises
    ------
    BadType, BadValue : numbers out of range; on other problems.

    Departures from the paper
    -------------------------
    In training the penalty moves all weights of the router; here only one bias an expert can move. The quadratic is ours.

    Examples
    --------
    >>> auxiliary_loss(10.0).name
    'auxiliary_loss(weight=10, u=0.01)'

    References
    ----------
    [Fedus2022]_ for the penalty.
    """
    weight, u = number("weight", weight, 0.0), number("u", u, 1e-300, 1.0)

    def init(spec):
        batch = experts_of("auxiliary_loss", spec)
        zeros = np.zeros(batch.experts)
        return Memory(zeros, zeros.copy(), zeros.copy()), Params(weight, u, float(batch.tokens * batch.choices))

    return Policy(VECTOR, init, offer_bias, update, name=f"auxiliary_loss(weight={weight:.10g}, u={u:.10g})")
