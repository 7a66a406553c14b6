"""The random vendor: any price above cost, any order."""

from typing import Any

from ..draws import integer
from ..model import VECTOR, Nothing, Policy
from ..shared.vending import machine_of


def act(memory, params, view, left, t, key, chosen):
    k = params.unit_cost.size
    for i in range(k):
        lowest = min(params.unit_cost[i], params.price_limit[i])
        chosen[i] = lowest + integer(key, i, params.price_limit[i] - lowest + 1.0)
        chosen[k + i] = float(integer(key, k + i, params.capacity[i] + 1.0))
    chosen[2 * k] = 1.0


def update(memory, params, view, action, outcome, t):
    pass


def random_vendor() -> Policy:
    """Each day a price between cost and limit and an order of 0 to the capacity for each item, all equally likely; takings are collected.

    Returns
    -------
    Policy
        For `vending_machine`; the control that looks at nothing.

    Departures from the paper
    -------------------------
    A baseline of ours.

    Examples
    --------
    >>> random_vendor().name
    'random_vendor'

    References
    ----------
    [Backlund2025]_, for the problem.
    """

    def init(spec: Any):
        return Nothing(), machine_of("random_vendor", spec)

    return Policy(VECTOR, init, act, update, name="random_vendor")
