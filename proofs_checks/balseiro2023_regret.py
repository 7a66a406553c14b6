"""Dual mirror descent on i.i.d. requests: mean regret against the fluid optimum is at most C1 + 2 sqrt(C2 C3 T) at the best step, with explicit constants.

Statement. Requests i.i.d., rewards in [0, fbar], costs in [0, bbar]: E[fluid - reward] <= fbar bbar / min rho + G^2 eta T / (2 sigma) + C3 / eta
(`theory.mirror_descent.regret_bound`). Where values only rise (no law), it is false.

Source: [Balseiro2023]_; constants derived here (see `balseiro2023_floor` for the proof on every path).

What was tested (statistical): one resource, unit costs, values uniform on [0, 1], rho = .3, T = 4000 (fluid .255 T; the bound is below that, the
trivial one), Euclidean prices from 0, the best step, n = 400 runs at scale 1 (at least 60). The prices of the first run are those of `price_path` to
the bit. The control sorts each run's values. Power: how many standard errors the control's mean is above the bound.
"""

import math
from statistics import NormalDist

from budgetsim.claims import THEOREM, statistical_at_most
from budgetsim.model import Verdict

PERTURBED = "loose: the constants are those of balseiro2023_floor, and the mean regret is far below"

HORIZON, RATE = 4000, 0.3


def check(scale: float, seed: int) -> Verdict:
    return _verdict(False, scale, seed, "dual mirror descent: mean regret <= C1 + 2 sqrt(C2 C3 T), i.i.d. requests")


def control(scale: float, seed: int) -> Verdict:
    return _verdict(True, scale, seed, "control: the same bound where values only rise (not i.i.d.)")


def _verdict(rising, scale, seed, claim):
    import numpy as np

    from budgetsim.theory.mirror_descent import best_step, price_path, regret_bound, regret_constants

    constants = regret_constants(1.0, 1.0, [RATE])
    bound, eta = regret_bound(constants, HORIZON), best_step(constants, HORIZON)
    fluid = HORIZON * RATE * (1.0 - RATE / 2.0)
    if bound >= fluid:
        raise AssertionError("the bound is not below the trivial one")
    value = np.random.default_rng(seed).random((max(60, round(400 * scale)), HORIZON))
    reward, price = _played(value, eta)
    wrong, _ = _played(np.sort(value, axis=1), eta)
    house = price_path(value[0, :200, None], np.ones((200, 1, 1)), [RATE], eta).price[:, 0]
    if not np.array_equal(house, price[:201]):
        raise AssertionError("the prices are not those of price_path")
    regret, false = fluid - reward, fluid - wrong
    error = float(regret.std(ddof=1) + false.std(ddof=1)) / math.sqrt(len(value))
    power = NormalDist().cdf((float(false.mean()) - bound) / error - NormalDist().inv_cdf(THEOREM))
    detail = (
        f"n = {len(value)} runs of {HORIZON} rounds; bound {bound:.1f}, trivial {fluid:.0f}; mean regret {regret.mean():.1f}, "
        f"{100 * regret.mean() / bound:.0f}% of the bound; "
        f"control {false.mean():.0f}, power {'above 99.99%' if power > 0.9999 else f'{100 * power:.2f}%'}"
    )
    return statistical_at_most(claim, false if rising else regret, bound, THEOREM, detail)


def _played(value, eta):
    """Rewards of runs (n,), and the prices of the first."""
    import numpy as np

    n, horizon = value.shape
    price, left, reward = np.zeros(n), np.full(n, math.floor(RATE * horizon + 1e-9)), np.zeros(n)
    first = np.zeros(horizon + 1)
    for t in range(horizon):
        wanted = value[:, t] > price
        paid = wanted & (left > 0)
        reward += np.where(paid, value[:, t], 0.0)
        left -= paid
        price = np.maximum(price - eta * (RATE - wanted), 0.0)
        first[t + 1] = price[0]
    return reward, first
