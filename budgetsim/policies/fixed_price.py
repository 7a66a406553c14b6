"""Fixed price: the prices of the whole day, told beforehand."""

from typing import Any, NamedTuple

import numpy as np

from ..model import REQUEST, Nothing, Policy
from ..shared.requests import payable, prices, purse


class Params(NamedTuple):
    price: np.ndarray
    slack: np.ndarray


def act(memory, params, view, left, t, key):
    return payable(view, params.price, left, params.slack)


def update(memory, params, view, action, outcome, t):
    pass


def fixed_price(price: Any = 0.0) -> Policy:
    """The option of greatest reward less priced cost among those that fit into what is left; none if that is not above 0.

    At the prices of the offline optimum (the dual of `hindsight_lp` or `dual_bound`) this is what dual descent tends to.
    Requests that are worth exactly their price, which the optimum serves in part, are not served.

    Parameters
    ----------
    price
        A number for all resources or (d,), >= 0, reward per unit of resource.

    Returns
    -------
    Policy
        For requests that show reward and cost of each option, law SKIP.

    Raises
    ------
    BadValue, BadType
        If price is not numbers >= 0; on other problems, or where there is not one price a resource.

    Examples
    --------
    >>> fixed_price([0.5, 0.25]).name
    'fixed_price([0.5, 0.25]; told the prices)'

    References
    ----------
    [Balseiro2023]_ for the model.
    """
    given = prices("price", price, np.size(price))
    label = f"[{', '.join(f'{p:.6g}' for p in given)}]" if np.ndim(price) else f"{given[0]:.6g}"

    def init(spec):
        slack = purse("fixed_price", spec).slack
        return Nothing(), Params(prices("price", price, slack.size), slack)

    return Policy(REQUEST, init, act, update, name=f"fixed_price({label}; told the prices)")
