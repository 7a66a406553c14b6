"""Yao: the least worst-case regret of a randomised rule is the greatest Bayes regret of a prior, and every prior is a lower bound.

Statement. Finitely many deterministic rules i and instances j, regret M_ij: min over mixtures p of rules of max_j (p M)_j = max over priors w of min_i
(M w)_i, and min_i (M w)_i is at most that for every w.

Source: [Yao1977]_, von Neumann's minimax theorem. The adversarial families of `immorlica2019_adversarial_ratio` and `balseiro2023_stopping` use it.

Proved, in rationals, the two sides by two programs that are not each other's dual (`shared.rational_lp`, each with its own certificate): all
deterministic rules of two Bernoulli arms with T <= 3 rounds (2 at scale < .3) against the 16 instances with means in {1/5, 2/5, 3/5, 4/5}; all 2 x 3
matrices of regrets in {0, 1, 2} (2 x 2 at scale < .3); 50 drawn priors each stay at or below the value. Not proved: other classes (it is LP duality).
Control: rules that may not randomise: min_i max_j M_ij.
"""

from fractions import Fraction
from itertools import product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: an equality of programs"


def regrets(horizon: int) -> list[tuple[Fraction, ...]]:
    """The distinct rows of regrets over the instances, of all trees: a rule is an arm, and a rule after a win and after a loss."""
    means = list(product((Fraction(v, 5) for v in (1, 2, 3, 4)), repeat=2))
    found = {(Fraction(0),) * len(means)}
    for _ in range(horizon):
        found = {
            tuple(max(m) - m[arm] + m[arm] * a + (1 - m[arm]) * b for m, a, b in zip(means, win, loss, strict=True))
            for arm in (0, 1)
            for win, loss in product(found, repeat=2)
        }
    return sorted(found)


def least(rows: Any) -> Fraction:
    """min over mixtures of rows of the greatest entry, entries >= 0: with all entries raised by 1, max sum x for x rows <= 1 is one over it."""
    from flint import fmpq

    from budgetsim.shared.rational_lp import rational_lp

    columns = [[fmpq(v.numerator, v.denominator) + 1 for v in column] for column in zip(*rows, strict=True)]
    value = rational_lp([1] * len(rows), columns, [1] * len(columns), fmpq).value
    return Fraction(int(value.q), int(value.p)) - 1


def run(scale: float, seed: int, mixed: bool) -> Verdict:
    import numpy as np

    shape = (2, 3) if scale >= 0.3 else (2, 2)
    games = [[flat[: shape[1]], flat[shape[1] :]] for flat in product((0, 1, 2), repeat=shape[0] * shape[1])]
    games = [[tuple(map(Fraction, row)) for row in game] for game in games] + [regrets(t) for t in range(1, 4 if scale >= 0.3 else 3)]
    luck, differ, above, widest = np.random.default_rng(seed), 0, 0, Fraction(0)
    for game in games:
        top = max(map(max, game))
        prior = top - least([[top - v for v in column] for column in zip(*game, strict=True)])  # whoever draws instances has the least of what is left
        gap = (least(game) if mixed else min(map(max, game))) - prior
        differ, widest = differ + (gap != 0), max(widest, abs(gap))
        for weights in luck.integers(0, 9, (50 if len(game) > 3 else 2, len(game[0]))).tolist():
            above += min(sum(w * v for w, v in zip(weights, row, strict=True)) for row in game) > prior * sum(weights)
    return claims.proved(
        f"the worst case of the best {'mixture of rules' if mixed else 'single rule'} is the Bayes regret of the worst prior, {len(games)} games",
        differ == 0 and above == 0,
        -float(widest) or 0.0,
        f"rationals: {differ} games differ, by at most {float(widest):.3g}; drawn priors above the value: {above}; "
        f"two arms, {len(games[-1])} rows of regrets: value {float(prior):.5f}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, seed, True)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, False)
