"""Ten million draws of each law, on the path that pays, beside the law itself: Kolmogorov and Smirnov, or Pearson where it is discrete.

python -m tests.benchmarks.laws [--draws N]
"""

import argparse
from typing import Any

import numpy as np
import scipy.stats

from budgetsim import draws, engine
from budgetsim.model import ARM, Nothing, Policy, Problem, Spec


def nothing(memory, params, view, action, outcome, t):
    pass


def first(memory, params, view, left, t, key):
    return 0


def uniform(instance, state, view, action, left, t, key, cost, seen):
    return draws.uniform(key, 0)


def normal(instance, state, view, action, left, t, key, cost, seen):
    return draws.normal(key, 0)


def exponential(instance, state, view, action, left, t, key, cost, seen):
    return draws.exponential(key, 0)


def gamma_0_3(instance, state, view, action, left, t, key, cost, seen):
    return draws.gamma(key, 0, 0.3)


def gamma_7_5(instance, state, view, action, left, t, key, cost, seen):
    return draws.gamma(key, 0, 7.5)


def beta_0_5_0_5(instance, state, view, action, left, t, key, cost, seen):
    return draws.beta(key, 0, 0.5, 0.5)


def beta_0_1_5(instance, state, view, action, left, t, key, cost, seen):
    return draws.beta(key, 0, 0.1, 5.0)


def beta_30_70(instance, state, view, action, left, t, key, cost, seen):
    return draws.beta(key, 0, 30.0, 70.0)


def poisson_25(instance, state, view, action, left, t, key, cost, seen):
    return draws.poisson(key, 0, 25.0)


def binomial_60_0_37(instance, state, view, action, left, t, key, cost, seen):
    return draws.binomial(key, 0, 60.0, 0.37)


LAWS: dict[str, tuple[Any, Any]] = {
    "uniform": (uniform, scipy.stats.uniform),
    "normal": (normal, scipy.stats.norm),
    "exponential": (exponential, scipy.stats.expon),
    "gamma(0.3)": (gamma_0_3, scipy.stats.gamma(0.3)),
    "gamma(7.5)": (gamma_7_5, scipy.stats.gamma(7.5)),
    "beta(0.5, 0.5)": (beta_0_5_0_5, scipy.stats.beta(0.5, 0.5)),
    "beta(0.1, 5)": (beta_0_1_5, scipy.stats.beta(0.1, 5.0)),
    "beta(30, 70)": (beta_30_70, scipy.stats.beta(30.0, 70.0)),
    "poisson(25)": (poisson_25, scipy.stats.poisson(25.0)),
    "binomial(60, 0.37)": (binomial_60_0_37, scipy.stats.binom(60, 0.37)),
}
PARTS = 1 << 16  #: draws at a time


def drawn(step: Any, name: str, n: int, seed: int) -> tuple[np.ndarray, str]:
    """n draws, each the reward of a replication of one round; and the path."""
    game = engine.prepare(Problem(Spec(ARM, 1, 1), Nothing(), step, name=name), Policy(ARM, lambda spec: None, first, nothing, name="first"))
    logs = engine.blocks(game, n, seed, np.array([1]), 2, None, False, PARTS)
    return np.concatenate([log.reward[:, -1] for _, log in logs]), game.path


def p_value(x: np.ndarray, law: Any) -> float:
    if hasattr(law, "dist") and hasattr(law.dist, "pmf"):
        seen = np.bincount(x.astype(int))
        wanted = law.pmf(np.arange(seen.size)) * x.size
        many = wanted >= 20.0
        seen, wanted = (np.append(a[many], total - a[many].sum()) for a, total in ((seen, x.size), (wanted, x.size)))
        return float(scipy.stats.chisquare(seen, wanted).pvalue)
    return float(scipy.stats.kstest(x, law.cdf).pvalue)


def main(n: int = 10**7, seed: int = 7) -> dict[str, float]:
    """Prints and returns the p-value of each law."""
    found = {}
    for name, (step, law) in LAWS.items():
        x, path = drawn(step, name, n, seed)
        found[name] = p_value(x, law)
        print(f"{name:20} {n:,} draws on {path}: p = {found[name]:.3f}", flush=True)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10**7)
    main(parser.parse_args().draws)
