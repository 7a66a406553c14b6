"""Our rules against independent numpy implementations written from the formula: the same regret, and wrong constants told apart."""

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from budgetsim import engine, policies
from budgetsim.model import Policy
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.explore_then_commit import explore_then_commit
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.moss import moss
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.successive_elimination import successive_elimination
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
from tests import references as folder
from tests.references import epsilon_greedy as epsilon_greedy_twin
from tests.references import exp3 as exp3_twin
from tests.references import explore_then_commit as explore_then_commit_twin
from tests.references import fixed_mixture as fixed_mixture_twin
from tests.references import kl_ucb as kl_ucb_twin
from tests.references import moss as moss_twin
from tests.references import primal_dual as primal_dual_twin
from tests.references import successive_elimination as successive_elimination_twin
from tests.references import thompson as thompson_twin
from tests.references import ucb1 as ucb1_twin

LEVEL = 1e-4
HORIZON = 1000
#: rules whose outcome is known exactly, and the test that says so: they need no twin
EXACT = {
    "fixed_arm": "test_fixed_arm",  # deterministic
    "fixed_budget": "test_fixed_budgets_have_the_risk_of_the_closed_form",
    "guess": "test_the_guess_is_uniform",  # K equally likely arms
}
MEANS = np.array([0.6] + [0.5] * 9)
MIXTURE = [0.4, 0.2] + [0.05] * 8
REWARD, COST = np.array([0.9, 0.6, 0.5, 0.3]), np.array([[0.8, 0.35, 0.1, 0.05], [0.2, 0.5, 0.25, 0.05]]).T


class Pair(NamedTuple):
    policy: Policy
    twin: Any
    wrong: dict[str, Any]  #: a constant of the twin that is not the rule's
    replications: int = 2000
    constants: Any = ()  #: of the twin, where its own defaults are not the rule's


PAIRS = {
    "ucb1": Pair(ucb1(), ucb1_twin, {"radius": 1.0}),
    "epsilon_greedy": Pair(epsilon_greedy(0.1), epsilon_greedy_twin, {"epsilon": 0.8}),
    "kl_ucb": Pair(kl_ucb(), kl_ucb_twin, {"c": 3.0}, 400),
    "thompson": Pair(thompson(), thompson_twin, {"b": 3.0}, 1000),
    "moss": Pair(moss(), moss_twin, {"radius": 2.0}, 1000),
    "fixed_mixture": Pair(fixed_mixture(MIXTURE), fixed_mixture_twin, {"mixture": None}, 1000, {"mixture": MIXTURE}),
    "uniform": Pair(uniform(), fixed_mixture_twin, {"mixture": [0.12, 0.08] + [0.1] * 8}, 1000),
    "exp3": Pair(exp3(), exp3_twin, {"mixing": 0.2}),
    "explore_then_commit": Pair(explore_then_commit(), explore_then_commit_twin, {"pulls": 60}, 4000),
    "primal_dual": Pair(primal_dual(), primal_dual_twin, {"confidence": 0.5}, 1000),
}


#: regret at T = 1000 over 50 seeds, and BwK1's reward there (LP less a regret of 145), printed beside and not asserted
PRINTED = {"ucb1": 83, "thompson": 66, "exp3": 78, "explore_then_commit": 60, "primal_dual": 1000 * 0.585714 - 145}


def ours(pair: Pair, seed: int) -> np.ndarray:
    """Regret (replications,), or total reward where there is a budget."""
    if pair.policy.name.startswith("primal_dual"):
        problem = knapsack_bandit(REWARD, COST, budget=[HORIZON / 4] * 2, horizon=HORIZON)
    else:
        problem = stochastic_bandit(bernoulli(MEANS), horizon=HORIZON)
    log = engine.play_block(engine.prepare(problem, pair.policy), seed, 0, pair.replications, np.array([HORIZON]))
    return log.reward[:, -1] if problem.spec.budget.size else log.pulls[:, -1] @ (MEANS.max() - MEANS)


def theirs(pair: Pair, seed: int, **constants: Any) -> np.ndarray:
    rng, constants = np.random.default_rng(seed), {**dict(pair.constants), **constants}
    if pair.twin is primal_dual_twin:
        return pair.twin.simulate(REWARD, COST, [HORIZON / 4] * 2, HORIZON, pair.replications, rng, **constants)
    return pair.twin.simulate(MEANS, HORIZON, pair.replications, rng, **constants)


def p_values(a: np.ndarray, b: np.ndarray) -> list[float]:
    """Of equal means (Welch: both errors combined) and of equal laws (Kolmogorov and Smirnov)."""
    return [float(stats.ttest_ind(a, b, equal_var=False).pvalue), float(stats.ks_2samp(np.round(a, 6), np.round(b, 6)).pvalue)]


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_agrees_with_its_twin(name, seed):
    pair = PAIRS[name]
    a, b = ours(pair, seed), theirs(pair, seed)
    print(f"section 2(g), {PRINTED.get(name, 'not there')} (no standard error); ", end="")
    print(f"{name}: {a.mean():.2f} +- {a.std() / math.sqrt(a.size):.2f}, twin {b.mean():.2f} +- {b.std() / math.sqrt(b.size):.2f}")
    assert min(p_values(a, b)) > LEVEL


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_constant_is_told_apart(name, seed):
    """Control: the same test rejects a twin with another constant."""
    pair = PAIRS[name]
    assert p_values(ours(pair, seed), theirs(pair, seed, **pair.wrong))[0] < LEVEL


def test_every_rule_has_a_twin():
    """Its name stands in backquotes in the first lines of a module of tests/references, or is its file's name, and a test imports both."""
    here = Path(__file__).parent
    tests = [path.read_text() for path in here.rglob("test_*.py")]
    rules = {path.stem for path in Path(policies.__file__).parent.glob("[a-z]*.py")}
    twins = {path.stem: {path.stem, *re.findall(r"`(\w+)`", path.read_text().split('"""')[1])} for path in (here / "references").glob("[a-z]*.py")}
    for rule in rules - EXACT.keys():
        mine = [stem for stem, named in twins.items() if rule in named]
        assert mine, f"{rule}: no twin in tests/references"
        beside = [f"policies.{rule} import" in text and f"references import {stem}" in text for text in tests for stem in mine]
        assert any(beside), f"{rule}: no test plays it beside its twin"
    assert EXACT.keys() <= rules - set().union(*twins.values())
    assert all(any(f"def {test}(" in text for text in tests) for test in EXACT.values())


def test_twins_are_short_and_know_nothing_of_us():
    for path in Path(folder.__file__).parent.glob("[a-z]*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 40, path.name
        assert "budgetsim" not in text and "numba" not in text, path.name


def test_a_printed_regret_of_successive_elimination_is_wrong(seed):
    """Section 2(g) prints 8699 at T = 100,000 (50 runs). The rule and an independent twin agree, far below it."""
    horizon, runs = 100_000, 200
    problem = stochastic_bandit(bernoulli(MEANS), horizon=horizon)
    log = engine.play_block(engine.prepare(problem, successive_elimination()), seed, 0, runs, np.array([horizon]))
    a = log.pulls[:, -1] @ (MEANS.max() - MEANS)
    b = successive_elimination_twin.simulate(MEANS, horizon, runs, np.random.default_rng(seed))
    print(f"ours {a.mean():.0f} +- {a.std() / math.sqrt(runs):.0f}, twin {b.mean():.0f} +- {b.std() / math.sqrt(runs):.0f}, printed 8699")
    assert min(p_values(a, b)) > LEVEL
    assert p_values(a, successive_elimination_twin.simulate(MEANS, horizon, runs, np.random.default_rng(seed), 1.5))[0] < LEVEL  # control
    for mine in (a, b):
        assert mine.mean() + 4.0 * mine.std() / math.sqrt(50) < 8699  # as if this mean, too, were of 50 runs
