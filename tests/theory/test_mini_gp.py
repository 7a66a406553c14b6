"""Gaussian-process rules: grouped posterior, deviations, batches; the (f) list of mini-GP-Opt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine
from budgetsim.policies.gp_ucb import gp_ucb
from budgetsim.policies.mini_gp_ei import mini_gp_ei
from budgetsim.policies.mini_gp_ucb import mini_gp_ucb
from budgetsim.problems.gaussian_process_field import gaussian_process_field
from budgetsim.shared import gaussian_process as gp
from budgetsim.theory import mini_gp
from tests.references import gp_ucb as twin

GRID = np.linspace(0.0, 1.0, 40)
COVARIANCE = gp.squared_exponential(GRID, 0.1)


def field(seed, n=40, length=0.1):
    """Eight kernels at random centres, scaled to greatest value 1."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0.0, 1.0, n)
    f = np.exp(-((x[:, None] - rng.random(8)) ** 2) / (2 * length**2)) @ rng.normal(size=8)
    return f / np.abs(f).max()


def batches(actions):
    """Where a new point begins; a batch that is followed by one at the same point is not told apart."""
    return 1 + int((np.diff(actions) != 0).sum())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_grouped_posterior_is_the_full_posterior(seed):
    """(f): grouped posterior = full posterior, and both = conditioning one batch at a time, in any order of batches."""
    rng = np.random.default_rng(seed)
    n, noise = int(rng.integers(2, 12)), float(rng.uniform(0.01, 1.0))
    k = gp.squared_exponential(rng.random(n), 0.3)
    points = rng.integers(n, size=int(rng.integers(1, 30)))
    readings = rng.normal(size=points.size)
    across = k[:, points]
    gram = across[points] + noise * np.eye(points.size)
    mean, var = across @ np.linalg.solve(gram, readings), np.diag(k) - np.einsum("ij,ji->i", across, np.linalg.solve(gram, across.T))
    unique, where, pulls = np.unique(points, return_inverse=True, return_counts=True)
    grouped = mini_gp.grouped_posterior(k, unique, pulls, np.bincount(where, readings) / pulls, noise)
    np.testing.assert_allclose(grouped[0], mean, atol=1e-8)
    np.testing.assert_allclose(grouped[1], var, atol=1e-8)
    posterior = gp.prior(np.zeros(n), k)
    for i in rng.permutation(unique.size):
        gp.condition(posterior, unique[i], readings[points == unique[i]].mean(), noise / pulls[i])
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-8)
    np.testing.assert_allclose(np.diag(posterior.covariance), var, atol=1e-8)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1.01, 3.0))
def test_no_deviation_shrinks_by_more_than_the_factor(seed, factor):
    """(f): sd ratio <= C, at every point, in a batch whose floor is at least 1; control: one reading more can break it."""
    rng = np.random.default_rng(seed)
    n, noise = int(rng.integers(2, 12)), float(rng.uniform(0.01, 1.0))
    posterior = gp.prior(np.zeros(n), gp.squared_exponential(rng.random(n), 0.3))
    for _ in range(int(rng.integers(0, 10))):
        gp.condition(posterior, int(rng.integers(n)), 0.0, noise)
    before, x = np.sqrt(np.diag(posterior.covariance)), int(rng.integers(n))
    room = (factor**2 - 1) * noise / before[x] ** 2
    if room < 1:
        return
    gp.condition(posterior, x, 0.0, noise / np.floor(room))
    ratio = before / np.sqrt(np.maximum(np.diag(posterior.covariance), 1e-300))
    assert ratio.max() <= factor * (1 + 1e-9)
    assert ratio.max() == pytest.approx(float(mini_gp.deviation_ratio(before[[x]] ** 2, factor, noise)[0]), rel=1e-6)
    assert np.sqrt(1 + (np.floor(room) + 1) * before[x] ** 2 / noise) > factor


@pytest.mark.parametrize("factor", [1.1, 1.41, 2.0])
def test_batches_stay_below_their_bound(factor, seed):
    """(f): switches <= 2 I / log((C^2 + 1) / 2), the last, unfinished batch apart; all rounds are readings."""
    for run in range(4):
        problem = gaussian_process_field(field(seed + run), COVARIANCE, 0.1, 1500)
        runs = engine.run(problem, mini_gp_ucb(factor), replications=1, seed=seed + run, trace=True)
        pulls = runs.pulls.values[0, -1]
        assert pulls.sum() == 1500
        information = mini_gp.information_gain(COVARIANCE, pulls, 0.01)
        assert batches(runs.action.values[0]) <= mini_gp.batch_bound(information, factor) + 1


def test_a_factor_of_one_is_gp_ucb(seed):
    """(f): C -> 1 recovers GP-UCB: the same bits."""
    problem = gaussian_process_field(field(seed), COVARIANCE, 0.1, 300)
    one, other = (engine.run(problem, rule, replications=5, seed=seed, trace=True) for rule in (gp_ucb(), mini_gp_ucb(1.0)))
    np.testing.assert_array_equal(one.action, other.action)
    assert not np.array_equal(one.action, engine.run(problem, mini_gp_ucb(1.5), replications=5, seed=seed, trace=True).action)


@pytest.mark.parametrize(("rule", "right", "wrong"), [
    (mini_gp_ucb(1.0), {}, {"beta": 0.0}),
    (mini_gp_ucb(1.41), {"factor": 1.41}, {"beta": 0.0}),
    (mini_gp_ei(1.41), {"factor": 1.41, "beta": 1.0, "improve": True}, {"beta": 4.0}),
], ids=["1.0", "1.41", "mini_gp_ei"])  # fmt: skip
def test_it_agrees_with_an_independent_twin(rule, right, wrong, seed):
    """Mean regret over 60 runs each, two-sample at 1e-4 (3.9 errors); control: a twin with another beta is told apart."""
    f = field(3)
    ours = engine.run(gaussian_process_field(f, COVARIANCE, 0.1, 100), rule, replications=60, seed=seed)
    ours = 100 * f.max() - ours.pseudo_reward.values[:, -1]
    rng = np.random.default_rng(seed)
    theirs, other = (np.array([twin.simulate(f, COVARIANCE, 0.1, 100, rng, **told)[0] for _ in range(60)]) for told in (right, {**right, **wrong}))
    print(f"{rule.name}: {ours.mean():.2f}, twin {theirs.mean():.2f}, with {wrong} {other.mean():.2f}")

    def apart(a, b):
        return abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)

    assert apart(ours, theirs) < 3.9
    assert apart(ours, other) > 3.9


def test_expected_improvement_and_normal_law():
    from scipy import stats

    z = np.concatenate([np.linspace(0.0, 8.0, 4001), [12.0, 30.0]])
    tail = np.array([gp.normal_tail(float(v)) for v in z])
    np.testing.assert_allclose(tail, stats.norm.sf(z), rtol=3e-13)
    for mean, sd, best in [(0.0, 1.0, 0.3), (0.5, 0.2, 0.4), (-1.0, 0.3, 0.2), (2.0, 1.5, -1.0)]:
        u = (mean - best) / sd
        assert gp.expected_improvement(mean, sd, best) == pytest.approx(sd * (u * stats.norm.cdf(u) + stats.norm.pdf(u)), rel=1e-10)


def test_expected_improvement_finds_the_maximum(seed):
    f = field(3)
    runs = engine.run(gaussian_process_field(f, COVARIANCE, 0.1, 400), mini_gp_ei(1.41), replications=20, seed=seed)
    assert runs.loss.values[:, -1].mean() < 0.05
    assert runs.loss.values[:, 0].mean() > 0.3  # the control: at the first checkpoint it does not know


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1, 0.2], np.eye(3)), "covariance"),
        (([], np.zeros((0, 0))), "mean_reward"),
        (([0.1, np.nan], np.eye(2)), "mean_reward"),
        (([0.1, 0.2], [[1.0, 0.5], [0.4, 1.0]]), "covariance.*symmetric"),
        (([0.1, 0.2], [[1.0, 2.0], [2.0, 1.0]]), "covariance.*eigenvalue"),
        (([0.1, 0.2], np.eye(2), -0.1), "noise"),
        (([0.1, 0.2], np.eye(2), 0.1, 0), "horizon"),
    ],
)
def test_bad_fields_are_refused(arguments, says):
    with pytest.raises(BudgetsimError, match=says):
        gaussian_process_field(*arguments)


def test_bad_rules_are_refused():
    for make, says in ((lambda: mini_gp_ucb(0.9), "factor"), (lambda: gp_ucb(-1.0), "beta"), (lambda: mini_gp_ei(noise=0.0), "noise"), (lambda: mini_gp_ei(scale=0.0), "scale")):
        with pytest.raises(BudgetsimError, match=says):
            make()
    with pytest.raises(BudgetsimError, match="noise"):
        gp_ucb().init(gaussian_process_field([0.1, 0.2], np.eye(2), 0.0).spec)
