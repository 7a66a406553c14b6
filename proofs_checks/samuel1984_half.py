"""A threshold at half the prophet's mean earns at least half of it, for independent nonnegative values; 1/2 is the best constant.

Statement. X_1, ..., X_n >= 0 independent, M = E max. Taking the first X_i >= M/2 earns at least M/2 in expectation, whatever n and laws. No rule has
a constant above 1/2: where 1 comes surely and then 1/eps with probability eps, the best earns 1, the prophet 2 - eps.

Source: [Samuel1984]_ (median of the maximum); the threshold M/2 is that of [Kleinberg2012]_.

What was proved. (1) For all n and laws, by induction: with tau the threshold, p_i the chance of having stopped by i, S_i = sum of E(X_k - tau)_+ so
far, ``earned_i >= p_i tau + (1 - p_i) S_i``. z3 shows the step over all reals, p' = p + (1 - p) a, earned' = earned + (1 - p)(a tau + e), S' = S + e;
then, as S_n >= E(max - tau)_+ >= M - tau, that ``earned >= M / 2`` at tau = M / 2. (2) Independently, in rationals: every instance of 3 rounds whose
laws have values 0 and v <= 3 and probabilities in quarters, each with the threshold M/2, the median of the maximum (ties by a coin found by 8
halvings) and the best rule (dynamic programming); quarters 1/4 and 3/4 alone at scale < .3; `theory.stopping` agrees to 1e-10 on every fiftieth. (3)
The pair with eps = 1/2, ..., 1/100 in rationals, and 1/(2 - eps) -> 1/2.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(11, 20)}


def _induction(share):
    """Neither the step nor the conclusion has a counterexample."""
    import z3

    p, a, tau, earned, s, e, mean = z3.Reals("p a tau earned s e mean")
    chance = [0 <= p, p <= 1, 0 <= a, a <= 1, tau >= 0, s >= 0, e >= 0]
    after, later = p + (1 - p) * a, earned + (1 - p) * (a * tau + e)
    step = [*chance, earned >= p * tau + (1 - p) * s, later < after * tau + (1 - after) * (s + e)]
    end = [*chance, earned >= p * tau + (1 - p) * s, mean >= 0, tau == mean / 2, s >= mean - tau, earned < z3.Q(share.numerator, share.denominator) * mean]
    found = []
    for claim in (step, end):
        solver = z3.Solver()
        solver.add(*claim)
        found.append(solver.check())
    return found == [z3.unsat, z3.unsat]


def _prophet(rounds):
    """E max of independent values v with probability p, 0 else."""
    points = sorted({v for v, _ in rounds})
    upto = [_product(1 - p for v, p in rounds if v > x) for x in [0, *points]]
    return sum((x * (b - a) for x, (a, b) in zip(points, itertools.pairwise(upto), strict=True)), Fraction(0))


def _product(factors):
    out = Fraction(1)
    for f in factors:
        out *= f
    return out


def _best(rounds):
    ahead = Fraction(0)
    for v, p in reversed(rounds):
        ahead = p * max(Fraction(v), ahead) + (1 - p) * ahead
    return ahead


def _threshold(rounds, price, tie):
    """Mean of taking the first value above the price, one equal to it with chance `tie`."""
    alive, earned = Fraction(1), Fraction(0)
    for v, p in rounds:
        take = p * (1 if v > price else tie if v == price else 0)
        earned, alive = earned + alive * take * v, alive * (1 - take)
    return earned


def _median(rounds):
    """(price, tie) with which something is taken with probability 1/2, or a little more: 8 halvings; all is taken where nothing comes that often."""
    for x in sorted({0} | {v for v, _ in rounds}):
        if _product(1 - p for v, p in rounds if v > x) >= Fraction(1, 2):
            low, high = Fraction(0), Fraction(1)
            for _ in range(8):
                tie = (low + high) / 2
                taken = _product(1 - p * (1 if v > x else tie if v == x else 0) for v, p in rounds)
                low, high = (tie, high) if taken > Fraction(1, 2) else (low, tie)
            return Fraction(x), high
    raise AssertionError("the law of the maximum ends at 1")


def check(scale: float, seed: int, share: Fraction = Fraction(1, 2)) -> Verdict:
    from budgetsim.theory.stopping import best_threshold_stopping, expected_maximum, pair_ratio

    proof = _induction(share)
    laws = [(v, Fraction(p, 4)) for v in (1, 2, 3) for p in (range(1, 5) if scale >= 0.3 else (1, 3))]
    cases = [*itertools.product(laws, repeat=3), *([(1, Fraction(1)), (n, Fraction(1, n))] for n in range(2, 101))]
    least, agree, sharpest = Fraction(1), True, Fraction(1)
    for number, rounds in enumerate(cases):
        mean = _prophet(rounds)
        best = _best(rounds)
        half, median = _threshold(rounds, mean / 2, Fraction(1)), _threshold(rounds, *_median(rounds))
        least, sharpest = min(least, half / mean, median / mean), min(sharpest, best / mean)
        agree &= half <= best and median <= best <= mean
        if number % 50 == 0:
            table = [[float(v)] for v, _ in rounds], [[float(p)] for _, p in rounds]
            agree &= abs(expected_maximum(*table) - mean) < 1e-10 and abs(best_threshold_stopping(*table) - best) < 1e-10
    agree &= all(abs(pair_ratio(1.0 / n) - _best(r) / _prophet(r)) < 1e-12 for n in (2, 10, 100) for r in [[(1, Fraction(1)), (n, Fraction(1, n))]])
    ok = proof and agree and least >= share
    return proved(
        f"the threshold at half the prophet's mean earns {share} of it, for all independent laws",
        ok,
        float(least - share),
        f"z3: {'no counterexample over the reals' if proof else 'refuted'}; "
        f"{len(cases)} instances in rationals: least share of a threshold {float(least):.5f}, of the best rule {float(sharpest):.5f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
