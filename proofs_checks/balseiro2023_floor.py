"""Pathwise: dual mirror descent earns at least sum_{t <= tau} (f*_t(mu_t) + mu_t.rho) + fbar (T - tau) - (C1 + C2 eta T + C3 / eta), on every input.

Statement. f*_t(mu) = max(0, max_i r_ti - mu.c_ti), rewards in [0, fbar], costs in [0, bbar], rho = B / T, tau the first round after which some
resource has spent_j + bbar >= T rho_j, else T; Euclidean prices from 0. C1 = fbar bbar / min rho, C2 = max(bbar, rho)^2 d / 2, C3 = max(0, max_j
(fbar / rho_j)^2 / 2). For i.i.d. requests each term is at least the fluid value of a round in expectation, which gives the regret bound; the floor
itself needs no law. It fails with less than C3.

Source: [Balseiro2023]_; the floor and its constants as in `theory.mirror_descent.regret_constants`; derived here.

What was proved, given the mirror lemma (`balseiro2023_mirror_lemma`), by z3 over the reals: with E = sum_{t <= tau} (f*_t + mu_t.rho), earned = E -
sum mu_t.g_t and sum mu_t.g_t <= sum mu.g_t + slack for mu = 0 (tau = T) and mu = (fbar / rho_j) e_j (tau < T, spent_j >= T rho_j - bbar), the floor
follows. The house's prices (`price_path`), paid as the ledger pays, keep it on drawn paths of T = 2000 rounds (i.i.d., rising and falling values; the
best step and half of it), where the floor is above 0, what earning nothing gives (certified).
"""

from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(9, 10)}


def _algebra(share):
    """No real numbers keep the premises and break the floor."""
    import z3

    earned, total, moved, spent, horizon, tau, rho, f, b, slack, distance = z3.Reals("earned total moved spent T tau rho f b slack distance")
    premises = [horizon >= tau, tau >= 0, rho > 0, f >= 0, b >= 0, slack >= 0, distance >= 0, earned >= total - moved]  # moved = sum mu_t.g_t
    ends = [tau == horizon, moved <= slack]  # mu = 0
    # mu = (f / rho) e_j: sum mu.g = (f / rho)(tau rho - spent)
    stops = [tau < horizon, spent >= horizon * rho - b, rho * moved <= f * (tau * rho - spent) + rho * (slack + distance)]
    found = []
    for case in (ends, stops):
        solver = z3.Solver()
        solver.set("timeout", 5000)
        solver.add(*premises, *case, rho * earned < rho * (total + f * (horizon - tau) - slack - z3.Q(share.numerator, share.denominator) * distance) - f * b)
        found.append(solver.check())
    return found == [z3.unsat, z3.unsat]


def check(scale: float, seed: int, share: Fraction = Fraction(1)) -> Verdict:
    import numpy as np

    from budgetsim.theory.mirror_descent import best_step, price_path, regret_bound, regret_constants

    algebra = _algebra(share)
    g, horizon, least, least_floor, used = np.random.default_rng(seed), 2000 if scale >= 0.3 else 1500, np.inf, np.inf, 0.0
    rate = np.array([0.3])
    constants = regret_constants(1.0, 1.0, rate)
    for order in ("iid", "rising", "falling"):
        for eta in (best_step(constants, horizon), best_step(constants, horizon) / 2.0):
            value = g.random(horizon)
            value = value if order == "iid" else np.sort(value)[:: 1 if order == "rising" else -1]
            path = price_path(value[:, None], np.ones((horizon, 1, 1)), rate, eta)
            wanted, price = path.option >= 0, path.price[:-1, 0]
            paid = wanted & (np.cumsum(wanted) <= horizon * rate[0] + 1e-9)
            short = np.flatnonzero(np.cumsum(paid) + 1.0 >= horizon * rate[0] - 1e-9)
            tau = int(short[0]) + 1 if short.size else horizon
            best = float(np.sum(np.maximum(value - price, 0.0)[:tau] + price[:tau] * rate[0])) + (horizon - tau)
            allowed = constants._replace(distance=float(share) * constants.distance)
            bound = regret_bound(allowed, horizon, eta)
            slack = float(value[paid].sum()) - (best - bound)
            least, used = min(least, slack), max(used, 1.0 - slack / bound)
            least_floor = min(least_floor, best - regret_bound(constants, horizon, eta))
    ok = algebra and least >= 0.0 and least_floor > 0.0
    return proved(
        f"dual mirror descent: floor under the reward of every path, explicit constants{'' if share == 1 else f', {share} of C3'}",
        ok,
        least if ok else min(least, 0.0),
        f"z3: {algebra}; 6 paths of {horizon} rounds: reward above the floor by {least:.4g} at least, "
        f"{100 * used:.0f}% of the bound used; floor at least {least_floor:.0f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
