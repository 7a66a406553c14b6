"""One row a theorem: the check, the control that must fail, and the error that all statistical rows of one table share."""

import contextlib
import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from .folders import load_file
from .model import Verdict

FAMILY = 1e-6  #: the chance that luck alone contradicts any true statement of one table
WORDS = {"proved": "proved", "exact": "certified", "certified": "certified", "statistical": "not contradicted"}


class Row(NamedTuple):
    """What became of one theorem."""

    theorem: str
    statement: str
    check: Verdict
    control: Verdict
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
    """Runs the check and the control of one file; an exception is a check that fails."""
    start, luck = time.perf_counter(), seed_of(path.stem, seed)
    statement, verdicts = "", {}
    try:
        module = load_file(path)
        statement = (module.__doc__ or "").strip().split("\n")[0]
        for part in ("check", "control"):
            verdicts[part] = getattr(module, part)(scale, luck)
    except Exception as error:
        part = "control" if "check" in verdicts else "check"
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        needs = missing in ("flint", "sympy", "z3")
        why = f"needs {missing}: pip install 'budgetsim[proofs]'" if needs else f"raised {type(error).__name__}: {error}"
        verdicts[part] = Verdict(part, "exact", "unresolved" if part == "control" else False, math.nan, detail=why)
        verdicts.setdefault("control", Verdict("not reached", "exact", "unresolved", math.nan))
    return Row(path.stem, statement, verdicts["check"], verdicts["control"], time.perf_counter() - start)


def examine_all(paths: Sequence[Path], scale: float, seed: int, processes: int) -> Iterator[Row]:
    """A row a file, in order."""
    if processes == 1 or len(paths) == 1:
        yield from (examine(p, scale, seed) for p in paths)
        return
    with ProcessPoolExecutor(processes) as pool, contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        yield from pool.map(examine, paths, [scale] * len(paths), [seed] * len(paths))


def complaints(rows: Iterable[Row]) -> list[str]:
    """Why a table is refused; nothing where every check holds or is unresolved, every control fails, and luck is kept within its bounds."""
    rows = list(rows)
    lucky = sum(row.check.kind == "statistical" for row in rows)
    found = []
    for row in rows:
        if row.check.holds is False:
            found.append(f"{row.theorem}: does not hold{f' ({row.check.detail})' if row.check.detail else ''}")
        if row.control.holds is not False:
            found.append(f"{row.theorem}: its control does not fail{f' ({row.control.detail})' if row.control.detail else ''}")
        if row.check.kind == "statistical" and (1.0 - row.check.level) * lucky > FAMILY * (1.0 + 1e-6):
            found.append(
                f"{row.theorem}: its level {row.check.level!r} leaves more than its share of an error of {FAMILY:g} (claims.THEOREM is the level of theorem checks)"
            )
    return found
