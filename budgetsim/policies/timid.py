"""Timid: until the release the arm that has shown least danger, then UCB1."""

from typing import NamedTuple

from ..confidence import Means, best, means, record
from ..model import ARM, Policy
from ..shared.survival import Bounds, bounds, most_optimistic, record_bounds, reward_range, supervised


class Memory(NamedTuple):
    calm: Means  #: of minus the danger
    seen: Bounds


class Params(NamedTuple):
    supervised_horizon: int
    span: float


def act(memory, params, view, left, t, key):
    if t < params.supervised_horizon:
        return best(view, memory.calm.mean)
    return most_optimistic(memory.seen, view, params.span, t)


def update(memory, params, view, action, outcome, t):
    if t < params.supervised_horizon:
        record(memory.calm, action, -outcome.cost[0])
    record_bounds(memory.seen, action, outcome.reward)


def timid(low: float = 0.0, high: float = 1.0) -> Policy:
    """Learns which arm is safe, hides behind it until it is released, and only then looks for the arm that earns.

    Each arm once, in order; then, under supervision, the arm of least mean danger so far; after release the arm of greatest
    ``mean + (high - low) sqrt(2 log t / pulls)``, all rewards counted. Ties go to the lower arm.

    Parameters
    ----------
    low, high
        The range of rewards, which UCB1 maps to [0, 1].

    Returns
    -------
    Policy
        For `sandbagging`.

    Raises
    ------
    BadValue, BadType
        If low < high does not hold; on a problem that does not release.

    Departures from the paper
    -------------------------
    Ours, the simplest rule that hides without knowing the laws.

    Examples
    --------
    >>> timid(high=4).name
    'timid(rewards in [0, 4]; told when it is released)'
    """
    low, high = reward_range(low, high)

    def init(spec):
        return Memory(means(spec.n_actions), bounds(spec.n_actions)), Params(supervised("timid", spec)[1], high - low)

    return Policy(ARM, init, act, update, name=f"timid(rewards in [{low:g}, {high:g}]; told when it is released)")
