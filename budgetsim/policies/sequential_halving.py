"""Sequential halving: a fixed number of pulls, shared among fewer and fewer arms."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, whole
from ..model import ARM, Policy
from ..shared.live_arms import first, greatest_mean, needed, take, turns


class Params(NamedTuple):
    each: np.ndarray  #: pulls of each of k live arms in a round, k = 0, ..., K


def act(memory, params, view, left, t, key):
    return memory.arm[0]


def update(memory, params, view, action, outcome, t):
    if take(memory, action, outcome.seen.sample[0]) and memory.turns[0] >= params.each[int(memory.remaining[0])]:
        halve(memory)


def halve(memory):
    """The worse half goes, the later of equal arms first; the others start afresh."""
    sample, live = memory.sample, memory.live
    target = math.ceil(0.5 * memory.remaining[0])
    while memory.remaining[0] > target:
        worst, least = -1, math.inf
        for k in range(live.size):
            if live[k] > 0.0 and sample.mean[k] <= least:
                worst, least = k, sample.mean[k]
        live[worst] = 0.0
        memory.remaining[0] -= 1.0
    for k in range(live.size):
        sample.pulls[k], sample.total[k] = 0.0, 0.0
    memory.turns[0] = 0.0
    first(memory)


def stop(memory, params, left, t):
    return memory.remaining[0] <= 1.0


def recommend(memory, params, left, t, key):
    return greatest_mean(memory, key)


def sequential_halving(pulls: int = 500) -> Policy:
    """T pulls in ceil(log2 K) rounds of equal size; after each the better half of the arms stays.

    In a round with k live arms each has ``floor(T / (k ceil(log2 K)))`` pulls, and means are of that round alone; the
    ``ceil(k/2)`` greatest stay, ties to the lower arm. The last is recommended. At most T pulls are made.

    Parameters
    ----------
    pulls
        T >= 1, of all arms together.

    Returns
    -------
    Policy
        For problems that show `seen.sample`.

    Raises
    ------
    BadValue, BadType
        If pulls is not a whole number >= 1; on a problem that shows no sample, or where T is too small to pull each arm once.

    Examples
    --------
    >>> sequential_halving().name
    'sequential_halving(pulls=500)'

    References
    ----------
    [Karnin2013]_, algorithm 1.
    """
    pulls = whole("pulls", pulls, 1)

    def init(spec):
        needed("sequential_halving", spec)
        k = spec.n_actions
        rounds = max((k - 1).bit_length(), 1)
        if pulls < k * rounds:
            raise BadValue(f"pulls: got {pulls} for {k} arms; allowed: at least {k * rounds}, one of each arm in the first of {rounds} rounds")
        return turns(k), Params(np.array([float(pulls // (max(live, 1) * rounds)) for live in range(k + 1)]))

    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=f"sequential_halving(pulls={pulls})")
