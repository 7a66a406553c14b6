"""Chu and Beasley (1998) taken online: multidimensional knapsacks whose items come in random order and are taken or left.

The 30 problems 5.100-xx of OR-Library [Chu1998]_: 100 items, 5 resources, capacities a quarter, a half or three quarters of what all items need, ten
problems each. Profits and weights are in thousands. An item is a request with one option: a rule sees its profit and its weights, and takes it, if it
fits, or leaves it, for good. k copies of every item with k times the capacity make the horizon longer: 100 k requests, LP value k times as large.
Rules: greedy_allocation takes whatever fits; dual_descent [Balseiro2023]_ and resolving_lp learn prices; fixed_price is told those of the linear program.

**What must be visible.** No run earns more than the linear program, whose value is the printed one. Greedy, the control, loses the more the scarcer
capacity is, and a longer horizon hardly helps it. dual_descent comes nearer to the program about as sqrt(T) regret would have it. resolving_lp, which
reads the same requests, is ahead of it, and gains faster. Being told the program's own prices is a great help in a short run and none in a long one:
items worth exactly their price, which the program takes in part, are never taken, nor are their copies.
"""

import itertools
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, slope, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.fixed_price import fixed_price
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.policies.resolving_lp import resolving_lp
from budgetsim.problems.online_allocation import online_allocation

SYSTEM = "dual-mirror-descent"
#: the values themselves are `cb1_lp` and `cb1_best` of the data
PUBLISHED = {"source": "OR-Library, mkcbres.txt: LP value and best plan of each problem", "tolerance": 2e-6}
TIGHTNESS, PROBLEMS = (0.25, 0.5, 0.75), 10
REPEATS = (1, 3, 10, 30, 100)
#: resolving_lp solves its program anew after each such share of the horizon: for the time it takes
RESOLVE = 0.05
RULES = ("dual_descent", "resolving_lp", "fixed_price, told the LP's prices", "greedy_allocation")
SMALLER = {"PROBLEMS": 1, "REPEATS": (1, 10)}
THOUSAND = 1000.0
_DATA = Path(__file__).parent / "data" / "orlib_mknap" / "mknap.npz"


def knapsacks():
    """profit (30, 100, 1), weight (30, 100, 1, 5), capacity (30, 5), LP value (30,), best plan (30,), as printed."""
    with np.load(_DATA) as data:
        p, r, b, lp, best = (data[f"cb1_{name}"].astype(float) for name in ("p", "r", "b", "lp", "best"))
    return p[:, :, None], np.swapaxes(r, 1, 2)[:, :, None, :], b, lp, best


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 20 orders of every problem; other scales change their number, down to 10."""
    orders = max(10, round(20 * scale))
    profit, weight, capacity, printed, best = knapsacks()
    ratio = np.zeros((len(TIGHTNESS), PROBLEMS, len(REPEATS), len(RULES), orders))
    off, offline, bound = 0.0, np.zeros(ratio.shape[:2]), np.zeros(ratio.shape[:2])
    for level, number in itertools.product(range(len(TIGHTNESS)), range(PROBLEMS)):
        i = 10 * level + number
        program, prices = hindsight_lp(profit[i], weight[i], capacity[i]), dual_bound(profit[i], weight[i], capacity[i])
        off = max(off, abs(program.value - printed[i]))
        offline[level, number], bound[level, number] = best[i] / program.value, min(program.upper, prices.upper) / program.value
        rules = (dual_descent(), resolving_lp(resolve=RESOLVE), fixed_price(prices.dual), greedy_allocation())
        for (j, k), (q, rule) in itertools.product(enumerate(REPEATS), enumerate(rules)):
            problem = online_allocation(
                np.tile(profit[i], (k, 1)) / THOUSAND, np.tile(weight[i], (k, 1, 1)) / THOUSAND, k * capacity[i] / THOUSAND, "random_order"
            )
            runs = engine.run(problem, rule, replications=orders, seed=seed + i, checkpoints=[100 * k], threads=threads, executor=executor, progress=progress)
            ratio[level, number, j, q] = runs.reward.values[:, -1] * THOUSAND / (k * program.value)
    return xarray.Dataset(
        {
            "ratio": (("tightness", "problem", "repeat", "rule", "order"), ratio, {"long_name": "profit / linear program", "units": "1"}),
            "offline": (("tightness", "problem"), offline, {"long_name": "best plan printed / linear program", "units": "1"}),
            "bound": (("tightness", "problem"), bound, {"long_name": "verified upper bound / linear program", "units": "1"}),
            "off": ((), off, {"long_name": "largest |LP value - printed|", "units": "profit"}),
        },
        {"tightness": list(TIGHTNESS), "repeat": list(REPEATS), "rule": list(RULES)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """The statistical verdicts hold together with confidence 99%; each is about the mean over the problems, which are fixed."""
    level, mean, k = shared(0.99, 6), data.ratio.mean("problem"), data.repeat.values
    learn, told, greedy = mean.sel(rule="resolving_lp"), mean.sel(rule=RULES[2]), mean.sel(rule="greedy_allocation")
    descent, longest = mean.sel(rule="dual_descent"), {"repeat": -1}
    ahead = (learn - descent).values.reshape(-1, data.order.size)
    faster = (1.0 - learn.isel(longest)) - 1.2 * (1.0 - learn.isel(repeat=0)) / np.sqrt(k[-1] / k[0])
    each = shared(level, len(TIGHTNESS))
    text = "profit / linear program"
    return [
        at_most("LP values as printed, all problems", float(data.off), PUBLISHED["tolerance"]),
        at_most("no printed plan is above the verified bound", float((data.offline - data.bound).max()), 0.0),
        at_most("no run earns more than the verified bound", float((data.ratio - data.bound).max()), 0.0),
        weakest(
            [statistical_at_least("resolving_lp is ahead of dual_descent at every capacity and length", v, 0.0, shared(level, len(ahead)), text) for v in ahead]
        ),
        weakest(
            [statistical_at_most("resolving_lp: what it loses falls as 1 / sqrt(T), within a fifth, or faster", v, 0.0, each, text) for v in faster.values]
        ),
        weakest(
            slope("dual_descent: regret grows as T^.4 to T^.66", 100 * k, 100 * k * (1.0 - one.T), 0.4, 0.66, each)
            for one in descent.transpose("tightness", "repeat", "order").values
        ),
        statistical_at_least("the LP's prices lose to resolving_lp in the long run, capacity 1/4", (learn - told).isel(longest)[0], 0.0, level, text),
        statistical_at_least("... and beat it in the short run", (told - learn).isel(repeat=0)[0], 0.0, level, text),
        statistical_at_most("control: greedy earns less than 90% at capacity 1/4, the longest horizon", greedy.isel(longest)[0], 0.9, level, text),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(ratio=data.ratio.where(data.order > 0, 1.01))


def draw(data):
    """What each rule loses against the linear program as the horizon grows, one panel a capacity."""
    figure, axes = figures.picture(3, width=10.2, height=3.7, sharey=True)
    horizon = 100 * data.repeat.values
    for axis, tightness in zip(axes, data.tightness.values, strict=True):
        for k, rule in enumerate(RULES):
            lost = intervals.mean(1.0 - data.ratio.sel(tightness=tightness, rule=rule).mean("problem").transpose("order", "repeat").values)
            figures.curve(axis, horizon, 100 * lost.estimate, 100 * lost.low, 100 * lost.high, label=rule, k=k, bars=True)
        best = 100 * (1.0 - float(data.offline.sel(tightness=tightness).mean()))
        figures.fluid_line(axis, horizon[:1], [best], "best plan of the 100 items, as printed").set(marker="*", linestyle="", markersize=8)
        axis.plot(horizon, 2.7 * np.sqrt(horizon[0] / horizon), color="black", linewidth=0.8, linestyle=":", zorder=1, label="falls as 1 / sqrt(T)")
        title = f"capacity {tightness:g} of all items' needs"
        figures.axis_labels(axis, ("items T", "100 k"), ("lost of the linear program", "%"), title, log="xy")
        for one in "xy":
            figures.plain_numbers(axis, one)
    figures.legend(figure, axes)
    figures.note(figure, f"Mean over {data.problem.size} problems of 5 resources; {data.order.size} random orders of each; bars: pointwise 95% intervals over orders. An item is seen with its profit and "
                         f"weights, then taken or left. resolving_lp remembers 1,000 requests and solves its program {1 / RESOLVE:.0f} times a run and more at the start. "
                         "No rule but fixed_price knows which items will come; all know T and the capacities.")  # fmt: skip
    return figure
