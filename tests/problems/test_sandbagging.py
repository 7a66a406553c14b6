"""Sandbagging: danger adds up to a cap that stops the agent, free rounds cost nothing, luck belongs to uses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine, run, uniform
from budgetsim.metrics import ruin_probability
from budgetsim.model import Ended
from budgetsim.problems.sandbagging import sandbagging

from ..strategies import planned

ARMS = [[0, 1, 2], [1, 2, 4]], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]]


@st.composite
def games(draw):
    """(outcomes, probabilities, cap, supervised, free, danger or None, order of arms, seed)."""
    k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    whole = st.lists(st.lists(st.integers(0, 5), min_size=s, max_size=s), min_size=k, max_size=k)
    danger = draw(st.none() | whole)
    outcomes = np.array(draw(whole if danger is None else st.lists(st.lists(st.floats(0, 3), min_size=s, max_size=s), min_size=k, max_size=k)), float)
    weights = np.array(draw(st.lists(st.lists(st.integers(1, 9), min_size=s, max_size=s), min_size=k, max_size=k)), float)
    p, order = weights / weights.sum(axis=1, keepdims=True), draw(st.lists(st.integers(0, k - 1), min_size=1, max_size=4))
    return outcomes, p, draw(st.integers(1, 20)), draw(st.integers(1, 8)), draw(st.integers(0, 5)), danger, order, draw(st.integers(0, 10**6))


@settings(max_examples=200, deadline=None)
@given(games())
def test_danger_adds_up_under_supervision_alone(game):
    """The level is the sum of dangers, at most the cap; at the cap, reached exactly or not, the run is over; released, nothing adds up.

    Where danger is the reward, the level is the reward counted so far, to the bit.
    """
    outcomes, p, cap, supervised, free, danger, order, seed = game
    problem = sandbagging(outcomes, p, cap, supervised, free, danger)
    log = engine.play_block(engine.prepare(problem, planned(*order), "python"), seed, 0, 2, np.arange(1, supervised + free + 1), trace=True)
    level, moved = log.spent[:, :, 0], np.diff(log.reward, axis=1, prepend=0.0)
    for i in range(2):
        h = 0.0
        for t in range(supervised + free):
            arm = order[t % len(order)]
            d = np.array(outcomes if danger is None else danger, float)[arm]
            if h >= cap:
                assert moved[i, t] == 0.0 and level[i, t] == cap and log.ended[i] == Ended.RUIN
            elif t >= supervised:
                assert level[i, t] == h and np.min(abs(moved[i, t] - outcomes[arm])) <= 1e-12 and log.ended[i] == Ended.HORIZON
            else:
                part = np.where(d > cap - h, (cap - h) / np.maximum(d, 1.0), 1.0)
                fits = (np.minimum(h + d, cap) == level[i, t]) & (abs(outcomes[arm] * part - moved[i, t]) <= 1e-12)
                assert fits.any(), "each step is an outcome, or the part of one that the cap leaves room for"
                if danger is None:
                    assert log.reward[i, t] == level[i, t]
            h = level[i, t]


def test_luck_belongs_to_uses():
    """However the arms are interleaved, and whether supervised or not, the n-th pull of an arm brings the same reward."""

    def rewards(order, supervised):
        problem = sandbagging(*ARMS, 1000, supervised, 40 - supervised)
        log = engine.play_block(engine.prepare(problem, planned(*order), "python"), 3, 0, 1, np.arange(1, 41))
        moved, arms = np.diff(log.reward[0], prepend=0.0), np.resize(order, 40)
        return [moved[arms == k] for k in range(2)]

    for a, b in zip(rewards([0, 1], 40), rewards([0, 0, 0, 1], 5), strict=True):
        assert min(a.size, b.size) >= 10 and np.array_equal(a[: b.size], b[: a.size])


def test_expected_is_the_mean_of_what_counts(seed):
    """Its sum has the mean of the reward (4 standard errors of the paired difference); the raw mean, the control, does not."""
    problem = sandbagging(*ARMS, 6, 6, 3)
    runs = run(problem, uniform(), replications=1500, seed=seed, path="python")
    got, raw = runs.reward.values[:, -1], runs.pulls.values[:, -1] @ problem.instance.mean_reward
    for other, agrees in ((runs.pseudo_reward.values[:, -1], True), (raw, False)):
        difference = got - other
        assert (abs(difference.mean()) <= 4 * difference.std() / math.sqrt(difference.size)) == agrees
    stopped = runs.spent.values.reshape(1500, -1)[:, -1] == 6
    assert 0.1 < ruin_probability(runs).estimate == stopped.mean() < 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probabilities": [[0.6, 0.5]]}, "probabilities: sums to 1.1"),
        ({"outcomes": [[1, -1]]}, "outcomes: got -1"),
        ({"outcomes": [[1, 0.5]]}, "outcomes: got 0.5, and rewards are the danger; allowed: whole numbers, or a danger of its own"),
        ({"outcomes": [[1, math.inf]]}, "outcomes: got inf"),
        ({"danger": [[1, 0.5]]}, "danger: got 0.5; allowed: whole"),
        ({"danger": [[1, -2]]}, "danger: got -2"),
        ({"danger": [[1]]}, "danger: got shape"),
        ({"danger_cap": 0}, "danger_cap: got 0"),
        ({"danger_cap": 2.5}, "danger_cap: got 2.5"),
        ({"danger_cap": [2, 3]}, "danger_cap: got"),
        ({"supervised_horizon": 0}, "supervised_horizon: got 0"),
        ({"free_horizon": -1}, "free_horizon: got -1"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says):
        sandbagging(**({"outcomes": [[1, 0]], "probabilities": [[0.5, 0.5]], "danger_cap": 5, "supervised_horizon": 4, "free_horizon": 3} | change))
