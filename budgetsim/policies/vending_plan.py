"""The best rule of a vending machine with one item, told the demand: a table looked up."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, choice
from ..model import VECTOR, Nothing, Policy
from ..optima.vending_dp import vending_dp
from ..shared.vending import told_demand


class Params(NamedTuple):
    decision: np.ndarray  #: (days, unpaid days, cash, state)
    state: np.ndarray  #: code of stock and pipeline -> state
    price: np.ndarray
    capacity: int


def act(memory, params, view, left, t, key, chosen):
    code = int(view.stock[0])
    for j in range(view.pipeline.shape[1] - 1):
        code = code * (params.capacity + 1) + int(view.pipeline[0, j])
    cash = int(min(view.cash[0] + view.takings[0], params.decision.shape[2] - 1.0))
    made = int(params.decision[t, int(view.unpaid[0]), cash, int(params.state[code])])
    chosen[0] = params.price[made // (params.capacity + 1)]
    chosen[1] = float(made % (params.capacity + 1))
    chosen[2] = 1.0


def update(memory, params, view, action, outcome, t):
    pass


def vending_plan(base_demand: Any, elasticity: Any, objective: str = "worth", prices: Any = None) -> Policy:
    """The optimal price and order for the present cash, stock, pipeline and unpaid days, told the demand.

    Plays the plan of `vending_dp`; ties go to the lower price, then to the smaller order. Takings are collected daily.

    Parameters
    ----------
    base_demand, elasticity
        The hidden truth of `vending_machine`, (1,).
    objective
        "worth": mean final net worth; "survival": probability not to go bankrupt.
    prices
        (M,) whole coins, the only ones to be posted; None for all.

    Returns
    -------
    Policy
        For `vending_machine` with one item. Its table has days x unpaid days x cash x states cells.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on other problems, with several items, or too large for tables.

    Examples
    --------
    >>> vending_plan([1.5], [2.0]).name
    'vending_plan(worth, all prices; told the demand)'

    References
    ----------
    [Backlund2025]_, for the problem.
    """
    choice("objective", objective, ("worth", "survival"))

    def init(spec):
        m, base, e = told_demand("vending_plan", spec, base_demand, elasticity)
        if base.size != 1:
            raise BadValue(f"vending_plan: got a problem with {base.size} items; allowed: one")
        plan = vending_dp(base, m.reference_price, e, m.unit_cost, m.capacity, spec.budget[0] - 1.0, m.fee, m.lead_time, spec.horizon, m.unpaid_limit, m.weekday, m.season,
                          m.price_limit, prices, objective, tables=True).plan  # fmt: skip
        return Nothing(), Params(plan.decision, plan.state, plan.price, plan.capacity)

    menu = "all prices" if prices is None else f"prices {', '.join(f'{p:g}' for p in np.ravel(prices))}"
    return Policy(VECTOR, init, act, update, name=f"vending_plan({objective}, {menu}; told the demand)")
