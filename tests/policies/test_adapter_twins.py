"""The rules of `adapter_cache` against independent numpy implementations: the same score, and a wrong constant told apart."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from budgetsim import Policy, engine
from budgetsim.policies.lfu import lfu
from budgetsim.policies.lru import lru
from budgetsim.policies.polar import polar
from budgetsim.policies.polar_plus import polar_plus
from budgetsim.policies.static_cache import static_cache
from budgetsim.problems.adapter_cache import adapter_cache
from tests.references import polar as polar_twin
from tests.references import recent_and_frequent as other_twin

LEVEL, HORIZON, RUNS, SLOTS = 1e-4, 300, 600, 2
G = np.random.default_rng(3)
CENTRES, THETA = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (G.normal(size=(4, 3)), G.normal(size=(5, 3))))
PROBLEM = adapter_cache(THETA, SLOTS, HORIZON, CENTRES, spread=0.3)


class Pair(NamedTuple):
    policy: Policy
    twin: Any
    constants: dict[str, Any]
    wrong: dict[str, Any]


PAIRS = {
    "polar": Pair(polar(50), polar_twin, {"looks": range(50, HORIZON, 50)}, {"alpha": 2.0}),
    "polar_plus": Pair(polar_plus(20), polar_twin, {"looks": (20, 60, 140), "kappa": 0.25}, {"kappa": 1.0}),
    "lru": Pair(lru(50), other_twin, {"keep": "last", "epoch": 50}, {"epoch": 10}),
    "lfu": Pair(lfu(50), other_twin, {"keep": "often", "epoch": 50}, {"alpha": 2.0}),
    "static_cache": Pair(static_cache(), other_twin, {"keep": "drawn"}, {"keep": "often"}),
}


def p_value(name: str, seed: int, **wrong: Any) -> float:
    """Of equal means (Welch: both errors combined) and of equal laws (Kolmogorov and Smirnov), the smaller."""
    pair = PAIRS[name]
    log = engine.play_block(engine.prepare(PROBLEM, pair.policy), seed, 0, RUNS, np.array([HORIZON]))
    ours = log.reward[:, -1] - log.spent[:, -1].sum(axis=1)
    theirs = pair.twin.simulate(THETA, CENTRES, 0.3, SLOTS, HORIZON, RUNS, np.random.default_rng(seed), **{**pair.constants, **wrong})
    a, b = ([v.mean(), v.std() / math.sqrt(RUNS)] for v in (ours, theirs))
    print(f"{name}: {a[0]:.2f} +- {a[1]:.2f}, twin {b[0]:.2f} +- {b[1]:.2f} {wrong or ''}")
    return min(float(stats.ttest_ind(ours, theirs, equal_var=False).pvalue), float(stats.ks_2samp(ours, theirs).pvalue))


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_agrees_with_its_twin(name, seed):
    assert p_value(name, seed) > LEVEL


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_constant_is_told_apart(name, seed):
    """Control: the same test rejects a twin with another constant."""
    assert p_value(name, seed, **PAIRS[name].wrong) < LEVEL
