"""POLAR and its competitors: what must hold on every path, whatever the luck."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine, run
from budgetsim.exercises import exercises
from budgetsim.model import ARM, VECTOR
from budgetsim.policies.lfu import lfu
from budgetsim.policies.lru import lru
from budgetsim.policies.polar import polar
from budgetsim.policies.polar_plus import polar_plus
from budgetsim.policies.static_cache import static_cache
from budgetsim.problems.adapter_cache import adapter_cache, examples
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.shared.adapter_rules import keep_greatest

RULES = {"polar": polar(20), "polar_plus": polar_plus(8), "lru": lru(20), "lfu": lfu(1), "static_cache": static_cache()}
CALM = [name for name in RULES if name != "polar_plus"]  # whose routes are the index alone
HORIZON, N, D = 120, 5, 3


def instance(seed, slots=2, **options):
    """Random adapters and clusters of fixed size, so that all of them share one compiled game a rule."""
    g = np.random.default_rng(seed)
    return adapter_cache(g.normal(size=(N, D)), slots, HORIZON, g.normal(size=(4, D)), g.dirichlet(np.ones(4)), 0.3, **options)


def traced(problem, rule, seed=1, replications=1):
    """(action (R, T, 1 + N), spent (R, 2))."""
    log = engine.play_block(engine.prepare(problem, rule), seed, 0, replications, np.array([problem.spec.horizon]), trace=True)
    return log.action, log.spent[:, -1]


SPEC = instance(0).spec


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(CALM))
def test_without_a_miss_cost_the_cache_is_irrelevant(seed, name):
    """Property 3 of the (f) list: c = 0 gives identical routes under every cache."""
    free = instance(seed, miss_cost=0.0)
    routes = traced(free, RULES[name], seed)[0][:, :, 0]
    assert np.array_equal(routes, traced(free, RULES["static_cache"], seed)[0][:, :, 0])


def test_with_a_miss_cost_it_is_not(seed):
    """Control."""
    routes = [traced(instance(seed, miss_cost=0.3), RULES[name], seed)[0][:, :, 0] for name in CALM]
    assert not np.array_equal(routes[0], routes[-1])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(list(RULES)))
def test_with_room_for_all_nothing_is_missed(seed, name):
    """Property 4 of the (f) list: N = K gives no miss, and N loads."""
    action, spent = traced(instance(seed, slots=N), RULES[name], seed)
    assert spent.tolist() == [[0.0, float(N)]] and (action[0, :, 1:] == 1.0).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["polar", "polar_plus"]))
def test_loads_are_at_most_k_an_epoch(seed, name):
    """Property 5 of the (f) list: switches <= K epochs; the mask never holds more than K and changes at the end of epochs only."""
    action, spent = traced(instance(seed), RULES[name], seed)
    looks = set(RULES[name].schedule(instance(seed).spec))
    mask = action[0, :, 1:]
    changed = set((np.flatnonzero(np.abs(np.diff(mask, axis=0)).any(axis=1)) + 1).tolist())
    assert spent[0, 1] <= 2 * (len(looks) + 1) and (mask.sum(axis=1) == 2).all() and changed <= looks


@settings(max_examples=200)
@given(st.integers(1, 10**12), st.integers(1, 10**4), st.integers(10, 10**4))
def test_doubling_epochs_are_logarithmic(horizon, first, fixed):
    """Property 6 of the (f) list: epochs of H_0, 2 H_0, 4 H_0, ... rounds are at most 1 + log2(1 + T / H_0); fixed ones are T / H."""
    spec = SPEC._replace(horizon=horizon)
    looks = [0, *polar_plus(first).schedule(spec)]
    assert len(looks) <= 1 + math.log2(1 + horizon / first) and all(b - a == first * 2**e for e, (a, b) in enumerate(itertools.pairwise(looks)))
    assert len(polar(fixed).schedule(spec)) == -(-horizon // fixed) - 1


def test_forced_rounds_alone_grow_faster_than_the_abstracts_rate():
    """The specification's rate min(1, kappa t^(-1/3)) forces 1.5 kappa T^(2/3) rounds to within 1; over d sqrt(NT) + sqrt(KT) that grows without end."""
    kappa, shares = 0.25, []
    for horizon in (10**3, 10**5, 10**7):
        forced = np.minimum(1.0, kappa * np.arange(1.0, horizon + 1.0) ** (-1 / 3)).sum()
        assert abs(forced - 1.5 * kappa * horizon ** (2 / 3)) <= 1.0
        shares.append(forced / (8 * math.sqrt(15 * horizon) + math.sqrt(4 * horizon)))
    assert shares[1] / shares[0] > 0.95 * 100 ** (1 / 6) and shares[2] / shares[1] > 0.99 * 100 ** (1 / 6)


@pytest.mark.parametrize("kappa", [0.25, 4.0])
def test_rounds_are_forced_at_that_rate(kappa, seed):
    """One adapter is always the best and resident, so any other route was forced: N - 1 of N forced rounds."""
    problem = adapter_cache(np.array([[1.0]] + [[-1.0]] * (N - 1)), 1, 1000, np.ones((1, 1)), noise=0.0)
    routes = traced(problem, polar_plus(kappa=kappa, alpha=0.0), seed, 200)[0][:, :, 0]
    p = np.minimum(1.0, kappa * np.arange(1.0, 1001.0) ** (-1 / 3)) * (N - 1) / N
    z = ((routes > 0).sum() - 200 * p.sum()) / math.sqrt(200 * (p * (1 - p)).sum())
    assert abs(z) < 4.5


def test_the_controller_finds_the_adapters_that_serve(seed):
    """Four clusters with an adapter each, K = 2: after learning, the two of the frequent clusters stay."""
    problem = adapter_cache(np.eye(4), 2, 2000, np.eye(4), [0.1, 0.45, 0.05, 0.4], 0.05, noise=0.05)
    for rule in (polar(100), polar_plus(50)):
        assert traced(problem, rule, seed)[0][0, -1, 1:].tolist() == [0.0, 1.0, 0.0, 1.0]


def test_lru_and_lfu_by_hand(seed):
    """The masks follow from the routes alone: they are those of a cache of one slot, a round later."""
    problem = instance(seed, slots=1)
    for rule in (lru(1), lfu(1)):
        action = traced(problem, rule, seed)[0][0]
        kept, last, often = 0, np.zeros(N), np.zeros(N)
        for t, n in enumerate(action[:, 0].astype(int)):
            assert action[t, 1:].tolist() == [float(i == kept) for i in range(N)]
            last[n], often[n] = t + 1, often[n] + 1
            score = last if rule.name.startswith("lru") else often
            kept = kept if score[kept] == score.max() else int(score.argmax())
        assert len(set(action[:, 0])) > 2


@settings(max_examples=200)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_keep_greatest_is_a_sort(values, data):
    n = len(values)
    slots, was = data.draw(st.integers(1, n)), data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    resident = np.array(was, float)
    keep_greatest(np.array(values, float), resident, slots)
    wanted = sorted(range(n), key=lambda i: (-values[i], not was[i], i))[:slots]
    assert np.flatnonzero(resident).tolist() == sorted(wanted) and set(resident) <= {0.0, 1.0}


@pytest.mark.parametrize("name", RULES)
def test_a_paging_budget_is_kept_without_void_rounds(name, seed):
    """A rule asks for no load and no miss that does not fit; once K adapters are resident, every request can be served."""
    runs = run(examples()[1], RULES[name], replications=20, seed=seed)
    assert (runs.spent[:, -1] <= runs.budget).all() and (runs.void == 0).all()


def test_without_room_for_the_first_loads_requests_are_dropped(seed):
    """Control: with no budget for loads and none for misses nothing can be served."""
    runs = run(instance(1, budget=[0.0, 0.0]), RULES["polar"], replications=2, seed=seed)
    assert (runs.void[:, -1] == HORIZON).all() and (runs.reward == 0).all()


@pytest.mark.parametrize("factory", [polar, polar_plus, lru, lfu, static_cache])
def test_foreign_problems_are_declined(factory):
    for problem in [*exercises(VECTOR), *exercises(ARM)[:1], knapsack_bandit([0.5], [[0.5]], [3.0], 10)]:
        with pytest.raises(BudgetsimError, match=f"{factory.__name__}: got a problem without contexts"):
            factory().init(problem.spec)


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: polar(0), "epoch"),
        (lambda: polar(alpha=-1.0), "alpha"),
        (lambda: polar(window=0), "window"),
        (lambda: polar(cache_aware=1), "cache_aware"),
        (lambda: polar_plus(0), "first_epoch"),
        (lambda: polar_plus(kappa=-0.1), "kappa"),
        (lambda: lru(0.5), "epoch"),
        (lambda: lfu(alpha=math.nan), "alpha"),
        (lambda: static_cache(3), "cache"),
        (lambda: static_cache([0, 0]), "cache"),
        (lambda: static_cache([-1]), "cache"),
        (lambda: static_cache([0, 1, 2]).init(instance(0).spec), "cache"),
        (lambda: static_cache([5]).init(instance(0).spec), "cache"),
    ],
)
def test_wrong_arguments(build, named):
    with pytest.raises(BudgetsimError, match=named):
        build()
