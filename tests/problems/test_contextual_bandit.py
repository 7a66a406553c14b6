"""Users of classes: who comes, what they like, what a recommendation costs, and what is refused."""

import math

import numpy as np
import pytest
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.model import Ended
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.problems.contextual_bandit import contextual_bandit, expected, observe
from budgetsim.shared.user_classes import User

SHARE, CENTRES = np.array([0.6, 0.3, 0.1]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
WEIGHTS = np.array([[0.4, 0.2], [0.1, 0.7]])


def seen(problem, seed, n=4000):
    """Classes (n,) and contexts (n, d)."""
    out = []
    for t in range(n):
        view = User(np.zeros(problem.instance.centres.shape[1]), np.zeros(1))
        observe(problem.instance, (), t, nature_key(seed, 0, t, ROUND), view)
        out.append((int(view.user_class[0]), *view.context))
    out = np.array(out)
    return out[:, 0].astype(int), out[:, 1:]


def test_who_comes(seed):
    """Classes with their probabilities, contexts normal around the centre with the spread; control: a spread a tenth greater is refused."""
    j, x = seen(contextual_bandit(SHARE, CENTRES, WEIGHTS, 10, 100, spread=0.3, unit_length=False), seed)
    assert stats.chisquare(np.bincount(j), SHARE * j.size).pvalue > 1e-4
    z = (x - CENTRES[j]) / 0.3
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(z.T)[0, 1]) < 4.5 / math.sqrt(j.size)
    assert stats.kstest((z * 1.1).ravel(), "norm").pvalue < 1e-4


def test_contexts_of_length_one(seed):
    _, x = seen(contextual_bandit(SHARE, CENTRES, WEIGHTS, 10, 100, spread=0.3), seed, 200)
    np.testing.assert_allclose((x**2).sum(axis=1), 1.0, rtol=1e-14)


def test_the_mean_is_affine_and_cut(seed):
    problem = contextual_bandit(SHARE, CENTRES, WEIGHTS, 10, 100, offset=[[0.1], [0.2], [-0.3]])
    j, x = seen(problem, seed, 200)
    for c, context in zip(j, x, strict=True):
        view = User(context, np.array([float(c)]))
        for k in range(2):
            assert expected(problem.instance, (), view, k, 0) == pytest.approx(np.clip([0.1, 0.2, -0.3][c] + WEIGHTS[k] @ context, 0, 1), abs=1e-15)
        assert expected(problem.instance, (), view, -1, 0) == 0.0


def test_users_keep_coming_when_the_money_is_gone():
    """Law SKIP: the rounds after the last unit are void, and the run ends at its horizon."""
    problem = contextual_bandit(SHARE, CENTRES, WEIGHTS, 7.5, 40)
    log = engine.play_block(engine.prepare(problem, fixed_arm(1), "python"), 3, 0, 2, np.array([40]))
    assert np.all(log.spent[:, -1] == 7) and np.all(log.void[:, -1] == 33) and np.all(log.ended == Ended.HORIZON)


def test_what_is_public_and_what_is_not():
    spec = contextual_bandit(SHARE, CENTRES, WEIGHTS, 7, 40).spec
    assert spec.public._fields == ("class_probability", "centres", "answered") and spec.public.answered == 1.0


@pytest.mark.parametrize("offset", [0.1, [[0.1], [0.1], [0.1]], [[0.1, 0.1]], np.full((3, 2), 0.1)])
def test_shapes_of_the_offset(offset):
    np.testing.assert_array_equal(contextual_bandit(SHARE, CENTRES, WEIGHTS, 7, 40, offset).instance.offset, np.full((3, 2), 0.1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"class_probability": [0.6, 0.3, 0.1 + 1e-6]}, "class_probability: sums to 1"),
        ({"class_probability": []}, "class_probability: got an empty array"),
        ({"centres": CENTRES[:2]}, "centres: got shape"),
        ({"centres": [[1.0, np.nan]] * 3}, "centres: got nan"),
        ({"weights": WEIGHTS[:, :1]}, "weights: got shape"),
        ({"weights": np.zeros((0, 2))}, "weights: got an empty array"),
        ({"weights": np.zeros((2, 4, 2))}, "weights: got shape"),
        ({"offset": [0.1, 0.2]}, "offset: got shape"),
        ({"offset": [[0.1], [0.2]]}, "offset: got shape"),
        ({"budget": -1.0}, "budget: got -1"),
        ({"budget": [1.0, 2.0]}, "budget: got shape"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"spread": -0.1}, "spread: got -0.1"),
        ({"unit_length": 1}, "unit_length: got 1"),
    ],
)
def test_wrong_arguments(change, says):
    good = {"class_probability": SHARE, "centres": CENTRES, "weights": WEIGHTS, "budget": 10, "horizon": 50}
    with pytest.raises(BudgetsimError, match=says) as caught:
        contextual_bandit(**(good | change))
    assert "\n" not in str(caught.value)
