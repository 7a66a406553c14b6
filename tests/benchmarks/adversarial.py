"""Speed of the rules for adversarial bandits with knapsacks beside primal_dual, and how often OPT_FD needs a linear program.

    python tests/benchmarks/adversarial.py

One core, CPU time, best of repeats that take turns. Exit code 1 where a rule takes more than twice primal_dual's time a pull.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import budgetsim as bs
from budgetsim import engine
from budgetsim.problems.stochastic_bandit import bernoulli
from tests.benchmarks.bench import HORIZON, SEED, D, alternate


def pulls(k: int) -> dict[str, float]:
    """ns a pull, on the knapsack bandit of bench.py, whose budgets never bind, and for exp3 and hedge without budgets."""
    rng, p, count = np.random.default_rng(0), np.linspace(0.3, 0.7, k), max(4, 1000 // k)
    knapsack = bs.knapsack_bandit(p, rng.uniform(0.1, 0.6, (k, D)), np.full(D, 0.6 * HORIZON), horizon=HORIZON)
    full = bs.adversarial_bandit((rng.random((HORIZON, k)) < p).astype(float), feedback="full")
    pairs = [(knapsack, rule) for rule in (bs.primal_dual(), bs.lagrange_bwk(), bs.adversarial_bwk())]
    pairs += [(bs.stochastic_bandit(bernoulli(p), horizon=HORIZON), bs.exp3()), (full, bs.hedge())]
    games = [engine.prepare(*pair, "rows") for pair in pairs]
    for game in games:
        assert np.all(engine.play_block(game, SEED, 0, count, np.array([HORIZON])).rounds == HORIZON)
    seconds = alternate(9, *(lambda g=g: engine.play_block(g, SEED, 0, count, np.array([HORIZON])) for g in games))
    return {rule.name.split("(")[0]: s / count / HORIZON * 1e9 for (_, rule), s in zip(pairs, seconds, strict=True)}


def optima() -> None:
    for horizon, k, d in ((10_000, 10, 1), (100_000, 10, 1), (100_000, 10, 3)):
        rng = np.random.default_rng(1)
        reward, cost, start = rng.random((horizon, k)), rng.random((horizon, k, d)), time.process_time()
        best = bs.best_fixed_distribution(reward, cost, np.full(d, 0.2 * horizon))
        print(
            f"OPT_FD, T = {horizon:,}, {k} arms, {d} resources: {time.process_time() - start:.2f} CPU s, upper / lower - 1 = {best.upper / best.lower - 1:.1e}"
        )


def main() -> bool:
    good = True
    print(
        f"{'arms':>5}" + "".join(f"{name:>16}" for name in ("primal_dual", "lagrange_bwk", "/primal_dual", "adversarial_bwk", "/primal_dual", "exp3", "hedge"))
    )
    for k in (4, 10, 100, 1000):
        ns = pulls(k)
        ratios = [ns[name] / ns["primal_dual"] for name in ("lagrange_bwk", "adversarial_bwk")]
        good &= max(ratios) <= 2.0
        row = (ns["primal_dual"], ns["lagrange_bwk"], ratios[0], ns["adversarial_bwk"], ratios[1], ns["exp3"], ns["hedge"])
        print(f"{k:5}" + "".join(f"{value:16.2f}" for value in row))
    optima()
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
