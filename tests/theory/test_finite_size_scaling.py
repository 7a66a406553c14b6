"""Finite-size scaling recovers the exponents of made-up data, covers them, and finds Oliveira's critical noise on small lattices."""

import networkx
import numpy as np
import pytest

from budgetsim.arguments import BudgetsimError
from budgetsim.theory.finite_size_scaling import binder_crossing, data_collapse, fixed_binder
from budgetsim.theory.majority_vote import majority_vote, majority_vote_averages

TRUTH = (0.1, 0.8, 0.15, 1.6)  # q_c, 1/nu, beta/nu, gamma/nu
SIZES = (8, 12, 16, 24)


def made_up(noise, rng=None, packs=16, correction=0.0, sizes=SIZES):
    """Moments that scale exactly, times (1 + noise x luck) in every pack."""
    out = []
    for size in sizes:
        q = TRUTH[0] + np.linspace(-0.4, 0.5, 7) / size ** TRUTH[1]
        x = (q - TRUTH[0]) * size ** TRUTH[1]
        u = 0.6 - 0.5 * x - 0.2 * x**2 + correction / size
        m = size ** -TRUTH[2] * np.exp(-0.1 - 0.9 * x + 0.1 * x**2)
        chi = size ** TRUTH[3] * np.exp(-3.0 + 0.8 * x - 0.9 * x**2)
        square = chi / size**2 + m**2
        moments = np.stack([m, square, 3.0 * square**2 * (1.0 - u), 0 * m], axis=-1)[:, None].repeat(packs, axis=1)
        if rng is not None:
            moments = moments * (1.0 + noise * rng.normal(size=moments.shape))
        else:  # errors, but no luck in the mean
            moments = moments * (1.0 + noise * np.where(np.arange(packs) % 2, 1.0, -1.0)[:, None] * [1.0, 1.5, 2.5, 1.0])
        out.append(majority_vote_averages(q, size**2, moments))
    return out


def parts(fit):
    return fit.critical_noise, fit.inverse_nu, fit.beta_over_nu, fit.gamma_over_nu


def test_exact_data_give_exact_exponents():
    fit = data_collapse(made_up(1e-4), SIZES, degree=2, resamples=20)
    assert [p.estimate for p in parts(fit)] == pytest.approx(TRUTH, abs=1e-6)
    assert fit.binder.estimate == pytest.approx(0.6, abs=1e-6) and fit.chi_square < 1e-3
    np.testing.assert_allclose(fit.coefficient, [[0.6, -0.5, -0.2], [-0.1, -0.9, 0.1], [-3.0, 0.8, -0.9]], atol=1e-4)
    crossing = binder_crossing(made_up(1e-4), SIZES, degree=2, resamples=20)
    np.testing.assert_allclose(crossing.noise.estimate, TRUTH[0], atol=1e-7)
    np.testing.assert_allclose(crossing.binder.estimate, 0.6, atol=1e-6)


def test_a_correction_is_seen_and_fitted():
    """U + .2 / L: without the term q_c is missed, with it it is found."""
    seen = made_up(1e-4, correction=0.2)
    assert abs(data_collapse(seen, SIZES, degree=2, resamples=20).critical_noise.estimate - TRUTH[0]) > 1e-3
    assert data_collapse(seen, SIZES, degree=2, correction=1.0, resamples=20).critical_noise.estimate == pytest.approx(TRUTH[0], abs=1e-6)


def test_intervals_cover(seed):
    """25 data sets with luck, four intervals of 95% each: at least 80 of 100 hold the truth (were they right, below 80 has a chance of 1e-5 at worst dependence of four)."""
    rng = np.random.default_rng(seed)
    held = [
        sum(p.low <= t <= p.high for p, t in zip(parts(data_collapse(made_up(2e-3, rng), SIZES, degree=2, resamples=60)), TRUTH, strict=True))
        for _ in range(25)
    ]
    assert sum(held) >= 80


def test_small_lattices_find_oliveira(seed):
    """Statistical: q_c of L = 8, 12 within .075 +- .003, 1/nu near 1; control: the same data with noises a tenth larger are not."""
    seen = [
        majority_vote(networkx.grid_2d_graph(n, n, periodic=True), 0.075 + np.linspace(-0.15, 0.15, 5) / n, 4 * n * n, n * n, 512, seed + n, every=2)
        for n in (8, 12)
    ]
    crossing = binder_crossing(seen, [8, 12], level=0.999).noise
    assert crossing.low[0] < 0.078 and crossing.high[0] > 0.072
    shifted = binder_crossing([m._replace(noise=1.1 * m.noise) for m in seen], [8, 12], level=0.999).noise
    assert shifted.low[0] > 0.078


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: binder_crossing(m[:1], [8]), "measurements"),
        (lambda m: binder_crossing([1, 2], [8, 12]), "measurements"),
        (lambda m: binder_crossing(m, [8, 12, 12, 24]), "size"),
        (lambda m: binder_crossing(m, [8, 12]), "size"),
        (lambda m: binder_crossing(m, SIZES, degree=7), "measurements"),
        (lambda m: binder_crossing([m[1], m[0]], [8, 12]), "measurements"),
        (lambda m: binder_crossing(m, SIZES, resamples=3), "resamples"),
        (lambda m: data_collapse(m, SIZES, window=0.01), "window"),
        (lambda m: data_collapse(m, SIZES, level=1.0), "level"),
        (lambda m: data_collapse(m, SIZES, degree=0), "degree"),
        (lambda m: data_collapse(m, SIZES, correction=0.0), "correction"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(call, says):
    with pytest.raises(BudgetsimError, match=f"^{says}: got .*allowed"):
        call(made_up(1e-3))


def test_at_a_fixed_cumulant_exponents_are_exact():
    """Where U = .6 all sizes have x = 0; where U = .5, the same x: the exponents are the same, between any two sizes."""
    for value in (0.6, 0.5):
        fixed = fixed_binder(made_up(1e-4), SIZES, value, resamples=20)
        for part, truth in ((fixed.inverse_nu, 0.8), (fixed.beta_over_nu, 0.15), (fixed.gamma_over_nu, 1.6)):
            np.testing.assert_allclose(part.estimate, truth, atol=1e-6)
    assert np.all(np.diff(fixed.noise.estimate) < 0.0)
    with pytest.raises(BudgetsimError, match=r"^value: got 0.1, which size 8 does not take"):
        fixed_binder(made_up(1e-4), SIZES, 0.1)
