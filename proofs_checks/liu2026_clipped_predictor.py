"""The clipped predictor: min((1 - eta)^t alpha^t mu_0, mu_eta) <= mu_t <= min(alpha^t mu_0, mu*).

Statement: F as in `liu2026_phase_transition`, 0 < mu_0 <= mu*, (1 - eta) alpha > 1, F(mu_eta) = (1 - eta) alpha mu_eta. Source: ours; the constants
of the paper's "conservative clipped predictor" ([Liu2026]_) were not available.

Proved, given only that F rises and F(mu) / mu falls from alpha (`liu2026_phase_transition`): the induction steps, by z3 for all reals. Upper: mu <= U
<= mu* gives F(mu) <= alpha U and F(mu) <= F(mu*) = mu*. Lower: mu <= mu_eta gives F(mu) >= g mu, and mu >= mu_eta gives F(mu) >= g mu_eta >= mu_eta,
g = (1 - eta) alpha. Certified: both bounds of `clipped_bias` against mu_t in Arb (300 bits, b = 3, 5, 7, t <= 25) at random rho, gamma, mu_0, eta;
allowance 1e-9 relative for the doubles.
Control: eta = 0 below (growth at the full alpha).
"""

from math import comb
from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: it holds for every eta between 0 and 1 - 1/alpha"


def steps(free: bool) -> bool:
    """The induction: y = F(mu), with what is known of F. `free` drops that growth by g holds up to mu_eta."""
    import z3

    mu, y, u, alpha, star, g, low, eta, y_eta = z3.Reals("mu y u alpha star g low eta y_eta")
    upper = z3.Solver()
    upper.add(mu > 0, alpha > 1, mu <= u, mu <= star, y <= alpha * mu, y <= star, z3.Or(y > alpha * u, y > star))
    lower = z3.Solver()  # low <= mu is the bound now, g low clipped at eta the bound one level up
    lower.add(mu > 0, eta > 0, low > 0, low <= mu, low <= eta, g > 1)
    if not free:
        lower.add(y_eta == g * eta, z3.Implies(mu <= eta, y >= g * mu), z3.Implies(mu >= eta, y >= y_eta))
    lower.add(y < g * low, y < eta)
    return upper.check() == z3.unsat and lower.check() == z3.unsat


def run(scale: float, seed: int, full: bool) -> Verdict:
    from flint import arb, ctx

    from budgetsim.theory.majority_tree import amplification, clipped_bias, fixed_point

    luck, tries, depth = Random(seed), 5 + int(45 * scale), 25
    worst, loose, done = 1.0, 1.0, 0
    while done < tries:
        b, rho, gamma = luck.choice((3, 5, 7)), luck.uniform(0.0, 0.6), luck.uniform(0.5, 1.0)
        alpha = amplification(b, rho, gamma)
        if alpha < 1.02:
            continue
        done += 1
        star = fixed_point(b, rho, gamma)
        start, share = star * luck.uniform(1e-4, 1.0), luck.uniform(0.1, 0.9)
        eta = 0.0 if full else share * (1.0 - 1.0 / alpha)
        bounds = clipped_bias(start, list(range(depth + 1)), b, rho, gamma, eta)
        if full:  # growth by alpha itself, clipped at mu*
            bounds = (bounds[1], bounds[1])
        with ctx.workprec(300):
            mu, r, g = arb(start), arb(rho), arb(gamma)
            for t in range(1, depth + 1):
                right = (1 + g * mu) / 2
                vote = 2 * sum(comb(b, k) * right**k * (1 - right) ** (b - k) for k in range((b + 1) // 2, b + 1)) - 1
                mu = r * g * mu + (1 - r) * vote
                worst = min(worst, float(mu / arb(bounds[0][t])) - 1.0, 1.0 - float(mu / arb(bounds[1][t])))
                loose = max(loose, float(arb(bounds[1][t]) / mu))
    below = "alpha" if full else "(1 - eta) alpha"
    induction = steps(full)
    ok = induction and worst > -1e-9
    return claims.proved(
        f"lower clip with growth {below} <= mu_t <= min(alpha^t mu_0, mu*)",
        ok,
        detail=f"induction steps by z3: {induction}; {tries} trees of depth {depth} in Arb: least relative room {worst:.2g}; "
        f"the upper clip is at most {loose:.3f} times mu_t",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, seed, False)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, True)
