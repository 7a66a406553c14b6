"""An eps-best arm of a stream with memory for log K arms: a tower of levels, the winner of a full level rises."""

import math

from ..draws import log
from ..model import VECTOR, Policy
from ..shared.streams import climb, rise, tower
from ..theory.streaming import stream_batch


def log_memory() -> Policy:
    """log K levels; at level l an arm is pulled 1.2^l / eps^2 times; after 6 arms the best of a level rises to the next.

    ``eps = (K/T)^(1/3)``; max(1, floor(log K)) levels, from l = 0; an arm that comes to a level, from the stream or from below, is pulled
    anew, and of it and the level's king the one with the better mean there stays, ties the king. The top level has no cap. When the stream
    is over each level's king is pulled 1/eps^2 times more, and the best of these means, ties the higher level, gets all that is left.
    Memory: one arm a level and the challenger.

    Returns
    -------
    Policy
        For `arm_stream`; it declines a smaller memory.

    Departures from the paper
    -------------------------
    Constants are those of the author's code, whose slips are left out: there a level keeps the greatest mean it ever saw even after it was
    cleared, a challenger's pulls are charged at the king's mean, a level is full after one arm more, the last tests are made but always
    won by the highest level, and kings of the upper levels are pulled again without counting.

    Examples
    --------
    >>> log_memory().name
    'log_memory(told the number of arms and of pulls)'

    References
    ----------
    [Wang2023]_; constants from the author's code.
    """
    return Policy(VECTOR, tower("log_memory", log_levels), climb, rise, name="log_memory(told the number of arms and of pulls)")


def log_levels(arms: int, pulls: int) -> tuple[list[int], list[float], int]:
    """Batches, caps in arms, and pulls of the last tests.

    >>> log_levels(500, 500_000)
    ([100, 120, 144, 173, 208, 249], [6.0, 6.0, 6.0, 6.0, 6.0, 6.0], 100)
    """
    n = max(1, math.floor(log(arms)))
    factor = [1.0]
    for _ in range(n - 1):
        factor.append(1.2 * factor[-1])
    return [stream_batch(arms, pulls, f) for f in factor], [6.0] * n, stream_batch(arms, pulls)
