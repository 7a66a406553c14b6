"""Uniform exploration of a stream: every arm equally often, then the best sample mean for good."""

from ..model import VECTOR, Policy
from ..shared.streams import explore, exploring, keep_best
from ..theory.streaming import uniform_batch


def uniform_exploration() -> Policy:
    """Pulls each arriving arm (log T)^(1/3) / eps^2 times, eps = (K/T)^(1/3), keeps the better of it and the best so far, then stays.

    The number is rounded up. Ties keep the earlier arm. Memory: 2 arms. Regret O(K^(1/3) T^(2/3) log^(1/3) T).

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
    >>> uniform_exploration().name
    'uniform_exploration(told the number of arms and of pulls)'

    References
    ----------
    [Wang2023]_, the baseline of the experiments; constants from the author's code.
    """
    return Policy(VECTOR, exploring("uniform_exploration", uniform_batch), explore, keep_best, name="uniform_exploration(told the number of arms and of pulls)")
