"""The synthetic RouterBench: calibrated means, estimates whose error is controlled, budgets that add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory.synthetic_router_bench import MEAN_COST, MEAN_SCORE, SPLITS, _calibrated, nearest_neighbours, split_budget, synthetic_router_bench


def test_means_are_the_printed_ones():
    """Scores: the mean over kinds is exact; means over 400 kinds and 20,000 queries are within 5 standard errors or 6 per cent."""
    chance = _calibrated(np.random.default_rng(1).normal(size=(40, 11)), MEAN_SCORE)
    np.testing.assert_allclose(chance.mean(axis=0), MEAN_SCORE, atol=1e-12)
    bench = synthetic_router_bench(20_000, 100, clusters=400, seed=3)
    assert abs(bench.reward.mean(axis=0) - MEAN_SCORE).max() < 0.03
    assert abs(bench.cost.mean(axis=0) / MEAN_COST - 1).max() < 0.1
    assert set(np.unique(bench.reward)) == {0.0, 1.0}


def test_the_error_of_the_estimates_is_controlled():
    """More neighbours and a sharper embedding estimate better; with much blur the estimate is the model's mean."""
    def error(**options):
        bench = synthetic_router_bench(1000, 4000, seed=2, **options)
        return float(((bench.estimated_reward - bench.reward) ** 2).mean())
    blunt, sharp, few = error(blur=3.0, neighbours=20), error(blur=0.2, neighbours=20), error(blur=0.2, neighbours=2)
    assert sharp < few and sharp < blunt < few


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 5))
def test_neighbours_are_those_of_greatest_cosine(seed, k, dim):
    rng = np.random.default_rng(seed)
    old, new = rng.normal(size=(8, dim)), rng.normal(size=(3, dim))
    found = nearest_neighbours(old, new, k)
    cosine = (new / np.linalg.norm(new, axis=1)[:, None]) @ (old / np.linalg.norm(old, axis=1)[:, None]).T
    np.testing.assert_allclose(np.take_along_axis(cosine, found, 1), -np.sort(-cosine, axis=1)[:, :k], atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SPLITS), st.floats(0.1, 3.0), st.integers(2, 7))
def test_budgets_add_up(seed, split, factor, m):
    rng = np.random.default_rng(seed)
    d, g = rng.random((5, m)), rng.uniform(0.1, 1, (5, m))
    h = int(rng.integers(1, m))
    budget = split_budget(d, g, factor, split, h=h, seed=seed)
    assert budget.sum() == pytest.approx(factor * g.sum(axis=0).min()) and budget.min() >= 0
    if split == "extreme":  # 80 per cent to the h least cost-effective
        worst = np.argsort(d.mean(0) / g.mean(0))[:h]
        assert budget[worst].sum() == pytest.approx(0.8 * budget.sum())


def test_history_neighbours_and_blur_change_estimates_only():
    one, two, three = (synthetic_router_bench(50, 200, **more) for more in ({}, {"searched": 40}, {"neighbours": 3, "blur": 1.0}))
    for other in (two, three):
        assert all(np.array_equal(x, y) for x, y in zip(one[:2], other[:2], strict=True)) and np.any(one.estimated_reward != other.estimated_reward)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: synthetic_router_bench(0), "queries: got 0"),
        (lambda: synthetic_router_bench(5, 3, 4), "neighbours: got 4"),
        (lambda: synthetic_router_bench(5, blur=-1), "blur: got -1"),
        (lambda: synthetic_router_bench(5, 9, searched=10), "searched: got 10; allowed: a whole number, 1 to 9"),
        (lambda: synthetic_router_bench(5, 9, searched=4), "neighbours: got 5; allowed: a whole number, 1 to 4"),
        (lambda: split_budget([[0.0, 0.0]], [[1.0, 1.0]]), "reward: got only scores of 0; allowed: with split='weighted'"),
        (lambda: split_budget([[1.0, 1.0]], [[1.0, 0.0]]), "models that cost something"),
        (lambda: split_budget([[1.0, 1.0]], [[1.0, 1.0]], split="extrem"), "did you mean 'extreme'"),
        (lambda: split_budget([[1.0, 1.0]], [[1.0, 1.0]], split="extreme", h=2), "h: got 2"),
        (lambda: split_budget([[1.0, 1.0]], [[1.0]]), "cost: got shape"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises(BudgetsimError, match=says):
        call()
