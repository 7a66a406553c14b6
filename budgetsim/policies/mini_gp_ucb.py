"""mini-GP-UCB: GP-UCB that stays on a point while no standard deviation shrinks by more than a factor."""

from ..arguments import number
from ..model import ARM, Policy
from ..shared.gaussian_process import greatest_mean, stay, take_reading, upper_bound


def mini_gp_ucb(factor: float = 1.1, beta: float = 2.0, noise: float | None = None) -> Policy:
    """The point x of greatest ``mu + beta sigma``, read ``max(1, floor((C^2 - 1) v / sigma^2(x)))`` times before the next choice.

    v is the variance of a reading. While the floor is at least 1, no point's standard deviation shrinks by more than C in a
    batch, and there are at most ``2 I / log((C^2 + 1) / 2)`` batches, I being the information gained (`theory/mini_gp.py`).
    Recommends the greatest posterior mean among the points read. A batch costs n^2 operations, a round within it none.

    Parameters
    ----------
    factor
        C, >= 1; 1 is GP-UCB.
    beta
        Weight of the standard deviation, >= 0.
    noise
        Variance of a reading that the posterior assumes, > 0, reward squared; None for the problem's own.

    Returns
    -------
    Policy
        For problems whose `public` tells a covariance of the arms.

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on problems that tell no covariance.

    Departures from the paper
    -------------------------
    A reconstruction: the rule of staying is the paper's idea, its constants are ours. beta is constant.

    Examples
    --------
    >>> mini_gp_ucb().name
    'mini_gp_ucb(factor=1.1, beta=2; told the prior)'

    References
    ----------
    [Calandriello2022]_.
    """
    factor, beta, noise = number("factor", factor, 1.0), number("beta", beta, 0.0), None if noise is None else number("noise", noise, 1e-300)
    label = f"mini_gp_ucb(factor={factor:g}, beta={beta:g}{'' if noise is None else f', noise={noise:g}'}; told the prior)"
    return Policy(ARM, stay(noise, beta, factor, "mini_gp_ucb"), upper_bound, take_reading, recommend=greatest_mean, name=label)
