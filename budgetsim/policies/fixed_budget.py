"""A fixed number of pulls, evenly over the arms."""

from typing import NamedTuple

from ..arguments import whole
from ..model import ARM, Policy
from ..shared.live_arms import greatest_mean, needed, take, turns


class Params(NamedTuple):
    pulls: int


def act(memory, params, view, left, t, key):
    return memory.arm[0]


def update(memory, params, view, action, outcome, t):
    take(memory, action, outcome.seen.sample[0])


def stop(memory, params, left, t):
    return t >= params.pulls


def recommend(memory, params, left, t, key):
    return greatest_mean(memory, key)


def fixed_budget(pulls: int = 500) -> Policy:
    """All arms in turn, T pulls in all, then the greatest mean.

    Where K does not divide T, the first arms have one pull more. Of several greatest means each is recommended with the same
    probability; an arm never pulled only if none was.

    Parameters
    ----------
    pulls
        T >= 0, of all arms together. A horizon below T ends the run earlier, and `ended_by` says so.

    Returns
    -------
    Policy
        For problems that show `seen.sample`.

    Raises
    ------
    BadValue, BadType
        If pulls is not a whole number >= 0; on a problem that shows no sample.

    Examples
    --------
    >>> fixed_budget(pulls=10).name
    'fixed_budget(pulls=10)'

    References
    ----------
    [Harding2025]_, which plays T = 10 and T = 500.
    """
    pulls = whole("pulls", pulls, 0)

    def init(spec):
        needed("fixed_budget", spec)
        return turns(spec.n_actions), Params(pulls)

    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=f"fixed_budget(pulls={pulls})")
