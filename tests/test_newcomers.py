"""One file adds a rule or an optimum: dropped into a copy of the package it is covered by every walk, and what is broken is found."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

RULE = (ROOT / "budgetsim" / "policies" / "uniform.py").read_text().replace("uniform", "newcomer")
OPTIMUM = (ROOT / "budgetsim" / "optima" / "best_stream_arm.py").read_text().replace("best_stream_arm", "newest_arm")
#: it remembers, outside its memory, how often it was asked
HABIT = RULE.replace("newcomer", "creature").replace("def act(", "CALLS = [0]\n\n\ndef act(").replace("    return any_arm", "    CALLS[0] += 1\n    if CALLS[0] % 2:\n        return 0\n    return any_arm")
WALKS = ["test_every_policy.py", "test_every_optimum.py", "test_bounds.py", "test_house.py", "test_limits.py"]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The package and its tests, with three files more and no other edit."""
    there = tmp_path_factory.mktemp("copy")
    for folder in ("budgetsim", "tests"):
        shutil.copytree(ROOT / folder, there / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", there)
    (there / "budgetsim" / "policies" / "newcomer.py").write_text(RULE)
    (there / "budgetsim" / "policies" / "creature.py").write_text(HABIT)
    (there / "budgetsim" / "optima" / "newest_arm.py").write_text(OPTIMUM)
    return there


def asked(there, new, *more):
    """What pytest says of the new names in the copy."""
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:randomly", "-p", "no:cacheprovider", "-k", new, *more, *[f"tests/{walk}" for walk in WALKS]]
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}, "PYTHONPATH": str(there)}
    return subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True).stdout


def test_a_file_dropped_into_its_folder_is_covered_by_every_walk(copied):
    """Collected by each walk."""
    said = asked(copied, "newcomer or newest_arm", "--collect-only", "-q")
    found = {(file, test) for file, test, case in re.findall(r"tests/(\w+)\.py::(\w+)\[(.*)\]", said)}
    assert {file for file, _ in found} == {walk.removesuffix(".py") for walk in WALKS}, said
    assert {test for file, test in found if file == "test_every_policy"} == {
        "test_it_keeps_to_the_contract", "test_it_is_built_unasked_or_asks_for_hidden_truth_only", "test_its_label_names_it_and_carries_its_parameters"}  # fmt: skip
    assert sum(file == "test_every_optimum" for file, _ in found) == 6


def test_and_what_is_broken_is_found(copied):
    """The right ones pass the laws, a rule with a habit is refused by the contract."""
    said = asked(copied, "newest_arm or (creature and (contract or label))", "-v")
    told = re.findall(r"::(\w+)\[(.*)\] (PASSED|FAILED)", said)
    assert {end for _, case, end in told if "newest_arm" in case} == {"PASSED"}, said
    assert {test: end for test, case, end in told if "creature" in case} == {
        "test_it_keeps_to_the_contract": "FAILED", "test_its_label_names_it_and_carries_its_parameters": "PASSED"}, said  # fmt: skip
