"""The week of real traffic: the data are what their page says, and the pacing figure's own fractional optimum is the linear program's."""

import hashlib
import re
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.folders import load_file
from budgetsim.optima.hindsight_lp import hindsight_lp

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
FIGURE = load_file(FOLDER / "khirianova2025_pacing.py")


def test_the_data_are_what_their_readme_says():
    folder = FOLDER / "data" / "ad_traffic_bat"
    text = (folder / "README.md").read_text()
    ((name, size, digest),) = re.findall(r"`(\w+\.npz)` \| (\d+) \| `([0-9a-f]{64})`", text)
    data = (folder / name).read_bytes()
    assert len(data) == int(size) and hashlib.sha256(data).hexdigest() == digest
    assert "MIT License" in (folder / "LICENSE").read_text()
    share = FIGURE.shares()
    assert share.shape == (114, 168) and share.min() >= 0
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    mean = share.mean(axis=0)
    gap = np.abs(np.cumsum(mean) - np.arange(1, 169) / 168).max()
    assert (round(mean.max() * 168, 2), round(mean.min() * 168, 2), round(gap, 4)) == (2.22, 0.17, 0.0536)
    assert np.cumsum(mean)[23::24].round(3).tolist() == [0.154, 0.33, 0.476, 0.62, 0.757, 0.88, 1.0]


def test_arrivals_follow_the_traffic():
    """Requests of each hour beside their expectation, over 200 weeks of one region: within 5 standard errors everywhere; control: not uniform."""
    share, rng = FIGURE.shares()[0], np.random.default_rng(0)
    counts = np.mean([np.bincount(FIGURE.week(share, rng)[0] // 60, minlength=168) for _ in range(200)], axis=0)
    chance = np.minimum(share * FIGURE.REQUESTS / 60, 1.0)
    error = np.sqrt(60 * chance * (1 - chance) / 200)
    assert np.all(np.abs(counts - 60 * chance) <= 5 * error)
    assert np.abs(counts - FIGURE.REQUESTS / 168).max() > 20 * error.max()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10**6), st.floats(1e-6, 10))
def test_the_fractional_optimum_is_the_linear_program(n, seed, budget):
    """Property: serving by falling value per price equals HiGHS."""
    rng = np.random.default_rng(seed)
    value, price = rng.random(n) + 0.01, rng.random(n) + 0.01
    best = hindsight_lp(value[:, None], price[:, None, None], [budget])
    assert abs(FIGURE.fractional(value, price, budget) - best.value) <= 1e-9
