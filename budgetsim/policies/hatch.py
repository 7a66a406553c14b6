"""HATCH: a linear program says which classes of users are served, LinUCB what they are shown."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..draws import uniform
from ..model import ARM, VOID, Policy
from ..shared.ridge import ridge, ridge_add
from ..shared.user_classes import affordable, chance, linucb_arm, public_classes, rank

NOT_SENT = int(VOID)


class Memory(NamedTuple):
    arms: Any  #: a Ridge for each (class, arm)
    served: np.ndarray  #: (J,)
    earned: np.ndarray  #: (J,)
    value: np.ndarray  #: (J,), optimistic
    order: np.ndarray  #: (J,), by falling value


class Params(NamedTuple):
    share: np.ndarray  #: (J,)
    square: np.ndarray  #: (J,), of the centres' lengths
    horizon: int
    answered: float
    alpha: float
    class_alpha: float
    penalty: float
    arms: int


def act(memory, params, view, left, t, key):
    rate = left[0] / ((params.horizon - t) * params.answered)
    if affordable(left) and uniform(key, 0) < chance(memory.order, params.share, rate, int(view.user_class[0])):
        return linucb_arm(memory.arms, view, params.alpha)
    return -1


def update(memory, params, view, action, outcome, t):
    if action < 0 or outcome.status == NOT_SENT:
        return
    j = int(view.user_class[0])
    ridge_add(memory.arms, j * params.arms + action, view.context, outcome.reward)
    memory.served[j] += 1.0
    memory.earned[j] += outcome.reward
    # the class's own ridge is only ever fed its centre: along it, A is this one number
    along = params.penalty + memory.served[j] * params.square[j]
    memory.value[j] = params.square[j] * memory.earned[j] / along + params.class_alpha * math.sqrt(params.square[j] / along)
    rank(memory.order, memory.value)


def hatch(alpha: float = 1.0, class_alpha: float = 1.0, penalty: float = 1.0) -> Policy:
    """Hierarchical adaptive contextual bandit: which class of users to serve by a linear program, what to show by LinUCB.

    With b left of the budget, tau rounds to go, class probabilities phi and class values u, a user of class j is served
    with probability p_j, the solution of

        max sum_j phi_j u_j p_j   subject to   sum_j phi_j p_j <= b / tau,  0 <= p_j <= 1,

    in closed form: classes by falling u, p = 1 while the rate lasts, the next in part. Whoever is served is shown the
    arm of greatest ``theta . x + alpha sqrt(x' A^-1 x)``, one ridge regression a (class, arm). u_j is the same kind of
    prediction, ``theta_j . c_j + class_alpha sqrt(c_j' A_j^-1 c_j)``, of a ridge regression of the class's rewards on
    its centre c_j; before the first reward it is 1.

    Parameters
    ----------
    alpha : width of LinUCB, >= 0, reward.
    class_alpha : width of the class values, >= 0, reward.
    penalty : of every ridge regression, > 0, in squared units of the contexts.

    Returns
    -------
    Policy
        For problems that show `context` and `user_class` and have one budget of recommendations, such as `contextual_bandit`.

    Raises
    ------
    BadType, BadValue
        If an argument is not of the allowed kind; on a problem without classes of users, or with a centre at 0.

    Departures from the paper
    -------------------------
    The program is solved by sorting instead of a solver, the class ridge by its one number (it sees multiples of one
    vector), and every reward is learnt at once instead of in batches. In the authors' code the models of (class, arm) are fitted
    on the data of the arm in all classes, arm 0 costs nothing, the remaining budget is that of the last matched event, and
    skipped events pass only where the log agrees; none of this is copied. A value is not cut to [0, 1]. Where only a share of
    recommendations is answered and charged (`spec.public.answered`), the rate is divided by it.

    Examples
    --------
    >>> hatch().name
    'hatch(alpha=1, class_alpha=1, penalty=1; told the horizon, the budget and the classes)'

    References
    ----------
    [Yang2020]_, the algorithm HATCH, as read in the authors' code; [Li2010]_ for LinUCB.
    """
    alpha, class_alpha = number("alpha", alpha, 0.0), number("class_alpha", class_alpha, 0.0)
    penalty = number("penalty", penalty, 1e-12)

    def init(spec):
        share, centres, answered = public_classes("hatch", spec)
        square, (j, d) = (centres * centres).sum(axis=1), centres.shape
        if not square.all():
            raise BadValue(f"hatch: got centre 0 for class {int(np.argmin(square))}; allowed: centres that are not 0, since a ridge regression learns nothing there")
        memory = Memory(ridge(j * spec.n_actions, d, penalty, spec.n_actions), np.zeros(j), np.zeros(j), np.ones(j), np.arange(float(j)))
        return memory, Params(share, square, spec.horizon, answered, alpha, class_alpha, penalty, spec.n_actions)

    name = f"alpha={alpha:g}, class_alpha={class_alpha:g}, penalty={penalty:g}; told the horizon, the budget and the classes"
    return Policy(ARM, init, act, update, name=f"hatch({name})")
