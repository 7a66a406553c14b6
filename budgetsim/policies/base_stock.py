"""Base stock: order up to the newsvendor's quantity, at the price of the elasticity."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import number
from ..model import VECTOR, Nothing, Policy
from ..shared.vending import Machine, best_prices, day_factor, newsvendor, on_its_way, told_demand


class Params(NamedTuple):
    machine: Machine
    price: np.ndarray  #: (K,)
    mean: np.ndarray  #: (K,) units a day at that price
    fractile: np.ndarray  #: (K,)
    reserve: float  #: coins


def act(memory, params, view, left, t, key, chosen):
    machine = params.machine
    k = params.price.size
    days = 0.0
    for s in range(machine.lead_time + 1):
        days += day_factor(machine.weekday, machine.season, t + s)
    cash = view.cash[0] + view.takings[0] - params.reserve
    for i in range(k):
        level = newsvendor(days * params.mean[i], params.fractile[i], machine.capacity[i])
        units = max(min(level - on_its_way(view, i), float(math.floor(cash / machine.unit_cost[i]))), 0.0)
        cash -= units * machine.unit_cost[i]
        chosen[i], chosen[k + i] = params.price[i], units
    chosen[2 * k] = 1.0


def update(memory, params, view, action, outcome, t):
    pass


def base_stock(base_demand: Any, elasticity: Any, reserve: float = 1.0, salvage: float = 0.9) -> Policy:
    """Every day each item is filled up to S_i, as far as cash above a reserve goes; prices stay at c e / (e - 1).

    The price p_i is the whole one of greatest (p - c) p^-e, clipped to the limit, where it also is for e <= 1. S_i is the least S with
    P(D <= S) >= (p_i - c_i) / (p_i - salvage c_i), D the Poisson demand of the lead time and one day more, the days that today's order
    has to cover; stock and what is on its way count towards it. Money goes to the items in their order. Takings are collected daily.

    Parameters
    ----------
    base_demand, elasticity
        The hidden truth of `vending_machine`, (K,).
    reserve
        Daily fees that are kept back when ordering, >= 0.
    salvage
        What a unit left over counts for, as a part of its cost, in [0, 1]. 0 is the newspaper, worthless tomorrow; here it keeps, and is
        sold another day. With 1 all of the capacity is filled.

    Returns
    -------
    Policy
        For `vending_machine`. The calendar and costs are public.

    Raises
    ------
    BadType, BadValue
        If an argument is out of range; on other problems, or with another number of items.

    Departures from the paper
    -------------------------
    The paper has language models as agents; this is the textbook's rule beside them.

    Examples
    --------
    >>> base_stock([4.0], [2.0]).name
    'base_stock(reserve=1 fees, salvage=0.9; told the demand)'

    References
    ----------
    [Backlund2025]_, for the problem.
    """
    reserve, salvage = number("reserve", reserve, 0.0), number("salvage", salvage, 0.0, 1.0)

    def init(spec):
        machine, base, e = told_demand("base_stock", spec, base_demand, elasticity)
        c = machine.unit_cost
        price, mean = best_prices(machine, base, e)
        fractile = np.where(price > c, (price - c) / np.maximum(price - salvage * c, 1e-300), 0.0)
        return Nothing(), Params(machine, price, mean, fractile, reserve * machine.fee)

    return Policy(VECTOR, init, act, update, name=f"base_stock(reserve={reserve:g} fees, salvage={salvage:g}; told the demand)")
