"""Risk neutral: the arm of greatest mean, whatever the stock."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..confidence import best
from ..model import ARM, Nothing, Policy
from ..shared.survival import laws


class Params(NamedTuple):
    mean: np.ndarray


def act(memory, params, view, left, t, key):
    return best(view, params.mean)


def update(memory, params, view, action, outcome, t):
    pass


def risk_neutral(outcomes: Any, probabilities: Any) -> Policy:
    """The arm of greatest mean reward, told the means: what an agent does that does not know it can be ruined.

    ``argmax_k sum_s probabilities[k, s] outcomes[k, s]``; ties go to the lower arm.

    Parameters
    ----------
    outcomes, probabilities
        The hidden truth of `survival_bandit`, (K, S): rewards of each arm, and how likely they are.

    Returns
    -------
    Policy
        For problems with these K arms.

    Raises
    ------
    BadValue, BadType
        If the arrays are not of one shape, or probabilities do not sum to 1; on a problem with another number of arms.

    Examples
    --------
    >>> risk_neutral([[1, -1], [3, -3]], [[0.6, 0.4], [0.55, 0.45]]).name
    'risk_neutral(told the outcomes and probabilities)'

    References
    ----------
    [JarneOrnia2025]_.
    """
    x, p = laws(outcomes, probabilities)
    mean = (x * p).sum(axis=1)

    def init(spec):
        if spec.n_actions != mean.size:
            raise BadValue(f"risk_neutral: got a problem with {spec.n_actions} arms; allowed: {mean.size}, as many as outcomes has rows")
        return Nothing(), Params(mean)

    return Policy(ARM, init, act, update, name="risk_neutral(told the outcomes and probabilities)")
