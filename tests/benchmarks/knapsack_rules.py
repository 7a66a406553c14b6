"""Rules for bandits with knapsacks: rounds a second with their programs, and ns an arm examined beside primal_dual.

    python tests/benchmarks/knapsack_rules.py [--quick]

CPU time of the thread, best of repeats that take turns. An arm is examined in a round when the rule looks at its numbers:
all of them, here. "own" is the time of the rule's functions: less that of a rule that pulls arms in turn on the same problem,
which leaves nature and the engine out. Exit code 1 where a target is missed: 2,000 rounds a second with programs; the own time an arm
of compiled functions within twice primal_dual's, at K = 100.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np

from budgetsim import engine
from budgetsim.model import VECTOR, Nothing, Policy
from budgetsim.policies.balanced_exploration import balanced_exploration
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.lagrange_bwk import lagrange_bwk
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.semi_bandit_bwk import semi_bandit_bwk
from budgetsim.policies.ucb_bwk import ucb_bwk
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.semi_bandit import semi_bandit
from tests.benchmarks.bench import alternate

D, MOST = 3, 5


class Many(NamedTuple):
    many: int


def act(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = 0.0
    for i in range(params.many):
        chosen[(t * 31 + i * 17) % chosen.size] = 1.0


def update(memory, params, view, action, outcome, t):
    pass


def any_arms(many: int) -> Policy:
    return Policy(VECTOR, lambda spec: (Nothing(), Many(many)), act, update, name=f"{many} arms in turn")


def games(k: int, horizon: int) -> dict[str, Any]:
    """A budget that never binds, so that all rounds are played; `act` and `update` of the rules with programs also alone."""
    g = np.random.default_rng(0)
    p, q, budget = np.linspace(0.3, 0.7, k), g.uniform(0.1, 0.6, (k, D)), np.full(D, 0.6 * horizon)
    bandit, semi, one = knapsack_bandit(p, q, budget, horizon), *(semi_bandit(p, q, m, m * budget, horizon) for m in (min(MOST, k), 1))
    ucb, balanced = ucb_bwk(), balanced_exploration()
    pairs = {
        "nature, an arm": (bandit, fixed_arm(k - 1)),
        "nature, 1 arm of a mask": (one, any_arms(1)),
        f"nature, {semi.spec.public.most} arms of a mask": (semi, any_arms(semi.spec.public.most)),
        "primal_dual": (bandit, primal_dual()),
        "lagrange_bwk": (bandit, lagrange_bwk()),
        "ucb_bwk": (bandit, ucb),
        "balanced_exploration": (bandit, balanced),
        "ucb_bwk, act and update": (bandit, ucb._replace(replan=None, schedule=None)),
        "semi_bandit_bwk, 1 arm": (one, semi_bandit_bwk()),
        f"semi_bandit_bwk, {semi.spec.public.most} arms": (semi, semi_bandit_bwk()),
    }
    return {name: engine.prepare(*pair) for name, pair in pairs.items()}


def measure(k: int, horizon: int, repeats: int) -> dict[str, float]:
    """ns a round."""
    made = games(k, horizon)
    count = max(1, 20_000 // horizon)
    rounds = {name: engine.play_block(game, 7, 0, count, [horizon]).rounds.sum() for name, game in made.items()}
    seconds = alternate(repeats, *(lambda game=game: engine.play_block(game, 7, 0, count, [horizon]) for game in made.values()))
    return {name: s / rounds[name] * 1e9 for name, s in zip(made, seconds, strict=True)}


def main() -> int:
    repeats, missed = 3 if "--quick" in sys.argv else 10, []
    for k, horizon in ((4, 1000), (100, 1000), (100, 10_000)):
        ns = measure(k, horizon, repeats)
        nature, rules = {n: v for n, v in ns.items() if n.startswith("nature")}, {n: v for n, v in ns.items() if not n.startswith("nature")}
        own = {n: v - next((b for m, b in nature.items() if "mask" in m and m[8:].split()[0] == n[17:].split()[0]), nature["nature, an arm"]) if n.startswith("semi")
               else v - nature["nature, an arm"] for n, v in rules.items()}  # fmt: skip
        print(f"\nK = {k}, d = {D}, T = {horizon:,}\n{'rule':<26}{'ns a round':>12}{'rounds/s':>14}{'own ns':>9}{'own an arm':>12}{'of primal_dual':>16}")
        for name, value in rules.items():
            ratio = own[name] / own["primal_dual"]
            print(f"{name:<26}{value:>12.0f}{1e9 / value:>14,.0f}{own[name]:>9.0f}{own[name] / k:>12.2f}{ratio:>16.2f}")
            if 1e9 / value < 2000 or (k == 100 and ratio > 2.0 and name not in ("ucb_bwk", "balanced_exploration")):
                missed.append(f"{name}, K = {k}, T = {horizon:,}")
    print("\nmissed: " + ("; ".join(missed) or "nothing"))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
