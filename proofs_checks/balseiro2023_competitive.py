"""Dual mirror descent earns OPT / alpha* less O(sqrt T) on every sequence, alpha* = max(1, bbar / min rho); with 1.8 for alpha* = 2 it is false.

Statement. Rewards in [0, fbar], costs in [0, bbar], any sequence: reward >= OPT / alpha* - (C1 + C2 eta T + C3 / eta), constants those of
`theory.mirror_descent.competitive_constants` (fbar / alpha* for fbar; Euclidean, prices from 0). No rule has a greater share in the long run
(`balseiro2023_stopping`).

Source: [Balseiro2023]_; constants derived here.

What was proved, given the mirror lemma (`balseiro2023_mirror_lemma`), by z3 over the reals: (1) a round: whatever x the optimum takes, f(x) <= f* +
mu c(x) <= alpha (f* + mu rho) for mu >= 0, c <= alpha rho; one resource, which each adds alike. (2) the rounds together, with mu = 0 or mu = fbar /
(alpha rho_j) e_j as the day ends with or without budget. Beside it, certified: rho = .5, T = 20,000, days drawn i.i.d., rising, falling and the
two-phase day (T/2 values of 1, then T/2 of 20), where the floor is above 0; on the last the rule keeps about 1/1.9. Prices are those of `price_path`
to the bit (200 rounds).
"""

from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"alpha": Fraction(9, 5)}

RATE, FACTOR = 0.5, 20.0


def _round(alpha):
    """f(x) <= f* + mu c <= alpha (f* + mu rho), the greatest cost being 2 rho."""
    import z3

    f, best, mu, c, rho, a = *z3.Reals("f best mu c rho"), z3.Q(alpha.numerator, alpha.denominator)
    solver = z3.Solver()
    solver.add(best >= 0, mu >= 0, c >= 0, rho > 0, c <= 2 * rho, f <= best + mu * c, f > a * (best + mu * rho))
    return solver.check() == z3.unsat


def _together():
    """optimum <= alpha E + fbar (T - tau), earned = E - moved, moved <= sum mu.g + slack: optimum - alpha earned <= fbar b / rho + alpha slack."""
    import z3

    optimum, earned, total, moved, spent, horizon, tau, rho, f, b, slack, alpha = z3.Reals("optimum earned total moved spent T tau rho f b slack alpha")
    premises = [
        alpha >= 1,
        tau >= 0,
        horizon >= tau,
        rho > 0,
        f >= 0,
        b >= 0,
        slack >= 0,
        earned >= total - moved,
        optimum <= alpha * total + f * (horizon - tau),
    ]
    ends = [tau == horizon, moved <= slack]
    stops = [spent >= horizon * rho - b, rho * alpha * moved <= f * (tau * rho - spent) + rho * alpha * slack]
    for case in (ends, stops):
        solver = z3.Solver()
        solver.set("timeout", 5000)
        solver.add(*premises, *case, rho * (optimum - alpha * earned) > f * b + rho * alpha * slack)
        if solver.check() != z3.unsat:
            return False
    return True


def _played(day, eta):
    """(reward, prices)."""
    price, left, reward, prices = 0.0, int(RATE * len(day)), 0.0, [0.0]
    for value in day:
        wanted = value > price
        if wanted and left:
            reward, left = reward + value, left - 1
        price = max(price - eta * (RATE - (1.0 if wanted else 0.0)), 0.0)
        prices.append(price)
    return reward, prices


def check(scale: float, seed: int, alpha: Fraction = Fraction(2)) -> Verdict:
    import numpy as np

    from budgetsim.theory.mirror_descent import best_step, competitive_constants, price_path, regret_bound, regret_constants

    algebra = _round(alpha) and _together()
    horizon = 20_000
    named, constants = competitive_constants(FACTOR, 1.0, [RATE])
    if alpha != named:
        constants = regret_constants(FACTOR / float(alpha), 1.0, [RATE])
    bound, eta = regret_bound(constants, horizon), best_step(constants, horizon)
    drawn = FACTOR * np.random.default_rng(seed).random(horizon)
    days = {"i.i.d.": drawn, "rising": np.sort(drawn), "falling": np.sort(drawn)[::-1], "two phases": np.repeat([1.0, FACTOR], horizon // 2)}
    least, floors, shares = np.inf, [], {}
    for name, day in days.items():
        reward, price = _played(day.tolist(), eta)
        if not np.array_equal(price_path(day[:200, None], np.ones((200, 1, 1)), [RATE], eta).price[:, 0], price[:201]):
            raise AssertionError("the prices are not those of price_path")
        optimum = float(np.sort(day)[-int(RATE * horizon) :].sum())
        floors.append(optimum / float(alpha) - bound)
        least, shares[name] = min(least, (reward - floors[-1]) / FACTOR), reward / optimum
    ok = algebra and least >= 0.0 and min(floors) > 0.0
    return proved(
        f"dual mirror descent: reward >= OPT / alpha* - O(sqrt T) on every sequence, alpha* = {alpha}", ok, float(least), f"z3: {algebra}; shares of the optimum: {', '.join(f'{k} {v:.3f}' for k, v in shares.items())}; "
        f"allowance {bound / FACTOR:.0f} fbar, least floor {min(floors) / FACTOR:.0f} fbar; reward - floor at least {least:.0f} fbar"
    )  # fmt: skip


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
