"""One row a theorem: the check, the control that must fail, and the error that all statistical rows of one table share."""

import contextlib
import hashlib
import inspect
import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from .claims import as_records
from .folders import load_file
from .model import Verdict

FAMILY = 1e-6  #: the chance that luck alone contradicts any true statement of one table
POWER = 0.99  #: against its control, which a statistical check must have to hold
WORDS = {"proved": "proved", "exact": "certified", "certified": "certified", "statistical": "not contradicted"}


class Constant(NamedTuple):
    """A constant of a theorem, and the same check with a wrong value in its place, which must fail."""

    name: str
    true: str
    wrong: str
    verdict: Verdict


class Row(NamedTuple):
    """What became of one theorem."""

    theorem: str
    statement: str
    check: Verdict
    control: Verdict
    constants: tuple[Constant, ...]
    seconds: float


def seed_of(theorem: str, seed: int) -> int:
    """A seed that depends on the name and on the seed of the table.

    >>> seed_of("auer2002_ucb1", 1) == seed_of("auer2002_ucb1", 1) != seed_of("auer2002_exp3", 1)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{theorem} {seed}".encode()).digest()[:6], "big")


def word(verdict: Verdict) -> str:
    """proved | certified | not contradicted | unresolved | FAILS.

    >>> from budgetsim.claims import exact, proved
    >>> word(proved("1 + 1 = 2", True)), word(exact("bits", True)), word(exact("bits", False))
    ('proved', 'certified', 'FAILS')
    """
    return "unresolved" if verdict.holds == "unresolved" else WORDS[verdict.kind] if verdict.holds else "FAILS"


def examine(path: Path, scale: float, seed: int) -> Row:
    """Runs the check and the control of one file, and the check again with each constant of `PERTURBED` at its wrong value.

    An exception in the check is a check that fails; in what must fail it is no failure.
    """
    start, luck = time.perf_counter(), seed_of(path.stem, seed)

    def raised(part: str, error: Exception) -> Verdict:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        needs = missing in ("flint", "sympy", "z3")
        why = f"needs {missing}: pip install 'budgetsim[proofs]'" if needs else f"raised {type(error).__name__}: {error}"
        return Verdict(part, "exact", False if part == "check" else "unresolved", math.nan, detail=why)

    def tried(part: str, function: str, /, **changed: Any) -> Verdict:
        try:
            return getattr(module, function)(scale, luck, **changed)
        except Exception as error:
            return raised(part, error)

    try:
        module = load_file(path)
    except Exception as error:
        return Row(path.stem, "", raised("check", error), Verdict("not reached", "exact", "unresolved", math.nan), (), 0.0)
    check, control = tried("check", "check"), tried("control", "control")
    pushed = getattr(module, "PERTURBED", {})
    told = inspect.signature(module.check).parameters if hasattr(module, "check") else {}
    constants = tuple(
        Constant(name, str(told[name].default if name in told else None), str(wrong), tried(name, "check", **{name: wrong}))
        for name, wrong in (pushed.items() if isinstance(pushed, dict) else ())
    )
    statement = (module.__doc__ or "").strip().split("\n")[0]
    return Row(path.stem, statement, check, control, constants, time.perf_counter() - start)


def examine_all(paths: Sequence[Path], scale: float, seed: int, processes: int) -> Iterator[Row]:
    """A row a file, in order."""
    if processes == 1 or len(paths) == 1:
        yield from (examine(p, scale, seed) for p in paths)
        return
    with ProcessPoolExecutor(processes) as pool, contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        yield from pool.map(examine, paths, [scale] * len(paths), [seed] * len(paths))


def complaints(rows: Iterable[Row]) -> list[str]:
    """Why a table is refused; nothing where every check holds or is unresolved, all that must fail fails, and luck is kept within its bounds."""
    rows = list(rows)
    lucky = sum(row.check.kind == "statistical" for row in rows)
    found = []
    for name, _, check, control, constants, _ in rows:
        if check.holds is False:
            found.append(f"{name}: does not hold{_because(check)}")
        if control.holds is not False:
            found.append(f"{name}: its control does not fail{_because(control)}")
        found += [
            f"{name}: does not fail with {c.name} = {c.wrong} in place of {c.true}{_because(c.verdict)}" for c in constants if c.verdict.holds is not False
        ]
        if check.kind == "statistical":
            if (1.0 - check.level) * lucky > FAMILY * (1.0 + 1e-6):
                found.append(
                    f"{name}: its level {check.level!r} leaves more than its share of an error of {FAMILY:g} (claims.THEOREM is the level of theorem checks)"
                )
            size, power = re.search(r"\bn = \d+", check.detail), re.search(r"\bpower\b[^;]*?([\d.]+)%", check.detail)
            if check.holds is True and not (size and power and float(power[1]) >= 100.0 * POWER):
                found.append(f"{name}: statistical, and its detail states no sample size (n = ...) with a power of {POWER:.0%} against its control")
    return found


def _because(verdict: Verdict) -> str:
    return f" ({verdict.detail})" if verdict.detail else ""


def cells(row: Row) -> tuple[str, str, str, str, str, str]:
    """theorem, statement, verdict, margin, level, and what fails: the row of a table."""
    margin, level = row.check.margin, row.check.level
    shown = "-" if math.isnan(margin) else f"{margin:.3g}"
    return row.theorem, row.statement, word(row.check), shown, f"1-{1 - level:.0e}" if level else "-", row.control.claim.removeprefix("control: ")


def record(row: Row) -> dict[str, Any]:
    """The row for strict JSON."""
    check, control, *pushed = as_records([row.check, row.control, *(c.verdict for c in row.constants)])
    constants = [c._asdict() | {"verdict": v} for c, v in zip(row.constants, pushed, strict=True)]
    return row._asdict() | {"verdict": word(row.check), "check": check, "control": control, "constants": constants}


def markdown(rows: Iterable[Row]) -> str:
    """The table for a page, with what was proved and the wrong constants that each check refuses."""
    lines = ["| theorem | statement | verdict | what was checked | margin | level | control, which fails | constants |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        name, statement, verdict, margin, level, control = cells(row)
        constants = "; ".join(f"{c.name} {c.true}, not {c.wrong}" for c in row.constants) or "-"
        parts = (f"`{name}`", statement, verdict, row.check.claim, margin, level, control, constants)
        lines.append(f"| {' | '.join(part.replace('|', chr(92) + '|') for part in parts)} |")
    return "\n".join(lines)
