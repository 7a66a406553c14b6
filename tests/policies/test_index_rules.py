"""Rules that play the greatest index: by hand, and against the formula computed round by round."""

import math

import numpy as np
import pytest

from budgetsim.confidence import kl_upper
from budgetsim.draws import ROUND, nature_key, rule_key
from budgetsim.model import CHARGED, Outcome
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.moss import moss
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform

from ..strategies import scripted
from .tiny import actions, free, played


def test_ucb1_by_hand():
    """Arm 0 always pays 1, arm 1 nothing: at t = 6, 1 + sqrt(2 ln 6 / 5) = 1.847 < sqrt(2 ln 6) = 1.893."""
    assert actions(scripted([[1, 0]] * 8), ucb1()) == [0, 1, 0, 0, 0, 0, 1, 0]
    assert actions(scripted([[1, 0]] * 8), ucb1(radius=0)) == [0, 1, 0, 0, 0, 0, 0, 0]


def by_formula(index, reward):
    """Actions of the rule that plays the greatest index(sums, pulls, t), each arm once first."""
    sums, pulls, out = np.zeros(reward.shape[1]), np.zeros(reward.shape[1]), []
    for t, row in enumerate(reward):
        k = t if t < len(row) else int(np.argmax([index(s, n, t) for s, n in zip(sums, pulls)]))
        sums[k] += row[k]
        pulls[k] += 1
        out.append(k)
    return out


def ucb1_index(s, n, t):
    return s / n + math.sqrt(2 * math.log(t)) / math.sqrt(n)


def kl_index(s, n, t):
    return kl_upper(s / n, math.log(t) / n)


def kl_index_c3(s, n, t):
    return kl_upper(s / n, (math.log(t) + 3 * math.log(max(math.log(t), 1.0))) / n)


def moss_index(s, n, t):
    return s / n + math.sqrt(max(math.log(400 / (5 * n)), 0.0) / n)


@pytest.mark.parametrize(("policy", "index"), [(ucb1(), ucb1_index), (kl_ucb(), kl_index), (kl_ucb(c=3), kl_index_c3), (moss(), moss_index)],
                         ids=lambda v: getattr(v, "name", ""))  # fmt: skip
def test_against_the_formula(policy, index, seed):
    """400 rounds of 5 arms whose rewards are multiples of 1/64; KL-UCB's skipping of inversions changes no action."""
    reward = np.random.default_rng(seed).integers(0, 65, (400, 5)) / 64 * np.linspace(0.5, 1, 5)
    reward = np.round(reward * 64) / 64
    assert actions(scripted(reward), policy) == by_formula(index, reward)


@pytest.mark.parametrize(("policy", "index"), [(ucb1(radius=1.9), ucb1_index), (kl_ucb(c=0.5), kl_index), (moss(), ucb1_index)], ids=["ucb1", "kl_ucb", "moss"])
def test_control_another_constant_plays_otherwise(policy, index, seed):
    reward = np.random.default_rng(seed).integers(0, 65, (400, 5)) / 64
    assert actions(scripted(reward), policy) != by_formula(index, reward)


def test_uniform_shares(seed):
    pulls = played(free(2000), uniform(), seed).pulls[0, -1]
    assert np.all(np.abs(pulls - 500) <= 4.5 * math.sqrt(2000 * 0.25 * 0.75))


def test_epsilon_greedy_fixed(seed):
    """Explores with probability epsilon: the worst arm of two gets epsilon / 2, the best the rest."""
    pulls = played(scripted([[1, 0]] * 4000), epsilon_greedy(0.2), seed).pulls[0, -1]
    assert abs(pulls[1] - 400) <= 4.5 * math.sqrt(400) + 1
    assert actions(scripted([[0, 1, 0]] * 6), epsilon_greedy(0.0)) == [0, 1, 2, 1, 1, 1]


def test_epsilon_greedy_decreasing(seed):
    """Exploring rounds add up to the sum of epsilon_t = min(1, scale (K log t / t)^(1/3)), K = 2."""
    t = np.arange(1, 5001)
    for scale in (1.0, 0.3):
        epsilon = np.minimum(1, scale * (2 * np.log(t) / t) ** (1 / 3))
        pulls = played(scripted([[1, 0]] * 5000), epsilon_greedy(scale=scale), seed).pulls[0, -1]
        assert abs(pulls[1] - epsilon.sum() / 2) <= 4.5 * math.sqrt(epsilon.sum() / 2) + 1


def outcome(reward):
    return Outcome(reward, np.zeros(0), (), CHARGED)


def test_thompson_beta_counts_and_coin(seed):
    """A binary reward is counted as it is; a reward of .3 is a success in 3 cases of 10."""
    policy = thompson(a=2, b=3)
    memory = policy.init(free(10).spec)
    for coin in (0.0, 0.5, 1 - 2**-53):
        memory.coin[0] = coin
        for reward in (0.0, 1.0):
            policy.update(memory, None, (), 1, outcome(reward), 0)
    assert memory.a.tolist() == [2, 5, 2, 2] and memory.b.tolist() == [3, 6, 3, 3]
    for c in np.random.default_rng(seed).random(2000):
        memory.coin[0] = c
        policy.update(memory, None, (), 0, outcome(0.3), 0)
    assert abs(memory.a[0] - 602) <= 4.5 * math.sqrt(2000 * 0.21)


@pytest.mark.parametrize("policy", [thompson(), thompson("gaussian", sigma=0.5)], ids=lambda p: p.name)
def test_thompson_settles_on_the_best(policy, seed):
    log = played(free(1000, [0.2, 0.8, 0.4]), policy, seed, 3)
    assert log.pulls[:, -1].mean(axis=0)[1] > 900
    assert np.all(log.recommended[:, -1] == 1)


def test_thompson_draws_the_posterior(seed):
    """Two arms of known record: the second wins as often as Beta(4, 2) exceeds Beta(2, 4), within 4.5 standard errors."""
    policy, n = thompson(), 4000
    spec = free(10, [0.5, 0.5]).spec
    memory = policy.init(spec)
    memory.a[:], memory.b[:] = [2, 4], [4, 2]
    wins = sum(policy.act(memory, None, (), None, 0, rule_key(nature_key(seed, 0, t, ROUND))) for t in range(n))
    rng = np.random.default_rng(seed)
    p = np.mean(rng.beta(4, 2, 10**6) > rng.beta(2, 4, 10**6))
    assert abs(wins - n * p) <= 4.5 * math.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("policy", [ucb1(), kl_ucb(), moss(), thompson(), epsilon_greedy(0.1), uniform()], ids=lambda p: p.name)
def test_recommends_the_best_mean(policy, seed):
    log = played(free(500, [0.1, 0.2, 0.9]), policy, seed, 4)
    assert np.all(log.recommended[:, -1] == 2)
