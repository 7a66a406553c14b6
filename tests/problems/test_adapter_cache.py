"""The adapter cache, worked out by hand: misses, loads, refused masks, void rounds, and the contexts that nature shows."""

import math
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import VECTOR, BudgetsimError, Policy, engine, metrics, run
from budgetsim.policies.static_cache import static_cache
from budgetsim.problems.adapter_cache import adapter_cache, contexts_seen


class Script(NamedTuple):
    action: np.ndarray
    shown: np.ndarray  #: (T, N): the resident set of the view in `act`


def init(spec):
    return Script(np.zeros((spec.horizon, spec.n_actions)), np.zeros((spec.horizon, spec.n_actions - 1)))


def act(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = memory.action[t, i]
    for n in range(view.resident.size):
        memory.shown[t, n] = view.resident[n]


def update(memory, params, view, action, outcome, t):
    pass


def scripted(actions):
    return Policy(VECTOR, lambda spec: init(spec)._replace(action=np.array(actions, float)), act, update, name="scripted")


def played(actions, **options):
    """(reward, cost of misses, cost of loads, status) of each round; adapter n has utility 1, 2, 4 on the context 1."""
    x, theta = np.ones((len(actions), 1)), np.array([[1.0], [2.0], [4.0]])
    problem = adapter_cache(theta, 2, len(actions), contexts=x, noise=0.0, miss_cost=0.5, switch_cost=0.25, **options)
    runs = run(problem, scripted(actions), replications=1, seed=1, checkpoints=range(1, len(actions) + 1), trace=True, path="python")
    each = np.diff(np.column_stack([runs.reward.values[0], runs.spent.values[0]]), axis=0, prepend=0.0)
    return each.tolist(), runs.status.values[0].tolist()


def test_a_mask_is_loaded_before_the_request_is_served():
    each, _ = played([[0, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1], [2, 0, 1, 1], [2, 0, 0, 0], [0, 1, 0, 0]])
    assert each == [[1, 0, 0.25], [2, 0.5, 0], [2, 0, 0.5], [4, 0, 0], [4, 0.5, 0], [1, 0, 0.25]]


def test_a_mask_without_room_is_refused_whole():
    each, status = played([[1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 1, 1], [0, 1, 0, 0]])
    assert each == [[2, 0, 0.25], [2, 0, 0], [1, 0.5, 0], [1, 0, 0.25]] and status == [0, 0, 0, 0]


def test_a_round_whose_paging_does_not_fit_is_void_and_the_cache_stays():
    each, status = played([[0, 1, 0, 0], [1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 0, 0], [2, 1, 0, 0]], budget=[0.5, 0.5])
    assert each == [[1, 0, 0.25], [0, 0, 0], [1, 0, 0], [2, 0.5, 0], [0, 0, 0]] and status == [0, 1, 0, 0, 1]


def test_the_score_is_utility_less_paging():
    problem = adapter_cache(np.array([[1.0], [3.0]]), 1, 10, contexts=np.ones((10, 1)), noise=0.0, miss_cost=0.5)
    runs = run(problem, static_cache([0], alpha=0.0), replications=1, seed=1)
    # utility 1 in round 0, when nothing is known, then 1 - .5 from the resident adapter, which the other never beats unseen
    assert float(metrics.score(runs)[0, -1]) == 10 * 1.0 - 1.0
    assert float(runs.pseudo_reward[0, -1]) == 10.0


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_contexts_seen_are_those_of_the_run(spread, seed):
    problem = adapter_cache(np.eye(3), 2, 64, np.eye(3), [0.2, 0.3, 0.5], spread)
    for replication in (0, 5):
        shown = contexts_seen(problem, seed, replication)
        view = problem.spec.view
        for t in (0, 63):
            problem.observe(problem.instance, problem.init(problem.instance), t, engine.nature_key(seed, replication, t, engine.ROUND), view)
            assert view.context.tolist() == shown[t].tolist()
    assert not np.array_equal(contexts_seen(problem, seed, 0), contexts_seen(problem, seed + 1, 0))


def test_contexts_have_the_law_that_was_asked_for(seed):
    p, spread, t = np.array([0.2, 0.3, 0.5]), 0.1, 20_000
    shown = contexts_seen(adapter_cache(np.eye(3), 2, t, 5 * np.eye(3), p, spread), seed, 0)
    nearest = shown.argmax(axis=1)
    z = (np.bincount(nearest, minlength=3) - t * p) / np.sqrt(t * p * (1 - p))
    rest = (shown - 5 * np.eye(3)[nearest]) / spread
    assert np.abs(z).max() < 4.5 and abs(rest.mean()) < 4.5 / math.sqrt(3 * t) and abs(rest.var() - 1) < 4.5 * math.sqrt(2 / (3 * t))


def test_given_contexts_are_the_same_in_every_replication_and_have_utilities():
    x = np.arange(8.0).reshape(4, 2)
    problem = adapter_cache(np.array([[1.0, 0.0], [0.5, 0.5]]), 1, 3, contexts=x)
    assert contexts_seen(problem, 1, 7).tolist() == x[:3].tolist()
    assert problem.instance.utility.tolist() == [[0, 0.5], [2, 2.5], [4, 4.5]]


GOOD = {"theta": np.eye(3), "slots": 2, "horizon": 5, "centres": np.eye(3)}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"theta": np.zeros((0, 3))}, "theta"),
        ({"theta": None}, "theta"),
        ({"slots": 0}, "slots"),
        ({"slots": 4}, "slots"),
        ({"horizon": 0}, "horizon"),
        ({"centres": None}, "centres, contexts: got neither"),
        ({"contexts": np.zeros((5, 3))}, "centres, contexts: got both"),
        ({"centres": np.eye(2)}, "centres"),
        ({"centres": None, "contexts": np.zeros((5, 2))}, "contexts"),
        ({"centres": None, "contexts": np.zeros((4, 3))}, "horizon"),
        ({"probabilities_of_centres": [0.5, 0.5]}, "probabilities_of_centres"),
        ({"probabilities_of_centres": [0.5, 0.25, 0.25 + 1e-6]}, "probabilities_of_centres: sums to"),
        ({"spread": -1.0}, "spread"),
        ({"miss_cost": -0.1}, "miss_cost"),
        ({"switch_cost": math.inf}, "switch_cost"),
        ({"noise": -0.1}, "noise"),
        ({"budget": [1.0]}, "budget"),
        ({"budget": [1.0, -1.0]}, "budget"),
    ],
)
def test_wrong_arguments(wrong, named):
    with pytest.raises(BudgetsimError, match=named):
        adapter_cache(**{**GOOD, **wrong})
