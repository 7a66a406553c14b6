"""What a vending machine's operator can get who knows the demand: one item exactly, several items bounded."""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, flag, whole
from ..kernels import compiled
from ..model import Optimum
from ..shared.vending import day_factor, demand_mean

_EPS = float(np.finfo(float).eps)
_CELLS, _WORK = 10**8, 2 * 10**11
_OF = {"worth": "mean gain of net worth", "survival": "probability not to go bankrupt"}


class VendingPlan(NamedTuple):
    """Today's price and order: decision[t, unpaid, cash, state[units]], or -1; see `price_and_order`.

    `cash` counts takings as collected, and stops where it can no longer be short; `units` is the code of stock and pipeline.
    """

    value: np.ndarray  #: (unpaid days, cash, state) of day 0: mean final net worth, or probability of survival
    decision: np.ndarray  #: (days or 0, unpaid days, cash, state): price index x (capacity + 1) + order
    price: np.ndarray  #: (M,)
    state: np.ndarray  #: code -> state, -1 where units exceed the capacity
    capacity: int


class BoundPlan(NamedTuple):
    """Which item's sales are taken to prove that the fee is paid, and the items' values, without and with the fee."""

    payer: int
    alone: np.ndarray  #: (K,)
    charged: np.ndarray  #: (K,)


class Item(NamedTuple):
    """One item on its lattice. A state is (stock, arriving tomorrow, ...) with at most `capacity` units in all."""

    price: np.ndarray  #: (M,)
    cost: float
    capacity: int
    units: np.ndarray  #: (S,) of a state
    stock: np.ndarray  #: (S,)
    after: np.ndarray  #: (S, capacity + 1 sold, capacity + 1 ordered) -> state
    code: np.ndarray  #: code -> state
    chance: np.ndarray  #: (factors, M, capacity + 1 in stock, capacity + 1 sold)
    law: np.ndarray  #: (T,) -> which factor


def vending_dp(
    base_demand: Any,
    reference_price: Any,
    elasticity: Any,
    unit_cost: Any,
    capacity: Any,
    cash: Any,
    fee: Any,
    lead_time: Any,
    horizon: Any,
    unpaid_limit: Any = 10,
    weekday: Any = None,
    season: Any = None,
    price_limit: Any = None,
    prices: Any = None,
    objective: str = "worth",
    tables: bool = False,
) -> Optimum:
    """The best rule of a `vending_machine` with one item, by dynamic programming over cash, stock, pipeline and unpaid days.

    With x = (stock, pipeline), u unpaid days, c coins and D(p) the day's demand,

        V_t(u, c, x) = max_{p, q} E V_(t+1)(u', c', x'),   sold = min(D(p), stock),   c' = c - unit_cost q + p sold - fee paid,

    over the prices and all orders q that place and cash allow. Money is whole, so this is exact, for all rules: collecting every day costs
    nothing, since the fee is paid from the takings too. Cash is not truncated: with so much of it that neither order nor fee can ever fail,
    c >= days x fee + unit_cost x capacity where no price is below cost, V is c less the fees plus a value of x alone.

    Parameters
    ----------
    base_demand, reference_price, elasticity, unit_cost, capacity : as in `vending_machine`, a number or (1,).
    cash, fee, lead_time, horizon, unpaid_limit, weekday, season, price_limit : as in `vending_machine`.
    prices : (M,) whole coins, increasing: the only ones that a rule may post. None for 1 to the limit.
    objective : "worth": mean final net worth. "survival": the probability to see the horizon.
    tables : whether `plan` has the decisions of all days.

    Returns
    -------
    Optimum; `value` is the mean gain, final net worth less the cash at the start, or the probability. `lower` and `upper` allow for rounding.
    `plan` is a `VendingPlan`, whose value covers all amounts of cash up to where it is enough.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, several items, more than 1e8 cells or 2e11 products.

    Examples
    --------
    Ten days, a unit costs 2 coins: whoever has one can pay the fee once and is bankrupt three days later.

    >>> machine = dict(base_demand=2.0, reference_price=4, elasticity=2.0, unit_cost=2, capacity=3, fee=1, lead_time=1, horizon=10, unpaid_limit=3)
    >>> [round(vending_dp(cash=c, **machine, objective="survival").value, 6) for c in (1, 2, 4)]
    [0.0, 0.99836, 0.99999]
    >>> round(vending_dp(cash=4, **machine).value, 6)
    17.515484

    References
    ----------
    [Backlund2025]_ for the machine
    """
    choice("objective", objective, _OF)
    survival = objective == "survival"
    cash, fee = whole("cash", cash, 0, 10**9), whole("fee", fee, 0, 10**9)
    limit, days = whole("unpaid_limit", unpaid_limit, 1, 1000), whole("horizon", horizon, 1, 10**6)
    one = [array(name, np.atleast_1d(value), (1,), 0.0)[0] for name, value in (("base_demand", base_demand), ("elasticity", elasticity))]
    item = _item(one[0], reference_price, one[1], unit_cost, capacity, lead_time, days, weekday, season, price_limit, prices)
    k = np.arange(days + 1)
    enough = fee * k + _enough(item, lead_time, k)
    states = item.units.size
    cells = float(limit * (enough[days] + 1) * states)
    work = cells * days / 2 * item.price.size * (item.capacity + 2) / 2 * (item.capacity + 2) / 3
    if cells * (days if flag("tables", tables) else 2) > _CELLS or work > _WORK:
        raise BadValue(
            f"horizon, fee, capacity: got {cells * (days if tables else 2):.3g} cells and {work:.3g} products; allowed: {_CELLS:g} and {_WORK:g}: fewer prices, days or larger coins"
        )
    free, free_best = _values(item, 0.0, days, survival)
    value = np.zeros((2, limit, enough[days] + 1, states))
    decision = np.full((days if tables else 0, limit, enough[days] + 1, states), -1, np.int32)
    _induct(
        item.price,
        item.cost,
        item.capacity,
        item.units,
        item.stock,
        item.after,
        item.chance,
        item.law,
        float(fee),
        limit,
        survival,
        enough,
        free,
        free_best,
        value,
        decision,
    )
    top = value[days % 2]
    start = top[0, cash, 0] if cash <= enough[days] else (1.0 if survival else cash - fee * days + free[days, 0])
    size = 1.0 if survival else float(cash + days * (fee + item.capacity * item.price[-1]) + item.cost * item.capacity)
    slack = 64 * (item.capacity + 4) * days * _EPS * size
    gain = float(start) - (0.0 if survival else cash)
    of = f"{_OF[objective]}, best rule that knows the demand" + ("" if prices is None else f"; prices {', '.join(f'{p:g}' for p in item.price)}")
    return Optimum(
        "vending_dp", "certified", gain, gain - slack, gain + slack, VendingPlan(top.copy(), decision, item.price, item.code, item.capacity), None, of
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    machine = {"base_demand": 2.0, "reference_price": 4, "elasticity": 2.0, "unit_cost": 2, "capacity": 2, "cash": 4, "fee": 1, "lead_time": 1, "horizon": 3}
    return [{**machine, "prices": [4, 6]}, {**machine, "unpaid_limit": 2, "prices": [5], "objective": "survival"}]


def vending_bound(
    base_demand: Any,
    reference_price: Any,
    elasticity: Any,
    unit_cost: Any,
    capacity: Any,
    cash: Any,
    fee: Any,
    lead_time: Any,
    horizon: Any,
    weekday: Any = None,
    season: Any = None,
    price_limit: Any = None,
    prices: Any = None,
) -> Optimum:
    """A bound on the mean gain of every rule of a `vending_machine` with K items: each item on its own, with cash without end.

    An item's value is a dynamic program over stock and pipeline in which nothing is ever too dear and the operator may leave on any day. The
    fee: on a day on which one item j takes in at least the fee it is surely paid, so the bound is

        min over j of  sum_{i != j} W_i + W_j',    W_j' with the fee charged on the days on which item j takes in as much.

    With so much cash that no fee and no order of any rule can ever fail (as in `vending_dp`, summed over items) the optimum is known: sum W_i
    less all fees. Where this much is enough for the best rule of each item, which sells nothing below cost, it is a lower bound.

    Parameters
    ----------
    As in `vending_dp`, with (K,) for an item's arguments. prices : (M,) the only prices of all items; None for 1 to the limit of each.

    Returns
    -------
    Optimum; `value` is the bound, which no rule need attain unless cash is plenty, `upper` the same with an allowance for rounding; `lower` is
    what doing nothing gains, or all fees paid. `plan` is a `BoundPlan`.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, more than 2e11 products.

    Examples
    --------
    >>> found = vending_bound([2.0, 1.0], [4, 6], [2.0, 2.0], [2, 3], [3, 2], cash=4, fee=1, lead_time=1, horizon=10)
    >>> round(found.upper, 6), found.lower, found.plan.payer
    (45.025637, -4.0, 0)

    References
    ----------
    [Backlund2025]_ for the machine
    """
    base = array("base_demand", base_demand, (None,), 0.0)
    n = (base.size,)
    laws = [
        array(name, value, n, 0.0)
        for name, value in (("reference_price", reference_price), ("elasticity", elasticity), ("unit_cost", unit_cost), ("capacity", capacity))
    ]
    top = 3.0 * laws[0] if price_limit is None else array("price_limit", price_limit, n, 1.0)
    cash, fee, days = whole("cash", cash, 0, 10**9), whole("fee", fee, 0, 10**9), whole("horizon", horizon, 1, 10**6)
    items = [_item(b, r, e, c, m, lead_time, days, weekday, season, p, prices) for b, r, e, c, m, p in zip(base, *laws, top, strict=True)]
    found = [_values(item, 0.0, days, False) for item in items]
    alone = np.array([value[days, 0] for value, _ in found])
    charged = np.array([_values(item, float(fee), days, False)[0][days, 0] for item in items]) if fee else alone
    bound = alone.sum() - alone + charged
    payer = int(np.argmin(bound))
    size = sum(days * (fee + item.capacity * item.price[-1]) + item.cost * item.capacity for item in items)
    slack = 64 * (max(item.capacity for item in items) + 4) * days * _EPS * float(size)
    value, lower = float(bound[payer]), -float(fee * min(days, cash // fee)) if fee else 0.0
    dear = all(np.all(item.price[best[1:, item.stock > 0] // (item.capacity + 1)] >= item.cost) for item, (_, best) in zip(items, found, strict=True))
    if dear and cash >= fee * days + sum(item.cost * item.capacity for item in items):
        lower = max(lower, float(alone.sum()) - fee * days - slack)
    if cash >= sum(_enough(item, lead_time, np.array([days]))[0] for item in items) + fee * days:
        value = min(value, float(alone.sum()) - fee * days)
    of = "above the mean gain of net worth of every rule: cash without end"
    return Optimum("vending_bound", "certified", value, lower, value + slack, BoundPlan(payer, alone, charged), None, of)


def price_and_order(plan: VendingPlan, t: int, unpaid: int, cash: float, stock: int, pipeline: Any) -> tuple[float, int]:
    """What a plan with tables does on day t; pipeline (lead_time - 1,), what comes tomorrow first.

    >>> found = vending_dp(2.0, 4, 2.0, 2, 3, cash=4, fee=1, lead_time=1, horizon=10, unpaid_limit=3, tables=True)
    >>> price_and_order(found.plan, 0, 0, 4, 0, [])
    (1.0, 2)
    """
    code = stock
    for units in pipeline:
        code = code * (plan.capacity + 1) + int(units)
    made = int(plan.decision[t, unpaid, min(int(cash), plan.decision.shape[2] - 1), plan.state[code]])
    return float(plan.price[made // (plan.capacity + 1)]), made % (plan.capacity + 1)


def _item(
    base: float, reference: Any, e: float, cost: Any, capacity: Any, lead_time: Any, days: int, weekday: Any, season: Any, limit: Any, prices: Any
) -> Item:
    """An item's states, moves and chances."""
    r, c, m = (
        whole(name, np.atleast_1d(array(name, np.atleast_1d(v), (1,)))[0], 1, 10**6)
        for name, v in (("reference_price", reference), ("unit_cost", cost), ("capacity", capacity))
    )
    lead = whole("lead_time", lead_time, 1, 1000)
    top = 3 * r if limit is None else whole("price_limit", array("price_limit", np.atleast_1d(limit), (1,))[0], 1, 10**6)
    menu = np.arange(1.0, top + 1.0) if prices is None else array("prices", prices, (None,), 1.0)
    if np.any(menu != np.floor(menu)) or np.any(np.diff(menu) <= 0.0):
        raise BadValue("prices: got some that are not whole or not increasing; allowed: whole coins, increasing")
    if (m + 1.0) ** lead > 2e6 or math.comb(m + lead, lead) * (m + 1) ** 2 > _CELLS:
        raise BadValue(f"capacity, lead_time: got {m} units and {lead} days; allowed: fewer, so that stock and pipeline fit into a table")
    states = [s for s in itertools.product(range(m + 1), repeat=lead) if sum(s) <= m]
    code = np.full((m + 1) ** lead, -1, np.int32)
    powers = (m + 1) ** np.arange(lead - 1, -1, -1)
    at = np.array(states, np.int64)
    code[at @ powers] = np.arange(len(states))
    after = np.zeros((len(states), m + 1, m + 1), np.int32)
    for sold in range(m + 1):
        for order in range(m + 1):
            moved = np.concatenate([at, np.full((len(at), 1), order)], axis=1)
            moved[:, 1] += moved[:, 0] - sold
            legal = (at[:, 0] >= sold) & (at.sum(axis=1) + order <= m)
            after[legal, sold, order] = code[moved[legal, 1:] @ powers]
    week = np.ones(7) if weekday is None else array("weekday", weekday, (7,), 0.0)
    year = np.ones(12) if season is None else array("season", season, (12,), 0.0)
    factors, law = np.unique([day_factor(week, year, t) for t in range(days)], return_inverse=True)
    mean = np.array([[f * demand_mean(base, p, float(r), e) for p in menu.tolist()] for f in factors.tolist()])
    return Item(menu, float(c), m, at.sum(axis=1), at[:, 0].copy(), after, code, _sales(mean, m), law.astype(np.int64))


def _enough(item: Item, lead_time: Any, days: np.ndarray) -> np.ndarray:
    """Coins beside the fees with which no order can fail, whatever is played: a full machine, and what selling below cost can lose."""
    lead = 1 + whole("lead_time", lead_time, 1)  # in so many days no more than the capacity is sold
    return (item.cost * item.capacity + -(-days // lead) * item.capacity * max(0.0, item.cost - item.price[0])).astype(np.int64)


def _sales(mean: np.ndarray, most: int) -> np.ndarray:
    """P(min(D, stock) = sold) for Poisson demands: (..., stock, sold)."""
    k = np.arange(most + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(k == 0, 0.0, k * np.log(mean)[..., None]) - mean[..., None] - np.array([math.lgamma(i + 1.0) for i in k])
    pmf = np.exp(logs)
    chance = np.zeros((*mean.shape, most + 1, most + 1))
    for stock in range(most + 1):
        chance[..., stock, :stock] = pmf[..., :stock]
        chance[..., stock, stock] = np.maximum(0.0, 1.0 - pmf[..., :stock].sum(axis=-1))
    return chance


def _values(item: Item, fee: float, days: int, survival: bool) -> tuple[np.ndarray, np.ndarray]:
    """(days left, state): most that sales less orders and the stock in the end come to, with cash without end; and how."""
    value, best = np.zeros((days + 1, item.units.size)), np.zeros((days + 1, item.units.size), np.int32)
    if not survival:
        value[0] = item.cost * item.units
        _unbounded(item.price, item.cost, item.capacity, item.units, item.stock, item.after, item.chance, item.law, fee, value, best)
    return value, best


@compiled
def _unbounded(price, cost, capacity, units, stock, after, chance, law, fee, value, best):
    """Without regard to cash. With a fee, it is due where this item takes in as much, and leaving is allowed."""
    days = value.shape[0] - 1
    for k in range(1, days + 1):
        f, old = law[days - k], value[k - 1]
        for s in range(units.size):
            m = stock[s]
            most = cost * units[s] if fee > 0.0 else -np.inf
            first = -np.inf
            for j in range(price.size):
                for q in range(capacity - units[s] + 1):
                    total = -cost * q
                    for sold in range(m + 1):
                        taken = price[j] * sold
                        total += chance[f, j, m, sold] * (taken - (fee if taken >= fee else 0.0) + old[after[s, sold, q]])
                    if total > first + 1e-12 * abs(total):
                        first = total
                        best[k, s] = j * (capacity + 1) + q
                    most = max(most, total)
            value[k, s] = most


@compiled
def _induct(price, cost, capacity, units, stock, after, chance, law, fee, limit, survival, enough, free, free_best, value, decision):
    """Fills value[days % 2]; with k days left, cash up to enough[k] is worked on, beyond it the closed form holds."""
    days = enough.size - 1
    keep = decision.shape[0] > 0
    width = value.shape[2]
    for u in range(limit):
        for c in range(width):
            for s in range(units.size):
                value[0, u, c, s] = 1.0 if survival else c + cost * units[s]
    for k in range(1, days + 1):
        f, old, new = law[days - k], value[(k - 1) % 2], value[k % 2]
        reach = enough[k - 1]
        for u in range(limit):
            for c in range(width):
                for s in range(units.size):
                    m = stock[s]
                    if c >= enough[k]:
                        new[u, c, s] = 1.0 if survival else c - fee * k + free[k, s]
                        if keep:
                            decision[days - k, u, c, s] = free_best[k, s]
                        continue
                    most, first, made = -np.inf, -np.inf, 0
                    for j in range(price.size):
                        for q in range(min(capacity - units[s], int(c // cost)) + 1):
                            total = 0.0
                            for sold in range(m + 1):
                                liquid = c - cost * q + price[j] * sold
                                to, v = after[s, sold, q], 0
                                if liquid >= fee:
                                    liquid -= fee
                                else:
                                    v = u + 1
                                if v == limit:
                                    worth = 0.0 if survival else liquid + cost * units[to]
                                elif liquid >= reach:
                                    worth = 1.0 if survival else liquid - fee * (k - 1) + free[k - 1, to]
                                else:
                                    worth = old[v, int(liquid), to]
                                total += chance[f, j, m, sold] * worth
                            if total > first + 1e-12 * abs(total):
                                first, made = total, j * (capacity + 1) + q
                            most = max(most, total)
                    new[u, c, s] = most
                    if keep:
                        decision[days - k, u, c, s] = made
