"""All 97 multidimensional knapsacks of OR-Library that are kept: printed LP value and best plan beside ours, each with its bounds.

    python -m tests.benchmarks.orlib [--seconds 60] [--nodes 3000000] [--only mknap1,cb1]

Each problem may take `seconds` of HiGHS and `nodes` of our own tree. The data print 90 LP values; for the 7 of mknap1 ours is held against the search over prices,
which has no solver in common with it. Exit code 1 where an LP value differs from the printed one or from that of prices, a plan is above a bound, a proved optimum of `optimum.csv` is outside our bounds, or a problem called proved there differs from ours.
"""

import argparse
import csv
import math
import sys
import time

from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.optima.hindsight_milp import hindsight_milp
from tests.optima.days import ORLIB, knapsacks

TITLES = {"mknap1": "mknap1-{}", "cb1": "5.100-{:02d}", "cb4": "10.100-{:02d}", "cb7": "30.100-{:02d}"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--nodes", type=int, default=3_000_000)
    parser.add_argument("--only", default=",".join(TITLES))
    chosen = parser.parse_args()
    with open(ORLIB.parent / "optimum.csv", newline="") as rows:
        proved = {row["problem"]: float(row["value"]) for row in csv.DictReader(rows) if row["proved"] == "1"}
    print(
        f"{'problem':10} {'LP printed':>14} {'LP ours':>14} {'best printed':>12} {'ours':>10} {'upper':>10} {'HiGHS says':>12} {'proved':>6} {'nodes':>8} {'s':>6}"
    )
    wrong = settled = total = listed = 0
    for name in chosen.only.split(","):
        for k, (r, c, b, best, lp) in enumerate(knapsacks(name)):
            title, start = TITLES[name].format(k), time.perf_counter()
            program, ours = hindsight_lp(r, c, b), hindsight_milp(r, c, b, time_limit=chosen.seconds, node_limit=chosen.nodes)
            word = "-" if math.isinf(ours.plan.solver_bound) else f"{ours.plan.solver_bound:.2f}"
            done = ours.value == ours.upper
            print(
                f"{title:10} {'-' if math.isnan(lp) else f'{lp:.6f}':>14} {program.value:14.6f} {best:12.1f} {ours.value:10.1f} {ours.upper:10.1f} {word:>12} "
                f"{'yes' if done else 'no':>6} {ours.plan.nodes:8d} {time.perf_counter() - start:6.1f}",
                flush=True,
            )
            bad = not math.isnan(lp) and abs(program.value - lp) > 2e-6
            bad |= abs(dual_bound(r, c, b).value - program.value) > 1e-8 * program.value
            bad |= best > ours.upper + 1e-9 or best > program.upper or ours.lower > program.upper
            bad |= title in proved and not (ours.lower - 1e-9 <= proved[title] <= ours.upper + 1e-9)
            bad |= title in proved and done and abs(ours.value - proved[title]) > 1e-9
            if bad:
                print(f"{title}: WRONG")
            wrong, settled, total, listed = wrong + bad, settled + done, total + 1, listed + (not math.isnan(lp))
    print(f"{total} problems, {listed} LP values as listed, {total} by two methods, {settled} optima proved by our tree, {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
