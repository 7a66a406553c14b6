"""mini-GP-EI: expected improvement that stays on a point while no standard deviation shrinks by more than a factor."""

from ..arguments import number
from ..confidence import best
from ..model import ARM, Policy
from ..shared.gaussian_process import begin_batch, deviation, expected_improvement, goes_on, greatest_mean, stay, take_reading


def act(memory, params, view, left, t, key):
    if goes_on(memory, params, view):
        return int(memory.point[0])
    posterior = memory.posterior
    incumbent = posterior.mean[greatest_mean(memory, params, left, t, key)]
    for i in range(posterior.mean.size):
        posterior.scratch[i] = expected_improvement(posterior.mean[i], params.weight * deviation(posterior, i), incumbent)
    return begin_batch(memory, params, best(view, posterior.scratch))


def mini_gp_ei(factor: float = 1.1, scale: float = 1.0, noise: float | None = None) -> Policy:
    """The point x of greatest expected improvement, read ``max(1, floor((C^2 - 1) v / sigma^2(x)))`` times before the next choice.

    Improvement is over the greatest posterior mean among the points read: ``s (z Phi(z) + phi(z))``, ``s = scale sigma``,
    ``z = (mu - incumbent) / s``. Otherwise as `mini_gp_ucb`.

    Parameters
    ----------
    factor
        C, >= 1; 1 is GP-EI.
    scale
        Multiplies the standard deviation, > 0.
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
    A reconstruction: the rule of staying is the paper's idea, its constants are ours. Before anything was read the incumbent
    is the prior mean of the first point.

    Examples
    --------
    >>> mini_gp_ei().name
    'mini_gp_ei(factor=1.1, scale=1; told the prior)'

    References
    ----------
    [Calandriello2022]_.
    """
    factor, scale, noise = number("factor", factor, 1.0), number("scale", scale, 1e-12), None if noise is None else number("noise", noise, 1e-300)
    label = f"mini_gp_ei(factor={factor:g}, scale={scale:g}{'' if noise is None else f', noise={noise:g}'}; told the prior)"
    return Policy(ARM, stay(noise, scale, factor, "mini_gp_ei"), act, take_reading, recommend=greatest_mean, name=label)
