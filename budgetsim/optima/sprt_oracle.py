"""The sequential probability ratio test that knows the gap: what no rule can beat on two normal arms."""

import math
from typing import Any, NamedTuple

from ..arguments import choice, number
from ..model import Optimum
from ..theory.identification import RISKS

_EPS = 2.0**-52


class Plan(NamedTuple):
    """Stop when the log odds leave [-threshold, threshold]: probability of error, expected pulls of both arms together."""

    threshold: float
    error: float
    pulls: float


def sprt_oracle(gap: float, sigma: float, price: float, risk: str = "misidentification") -> Optimum:
    """The least risk on two normal arms whose gap D is known, and not which is the better.

    Pulls in pairs until the log odds reach A or -A, in continuous time:

        risk(A) = s / (1 + e^A) + (2 c sigma^2 / D^2) A tanh(A/2),   s = 1, or D for simple regret.

    Its derivative vanishes where ``sinh A + A = s D^2 / (4 c sigma^2)``, at one A, before which it falls and after which it
    rises. The luck of a pull of either arm moves the log odds by a normal increment of the same law, so the log odds of any rule
    are a Brownian motion looked at now and then: **no rule has a smaller mean risk over the two mirror instances**, and none that
    pulls whole samples attains this one.

    **Convention.** `value` is a risk, *to be minimised*: lower <= the least risk <= upper, and a rule is good when its risk is
    near `value` from above. Scores of runs are minus risks: where one is compared with an optimum (`regret`, `compare`), pass
    `as_score(sprt_oracle(...))`.

    Both ends are verified by arithmetic alone: with A found between two numbers at which the sign of the derivative is sure,
    each term is taken at the end where it is smaller for `lower`, and both at one A for `upper`, with allowances for rounding.

    Parameters
    ----------
    gap : D >= 0, between the means of the two arms. With more arms, that of the two best: still a bound, since a rule could be
        told that the others are worse.
    sigma : > 0, standard deviation of a sample.
    price : c > 0, of one pull.
    risk : "misidentification" | "simple_regret"; to be said, also where the other numbers are found in a problem by name.

    Returns
    -------
    Optimum with `plan` = Plan(threshold, error, pulls).

    Raises
    ------
    BadType, BadValue : numbers out of range, an unknown risk.

    Examples
    --------
    >>> best = sprt_oracle(gap=0.1, sigma=1.0, price=1e-4)
    >>> round(best.value, 5), round(best.plan.threshold, 3), round(best.plan.pulls), best.upper - best.lower < 1e-12
    (0.09453, 3.75, 716, True)

    References
    ----------
    [Wald1945]_ for the test; [Harding2025]_ for the risk. The least risk in closed form is ours.
    """
    gap = number("gap", gap, 0.0, 1e30)
    sigma = number("sigma", sigma, 1e-30, 1e30)
    price = number("price", price, 1e-30, 1e30)
    scale = gap if choice("risk", risk, RISKS) == "simple_regret" else 1.0
    target = (gap / sigma) ** 2 / (4.0 * price) * scale
    low, high = _threshold(target)
    a = 0.5 * (low + high)
    error = 1.0 / (1.0 + math.exp(a))
    value = scale * (error + _paid(a, target))
    least = scale * (1.0 / (1.0 + math.exp(high)) + _paid(low, target))
    pulls = 2.0 * (sigma / gap) ** 2 * a * math.tanh(a / 2.0) if a > 0.0 else 0.0
    of = f"risk ({risk.replace('_', ' ')} + price x pulls) of two normal arms with a known gap, in continuous time; to be minimised"
    return Optimum("sprt_oracle", "certified", value, least * (1.0 - 32.0 * _EPS), value * (1.0 + 32.0 * _EPS), Plan(a, error, pulls), None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [{"gap": 0.1, "sigma": 1.0, "price": 1e-4}, {"gap": 0.5, "sigma": 2.0, "price": 1e-3, "risk": "simple_regret"}]


def as_score(risk: Optimum) -> Optimum:
    """The same optimum as a score, which is minus the risk and to be maximised.

    >>> as_score(sprt_oracle(0.1, 1.0, 1e-4)).value < 0
    True
    """
    return risk._replace(value=-risk.value, lower=-risk.upper, upper=-risk.lower, of=risk.of.replace("risk (", "-risk (").replace("minimised", "maximised"))


def _paid(a: float, target: float) -> float:
    """Price times expected pulls, in units of the worst loss."""
    return a * math.tanh(a / 2.0) / (2.0 * target) if a > 0.0 else 0.0


def _threshold(target: float) -> tuple[float, float]:
    """Two numbers between which sinh A + A = target, verified with allowances for rounding."""
    top = min(math.asinh(target), target) * (1.0 + 1e-12)
    ends = [0.0, top]
    for side, sign in enumerate((-1.0, 1.0)):
        sure, unsure = ends[side], ends[1 - side]
        while True:
            middle = 0.5 * (sure + unsure)
            if middle in (sure, unsure):
                break
            if sign * (math.sinh(middle) + middle - target) >= 16.0 * _EPS * target:
                sure = middle
            else:
                unsure = middle
        ends[side] = sure
    return ends[0], ends[1]
