"""Shares of the stock: an arm that has lost its own share is never pulled again."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice
from ..confidence import best
from ..kernels import available
from ..model import ARM, Policy
from ..shared.survival import Bounds, bounds, one_stock, record_bounds, reward_range, set_bounds
from ..theory.ruin import equal_shares


class Memory(NamedTuple):
    level: np.ndarray  #: an arm's share and its rewards so far
    seen: Bounds


class Params(NamedTuple):
    span: float


def act_in_order(memory, params, view, left, t, key):
    for k in range(memory.level.size):
        if memory.level[k] > 0.0 and available(view, k):
            return k
    return best(view, memory.level)


def act_ucb1(memory, params, view, left, t, key):
    bound = memory.seen.bound
    set_bounds(memory.seen, params.span, t)
    for k in range(bound.size):
        if memory.level[k] <= 0.0:
            bound[k] = -math.inf
    arm = best(view, bound)
    return arm if arm >= 0 else best(view, memory.level)


def update_in_order(memory, params, view, action, outcome, t):
    memory.level[action] += outcome.reward


def update_ucb1(memory, params, view, action, outcome, t):
    memory.level[action] += outcome.reward
    record_bounds(memory.seen, action, outcome.reward)


def share_budget(shares: Any = None, among: str = "ucb1", low: float = -1.0, high: float = 1.0) -> Policy:
    """Each arm may lose its own share of the stock; among arms that have not, UCB1 or the first.

    Arm k is alive while ``B_k + S_k > 0``, S_k being the sum of its rewards. The shares sum to the stock, so some arm lives while any stock
    is left, and ruin comes exactly when the last arm dies: the rule among live arms does not change whether it does. With
    rewards in {-1, 0, 1} and whole shares ``P(ruin) = prod_k min(1, r_k)^B_k``, ``r_k = P(-1) / P(1)``, over a horizon without end.

    Parameters
    ----------
    shares
        B_k (K,), >= 0, in units of the stock, summing to it; None for equal ones (whole where the stock is, the first larger).
        An arm of share 0 is never pulled.
    among
        "ucb1": the live arm of greatest mean + (high - low) sqrt(2 log t / pulls); "in_order": the first live arm.
    low, high
        The range of rewards, which UCB1 maps to [0, 1]; unused with "in_order".

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without such a stock, or where the shares do not fit it.

    Departures from the paper
    -------------------------
    Shares and their product formula are ours, a reconstruction of what makes EXPLOIT tight. If no live arm is available, or
    rounding killed all, the arm of most share left is pulled.

    Examples
    --------
    >>> share_budget().name, share_budget([2, 1], among="in_order").name
    ('share_budget(equal, among=ucb1, rewards in [-1, 1]; told the stock)', 'share_budget([2, 1], among=in_order; told the stock)')

    References
    ----------
    [Riou2024]_.
    """
    given = None if shares is None else array("shares", shares, (None,), 0.0)
    low, high = reward_range(low, high)
    optimistic = choice("among", among, ("ucb1", "in_order")) == "ucb1"

    def init(spec):
        stock, n = one_stock("share_budget", spec), spec.n_actions
        share = given if given is not None else equal_shares(stock, n) if stock == math.floor(stock) else np.full(n, stock / n)
        if share.size != n or abs(share.sum() - stock) > 1e-9 * stock:
            raise BadValue(f"shares: got {share.size} that sum to {share.sum():g}; allowed: {n} that sum to the stock, {stock:g}")
        return Memory(share.astype(np.float64), bounds(n)), Params(high - low)

    which = "equal" if given is None else "[" + ", ".join(f"{b:g}" for b in given) + "]"
    name = f"share_budget({which}, among={among}{f', rewards in [{low:g}, {high:g}]' if optimistic else ''}; told the stock)"
    return Policy(ARM, init, act_ucb1 if optimistic else act_in_order, update_ucb1 if optimistic else update_in_order, name=name)
