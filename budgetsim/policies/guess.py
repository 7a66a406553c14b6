"""No pull at all: any arm is recommended."""

from typing import NamedTuple

from ..draws import integer
from ..model import ARM, Nothing, Policy
from ..shared.live_arms import needed


class Params(NamedTuple):
    arms: int


def act(memory, params, view, left, t, key):
    return 0


def update(memory, params, view, action, outcome, t):
    pass


def stop(memory, params, left, t):
    return True


def recommend(memory, params, left, t, key):
    return integer(key, 0, params.arms)


def guess() -> Policy:
    """Stops before the first pull and recommends one of the K arms, each with probability 1/K.

    Its misidentification is 1 - 1/K, where one arm is best, and its simple regret the mean gap: what spending has to beat.

    Returns
    -------
    Policy
        For problems that show `seen.sample`.

    Raises
    ------
    BadValue
        On a problem that shows no sample: elsewhere there is nothing to guess.

    Examples
    --------
    >>> guess().name
    'guess'

    References
    ----------
    [Harding2025]_.
    """

    def init(spec):
        needed("guess", spec)
        return Nothing(), Params(spec.n_actions)

    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name="guess")
