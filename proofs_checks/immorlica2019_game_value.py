"""LagrangeBwK: the value of its zero-sum game is the fluid LP, exactly, with time as a resource and a null arm.

**Statement.** min over mixtures lambda of the resources, time included, max over mixtures x of the arms, the null arm included, of r.x + sum_i lambda_i (1 - (T/B) c_i.x) equals
max r.x subject to (T/B) c_i.x <= 1, sum x <= 1, x >= 0, for rewards in [0, 1] and budgets scaled to B each.

**Source.** [Immorlica2019]_; [Slivkins2019]_, chapter 10.

**Proved.** In rationals, game and LP solved separately, each with a certificate from both sides: every instance with 2 arms, one resource, rewards and mean costs in {0, 1/2, 1}, T/B in {1, 2, 5}
(243), and 80 (20 at scale below 0.3) instances with 2 to 4 arms and 2 or 3 resources, rewards and costs in multiples of 1/10, drawn by the seed.

**Not proved.** Other instances (it is LP duality: a dual solution has sum_i lambda_i <= value <= 1, and time takes the rest).

**Control.** Time is not a resource of the game: lambda must put all its weight on the others.
"""

import itertools
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.shared.rational_lp import rational_lp

PERTURBED = "no constant: an equality of programs"


def _game(reward: list[Fraction], cost: list[list[Fraction]], ratio: Fraction, time: bool) -> Fraction:
    """Value of max_x min_lambda: the minimiser's y >= 0 with (L + shift) y <= 1 has sum y = 1 / (value + shift)."""
    shift = 1 + ratio  # makes all entries positive
    payoff = [[r + 1 - ratio * c for c in costs] + [r] * time for r, costs in zip(reward, cost)]
    payoff.append([Fraction(1)] * len(cost[0]) + [Fraction(0)] * time)  # the null arm
    columns = len(payoff[0])
    total, _, _ = rational_lp([1] * columns, [[v + shift for v in row] for row in payoff], [1] * len(payoff))
    return 1 / total - shift


def _instances(scale: float, seed: int):  # type: ignore[no-untyped-def]
    halves = [Fraction(i, 2) for i in range(3)]
    for r1, r2, c1, c2 in itertools.product(halves, repeat=4):
        for ratio in (1, 2, 5):
            yield [r1, r2], [[c1], [c2]], Fraction(ratio)
    rng = np.random.default_rng(seed)
    for _ in range(80 if scale >= 0.3 else 20):
        k, d = int(rng.integers(2, 5)), int(rng.integers(2, 4))
        reward = [Fraction(int(v), 10) for v in rng.integers(0, 11, k)]
        yield reward, [[Fraction(int(v), 10) for v in row] for row in rng.integers(0, 11, (k, d))], Fraction(int(rng.integers(2, 31)), 2)


def _verdict(scale: float, seed: int, time: bool) -> Verdict:
    worst, many = Fraction(0), 0
    for reward, cost, ratio in _instances(scale, seed):
        rows = [[ratio * c[i] for c in cost] for i in range(len(cost[0]))]
        best = rational_lp(reward, [*rows, [1] * len(reward)], [1] * (len(rows) + 1))[0]
        worst = max(worst, abs(_game(reward, cost, ratio, time) - best))
        many += 1
    claim = f"the value of LagrangeBwK's game{'' if time else ' without time as a resource'} is the fluid LP, on {many} instances"
    return claims.proved(claim, worst == 0, float(-worst), "both in rationals, certified from both sides: sharp, no tolerance")


def check(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, True)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, False)
