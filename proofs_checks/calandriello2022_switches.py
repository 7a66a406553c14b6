"""mini-GP: rules that stay on a point switch at most 2 I / log((C^2 + 1) / 2) times, and no deviation shrinks by more than C on the way.

**Statement.** Each choice x of a rule is read m = max(1, floor((C^2 - 1) v / var(x))) times before the posterior is updated, v the variance of a reading, C > 1. After N batches ((C^2 + 1) / 2)^N <= det(1 + D K / v) = exp(2 I), D the numbers of readings: N <= 2 I / log((C^2 + 1) / 2),
whatever the rule chooses. Where the floor is at least 1, no point's variance falls by more than a factor C^2 in a batch.

**Source.** The rule of staying is [Calandriello2022]_; these constants are derived here (`theory.mini_gp`, `policies.mini_gp_ucb`).

**Proved.** For all y = (C^2 - 1) v / var > 0: m / y >= 1/2 (z3), so a batch brings at least log(1 + (C^2 - 1) / 2) / 2; 1/2 is the best constant. In rationals on every sequence of 5 choices (4 at scale below 0.3) among 3 points, for 2 covariances, v in {1/10, 1} and C^2 in {5/4, 2, 4}: the product of 1 + m var / v is the determinant
(chain rule), it is at least ((C^2 + 1) / 2)^N, and variances fall by at most C^2. `information_gain`, `batch_bound` and `deviation_ratio` agree to 1e-9.

**Not proved by machine.** The chain rule for other covariances.

**Control.** The share 1/2 becomes 11/20.
"""

import itertools
import math
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.theory.mini_gp import batch_bound, deviation_ratio, information_gain

PERTURBED = {"share": Fraction(11, 20)}

COVARIANCES = (
    ((1, Fraction(1, 2), Fraction(1, 4)), (Fraction(1, 2), 1, Fraction(1, 2)), (Fraction(1, 4), Fraction(1, 2), 1)),
    ((2, Fraction(9, 5), 0), (Fraction(9, 5), 2, Fraction(-1, 3)), (0, Fraction(-1, 3), Fraction(1, 2))),
)


def _share_holds(share: Fraction) -> tuple[bool, float]:
    """Whether max(1, floor y) >= share y for all y > 0; the margin, that of a counterexample where it fails."""
    import z3

    y, f, solver = z3.Real("y"), z3.Int("f"), z3.Solver()
    solver.add(y > 0, z3.ToReal(f) <= y, y < z3.ToReal(f) + 1, z3.ToReal(z3.If(f >= 1, f, 1)) < z3.Q(share.numerator, share.denominator) * y)
    if solver.check() == z3.unsat:
        return True, float(Fraction(1, 2) - share)
    found = solver.model()[y].as_fraction()
    return False, float(Fraction(max(1, math.floor(found))) / found - share)


def _determinant(a: list[list[Fraction]]) -> Fraction:
    return sum((a[0][i] * (a[1][(i + 1) % 3] * a[2][(i + 2) % 3] - a[1][(i + 2) % 3] * a[2][(i + 1) % 3]) for i in range(3)), Fraction(0))


def _walks(covariance, noise: Fraction, square: Fraction, length: int):  # type: ignore[no-untyped-def]
    """(pulls of the points, product of 1 + m var / v, greatest fall of a variance in a batch whose floor was at least 1) of every sequence."""
    stack = [([[Fraction(v) for v in row] for row in covariance], (0, 0, 0), Fraction(1), Fraction(1), 0)]
    while stack:
        k, pulls, product, fall, made = stack.pop()
        if made == length:
            yield pulls, product, fall
            continue
        for x in range(3):
            y = (square - 1) * noise / k[x][x]
            m = max(1, math.floor(y))
            scale = k[x][x] + noise / m
            after = [[k[i][j] - k[i][x] * k[x][j] / scale for j in range(3)] for i in range(3)]
            fell = max(k[i][i] / after[i][i] for i in range(3)) if y >= 1 else Fraction(1)
            stack.append((after, tuple(p + m * (i == x) for i, p in enumerate(pulls)), product * (1 + m * k[x][x] / noise), max(fall, fell), made + 1))


def check(scale: float, seed: int, share: Fraction = Fraction(1, 2)) -> Verdict:
    length, used, many = 5 if scale >= 0.3 else 4, 0.0, 0
    ok, margin = _share_holds(share)
    for covariance, noise, square in itertools.product(COVARIANCES, (Fraction(1, 10), Fraction(1)), (Fraction(5, 4), Fraction(2), Fraction(4))):
        factor = 1 + (square - 1) * share
        for pulls, product, fall in _walks(covariance, noise, square, length):
            system = [[int(i == j) + pulls[i] * Fraction(covariance[i][j]) / noise for j in range(3)] for i in range(3)]
            ok = ok and product == _determinant(system) and product >= factor**length and fall <= square
            used, many = max(used, length * math.log(factor) / math.log(product)), many + 1
        matrix, c = np.array(covariance, float), math.sqrt(square)
        gain = information_gain(matrix, pulls, float(noise))
        ok = ok and abs(2.0 * gain - math.log(product)) < 1e-9 and (share != Fraction(1, 2) or abs(batch_bound(gain, c) * math.log(factor) - 2.0 * gain) < 1e-9)
        small = np.array([v for v in np.diag(matrix) if (float(square) - 1.0) * float(noise) >= v])
        ok = ok and (small.size == 0 or float(deviation_ratio(small, c, float(noise)).max()) <= c * (1 + 1e-12))
    claim = f"mini-GP: N batches have (1 + {share} (C^2 - 1))^N <= det(1 + DK/v), and no variance falls by more than C^2 in a batch with a floor of at least 1"
    detail = f"the step for all y > 0 by z3 (the share 1/2 is sharp); {many} sequences in rationals; N is at most {100 * used:.1f}% of the bound"
    return claims.proved(claim, ok, margin, detail)


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
