"""`python -m tests.mutants.run [NAME ...]`: which check catches which mutant, and which none does; exit 1 if there is one, or if a real file fails."""

import json
import signal
import sys
import time
from collections import Counter
from typing import Any

from . import loaded, mutants
from .laws import CLAIMS, caught

LIMIT = 60  #: seconds a mutant


def real(subject: str) -> Any:
    """The unchanged file."""
    import importlib

    return importlib.import_module(subject.removesuffix(".py").replace("/", "."))


def overrun(number: int, frame: Any) -> None:
    raise TimeoutError(f"not done after {LIMIT} s")


def report(names: list[str], rows: list[dict[str, Any]]) -> int:
    """Prints the table, and returns how many mutants got through."""
    chosen = [m for m in mutants() if not names or m.name in names]
    signal.signal(signal.SIGALRM, overrun)
    for subject in sorted({m.subject for m in chosen}):
        if found := caught(real(subject), subject):
            print(f"the real {subject} fails: {found}")
            return len(chosen)
    print(f"{'mutant':32} {'file':42} {'caught by':28} {'CPU s':>6}  how")
    through, tally, asked, alone = 0, Counter[str](), dict[str, int](), dict[str, list[str]]()
    for m in chosen:
        start = time.process_time()
        signal.alarm(LIMIT)
        CLAIMS.clear()
        try:
            found = caught(loaded(m), m.subject)
        except Exception as error:
            found = {"import": f"{type(error).__name__}: {error}"}
        finally:
            signal.alarm(0)
        seconds = time.process_time() - start
        through += not found
        tally.update(list(found))
        bad = {claim for claim, wrong in CLAIMS if wrong}
        for claim, wrong in set(CLAIMS):
            asked[claim] = asked.get(claim, 0) + wrong
        if len(bad) == 1:
            alone.setdefault(next(iter(bad)), []).append(m.name)
        how = next(iter(found.values()), f"NOT CAUGHT ({m.what})")
        print(f"{m.name:32} {m.file.removeprefix('budgetsim/'):42} {', '.join(found) or '-':28} {seconds:6.1f}  {how[:150]}", flush=True)
        rows.append({"mutant": m.name, "file": m.file, "what": m.what, "origin": m.origin, "caught": found, "seconds": round(seconds, 2)})
    origins = Counter(m.origin.split(":")[0] for m in chosen)
    print(f"{len(chosen)} mutants ({', '.join(f'{n} {k}' for k, n in origins.items())}); caught by {dict(tally)}; not caught: {through}")
    print("\npromises of check_policy and check_problem: how many mutants break it, and which break no other")
    for claim, times in sorted(asked.items()):
        print(f"  {claim:66} {times:3}  {', '.join(alone.get(claim, [])[:4])}")
    return through


if __name__ == "__main__":
    table: list[dict[str, Any]] = []
    names = [a for a in sys.argv[1:] if a != "--json"]
    code = int(report(names, table) > 0)
    if "--json" in sys.argv:
        print(json.dumps(table, indent=1))
    sys.exit(code)
