"""A vending machine: orders and prices from a stock of cash, under a daily fee; ten unpaid days in a row are the end."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, whole
from ..model import RUIN, VECTOR, Problem, Spec, Units
from ..shared.vending import Day, Machine, day_factor, demand_mean


class Shop(NamedTuple):
    base_demand: np.ndarray  #: (K,) units a day at the reference price
    elasticity: np.ndarray  #: (K,)
    cash: float  #: at the start
    machine: Machine


class Seen(NamedTuple):
    sold: np.ndarray  #: (K,); what nobody could buy is not seen
    ordered: np.ndarray  #: (K,) after cuts
    collected: np.ndarray  #: (1,)
    paid: np.ndarray  #: (1,) of the fee: all of it, or 0


def init(instance):
    machine = instance.machine
    k = machine.unit_cost.size
    return Day(np.full(1, instance.cash), np.zeros(1), np.zeros(k), np.zeros((k, machine.lead_time)), machine.reference_price.copy(), np.zeros(1))


def observe(instance, state, t, key, view):
    view.cash[0], view.takings[0], view.unpaid[0] = state.cash[0], state.takings[0], state.unpaid[0]
    for i in range(state.stock.size):
        view.stock[i], view.price[i] = state.stock[i], state.price[i]
        for j in range(state.pipeline.shape[1]):
            view.pipeline[i, j] = state.pipeline[i, j]


def step(instance, state, view, action, left, t, key, cost, seen):
    machine = instance.machine
    k = machine.unit_cost.size
    seen.collected[0] = state.takings[0] if action[2 * k] != 0.0 else 0.0
    cash = state.cash[0] + seen.collected[0]
    factor = day_factor(machine.weekday, machine.season, t)
    taken, margin = 0.0, 0.0
    for i in range(k):
        place = machine.capacity[i] - state.stock[i]
        for j in range(state.pipeline.shape[1]):
            place -= state.pipeline[i, j]
        ordered = min(action[k + i], place, float(math.floor(cash / machine.unit_cost[i])))
        cash -= ordered * machine.unit_cost[i]
        price = action[i] if action[i] > 0.0 else state.price[i]
        wanted = draws.poisson(key, i, factor * demand_mean(instance.base_demand[i], price, machine.reference_price[i], instance.elasticity[i]))
        sold = min(wanted, state.stock[i])
        seen.ordered[i], seen.sold[i] = ordered, sold
        taken += price * sold
        margin += (price - machine.unit_cost[i]) * sold
    liquid = cash + state.takings[0] - seen.collected[0] + taken
    seen.paid[0] = machine.fee if liquid >= machine.fee else 0.0
    cash -= min(cash, seen.paid[0])  # the rest of the fee comes out of the machine
    cost[0] = state.cash[0] - cash
    return margin - seen.paid[0]


def advance(instance, state, view, action, outcome, left, t, key):
    machine, seen = instance.machine, outcome.seen
    k = machine.unit_cost.size
    before, spent, taken = state.cash[0], 0.0, 0.0
    for i in range(k):
        if action[i] > 0.0:
            state.price[i] = action[i]
        taken += state.price[i] * seen.sold[i]
        spent += machine.unit_cost[i] * seen.ordered[i]
        state.pipeline[i, machine.lead_time - 1] = seen.ordered[i]
        state.stock[i] += state.pipeline[i, 0] - seen.sold[i]
        for j in range(1, machine.lead_time):
            state.pipeline[i, j - 1] = state.pipeline[i, j]
        state.pipeline[i, machine.lead_time - 1] = 0.0
    state.cash[0] = left[0] - 1.0
    state.takings[0] += before + taken - spent - seen.paid[0] - state.cash[0]
    if seen.paid[0] > 0.0 or machine.fee == 0.0:
        state.unpaid[0] = 0.0
    else:
        state.unpaid[0] += 1.0
    return state.unpaid[0] >= machine.unpaid_limit


def vending_machine(
    base_demand: Any = (1.5, 1.2, 0.6, 0.4),
    reference_price: Any = (8, 10, 16, 20),
    elasticity: Any = (2.0, 2.0, 1.8, 1.6),
    unit_cost: Any = (3, 4, 7, 8),
    capacity: Any = (15, 15, 9, 9),
    lead_time: Any = 3,
    cash: Any = 2000,
    fee: Any = 8,
    unpaid_limit: Any = 10,
    weekday: Any = None,
    season: Any = None,
    price_limit: Any = None,
    horizon: Any = 365,
) -> Problem:
    """An operator orders K items, posts prices and empties the till, every day, from nothing but the machine's own cash.

    A day, in this order: the takings are collected, if the action says so; orders are paid from cash and arrive `lead_time` mornings
    later; item i sells min(D_i, stock_i), D_i ~ Poisson(base_i (p_i / reference_i)^-e_i x factor of the day), for money that stays in
    the machine; the fee is paid from cash and, where that is short, from the takings; where both are short nothing is paid and the day
    counts as unpaid. A paid day sets the count to 0; at `unpaid_limit` the problem ends the run. The reward is the change of net worth:
    cash + takings + unit cost x (stock + what is on its way). So it is the sum of (p_i - c_i) sold_i less the fee paid, in every run.

    The action is a vector of 2 K + 1 whole numbers: K prices (0: as posted), K orders, and 1 to collect (0: not). An order is cut to the
    place that will be free (capacity less stock less what is on its way: there is no storeroom) and to what cash can pay, item after item.
    All zeros is to do nothing.

    Cash is the ledger's stock, law RUIN, which may grow; since a stock of 0 would end the run there, and here one may play on without cash,
    the ledger's stock is cash + 1, as in `survival_bandit` "below_zero". It never gets to 0: only the problem or the horizon ends a run.

    Parameters
    ----------
    base_demand : (K,) >= 0, units a day at the reference price.
    reference_price : (K,) whole coins >= 1; posted at the start.
    elasticity : (K,) >= 0.
    unit_cost : (K,) whole coins >= 1.
    capacity : (K,) whole units >= 1.
    lead_time : days from an order to its arrival, at least 1.
    cash : whole coins at the start, >= 0. The machine is empty.
    fee : whole coins a day, >= 0.
    unpaid_limit : consecutive unpaid days that end the run, at least 1.
    weekday, season : (7,), (12,) factors >= 0 of demand; None for 1. Day 0 is the first of both, a season is a twelfth of 365 days.
    price_limit : (K,) whole coins, the highest price that can be posted; None for three times the reference.
    horizon : days, at least 1.

    Returns
    -------
    Problem of kind VECTOR. View: `cash`, `takings`, `stock`, `pipeline`, `price`, `unpaid`. All but `base_demand` and `elasticity` is
    public (`spec.public`). The defaults are ours: 500 dollars and 2 a day, in quarters, as in the paper; two small and two large items.

    Raises
    ------
    BadType, BadValue : wrong shapes, amounts that are not whole or out of range.

    Departures from the paper
    -------------------------
    A stylised core: no supplier talks, no search, no weather, no variety bonus, no storeroom; restocking comes with delivery. An unpaid fee is
    forgiven, not owed. Were it taken from collected cash alone, collecting every tenth day would save nine fees of ten; so takings pay it too.

    Examples
    --------
    >>> shop = vending_machine()
    >>> shop.spec.budget.tolist(), shop.spec.n_actions, shop.name
    ([2001.0], 9, 'vending_machine(4 items, cash 2000, fee 8, 10 unpaid days, lead 3)')

    References
    ----------
    [Backlund2025]_ for the machine, the fee and the ten days
    """
    base = array("base_demand", base_demand, (None,), 0.0)
    n = (base.size,)
    reference = _whole("reference_price", reference_price, n, 1.0)
    machine = Machine(
        reference,
        _whole("unit_cost", unit_cost, n, 1.0),
        _whole("capacity", capacity, n, 1.0),
        3.0 * reference if price_limit is None else _whole("price_limit", price_limit, n, 1.0),
        np.ones(7) if weekday is None else array("weekday", weekday, (7,), 0.0),
        np.ones(12) if season is None else array("season", season, (12,), 0.0),
        float(whole("fee", fee, 0, _MOST)),
        whole("unpaid_limit", unpaid_limit, 1),
        whole("lead_time", lead_time, 1, 1000),
    )
    if np.any(machine.price_limit < reference):
        i = int(np.argmax(machine.price_limit < reference))
        raise BadValue(f"price_limit: got {machine.price_limit[i]:g} for item {i}; allowed: at least its reference price, {reference[i]:g}")
    shop = Shop(base, array("elasticity", elasticity, n, 0.0), float(whole("cash", cash, 0, _MOST)), machine)
    days = whole("horizon", horizon, 1)
    if (days + 1.0) * float(machine.price_limit @ machine.capacity) > 1e15:
        raise BadValue(f"price_limit: got takings of up to {days * float(machine.price_limit @ machine.capacity):g}; allowed: 1e15, so that money stays whole")
    k = base.size
    high = np.concatenate([machine.price_limit, machine.capacity, [1.0]])
    spec = Spec(VECTOR, 2 * k + 1, days, low=np.zeros(2 * k + 1), high=high, whole=np.ones(2 * k + 1, bool), budget=np.array([shop.cash + 1.0]), law=RUIN,
                feedback="semi", view=init(shop), seen=Seen(np.zeros(k), np.zeros(k), np.zeros(1), np.zeros(1)), public=machine,
                units=Units("coin", ("cash",), "day"))  # fmt: skip
    name = f"vending_machine({k} item{'s' * (k > 1)}, cash {shop.cash:g}, fee {machine.fee:g}, {machine.unpaid_limit} unpaid days, lead {machine.lead_time})"
    return Problem(spec, shop, step, init, observe=observe, advance=advance, name=name)


_MOST = 10**12


def _whole(name: str, value: Any, shape: tuple[int], low: float) -> np.ndarray:
    """Whole numbers >= low."""
    out = array(name, value, shape, low, float(_MOST))
    if np.any(out != np.floor(out)):
        raise BadValue(f"{name}: got {out[out != np.floor(out)][0]:g}; allowed: whole numbers")
    return out


def examples() -> list[Problem]:
    """One item and little cash, with a lead of one day and of two; two items with a calendar; the default machine for a month.

    >>> [p.spec.n_actions for p in examples()]
    [3, 3, 5, 9]
    """
    week, year = [1.0, 0.8, 0.8, 0.9, 1.2, 1.5, 1.3], [0.8] * 6 + [1.3] * 6
    return [
        vending_machine([1.5], [4], [2.0], [2], [4], 1, 6, 2, 3, horizon=40),
        vending_machine([1.2], [4], [1.5], [2], [3], 2, 5, 1, 2, horizon=25),
        vending_machine([2.0, 1.0], [4, 9], [2.5, 1.2], [2, 3], [6, 4], 2, 30, 3, 4, week, year, horizon=250),
        vending_machine(horizon=30),
    ]
