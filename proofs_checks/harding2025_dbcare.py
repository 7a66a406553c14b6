"""DBCARE on two arms: risk at most 32 LB(D) + 2 c against misidentification, at every gap.

**Statement.** Two sigma-sub-Gaussian arms, price c a pull. The risk P(wrong arm) + c E[pulls] of DBCARE is at most 32 LB(D) + 2 c for every gap D; the simple regret + c E[pulls] of its variant is at most 9 LB* + 3 c. LB, LB* are those of
`theory.identification`.

**Source.** Notes on [Harding2025]_; the width of the rule is a reconstruction (`policies.dbcare`, kappa = 2), so this is a check of our rule against the paper's bound.

**Certified.** Bernoulli arms, which are 1/2-sub-Gaussian, with means (1 +- D) / 2: the risk is computed exactly, by propagating the difference of wins (floats, error below 1e-9), at 40 gaps from 0.02 to 1 and c = 1e-2, 1e-3 (and 3e-4 at scale 0.3 and above), wherever
32 LB + 2 c < 1/2, the risk of guessing; and for the simple regret, the worst gap, whose bound is below 1/2. The rule in `policies.dbcare` stops after the same number of turns on 20 runs drawn by the seed.

**Control.** The rule, and the bound, are told a sigma ten times too small.
"""

import math
from types import SimpleNamespace

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.policies.dbcare import dbcare
from budgetsim.problems.priced_arms import priced_arms
from budgetsim.theory.identification import misidentification_lower_bound, pulls_allowed, worst_simple_regret_lower_bound

PERTURBED = "loose: 32 and 9 are about twice what the rule needs"


def _width(n: int, price: float, sigma: float, risk: str) -> float:
    worth = 1.0 / (2.0 * price * n) if risk == "misidentification" else sigma / (price * n * math.sqrt(n))
    return 2.0 * sigma * math.sqrt(max(math.log(worth), 1.0) / n)


def _exact(gap: float, price: float, sigma: float, risk: str) -> tuple[float, float]:
    """(probability of naming the worse arm, expected pulls of both)."""
    p, q = 0.5 + 0.5 * gap, 0.5 - 0.5 * gap
    up, down = p * (1.0 - q), q * (1.0 - p)
    last = math.floor(pulls_allowed(2, price, sigma, risk))
    chance, wrong, pulls = np.ones(1), 0.0, 0.0  # of differences -n, ..., n of the wins
    for n in range(1, last + 1):
        pulls += 2.0 * float(chance.sum())
        chance = np.concatenate([chance, [0.0, 0.0]]) * down + np.pad(chance, 1) * (1.0 - up - down) + np.concatenate([[0.0, 0.0], chance]) * up
        difference = np.arange(-n, n + 1)
        gone = np.abs(difference) / n > _width(n, price, sigma, risk)
        wrong += float(chance[gone & (difference < 0)].sum())
        chance[gone] = 0.0
    middle = chance.size // 2
    return wrong + float(chance[:middle].sum()) + 0.5 * float(chance[middle]), pulls


def _rule_agrees(price: float, sigma: float, risk: str, seed: int) -> bool:
    rng, rule = np.random.default_rng(seed), dbcare(risk=risk)
    spec = priced_arms([0.6, 0.6], sigma, price, risk=risk).spec
    last = math.floor(pulls_allowed(2, price, sigma, risk))
    for _ in range(10):
        (memory, params), turns, difference = rule.init(spec), 0, 0.0
        while not rule.stop(memory, params, np.zeros(0), turns):
            turns += 1
            for _ in (0, 1):
                arm, x = int(rule.act(memory, params, (), np.zeros(0), turns, 0)), float(rng.random() < 0.6)
                difference += (1 - 2 * arm) * x
                rule.update(memory, params, (), arm, SimpleNamespace(seen=SimpleNamespace(sample=np.array([x]))), turns)
            surely = abs(difference) / turns > _width(turns, price, sigma, risk)
            if surely != (memory.remaining[0] <= 1.0):
                return False
        if not surely and turns != last:
            return False
    return True


def _verdict(scale: float, seed: int, told: float) -> Verdict:
    prices = (1e-2, 1e-3, 3e-4) if scale >= 0.3 else (1e-2, 1e-3)
    gaps = np.append(np.geomspace(0.02, 0.98, 39), 1.0)
    verdicts, used = [], [0.0, 0.0]
    for price in prices:
        bound = 32.0 * misidentification_lower_bound(gaps, told, price) + 2.0 * price
        for gap, limit in zip(gaps, bound):
            if limit < 0.5:
                wrong, pulls = _exact(float(gap), price, told, "misidentification")
                used[0] = max(used[0], (wrong + price * pulls) / limit)
                verdicts.append(claims.at_most("", wrong + price * pulls, limit))
        limit = float(9.0 * worst_simple_regret_lower_bound(told, price) + 3.0 * price)
        assert limit < 0.5, "guessing has a simple regret of D/2"
        regret = [gap * wrong + price * pulls for gap in gaps for wrong, pulls in [_exact(float(gap), price, told, "simple_regret")]]
        used[1] = max(used[1], max(regret) / limit)
        verdicts.append(claims.at_most("", max(regret), limit))
    agree = all(_rule_agrees(prices[0], told, risk, seed) for risk in ("misidentification", "simple_regret"))
    claim = f"DBCARE: risk <= 32 LB(D) + 2c and worst simple regret <= 9 LB* + 3c, Bernoulli pairs, sigma told as {told:g}"
    detail = f"exact propagation at {len(verdicts)} (gap, price); at worst {100 * used[0]:.0f}% and {100 * used[1]:.0f}% of the bounds"
    verdict = claims.weakest(verdicts)._replace(claim=claim, detail=detail)
    return verdict if agree else verdict._replace(holds=False, margin=-math.inf, detail="policies.dbcare decides otherwise")


def check(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, 0.5)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, 0.05)
