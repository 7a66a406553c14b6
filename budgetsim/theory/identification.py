"""Identifying the best arm when each sample has its price: bounds, the budget that the price implies, and fixed budgets.

K arms with sigma-sub-Gaussian samples, price c of one pull; the risk is the probability of naming a wrong arm, or the
expected shortfall of the arm named (simple regret), plus c times the expected number of pulls. Tags: [S] read in public notes
of [Harding2025]_, [D] derived here. Arguments broadcast.
"""

from typing import Any

import numpy as np

from ..arguments import array, choice, number

RISKS = ("misidentification", "simple_regret")


def _broadcast(gap: Any, sigma: Any, price: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gap, sigma, price = np.asarray(gap, float), np.asarray(sigma, float), np.asarray(price, float)
    array("gap", gap.ravel(), (None,), 0.0)
    array("sigma", sigma.ravel(), (None,), np.finfo(float).tiny)
    array("price", price.ravel(), (None,), np.finfo(float).tiny)
    return gap, sigma, price


def _exponential_tradeoff(ratio: Any) -> Any:
    """min over n >= 0 of exp(-a n)/4 + c n, with ratio = a/(4c): (1 + ln ratio)/(4 ratio) from 1 on, else 1/4."""
    ratio = np.maximum(ratio, 1.0)
    return (1.0 + np.log(ratio)) / (4.0 * ratio)


# ------------------------------------------------------------------------------------------------ two arms
def misidentification_lower_bound(gap: Any, sigma: Any = 1.0, price: Any = 1e-4) -> Any:
    """LB [S]: ``(sigma^2 c / (4 D^2)) ln(e D^2 / (sigma^2 c))`` for D >= sqrt(sigma^2 c), else 1/4.

    >>> float(misidentification_lower_bound(0.1).round(5)), float(misidentification_lower_bound(0.003))
    (0.01401, 0.25)
    """
    gap, sigma, price = _broadcast(gap, sigma, price)
    return _exponential_tradeoff(gap**2 / (sigma**2 * price))


def sharper_misidentification_lower_bound(gap: Any, sigma: Any = 1.0, price: Any = 1e-4) -> Any:
    """LB2 [D]: ``(2 sigma^2 c / D^2) ln(e D^2 / (8 sigma^2 c))`` for D^2 >= 8 sigma^2 c, else 1/4.

    Bretagnolle and Huber's inequality with the two arms swapped; it bounds the larger risk of the two mirror instances.

    >>> float(sharper_misidentification_lower_bound(0.1).round(4))
    0.0705
    """
    gap, sigma, price = _broadcast(gap, sigma, price)
    return _exponential_tradeoff(gap**2 / (8.0 * sigma**2 * price))


def simple_regret_lower_bound(gap: Any, sigma: Any = 1.0, price: Any = 1e-4) -> Any:
    """LB_SR [D]: ``D/4`` for D^3 < sigma^2 c, else ``(sigma^2 c / (4 D^2)) ln(e D^3 / (sigma^2 c))``.

    >>> float(simple_regret_lower_bound(0.004)), float(simple_regret_lower_bound(0.3).round(6))
    (0.001, 0.001833)
    """
    gap, sigma, price = _broadcast(gap, sigma, price)
    return gap * _exponential_tradeoff(gap**3 / (sigma**2 * price))


def worst_simple_regret_lower_bound(sigma: Any = 1.0, price: Any = 1e-4) -> Any:
    """LB* [D]: the greatest LB_SR, ``(3/8) e^(-1/3) (sigma^2 c)^(1/3)``, at the gap with D^3 = sqrt(e) sigma^2 c.

    >>> float(worst_simple_regret_lower_bound().round(7))
    0.0124719
    """
    _, sigma, price = _broadcast(0.0, sigma, price)
    return 0.375 * np.exp(-1.0 / 3.0) * np.cbrt(sigma**2 * price)


# ------------------------------------------------------------------------------------------------ what the price implies
def pulls_allowed(live: Any, price: Any = 1e-4, sigma: Any = 1.0, risk: str = "misidentification") -> Any:
    """N*(k) [S], pulls of each of k >= 2 live arms: ``1/(k e c)``, or ``(3/(2e)) (sigma / ((k-1) c))^(2/3)`` for simple regret.

    >>> float(pulls_allowed(2).round(3)), float(pulls_allowed(2, risk="simple_regret").round(3))
    (1839.397, 256.132)
    """
    _, sigma, price = _broadcast(0.0, sigma, price)
    live = np.asarray(live, float)
    array("live", live.ravel(), (None,), 2.0)
    if choice("risk", risk, RISKS) == "misidentification":
        return 1.0 / (live * np.e * price)
    return 1.5 / np.e * np.cbrt((sigma / ((live - 1.0) * price)) ** 2)


def most_spent(arms: Any) -> Any:
    """The most that DBCARE can spend against misidentification [D]: ``(H_K - 1/2) / e``, H_K = 1 + 1/2 + ... + 1/K; K >= 2 arms.

    >>> float(most_spent(2).round(6))
    0.367879
    """
    arms = np.asarray(arms)
    array("arms", arms.ravel(), (None,), 2.0)
    harmonic = np.cumsum(1.0 / np.arange(1, int(arms.max()) + 1))
    return (harmonic[arms.astype(int) - 1] - 0.5) / np.e


def pulls_lower_bound(gap: Any, sigma: Any = 1.0, risk: Any = 0.05) -> Any:
    """E[T_k] of a worse arm is at least ``(sigma^2 / (2 D_k^2)) ln(1 / (4 r))`` [D].

    It holds if the risk is at most r < 1/4 on the instance and wherever arm k alone is raised by 2 D_k, D_k > 0.

    >>> float(pulls_lower_bound(0.2, risk=0.05).round(4))
    20.118
    """
    gap, sigma, risk = _broadcast(gap, sigma, risk)
    array("gap", gap.ravel(), (None,), np.finfo(float).tiny)
    return np.maximum(sigma**2 / (2.0 * gap**2) * -np.log(4.0 * risk), 0.0)


# ------------------------------------------------------------------------------------------------ fixed budgets
def _worst_loss(gap: np.ndarray, risk: str) -> np.ndarray:
    return gap if choice("risk", risk, RISKS) == "simple_regret" else np.ones_like(gap)


def fixed_budget_risk(gap: Any, pulls: Any, sigma: Any = 1.0, price: Any = 1e-4, risk: str = "misidentification") -> Any:
    """Two normal arms, T pulls in all, half each (T even): ``Phi(-D sqrt(T/4) / sigma) + c T``; its first term times D for simple regret [D].

    >>> float(fixed_budget_risk(0.1, 10).round(4)), float(fixed_budget_risk(0.1, 500).round(4))
    (0.4382, 0.1818)
    """
    from scipy.special import ndtr

    gap, sigma, price = _broadcast(gap, sigma, price)
    pulls = np.asarray(pulls, float)
    array("pulls", pulls.ravel(), (None,), 0.0)
    return _worst_loss(gap, risk) * ndtr(-gap * np.sqrt(pulls / 4.0) / sigma) + price * pulls


def best_fixed_budget(gap: Any, sigma: Any = 1.0, price: Any = 1e-4, risk: str = "misidentification") -> tuple[Any, Any]:
    """The best even T in hindsight and its risk, by bisection: the risk is convex in T [D].

    >>> pulls, least = best_fixed_budget(0.3)
    >>> int(pulls), float(least.round(5))
    (260, 0.03379)
    """
    gap, sigma, price = np.broadcast_arrays(*_broadcast(gap, sigma, price))
    low, high = np.zeros(gap.shape), np.ceil(_worst_loss(gap, risk) / (4.0 * price))
    while np.any(low < high):  # pairs: the first m at which one more does not pay
        middle = np.floor((low + high) / 2.0)
        rises = fixed_budget_risk(gap, 2 * middle + 2, sigma, price, risk) >= fixed_budget_risk(gap, 2 * middle, sigma, price, risk)
        low, high = np.where((low < high) & ~rises, middle + 1.0, low), np.where((low < high) & rises, middle, high)
    return 2 * low, fixed_budget_risk(gap, 2 * low, sigma, price, risk)


def uniform_misidentification(gaps: Any, pulls_each: Any, sigma: float = 1.0) -> Any:
    """The probability that the greatest of K normal means, each of n samples, is not the best arm's [D].

    ``1 - int phi(z) prod_k Phi(z + D_k sqrt(n) / sigma) dz`` over the worse arms k, by the trapezoidal rule, whose error is of
    the order of rounding. gaps: (K - 1,) of the worse arms. pulls_each: n >= 0, a number or an array.

    >>> float(uniform_misidentification([0.1], 250).round(6)), float(fixed_budget_risk(0.1, 500).round(6) - 0.05)
    (0.131776, 0.131776)
    """
    from scipy.special import ndtr

    gaps, sigma = array("gaps", gaps, (None,), 0.0), number("sigma", sigma, np.finfo(float).tiny)
    n = np.asarray(pulls_each, float)
    array("pulls_each", n.ravel(), (None,), 0.0)
    z, step = np.linspace(-9.0, 9.0, 1201, retstep=True)
    shifted = ndtr(z + np.sqrt(n)[..., None, None] * gaps[:, None] / sigma)
    right = step / np.sqrt(2.0 * np.pi) * (np.exp(-z * z / 2.0) * shifted.prod(axis=-2)).sum(axis=-1)
    return np.maximum(1.0 - right, 0.0)
