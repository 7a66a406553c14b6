"""Speed of lanes beside rows, C, C with its vectors written out, and numpy; by the number of arms; compiling; threads.

    python tests/benchmarks/lanes.py [--json] [--quick]

Everything is measured in one run on one core, in CPU time of the thread, best of repeats that take turns; threads alone in
wall time, with what else the machine did meanwhile; where that is more than a tenth of a core, threads are not judged.
Exit code 1 where a target is missed.
"""

import argparse
import itertools
import json as encoder
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np

import budgetsim as bs
from budgetsim import engine
from budgetsim.kernels import lanes
from tests.benchmarks import bench
from tests.benchmarks.bench import HORIZON, SEED, Case, alternate, child

WIDTHS = (16, 32, 64)  #: replications at once in C
ARMS = (2, 3, 5, 10, 20, 30, 50, 100, 300, 1000)
AT = np.array([HORIZON])
VECTORS = ("ucb1", "epsilon_greedy", "primal_dual")  #: the rules of lanes.c
OF_C = {"exp3": 2.0, "thompson": 2.5}  #: least multiple of scalar C's speed; 3 for the others
OF_LANES, OF_NUMPY, OF_C_AVX2 = 0.8, 10.0, 1.7
IDLE = 0.1  #: cores that others may use in the measurement of threads


# ------------------------------------------------------------------------------------------------ beside C
def speed(case: Case, march: str, repeats: int, numpy: bool) -> dict[str, Any]:
    """ns a pull: lanes, rows, C, C in vectors at its best width, numpy."""
    count = 64 if case.name == "thompson" else 192
    games = [engine.prepare(case.problem, case.policy, path) for path in ("lanes", "rows")]
    logs = [engine.play_block(game, SEED, 0, count, AT) for game in games]
    plays: dict[str, Any] = {path: lambda g=g: engine.play_block(g, SEED, 0, count, AT) for path, g in zip(("lanes", "rows"), games, strict=True)}
    scalar, strict = bench.build(march=march), bench.build(*bench.STRICT, march=march)
    row: dict[str, Any] = {"rule": case.name, "same_rows": bool(np.array_equal(logs[0].reward, logs[1].reward))}
    if scalar is not None:
        plays["c"] = lambda: case.in_c(scalar, count)
        row["same_c"] = float(np.mean(case.in_c(strict, count) == logs[0].reward[:, -1]))
    if scalar is not None and case.name in VECTORS:
        wide = {f"{w} lanes": bench.build("-fno-math-errno", "-fno-trapping-math", f"-DLANES={w}", source="lanes.c", march=march) for w in WIDTHS}
        plays |= {w: lambda library=library: case.in_c(library, count) for w, library in wide.items()}
        row["same_c_lanes"] = min(float(np.mean(plays[w]() == plays["c"]())) for w in wide)
    ns = {name: s / count / HORIZON * 1e9 for name, s in zip(plays, alternate(repeats, *plays.values()), strict=True)}
    row |= {name: ns[name] for name in ("lanes", "rows", "c") if name in ns}
    if "same_c_lanes" in row:
        row["c_lanes"], row["width"] = min((ns[f"{w} lanes"], w) for w in WIDTHS)
    if numpy and case.of_numpy:
        row["numpy"] = bench.numpy_ns(case.formula, case.arms, 50 if case.name == "primal_dual" else 200, 1000, max(3, repeats // 3))
    return row | {f"of_{name}": row[name] / row["lanes"] for name in ("rows", "c", "c_lanes", "numpy") if name in row}


def speeds(march: str, repeats: int) -> list[dict[str, Any]]:
    """The rules of ten arms."""
    return [speed(case, march, repeats, march == "native") for case in bench.cases() if case.arms == 10]


AVX2 = """
import json, sys
from budgetsim.kernels import lanes
lanes.host = lambda: ("haswell", sys.argv[1])
from tests.benchmarks import lanes as benchmark
print(json.dumps(benchmark.speeds("haswell", int(sys.argv[2]))))
"""


def without_avx512(repeats: int) -> list[dict[str, Any]]:
    """The same in a process whose compilers, numba's included, are told of no AVX-512."""
    features = ",".join(f for f in lanes.host()[1].split(",") if "avx512" not in f and "avx10" not in f)
    return child(AVX2, features, repeats, NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES=features)


# ------------------------------------------------------------------------------------------------ by the number of arms
def growth(rule: str, repeats: int) -> list[dict[str, Any]]:
    """ns a pull on both paths by the number of arms, and the path that is taken unasked."""
    found = []
    for k in ARMS:
        case = bench.knapsack(k) if rule == "primal_dual" else bench.bandit(rule, bs.ucb1(), k, 2.0, 0.0, 0.0)
        games = [engine.prepare(case.problem, case.policy, path) for path in ("lanes", "rows")]
        count = 64 if k <= 100 else 32
        ns = [s / count / HORIZON * 1e9 for s in alternate(repeats, *(lambda g=g, n=count: engine.play_block(g, SEED, 0, n, AT) for g in games))]
        found.append({"arms": k, "lanes": ns[0], "rows": ns[1], "taken": engine.prepare(case.problem, case.policy, None, 1000).path})
    return found


# ------------------------------------------------------------------------------------------------ processes of their own
FIRST = """
import json, sys, time
import numba, xarray
import budgetsim as bs
from tests.benchmarks import bench
case = next(c for c in bench.cases() if c.name == sys.argv[1] and c.arms == 10)
wall, cpu = time.perf_counter(), time.process_time()
runs = bs.run(case.problem, case.policy, replications=8, seed=1, path=sys.argv[2], threads=1)
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def starts(rule: str, repeats: int) -> dict[str, dict[str, list[float]]]:
    """Wall and CPU seconds of a whole `run` after the imports, by path: cold, and from the disk in a later process."""
    times: dict[str, dict[str, list[list[float]]]] = {path: {"cold": [], "warm": []} for path in ("lanes", "rows")}
    for _ in range(repeats):
        for path, found in times.items():
            with tempfile.TemporaryDirectory() as folder:
                found["cold"].append(child(FIRST, rule, path, BUDGETSIM_CACHE_DIR=folder))
                found["warm"].append(child(FIRST, rule, path, BUDGETSIM_CACHE_DIR=folder))
    return {path: {name: np.min(t, axis=0).tolist() for name, t in found.items()} for path, found in times.items()}


# ------------------------------------------------------------------------------------------------ threads
def busy() -> tuple[float, float]:
    """Seconds that all cores worked, and that the host took away, since the machine started."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan"), float("nan")
    user, nice, system, _, _, irq, soft, steal, *_ = (float(x) / os.sysconf("SC_CLK_TCK") for x in stat.read_text().split("\n")[0].split()[1:])
    return user + nice + system + irq + soft, steal


def threads(repeats: int) -> dict[str, Any]:
    """Wall seconds of ucb1 on one thread and on two, taking turns, and what else the machine did in that time."""
    case = next(c for c in bench.cases() if c.name == "ucb1" and c.arms == 10)
    wall, cpu = {1: float("inf"), 2: float("inf")}, {1: float("inf"), 2: float("inf")}

    def play(n: int) -> None:
        bs.run(case.problem, case.policy, replications=16384, seed=SEED, checkpoints=[HORIZON], threads=n, path="lanes")

    play(2)
    before, begun, own = busy(), time.perf_counter(), time.process_time()
    for _ in range(repeats):
        for n in wall:
            start, spent = time.perf_counter(), time.process_time()
            play(n)
            wall[n], cpu[n] = min(wall[n], time.perf_counter() - start), min(cpu[n], time.process_time() - spent)
    lasted, mine = time.perf_counter() - begun, time.process_time() - own
    worked, taken = (after - b for after, b in zip(busy(), before, strict=True))
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "gain": wall[1] / wall[2],
        "others": max(0.0, worked - mine) / lasted,
        "stolen": taken / lasted,
        "load": os.getloadavg()[0],
    }


# ------------------------------------------------------------------------------------------------ the report
def targets(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What was asked, what came."""
    found: list[tuple[str, float, str, float]] = []
    for row in report["speed"]:
        for name, of, least in (
            ("C", "of_c", OF_C.get(row["rule"], 3.0) if report["avx512"] else OF_C_AVX2),
            ("C in vectors", "of_c_lanes", OF_LANES),
            ("numpy", "of_numpy", OF_NUMPY),
        ):
            if of in row:
                found.append((f"{row['rule']}: speed of lanes over {name}", row[of], ">=", least))
    found += [(f"{row['rule']}: speed of lanes over C, AVX2 only", row["of_c"], ">=", OF_C_AVX2) for row in report["avx2"] if "of_c" in row]
    for rule, rows in report["arms"].items():
        steps = [b["lanes"] / a["lanes"] / (b["arms"] / a["arms"]) for a, b in itertools.pairwise(rows)]
        found.append((f"{rule}: cost of a pull and an arm over that at the next fewer arms, at worst", max(steps), "<=", 1.5))
        found.append((f"{rule}: the path taken over the faster of both, at worst", max(r[r["taken"]] / min(r["lanes"], r["rows"]) for r in rows), "<=", 1.1))
    for rule, paths in report["starts"].items():
        found.append((f"{rule}: compiling for lanes over rows, CPU", paths["lanes"]["cold"][1] / paths["rows"]["cold"][1], "<=", 1.5))
        found.append((f"{rule}: first call on lanes, cold, CPU s", paths["lanes"]["cold"][1], "<=", 6.0))
        found.append((f"{rule}: first call on lanes, from the disk, CPU s", paths["lanes"]["warm"][1], "<=", 0.7))
    t = report["threads"]
    if t["others"] + t["stolen"] <= IDLE:
        found.append(("two threads over one, wall", t["gain"], ">=", 1.7))
    return [{"what": w, "value": v, "sign": s, "limit": x, "holds": bool(v >= x if s == ">=" else v <= x)} for w, v, s, x in found]


def show(rows: list[dict[str, Any]], say: Any) -> None:
    """The table of `speeds`."""
    say(
        f"{'rule':15}{'lanes':>8}{'rows':>8}{'/lanes':>7}{'C':>8}{'/lanes':>7}{'C lanes':>9}{'/lanes':>7}{'width':>6}{'numpy':>8}{'/lanes':>7}  the same replications"
    )
    for r in rows:
        cells = [(f"{r[n]:{w}.1f}{r[f'of_{n}']:7.2f}" if n in r else " " * (w + 7)) for n, w in (("rows", 8), ("c", 8), ("c_lanes", 9))]
        numpy = f"{r['numpy']:8.1f}{r['of_numpy']:7.2f}" if "numpy" in r else " " * 15
        same = [
            f"rows {'all' if r['same_rows'] else 'NOT ALL'}",
            *(f"{w} {r[n]:.0%}" for w, n in (("strict C", "same_c"), ("C lanes and C", "same_c_lanes")) if n in r),
        ]
        say(f"{r['rule']:15}{r['lanes']:8.2f}{''.join(cells)}{r.get('width', ''):>6}{numpy}  {', '.join(same)}")


def main(json: bool = False, quick: bool = False) -> dict[str, Any]:
    """Measures, prints tables (or JSON), returns it all."""
    say = (lambda *a: None) if json else print
    repeats = 4 if quick else 9
    m = bench.machine()
    report: dict[str, Any] = {"machine": m, "avx512": "avx512f" in m["vectors"]}
    say(f"{m['cpu']}, {m['cores']} cores, {' '.join(m['vectors']) or 'no AVX'}, load {m['load'][0]:.1f}; {m['gcc'] or 'no gcc'}; {m['versions']}")
    say(
        f"\nns a pull, one core, 10 Bernoulli arms, horizon {HORIZON:,}, {lanes.LANES} lanes; numpy over 1,000 replications as the formula reads. Ratios: time / that of lanes.\n"
    )
    report["speed"] = speeds("native", repeats)
    show(report["speed"], say)
    report["avx2"] = without_avx512(max(3, repeats // 2)) if report["avx512"] else []
    if report["avx2"]:
        say("\nthe same with AVX2 only: lanes and rows for haswell without AVX-512, gcc -march=haswell\n")
        show(report["avx2"], say)
    report["arms"] = {rule: growth(rule, 2 if quick else 4) for rule in ("ucb1", "primal_dual")}
    say(f"\n{'ns by arms':23}{''.join(f'{k:9,}' for k in ARMS)}")
    for rule, rows in report["arms"].items():
        for path in ("lanes", "rows"):
            say(f"{rule:15}{path:8}" + "".join(f"{r[path]:9.2f}" for r in rows))
            say(f"{'':15}{'an arm':8}" + "".join(f"{r[path] / r['arms']:9.2f}" for r in rows))
        slower = [r["arms"] for r in rows if r["rows"] < r["lanes"]]
        say(f"{'':15}{'taken':8}" + "".join(f"{r['taken']:>9}" for r in rows) + f"   rows are faster at {slower or 'no number'} of arms")
    report["starts"] = {rule: starts(rule, 1 if quick else 3) for rule in ("ucb1", "primal_dual", "thompson")}
    say(f"\n{'first run, s wall (CPU)':24}{'lanes, cold':>16}{'rows, cold':>16}{'lanes, warm':>16}{'rows, warm':>16}")
    for rule, paths in report["starts"].items():
        say(f"{rule:24}" + "".join(f"{f'{t[0]:.2f} ({t[1]:.2f})':>16}" for t in (paths[p][w] for w in ("cold", "warm") for p in paths)))
    t = report["threads"] = threads(3 if quick else 8)
    say(f"\nthreads: one {t['wall_s'][1]:.2f} s wall ({t['cpu_s'][1]:.2f} CPU), two {t['wall_s'][2]:.2f} ({t['cpu_s'][2]:.2f}): {t['gain']:.2f} times;")
    say(
        f"meanwhile others used {t['others']:.2f} cores, the host took {t['stolen']:.2f}, load {t['load']:.1f}: {'idle' if t['others'] + t['stolen'] <= IDLE else 'not idle, so not judged'}"
    )
    report["targets"] = targets(report)
    say(f"\n{'':78}{'measured':>9}  {'asked':9}")
    for x in report["targets"]:
        say(f"{x['what']:78}{x['value']:9.2f}  {x['sign']} {x['limit']:<6g}{'ok' if x['holds'] else 'MISSED'}")
    report["holds"] = all(x["holds"] for x in report["targets"]) and all(r["same_rows"] for r in [*report["speed"], *report["avx2"]])
    report["load_after"] = os.getloadavg()[0]
    say(f"load at the end {report['load_after']:.1f}")
    if json:
        print(encoder.dumps(report))
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    sys.exit(0 if main(**vars(parser.parse_args()))["holds"] else 1)
