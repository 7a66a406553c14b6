"""A bit that is shared with probability rho gives any two inputs correlation exactly rho, whatever their bias.

Statement: with probability rho all b received bits are one and the same of bias mu, else independent ones of bias mu: Corr(Z_i, Z_j) = rho for every
mu in (-1, 1), and E sign(sum) = rho mu + (1 - rho) f_b(mu). Source: derived here; agrees with a public note on [Liu2026]_.

Proved: by enumeration of all outcomes with polynomial weights in mu and rho (sympy), b = 3 and 5: mean mu, correlation rho for symbolic mu, rho; the
vote's bias is that formula. `level_map` of theory/majority_tree agrees at random points to 1e-12.
Control: the shared bit is drawn before the channel and flipped afresh for each receiver ("sent"), whose correlation is gamma^2 rho (1 - mu^2) / (1 -
gamma^2 mu^2).
"""

from itertools import product
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity"


def law(b: int, rho: Any, mu: Any, gamma: Any, sent: bool) -> list[tuple[tuple[int, ...], Any]]:
    """All received words and their probabilities."""
    out = []
    for word in product((1, -1), repeat=b):
        alone, right, wrong = 1, 1, 1
        for z in word:
            alone = alone * (1 + z * gamma * mu) / 2
            right, wrong = right * (1 + z * gamma) / 2, wrong * (1 - z * gamma) / 2
        same = int(len(set(word)) == 1) * (1 + word[0] * gamma * mu) / 2
        out.append((word, rho * ((1 + mu) / 2 * right + (1 - mu) / 2 * wrong if sent else same) + (1 - rho) * alone))
    return out


def run(scale: float, seed: int, sent: bool) -> Verdict:
    import sympy as sp

    from budgetsim.theory.majority_tree import level_map

    rho, mu, gamma = sp.symbols("rho mu gamma", positive=True)
    ok, worst, luck = True, 0.0, Random(seed)
    for b in (3, 5):
        words = law(b, rho, mu, gamma, sent)
        total, mean = sp.expand(sum(p for _, p in words)), sp.expand(sum(w[0] * p for w, p in words))
        both = sp.expand(sum(w[0] * w[1] * p for w, p in words))
        ok &= total == 1 and sp.expand(mean - gamma * mu) == 0 and sp.expand(both - mean**2 - rho * (1 - mean**2)) == 0
        vote = sp.lambdify((rho, mu, gamma), sp.expand(sum((1 if sum(w) > 0 else -1) * p for w, p in words)))
        for _ in range(5 + int(20 * scale)):
            at = luck.uniform(0.0, 0.99), luck.uniform(-1.0, 1.0), luck.random()
            worst = max(worst, abs(vote(*at) - level_map(at[1], b, at[0], at[2], "sent" if sent else "received")))
    where = "sent" if sent else "received"
    return claims.proved(
        f"a shared {where} bit: correlation of two inputs is rho for every bias",
        ok and worst < 1e-12,
        detail=f"all words of b = 3, 5 enumerated, symbolic rho, mu, gamma; the house's level differs by {worst:.1e}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(scale, seed, False)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, seed, True)
