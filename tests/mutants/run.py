"""`python -m tests.mutants.run [NAME ...]`: which check catches which mutant, and which none does; exit 1 if there is one, or if a real file fails."""

import json
import signal
import sys
import time
from collections import Counter
from typing import Any

from budgetsim import checks

from . import loaded, mutants
from .laws import CLAIMS, caught

LIMIT = 60  #: seconds a mutant


def real(subject: str) -> Any:
    """The unchanged file."""
    import importlib

    return importlib.import_module(subject.removesuffix(".py").replace("/", "."))


PROMISES = [("check_policy", claim) for claim in checks.OF_A_POLICY] + [("check_problem", claim) for claim in checks.OF_A_PROBLEM]


def alone(check: str, claim: str, rows: list[dict[str, Any]]) -> list[str]:
    """The mutants that break this promise and no other: that get through where nobody asks for it. What need not be kept counts where nothing is broken."""
    return [r["mutant"] for r in rows if check in r["caught"] and (r["broken"] or r["not kept"]) == [claim]]


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
    through, tally, longest = 0, Counter[str](), (0.0, "")
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
        longest = max(longest, (seconds, m.name))
        how = next(iter(found.values()), f"NOT CAUGHT ({m.what})")
        print(f"{m.name:32} {m.file.removeprefix('budgetsim/'):42} {', '.join(found) or '-':28} {seconds:6.1f}  {how[:150]}", flush=True)
        rows.append({"mutant": m.name, "file": m.file, "what": m.what, "origin": m.origin, "caught": found,
                     "broken": sorted({claim for _, claim, how in CLAIMS if how == "broken"}), "not kept": sorted({claim for _, claim, how in CLAIMS if how == "not kept"}),
                     "seconds": round(seconds, 2)})  # fmt: skip
    origins = Counter(m.origin.split(":")[0] for m in chosen)
    print(f"{len(chosen)} mutants ({', '.join(f'{n} {k}' for k, n in origins.items())}); caught by {dict(tally)}; not caught: {through}")
    print(f"longest: {longest[1]}, {longest[0]:.1f} s")
    print("\npromises of check_policy and check_problem: how many mutants break it, and which break no other")
    for check, claim in PROMISES:
        mine = [r for r in rows if check in r["caught"]]
        print(f"  {check:13} {claim:66} {sum(claim in r['broken'] + r['not kept'] for r in mine):3}  {', '.join(alone(check, claim, mine)[:4]) or '-'}")
    return through


if __name__ == "__main__":
    table: list[dict[str, Any]] = []
    names = [a for a in sys.argv[1:] if a != "--json"]
    code = int(report(names, table) > 0)
    if "--json" in sys.argv:
        print(json.dumps(table, indent=1))
    sys.exit(code)
