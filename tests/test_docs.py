"""Every Python block of the documents runs, in order; the README's two commands are two; citations exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [p for p in PAGES if "```python" in p.read_text()]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda p: p.name)
def test_every_snippet_runs(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for i, block in enumerate(blocks(page, "python")):
        exec(compile(block, f"{page.name}, block {i}", "exec"), namespace)
    assert capsys.readouterr().out


def test_the_readme_has_exactly_two_commands() -> None:
    commands = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()]
    assert len(commands) == 2 and "budgetsim figure" in commands[0] and "pytest" in commands[1]


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_citation_is_in_the_bibliography() -> None:
    keys = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "docs" / "references.bib").read_text(), re.M))
    cited = {
        (path.name, key)
        for folder in ("budgetsim", "scenarios", "proofs_checks")
        for path in (ROOT / folder).rglob("*.py")
        for key in re.findall(r"\[([A-Z][A-Za-z]+\d{0,4})\]_", path.read_text())
    }
    assert cited, "no citations found: the pattern is wrong"
    assert not {c for c in cited if c[1] not in keys}
