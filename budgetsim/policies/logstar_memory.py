"""An eps-best arm of a stream with memory for log* K arms: batches and caps that grow like towers of powers."""

from ..draws import log
from ..model import VECTOR, Policy
from ..shared.streams import climb, rise, tower
from ..theory.streaming import stream_batch

SATURATED = 2**64  #: a batch or a cap that no run reaches


def logstar_memory() -> Policy:
    """log* K levels whose batches grow like towers: 1, 4, 16, 65536, ... times 1/eps^2, with caps of 4, 4, 4096, ... arms.

    The tower of `log_memory`. With r_0 = 2 and ``r_l = 2^{r_{l-1}}``, an arm at level l >= 1 is pulled r_l / eps^2 times and the level is full
    after ``2^{r_l - r_{l-1}}`` arms; at level 0 these are 1/eps^2 and 4. Levels: one, and one more for each logarithm that can be taken of K
    before it is below 1. Memory: one arm a level and the challenger.

    Returns
    -------
    Policy
        For `arm_stream`; it declines a smaller memory.

    Departures from the paper
    -------------------------
    As in `log_memory`. Numbers beyond 2^64 are cut there; no run comes so far.

    Examples
    --------
    >>> logstar_memory().name
    'logstar_memory(told the number of arms and of pulls)'

    References
    ----------
    [Wang2023]_; constants from the author's code.
    """
    return Policy(VECTOR, tower("logstar_memory", logstar_levels), climb, rise, name="logstar_memory(told the number of arms and of pulls)")


def logstar_levels(arms: int, pulls: int) -> tuple[list[int], list[float], int]:
    """Batches, caps in arms, and pulls of the last tests.

    >>> logstar_levels(500, 500_000)
    ([100, 400, 1600, 6553600], [4.0, 4.0, 4096.0, 1.8446744073709552e+19], 100)
    """
    n, rest = 1, float(arms)
    while rest >= 1.0:
        n, rest = n + 1, log(rest)
    batch, cap, r = [stream_batch(arms, pulls)], [4.0], 2
    for _ in range(n - 1):
        r, before = 2 ** min(r, 64), r
        batch.append(stream_batch(arms, pulls, float(r)))
        cap.append(float(2 ** min(r - before, 64)))
    return batch, cap, stream_batch(arms, pulls)
