"""Summaries: the same bits however the replications were cut, and right."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import intervals
from budgetsim.arguments import BadType, BadValue
from budgetsim.summary import LEAF, Histogram, Moments, Tree


def fed(make, x, cuts):
    out = make()
    for block in np.split(x, cuts):
        out.feed(block)
    return out


def same_bits(a: Moments, b: Moments) -> bool:
    return all(np.asarray(f).tobytes() == np.asarray(g).tobytes() for f, g in zip(a, b, strict=True))


def luck(seed, n, m=3):
    rng = np.random.default_rng(seed)
    return 1e3 + rng.lognormal(size=(n, m)) * rng.choice([-1.0, 1.0, 100.0], size=(n, m))


@settings(deadline=None)
@given(st.integers(1, 1000), st.integers(0, 2**32), st.data())
def test_same_bits_for_every_cut(n, seed, data):
    x = luck(seed, n)
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=12)))
    tree, histogram = (fed(make, x, []) for make in (lambda: Tree(3, [0, 2]), lambda: Histogram(3)))
    assert same_bits(tree.moments(), fed(lambda: Tree(3, [0, 2]), x, cuts).moments())
    other = fed(lambda: Histogram(3), x, cuts)
    for j in range(3):
        assert all(np.array_equal(a, b) for a, b in zip(histogram.steps(j), other.steps(j)))


@pytest.mark.parametrize("block", [1, 7, 64, 100])
def test_same_bits_for_the_blocks_of_the_engine(block, seed):
    x = luck(seed, 1111)
    cut = fed(lambda: Tree(3, [1]), x, range(block, 1111, block))
    assert same_bits(fed(lambda: Tree(3, [1]), x, []).moments(), cut.moments())


def test_control_running_sums_depend_on_the_cut(seed):
    x = luck(seed, 1111)
    sums = {sum(block.sum(axis=0) for block in np.split(x, range(b, 1111, b))).tobytes() for b in (1, 7, 64, 100)}
    assert len(sums) > 1


def test_asking_changes_nothing(seed):
    x = luck(seed, 300)
    tree = Tree(3)
    for row in x:
        tree.feed(row[None])
        tree.moments()
    assert same_bits(tree.moments(), fed(lambda: Tree(3), x, []).moments())


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1000, 4097])
def test_moments_equal_numpy(n, seed):
    x = luck(seed, n)
    got = fed(lambda: Tree(3, [2, 0]), x, [n // 3]).moments()
    d = x - x.mean(axis=0)
    scale = np.abs(d).max()
    assert got.count == n
    np.testing.assert_allclose(got.mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(got.m2, (d**2).sum(axis=0), rtol=1e-12, atol=1e-12 * scale**2)
    np.testing.assert_allclose(got.m3, (d**3).sum(axis=0), rtol=1e-11, atol=1e-11 * n * scale**3)
    np.testing.assert_allclose(got.cross, d[:, [2, 0]].T @ d, rtol=1e-11, atol=1e-12 * n * scale**2)
    assert np.array_equal(got.low, x.min(axis=0)) and np.array_equal(got.high, x.max(axis=0))
    if n > 1:
        np.testing.assert_allclose(got.variance, x.var(axis=0, ddof=1), rtol=1e-12)
        np.testing.assert_allclose(got.covariance, np.cov(x.T)[[2, 0]], rtol=1e-11, atol=1e-12 * scale**2)


def test_far_from_zero_the_variance_survives():
    x = 1e9 + np.tile([0.0, 1.0], 5000)[:, None]
    assert fed(lambda: Tree(1), x, []).moments().variance[0] == pytest.approx(0.25 * 10000 / 9999, rel=1e-12)
    assert np.mean(x**2) - np.mean(x) ** 2 != pytest.approx(0.25, rel=1e-3)  # control: the textbook shortcut


def test_intervals_from_a_summary_equal_those_from_values(seed):
    for n in (60, 2000):
        x = luck(seed, n)
        got = fed(lambda: Tree(3, [0]), x, []).moments()
        band = intervals.mean_from_moments(n, got.mean, got.variance, 0.95, got.skewness, got.share)
        direct = intervals.mean(x)
        assert band.method == direct.method
        np.testing.assert_allclose(np.array(band[:3]), np.array(direct[:3]), rtol=1e-10)
        covariance = [[got.variance[1], got.covariance[0, 1]], [got.covariance[0, 1], got.variance[0]]]
        assert intervals.ratio_from_moments(n, got.mean[[1, 0]], covariance).estimate == pytest.approx(x[:, 1].mean() / x[:, 0].mean(), rel=1e-12)


def test_constant_series_has_no_moments():
    got = fed(lambda: Tree(1), np.full((777, 1), 0.1), [5]).moments()
    assert (got.mean[0], got.m2[0], got.m3[0], got.skewness[0], got.share[0]) == (0.1, 0.0, 0.0, 0.0, 0.0)


def test_memory_grows_with_the_logarithm(seed):
    tree, histogram = Tree(2, [0]), Histogram(2)
    sizes = []
    for x in np.split(luck(seed, 1 << 16, 2), 64):
        tree.feed(x)
        histogram.feed(x)
        histogram.steps()
        sizes.append((len(tree.nodes), len(histogram.keys)))
    assert max(s[0] for s in sizes) <= 11
    cells = 2 * 2 * 128 * 24  # series, signs, mantissas, binary orders of magnitude between the nearest and the furthest deviation
    assert sizes[-1][1] < cells and sizes[-1][1] - sizes[-17][1] < sizes[16][1] - sizes[0][1] and histogram.n_waiting < 1 << 16


@settings(deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=400), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5))
def test_quantiles_within_the_stated_accuracy(values, shares):
    x = np.array(values)[:, None]
    histogram = fed(lambda: Histogram(1), x, [])
    exact = np.sort(x[:, 0])[[max(1, int(np.ceil(q * len(x) * (1 - 1e-15)))) - 1 for q in shares]]
    centre = 0.0 if histogram.centre is None else histogram.centre[0]
    slack = 0.0 if histogram.centre is None else Histogram.accuracy * np.abs(exact - centre) + 4e-16 * np.abs(exact) + 1e-300
    assert np.all(np.abs(histogram.quantile(shares)[:, 0] - exact) <= slack)
    values, upto = histogram.steps()
    assert upto[-1] == len(x) and np.all(np.diff(values) > 0) and np.all(np.diff(upto) > 0)


def test_quantiles_at_a_million(seed):
    x = np.random.default_rng(seed).normal(100.0, 3.0, size=(1_000_000, 1))
    got = fed(lambda: Histogram(1), x, range(64, 1_000_000, 10_000)).quantile([0.1, 0.5, 0.9])[:, 0]
    exact = np.quantile(x, [0.1, 0.5, 0.9], method="inverted_cdf")
    assert np.all(np.abs(got - exact) <= Histogram.accuracy * np.abs(exact - 100.0) + 0.005)
    assert np.abs(got - exact).max() > 0.0  # control: it is a summary


def test_histograms_merge_in_any_order(seed):
    x = luck(seed, 900)
    parts = [fed(lambda: Histogram(3, [1e3, 1e3, 1e3]), part, []) for part in np.split(x, [100, 101, 640])]
    together = fed(lambda: Histogram(3, [1e3, 1e3, 1e3]), x, [])
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        total = Histogram(3, [1e3, 1e3, 1e3])
        for i in order:
            total.merge(parts[i])
        assert all(np.array_equal(a, b) for j in range(3) for a, b in zip(total.steps(j), together.steps(j)))
    with pytest.raises(BadValue, match="same centre"):
        total.merge(Histogram(3, [0.0, 0.0, 0.0]))


def test_pickled_summaries_go_on(seed):
    x = luck(seed, 500)
    tree, histogram = fed(lambda: Tree(3, [0]), x[:222], []), fed(lambda: Histogram(3), x[:222], [])
    tree, histogram = pickle.loads(pickle.dumps((tree, histogram)))
    tree.feed(x[222:])
    histogram.feed(x[222:])
    assert same_bits(tree.moments(), fed(lambda: Tree(3, [0]), x, []).moments()) and tree.count == histogram.count == 500
    assert np.array_equal(histogram.quantile(0.5), fed(lambda: Histogram(3), x, []).quantile(0.5))


def test_the_first_leaf_fixes_the_centre(seed):
    x = luck(seed, LEAF + 1)
    histogram = fed(lambda: Histogram(3), x, [3])
    np.testing.assert_allclose(histogram.centre, x[:LEAF].mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Tree(0), BadValue),
        (lambda: Tree(2, [2]), BadValue),
        (lambda: Tree(2).feed(np.zeros((3, 1))), BadValue),
        (lambda: Tree(2).feed([["a", "b"]]), BadType),
        (lambda: Tree(1).feed([[np.nan]]), BadValue),
        (lambda: Tree(2).moments(), BadValue),
        (lambda: Histogram(1).quantile(0.5), BadValue),
        (lambda: Histogram(1).quantile(1.5), BadValue),
        (lambda: Histogram(2, [0.0]), BadValue),
        (lambda: Histogram(2).steps(2), BadValue),
        (lambda: Histogram(1).merge(Histogram(1)), BadValue),
    ],
)
def test_bad_arguments(call, error):
    with pytest.raises(error, match="allowed"):
        call()
