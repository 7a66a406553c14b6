"""The best share of each class of users to serve, when a recommendation costs one unit and classes have known values."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, number, probabilities, whole
from ..intervals import Interval
from ..model import TOLERANCE, Optimum
from ..shared.highs import best_plan

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`served` (J,): the share of the users of each class that gets a recommendation."""

    served: np.ndarray


class Price(NamedTuple):
    """`price`: reward for one more recommendation."""

    price: float


def class_allocation_lp(class_probability: Any, class_value: Any, budget: Any, horizon: int, *, method: str = "auto") -> Optimum:
    """T times the adaptive linear program at the true class values, which no rule that selects users by their class alone can beat.

    With class probabilities phi, values u >= 0, budget B and horizon T,

        max T sum_j phi_j u_j p_j   subject to   T sum_j phi_j p_j <= B,  0 <= p_j <= 1;

    its dual is min B price + T sum_j phi_j max(u_j - price, 0) over price >= 0. The solution serves classes by falling u,
    wholly while the budget lasts, the next in part: J log J.

    **What it bounds.** u_j is the mean of max_k mu(j, k, x) over the contexts x of class j. Let a rule decide whether to serve a user
    from the class and from the past, and choose the arm as it likes: then each of its recommendations to class j earns at
    most u_j on average, it makes at most B, and by concavity its expected reward is at most this value. A rule that also
    decides *whether* by the context may earn more; `context_fluid_lp` bounds every rule.

    Parameters
    ----------
    class_probability : (J,), sums to 1.
    class_value : (J,) >= 0, reward; or an `Interval` of such arrays, as `theory.user_contexts.class_values` makes.
    budget : number of recommendations, >= 0, one number or (1,); may be infinite.
    horizon : rounds, at least 1.
    method : "auto": by sorting; "scipy": HiGHS.

    Returns
    -------
    Optimum with `plan` = Plan(served) and `dual` = Price(price). Certified where the values are numbers; where they are an
    interval it is statistical at its level: `lower` and `upper` are those of the ends, for the program is monotone in u.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range.

    Examples
    --------
    >>> best = class_allocation_lp([0.2, 0.5, 0.3], [0.9, 0.1, 0.5], budget=35, horizon=100)
    >>> round(best.value, 9), best.plan.served.round(9).tolist(), best.dual.price
    (25.5, [1.0, 0.0, 0.5], 0.5)

    References
    ----------
    [Yang2020]_ and [Wu2015]_ for the program; the bound as stated is derived here.
    """
    share = probabilities("class_probability", class_probability, (None,))
    horizon = whole("horizon", horizon, 1)
    budget = float(array("budget", [budget] if np.ndim(budget) == 0 else budget, (1,), 0.0, finite=False)[0])
    solve = {"auto": _sorted, "scipy": _scipy}[choice("method", method, ("auto", "scipy"))]
    ends = (class_value.estimate, class_value.low, class_value.high) if isinstance(class_value, Interval) else (class_value,) * 3
    u, low, high = (array("class_value", np.maximum(v, 0.0) if isinstance(class_value, Interval) else v, (share.size,), 0.0) for v in ends)
    if np.any(low > high):
        raise BadValue("class_value: got an interval with low above high; allowed: low <= high")
    b = min(budget, horizon)
    served, price = solve(share, u, b / horizon)
    served = np.clip(served, 0.0, 1.0)
    used = horizon * float(share @ served)
    if used > b:
        served *= b / used
    slack = 8 * (share.size + 4) * _EPS
    value = horizon * float((share * u) @ served)
    wide = b * (1.0 + TOLERANCE)
    upper = min(dual_value(share, high, wide, horizon, p) for p in {price, solve(share, high, b / horizon)[1]})
    told = isinstance(class_value, Interval)
    return Optimum(
        "class_allocation_lp",
        "statistical" if told else "certified",
        value,
        horizon * float((share * low) @ served) * (1.0 - slack),
        upper,
        Plan(served),
        Price(price),
        "rules that decide by class and past, not by context, whether to serve a user",
        class_value.level if told else 0.0,
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"class_probability": [1.0], "class_value": [0.5], "budget": 3.0, "horizon": 10},
        {"class_probability": [0.2, 0.5, 0.3], "class_value": [0.9, 0.1, 0.5], "budget": 35.0, "horizon": 100},
    ]


def dual_value(share: np.ndarray, u: np.ndarray, budget: float, horizon: int, price: float) -> float:
    """The dual at any price >= 0, an upper bound on the program; rounding included."""
    price = number("price", max(price, 0.0))
    total = budget * price + horizon * float(share @ np.maximum(u - price, 0.0))
    return total * (1.0 + 8 * (share.size + 4) * _EPS)


def _sorted(share: np.ndarray, u: np.ndarray, rate: float) -> tuple[np.ndarray, float]:
    """Shares served (J,) and the value of the class at the margin."""
    served, price = np.ones(share.size), 0.0
    for j in np.argsort(-u, kind="stable"):
        if rate < share[j]:
            served[j], price = rate / share[j], price or float(u[j])
        rate = max(rate - share[j], 0.0)
    return served, price


def _scipy(share: np.ndarray, u: np.ndarray, rate: float) -> tuple[np.ndarray, float]:
    solved = best_plan("class_allocation_lp", share * u, share[None], [rate], bounds=(0.0, 1.0))
    return solved.x, -float(solved.ineqlin.marginals[0])
