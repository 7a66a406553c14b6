"""The best online policy for Bayesian matching, by dynamic programming over sets of free nodes: the philosopher."""

from typing import Any

import numpy as np

from ..arguments import BadValue, flag
from ..kernels import compiled
from ..model import Optimum
from ..shared.matching import market

_EPS = float(np.finfo(float).eps)
_MOST_NODES, _LARGEST = 22, 4 * 10**8  # entries of the plan, a byte each


def matching_dp(weight: Any, probability: Any, plan: bool = True) -> Optimum:
    """The most that an online policy which knows weights and probabilities can earn, exactly.

    With V_T = 0 and S the free nodes,

        V_t(S) = sum_j p_tj max{V_(t+1)(S), max over i in S of w_itj + V_(t+1)(S - i)} + (1 - sum_j p_tj) V_(t+1)(S).

    Time T J I 2^I, memory 2^I numbers, and T J 2^I bytes for the plan.

    Parameters
    ----------
    weight : (I, T, J) >= 0, reward; I at most 22.
    probability : (T, J), each round sums to at most 1.
    plan : whether to keep the policy.

    Returns
    -------
    Optimum; `plan` (T, J, 2^I) is the node to match, -1 for none, bit i of the index saying that node i is free. `lower` and `upper` differ
    from `value` by a bound on rounding.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, too many nodes.

    Examples
    --------
    >>> best = matching_dp([[[1.0], [5.0]], [[2.0], [0.0]]], [[1.0], [0.5]])
    >>> best.value, best.plan[0, 0].tolist()  # node 0 waits where it can
    (4.5, [-1, -1, 1, 1])

    References
    ----------
    [Braverman2024]_ for the name; the recursion is the definition.
    """
    told = market(weight, probability)
    n, horizon, types = told.weight.shape
    keep = flag("plan", plan)
    if n > _MOST_NODES or (keep and horizon * types * 2**n > _LARGEST):
        raise BadValue(f"weight: got {n} nodes and {horizon * types} types over all rounds; allowed: {_MOST_NODES} nodes, and {_LARGEST} entries of a plan")
    choice = np.zeros((horizon if keep else 1, types, 2**n), np.int8)
    best = float(_induct(told.weight.transpose(1, 2, 0).copy(), told.probability, np.zeros((2, 2**n)), choice, keep))
    slack = 8 * (horizon + types + 4) * _EPS * best
    return Optimum("matching_dp", "certified", best, best - slack, best + slack, choice if keep else None, None, "best online policy")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"weight": [[[1.0], [4.0]]], "probability": [[1.0], [0.25]]},
        {"weight": [[[1.0, 0.5], [5.0, 0.25]], [[2.0, 0.75], [0.0, 1.0]]], "probability": [[0.5, 0.25], [0.25, 0.5]]},
    ]


@compiled
def _induct(weight, probability, value, choice, keep):
    """Backwards; value[1 - now] is V_(t+1), value[now] becomes V_t."""
    horizon, types, n = weight.shape
    now = 0
    for back in range(horizon):
        t = horizon - 1 - back
        for s in range(value.shape[1]):
            stay = value[1 - now, s]
            total, some = 0.0, 0.0
            for j in range(types):
                most, node = stay, -1
                for i in range(n):
                    if (s >> i) & 1:
                        other = weight[t, j, i] + value[1 - now, s ^ (1 << i)]
                        if other > most:
                            most, node = other, i
                total += probability[t, j] * most
                some += probability[t, j]
                if keep:
                    choice[t, j, s] = node
            value[now, s] = total + max(1.0 - some, 0.0) * stay
        now = 1 - now
    return value[1 - now, value.shape[1] - 1]
