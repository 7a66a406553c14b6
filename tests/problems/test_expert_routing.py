"""Expert routing: what a batch earns and costs, the rules beside their twins, and the numbers of section 8(g)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.kernels import compiled
from budgetsim.model import Ended
from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
from budgetsim.policies.auxiliary_loss import auxiliary_loss
from budgetsim.policies.decaying_bias import decaying_bias
from budgetsim.policies.fixed_bias import fixed_bias
from budgetsim.policies.proportional_bias import proportional_bias
from budgetsim.policies.sign_bias import sign_bias
from budgetsim.policies.sinkhorn import sinkhorn
from budgetsim.problems.expert_routing import expert_routing
from budgetsim.shared.expert_choice import Affinities, Loads, draw_affinities
from budgetsim.theory.load_balance import choose, dual, dual_step, follow, follow_drawn, imbalance, kept_dual, near_ties, score_bound
from tests.optima.test_balanced_assignment_lp import printed
from tests.references import expert_biases as twin

PAIRS = {
    "fixed_bias": (fixed_bias([0.1, -0.1, 0.0, 0.05]), "fixed", {"told": np.array([0.1, -0.1, 0.0, 0.05])}, {"told": 0.0}),
    "sign_bias": (sign_bias(2.0**-7), "sign", {"u": 2.0**-7}, {"u": 2.0**-6}),
    "proportional_bias": (proportional_bias(0.05), "proportional", {"u": 0.05}, {"u": 0.1}),
    "decaying_bias n": (decaying_bias(0.25), "n", {"u": 0.25}, {"rule": "sqrt"}),
    "decaying_bias sqrt(n)": (decaying_bias(0.1, "sqrt(n)"), "sqrt", {"u": 0.1}, {"rule": "n"}),
    "auxiliary_loss": (auxiliary_loss(4.0, 0.1), "auxiliary", {"u": 0.1, "weight": 4.0}, {"weight": 1.0}),
    "sinkhorn": (sinkhorn(0.05, 3), "sinkhorn", {"u": 0.05, "sweeps": 3}, {"sweeps": 2}),
}


def played(problem, rule, seed=1):
    """(biases (T, E), reward, overload) of one run; per round."""
    log = engine.play_block(engine.prepare(problem, rule), seed, 0, 1, np.arange(1, problem.spec.horizon + 1), True)
    return log.action[0], np.diff(log.reward[0], prepend=0.0), np.diff(log.spent[0, :, 0], prepend=0.0)


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_agrees_with_its_twin(name):
    """The same biases in 60 batches that differ, up to rounding; the reward and the overload are those of the twin's loads."""
    rule, kind, constants, wrong = PAIRS[name]
    series = np.random.default_rng(5).random((60, 24, 4)) * [1.0, 0.8, 0.6, 0.9]
    bias, reward, cost = played(expert_routing(series, 2, 60), rule)
    theirs, load = twin.simulate(series, 2, kind, **constants)
    np.testing.assert_allclose(bias, theirs, atol=1e-9)
    np.testing.assert_allclose(cost, np.maximum(load - 12.0, 0).sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(reward, [(a * choose(a, p, 2)).sum() / 24 for a, p in zip(series, theirs, strict=True)], atol=1e-9)
    other, _ = twin.simulate(series, 2, **{"rule": kind, **constants, **wrong})
    assert np.abs(bias - other).max() > 1e-3  # control


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0, 1.5, math.inf]), st.data())
def test_a_batch(n, e, seed, capacity, data):
    """Property: loads sum to n K; the cost is the overload; score and what is kept are below their bounds for any biases."""
    k = data.draw(st.integers(1, e))
    rng = np.random.default_rng(seed)
    a, p, q = rng.integers(0, 4, size=(n, e)) / 4.0, rng.integers(-3, 4, size=e) / 4.0, -rng.random(e)
    problem = expert_routing(a, k, 1, capacity=capacity)
    seen, cost = Loads(np.full(e, 7.0)), np.zeros(1)
    reward = problem.step(problem.instance, None, Affinities(a), p, None, 0, None, cost, seen)
    x = choose(a, p, k)
    assert np.array_equal(seen.load, x.sum(axis=0)) and seen.load.sum() == n * k
    target = n * k / e
    assert abs(cost[0] - np.maximum(seen.load - target, 0).sum()) <= 1e-12
    x[np.cumsum(x, axis=0) > problem.instance.capacity] = 0.0
    assert abs(reward * n - (a * x).sum()) <= 1e-12
    assert reward * n <= score_bound(dual(a, p, k), p, cost[0]) + 1e-12
    if capacity < math.inf:
        assert reward * n <= kept_dual(a, q, k, problem.instance.capacity) + 1e-12


def test_the_overload_budget_ends_the_run():
    """STOP: the run ends before the batch whose overload does not fit."""
    a = np.array([[0.9, 0.1], [0.8, 0.3]])  # both want expert 0: overload 1 a batch
    log = engine.play_block(engine.prepare(expert_routing(a, 1, 10, budget=3.0), fixed_bias(), "python"), 0, 0, 1, [10])
    assert log.rounds[0, 0] == 3 and log.ended[0] == Ended.RESOURCE and log.spent[0, 0, 0] == 3.0
    assert abs(log.reward[0, 0] - 3 * 0.85) <= 1e-12
    dropped = engine.play_block(engine.prepare(expert_routing(a, 1, 10, capacity=1.0), fixed_bias(), "python"), 0, 0, 1, [10])
    assert abs(dropped.reward[0, 0] - 10 * 0.45) <= 1e-12  # the second token is dropped by index, not by affinity


@compiled
def batch_of(seed, t, skew, out):
    draw_affinities(skew, nature_key(seed, 0, t, ROUND), out)


def test_drawn_affinities_have_their_law(seed):
    """logit(affinity) - skew is standard normal and independent over tokens and experts."""
    skew, out, z = np.array([-1.0, 0.0, 0.7]), np.zeros((500, 3)), []
    for t in range(20):
        batch_of(seed, t, skew, out)
        z.append(np.log(out / (1 - out)) - skew)
    z = np.concatenate(z)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    assert np.abs(np.corrcoef(z.T) - np.eye(3)).max() <= 4.5 / np.sqrt(len(z))
    assert stats.kstest((z + 0.1).ravel(), "norm").pvalue < 1e-4  # control


# ------------------------------------------------------------------------------------------------ section 8(g)
@pytest.fixture(scope="module")
def instance():
    a = printed()
    return a, balanced_assignment_lp(a, 2).value


def over_the_run(instance, rule, rounds=2001):
    a, best = instance
    bias, _, _ = played(expert_routing(a, 2, rounds), rule)
    run = follow(a, bias, 2)
    return bias, run, imbalance(run.load), run.dual - best


#: u: MaxVio and score, means over the last 500 batches (a cycle of two); least dual gap of the run; at the end |A - L| and near ties
SIGN = {0.001: (0.0273, 1625.69, 0.0076, 4, 16), 0.01: (0.133, None, 0.28, 19, 76), 0.05: (0.582, None, 7.96, None, None)}


@pytest.mark.parametrize("u", SIGN)
def test_printed_numbers_of_the_sign_rule(u, instance):
    """8(g), to the printed digits: MaxVio is the mean over the two batches of the final cycle, the gap the least of the run."""
    bias, run, off, gap = over_the_run(instance, sign_bias(u))
    said = SIGN[u]
    digits = len(str(said[0])) - 2
    assert round(float(off[-500:].mean()), digits) == said[0]
    assert round(float(gap.min()), 4 if u == 0.001 else 2) == said[2]
    assert said[1] is None or round(float(run.score[-500:].mean()), 2) == said[1]
    a = instance[0]
    violations = [dual_step(a, p, q, 2).violations for p, q in zip(bias[:-1:40], bias[1::40], strict=True)]
    assert not any(violations)
    if said[3]:
        assert np.abs(run.load[-500:] - 128).max() == said[3] and near_ties(a, bias[-1], 2, 2 * u).max() == said[4]


def test_printed_numbers_of_the_other_rules(instance):
    """8(g): proportional u = .01 and u/n with u = .5 reach balance and the exact optimum, before batches 1000 and 100, and stay.

    The printed u is in units of (L - A) / L, as here. u/sqrt(n) is printed as .023 without its u: the *sign* of L - A with u = .05 gives .0234 in the
    final cycle; with (L - A) / L it reaches balance.
    """
    for rule, before in ((proportional_bias(0.01), 1000), (decaying_bias(0.5), 100)):
        _, _, off, gap = over_the_run(instance, rule)
        first = int(np.argmax(off == 0.0))
        assert off[first] == 0.0 and first + 1 < before and not off[first:].any()
        assert np.abs(gap[first:]).max() <= 1e-9
    _, _, off, gap = over_the_run(instance, decaying_bias(0.5, "sqrt(n)"))
    assert off[-1] == 0.0 and abs(gap[-1]) <= 1e-9


# ------------------------------------------------------------------------------------------------ batches drawn anew
#: the rule, and by what the regret of batches 257 to 512 exceeds that of 65 to 128
GROWTH = {"u/n": (decaying_bias(0.25), 1.0), "u/sqrt(n)": (decaying_bias(0.25, "sqrt(n)"), 2.0), "constant": (proportional_bias(0.02), 4.0)}
RUNS, BATCHES, TOKENS, EXPERTS = 300, 512, 16, 4


def capped(affinity, choices, temperature, sweeps):
    """Biases of the plan with entries at most 1: x_ik = 1 / (1 + exp(-(affinity + p_k - s_i) / temperature)), rows K, columns L, by bisection in turn."""
    n, e = affinity.shape

    def balanced(other, axis, total):  # the shift of each line along `axis` at which it sums to `total`; sums rise with it
        low, high = np.full(other.shape[1 - axis], -4.0), np.full(other.shape[1 - axis], 4.0)
        for _ in range(60):
            middle = (low + high) / 2
            over = (1 / (1 + np.exp(-(other + np.expand_dims(middle, axis)) / temperature))).sum(axis=axis) > total
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return (low + high) / 2

    bias = np.zeros(e)
    for _ in range(sweeps):
        row = balanced(affinity + bias, 1, choices)
        bias = balanced(affinity + row[:, None], 0, n * choices / e)
    return bias


def test_sinkhorn_balances_first_choices_only():
    """Its plan for K is K times that for 1, so its biases do not know K: MaxVio .30 for K = 2 is the rule's, not rounding's, and .06 of a plan with entries
    at most 1, at the same temperature, is what K = 2 would need."""
    affinity = printed()
    one, two = (played(expert_routing(affinity, k, horizon=60), sinkhorn(0.02, 20))[0][-1] for k in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-9)
    excess = [float(imbalance(choose(affinity, p, 2).sum(axis=0))) for p in (two, capped(affinity, 2, 0.02, 20))]
    first = float(imbalance(choose(affinity, one, 1).sum(axis=0)))
    print(f"sinkhorn: MaxVio {excess[0]:.3f} with K = 2, {first:.3f} with K = 1; entries at most 1, K = 2: {excess[1]:.3f}")
    assert excess[0] > 0.29 and first < 0.1 and excess[1] < 0.1


@pytest.fixture(scope="module")
def gains():
    """Regret a token (runs,) in two doublings, of experts who are alike: there the best fixed biases are 0 by symmetry."""
    none, out = np.zeros(EXPERTS), {}
    problem = expert_routing(choices=1, horizon=BATCHES, skew=none, tokens=TOKENS)
    for name, (rule, _) in GROWTH.items():
        log = engine.play_block(engine.prepare(problem, rule), 11, 0, RUNS, np.array([BATCHES]), True)
        gap = np.array([follow_drawn(none, TOKENS, 1, log.action[r], none, 11, r).dual for r in range(RUNS)]) / TOKENS
        out[name] = gap[:, 64:128].sum(axis=1), gap[:, 256:].sum(axis=1)
    return out


def compatible(early, late, ratio):
    """Whether E late / E early may be within 30% of a ratio, at 4 standard errors."""
    low, high = late - 0.7 * ratio * early, late - 1.3 * ratio * early
    return low.mean() > -4 * low.std() / RUNS**0.5 and high.mean() < 4 * high.std() / RUNS**0.5


@pytest.mark.parametrize("name", GROWTH)
def test_regret_grows_as_said(name, gains):
    """(b)(iv): log N, sqrt N and N: increments over doublings are constant, grow by sqrt 2 and double. Each excludes the others (control)."""
    early, late = gains[name]
    print(name, late.mean() / early.mean())
    assert compatible(early, late, GROWTH[name][1])
    assert not any(compatible(early, late, ratio) for other, (_, ratio) in GROWTH.items() if other != name)


def test_what_was_played_is_what_is_followed():
    """The scores that `follow_drawn` recomputes are the rewards of the run."""
    problem = expert_routing(choices=2, horizon=40, skew=np.linspace(-1, 1, 5), tokens=8)
    for replication in (0, 3):
        log = engine.play_block(engine.prepare(problem, sign_bias(0.1)), 4, replication, 1, np.arange(1, 41), True)
        run = follow_drawn(np.linspace(-1, 1, 5), 8, 2, log.action[0], np.zeros(5), 4, replication)
        np.testing.assert_allclose(np.diff(log.reward[0], prepend=0.0), run.score / 8, atol=1e-12)
        assert np.all(run.load.sum(axis=1) == 16)


BAD = [
    (lambda: expert_routing(), "affinity: got both or neither"),
    (lambda: expert_routing([[1.0]], 1, skew=[0.0]), "affinity: got both or neither"),
    (lambda: expert_routing([[np.nan, 1.0]], 1), "affinity: got nan"),
    (lambda: expert_routing([[-0.1, 1.0]], 1), "affinity: got -0.1"),
    (lambda: expert_routing(np.zeros((0, 3)), 1), "affinity: got an empty array"),
    (lambda: expert_routing([[1.0, 2.0]], 3), "choices: got 3"),
    (lambda: expert_routing(np.ones((3, 2, 2)), 1, 4), "affinity: got 3 batches"),
    (lambda: expert_routing(skew=[0.0, 1.0], choices=1), "tokens: got None"),
    (lambda: expert_routing([[1.0, 2.0]], 1, 10, budget=-1.0), "budget: got -1.0"),
    (lambda: expert_routing([[1.0, 2.0]], 1, 10, capacity=-1.0), "capacity: got -1.0"),
    (lambda: expert_routing([[1.0, 2.0]], 1, 0), "horizon: got 0"),
    (lambda: sign_bias(0.0), "u: got 0"),
    (lambda: proportional_bias(math.nan), "u: got nan"),
    (lambda: decaying_bias(decay="log"), "decay: got 'log'"),
    (lambda: auxiliary_loss(u=2.0), "u: got 2"),
    (lambda: sinkhorn(temperature=0.0), "temperature: got 0"),
    (lambda: fixed_bias([math.inf]), "bias: got inf"),
    (lambda: fixed_bias([0.0]).init(expert_routing([[1.0, 2.0]], 1, 5).spec), "bias: got shape"),
]


@pytest.mark.parametrize(("make", "says"), BAD)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
