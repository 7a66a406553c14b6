"""The best arm of a stream, known in advance: what a single pass is measured against."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, whole
from ..model import Optimum

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """The arm that takes all pulls, by its number in `mean_reward`."""

    arm: int


def best_stream_arm(mean_reward: Any, pulls: int) -> Optimum:
    """T max_k mean_reward[k], which no rule exceeds in expectation, with any memory and however often it may look.

    It is attained by whoever knows which arm is best: one slot, all T pulls. Wherever arms must be told apart, a rule with memory for o(K)
    arms stays behind it by Omega(K^(1/3) T^(2/3)) on some instance.

    Parameters
    ----------
    mean_reward : (K,) in [0, 1], reward per pull.
    pulls : T, at least 1.

    Returns
    -------
    Optimum with `plan` = Plan(arm), the first of the best.

    Raises
    ------
    BadType, BadValue : no arms, means outside [0, 1], no pulls.

    Examples
    --------
    >>> best_stream_arm([0.5, 0.75], 10**9).value
    750000000.0

    References
    ----------
    [Wang2023]_.
    """
    mean = array("mean_reward", mean_reward, (None,), 0.0, 1.0)
    pulls, arm = whole("pulls", pulls, 1), int(np.argmax(mean))
    value = float(pulls * mean[arm])
    return Optimum("best_stream_arm", "certified", value, value * (1 - 4 * _EPS), value * (1 + 4 * _EPS), Plan(arm), None, "the best arm for all pulls")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [{"mean_reward": [0.5], "pulls": 10}, {"mean_reward": [0.5, 0.75, 0.25], "pulls": 1000}]
