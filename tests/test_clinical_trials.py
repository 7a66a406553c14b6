"""The trials beside `harding2025_trials` are what their README says."""

import hashlib
import re
from pathlib import Path

import pytest

from budgetsim.folders import load_file

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
FOLDER = SCENARIOS / "data" / "clinical_trials"


def test_the_files_are_those_of_the_source():
    said = dict(re.findall(r"`(\w+\.csv\.gz)` \| \d+ \| `([0-9a-f]{64})`", (FOLDER / "README.md").read_text()))
    assert len(said) == 2 and "MIT License" in (FOLDER / "LICENSE").read_text()
    for name, digest in said.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_the_rates_are_those_of_the_readme():
    trials = load_file(SCENARIOS / "harding2025_trials.py").trials()
    assert trials["indomethacin, resampled"] == pytest.approx((255 / 307, 268 / 295))
    assert trials["streptomycin, resampled"] == pytest.approx((17 / 52, 38 / 55))
