"""Sparse misspecified linear bandits: the (f) list, the printed numbers, bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine
from budgetsim.optima.kiefer_wolfowitz import kiefer_wolfowitz
from budgetsim.policies.g_optimal_least_squares import g_optimal_least_squares
from budgetsim.policies.hypothesis_elimination import hypothesis_elimination
from budgetsim.policies.linucb import linucb
from budgetsim.policies.uniform import uniform
from budgetsim.problems.gaussian_process_field import gaussian_process_field
from budgetsim.problems.misspecified_linear import misspecified_linear
from budgetsim.theory.misspecified import coherence, needle, net_tolerance, sparse_net
from tests.references import g_optimal_least_squares as g_optimal_twin
from tests.references import hypothesis_elimination as twin
from tests.references import linucb as linucb_twin
from tests.test_twins import LEVEL, p_values


def instance(rng, d, s, n, eps):
    """Features on the sphere, an s-sparse theta in the ball, signs times eps beside it."""
    a = rng.normal(size=(n, d))
    a /= np.linalg.norm(a, axis=1)[:, None]
    theta = np.zeros(d)
    theta[rng.permutation(d)[:s]] = rng.normal(size=s)
    theta *= rng.random() ** (1 / max(s, 1)) / max(np.linalg.norm(theta), 1e-12)
    return a, theta, a @ theta + eps * np.where(rng.random(n) < 0.5, -1.0, 1.0)


def played(problem, rule, seed=0):
    """(gap, readings) without compiling: plain Python, one run."""
    runs = engine.run(problem, rule, replications=1, seed=seed, path="python")
    return float(runs.loss[0, -1]), int(runs.rounds[0, -1])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_gap_and_the_readings_keep_their_bounds(seed):
    """(f): final gap <= 2 tol; queries <= |H| + 1; and the same search as an independent dense one."""
    rng = np.random.default_rng(seed)
    d, eps, h = int(rng.integers(1, 4)), float(rng.uniform(0.0, 0.2)), float(rng.choice([0.2, 0.25, 0.5]))
    s = int(rng.integers(1, min(d, 2) + 1))
    a, _, f = instance(rng, d, s, int(rng.integers(2, 20)), eps)
    gap, readings = played(misspecified_linear(f, a, eps, s), hypothesis_elimination(h))
    tolerance, hypotheses = net_tolerance(eps, h, s), twin.net(d, s, h)
    assert gap <= 2 * tolerance + 1e-9
    assert readings <= len(hypotheses) + 1
    action, needed = twin.search(f, a, hypotheses, tolerance * (1 + 1e-12) + 1e-12)
    assert readings == needed or abs(f.max() - f[action] - gap) <= 2 * tolerance  # equal promises may come in another order


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_net_is_the_brute_force_one_and_covers_the_ball(seed):
    """The grid point next to any s-sparse vector of the unit ball is in the net."""
    rng = np.random.default_rng(seed)
    d, h = int(rng.integers(1, 4)), float(rng.choice([0.1, 0.2, 0.3, 0.5]))
    s = int(rng.integers(0, d + 1)) if h > 0.15 else 1
    net = sparse_net(d, s, h)
    dense = np.zeros((len(net.support), d))
    np.put_along_axis(dense, net.support.astype(int), net.coefficient, axis=1)
    rows = {tuple(r) for r in np.round(dense / h).astype(int).tolist()}
    assert len(rows) == len(dense) == len(twin.net(d, s, h))
    theta = np.zeros(d)
    theta[rng.permutation(d)[:s]] = rng.normal(size=s)
    theta /= max(np.linalg.norm(theta), 1e-12)  # on the sphere, where a net cut at norm 1 fails
    assert tuple(np.round(theta / h).astype(int).tolist()) in rows


def test_a_net_cut_at_norm_one_does_not_cover():
    """The specification's |H| = 4141 for d = 6, s = 2, h = .1 is such a net, and leaves out the points (+-.6, +-.8), (+-.8, +-.6) on the circle: 4261 with them."""
    inside = [(i, j) for i in range(-10, 11) for j in range(-10, 11) if i and j and i * i + j * j <= 100]
    assert 1 + 6 * 20 + 15 * len(inside) == 4261
    assert 1 + 6 * 20 + 15 * len([1 for i, j in inside if i * i + j * j < 100]) == 4141
    angle = 0.3  # a unit vector whose nearest grid point lies outside the ball
    near = np.round(np.array([math.cos(angle), math.sin(angle)]) / 0.1)
    assert near @ near > 100
    assert len(sparse_net(6, 2, 0.1).support) == 1 + 6 * 20 + 15 * len([1 for i in range(-11, 12) for j in range(-11, 12) if i and j and i * i + j * j <= (10 + math.sqrt(2) / 2) ** 2])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_kiefer_and_wolfowitz(seed):
    """(f): the design's value lies in [d, 1.01 d], d the rank; its support has d to min(n, ...) points."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(int(rng.integers(1, 30)), int(rng.integers(1, 6)))) * (rng.random() < 0.8 or rng.integers(0, 2))
    if not a.any():
        return
    found = kiefer_wolfowitz(a)
    d, w = np.linalg.matrix_rank(a), found.plan.weights
    assert found.lower == found.value == d
    inverse = np.linalg.pinv(a.T @ (a * w[:, None]))
    assert d * (1 - 1e-9) <= np.einsum("ij,jk,ik->i", a, inverse, a).max() <= found.upper * (1 + 1e-6) <= 1.01 * d * (1 + 1e-6)
    assert w.min() >= 0 and w.sum() == pytest.approx(1.0) and len(found.plan.support) >= d


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_least_squares_errs_by_at_most_eps_root_d(seed):
    """(f): LS error <= eps sqrt(g), g <= 1.01 d, for any perturbation; the worst one is the sign of a V^-1 a_i."""
    rng = np.random.default_rng(seed)
    d, n, eps = int(rng.integers(1, 5)), int(rng.integers(5, 30)), 0.1
    a, theta, _ = instance(rng, d, d, n, 0.0)
    design = kiefer_wolfowitz(a)
    w, where = design.plan.weights, design.plan.support
    inverse = np.linalg.pinv(a.T @ (a * w[:, None]))
    x = a[int(rng.integers(n))]
    signs = np.sign(a @ inverse @ x) if rng.random() < 0.5 else np.where(rng.random(n) < 0.5, -1.0, 1.0)
    f = a @ theta + eps * signs
    estimate = inverse @ (a[where] * w[where, None]).T @ f[where]
    assert np.abs(a @ (estimate - theta)).max() <= eps * math.sqrt(design.upper) + 1e-9
    gap, readings = played(misspecified_linear(f, a, eps), g_optimal_least_squares())
    assert readings == where.size
    assert f.max() - f[int(np.argmax(a @ estimate))] == pytest.approx(gap, abs=1e-6) or gap <= 2 * eps * (1 + math.sqrt(design.upper))
    assert gap <= 2 * eps * (1 + math.sqrt(design.upper)) + 1e-9


def test_signs_along_the_prediction_are_worse_than_random_ones(seed):
    """Control: the error bound is nearly attained by aligned signs, and far from attained by random ones."""
    rng = np.random.default_rng(seed)
    a, _, _ = instance(rng, 20, 20, 400, 0.0)
    design = kiefer_wolfowitz(a)
    w = design.plan.weights
    inverse = np.linalg.inv(a.T @ (a * w[:, None]))
    x = a[0]
    aligned = abs((w * np.abs(a @ inverse @ x)).sum())
    random = np.abs(np.array([(w * (a @ inverse @ x) * np.where(rng.random(400) < 0.5, -1, 1)).sum() for _ in range(200)])).mean()
    assert random < 0.3 * aligned
    assert 0.7 * math.sqrt(x @ inverse @ x) < aligned <= math.sqrt(x @ inverse @ x) + 1e-9


def test_the_printed_instance(seed):
    """(g): d = 6, s = 2, n = 400, eps = .05, random signs, 20 seeds: gap mean .017 max .093 (bound .241), 4.5 readings, at most 6; LS .015, .077."""
    gaps, readings, squares = [], [], []
    for i in range(20):
        a, _, f = instance(np.random.default_rng([seed, i]), 6, 2, 400, 0.05)
        problem = misspecified_linear(f, a, 0.05, 2)
        gap, needed = played(problem, hypothesis_elimination())
        gaps.append(gap)
        readings.append(needed)
        squares.append(played(problem, g_optimal_least_squares())[0])
    assert max(gaps) <= 2 * net_tolerance(0.05, 0.1, 2) < 0.2415
    assert np.mean(gaps) < 0.06 and np.mean(readings) < 10
    assert np.mean(squares) < 0.06


def test_coherence_of_random_signs(seed):
    """(g): 2000 random-sign vectors: .875, .594, .453 in 32, 64, 128 dimensions; ours within .1 of it, and falling."""
    found = [coherence(needle(d, 2000, np.random.default_rng([seed, d]))[0]) for d in (32, 64, 128)]
    assert found == pytest.approx([0.875, 0.594, 0.453], abs=0.1)
    assert found[0] > found[1] > found[2]


def test_no_rule_finds_a_needle_but_by_searching(seed):
    """Readings until the needle is read: LinUCB needs no fewer than the (n + 1) / 2 of a search; control: features that tell need one or two."""
    n, needed = 60, []
    for i in range(40):
        features, f, eps = needle(64, n, np.random.default_rng([seed, i]))
        actions = engine.run(misspecified_linear(f, features, eps, horizon=n), linucb(), replications=1, seed=i, trace=True).action.values[0]
        needed.append(1 + int(np.argmax(actions == np.argmax(f))) if (actions == np.argmax(f)).any() else n)
    assert np.mean(needed) > (n + 1) / 2 - 4 * np.std(needed) / math.sqrt(len(needed))
    told = misspecified_linear(np.arange(n) == 7, np.eye(n), 0.0, 1, horizon=10)
    gap, readings = played(told, hypothesis_elimination(1.0))
    assert gap == 0.0 and readings <= 10


def test_linucb_beats_chance_and_compiles(seed):
    a, _, f = instance(np.random.default_rng(seed), 4, 4, 30, 0.02)
    problem = misspecified_linear(f, a, 0.02, noise=0.1, horizon=500)
    ours, chance = (engine.run(problem, rule, replications=50, seed=seed).pseudo_reward.values[:, -1] for rule in (linucb(), uniform()))
    assert ours.mean() > chance.mean() + 4 * (ours.std() + chance.std()) / math.sqrt(50)
    assert engine.run(problem, linucb(), replications=1, seed=0).attrs["grade"] == "portable"


@pytest.mark.parametrize("name", ["linucb", "g_optimal_least_squares"])
def test_the_rule_agrees_with_its_twin(name, seed):
    """Regret of 100 rounds, or the loss of what is recommended, with noise; controls: another alpha, another number of samples."""
    a, _, f = instance(np.random.default_rng(2), 3, 3, 12, 0.05)
    a *= np.linspace(0.8, 1.0, 12)[:, None]  # no ties before the first reading
    rule, noise = (linucb(), 0.3) if name == "linucb" else (g_optimal_least_squares(2), 1.0)
    log = engine.run(misspecified_linear(f, a, 0.05, noise=noise, horizon=100), rule, replications=600, seed=seed)
    rng = np.random.default_rng(seed)
    if name == "linucb":
        ours = 100 * f.max() - log.pseudo_reward.values[:, -1]
        theirs, other = (linucb_twin.simulate(f, a, noise, 100, 600, rng, alpha) for alpha in (1.0, 2.0))
    else:
        ours = log.loss.values[:, -1]
        (theirs, readings), (other, _) = (g_optimal_twin.simulate(f, a, noise, 600, rng, samples) for samples in (2, 1))
        assert (log.rounds.values[:, -1] == readings).all()
    said = [f"{x.mean():.4f} +- {x.std() / math.sqrt(600):.4f}" for x in (ours, theirs, other)]
    print(f"{name}: {said[0]}, twin {said[1]}, control {said[2]}")
    assert min(p_values(ours, theirs)) > LEVEL
    assert p_values(ours, other)[0] < LEVEL


def test_noise_is_averaged_away(seed):
    a, _, f = instance(np.random.default_rng(seed), 4, 2, 40, 0.05)
    problem = misspecified_linear(f, a, 0.05, 2, noise=0.3, horizon=100_000)
    runs = engine.run(problem, hypothesis_elimination(0.2), replications=40, seed=seed)
    assert (runs.ended_by == "rule").all() if runs.ended_by.dtype.kind in "UO" else (runs.ended_by.values == 1).all()
    assert (runs.loss.values[:, -1] <= 4 * net_tolerance(0.05, 0.2, 2)).all()  # tol for the reading, tol for the mean's noise


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1], [[0.6, 0.9]], 0.1), "features.*norm"),
        (([0.1, 0.2], [[1.0, 0.0]], 0.1), "features"),
        (([], np.zeros((0, 2)), 0.1), "mean_reward"),
        (([0.1], [[1.0]], -0.1), "misspecification"),
        (([0.1], [[1.0]], 0.1, 2), "sparsity"),
        (([0.1], [[1.0]], 0.1, 1, -1.0), "noise"),
        (([0.1], [[1.0]], 0.1, 1, 0.0, 0), "horizon"),
    ],
)
def test_bad_problems_are_refused(arguments, says):
    with pytest.raises(BudgetsimError, match=says):
        misspecified_linear(*arguments)


def test_bad_rules_are_refused():
    field = gaussian_process_field([0.1, 0.2], np.eye(2))
    for make, says in ((lambda: hypothesis_elimination(0.0), "step"), (lambda: hypothesis_elimination(samples=0), "samples"), (lambda: g_optimal_least_squares(tolerance=0.0), "tolerance"),
                       (lambda: linucb(-1.0), "alpha"), (lambda: linucb(penalty=0.0), "penalty"), (lambda: kiefer_wolfowitz(np.zeros((3, 2))), "features"),
                       (lambda: sparse_net(2, 3, 0.1), "sparsity"), (lambda: hypothesis_elimination().init(field.spec), "hypothesis_elimination"),
                       (lambda: linucb().init(field.spec), "linucb"), (lambda: g_optimal_least_squares().init(field.spec), "g_optimal")):  # fmt: skip
        with pytest.raises(BudgetsimError, match=says):
            make()
