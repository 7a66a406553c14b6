"""An eps-best arm of a stream with memory for log log K arms: few levels, the last of which is naive."""

import math

from ..draws import log
from ..model import VECTOR, Policy
from ..shared.streams import climb, rise, tower
from ..theory.streaming import naive_batch, stream_batch


def loglog_memory() -> Policy:
    """log log K + 1 levels; 1.2^l / eps^2 pulls at level l and log(K) / eps^2 at the last; after 10 arms the best of a level rises.

    The tower of `log_memory` with max(1, floor(log log K) + 1) levels and a last one without a cap, to which so few arms come that they can
    be told apart all at once. Memory: one arm a level and the challenger.

    Returns
    -------
    Policy
        For `arm_stream`; it declines a smaller memory.

    Departures from the paper
    -------------------------
    As in `log_memory`.

    Examples
    --------
    >>> loglog_memory().name
    'loglog_memory(told the number of arms and of pulls)'

    References
    ----------
    [Wang2023]_; constants from the author's code.
    """
    return Policy(VECTOR, tower("loglog_memory", loglog_levels), climb, rise, name="loglog_memory(told the number of arms and of pulls)")


def loglog_levels(arms: int, pulls: int) -> tuple[list[int], list[float], int]:
    """Batches, caps in arms, and pulls of the last tests.

    >>> loglog_levels(5000, 5_000_000)
    ([100, 120, 852], [10.0, 10.0, 10.0], 100)
    """
    n = max(1, math.floor(log(log(arms))) + 1) if arms > 2 else 1
    factor = [1.0]
    for _ in range(n - 2):
        factor.append(1.2 * factor[-1])
    batch = [stream_batch(arms, pulls, f) for f in factor[: n - 1]]
    return [*batch, naive_batch(arms, pulls)], [10.0] * n, stream_batch(arms, pulls)
