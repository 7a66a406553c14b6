"""Every theorem file: its check holds, its control fails, whatever the seed; and a table that does not is refused."""

import inspect
import json
import math
import re
from pathlib import Path

import pytest

from budgetsim import theorems
from budgetsim.claims import THEOREM, at_most, exact, proved, statistical_at_most
from budgetsim.cli import home, main
from budgetsim.folders import load_file

FILES = sorted(home("proofs_checks").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_it_holds_and_what_must_fail_fails(path, seed):
    """The check; its control; and the same check, by the same luck, with each constant at the wrong value that the file names."""
    row, module = theorems.examine(path, 0.05, seed), load_file(path)
    assert not theorems.complaints([row])
    assert row.check.holds is True or (row.check.kind == "statistical" and row.check.holds == "unresolved")
    assert row.statement.endswith(".")
    assert row.check.claim not in {row.control.claim, *(c.verdict.claim for c in row.constants)}, "what must fail names what it changed"
    constants = set(inspect.signature(module.check).parameters) - {"scale", "seed"}
    if isinstance(module.PERTURBED, dict):
        assert constants == {c.name for c in row.constants} and all(c.true != c.wrong for c in row.constants)
    else:
        assert not constants and re.match(r"(no constant|loose): \w", module.PERTURBED)
        assert "loose" not in module.PERTURBED or "% of the bound" in row.check.detail
    assert row.check.kind != "statistical" or 1.0 - row.check.level <= theorems.FAMILY / len(FILES), "were all rows statistical, luck would be within bounds"


def row(check, control, name="a", constants=()):
    return theorems.Row(name, "Words.", check, control, constants, 0.0)


def lucky(level, detail):
    return statistical_at_most("p", [0.0, 0.1] * 99, 1.0, level, detail)


@pytest.mark.parametrize(
    ("check", "control", "said"),
    [
        (proved("p", True), exact("q", False), None),
        (at_most("p", 2.0, 1.0), exact("q", False), "does not hold"),
        (proved("p", True), exact("q", True), "its control does not fail"),
        (proved("p", True), statistical_at_most("q", [0.0, 1.0] * 9, 0.5), "its control does not fail"),
        (lucky(THEOREM, "n = 198, power above 99.99%"), exact("q", False), None),
        (lucky(THEOREM, "n = 198; slope 0.5; power to exclude 0.51 were it 0.5: 99.2%"), exact("q", False), None),
        (lucky(THEOREM, "n = 198, power 98.9%"), exact("q", False), "with a power of 99%"),
        (lucky(THEOREM, "power 99.9%"), exact("q", False), "states no sample size"),
        (lucky(THEOREM, "")._replace(holds="unresolved"), exact("q", False), None),
        (lucky(0.99, "n = 198, power 100%"), exact("q", False), "its level 0.99 leaves more"),
    ],
)
def test_a_table_is_refused(check, control, said):
    found = theorems.complaints([row(check, control)])
    assert found == [] if said is None else said in found[0]


def test_statistical_rows_share_the_error():
    rows = [row(lucky(1.0 - 1e-6, "n = 198, power 100%"), exact("q", False), name) for name in "ab"]
    assert theorems.complaints(rows[:1]) == [] and len(theorems.complaints(rows)) == 2


@pytest.mark.parametrize("holds", [False, True, "unresolved"])
def test_a_wrong_constant_must_be_refused(holds):
    constant = theorems.Constant("share", "1/2", "11/20", proved("q", False)._replace(holds=holds))
    found = theorems.complaints([row(proved("p", True), exact("q", False), constants=(constant,))])
    assert found == [] if holds is False else "does not fail with share = 11/20 in place of 1/2" in found[0]


SPOILED = {
    "what it claims": ("share: Fraction = Fraction(1, 2)", "share: Fraction = Fraction(11, 20)", "does not hold"),
    "its control": ("return check(scale, seed, **PERTURBED)", "return check(scale, seed)", "its control does not fail"),
    "its wrong constant": ('{"share": Fraction(11, 20)}', '{"share": Fraction(1, 3)}', "does not fail with share = 1/3 in place of 1/2"),
}


@pytest.mark.parametrize("part", SPOILED)
def test_a_spoiled_file_fails_the_table(capsys, tmp_path, part):
    right, wrong, said = SPOILED[part]
    text = (home("proofs_checks") / "samuel1984_half.py").read_text()
    assert text.count(right) == 1
    path = tmp_path / "samuel1984_half.py"
    path.write_text(text.replace(right, wrong))
    assert main(["prove", str(path), "--scale", "0.05", "--json"]) == 1
    printed, complained = capsys.readouterr()
    assert said in complained
    (record,) = json.loads(printed)
    assert {"theorem", "statement", "verdict", "check", "control", "constants", "seconds"} == set(record)
    assert {"claim", "kind", "holds", "margin", "level", "detail"} <= set(record["check"]) & set(record["control"]) & set(record["constants"][0]["verdict"])


def test_the_table_for_a_page(capsys):
    path = home("proofs_checks") / "samuel1984_half.py"
    assert main(["prove", str(path), "--scale", "0.05", "--markdown"]) == 0
    head, line, row = capsys.readouterr().out.splitlines()
    assert head.count("|") == line.count("|") == row.count("|") == 9 and "share 1/2, not 11/20" in row


def test_an_exception_is_a_failure_that_says_where(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Words."""\n\n\ndef check(scale, seed):\n    return 1 / 0\n')
    assert "ZeroDivisionError" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]
    path.write_text('"""Words."""\n\n\ndef check(scale, seed):\n    raise ModuleNotFoundError("no flint", name="flint")\n')
    assert "needs flint: pip install 'budgetsim[proofs]'" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]
    path.write_text('"""Words."""\nfrom budgetsim.claims import proved\n\n\ndef check(scale, seed):\n    return proved("p", True)\n')
    assert "its control does not fail (raised AttributeError" in theorems.complaints([theorems.examine(path, 1.0, 1)])[0]


def test_two_processes_say_what_one_says():
    some = FILES[1:3]
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
