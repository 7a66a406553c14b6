"""Greedy LinUCB: every user is served until the budget is spent."""

from typing import Any, NamedTuple

from ..arguments import number
from ..model import ARM, VOID, Policy
from ..shared.ridge import ridge, ridge_add
from ..shared.user_classes import affordable, linucb_arm, public_classes

NOT_SENT = int(VOID)


class Memory(NamedTuple):
    arms: Any  #: a Ridge for each (class, arm)


class Params(NamedTuple):
    alpha: float
    arms: int


def act(memory, params, view, left, t, key):
    return linucb_arm(memory.arms, view, params.alpha) if affordable(left) else -1


def update(memory, params, view, action, outcome, t):
    if action >= 0 and outcome.status != NOT_SENT:
        ridge_add(memory.arms, int(view.user_class[0]) * params.arms + action, view.context, outcome.reward)


def greedy_linucb(alpha: float = 1.0, penalty: float = 1.0) -> Policy:
    """Whoever comes is shown the arm of greatest ``theta . x + alpha sqrt(x' A^-1 x)``, until the budget is spent.

    One ridge regression a (class, arm), as in `hatch`, so that the two differ in whom they serve and in nothing else.

    Parameters
    ----------
    alpha : width, >= 0, reward.
    penalty : of every ridge regression, > 0, in squared units of the contexts.

    Returns
    -------
    Policy
        For problems that show `context` and `user_class` and have one budget of recommendations, such as `contextual_bandit`.

    Raises
    ------
    BadType, BadValue
        If an argument is not of the allowed kind; on a problem without classes of users.

    Departures from the paper
    -------------------------
    Reconstruction: the paper's baseline by its name, which says no more than this.

    Examples
    --------
    >>> greedy_linucb().name
    'greedy_linucb(alpha=1, penalty=1)'

    References
    ----------
    [Yang2020]_, a baseline; [Li2010]_ for LinUCB.
    """
    alpha, penalty = number("alpha", alpha, 0.0), number("penalty", penalty, 1e-12)

    def init(spec):
        j, d = public_classes("greedy_linucb", spec).centres.shape
        return Memory(ridge(j * spec.n_actions, d, penalty, spec.n_actions)), Params(alpha, spec.n_actions)

    return Policy(ARM, init, act, update, name=f"greedy_linucb(alpha={alpha:g}, penalty={penalty:g})")
