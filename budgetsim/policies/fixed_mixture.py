"""A mixture of arms, drawn anew every round: how a plan of a linear program is played."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array
from ..confidence import any_arm
from ..draws import uniform
from ..kernels import available
from ..model import ARM, Nothing, Policy


class Params(NamedTuple):
    mixture: np.ndarray
    idle: float


def act(memory, params, view, left, t, key):
    mixture, total = params.mixture, params.idle
    for k in range(mixture.size):
        if available(view, k):
            total += mixture[k]
    if total == 0.0:
        return any_arm(view, mixture.size, key, 0)
    point, arm, last = uniform(key, 0) * total, 0, -1
    while arm < mixture.size and point >= 0.0:
        if available(view, arm) and mixture[arm] > 0.0:
            point -= mixture[arm]
            last = arm
        arm += 1
    return -1 if point >= 0.0 and params.idle > 0.0 else last


def update(memory, params, view, action, outcome, t):
    pass


def fixed_mixture(mixture: Any = None) -> Policy:
    """Arm k with probability ``mixture[k]``, independently in every round; what is missing to 1 is idle.

    Where some arms are not available, the draw is conditioned on what is (idle always is); if that has no probability,
    any available arm.

    Parameters
    ----------
    mixture
        (K,) probabilities with sum at most 1 (less than 1 only where the problem has the idle action); None for 1/K each.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If the mixture is none, has another length than the problem has arms, or idles where that is not allowed.

    Examples
    --------
    >>> fixed_mixture([0.25, 0.5]).name, fixed_mixture().name
    ('fixed_mixture(0.25, 0.5)', 'fixed_mixture(1/K each)')
    """
    name, fixed = "1/K each", None
    if mixture is not None:
        fixed = array("mixture", mixture, (None,), 0.0, 1.0)
        if fixed.sum() > 1.0 + 1e-9:
            raise BadValue(f"mixture: sums to {fixed.sum():g}; allowed: at most 1")
        name = ", ".join(f"{p:.3g}" for p in fixed[:6]) + (", ..." if fixed.size > 6 else "")

    def init(spec):
        n = spec.n_actions
        parts = np.full(n, 1.0 / n) if fixed is None else array("mixture", fixed, (n,))
        idle = max(1.0 - float(parts.sum()), 0.0)
        if idle <= 1e-9:
            return Nothing(), Params(parts, 0.0)
        if not spec.idle:
            raise BadValue(f"mixture: sums to {1.0 - idle:g}; allowed: 1, since the problem has no idle action")
        return Nothing(), Params(parts, idle)

    return Policy(ARM, init, act, update, name=f"fixed_mixture({name})")
