"""Mitosis against every allocation: alike and unlike volunteers, exact and noisy oracles."""

import numpy as np
import pytest

from budgetsim import BudgetsimError, engine
from budgetsim.optima.mitosis import mitosis
from budgetsim.policies.whittle import whittle
from budgetsim.problems.volunteer_rescue import volunteer_rescue
from budgetsim.theory.volunteer_chain import volunteer_chain, volunteer_reward
from budgetsim.theory.volunteer_index import volunteer_index

from ..references import volunteer_joint
from ..theory.test_volunteer_chain import F1
from .test_volunteer_optimum import brute_force, every_allocation


def oracle_of(chain):
    return lambda b, samples: (float(volunteer_reward(chain, b)), 0.0)


@pytest.mark.parametrize("seed", range(30))
def test_it_is_brute_force_for_alike_volunteers(seed):
    """Issue: Mitosis = brute force on every instance with N <= 12."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 13)), int(rng.integers(1, 4))
    f, p, q, budget = rng.random(k), rng.random(k), 0.05 + 0.95 * rng.random(), n * rng.random() * 0.6
    f /= f.sum()
    best = mitosis(f, np.tile(p, (n, 1)), q, budget, oracle_of(volunteer_chain(f, p, q, n)))
    value, _ = brute_force(f, p, q, n, budget)
    assert best.kind == "certified" and best.value == pytest.approx(value, abs=1e-10) and best.lower <= value <= best.upper <= best.lower + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_it_is_brute_force_for_unlike_volunteers(seed):
    """N = 4: an exact oracle over all 16 states, volunteers ranked by acceptance."""
    rng = np.random.default_rng(seed)
    n, k = 4, 2
    f, p, q, w = rng.random(k), rng.random((n, k)), 0.1 + 0.9 * rng.random(n), rng.random(k)
    f /= f.sum()
    rank = [list(np.argsort(-p[:, c])) for c in range(k)]

    def exact(b, samples=1):
        return volunteer_joint.priority_reward(f, p, q, w, b, rank), 0.0

    best = mitosis(f, p, q, 1.5, exact, w)
    value = max(exact(b)[0] for b in every_allocation(f, n, 1.5))
    assert best.kind == "certified" and best.value == pytest.approx(value, abs=1e-10)
    assert best.plan.evaluations <= len(every_allocation(f, n, 1.5))


def test_the_printed_instance(capsys):
    """The printed tree: 166 nodes, 44 exact evaluations."""
    f, p, q = F1
    best = mitosis(f, np.tile(p, (25, 1)), q, 5, oracle_of(volunteer_chain(f, p, q, 25)))
    assert round(best.value, 6) == 1.645330 and best.plan.allocation.tolist() == [12, 0, 8] and best.upper - best.lower < 1e-9
    assert best.plan.nodes <= 166 and best.plan.evaluations == best.plan.calls < 936 / 4
    with capsys.disabled():
        print(f"\n  F1: {best.plan.nodes} nodes, {best.plan.evaluations} evaluations (printed: 166, 44)")


def noisy(chain, rng, error, bias=0.0):
    return lambda b, samples: (float(volunteer_reward(chain, b)) + bias + error * rng.normal() / np.sqrt(samples), error / np.sqrt(samples))


def test_a_noisy_oracle_is_covered_at_its_level(seed):
    """Statistical: of 40 searches at level 0.9 nearly all hold the optimum; oracles that understate their error do not (the control)."""
    f, p, q = F1
    chain, everyone = volunteer_chain(f, p, q, 12), np.tile(p, (12, 1))
    truth, _ = brute_force(f, p, q, 12, 3)
    covered, lied = 0, 0
    for i in range(40):
        rng = np.random.default_rng([seed, i])
        best = mitosis(f, everyone, q, 3, noisy(chain, rng, 0.2), samples=100, gap=0.1, level=0.9, limit=100)
        assert best.kind == "statistical" and best.level == 0.9 and best.plan.calls >= best.plan.evaluations
        covered += best.lower <= truth <= best.upper
        liar = noisy(chain, rng, 0.2)
        best = mitosis(f, everyone, q, 3, lambda b, s, liar=liar: (liar(b, s)[0], liar(b, s)[1] / 50), samples=100, gap=0.1, level=0.9, limit=100)
        lied += best.lower <= truth <= best.upper
    assert covered >= 36 and lied < 30


def test_with_runs_of_the_problem_as_its_oracle(seed):
    """Unlike volunteers under the index rule, N = 4: the interval holds the best exact value over all allocations."""
    rng = np.random.default_rng(5)
    f, p, q, w = np.array([0.4, 0.6]), rng.random((4, 2)), 0.2 + 0.8 * rng.random(4), np.ones(2)
    index, calls = volunteer_index(f, p, q).indices, []
    rule = whittle(f, p, q, w)

    def oracle(allocation, samples):
        calls.append(allocation)
        problem = volunteer_rescue(f, p, q, allocation, 600)
        log = engine.play_block(engine.prepare(problem, rule), seed + len(calls), 0, samples, np.array([100, 600]))
        each = np.diff(log.reward, axis=1) / 500
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(samples))

    rank = [list(np.argsort(-index[:, k], kind="stable")) for k in range(2)]
    truth = max(volunteer_joint.priority_reward(f, p, q, w, b, rank) for b in every_allocation(f, 4, 1.6))
    best = mitosis(f, p, q, 1.6, oracle, samples=200, gap=0.01, limit=60, level=1 - 1e-4)
    assert best.kind == "statistical" and best.lower <= truth <= best.upper and best.plan.calls == len(calls)


def test_sampling_again_closes_the_gap(seed):
    f, p, q = F1
    chain, everyone = volunteer_chain(f, p, q, 12), np.tile(p, (12, 1))
    wide, close = (mitosis(f, everyone, q, 3, noisy(chain, np.random.default_rng(seed), 0.2), gap=g, limit=1000) for g in (0.2, 0.05))
    assert close.upper - close.lower <= 0.05 + 1e-9 and close.plan.calls > wide.plan.calls
    short = mitosis(f, everyone, q, 3, noisy(chain, np.random.default_rng(seed), 0.2), gap=0.001, limit=10)
    assert short.plan.nodes == 10 and short.upper - short.lower > 0.001


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": -1}, "budget"),
        ({"samples": 0}, "samples"),
        ({"level": 1.0}, "level"),
        ({"gap": -0.1}, "gap"),
        ({"limit": 0}, "limit"),
        ({"acceptance": [[0.9]]}, "acceptance"),
        ({"oracle": lambda b, s: (float("nan"), 0.0)}, "oracle"),
        ({"oracle": lambda b, s: (0.1, -1.0)}, "oracle"),
    ],
)
def test_wrong_arguments(changes, says):
    good = {"context_probability": [0.5, 0.5], "acceptance": [[0.9, 0.1]], "reactivation": 0.2, "budget": 1.0, "oracle": lambda b, s: (0.1, 0.0)}
    with pytest.raises(BudgetsimError, match=f"^{says}"):
        mitosis(**good | changes)
