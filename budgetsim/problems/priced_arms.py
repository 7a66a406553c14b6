"""Arms whose samples cost money: stop when you like, then name the best."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import array, choice, number, whole
from ..model import ARM, Problem, Spec, Units
from ..theory.identification import RISKS


class Truth(NamedTuple):
    mean: np.ndarray
    gap: float  #: of the two best arms
    sigma: float
    price: float
    risk: int


class Known(NamedTuple):
    """What everybody may know; `risk` is a place in RISKS."""

    sigma: float
    price: float
    risk: int


class Sample(NamedTuple):
    sample: np.ndarray


class Uses(NamedTuple):
    uses: np.ndarray  #: of each arm so far


def init(instance):
    return Uses(np.zeros(instance.mean.size))


def normal_sample(instance, state, view, action, left, t, key, cost, seen):
    luck = draws.nth_use(key, action, int(state.uses[action]))
    seen.sample[0] = instance.mean[action] + instance.sigma * draws.normal(luck, 0)
    cost[0] = instance.price
    return 0.0


def bernoulli_sample(instance, state, view, action, left, t, key, cost, seen):
    luck = draws.nth_use(key, action, int(state.uses[action]))
    seen.sample[0] = draws.bernoulli(luck, 0, instance.mean[action])
    cost[0] = instance.price
    return 0.0


def advance(instance, state, view, action, outcome, left, t, key):
    state.uses[action] += 1.0
    return False


def loss(instance, state, recommendation):
    best = instance.mean[0]
    for k in range(1, instance.mean.size):
        best = max(best, instance.mean[k])
    short = best - instance.mean[recommendation]
    if instance.risk == 0 and short > 0.0:
        return 1.0
    return short


def priced_arms(
    mean: Any = (0.0, 0.3),
    sigma: float | None = None,
    price: float = 1e-4,
    horizon: int | None = None,
    risk: str = "misidentification",
    law: str = "normal",
) -> Problem:
    """K arms; a pull shows a sample and costs c; the rule stops when it likes and is judged by what it recommends.

    With tau the pulls and I the recommendation, the risk to be minimised is ``E[loss(I)] + c E[tau]``, where the loss is
    1 if arm I is not best ("misidentification") or ``max mean - mean[I]`` ("simple_regret"). No budget is given: how much
    to spend is the rule's to find out. A pull earns no reward; the sample is an observation, `seen.sample`. Sample n of an
    arm is the same number whatever else was pulled before it, so all rules draw from the same stacks and differ only by
    what they do with them.

    Parameters
    ----------
    mean : (K,), in units of a sample; in [0, 1] for Bernoulli samples. Several best arms are all right to recommend.
    sigma : > 0: standard deviation of normal samples; of Bernoulli samples, what rules are told it to be. None: 1 and 1/2.
    price : c > 0, of one pull, in units of the loss.
    horizon : most pulls; None: 10**9, which is there to end a rule that never stops. `ended_by` tells when it did.
    risk : "misidentification" | "simple_regret".
    law : "normal" | "bernoulli".

    Returns
    -------
    Problem of kind ARM with one resource, money, without a cap, and objective -(loss + cost). sigma, price and risk (0 or 1)
    are public; `instance.mean` (K,) and `instance.gap`, between the two best arms, are the hidden truth.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, a word that is not offered.

    Examples
    --------
    >>> problem = priced_arms([0.0, 0.5, 0.2], price=1e-3)
    >>> problem.name, problem.spec.budget.tolist(), problem.instance.gap
    ('priced_arms(3 arms, normal, sigma=1, price=0.001, misidentification)', [inf], 0.3)

    References
    ----------
    [Harding2025]_.
    """
    choice("law", law, ("normal", "bernoulli"))
    bounds = (0.0, 1.0) if law == "bernoulli" else (-1e100, 1e100)
    mean = array("mean", mean, (None,), *bounds)
    sigma = number("sigma", (1.0 if law == "normal" else 0.5) if sigma is None else sigma, 1e-100, 1e100)
    price = number("price", price, 1e-100, 1e100)
    horizon = 10**9 if horizon is None else whole("horizon", horizon, 1)
    code = RISKS.index(choice("risk", risk, RISKS))
    best = np.sort(mean)[::-1]
    gap = float(best[0] - best[1]) if best.size > 1 else 0.0
    spec = Spec(ARM, mean.size, horizon, budget=np.array([np.inf]), seen=Sample(np.zeros(1)), public=Known(sigma, price, code),
                units=Units("loss", ("loss",), "pulls"))  # fmt: skip
    step = normal_sample if law == "normal" else bernoulli_sample
    arms = f"{mean.size} arm{'s' * (mean.size > 1)}"
    name = f"priced_arms({arms}, {law}, sigma={sigma:g}, price={price:g}, {risk})"
    return Problem(spec, Truth(mean, gap, sigma, price, code), step, init, advance=advance, loss=loss, objective="-(loss + cost)", name=name)


def examples() -> list[Problem]:
    """Both laws, both risks, and a price at which no sample is worth its money.

    >>> len(examples())
    3
    """
    return [
        priced_arms([0.0, 0.5], price=1e-3, horizon=200),
        priced_arms([0.3, 0.6, 0.5], price=1e-3, horizon=300, risk="simple_regret", law="bernoulli"),
        priced_arms([0.0, 1.0, 0.5], price=0.2, horizon=100),
    ]
