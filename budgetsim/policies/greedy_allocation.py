"""Greedy: every request gets the best option that can still be paid."""

from typing import NamedTuple

import numpy as np

from ..model import REQUEST, Nothing, Policy
from ..shared.requests import payable, purse


class Params(NamedTuple):
    price: np.ndarray
    slack: np.ndarray


def act(memory, params, view, left, t, key):
    return payable(view, params.price, left, params.slack)


def update(memory, params, view, action, outcome, t):
    pass


def greedy_allocation() -> Policy:
    """The option of greatest reward among those that fit into what is left; none if no such reward is above 0.

    Parameters
    ----------
    None.

    Returns
    -------
    Policy
        For requests that show reward and cost of each option, law SKIP.

    Raises
    ------
    BadValue
        On other problems.

    Examples
    --------
    >>> greedy_allocation().name
    'greedy_allocation'

    References
    ----------
    [Balseiro2023]_, as the rule whose prices are 0.
    """

    def init(spec):
        slack = purse("greedy_allocation", spec).slack
        return Nothing(), Params(np.zeros(slack.size), slack)

    return Policy(REQUEST, init, act, update, name="greedy_allocation")
