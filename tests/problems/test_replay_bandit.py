"""Rejection replay: what is answered, that it is unbiased on a uniform log and not on another, and what is refused."""

import hashlib
import math
import re
from pathlib import Path

import numpy as np
import pytest

from budgetsim import ARM, BudgetsimError, Policy, engine
from budgetsim.model import IGNORED
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.uniform import uniform
from budgetsim.problems.replay_bandit import replay_bandit

DATA = Path(__file__).parents[2] / "scenarios" / "data" / "open_bandit"
SHOWN, REWARD = np.array([0, 1, 1, 0, 1, 0]), np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
CONTEXT, CLASS = np.linspace(0.0, 1.0, 12).reshape(6, 2), np.array([0, 1, 0, 1, 1, 0])
LOG = SHOWN, REWARD, CONTEXT, CLASS


def test_as_logged_by_hand():
    """Arm 1 on six events: 0, 3 and 5 are ignored, 1, 2 and 4 answered until the budget of 2 is spent; then void."""
    log = engine.play_block(engine.prepare(replay_bandit(*LOG, 2, 2, 6, "as_logged"), fixed_arm(1), "python"), 1, 0, 1, np.array([6]), trace=True)
    assert log.status[0].tolist() == [IGNORED, 0, 0, IGNORED, 1, IGNORED]
    assert log.reward[0, -1] == 1.0 and log.spent[0, -1, 0] == 2.0 and log.ignored[0, -1] == 3 and log.void[0, -1] == 1


def see_act(memory, params, view, left, t, key):
    return int(view.user_class[0])


def see_update(memory, params, view, action, outcome, t):
    assert outcome.status != IGNORED and view.context.tolist() == CONTEXT[t].tolist()


def test_the_rule_sees_the_event_and_is_told_of_answers_only():
    policy = Policy(ARM, lambda spec: None, see_act, see_update, name="class")
    log = engine.play_block(engine.prepare(replay_bandit(*LOG, 2, 9, 6, "as_logged"), policy, "python"), 1, 0, 1, np.array([6]), trace=True)
    assert log.action[0, :, 0].tolist() == CLASS.tolist()
    assert log.reward[0, -1] == REWARD[SHOWN == CLASS].sum() and log.ignored[0, -1] == (SHOWN != CLASS).sum()


def test_what_is_public():
    public = replay_bandit(*LOG, 3, 9, 6).spec.public
    assert public.class_probability.tolist() == [0.5, 0.5] and public.answered == 1 / 3
    np.testing.assert_allclose(public.centres, [CONTEXT[CLASS == j].mean(axis=0) for j in (0, 1)])


def estimates(shown, seed, runs=400, horizon=500):
    """Rewards / answers of the uniform rule, with its standard error, and answers / rounds with its own."""
    rng = np.random.default_rng(3)
    reward = rng.random(shown.size) < np.where(shown == 0, 0.8, 0.2)
    problem = replay_bandit(shown, reward, np.ones((shown.size, 1)), np.zeros(shown.size), 4, np.inf, horizon)
    log = engine.play_block(engine.prepare(problem, uniform()), seed, 0, runs, np.array([horizon]))
    total, answers = log.reward[:, -1], log.pulls[:, -1].sum(axis=1)
    ratio, uniform_mean = total.mean() / answers.mean(), np.mean([reward[shown == k].mean() for k in range(4)])
    error = (total - ratio * answers).std() / answers.mean() / math.sqrt(runs)
    return ratio, error, uniform_mean, answers.mean() / horizon, answers.std() / horizon / math.sqrt(runs)


def test_replay_on_a_uniform_log_is_unbiased(seed):
    """A uniform rule finds the mean over arms, and a quarter of its recommendations is answered, within 5 standard errors."""
    ratio, error, mean, share, share_error = estimates(np.tile(np.arange(4), 50), seed)
    assert abs(ratio - mean) < 5 * error and abs(share - 0.25) < 5 * share_error


def test_control_replay_on_another_log_is_biased(seed):
    ratio, error, mean, _, _ = estimates(np.repeat([0, 0, 0, 0, 0, 1, 2, 3], 25), seed)
    assert abs(ratio - mean) > 5 * error


def test_the_log_is_what_its_readme_says():
    said = dict(re.findall(r"`(\w+\.csv\.gz)` \| \d+ \| `([0-9a-f]{64})`", (DATA / "README.md").read_text()))
    assert len(said) == 1 and "Apache License" in (DATA / "LICENSE").read_text()
    for name, digest in said.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest
    rows = np.genfromtxt(DATA / "men_random.csv.gz", delimiter=",", names=True, dtype=np.int64)
    assert rows.size == 10_000 and rows["click"].sum() == 46 and set(rows["item"]) == set(range(34))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shown": [0, 1, 2, 0, 1, 0]}, "shown: got 2"),
        ({"shown": [0, 0.5, 1, 0, 1, 0]}, "shown: got 0.5"),
        ({"shown": []}, "shown: got an empty array"),
        ({"reward": REWARD[:5]}, "reward: got shape"),
        ({"context": CONTEXT[:, 0]}, "context: got shape"),
        ({"user_class": [0, 2, 0, 2, 2, 0]}, "user_class: got a class without events"),
        ({"user_class": [0, 1, 0, 1, 1, 1e15]}, "user_class: got a class without events"),
        ({"n_arms": 0}, "n_arms: got 0"),
        ({"budget": -1}, "budget: got -1"),
        ({"horizon": 7, "order": "as_logged"}, "horizon: got 7"),
        ({"order": "permute"}, "order: got 'permute'"),
    ],
)
def test_wrong_arguments(change, says):
    good = {"shown": SHOWN, "reward": REWARD, "context": CONTEXT, "user_class": CLASS, "n_arms": 2, "budget": 3, "horizon": 6}
    with pytest.raises(BudgetsimError, match=says) as caught:
        replay_bandit(**(good | change))
    assert "\n" not in str(caught.value)
