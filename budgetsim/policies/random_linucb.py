"""Random LinUCB: a coin decides whether a user is served."""

from typing import Any, NamedTuple

from ..arguments import choice, number
from ..draws import uniform
from ..model import ARM, VOID, Policy
from ..shared.ridge import ridge, ridge_add
from ..shared.user_classes import affordable, linucb_arm, public_classes

NOT_SENT = int(VOID)


class Memory(NamedTuple):
    arms: Any  #: a Ridge for each (class, arm)


class Params(NamedTuple):
    rate: float  #: budget / horizon
    horizon: int
    answered: float
    adaptive: bool
    alpha: float
    arms: int


def act(memory, params, view, left, t, key):
    rate = params.rate
    if params.adaptive:
        rate = left[0] / ((params.horizon - t) * params.answered)
    if affordable(left) and uniform(key, 0) < rate:
        return linucb_arm(memory.arms, view, params.alpha)
    return -1


def update(memory, params, view, action, outcome, t):
    if action >= 0 and outcome.status != NOT_SENT:
        ridge_add(memory.arms, int(view.user_class[0]) * params.arms + action, view.context, outcome.reward)


def random_linucb(alpha: float = 1.0, penalty: float = 1.0, pacing: str = "fixed") -> Policy:
    """A user is served with probability rho = budget / horizon, by LinUCB, as long as the budget lasts.

    Whoever is served is shown the arm of greatest ``theta . x + alpha sqrt(x' A^-1 x)``, one ridge regression a (class,
    arm), as in `hatch`. With `pacing="adaptive"` the probability is what is left of the budget / rounds to go instead,
    which is `hatch` with one class.

    Parameters
    ----------
    alpha : width, >= 0, reward.
    penalty : of every ridge regression, > 0, in squared units of the contexts.
    pacing : "fixed" or "adaptive".

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
    Reconstruction: the paper's baseline by its name. Where only a share of recommendations is answered and charged
    (`spec.public.answered`), the rate is divided by it.

    Examples
    --------
    >>> random_linucb().name
    'random_linucb(alpha=1, penalty=1, fixed; told the horizon and the budget)'

    References
    ----------
    [Yang2020]_, a baseline; [Li2010]_ for LinUCB.
    """
    alpha, penalty = number("alpha", alpha, 0.0), number("penalty", penalty, 1e-12)
    adaptive = choice("pacing", pacing, ("fixed", "adaptive")) == "adaptive"

    def init(spec):
        _, centres, answered = public_classes("random_linucb", spec)
        j, d = centres.shape
        rate = float(spec.budget[0]) / (spec.horizon * answered)
        return Memory(ridge(j * spec.n_actions, d, penalty, spec.n_actions)), Params(rate, spec.horizon, answered, adaptive, alpha, spec.n_actions)

    return Policy(ARM, init, act, update, name=f"random_linucb(alpha={alpha:g}, penalty={penalty:g}, {pacing}; told the horizon and the budget)")
