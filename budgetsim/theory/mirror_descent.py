"""Dual mirror descent on requests: its paths, the lemma that holds on every one of them, regret bounds, and the ratio that no rule beats.

Prices move by ``argmin_{mu >= 0} g_t.mu + V(mu, mu_t) / eta`` with ``g_t = rho - c_t(x_t)``, x_t the option wanted. V is half the
squared distance (euclidean) or ``sum mu log(mu / mu_t) - mu + mu_t`` (entropic).
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, number, whole
from ..kernels import compiled
from ..shared.requests import Offer, prices, wanted

MIRRORS = ("euclidean", "entropic")


class Path(NamedTuple):
    """What dual descent wants, paid or not."""

    price: np.ndarray  #: (T + 1, d), before each round and after the last
    option: np.ndarray  #: (T,), -1 for none
    gradient: np.ndarray  #: (T, d)


class Constants(NamedTuple):
    """Of the regret bound ``paid + drift eta T + distance / eta``."""

    paid: float
    drift: float
    distance: float


def price_path(reward: Any, cost: Any, rate: Any, eta: float, mirror: str = "euclidean", start: Any = None) -> Path:
    """Prices (T + 1, d) of dual descent on requests, at `rate` rho (d,).

    >>> price_path([[1.0], [1.0]], [[[1.0]], [[1.0]]], [0.5], 1.0).price.ravel().tolist()
    [0.0, 0.5, 1.0]
    """
    reward = array("reward", reward, (None, None), 0.0)
    cost = array("cost", cost, (*reward.shape, None), 0.0)
    horizon, _, d = cost.shape
    rate, euclidean = array("rate", rate, (d,), 0.0), choice("mirror", mirror, MIRRORS) == "euclidean"
    path = Path(np.empty((horizon + 1, d)), np.empty(horizon), np.empty((horizon, d)))
    path.price[0] = prices("start", (0.0 if euclidean else 1.0) if start is None else start, d)
    eta = number("eta", eta, 0.0)
    for t in range(horizon):
        option = _wanted(reward[t], cost[t], path.price[t])
        path.option[t] = option
        path.gradient[t] = rate - (cost[t, option] if option >= 0 else 0.0)
        step = -eta * path.gradient[t]
        path.price[t + 1] = np.maximum(path.price[t] + step, 0.0) if euclidean else path.price[t] * np.exp(step)
    return path


def _choose(reward, cost, price):
    return wanted(Offer(reward, cost), price)


_wanted = compiled(_choose)


def divergence(price: Any, start: Any, mirror: str = "euclidean") -> float:
    """V(price, start) >= 0.

    >>> divergence([3.0, 0.0], [1.0, 0.0]), divergence([0.0], [2.0], "entropic")
    (2.0, 2.0)
    """
    a, b = np.asarray(price, dtype=float), np.asarray(start, dtype=float)
    if choice("mirror", mirror, MIRRORS) == "euclidean":
        return float(0.5 * np.sum((a - b) ** 2))
    if np.any((b == 0.0) & (a > 0.0)):
        return math.inf
    return float(np.sum(np.where(a > 0.0, a * (np.log(np.where(a > 0.0, a, 1.0)) - np.log(np.where(b > 0.0, b, 1.0))), 0.0) - a + b))


def descent_lemma(path: Path, price: Any, eta: float, mirror: str = "euclidean") -> tuple[np.ndarray, np.ndarray]:
    """Both sides (T,) of ``sum_{t <= tau} (mu_t - mu).g_t <= G^2 eta tau / (2 sigma) + V(mu, mu_1) / eta`` for each tau.

    It holds for every price mu >= 0 and on every input. G is the greatest entry of any g on the path; sigma, the convexity in
    l1, is 1 / d (euclidean) or 1 over the greatest sum of prices on the path (entropic).

    >>> left, right = descent_lemma(price_path([[1.0], [1.0]], [[[1.0]], [[1.0]]], [0.5], 1.0), [0.5], 1.0)
    >>> left.tolist(), right.tolist()
    ([0.25, 0.25], [0.25, 0.375])
    """
    horizon, d = path.gradient.shape
    mu, eta = prices("price", price, d), number("eta", eta, 1e-300)
    convexity = 1.0 / d if choice("mirror", mirror, MIRRORS) == "euclidean" else 1.0 / max(float(path.price.sum(axis=1).max()), 1e-300)
    largest = float(np.abs(path.gradient).max())
    left = np.cumsum(np.sum((path.price[:-1] - mu) * path.gradient, axis=1))
    return left, largest**2 * eta * np.arange(1, horizon + 1) / (2.0 * convexity) + divergence(mu, path.price[0], mirror) / eta


def regret_constants(largest_reward: float, largest_cost: float, rate: Any, start: Any = 0.0, mirror: str = "euclidean") -> Constants:
    """fbar bbar / min rho, G^2 / (2 sigma), max V(mu, mu_1) over mu = 0 and (fbar / rho_j) e_j; G = max(bbar, rho).

    i.i.d. requests: ``E[OPT - ALG] <= paid + drift eta T + distance / eta``. Entropic: sigma = 1 / sum_j max(mu_1j, fbar / rho_j
    exp(eta bbar)) needs a bound on the prices; here eta bbar <= 1 is assumed.

    >>> regret_constants(1.0, 1.0, [0.3])._replace(paid=0.0)
    Constants(paid=0.0, drift=0.5, distance=5.555555555555556)
    """
    f, b = number("largest_reward", largest_reward, 0.0), number("largest_cost", largest_cost, 0.0)
    rho = array("rate", rate, (None,), 1e-300)
    d = rho.size
    first = prices("start", start, d)
    convexity = 1.0 / d if choice("mirror", mirror, MIRRORS) == "euclidean" else 1.0 / float(np.maximum(first, f / rho * math.e).sum())
    far = [np.zeros(d), *np.diag(f / rho)]
    largest = max(b, float(rho.max()))
    return Constants(f * b / float(rho.min()), largest**2 / (2.0 * convexity), max(divergence(mu, first, mirror) for mu in far))


def best_step(constants: Constants, horizon: int) -> float:
    """The eta of the least bound, sqrt(distance / (drift T)).

    >>> round(best_step(regret_constants(1.0, 1.0, [0.3]), 10_000), 5)
    0.03333
    """
    return math.sqrt(constants.distance / (constants.drift * whole("horizon", horizon, 1)))


def regret_bound(constants: Constants, horizon: int, eta: float | None = None) -> float:
    """paid + drift eta T + distance / eta; with the best step paid + 2 sqrt(drift distance T).

    >>> [round(regret_bound(regret_constants(1.0, 1.0, [0.3]), t), 1) for t in (100, 1000, 10_000, 100_000)]
    [36.7, 108.7, 336.7, 1057.4]
    """
    horizon, eta = whole("horizon", horizon, 1), best_step(constants, horizon) if eta is None else number("eta", eta, 1e-300)
    return constants.paid + constants.drift * eta * horizon + constants.distance / eta


def periodic_constants(constants: Constants, period: int, value: float) -> Constants:
    """Of the Euclidean rule, started at 0, where the law of round t is that of round t - q, rounds being independent; `value` is the fluid's, a round.

    Within q rounds prices move by at most q eta d G in l1 and the dual of a round by G times that, so the q duals of a period add up to at least q times
    their average at its first price, less q (q - 1) drift eta: ``E[fluid - ALG] <= (paid + (q - 1) value) + q drift eta T + distance / eta``, which
    is O(sqrt(q T)) at its best step. T is a multiple of q. Derived here.

    >>> [round(regret_bound(periodic_constants(regret_constants(1.0, 1.0, [0.3]), q, 0.25), 10_000)) for q in (1, 4, 100)]
    [337, 671, 3361]
    """
    q = whole("period", period, 1)
    return Constants(constants.paid + (q - 1) * number("value", value, 0.0), q * constants.drift, constants.distance)


def mixing_constants(constants: Constants, lag: int, value: float, largest_reward: float, resources: int) -> Constants:
    """Of the Euclidean rule, started at 0, where the law of round t given all before t - k is within `delta` (half of l1) of the long run's.

    Prices are told k rounds late that way: 2 k drift eta a round; k rounds at either end are given up, worth at most `value` at the start and
    ``(d + 1) fbar + 2 drift eta`` each at the end. ``E[fluid - ALG] <= paid' + drift' eta T + distance / eta + delta fbar T``, delta being the caller's. Derived here.

    >>> mixing_constants(Constants(8.0, 1.0, 32.0), 10, 0.5, 1.0, 2)
    Constants(paid=40.0, drift=23.0, distance=32.0)
    """
    k, f, d = whole("lag", lag, 1), number("largest_reward", largest_reward, 0.0), whole("resources", resources, 1)
    return Constants(constants.paid + k * number("value", value, 0.0) + (k - 1) * (d + 1) * f, (2 * k + 3) * constants.drift, constants.distance)


def competitive_constants(largest_reward: float, largest_cost: float, rate: Any) -> tuple[float, Constants]:
    """alpha* = max(1, bbar / min rho) and constants with ``ALG >= OPT / alpha* - (paid + drift eta T + distance / eta)`` on *every* sequence (Euclidean, from 0).

    No rule has a larger share than 1 / alpha* of all sequences in the long run (`stopping_ratio`, factor to infinity).

    >>> alpha, constants = competitive_constants(1000.0, 1.0, [0.25])
    >>> alpha, constants
    (4.0, Constants(paid=1000.0, drift=0.5, distance=500000.0))
    """
    rho = array("rate", rate, (None,), 1e-300)
    alpha = max(1.0, number("largest_cost", largest_cost, 0.0) / float(rho.min()))
    return alpha, regret_constants(number("largest_reward", largest_reward, 0.0) / alpha, largest_cost, rho)


def stopping_ratio(phases: int, factor: int) -> Fraction:
    """(k - 1)(1 - 1/M) + 1: mean optimum over mean reward of any rule on `adversarial_allocation`, at least.

    >>> [float(stopping_ratio(k, 10)) for k in (2, 4, 10)]
    [1.9, 3.7, 9.1]
    """
    return (whole("phases", phases, 1) - 1) * (1 - Fraction(1, whole("factor", factor, 2))) + 1


def stopping_values(spent: Any, factor: Any) -> tuple[Fraction, Fraction]:
    """Mean reward of a rule that spends spent[i] in phase i if it comes, and mean optimum, in exact arithmetic.

    spent (k,) are whole units, at most the budget in all; the budget is what a phase can spend.

    Returns
    -------
    The mean reward, and the mean optimum, a unit of budget: multiply by the budget.

    >>> stopping_values([3, 1], 10)
    (Fraction(4, 1), Fraction(19, 10))
    """
    k, m = len(spent), whole("factor", factor, 2)
    if k == 0:
        raise BadValue("spent: got an empty list; allowed: what is spent in each phase")
    comes = [Fraction(1, m**i) for i in range(k)]
    stops = [comes[i] - (comes[i + 1] if i + 1 < k else 0) for i in range(k)]
    earned = sum(stops[i] * sum(whole("spent", s) * m**h for h, s in enumerate(spent[: i + 1])) for i in range(k))
    return Fraction(earned), sum((stops[i] * m**i for i in range(k)), Fraction(0))
