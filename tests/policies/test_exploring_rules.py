"""Rules with phases or weights, and fixed ones: by hand and by their formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import ARM, Problem, Spec
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.explore_then_commit import explore_then_commit
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.successive_elimination import successive_elimination

from ..strategies import Script, scripted, scripted_step
from .tiny import View, actions, free, plain, played


def masked(reward, legal, **spec):
    """Scripted rewards; arm k is available at t where legal[t, k] = 1."""
    reward = np.array(reward, float)

    def observe(instance, state, t, key, view):
        view.legal[:] = legal[t]

    made = Spec(ARM, reward.shape[1], reward.shape[0], view=View(np.ones(reward.shape[1])), **spec)
    return Problem(made, Script(reward, np.zeros((*reward.shape, 0))), scripted_step, observe=observe, name="masked")


# ------------------------------------------------------------------------------------------------ explore then commit
def test_commits_for_good():
    """Two pulls each, then arm 1, which goes on though it pays nothing any more."""
    reward = [[0, 1, 0]] * 6 + [[1, 0, 1]] * 5
    assert actions(scripted(reward), explore_then_commit(2)) == [0, 1, 2, 0, 1, 2] + [1] * 5


@pytest.mark.parametrize(("horizon", "arms"), [(1000, 10), (10_000, 10), (400, 4)])
def test_default_pulls(horizon, arms):
    spec = free(horizon, [0.5] * arms).spec
    exact = (horizon / arms) ** (2 / 3) * math.log(horizon) ** (1 / 3)
    assert explore_then_commit().init(spec)[1].pulls == math.ceil(exact)


def test_explores_what_is_there():
    """Arm 0 comes late; the best known arm, 1, is away at the end."""
    reward, legal = [[0, 1, 0.5]] * 7, np.array([[0, 1, 1]] * 4 + [[1, 1, 1]] * 2 + [[1, 0, 1]])
    assert actions(masked(reward, legal), explore_then_commit(2)) == [1, 2, 1, 2, 0, 0, 2]


# ------------------------------------------------------------------------------------------------ successive elimination
def test_eliminates_by_hand():
    """Without a radius one phase decides; with the book's none of 12 rounds does."""
    reward = [[0.2, 0.8, 0.5]] * 12
    assert actions(scripted(reward), successive_elimination(radius=0)) == [0, 1, 2] + [1] * 9
    assert actions(scripted(reward), successive_elimination()) == [0, 1, 2] * 4


def test_eliminates_at_the_end_of_the_right_phase():
    """Gap .5 > 2 sqrt(radius log T / n) first at n = 8, radius log T = 0.45."""
    radius = 0.45 / math.log(60)
    played = actions(scripted([[0.0, 0.5]] * 60), successive_elimination(radius=radius))
    assert played == [0, 1] * 8 + [1] * 44


def test_a_dropped_arm_comes_back_only_when_alone():
    legal = np.ones((8, 2))
    legal[5] = [1, 0]
    assert actions(masked([[0, 1]] * 8, legal), successive_elimination(radius=0)) == [0, 1, 1, 1, 1, 0, 1, 1]


# ------------------------------------------------------------------------------------------------ EXP3
def replay(policy, problem, seed):
    """The rule's weights at the end of a run on the plain path, and the run's log."""
    kept = {}

    def update(memory, params, view, action, outcome, t):
        kept.setdefault("p", []).append((action, float(memory.probability[0]), float(outcome.reward)))
        policy.update(memory, params, view, action, outcome, t)
        kept["weight"], kept["total"] = memory.weight.copy(), float(memory.total[0])

    kept["log"] = played(problem, policy._replace(update=update), seed)
    return kept


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1]), st.floats(0.01, 0.5))
def test_exp3_weights_are_exponentials_of_losses(seed, mixing, eta):
    """weight / sum = exp(-eta L) / sum, L the sums of loss / p; each p is what the formula says; the running sum is the sum."""
    reward = np.random.default_rng(seed).random((150, 4))
    kept = replay(exp3(eta=eta, mixing=mixing), scripted(reward), seed)
    loss = np.zeros(4)
    for action, p, r in kept["p"]:
        w = np.exp(-eta * (loss - loss.min()))
        assert p == pytest.approx((1 - mixing) * w[action] / w.sum() + mixing / 4, rel=1e-9)
        loss[action] += (1 - r) / p
    w = np.exp(-eta * (loss - loss.min()))
    np.testing.assert_allclose(kept["weight"] / kept["weight"].sum(), w / w.sum(), rtol=1e-9, atol=1e-280)
    assert kept["total"] == pytest.approx(kept["weight"].sum(), rel=1e-12)


def test_exp3_draws_by_its_weights(seed):
    """Without learning every arm is as likely; with mixing 1, too, whatever the weights."""
    for policy in (exp3(eta=0.0), exp3(eta=5.0, mixing=1.0)):
        pulls = played(scripted([[0, 1, 0, 1]] * 4000), policy, seed).pulls[0, -1]
        assert np.all(np.abs(pulls - 1000) <= 4.5 * math.sqrt(750))


def test_exp3_survives_sure_losses(seed):
    """A weight that has fallen to nothing stays a number, and the other arm is played."""
    log = played(scripted([[0, 1]] * 5000), exp3(eta=50.0), seed)
    assert log.pulls[0, -1, 1] > 4900 and log.recommended[0, -1] == 1


def test_exp3_conditions_on_the_available(seed):
    """Arm 0 of three is never there: the others share."""
    n = 3000
    kept = replay(exp3(eta=0.0), masked(np.ones((n, 3)), np.array([[0, 1, 1]] * n)), seed)
    assert {p for _, p, _ in kept["p"]} == {0.5}
    assert abs(kept["log"].pulls[0, -1, 1] - n / 2) <= 4.5 * math.sqrt(n / 4)


# ------------------------------------------------------------------------------------------------ fixed ones
def test_fixed_arm():
    assert actions(plain(), fixed_arm(2)) == [2] * len(actions(plain(), fixed_arm(2)))
    legal = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 1, 1]])
    assert actions(masked(np.zeros((4, 3)), legal), fixed_arm(2)) == [2, 0, 1, 2]
    assert actions(masked(np.zeros((4, 3)), legal, idle=True), fixed_arm(2)) == [2, -1, -1, 2]


def shares(problem, policy, seed):
    """How often each action was taken, the idle one last."""
    action = played(problem, policy, seed).action[0, :, 0].astype(int)
    return np.bincount(np.where(action < 0, problem.spec.n_actions, action), minlength=problem.spec.n_actions + 1) / action.size


def close(share, p, n):
    return np.all(np.abs(share - p) <= 4.5 * np.sqrt(np.array(p) * (1 - np.array(p)) / n))


def test_fixed_mixture_shares(seed):
    n = 4000
    problem = free(n, [0.5] * 3)
    idle = problem._replace(spec=problem.spec._replace(idle=True), step=scripted_step, instance=Script(np.zeros((n, 3)), np.zeros((n, 3, 0))))
    assert close(shares(problem, fixed_mixture([0.2, 0.0, 0.8]), seed), [0.2, 0, 0.8, 0], n)
    assert close(shares(problem, fixed_mixture(), seed), [1 / 3] * 3 + [0], n)
    assert close(shares(idle, fixed_mixture([0.2, 0.3, 0.0]), seed), [0.2, 0.3, 0, 0.5], n)
    assert not close(shares(idle, fixed_mixture([0.3, 0.2, 0.0]), seed), [0.2, 0.3, 0, 0.5], n)


def test_fixed_mixture_conditions_on_the_available(seed):
    n = 4000
    reward, legal = np.zeros((n, 3)), np.array([[1, 0, 1]] * n)
    a = np.array(actions(masked(reward, legal), fixed_mixture([0.2, 0.5, 0.3]), seed=seed))
    assert close(np.bincount(a, minlength=3) / n, [0.4, 0, 0.6], n)
    a = np.array(actions(masked(reward, legal), fixed_mixture([0, 1, 0]), seed=seed))
    assert close(np.bincount(a, minlength=3) / n, [0.5, 0, 0.5], n)
    a = np.array(actions(masked(reward, legal, idle=True), fixed_mixture([0.2, 0.5, 0.2]), seed=seed)) + 1
    assert close(np.bincount(a, minlength=4) / n, [0.2, 0.4, 0, 0.4], n)
