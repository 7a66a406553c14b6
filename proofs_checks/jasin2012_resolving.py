"""Solving the fluid program again before every round, at known rates and with what is left, earns exactly the fluid program on the fluid course.

Statement. Types j come at rates p_j; V(b, T) = max T sum_j p_j r_j.x_j subject to T sum_j p_j c_j.x_j <= b. Let each round serve the rates by the
plan x of V(b_t, T - t) and pay for it. Then V(b_t - c.x, T - t - 1) = V(b_t, T - t) - r.x in each round, and the course earns V(B, T): re-solving
never regrets its past where nothing is random.

Source: derived here; re-solving in this form is that of the literature on revenue management (Jasin, Kumar 2012, known to us by name).

What was proved. For all instances: x stays feasible, as T c.x <= b gives (T - 1) c.x <= b - c.x, and the mean of x and any later plan is a plan for T
(z3, one linear constraint of each kind, all reals). In rationals, with exact programs (`shared.rational_lp`), the whole course of T = 4 rounds for
*every* pair of types with rewards in {1, 2, 3}, costs of two resources in {0, 1, 2} (rates 1/4 and 3/4), budgets in {1, 2}^2 (costs in {0, 1},
budgets (1, 2) at scale < .3). `optima.fluid_request_lp` has the first value between its bounds on a share.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity"

RATES, ROUNDS = (Fraction(1, 4), Fraction(3, 4)), 4


def check(scale: float, seed: int) -> Verdict:
    return _verdict(True, scale, "re-solving the fluid program with what is left earns the fluid program: each round for all reals, every course of a class")


def control(scale: float, seed: int) -> Verdict:
    """What is left is spread over the whole horizon again, not over the rounds that remain."""
    return _verdict(False, scale, "control: re-solving with what is left, spread over the whole horizon, earns the fluid program")


def _verdict(remaining, scale, claim):
    from budgetsim.optima.fluid_request_lp import fluid_request_lp

    costs = list(itertools.product(range(3 if scale >= 0.3 else 2), repeat=2))
    budgets = list(itertools.product((1, 2), repeat=2)) if scale >= 0.3 else [(1, 2)]
    courses, short, least, agree = 0, 0, 1.0, True
    for reward in itertools.product((1, 2, 3), repeat=2):
        for cost in itertools.product(costs, repeat=2):
            for budget in budgets:
                value, earned = _course(reward, cost, budget, remaining)
                short += earned != value
                least = min(least, float(earned / value))
                if courses % 400 == 0:
                    best = fluid_request_lp([[r] for r in reward], [[list(c)] for c in cost], [float(p) for p in RATES], [float(b) for b in budget], ROUNDS)
                    agree &= best.lower <= float(value) * (1 + 1e-12) and float(value) <= best.upper * (1 + 1e-12)
                courses += 1
    ok = short == 0 and agree and _algebra()
    return proved(claim, ok, least - 1.0, f"z3; {courses} courses of {ROUNDS} rounds in rationals, short of the program in {short}, least share {least:.4f}")


def _course(reward, cost, budget, remaining):
    left, total, first = list(budget), 0, None
    for t in range(ROUNDS):
        value, x = _program(reward, cost, left, ROUNDS - t if remaining else ROUNDS)
        first = value if first is None else first
        total += sum(p * r * v for p, r, v in zip(_rates(), reward, x, strict=True))
        left = [b - sum(p * c[k] * v for p, c, v in zip(_rates(), cost, x, strict=True)) for k, b in enumerate(left)]
    return first, total


def _rates():
    from flint import fmpq

    return [fmpq(p.numerator, p.denominator) for p in RATES]


def _program(reward, cost, left, rounds):
    from flint import fmpq

    from budgetsim.shared.rational_lp import rational_lp

    p = [rounds * q for q in _rates()]
    rows = [[q * c[k] for q, c in zip(p, cost, strict=True)] for k in range(len(left))] + [[1, 0], [0, 1]]
    solved = rational_lp([q * r for q, r in zip(p, reward, strict=True)], rows, [*left, 1, 1], fmpq)
    return solved.value, solved.x


def _algebra():
    """T c <= b gives (T - 1) c <= b - c; with (T - 1) c' <= b - c the mean plan, of cost (c + (T - 1) c') / T, costs at most b in T rounds."""
    import z3

    rounds, c, later, b = z3.Reals("T c later b")
    found = []
    for claim in (
        [rounds * c <= b, (rounds - 1) * c > b - c],
        [rounds >= 1, (rounds - 1) * later <= b - c, rounds * ((c + (rounds - 1) * later) / rounds) > b],
    ):
        solver = z3.Solver()
        solver.add(*claim)
        found.append(solver.check())
    return found == [z3.unsat, z3.unsat]
