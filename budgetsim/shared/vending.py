"""What the vending machine, its rules and its optima share: demand, the calendar, the newsvendor's quantity. Portable plain functions."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array
from ..model import VECTOR, Spec


class Machine(NamedTuple):
    """What everybody knows of a vending machine: K items, money in whole coins."""

    reference_price: np.ndarray  #: (K,)
    unit_cost: np.ndarray  #: (K,)
    capacity: np.ndarray  #: (K,) units in the machine or on their way
    price_limit: np.ndarray  #: (K,) highest price that can be posted
    weekday: np.ndarray  #: (7,) factors of demand
    season: np.ndarray  #: (12,)
    fee: float
    unpaid_limit: int
    lead_time: int


class Day(NamedTuple):
    """A morning: what was due has arrived."""

    cash: np.ndarray  #: (1,)
    takings: np.ndarray  #: (1,) not yet collected
    stock: np.ndarray  #: (K,)
    pipeline: np.ndarray  #: (K, lead_time) arrives in 1, 2, ... days; the last column is free for today's order
    price: np.ndarray  #: (K,) posted
    unpaid: np.ndarray  #: (1,) consecutive days without the fee


def machine_of(rule: str, spec: Spec) -> Machine:
    """The machine of a problem; other problems are declined."""
    if spec.kind != VECTOR or not isinstance(spec.public, Machine):
        raise BadValue(f"{rule}: got a problem that is no vending machine; allowed: vending_machine")
    return spec.public


def told_demand(rule: str, spec: Spec, base_demand: Any, elasticity: Any) -> tuple[Machine, np.ndarray, np.ndarray]:
    """The machine and the laws of its demand, as many as it has items."""
    machine = machine_of(rule, spec)
    shape = machine.unit_cost.shape
    return machine, array("base_demand", base_demand, shape, 0.0), array("elasticity", elasticity, shape, 0.0)


def demand_mean(base: Any, price: Any, reference: Any, elasticity: Any) -> Any:
    """base (price / reference)^-elasticity, units a day.

    >>> round(demand_mean(8.0, 4.0, 2.0, 2.0), 12)
    2.0
    """
    return base * draws.exp(elasticity * (draws.log(reference) - draws.log(price)))


def day_factor(weekday: Any, season: Any, t: Any) -> Any:
    """The calendar's factor of day t: 7 days a week, 12 seasons in 365 days."""
    return weekday[t % 7] * season[t % 365 * 12 // 365]


def best_price(unit_cost: Any, elasticity: Any, limit: Any) -> float:
    """The whole price in [1, limit] of greatest (p - c) p^-e: the better of the two around c e / (e - 1); the limit where e <= 1.

    >>> best_price(50, 2.0, 500), best_price(50, 1.0, 500), best_price(50, 1.1, 500)
    (100.0, 500.0, 500.0)
    """
    if elasticity <= 1.0 or unit_cost * elasticity >= limit * (elasticity - 1.0):
        return float(limit)
    below = math.floor(unit_cost * elasticity / (elasticity - 1.0))
    options = [float(min(max(p, 1), limit)) for p in (below, below + 1)]
    return max(options, key=lambda p: (p - unit_cost) * draws.exp(-elasticity * draws.log(p)))


def best_prices(machine: Machine, base: np.ndarray, elasticity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each item the best price, and the mean demand at it before the calendar's factor."""
    e = elasticity.tolist()
    price = [best_price(*law) for law in zip(machine.unit_cost.tolist(), e, machine.price_limit.tolist(), strict=True)]
    mean = [demand_mean(*law) for law in zip(base.tolist(), price, machine.reference_price.tolist(), e, strict=True)]
    return np.array(price), np.array(mean)


def newsvendor(mean: Any, fractile: Any, most: Any) -> Any:
    """The least S with P(D <= S) >= fractile for a Poisson demand D, at most `most`.

    >>> newsvendor(4.0, 0.5, 100.0), newsvendor(4.0, 0.95, 100.0), newsvendor(4.0, 1.0, 9.0)
    (4.0, 8.0, 9.0)
    """
    quantity, chance = 0.0, draws.exp(-mean)
    upto = chance
    while quantity < most and upto < fractile:
        quantity += 1.0
        chance *= mean / quantity
        upto += chance
    return quantity


def on_its_way(view: Any, i: Any) -> Any:
    """Units of item i in the machine or in the pipeline."""
    units = view.stock[i]
    for j in range(view.pipeline.shape[1]):
        units += view.pipeline[i, j]
    return units
