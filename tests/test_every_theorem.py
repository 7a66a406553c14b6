"""Every theorem file: its check holds, its control fails, whatever the seed; and a table that does not is refused."""

import math
from pathlib import Path

import pytest

from budgetsim import theorems
from budgetsim.claims import THEOREM, at_most, exact, proved, statistical_at_most
from budgetsim.cli import home
from budgetsim.folders import load_file

FILES = sorted(home("proofs_checks").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_it_holds_and_its_control_fails(path, seed):
    row = theorems.examine(path, 0.05, seed)
    assert not theorems.complaints([row])
    assert row.check.holds is True or (row.check.kind == "statistical" and row.check.holds == "unresolved")
    assert row.statement.endswith(".") and row.check.claim != row.control.claim, "the control names what it changed"
    assert row.check.kind != "statistical" or "power" in row.check.detail


def row(check, control, name="a"):
    return theorems.Row(name, "Words.", check, control, 0.0)


@pytest.mark.parametrize(
    ("check", "control", "said"),
    [
        (proved("p", True), exact("q", False), None),
        (at_most("p", 2.0, 1.0), exact("q", False), "does not hold"),
        (proved("p", True), exact("q", True), "its control does not fail"),
        (proved("p", True), statistical_at_most("q", [0.0, 1.0] * 9, 0.5), "its control does not fail"),
        (statistical_at_most("p", [0.0, 0.1] * 99, 1.0, THEOREM), exact("q", False), None),
        (statistical_at_most("p", [0.0, 0.1] * 99, 1.0, 0.99), exact("q", False), "its level 0.99 leaves more"),
    ],
)
def test_a_table_is_refused(check, control, said):
    found = theorems.complaints([row(check, control)])
    assert found == [] if said is None else said in found[0]


def test_statistical_rows_share_the_error():
    rows = [row(statistical_at_most("p", [0.0, 0.1] * 99, 1.0, 1.0 - 1e-6), exact("q", False), name) for name in "ab"]
    assert theorems.complaints(rows[:1]) == [] and len(theorems.complaints(rows)) == 2


def test_an_exception_is_a_failure_that_says_where(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Words."""\n\n\ndef check(scale, seed):\n    return 1 / 0\n')
    assert "ZeroDivisionError" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]
    path.write_text('"""Words."""\n\n\ndef check(scale, seed):\n    raise ModuleNotFoundError("no flint", name="flint")\n')
    assert "needs flint: pip install 'budgetsim[proofs]'" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]
    path.write_text('"""Words."""\nfrom budgetsim.claims import proved\n\n\ndef check(scale, seed):\n    return proved("p", True)\n')
    assert "its control does not fail (raised AttributeError" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]


def test_two_processes_say_what_one_says():
    some = FILES[:3]
    one, two = (list(theorems.examine_all(some, 0.05, 1, n)) for n in (1, 2))
    assert [r._replace(seconds=math.nan).theorem for r in one] == [r.theorem for r in two]
    assert repr([r[:4] for r in one]) == repr([r[:4] for r in two])


def test_every_family_is_there():
    assert len(FILES) >= 40
    text = " ".join(load_docstring(p) for p in FILES).lower()
    for family in ("bandit", "alloc", "organisation", "ruin"):
        assert family in text


def load_docstring(path: Path) -> str:
    return load_file(path).__doc__ or ""
