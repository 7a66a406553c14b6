"""The `budgetsim` command. Commands import what they need when they run, so that `--help` is quick.

Exit codes: 0; 1 when a claim or a check fails (an unresolved claim is shown and is not a failure); 2 when something was
wrong with what was asked; 130 after Ctrl-C. With `--json` stdout carries one JSON document and nothing else.
"""

import contextlib
import json as encoder
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from .arguments import BadValue, BudgetsimError, choice, number, whole

MAIN_JOB = ("badanidiyuru2013_bwk", "routing_budget")
WHAT = ("policies", "problems", "optima", "scenarios", "proofs", "systems")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Seed = Annotated[int, typer.Option(help="All luck comes from it: 0 to 2**64 - 1.")]
Scale = Annotated[float, typer.Option(help="Size of the experiment: 1 is full size, 0.05 runs in seconds.")]
Threads = Annotated[int | None, typer.Option(help="Threads; all cores by default. No number depends on it.")]


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from; works anywhere in the line.")] = False) -> None:
    """Play rules that spend something scarce, beside a certified optimum."""


# ------------------------------------------------------------------------------------------------ where things are
def home(folder: str) -> Path:
    """A folder of the checkout that this package is in, or the copy of it, with an underscore before its name, that a wheel carries."""
    package = Path(__file__).resolve().parent
    carried = package / f"_{folder}"
    return carried if carried.is_dir() else package.parent / folder


def _files(folder: str) -> dict[str, Path]:
    return {p.stem: p for p in sorted(home(folder).glob("*.py")) if not p.stem.startswith("_")}


def _module(folder: str, name: str) -> Any:
    """A scenario or a check, by name or by path."""
    from .folders import load_file

    if name.endswith(".py") or os.sep in name:
        return load_file(name)
    known = _files(folder)
    return load_file(known[choice("name", name, known)])


def _summary(value: Any) -> str:
    return ((getattr(value, "__doc__", None) or "").strip().splitlines() or [""])[0]


# ------------------------------------------------------------------------------------------------ what is printed
def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(v if isinstance(v, Text) else Text(str(v)) for v in row))
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def _clean(value: Any) -> Any:
    """The same as JSON knows it: no NaN, no numpy."""
    if isinstance(value, dict):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    if hasattr(value, "tolist"):
        return _clean(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return str(value) if isinstance(value, Path) else value


def _dump(document: Any) -> None:
    print(encoder.dumps(_clean(document), indent=1, allow_nan=False))


class Progress:
    """Counts replications and rounds, and says what is being compiled: a moving line on a terminal, else only the latter."""

    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self.what, self.replications, self.rounds = what, 0, 0
        self.console = Console(stderr=True)
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(20), TextColumn("{task.fields[done]}"), TimeElapsedColumn()
        self.bar = Bar(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)

    def __enter__(self) -> "Progress":
        self.handler = logging.Handler()
        self.handler.emit = self._said  # type: ignore[method-assign]
        self.log = logging.getLogger("budgetsim")
        self.before = self.log.level
        self.log.setLevel(logging.INFO)
        self.log.addHandler(self.handler)
        self.bar.start()
        self.task = self.bar.add_task(self.what, total=None, done="")
        return self

    def __exit__(self, *_: Any) -> None:
        self.bar.stop()
        self.log.removeHandler(self.handler)
        self.log.setLevel(self.before)

    def _said(self, record: logging.LogRecord) -> None:
        self.console.print(record.getMessage(), style="dim", highlight=False, markup=False, soft_wrap=True)

    def __call__(self, replications: int, rounds: int) -> None:
        self.replications += replications
        self.rounds += rounds
        self.bar.update(self.task, done=f"{self.replications:,} replications, {self.rounds / 1e6:,.1f} million rounds")


# ------------------------------------------------------------------------------------------------ figure
def _writable(folder: Path) -> Path:
    """Found out before anything is simulated."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise BadValue(f"out: got {str(folder)!r} ({error.strerror}); allowed: a folder that can be written") from error


def _whole_file(path: Path, write: Callable[[Path], Any]) -> Path:
    """Writes under another name first, so that nobody ever finds half a file."""
    half = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(half)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path


def write_figure(folder: Path, name: str, drawn: Any, data: Any, verdicts: Sequence[Any]) -> list[Path]:
    """Pictures, data and verdicts of a scenario; no time stamps, so that the same numbers give the same bytes."""
    from . import claims, figures

    dateless: dict[str, dict[str, Any]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    with figures.style():
        files = [
            _whole_file(folder / f"{name}.{kind}", lambda path, meta=meta: drawn.savefig(path, metadata=meta))  # type: ignore[misc]
            for kind, meta in dateless.items()
        ]
    files.append(_whole_file(folder / f"{name}.nc", lambda path: data.to_netcdf(path, engine="h5netcdf")))
    text = encoder.dumps(claims.as_records(verdicts), indent=1, allow_nan=False)
    files.append(_whole_file(folder / f"{name}_verdicts.json", lambda path: path.write_text(text + "\n")))
    return files


@app.command()
def figure(
    name: Annotated[str | None, typer.Argument(help="A scenario, or the path of one; left out: the main job.")] = None,
    scale: Scale = 1.0,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option(help="Folder for pictures and data.")] = Path("figures"),
    threads: Threads = None,
    json: Json = False,
) -> int:
    """Simulate a published figure, draw it, and check what it claims."""
    number("scale", scale, 1e-6, 100.0)
    whole("seed", seed, 0, 2**64 - 1)
    scenarios = {Path(n).stem: _module("scenarios", n) for n in ([name] if name else MAIN_JOB)}
    _writable(out)
    from . import claims, figures, intervals

    document, failed = [], False
    for title, scenario in scenarios.items():
        begun = time.perf_counter()
        with Progress(title) as progress:
            data = scenario.simulate(scale, seed, threads=threads, executor=None, progress=progress)
        with warnings.catch_warnings(), figures.style():
            warnings.simplefilter("ignore", intervals.IntervalWarning)  # a verdict's detail says it
            verdicts, drawn = scenario.claims(data), scenario.draw(data)
            listed = scenario.report(data) if hasattr(scenario, "report") else ""
        files = write_figure(out, title, drawn, data, verdicts)
        failed |= any(v.holds is False for v in verdicts)
        seconds = time.perf_counter() - begun
        document.append(
            {"scenario": title, "scale": scale, "seed": seed, "seconds": round(seconds, 2), "verdicts": claims.as_records(verdicts), "files": files}
        )
        if not json:
            print(f"{title}: {_summary(scenario)}\n\n{claims.table(verdicts)}\n" + (f"\n{listed}\n" if listed else ""))
            print(f"{seconds:.1f} s; written: {' '.join(str(f) for f in files)}\n")
    if json:
        _dump(document)
    return int(failed)


# ------------------------------------------------------------------------------------------------ prove
@app.command()
def prove(
    name: Annotated[str | None, typer.Argument(help="A theorem, or the path of one; left out: the table of all.")] = None,
    scale: Scale = 1.0,
    seed: Seed = 1,
    processes: Annotated[int | None, typer.Option(help="Processes; as many as cores by default.")] = None,
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as Markdown, with what was checked and the wrong constants.")] = False,
) -> int:
    """Check theorems, and that each check fails where a hypothesis is removed or a constant changed."""
    known = _files("proofs_checks")
    if name is None and not known:
        print("[]" if json else "There is no theorem check yet: the folder proofs_checks is empty.")
        return 0
    from . import claims, theorems

    number("scale", scale, 1e-6, 100.0)
    whole("seed", seed, 0, 2**64 - 1)
    many = (os.cpu_count() or 1) if processes is None else whole("processes", processes, 1, 4096)
    path = None if name is None else Path(name) if name.endswith(".py") or os.sep in name else known[choice("name", name, known)]
    rows = []
    with Progress("theorems") as progress:
        for row in theorems.examine_all([path] if path else list(known.values()), scale, seed, many):
            rows.append(row)
            progress.what = f"theorems: {len(rows)}, last {row.theorem}"
    found = theorems.complaints(rows)
    if json:
        _dump([theorems.record(row) for row in rows])
    elif markdown:
        print(theorems.markdown(rows))
    elif path:
        row = rows[0]
        fails = [row.control._replace(claim=f"control, which must fail: {row.control.claim}")]
        fails += [c.verdict._replace(claim=f"{c.name} = {c.wrong}, not {c.true}, which must fail: {c.verdict.claim}") for c in row.constants]
        print(f"{row.theorem}: {row.statement}\n\n{claims.table([row.check, *fails])}\n")
    else:
        _table("", ("theorem", "statement", "verdict", "margin", "level", "control, which fails"), map(theorems.cells, rows))
        kinds = [theorems.word(row.check) for row in rows]
        print(f"\n{len(rows)} theorems: " + ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(kinds)))
    for line in found:
        print(line, file=sys.stderr)
    return int(bool(found))


# ------------------------------------------------------------------------------------------------ list
@app.command(name="list")
def list_(what: Annotated[str | None, typer.Argument(help=" | ".join(WHAT))] = None, json: Json = False) -> int:
    """List what there is."""
    chosen = WHAT[:-1] if what is None else (choice("what", what, WHAT),)
    document = {kind: _listed(kind) for kind in chosen}
    if json:
        _dump(document)
        return 0
    for kind, rows in document.items():
        if rows:
            _table(f"\n{kind}", list(rows[0]), [list(r.values()) for r in rows])
        else:
            print(f"\n{kind}: none yet")
    return 0


def _listed(kind: str) -> list[dict[str, Any]]:
    if kind in ("scenarios", "proofs"):
        return [{"name": n, "what": _first_line(p)} for n, p in _files("proofs_checks" if kind == "proofs" else kind).items()]
    if kind == "systems":
        return _systems()
    from . import folders

    return [{"name": n, "what": _summary(folders.factory(kind, n))} for n in folders.names(kind)]


def _first_line(path: Path) -> str:
    import ast

    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]


def _systems() -> list[dict[str, Any]]:
    """Every paper of the inventory: the scenarios that play it, or that there are none yet, or why there never will be."""
    import csv

    played: dict[str, list[str]] = {}
    for n, path in _files("scenarios").items():
        found = re.search(r"^SYSTEM\s*=\s*[\"'](.+?)[\"']", path.read_text(), re.MULTILINE)
        if found:
            played.setdefault(found[1], []).append(n)
    with open(home("scenarios") / "data" / "systems.csv", newline="") as source:
        rows = list(csv.DictReader(source))
    for row in rows:
        row["covered"] = ", ".join(played.get(row["id"], [])) or (
            "never: " + row["decision"].removeprefix("none: ") if row["fidelity"] == "none" else "not yet"
        )
    return [{k: row[k] for k in ("id", "title", "fidelity", "covered")} for row in sorted(rows, key=lambda r: r["id"] not in played)]


# ------------------------------------------------------------------------------------------------ compare
def _held(file: Path, what: str) -> dict[str, Any]:
    """The policies or the problems of a file, by name: values, and functions that make them."""
    from . import folders

    module = folders.load_file(file)
    return {"policies": folders.policies_in, "problems": folders.problems_in}[what](module)


def _ground(asked: str | None, file: Path, kind: Any, horizon: int | None) -> Any:
    """What to play on: what was asked for, or what the file holds, or a small problem of the kind. Budgets keep their share of the horizon."""
    from . import folders
    from .exercises import exercises
    from .model import Problem

    name = None if asked is None or asked.endswith(".py") else choice("problem", asked, folders.names("problems"))
    held = {} if name else _held(Path(asked or file), "problems")
    if asked and not name and not held:
        raise BadValue(f"problem: got {asked!r}, which holds none; allowed: a file with a Problem, or with a function that makes one")
    for label, value in held.items():
        if not isinstance(value, Problem) and folders.required(value):
            raise BadValue(f"problem: {label} requires {', '.join(folders.required(value))}; allowed: a Problem, or a function that needs nothing")
    found, least = [p if isinstance(p, Problem) else p() for p in held.values()], 0
    if not found and (name or kind.name == "ARM"):
        found, least = sys.modules[folders.factory("problems", name or "knapsack_bandit").__module__].examples(), 2000
    found = found or exercises(kind)
    problem = next((p for p in found if p.spec.kind == kind), found[0])
    return _lasting(problem, horizon, least)


def _lasting(problem: Any, horizon: int | None, least: int) -> Any:
    """The problem with that many rounds, if none are asked for at least some; not more than are written down, where each round has its own numbers."""
    import numpy as np

    spec, facts = problem.spec, problem.instance
    written = [spec.horizon in np.shape(value) for value in (facts if isinstance(facts, tuple) else [facts])]
    most = spec.horizon if any(written) or getattr(facts, "corruption", False) else math.inf
    if horizon is not None and horizon > most:
        raise BadValue(f"horizon: got {horizon}; allowed: at most {most}, which is what {problem.name} has written down")
    rounds = int(horizon or min(max(least, spec.horizon), most))
    if hasattr(facts, "horizon"):
        facts = facts._replace(horizon=rounds)
    budget = spec.budget if spec.renew else spec.budget * (rounds / spec.horizon)
    return problem._replace(spec=spec._replace(horizon=rounds, budget=budget), instance=facts)


@app.command()
def compare(
    file: Annotated[Path, typer.Argument(help="A .py file with rules: Policy values, or functions that make them.")],
    problem: Annotated[str | None, typer.Option(help="A problem of the house, or a .py file with one; left out: the file's own, or a small one.")] = None,
    against: Annotated[str | None, typer.Option(help="Rules of the house, with commas between them; '' for none.")] = None,
    replications: Annotated[int, typer.Option(help="Independent runs of each rule.")] = 200,
    horizon: Annotated[int | None, typer.Option(help="Rounds; budgets keep their share of it.")] = None,
    seed: Seed = 1,
    threads: Threads = None,
    json: Json = False,
) -> int:
    """Play the rules of a file beside rules of the house, on the same luck."""
    from . import folders, study
    from .model import Kind, Policy

    if horizon is not None:
        whole("horizon", horizon, 1)
    held = _held(file, "policies")
    if not held:
        raise BadValue(f"file: {file} holds no rule; allowed: a file with a Policy, or with a function that makes one")
    kind = next((p.kind for p in held.values() if isinstance(p, Policy)), Kind.ARM)
    ground = _ground(problem, file, kind, horizon)
    capped, truth = any(map(math.isfinite, ground.spec.budget)), getattr(ground.instance, "_fields", ())
    if against is None:
        against = "" if ground.spec.kind != Kind.ARM else "primal_dual,density_greedy,uniform" if capped else "ucb1,thompson,uniform"
    beside = [folders.factory("policies", name.strip()) for name in against.split(",") if name.strip()]
    rules: dict[str, Any] = {}
    for name, value in [*held.items(), *((f.__name__, f) for f in beside)]:
        made = value if isinstance(value, Policy) else folders.bind(value, ground)
        rules.setdefault(name if made.name == "policy" else made.name, made)
    wanted = {"mean_reward", "mean_cost"} if capped else {"mean_reward"}
    optima = [folders.factory("optima", "fluid_lp" if capped else "best_fixed_arm")] if wanted <= set(truth) and not ground.spec.renew else []
    with Progress(file.stem) as progress:
        result = study.compare(ground, rules, optima=optima, replications=replications, seed=seed, threads=threads, progress=progress)
    differences = result.paired() if len(rules) > 1 else None
    bounds, why = _chain(ground, list(rules.values()), replications, seed, threads)
    if json:
        rows = result.to_dataframe().to_dict("records")
        _dump(
            {
                "problem": ground.name,
                "horizon": ground.spec.horizon,
                "seed": seed,
                "rules": rows,
                "differences": [] if differences is None else differences.to_dict("records"),
                "chain": [] if bounds is None else [link._asdict() for link in bounds.links],
            }
        )
        return 0
    print(f"{result}\n")
    if differences is not None:
        rows = [(r["policy"], f"{r['difference']:.4g}", f"[{r['low']:.4g}, {r['high']:.4g}]") for r in differences.to_dict("records")]
        _table(f"difference to {differences.baseline.iloc[0]}, {100 * result.level:g}% together", ("rule", "difference", "interval"), rows)
    if bounds is not None:
        print(f"\n{bounds}")
    elif why:
        print(f"\nno chain of bounds: {why}")
    return 0


_DAYS = 2_000_000  # requests of all replications together whose hindsight bounds `compare` computes


def _chain(problem: Any, rules: list[Any], replications: int, seed: int, threads: int | None) -> tuple[Any, str]:
    """The bounds above rules for requests, of fewer replications where days are long; why there are none; nothing for other kinds."""
    from . import arrivals
    from .model import Kind

    if problem.spec.kind != Kind.REQUEST:
        return None, ""
    few = max(2, min(replications, _DAYS // problem.spec.horizon))
    try:
        return arrivals.chain(problem, rules, few, seed, threads=threads), ""
    except BadValue as error:
        return None, str(error)


# ------------------------------------------------------------------------------------------------ check
@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A .py file with rules or problems.")],
    problem: Annotated[
        str | None, typer.Option(help="What to try rules on: a problem of the house, or a .py file with one; left out: one of each sort.")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> int:
    """Does what a file holds keep to the contract? Law by law: it holds, is broken, or is not claimed."""
    from . import checks, claims, folders

    ground = _ground(problem, file, None, None) if problem else None
    found: dict[str, list[Any]] = {}
    with contextlib.redirect_stdout(sys.stderr):  # what the file itself prints
        module = folders.load_file(file)
        rules, problems = folders.policies_in(module), folders.problems_in(module)
        if not rules and not problems:
            raise BadValue(f"file: {file} holds no rule and no problem; allowed: a file with a Policy or a Problem, or with functions that make them")
        for name, value in rules.items():
            with Progress(f"rule {name}"):
                found[f"rule {name}"] = checks.check_policy(value, ground, seed=seed)
        for name, value in problems.items():
            with Progress(f"problem {name}"):
                found[f"problem {name}"] = checks.check_problem(value, seed=seed)
    unexamined = {name: verdicts[0].detail for name, verdicts in found.items() if all(v.holds == "unresolved" for v in verdicts)}
    if len(unexamined) == len(found):
        raise BadValue(f"file: nothing in {file} could be checked: " + "; ".join(f"{name}: {why}" for name, why in unexamined.items()))
    for name, why in unexamined.items():
        print(f"budgetsim: {name} was not checked: {why}", file=sys.stderr)
    if json:
        _dump({name: claims.as_records(verdicts) for name, verdicts in found.items()})
    else:
        print("\n\n".join(_law_by_law(name, verdicts) for name, verdicts in found.items() if name not in unexamined))
        if any("; smallest: " in v.detail for verdicts in found.values() for v in verdicts):
            print(f"\nTo repeat what is smallest: from budgetsim import check_policy; from budgetsim.exercises import exercise; from {file.stem} import *")
    return int(any(v.holds is False for verdicts in found.values() for v in verdicts))


def _law_by_law(name: str, verdicts: list[Any]) -> str:
    """What became of each law, with the smallest instance that breaks it on a line of its own."""
    words = {True: "holds", False: "BROKEN", "unresolved": "not claimed"}
    reached = [v for v in verdicts if v.detail != "not reached"]
    lines = [f"{name}: {sum(v.holds is False for v in verdicts)} of {len(verdicts)} laws broken", ""]
    for v in reached:
        lines.append(f"{words[v.holds]:<12} {v.claim}")
        why, _, smallest = v.detail.partition("; smallest: ")
        lines += textwrap.wrap(why, 120, initial_indent=" " * 15, subsequent_indent=" " * 15)
        lines += [f"{' ' * 15}smallest: {smallest.replace('(rule,', f'({name.split()[1]},')}"] * bool(smallest)  # in one line, to be copied
    if len(reached) < len(verdicts):
        lines.append(f"{'not reached':<12} {len(verdicts) - len(reached)} more")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------ hunt
@app.command()
def hunt(
    file: Annotated[Path, typer.Argument(help="A .py file with rules: Policy values, or functions that make them.")],
    family: Annotated[str | None, typer.Option(help="A family of instances; left out: every one whose problems the rule plays.")] = None,
    rival: Annotated[str | None, typer.Option(help="A rule of the house to be behind of, in place of the optimum.")] = None,
    evaluations: Annotated[int, typer.Option(help="Instances tried in each family.")] = 150,
    replications: Annotated[int, typer.Option(help="Independent runs of the report.")] = 2000,
    seed: Seed = 1,
    json: Json = False,
) -> int:
    """Search for the instance on which a rule does worst, beside its certified optimum; a witness is not a failure."""
    from . import folders, hunting

    names = list(hunting.FAMILIES) if family is None else [choice("family", family, hunting.FAMILIES)]
    other = None if rival is None else folders.factory("policies", rival)
    held = _held(file, "policies")
    if not held:
        raise BadValue(f"file: {file} holds no rule; allowed: a file with a Policy, or with a function that makes one")
    document: dict[str, Any] = {}
    for name, value in held.items():
        plays, declined = hunting.families_of(value, names)
        document[name] = {"witnesses": [], "declined": declined}
        for each in plays:
            with Progress(f"{name} on {each}"):
                found = hunting.worst_instance(value, each, rival=other, evaluations=evaluations, replications=replications, seed=seed)
            document[name]["witnesses"].append(found.record())
            if not json:
                print(f"{found}\n")
        if not json and declined:
            print(f"{name} declines {', '.join(declined)}\n")
    if not any(found["witnesses"] for found in document.values()):
        why = next(iter(document.values()))["declined"]
        raise BadValue(f"family: got {family or 'all'}, which {file} declines ({'; '.join(why.values())}); allowed: a family whose problems a rule of it plays")
    if json:
        _dump(document)
    return 0


# ------------------------------------------------------------------------------------------------ cite
@app.command()
def cite(name: Annotated[str, typer.Argument(help="A policy, a problem, an optimum or a scenario.")], json: Json = False) -> int:
    """Print the BibTeX entries of what a file cites."""
    from . import folders

    kinds = ("policies", "problems", "optima")
    files = {n: p for folder in ("proofs_checks", "scenarios") for n, p in _files(folder).items()}
    known = [*files, *(n for kind in kinds for n in folders.names(kind))]
    choice("name", name, known)
    path = files.get(name) or next(Path(__file__).parent / kind / f"{name}.py" for kind in kinds if name in folders.names(kind))
    keys = list(dict.fromkeys(re.findall(r"\[([A-Za-z][A-Za-z0-9]*)\]_", path.read_text())))
    entries = bibliography()
    found = {k: entries[k] for k in keys if k in entries}
    if json:
        _dump({"name": name, "keys": keys, "bibtex": list(found.values())})
    else:
        print("\n\n".join(found.values()) if found else f"{name} cites nothing.")
        for key in keys:
            if key not in found:
                print(f"% {key}: not in references.bib", file=sys.stderr)
    return 0


def bibliography() -> dict[str, str]:
    """The entries of references.bib, by key."""
    carried = Path(__file__).resolve().parent / "_references.bib"
    path = carried if carried.is_file() else home("docs") / "references.bib"
    if not path.is_file():
        raise BadValue("cite: references.bib is missing; allowed: a checkout, or an installed budgetsim")
    entries = re.split(r"^(?=@)", path.read_text(), flags=re.MULTILINE)[1:]
    return {e.split("{", 1)[1].split(",", 1)[0].strip(): e.strip() for e in entries}


# ------------------------------------------------------------------------------------------------ bench
@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context, json: Json = False) -> int:
    """Measure speed against C and numpy; needs a checkout."""
    script = Path(__file__).resolve().parent.parent / "tests" / "benchmarks" / "bench.py"
    if not script.is_file():
        raise BadValue(f"bench: {script} is not there; allowed: a checkout of the repository, because the benchmarks are not installed")
    asked = [*context.args, *(["--json"] if json else [])]
    return subprocess.call([sys.executable, str(script), *asked])


# ------------------------------------------------------------------------------------------------ the door
def main(arguments: Sequence[str] | None = None) -> int:
    """The console entry: runs a command and returns its exit code."""
    asked = list(sys.argv[1:] if arguments is None else arguments)
    debug, json = "--debug" in asked, "--json" in asked
    asked = [a for a in asked if a != "--debug"]
    try:
        return int(app(asked, prog_name="budgetsim", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        return _refused("interrupted", json, 130)
    except (BudgetsimError, OSError) as error:
        if debug:
            raise
        return _refused(str(error), json, 2)
    except Exception as error:
        code = getattr(error, "exit_code", None)  # of typer: a wrong call, or the end after --help
        if debug or code is None:
            if debug:
                raise
            return _refused(f"{type(error).__name__}: {error} (--debug shows where)", json, 2)
        message = error.format_message() if hasattr(error, "format_message") else ""
        return _refused(message, json, code) if message else code


def _refused(message: str, json: bool, code: int) -> int:
    line = " ".join(message.split())
    if json:
        _dump({"error": line})
    print(f"budgetsim: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
