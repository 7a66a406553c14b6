"""Lai and Robbins: what a policy learns is sum_k E[pulls of k] kl(mu_k, mu'_k), and no event tells two instances apart better.

**Statement.** For two instances with means mu and mu' and every event A of the history, sum_k E_mu[N_k] kl(mu_k, mu'_k) = KL(P_mu, P_mu') >= kl(P_mu(A), P_mu'(A)),
kl being that of two Bernoulli laws. With A = {arm k is pulled more than T/2 times}, mu' better in arm k alone, and a rule with small regret on both, this is the lower
bound E[N_k] >= (1 - o(1)) log T / kl(mu_k, mu*), which itself is a limit and not checked here.

**Source.** [Lai1985]_ for the bound; in this form [Lattimore2020]_, chapter 15.

**Proved.** (1) Equality: for *every* deterministic policy on two Bernoulli arms with T = 4 rounds (2^15 policies; at scale below 0.3 T = 3, 2^7) and *all* means in (0, 1)^2. It
is E[wins of k] = mu_k E[N_k], since logarithms enter linearly; both sides are polynomials of degree at most T + 1 in each mean, so equality on a grid of T + 2 values each
proves it, in integers. (2) The inequality: all 2^7 policies with T = 3, all 2^8 events, mu = (1/2, 1/2), mu' = (1/2, q), q in {1/4, 3/4}: exponentials of both sides are rational
and compared as such. Some events attain equality, so the constant 1 is sharp.

**Control.** The information is overrated: 9/10 of it should be enough.
"""

import itertools
import math
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"constant": Fraction(9, 10)}


def _policies(horizon: int) -> np.ndarray:
    """(policies, histories): the arm after each binary history, histories numbered 1, 2 and 3, 4 to 7, ... as in a heap."""
    nodes = 2**horizon - 1
    return (np.arange(2**nodes)[:, None] >> np.arange(nodes)) & 1


def _equality(horizon: int) -> bool:
    """E[wins of arm k - mu_k N_k] = 0 for every policy at means in {0, ..., n}/n, n = T + 1."""
    n, policies = horizon + 1, _policies(horizon).astype(np.int32)
    for a, b in itertools.product(range(n + 1), repeat=2):
        off = np.zeros((2, len(policies)), np.int64)
        for word in itertools.product((0, 1), repeat=horizon):
            node, chance = 1, np.ones(len(policies), np.int64)
            part = np.zeros((2, len(policies)), np.int64)  # n wins - n mu_k pulls
            for won in word:
                arm = policies[:, node - 1]
                mean = np.where(arm == 0, a, b)
                chance *= mean if won else n - mean
                for k in (0, 1):
                    part[k] += (arm == k) * (n * won - mean)
                node = 2 * node + won
            off += chance * part
        if off.any():
            return False
    return True


def _cases(four_q: int) -> set[tuple[int, int, int]]:
    """(8 E[pulls of arm 2], 8 P(A), 64 P'(A)) of every policy with T = 3 and every event A, mu = (1/2, 1/2), mu' = (1/2, four_q / 4)."""
    found = set()
    for policy in _policies(3):
        pulls, chances = 0, []
        for word in itertools.product((0, 1), repeat=3):
            node, chance = 1, 1
            for won in word:
                arm = int(policy[node - 1])
                pulls += arm
                chance *= 2 if arm == 0 else four_q if won else 4 - four_q
                node = 2 * node + won
            chances.append(chance)
        for event in itertools.product((0, 1), repeat=8):
            found.add((pulls, sum(event), sum(e * c for e, c in zip(event, chances))))
    return found


def _inequality(constant: Fraction) -> tuple[bool, float, int]:
    """c E[N_2] kl(1/2, q) >= kl(P(A), P'(A)) in every case, exactly; the least difference in nats; how many cases there are."""
    ok, least, many = True, math.inf, 0
    for four_q in (1, 3):
        for pulls, a, b in _cases(four_q):
            many += 1
            # twice eight times both sides: c pulls log(4/3) against 2 (a log(8a/b) + (8 - a) log(8(8 - a)/(64 - b)))
            event = Fraction(8 * a, b) ** a if a else Fraction(1)
            event *= Fraction(8 * (8 - a), 64 - b) ** (8 - a) if a < 8 else Fraction(1)
            ok = ok and Fraction(4, 3) ** (constant.numerator * pulls) >= event ** (2 * constant.denominator)
            least = min(least, (float(constant) * pulls * math.log(4 / 3) - 2 * math.log(event)) / 16)
    return ok, least, many


def check(scale: float, seed: int, constant: Fraction = Fraction(1)) -> Verdict:
    horizon = 4 if scale >= 0.3 else 3
    ok, least, many = _inequality(constant)
    ok = ok and _equality(horizon)
    claim = (
        f"KL of the histories = sum_k E N_k kl(mu_k, mu'_k), all policies with T = {horizon}, all means; {'' if constant == 1 else f'{constant} of '}it is >= kl(P(A), P'(A)), "
        "all policies and events with T = 3"
    )
    detail = f"exact: polynomial identity on a grid, {many} distinct cases compared in rationals; least difference {max(least, 0.0) if ok else least:.3g} nats"
    return claims.proved(claim, ok, max(least, 0.0) if ok else min(least, 0.0), detail + (", attained: sharp" if ok else ""))


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
