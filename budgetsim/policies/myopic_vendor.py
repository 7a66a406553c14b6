"""The myopic vendor: today's takings, and one day's demand."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..model import VECTOR, Nothing, Policy
from ..shared.vending import Machine, best_prices, day_factor, newsvendor, on_its_way, told_demand


class Params(NamedTuple):
    machine: Machine
    base: np.ndarray  #: (K,)
    elasticity: np.ndarray  #: (K,)
    mean: np.ndarray  #: (K,) units a day at the price of the elasticity
    fractile: np.ndarray  #: (K,)
    target: np.ndarray  #: (K,) the price of the elasticity


def act(memory, params, view, left, t, key, chosen):
    machine = params.machine
    k = params.base.size
    factor = day_factor(machine.weekday, machine.season, t)
    for i in range(k):
        price, wanted = params.target[i], factor * params.base[i]
        if view.stock[i] > 0.0 and wanted > 0.0 and params.elasticity[i] > 1.0:  # the price at which the mean demand is the stock
            price = machine.reference_price[i] * draws.exp((draws.log(wanted) - draws.log(view.stock[i])) / params.elasticity[i])
            price = min(max(float(int(min(price, 1e15) + 0.5)), 1.0), machine.price_limit[i])
        level = newsvendor(factor * params.mean[i], params.fractile[i], machine.capacity[i])
        chosen[i], chosen[k + i] = price, max(level - on_its_way(view, i), 0.0)
    chosen[2 * k] = 1.0


def update(memory, params, view, action, outcome, t):
    pass


def myopic_vendor(base_demand: Any, elasticity: Any) -> Policy:
    """Sells out today what there is, at the price where mean demand is the stock, and orders for a single day, as if nothing took time.

    The price solves max p min(E D(p), stock) for e > 1, p = reference (base / stock)^(1/e), rounded and clipped to [1, limit]: what was
    paid for the stock is sunk. Where there is no stock, or e <= 1, it is the price p* = c e / (e - 1) of `base_stock`. Orders fill up to the
    newsvendor's quantity of one day's demand at p*, fractile (p* - c) / p*, with all the cash there is; takings are collected daily.

    Parameters
    ----------
    base_demand, elasticity
        The hidden truth of `vending_machine`, (K,).

    Returns
    -------
    Policy
        For `vending_machine`.

    Raises
    ------
    BadType, BadValue
        If an argument is out of range; on other problems, or with another number of items.

    Departures from the paper
    -------------------------
    A baseline of ours.

    Examples
    --------
    >>> myopic_vendor([4.0], [2.0]).name
    'myopic_vendor(told the demand)'

    References
    ----------
    [Backlund2025]_, for the problem.
    """

    def init(spec):
        machine, base, e = told_demand("myopic_vendor", spec, base_demand, elasticity)
        c = machine.unit_cost
        price, mean = best_prices(machine, base, e)
        return Nothing(), Params(machine, base, e, mean, np.maximum(price - c, 0.0) / price, price)

    return Policy(VECTOR, init, act, update, name="myopic_vendor(told the demand)")
