"""A random option for every request."""

from ..confidence import any_arm
from ..model import REQUEST, Nothing, Policy
from ..shared.requests import purse


def act(memory, params, view, left, t, key):
    return any_arm(view, view.reward.size, key, 0)


def update(memory, params, view, action, outcome, t):
    pass


def random_option() -> Policy:
    """Every option with equal probability, never none; what cannot be paid is lost. A control.

    Returns
    -------
    Policy
        For requests that show `reward` (n,) and `cost` (n, d), at which it does not look.

    Raises
    ------
    BadValue
        On other problems.

    Examples
    --------
    >>> random_option().name
    'random_option'

    References
    ----------
    [Wu2025]_, where it is a baseline.
    """

    def init(spec):
        purse("random_option", spec)
        return Nothing()

    return Policy(REQUEST, init, act, update, name="random_option")
