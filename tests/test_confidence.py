"""KL inversions against known answers and their definition; means, choices and radii that rules share."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetsim import confidence
from budgetsim.arguments import BadValue
from budgetsim.draws import ROUND, nature_key
from budgetsim.kernels import compiled
from budgetsim.model import ARM, Spec

# printed by SMPyBandits (Policies/kullback.py), whose bisection stops within 1e-6 below the root
KNOWN = [
    (0.1, 0.2, 0.378391), (0.1, 0.4, 0.519475), (0.1, 0.9, 0.734714), (0.5, 0.2, 0.787088), (0.5, 0.4, 0.871035), (0.5, 0.9, 0.956809),
    (0.9, 0.2, 0.994489), (0.9, 0.4, 0.999285), (0.9, 0.9, 0.999995),
]  # fmt: skip

inside = st.floats(1e-9, 1 - 1e-9)
ends = st.sampled_from([0.0, 1.0, 0.5, 0.1])
levels = st.floats(1e-9, 20.0)


class View(NamedTuple):
    legal: np.ndarray


@pytest.mark.parametrize(("mean", "level", "index"), KNOWN)
def test_kl_upper_known_answers(mean, level, index):
    assert 0.0 <= confidence.kl_upper(mean, level) - index <= 2e-6


@pytest.mark.parametrize(("mean", "level", "index"), KNOWN)
def test_control_pinsker_is_not_the_index(mean, level, index):
    """The same test refuses the wider bound mean + sqrt(level / 2)."""
    assert not abs(min(mean + math.sqrt(level / 2), 1.0) - index) <= 2e-6


def test_kl_known_answers():
    assert confidence.bernoulli_kl(0.1, 0.9) == pytest.approx(1.757779, abs=1e-6)
    assert confidence.bernoulli_kl(0.4, 0.5) == pytest.approx(0.020135, abs=1e-6)


def test_kl_at_the_ends():
    kl = confidence.bernoulli_kl
    assert [kl(0.0, 0.0), kl(1.0, 1.0), kl(0.3, 0.3)] == [0.0, 0.0, 0.0]
    assert [kl(0.5, 0.0), kl(0.5, 1.0), kl(0.0, 1.0), kl(1.0, 0.0)] == [math.inf] * 4
    assert kl(0.0, 0.5) == kl(1.0, 0.5) == pytest.approx(math.log(2), rel=1e-15)
    assert confidence.kl_upper(0.0, 0.5) == pytest.approx(-math.expm1(-0.5), rel=1e-15)
    assert confidence.kl_upper(1.0, 0.5) == 1.0 and confidence.kl_lower(0.0, 0.5) == 0.0
    assert confidence.kl_upper(1.7, 0.5) == 1.0 and confidence.kl_upper(-0.2, 0.5) == confidence.kl_upper(0.0, 0.5)


@given(st.one_of(inside, ends), levels)
def test_kl_upper_inverts_kl(p, level):
    """kl(p, q) = level to 1e-9, or to what one rounding of q changes where 1 - q is tiny."""
    q = confidence.kl_upper(p, level)
    assert p <= q <= 1.0
    if q < 1.0:
        slack = 1e-9 + 4 * 2**-53 * (q - p) / (q * (1 - q))
        assert abs(confidence.bernoulli_kl(p, q) - level) <= slack
    else:
        assert confidence.bernoulli_kl(p, 1 - 2**-53) <= level


@given(st.one_of(inside, ends), levels, st.floats(1.001, 4.0))
def test_kl_upper_grows_with_level_and_mean(p, level, factor):
    q = confidence.kl_upper(p, level)
    assert q <= confidence.kl_upper(p, level * factor) + 1e-12
    assert q <= confidence.kl_upper(min(p * factor, 1.0), level) + 1e-12


@given(inside, levels)
def test_kl_lower_mirrors_kl_upper(p, level):
    q = confidence.kl_lower(p, level)
    assert 0.0 <= q <= p
    assert q == 1.0 - confidence.kl_upper(1.0 - p, level)


@given(inside, inside)
def test_kl_is_above_pinsker(p, q):
    assert confidence.bernoulli_kl(p, q) >= 2 * (p - q) ** 2 - 1e-14


def test_same_bits_compiled(seed):
    rng = np.random.default_rng(seed)
    fast = compiled(confidence.kl_upper)
    for p, level in zip(rng.random(300), 10 ** rng.uniform(-6, 2, 300)):
        assert fast(p, level) == confidence.kl_upper(p, level)


def test_means_are_sums_over_pulls():
    seen = confidence.means(3)
    assert confidence.best((), seen.mean) == 0 and confidence.best_mean(seen) == 0
    for reward in (0.25, 0.5, 0.0):
        confidence.record(seen, 1, reward)
    confidence.record(seen, 2, -1.0)
    assert seen.pulls.tolist() == [0, 3, 1] and seen.mean.tolist() == [math.inf, 0.25, -1.0]
    assert confidence.best((), seen.mean) == 0 and confidence.best_mean(seen) == 1


def test_best_takes_the_first_available():
    value = np.array([2.0, 5.0, 5.0, 1.0])
    assert confidence.best((), value) == 1
    assert confidence.best(View(np.array([1.0, 0.0, 1.0, 1.0])), value) == 2
    assert confidence.best(View(np.array([0.0, 0.0, 0.0, 1.0])), value) == 3


@pytest.mark.parametrize("legal", [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]])
def test_any_arm_is_uniform_over_the_available(legal, seed):
    view, n = View(np.array(legal, float)), 2000
    counts = np.bincount([confidence.any_arm(view, 4, nature_key(seed, 0, t, ROUND), 0) for t in range(n)], minlength=4)
    share = np.array(legal) / sum(legal)
    assert np.all(np.abs(counts - n * share) <= 4.5 * np.sqrt(n * share * (1 - share)))


def test_radii():
    assert confidence.hoeffding(50.0, 2.0) == 0.2
    assert confidence.relative(0.04, 4.0, 1.0) == pytest.approx(0.1 + 0.25)


def test_spending_rate():
    spec = Spec(ARM, 2, 100, budget=np.array([25.0, np.inf, 0.0]))
    assert confidence.spending_rate("a rule", spec).tolist() == [0.25, math.inf, 1e-100]
    with pytest.raises(BadValue, match="a rule: got a budget that is renewed"):
        confidence.spending_rate("a rule", spec._replace(renew=True))
