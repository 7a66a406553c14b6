"""Rank-one ridge regression equals the normal equations."""

import numpy as np
import pytest

from budgetsim.kernels import compiled
from budgetsim.shared import ridge as r


@pytest.mark.parametrize("penalty", [0.01, 1.0, 30.0])
def test_it_equals_the_normal_equations_after_many_updates(penalty: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    d, n = 6, 3
    model, xs, ys, which = r.ridge(n, d, penalty), rng.normal(size=(3000, d)), rng.normal(size=3000), rng.integers(n, size=3000)
    for x, y, i in zip(xs, ys, which, strict=True):
        r.ridge_add(model, i, x, y)
    for i in range(n):
        a = penalty * np.eye(d) + xs[which == i].T @ xs[which == i]
        np.testing.assert_allclose(model.inverse[:, :, i], np.linalg.inv(a), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(model.theta[:, i], np.linalg.solve(a, xs[which == i].T @ ys[which == i]), rtol=1e-7, atol=1e-12)
        np.testing.assert_array_equal(model.inverse[:, :, i], model.inverse[:, :, i].T)
        x = rng.normal(size=d)
        assert r.ridge_scores(model, 0, x, 2.0)[i] == pytest.approx(model.theta[:, i] @ x + 2.0 * np.sqrt(x @ np.linalg.inv(a) @ x), rel=1e-7)
        one = r.ridge(n, d, penalty, 1)._replace(inverse=model.inverse, theta=model.theta)
        assert r.ridge_scores(one, i, x, 2.0)[0] == r.ridge_scores(model, 0, x, 2.0)[i]


def test_compiled_and_plain_give_the_same_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain, fast, add = r.ridge(2, 4), r.ridge(2, 4), compiled(r.ridge_add)
    for x, y in zip(rng.normal(size=(50, 4)), rng.normal(size=50), strict=True):
        r.ridge_add(plain, 1, x, y)
        add(fast, 1, x, y)
    for a, b in zip(plain, fast, strict=True):
        np.testing.assert_array_equal(a, b)
