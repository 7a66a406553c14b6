"""Users of several classes and one budget of recommendations: what such problems show, and what rules for them share."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..confidence import best
from ..model import ARM, Spec
from .ridge import ridge_scores


class User(NamedTuple):
    """Who asks in this round: the view."""

    context: np.ndarray  #: (d,)
    user_class: np.ndarray  #: (1,), 0 to J - 1


class Classes(NamedTuple):
    """What is public of the classes, as fitted offline."""

    class_probability: np.ndarray  #: (J,)
    centres: np.ndarray  #: (J, d)
    answered: float  #: probability that a recommendation is answered, and costs 1


def public_classes(rule: str, spec: Spec) -> Classes:
    """What is public of the classes; BadValue where the problem shows no users, does not allow skipping, or has not one budget."""
    if not (isinstance(spec.public, Classes) and isinstance(spec.view, User)):
        raise BadValue(f"{rule}: got a problem without classes of users; allowed: one that shows `context` and `user_class`, such as contextual_bandit")
    if spec.kind != ARM or not spec.idle or spec.budget.size != 1 or spec.renew:
        raise BadValue(f"{rule}: got {spec.budget.size} resources, idle={spec.idle}, renew={spec.renew}; allowed: one budget for the whole run, and skipping")
    return spec.public


def affordable(left: Any) -> Any:
    """Whether one more recommendation can be paid.

    >>> affordable(np.array([1.0])), affordable(np.array([0.5]))
    (True, False)
    """
    return bool(left[0] >= 1.0 - 1e-9)


def linucb_arm(model: Any, view: Any, alpha: Any) -> Any:
    """The first available arm of greatest optimistic prediction for this user, one model a (class, arm); -1 where none is available."""
    return best(view, ridge_scores(model, int(view.user_class[0]) * model.score.size, view.context, alpha))


# ------------------------------------------------------------------------------------------------ the adaptive linear program
def rank(order: Any, value: Any) -> None:
    """Sorts the classes (J,) by falling value, ties by number; quick where few have moved.

    >>> order = np.array([0.0, 1.0, 2.0])
    >>> rank(order, np.array([0.5, 0.9, 0.5]))
    >>> order.tolist()
    [1.0, 0.0, 2.0]
    """
    for i in range(1, order.size):
        moved = order[i]
        j, v = i - 1, value[int(moved)]
        while j >= 0 and (value[int(order[j])] < v or (value[int(order[j])] == v and order[j] > moved)):
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = moved


def chance(order: Any, share: Any, rate: Any, user_class: Any) -> Any:
    """Probability of serving this class: p_j of max sum_j share_j value_j p_j subject to sum_j share_j p_j <= rate, 0 <= p <= 1.

    The classes are served in the order (J,) of falling value >= 0, wholly while the rate lasts, the next in part.

    >>> [float(chance(np.array([1.0, 0.0]), np.array([0.75, 0.25]), 0.5, j)) for j in (0, 1)]
    [0.3333333333333333, 1.0]
    """
    if rate >= 1.0:
        return 1.0
    i = 0
    while int(order[i]) != user_class:
        rate -= share[int(order[i])]
        i += 1
    rate = max(rate, 0.0)  # rounding; and so that a class that never comes divides nothing
    return 1.0 if rate >= share[user_class] else rate / share[user_class]
