"""Speed of the engine on plain rules beside the same rules in C and in numpy; start-up; memory. Prints what a machine gives.

    python tests/benchmarks/bench.py [--json] [--quick]        or        budgetsim bench

Everything is measured in one run on one core, in CPU time of the thread, best of repeats that take turns, so that a busy
machine disturbs ratios little. Exit code 1 where a target is missed.
"""

import argparse
import ctypes
import importlib
import json as encoder
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

import budgetsim as bs  # noqa: E402
from budgetsim import engine  # noqa: E402
from budgetsim.problems.stochastic_bandit import bernoulli  # noqa: E402
from tests.benchmarks import vectorised  # noqa: E402
from tests.references import primal_dual  # noqa: E402

HORIZON, SEED, D = 10_000, 7, 3
STRICT = ("-ffp-contract=off",)


class Case(NamedTuple):
    name: str
    problem: Any
    policy: Any
    in_c: Callable[[Any, int], np.ndarray]  #: (library, replications) -> rewards
    formula: Callable[[int, int, Any], Any]  #: (rounds, replications, rng): numpy as the formula reads
    tuned: Callable[[int, int, Any], Any]  #: numpy that recomputes only what the round changed
    arms: int
    of_c: float  #: least fraction of C's speed
    of_numpy: float  #: least multiple of vectorised numpy's, 0 for none


# ------------------------------------------------------------------------------------------------ cases
def pointer(a: np.ndarray) -> ctypes.c_void_p:
    return a.ctypes.data_as(ctypes.c_void_p)


def bandit(name: str, policy: Any, k: int, number: float, of_c: float, of_numpy: float, **told: Any) -> Case:
    p = np.full(k, 0.5)
    p[0] = 0.6

    def in_c(library: Any, count: int) -> np.ndarray:
        out = np.zeros(count)
        getattr(library, name)(ctypes.c_uint64(SEED), *map(ctypes.c_long, (count, HORIZON, k)), pointer(p), ctypes.c_double(number), pointer(out))
        return out

    twin, tuned = importlib.import_module(f"tests.references.{name}").simulate, getattr(vectorised, name)
    problem = bs.stochastic_bandit(bernoulli(p), horizon=HORIZON)
    return Case(name, problem, policy, in_c, lambda *a: twin(p, *a), lambda *a: tuned(p, *a, **told), k, of_c, of_numpy)


def knapsack(k: int) -> Case:
    rng = np.random.default_rng(0)
    p, q, budget = np.linspace(0.3, 0.7, k), rng.uniform(0.1, 0.6, (k, D)), np.full(D, 0.6 * HORIZON)  # never binds: all rounds are played

    def in_c(library: Any, count: int) -> np.ndarray:
        out, rounds = np.zeros(count), np.zeros(count)
        sizes = map(ctypes.c_long, (count, HORIZON, k, D))
        library.primal_dual(ctypes.c_uint64(SEED), *sizes, pointer(p), pointer(q), pointer(budget), ctypes.c_double(0.25), pointer(out), pointer(rounds))
        assert rounds.min() == HORIZON
        return out

    formula, tuned = (lambda *a: primal_dual.simulate(p, q, budget, *a)), (lambda *a: vectorised.primal_dual(p, q, budget, HORIZON, *a))
    return Case("primal_dual", bs.knapsack_bandit(p, q, budget, horizon=HORIZON), bs.primal_dual(), in_c, formula, tuned, k, 0.8, 3.0)


def cases() -> list[Case]:
    found = []
    for k in (10, 100, 1000):
        found += [bandit("ucb1", bs.ucb1(), k, 2.0, 0.8, 3.0), bandit("epsilon_greedy", bs.epsilon_greedy(0.1), k, 0.1, 0.8, 3.0), knapsack(k)]
    return [*found, bandit("exp3", bs.exp3(), 10, 0.0, 0.7, 0.0, horizon=HORIZON), bandit("thompson", bs.thompson(), 10, 1.0, 0.7, 0.0)]


# ------------------------------------------------------------------------------------------------ clocks
def alternate(repeats: int, *functions: Callable[[], Any]) -> list[float]:
    """Least CPU seconds of this thread for each, the functions taking turns."""
    best = [float("inf")] * len(functions)
    for _ in range(repeats):
        for i, f in enumerate(functions):
            start = time.thread_time()
            f()
            best[i] = min(best[i], time.thread_time() - start)
    return best


def build(*flags: str, source: str = "bandits.c", march: str = "native") -> Any:
    """C twins as a library, or None where there is no gcc."""
    if shutil.which("gcc") is None:
        return None
    folder = tempfile.mkdtemp()
    out = Path(folder) / "twins.so"
    subprocess.run(["gcc", "-O3", f"-march={march}", *flags, "-shared", "-fPIC", "-o", str(out), str(HERE / source), "-lm"], check=True)
    library = ctypes.CDLL(str(out))
    shutil.rmtree(folder)
    return library


def numpy_ns(play: Callable[..., Any], first: int, rounds: int, count: int, repeats: int) -> float:
    """ns a pull after the first rounds, in which each arm is tried once."""
    rng = np.random.default_rng(1)
    few, many = alternate(repeats, *(lambda n=n: play(n, count, rng) for n in (first, first + rounds)))
    return (many - few) / rounds / count * 1e9


def speed(case: Case, library: Any, strict: Any, repeats: int) -> dict[str, Any]:
    """ns a pull: ours on rows, C, numpy over replications, numpy one replication at a time."""
    k = case.arms
    count = max(4, 1000 // k if case.name != "thompson" else 20)
    game = engine.prepare(case.problem, case.policy, "rows")
    at = np.array([HORIZON])

    def ours() -> Any:
        return engine.play_block(game, SEED, 0, count, at)

    log = ours()
    assert np.all(log.rounds[:, -1] == HORIZON)
    mine, c = (*alternate(repeats, ours), None) if library is None else alternate(repeats, ours, lambda: case.in_c(library, count))
    row: dict[str, Any] = {"rule": case.name, "arms": k, "ours": mine / count / HORIZON * 1e9}
    wide = 1000 if k < 1000 else 100
    for name, play, width in (("formula", case.formula, wide), ("narrow", case.formula, wide // 5), ("tuned", case.tuned, wide), ("loop", case.formula, 1)):
        row[name] = numpy_ns(play, k, 50 if case.name == "primal_dual" else 200, width, max(3, repeats // 3))
        row[f"of_{name}"] = row[name] / row["ours"]
    row["holds"] = row["of_formula"] >= case.of_numpy
    if c is not None:
        row["c"] = c / count / HORIZON * 1e9
        row["of_c"] = row["c"] / row["ours"]
        row["holds"] = row["holds"] and row["of_c"] >= case.of_c
        rewards = case.in_c(strict, count)
        row["same_replications"] = float(np.mean(rewards == log.reward[:, -1]))
        row["reward_of_c"] = float(rewards.mean() / log.reward[:, -1].mean())
    return row


# ------------------------------------------------------------------------------------------------ replan
def nothing(memory: Any, params: Any, view: Any, left: Any, t: int) -> None:
    """Replans nothing."""


def replan(repeats: int) -> float:
    """Microseconds a re-entry: a run with replan at every tenth round, less the same run without."""
    problem = bs.stochastic_bandit(bernoulli([0.6, *[0.5] * 9]), horizon=5 * HORIZON)
    plain = bs.ucb1()
    often = plain._replace(replan=nothing, schedule=lambda spec: range(10, spec.horizon, 10))
    games = [engine.prepare(problem, rule, "rows") for rule in (plain, often)]
    without, with_ = alternate(repeats, *(lambda g=g: engine.play_block(g, SEED, 0, 1, np.array([5 * HORIZON])) for g in games))
    return (with_ - without) / len(games[1].schedule) * 1e6


# ------------------------------------------------------------------------------------------------ processes of their own
OUTSIDE = """
import math
from typing import NamedTuple
import numpy as np

class Memory(NamedTuple):
    pulls: np.ndarray
    total: np.ndarray

def init(spec):
    return Memory(np.zeros(spec.n_actions), np.zeros(spec.n_actions))

def act(memory, params, view, left, t, key):
    arm, greatest = 0, -1.0
    for k in range(memory.pulls.size):
        if memory.pulls[k] == 0.0:
            return k
        index = memory.total[k] / memory.pulls[k] + math.sqrt(2.0 / memory.pulls[k])
        if index > greatest:
            arm, greatest = k, index
    return arm

def update(memory, params, view, action, outcome, t):
    memory.pulls[action] += 1.0
    memory.total[action] += outcome.reward
"""

FIRST = """
import json, sys, time
import numba, xarray
wall, cpu = time.perf_counter(), time.process_time()
import budgetsim as bs
import outside
runs = bs.run(bs.knapsack_bandit([0.5, 0.6], [[0.5], [0.4]], [50.0], horizon=1000), bs.Policy(bs.ARM, outside.init, outside.act, outside.update), replications=10, seed=1)
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, runs.attrs["path"]]))
"""

IMPORT = """
import json, time
wall, cpu = time.perf_counter(), time.process_time()
import budgetsim
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""

MEMORY = """
import json, resource, sys, tracemalloc
import budgetsim as bs
horizon, replications, keep = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def play(horizon, replications):
    bs.run(bs.knapsack_bandit([0.6, 0.5], [[0.1], [0.1]], [float("inf")], horizon=horizon), bs.ucb1(), replications=replications, seed=1, checkpoints=[horizon], threads=1, keep=keep)
play(100, 2000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tracemalloc.start()
play(horizon, replications)
print(json.dumps([tracemalloc.get_traced_memory()[1] / 2**20, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def child(code: str, *arguments: Any, **environment: str) -> Any:
    path = os.pathsep.join([str(ROOT), environment.pop("folder", ""), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path} | environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return encoder.loads(done.stdout)


def starts(repeats: int) -> dict[str, dict[str, Any]]:
    """Wall and CPU seconds: the first call of a new rule, the same in a later process, and the import; the path that the rule took."""
    cold, warm = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "outside.py").write_text(OUTSIDE)
            cold.append(child(FIRST, folder=folder, BUDGETSIM_CACHE_DIR=folder))
            warm += [child(FIRST, folder=folder, BUDGETSIM_CACHE_DIR=folder) for _ in range(2)]
    imports = [child(IMPORT) for _ in range(2 * repeats + 1)]
    return {
        name: {"wall_s": min(t[0] for t in times), "cpu_s": min(t[1] for t in times), "path": times[0][2] if name != "import" else ""}
        for name, times in (("cold", cold), ("warm", warm), ("import", imports))
    }


def memory(quick: bool) -> dict[str, list[dict[str, float]]]:
    """MiB: peak of what Python and numpy allocated in the run, and growth of the process."""
    grid = {
        "horizon": [(t, 2, "all") for t in ((10_000, 1_000_000) if quick else (10_000_000, 40_000_000))],
        "replications": [(100, n, "summary") for n in (30_000, 300_000)],
    }
    return {
        axis: [dict(zip(("horizon", "replications", "peak_mib", "grown_mib"), (t, n, *child(MEMORY, t, n, keep)), strict=True)) for t, n, keep in points]
        for axis, points in grid.items()
    }


# ------------------------------------------------------------------------------------------------ the report
def machine() -> dict[str, Any]:
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    flags, model = re.search(r"flags\s*: (.*)", text), re.search(r"model name\s*: (.*)", text)
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.splitlines()[0] if shutil.which("gcc") else None
    import numba

    return {
        "cpu": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "vectors": [f for f in ("avx512f", "avx2") if flags and f in flags[1].split()],
        "load": list(os.getloadavg()),
        "gcc": gcc,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__},
    }


def targets(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What was asked, what came."""
    found = [
        ("re-entry for replan, us", report["replan_us"], 5.0),
        ("first call of a new rule, CPU s", report["starts"]["cold"]["cpu_s"], 5.0),
        ("first call in a later process, CPU s", report["starts"]["warm"]["cpu_s"], 0.7),
        ("import budgetsim, CPU s", report["starts"]["import"]["cpu_s"], 0.3),
    ]
    for axis, points in report["memory"].items():
        found.append((f"peak memory at {points[-1][axis]:,} over {points[0][axis]:,} {axis}", points[-1]["peak_mib"] / points[0]["peak_mib"], 1.2))
    return [{"what": what, "value": value, "at_most": limit, "holds": bool(value <= limit)} for what, value, limit in found]


def main(json: bool = False, quick: bool = False) -> dict[str, Any]:
    """Measures, prints one table (or JSON), returns it all."""
    say = (lambda *a: None) if json else print
    repeats = 5 if quick else 15
    report: dict[str, Any] = {"machine": machine(), "speed": []}
    m = report["machine"]
    say(
        f"{m['cpu']}, {m['cores']} cores, {' '.join(m['vectors']) or 'no AVX'}, load {m['load'][0]:.1f}; {m['gcc'] or 'no gcc: the C column is left out'}; {m['versions']}"
    )
    say(f"\nns a pull, one core, Bernoulli arms, horizon {HORIZON:,}; numpy over 1,000 replications (100 of 1,000 arms) as the formula reads, which")
    say(
        "is judged, over a fifth of them, and tuned to recompute only what the round changed; the loop is numpy with one. Ratios: their time / that of our\nrows; for lanes see lanes.py beside this file.\n"
    )
    say(
        f"{'rule':15}{'arms':>5}{'rows':>8}{'C':>8}{'/rows':>7}{'numpy':>8}{'/rows':>6}{'fifth':>8}{'/rows':>6}{'tuned':>8}{'/rows':>6}{'loop':>8}{'/rows':>6}  {'target':27}strict C"
    )
    library, strict = build(), build(*STRICT)
    for case in cases():
        row = speed(case, library, strict, repeats)
        report["speed"].append(row)
        c = f"{row['c']:8.1f}{row['of_c']:7.2f}" if "c" in row else " " * 15
        asked = f">= {case.of_c:g} C" + (f", {case.of_numpy:g} numpy" if case.of_numpy else "")
        same = f"{row['same_replications']:.0%} of runs the same, reward x {row['reward_of_c']:.4f}" if "c" in row else ""
        others = "".join(f"{row[n]:8.0f}{row[f'of_{n}']:6.1f}" for n in ("formula", "narrow", "tuned", "loop"))
        say(f"{case.name:15}{case.arms:5}{row['ours']:8.1f}{c}{others}  {asked:18}{'ok' if row['holds'] else 'MISSED':9}{same}")
    report["replan_us"] = replan(repeats)
    report["starts"] = starts(1 if quick else 3)
    report["memory"] = memory(quick)
    report["targets"] = targets(report)
    say(f"\n{'':64}{'measured':>9}{'at most':>9}")
    for t in report["targets"]:
        say(f"{t['what']:64}{t['value']:9.3g}{t['at_most']:9.3g}  {'ok' if t['holds'] else 'MISSED'}")
    say("wall s: " + ", ".join(f"{name} {s['wall_s']:.2f}{s['path'] and ' on ' + s['path']}" for name, s in report["starts"].items()))
    for axis, points in report["memory"].items():
        say(f"MiB by {axis}: " + ", ".join(f"{p[axis]:,}: peak {p['peak_mib']:.2f}, process +{p['grown_mib']:.1f}" for p in points))
    report["load_after"] = os.getloadavg()[0]
    report["holds"] = all(r["holds"] for r in [*report["speed"], *report["targets"]])
    say(f"load at the end {report['load_after']:.1f}")
    if json:
        print(encoder.dumps(report))
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    sys.exit(0 if main(**vars(parser.parse_args()))["holds"] else 1)
