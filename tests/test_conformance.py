"""docs/conformance.md: its tables list the laws of the code, and its report is what its code prints."""

import re
from pathlib import Path

import pytest

from budgetsim import checks

PAGE = (Path(__file__).parent.parent / "docs" / "conformance.md").read_text()


@pytest.mark.parametrize(("title", "claims"), [("policy", checks.OF_A_POLICY), ("problem", checks.OF_A_PROBLEM)])
def test_the_tables_are_the_laws_of_the_code(title, claims):
    section = PAGE.split(f"## The laws of a {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \|$", section, re.M)
    assert rows[1:] == list(claims)


def test_the_report_is_what_the_code_prints(capsys):
    code, printed = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.S).groups()
    exec(code, {"__name__": "__main__"})
    assert capsys.readouterr().out == printed
