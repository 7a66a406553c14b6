"""Naive search for an eps-best arm of a stream: every arm so often that all estimates are good at once."""

from ..model import VECTOR, Policy
from ..shared.streams import explore, exploring, keep_best
from ..theory.streaming import naive_batch


def naive_eps_best() -> Policy:
    """Pulls each arriving arm log(K) / eps^2 times, eps = (K/T)^(1/3), keeps the better of it and the best so far, then stays.

    The number is rounded up, and at least 1. Ties keep the earlier arm. Memory: 2 arms. Regret O(K^(1/3) T^(2/3) log K): **more than uniform
    exploration** wherever log K > (log T)^(1/3) and exploring is what costs: from 12 arms on at T = 1000 K^3.

    Returns
    -------
    Policy
        For `arm_stream`; it declines a memory for fewer than 2 arms.

    Departures from the paper
    -------------------------
    The author's code never stores the first arm's mean, so that the second one always replaces it; here the first is compared like any
    other. When the pulls run out before the stream does, the run is over.

    Examples
    --------
    >>> naive_eps_best().name
    'naive_eps_best(told the number of arms and of pulls)'

    References
    ----------
    [Wang2023]_, the single-arm-memory rule; constants from the author's code.
    """
    return Policy(VECTOR, exploring("naive_eps_best", naive_batch), explore, keep_best, name="naive_eps_best(told the number of arms and of pulls)")
