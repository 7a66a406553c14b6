"""Independent proposals for online Bayesian matching: the baseline of pivotal sampling."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import number
from ..model import REQUEST, Policy
from ..shared.matching import by_weight, online_plan, proposals, told_market


class Memory(NamedTuple):
    free: np.ndarray  #: (I,) 1.0 where a node has not proposed


class Params(NamedTuple):
    proposal: np.ndarray  #: (T, J, I)
    order: np.ndarray  #: (T, J, I) nodes by falling weight


def act(memory, params, view, left, t, key):
    j, action = int(view.type[0]), -1
    if j >= 0:
        for i in params.order[t, j]:
            if memory.free[i] != 0.0 and draws.uniform(key, i) < params.proposal[t, j, i]:
                memory.free[i] = 0.0
                if action < 0:
                    action = i
    return action


def update(memory, params, view, action, outcome, t):
    pass


def independent_proposals(weight: Any, probability: Any, c: float = 1.0) -> Policy:
    """Every free node proposes on its own; the heaviest proposer is matched, and all proposers leave.

    With x a solution of `matching_lp` and y_it what x has used of node i before t, a free node proposes to an arrival of type j with
    probability c x_itj / (p_tj (1 - c y_it)); so i is free at t with probability 1 - c y_it.

    Parameters
    ----------
    weight, probability : (I, T, J), (T, J), as `bayesian_matching` has them.
    c : scale in (0, 1].

    Returns
    -------
    Policy for `bayesian_matching` and `single_item_prophet`; it declines other problems.

    Raises
    ------
    BadType, BadValue : c outside (0, 1], wrong shapes.

    Departures from the paper
    -------------------------
    A reconstruction of what proposals without correlation would be.

    Examples
    --------
    >>> independent_proposals([[[1.0], [5.0]]], [[1.0], [0.5]]).name
    'independent_proposals(c=1; told the weights and probabilities)'

    References
    ----------
    [Braverman2024]_.
    """
    c = number("c", c, 0.0, 1.0)

    def init(spec):
        told = told_market("independent_proposals", spec, weight, probability)
        plan, _ = online_plan(told.weight, told.probability)
        return Memory(np.ones(len(plan))), Params(proposals(plan, told.probability, c), by_weight(told.weight))

    return Policy(REQUEST, init, act, update, name=f"independent_proposals(c={c:g}; told the weights and probabilities)")
