"""GP-UCB: the point of greatest upper confidence bound, one reading at a time."""

from ..arguments import number
from ..model import ARM, Policy
from ..shared.gaussian_process import greatest_mean, stay, take_reading, upper_bound


def gp_ucb(beta: float = 2.0, noise: float | None = None) -> Policy:
    """The point of greatest ``mu + beta sigma`` under the posterior, which every reading moves.

    Recommends the greatest posterior mean among the points read. One round costs n^2 operations for n points.

    Parameters
    ----------
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
    beta is constant instead of growing with log t.

    Examples
    --------
    >>> gp_ucb().name
    'gp_ucb(beta=2; told the prior)'

    References
    ----------
    [Srinivas2010]_, Algorithm 1.
    """
    beta, noise = number("beta", beta, 0.0), None if noise is None else number("noise", noise, 1e-300)
    assumed = "" if noise is None else f", noise={noise:g}"
    return Policy(ARM, stay(noise, beta, 1.0, "gp_ucb"), upper_bound, take_reading, recommend=greatest_mean, name=f"gp_ucb(beta={beta:g}{assumed}; told the prior)")
