"""Uniform exploration: the control that learns nothing while it plays."""

from ..confidence import any_arm, best_mean, means, record
from ..model import ARM, Policy


def act(memory, params, view, left, t, key):
    return any_arm(view, memory.mean.size, key, 0)


def update(memory, params, view, action, outcome, t):
    record(memory, action, outcome.reward)


def recommend(memory, params, left, t, key):
    return best_mean(memory)


def uniform() -> Policy:
    """Any available arm, each with the same probability; never idle.

    Recommends the greatest mean, so that it is also the baseline of best-arm identification.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Examples
    --------
    >>> uniform().name
    'uniform'
    """
    return Policy(ARM, lambda spec: means(spec.n_actions), act, update, recommend=recommend, name="uniform")
