"""Equitable sampling: the best split of a budget has equal marginal gains per cost.

**Statement.** min sum_g w_g (a_g + b_g n_g^(-r_g)) subject to sum c_g n_g <= B, n > 0, all numbers positive: the minimum is at n_g = (w_g b_g r_g / (c_g lambda))^(1 / (1 + r_g)), with the lambda that spends B; there w_g b_g r_g n_g^(-r_g - 1) / c_g = lambda for every g.

**Source.** The problem is [Cai2022]_; the forms are derived here (`optima.concave_split`).

**Certified.** For all parameters (sympy): w b n^(-r) + lambda c n has slope 0 at that n and is strictly convex, so no plan of the same cost is better. On 40 instances drawn by the seed (10 at scale below 0.3; 2 to 6 groups) and on the one of the specification: the loss of that plan is within 1e-9 (relative) of the
Lagrangian's minimum, which bounds every plan, and `concave_split` finds the same samples to 1e-6 and loss to 1e-9.

**Control.** Marginal gains are made equal, not gains per cost.
"""

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.concave_split import concave_split

PERTURBED = "no constant: an equality of gains per cost"


def _stationary() -> bool:
    import sympy as sp

    w, b, r, c, price, n = sp.symbols("w b r c price n", positive=True)
    term = w * b * n ** (-r) + price * c * n
    best = (w * b * r / (c * price)) ** (1 / (1 + r))
    slope = sp.simplify(sp.expand_log(sp.log(w * b * r * best ** (-r - 1)) - sp.log(price * c), force=True))
    return bool(slope == 0 and sp.simplify(term.diff(n, 2) - w * b * r * (r + 1) * n ** (-r - 2)) == 0)


def _plan(b: np.ndarray, r: np.ndarray, c: np.ndarray, w: np.ndarray, budget: float, divisor: np.ndarray) -> tuple[np.ndarray, float]:
    """n_g = (w b r / (divisor lambda))^(1 / (1 + r)) and the lambda that spends the budget, by bisection of its logarithm."""
    low, high = -200.0, 200.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        n = np.exp((np.log(w * b * r / divisor) - middle) / (1.0 + r))
        low, high = (middle, high) if c @ n > budget else (low, middle)
    return n, float(np.exp(middle))


def _excess(floor: np.ndarray, b: np.ndarray, r: np.ndarray, c: np.ndarray, w: np.ndarray, budget: float, per_cost: bool) -> tuple[float, np.ndarray, float]:
    """(loss of the plan / least loss by the Lagrangian - 1, the plan, its loss)."""
    n, _ = _plan(b, r, c, w, budget, c if per_cost else np.ones_like(c))
    best, price = _plan(b, r, c, w, budget, c)
    loss = float(w @ (floor + b * n**-r))
    least = float(w @ (floor + b * best**-r) + price * (c @ best - budget))
    return loss / least - 1.0, n, loss


def _verdict(scale: float, seed: int, per_cost: bool) -> Verdict:
    rng, cases = np.random.default_rng(seed), []
    cases.append(
        (
            np.array([0.1, 0.1, 0.12, 0.15]),
            np.array([2.0, 4, 8, 16]),
            np.array([0.8, 0.7, 0.6, 0.5]),
            np.array([1.0, 1, 2, 4]),
            np.array([0.6, 0.25, 0.1, 0.05]),
            4000.0,
        )
    )
    for _ in range(40 if scale >= 0.3 else 10):
        g = int(rng.integers(2, 7))
        cases.append(
            (
                rng.random(g),
                0.5 + 9.5 * rng.random(g),
                0.2 + 1.3 * rng.random(g),
                1.0 + 9.0 * rng.random(g),
                rng.dirichlet(np.full(g, 3.0)),
                float(rng.integers(50, 5000)),
            )
        )
    ok, worst = _stationary(), 0.0
    for floor, b, r, c, w, budget in cases:
        excess, n, loss = _excess(floor, b, r, c, w, budget, per_cost)
        worst = max(worst, excess)
        if per_cost:
            house = concave_split(floor, b, r, c, w, budget, 0)
            ok = ok and np.allclose(house.plan.samples, n, rtol=1e-6) and abs(-house.value - loss) < 1e-9 * loss and house.upper - house.lower < 1e-9 * loss
    claim = f"equal marginal gains{' per cost' if per_cost else ''} make the best split of a budget, {len(cases)} instances"
    verdict = claims.at_most(
        claim, worst, 0.0, 1e-9, detail="excess over the Lagrangian's minimum, relative; stationarity and convexity for all parameters by sympy"
    )
    return verdict if ok else verdict._replace(holds=False, margin=-1.0, detail="concave_split or sympy disagrees")


def check(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, True)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, False)
