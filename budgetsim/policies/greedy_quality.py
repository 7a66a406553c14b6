"""Greedy by quality: to the model that is thought to answer best, whatever it costs."""

from ..confidence import best
from ..model import REQUEST, Nothing, Policy
from ..shared.requests import purse


def act(memory, params, view, left, t, key):
    return best(view, view.reward)


def update(memory, params, view, action, outcome, t):
    pass


def greedy_quality() -> Policy:
    """The option of greatest estimated reward, the first among equals; it looks at no cost and at no budget.

    It goes on sending queries to the best model when that can pay no more, and these are lost. A control for rules that price.

    Returns
    -------
    Policy
        For requests that show estimates `reward` (n,) and `cost` (n, d).

    Raises
    ------
    BadValue
        On a problem that shows no estimates.

    Examples
    --------
    >>> greedy_quality().name
    'greedy_quality'

    References
    ----------
    [Wu2025]_, where it is a baseline.
    """

    def init(spec):
        purse("greedy_quality", spec)
        return Nothing()

    return Policy(REQUEST, init, act, update, name="greedy_quality")
