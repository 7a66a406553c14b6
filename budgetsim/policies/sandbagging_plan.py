"""Hide what you can do until you are released, told the laws: a table looked up."""

from typing import Any, NamedTuple

import numpy as np

from ..model import ARM, Nothing, Policy
from ..optima.sandbagging_dp import sandbagging_dp
from ..shared.survival import danger_laws, or_first, supervised


class Params(NamedTuple):
    action: np.ndarray  #: (supervised steps left, room below the cap)
    free_action: int
    supervised_horizon: int


def act(memory, params, view, left, t, key):
    arm = params.free_action
    if t < params.supervised_horizon:
        arm = int(params.action[params.supervised_horizon - t, int(left[0] + 0.5)])
    return or_first(view, arm)


def update(memory, params, view, action, outcome, t):
    pass


def sandbagging_plan(outcomes: Any, probabilities: Any, danger: Any) -> Policy:
    """The optimal arm for the danger level and the supervised steps that are left, told the laws; after release the arm of greatest mean.

    Plays ``argmax_a E[R_a min(1, i / D_a) + V_(k-1)((i - D_a)^+)]`` of `sandbagging_dp`, k supervised steps being left and i the room below
    the cap; ties go to the lower arm.

    Parameters
    ----------
    outcomes, probabilities
        The hidden truth of `sandbagging`, (K, S): rewards of each arm, and how likely they are.
    danger
        (K, S), whole: what each outcome adds to the danger level; None for the reward.

    Returns
    -------
    Policy
        For `sandbagging` with these K arms. Its memory is a table of supervised horizon times cap.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem that does not release, with another number of arms, or too large for tables.

    Examples
    --------
    >>> sandbagging_plan([[0, 1], [1, 3]], [[0.8, 0.2], [0.5, 0.5]], None).name
    'sandbagging_plan(told the outcomes, probabilities, danger, cap and horizons)'

    References
    ----------
    [JarneOrnia2025]_, for the model.
    """
    x, p, d = danger_laws(outcomes, probabilities, danger)

    def init(spec):
        cap, watched, free = supervised("sandbagging_plan", spec, len(x))
        plan = sandbagging_dp(x, p, d, cap, watched, free).plan
        return Nothing(), Params(np.maximum(plan.action, 0), plan.free_action, watched)

    return Policy(ARM, init, act, update, name="sandbagging_plan(told the outcomes, probabilities, danger, cap and horizons)")
