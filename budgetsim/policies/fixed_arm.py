"""One arm, always."""

from typing import NamedTuple

from ..arguments import BadValue, whole
from ..kernels import available
from ..model import ARM, Nothing, Policy


class Params(NamedTuple):
    arm: int
    arms: int
    idle: bool


def act(memory, params, view, left, t, key):
    arm = params.arm
    while not available(view, arm):
        if params.idle:
            return -1
        arm = (arm + 1) % params.arms
    return arm


def update(memory, params, view, action, outcome, t):
    pass


def recommend(memory, params, left, t, key):
    return params.arm


def fixed_arm(arm: int = 0) -> Policy:
    """The same arm in every round.

    While it is not available: idle where the problem allows it, else the next available arm in cyclic order.

    Parameters
    ----------
    arm
        Its index, from 0.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If arm is not a whole number >= 0, or, on a problem, not less than its number of arms.

    Examples
    --------
    >>> fixed_arm(2).name
    'fixed_arm(2)'
    """
    arm = whole("arm", arm)

    def init(spec):
        if arm >= spec.n_actions:
            raise BadValue(f"arm: got {arm}; allowed: 0 to {spec.n_actions - 1}, the problem's arms")
        return Nothing(), Params(arm, spec.n_actions, spec.idle)

    return Policy(ARM, init, act, update, recommend=recommend, name=f"fixed_arm({arm})")
