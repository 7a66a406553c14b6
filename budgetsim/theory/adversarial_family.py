"""The family of sequences on which no rule with a budget comes near the best fixed distribution.

One arm of unit cost and the null arm; k = T/B phases of B rounds. The arm earns i/k in every round of phase i, and, in member tau,
nothing after phase tau: while it lasts, every round is better than the last, and a rule does not know when it ends.
"""

from fractions import Fraction

import numpy as np

from ..arguments import whole


def phased_sequence(phases: int, budget: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Member `last` of the family as arrays: what `adversarial_bandit` and `best_fixed_distribution` take.

    Parameters
    ----------
    phases : k = T/B, at least 1. budget : B, units and rounds of a phase, at least 1. last : tau, 1 to k, the last phase that pays.

    Returns
    -------
    reward (k B, 1), cost (k B, 1, 1), all 1, and budget (1,).

    >>> reward, cost, budget = phased_sequence(2, 3, 1)
    >>> reward.ravel().tolist(), cost.shape, budget.tolist()
    ([0.5, 0.5, 0.5, 0.0, 0.0, 0.0], (6, 1, 1), [3.0])
    """
    phases, budget = whole("phases", phases, 1), whole("budget", budget, 1)
    last = whole("last", last, 1, phases)
    each = np.arange(1, phases + 1)
    reward = np.repeat(np.where(each <= last, each / phases, 0.0), budget)[:, None]
    return reward, np.ones((phases * budget, 1, 1)), np.array([float(budget)])


def phased_optimum(phases: int, last: int) -> Fraction:
    """OPT_FD of member `last`, in units of the budget: (last + 1) / (2 phases), by playing the arm with probability 1/last.

    With probability x the budget lasts 1/x phases. Phases pay ever more until the last that pays: nothing is gained by stopping
    earlier, or by playing less.

    >>> phased_optimum(4, 3)
    Fraction(1, 2)
    """
    phases = whole("phases", phases, 1)
    return Fraction(whole("last", last, 1, phases) + 1, 2 * phases)
