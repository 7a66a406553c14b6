"""Greedy by cost: to the model that is thought to have the most money left."""

from typing import NamedTuple

import numpy as np

from ..confidence import best
from ..model import REQUEST, Policy
from ..shared.routing import own_budgets


class Memory(NamedTuple):
    left: np.ndarray  #: (n,) each option's budget less the estimated costs of what it was sent


def act(memory, params, view, left, t, key):
    return best(view, memory.left)


def update(memory, params, view, action, outcome, t):
    memory.left[action] -= view.cost[action, action]


def greedy_cost() -> Policy:
    """The option whose own budget, less the estimated costs of all that it was sent, is the largest; the first among equals.

    It looks at estimated costs and budgets only, never at a reward, and never stays idle: a query that is sent to a model
    which cannot pay is lost.

    Returns
    -------
    Policy
        For requests that show estimates `reward` (n,) and `cost` (n, n), with a budget for each option.

    Raises
    ------
    BadValue
        On a problem that shows no estimates, or where options share budgets.

    Departures from the paper
    -------------------------
    The published code lacks this baseline's file: that queries which were lost count as paid is ours.

    Examples
    --------
    >>> greedy_cost().name
    'greedy_cost(told the budget)'

    References
    ----------
    [Wu2025]_, where it is a baseline.
    """

    def init(spec):
        own_budgets("greedy_cost", spec)
        return Memory(spec.budget.copy())

    return Policy(REQUEST, init, act, update, name="greedy_cost(told the budget)")
