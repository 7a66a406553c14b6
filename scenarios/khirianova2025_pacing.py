"""Pacing a budget over a week of real traffic [Khirianova2025]_: by the clock, or by the traffic?

Hourly shares of an advertising exchange's weekly traffic in 114 regions. In every minute of the week a request comes with a probability in proportion to its hour's share; it has a value and a price,
both lognormal and independent (ours: the data have no values). The budget is 25 to 75% of what bidding one's value all week would spend. *By the clock*, a pacer's rounds are minutes, most of them empty: it aims at the same spend in
every minute. *By the traffic*, its rounds are the requests. Twice the same rules, `dual_descent` [Balseiro2023]_ and `static_pacing`; and a hard form, a cap for each hour, the same in all hours or in proportion to
traffic, spent as well as hindsight can. Everything is divided by the certified hindsight optimum of the week.

**What must be visible.** Values and prices do not depend on the hour, so one price for the whole week is best, and what is paced should be requests, not time: hourly caps and dual descent earn more by the traffic than by the
clock. Equal caps for every hour lose most, the more so the less even a region's traffic is; dual descent feels the clock less, for its price moves slowly beside a day. Static pacing serves at random, whatever a request is worth, so the clock does not matter
to it, and it is no better than greed. Control: `fixed_price` told the price of hindsight is nearly at the optimum; buying everything until nothing is left is not.
"""

from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.fixed_price import fixed_price
from budgetsim.policies.static_pacing import static_pacing
from budgetsim.problems.online_allocation import online_allocation

SYSTEM = "dual-mirror-descent"
#: the benchmark's tables use its auction logs, which are not in its repository
PUBLISHED = None
FRACTIONS = (0.25, 0.5, 0.75)
HOURS, REQUESTS = 168, 2500
#: price 1 is bidding one's value; steps are large enough to leave it before a quarter of the budget is gone
DESCENT = dual_descent(scale=5.0, start=1.0)
#: logarithms of value and price: means and standard deviations
VALUE, PRICE = (0.0, 0.75), (-0.5, 0.5)
RULES = ("dual_descent, by the traffic", "dual_descent, by the clock", "static_pacing, by the traffic", "static_pacing, by the clock",
         "hourly caps, by the traffic", "hourly caps, by the clock", "fixed_price told hindsight's", "greedy")  # fmt: skip
SMALLER = {"REQUESTS": 800, "FRACTIONS": (0.25, 0.75)}


def shares():
    """(114, 168), each row sums to 1."""
    with np.load(Path(__file__).parent / "data" / "ad_traffic_bat" / "traffic_share.npz") as file:
        share = file["share"].reshape(-1, HOURS)
    return share / share.sum(axis=1, keepdims=True)


def week(share, rng):
    """The minute, value and price of each request of a week."""
    chance = np.minimum(np.repeat(share, 60) * REQUESTS / 60, 1.0)
    minute = np.flatnonzero(rng.random(chance.size) < chance)
    return minute, np.exp(rng.normal(*VALUE, minute.size)), np.exp(rng.normal(*PRICE, minute.size))


def fractional(value, price, budget):
    """The best within a budget, fractions allowed: by falling value per price."""
    order = np.argsort(-value / price, kind="stable")
    before = np.cumsum(price[order]) - price[order]
    return float(value[order] @ np.clip((budget - before) / price[order], 0.0, 1.0))


def spent_by(log, budget):
    return np.diff(log.spent.values[0, :, 0], prepend=0.0) / budget


def one_week(share, fraction, seed, region, resources):
    """(earned of each rule / hindsight), (share of the budget spent by hour, two dual descents), optimum upper / value - 1, two solvers."""
    minute, value, price = week(share, np.random.default_rng((seed, region)))
    budget = fraction * price[price < value].sum()
    best = dual_bound(value[:, None], price[:, None, None], [budget])
    empty = np.zeros((HOURS * 60, 1))
    shown, paid = empty.copy(), empty.copy()
    shown[minute, 0], paid[minute, 0] = value, price
    clock, traffic = online_allocation(shown, paid, budget), online_allocation(value[:, None], price[:, None], budget)
    ends = np.searchsorted(minute, np.arange(1, HOURS + 1) * 60)
    earned, spent = [], []
    for rule, world, marks in (
        (DESCENT, traffic, ends),
        (DESCENT, clock, np.arange(1, HOURS + 1) * 60),
        (static_pacing(), traffic, None),
        (static_pacing(), clock, None),
        (fixed_price(float(best.dual[0])), traffic, None),
        (dual_descent(eta=0.0), traffic, None),
    ):
        points = None if marks is None else np.unique(np.append(marks[marks > 0], world.spec.horizon))
        runs = engine.run(world, rule, replications=1, seed=seed + region, checkpoints=points, **resources)
        earned.append(float(runs.reward.values[0, -1]))
        if points is not None:
            line = np.append(0.0, runs.spent.values[0, :, 0] / budget)
            spent.append(line[np.searchsorted(np.append(0, points), marks)])
    hour, caps = minute // 60, []
    for part in (share, np.full(HOURS, 1.0 / HOURS)):
        caps.append(sum(fractional(value[hour == h], price[hour == h], budget * part[h]) for h in range(HOURS)))
    earned[4:4] = caps
    return np.array(earned) / best.upper, np.array(spent), best.upper / best.lower - 1.0, abs(fractional(value, price, budget) / best.upper - 1.0)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: one week in each of the 114 regions; other scales take fewer, down to 12."""
    table = shares()
    regions = np.unique(np.linspace(0, len(table) - 1, max(12, round(len(table) * scale))).astype(int))
    resources = {"threads": threads, "executor": executor, "progress": progress}
    out = [[one_week(table[r], f, seed, int(r), resources) for r in regions] for f in FRACTIONS]
    ratio, spent, tight, solvers = (np.array([[week[i] for week in row] for row in out]) for i in range(4))
    return xarray.Dataset(
        {
            "ratio": (("fraction", "region", "rule"), ratio, {"units": "1", "long_name": "value / hindsight optimum"}),
            "spent": (("fraction", "region", "clock", "hour"), spent, {"units": "1", "long_name": "share of the budget that dual descent has spent"}),
            "tight": (("fraction", "region"), tight, {"units": "1", "long_name": "upper / lower - 1"}),
            "solvers": (("fraction", "region"), solvers, {"units": "1", "long_name": "|sorting / dual bound - 1|"}),
            "traffic": (("region", "hour"), np.cumsum(table[regions], axis=1), {"units": "1"}),
            "uneven": ("region", 0.5 * np.abs(table[regions] - 1.0 / HOURS).sum(axis=1), {"units": "1", "long_name": "share of the traffic above an even spread over the hours"}),
        },
        {"fraction": list(FRACTIONS), "region": regions, "rule": list(RULES), "clock": ["traffic", "clock"], "hour": np.arange(1, HOURS + 1)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a region's week is a replication, a claim about several budgets is its weakest case."""
    level, n = shared(0.99, 5), data.sizes["fraction"]
    r = {str(name): data.ratio.isel(rule=k).values for k, name in enumerate(data.rule.values)}
    lost, uneven = (x.argsort().argsort() / (x.size - 1) - 0.5 for x in ((r[RULES[4]] - r[RULES[5]]).mean(axis=0), data.uneven.values))
    return [
        at_most("hindsight: two solvers agree", float(data.solvers.max()), 1e-6),
        at_most("no rule earns more than hindsight", float(data.ratio.max()), 1.0, 1e-9),
        weakest(statistical_at_least("hourly caps: by the traffic > by the clock", r[RULES[4]][f] - r[RULES[5]][f], 0.0, shared(level, n)) for f in range(n)),
        weakest(v._replace(claim="static pacing: the clock makes no difference, to 4%") for f in range(n) for v in (
            statistical_at_least("", r[RULES[3]][f] - r[RULES[2]][f], -0.04, shared(level, 2 * n)), statistical_at_most("", r[RULES[3]][f] - r[RULES[2]][f], 0.04, shared(level, 2 * n)))),
        weakest(statistical_at_least("dual descent: by the traffic > by the clock", r[RULES[0]][f] - r[RULES[1]][f], 0.0, shared(level, n)) for f in range(n)),
        statistical_at_least("the less even the traffic, the more equal caps lose", 12.0 * lost * uneven, 0.0, level, "rank correlation over regions"),
        weakest(statistical_at_least("fixed price told hindsight's: >= 97% of it", r[RULES[6]][f], 0.97, shared(level, n)) for f in range(n)),
        at_least("control: greedy loses at least 5% at the smallest budget", float(1 - r[RULES[7]][0].mean()), 0.05),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(ratio=data.ratio + 0.2)


def draw(data):
    """Traffic and spending over the week; value against the budget; regions."""
    figure, axes = figures.picture(3, width=10.2, height=4.0)
    day = data.hour / 24
    middle = data.sizes["fraction"] // 2
    for k in range(data.sizes["clock"]):
        gap = (data.spent[middle, :, k] - data.hour / HOURS).values
        figures.bands(axes[0], day, np.quantile(gap, (0.1, 0.5, 0.9), axis=0), k=k)
    figures.fluid_line(axes[0], day, (data.traffic - data.hour / HOURS).median("region"), "(left) traffic, median region")
    for k, rule in enumerate(data.rule.values):
        one = intervals.mean(data.ratio.isel(rule=k).values.T)
        figures.curve(axes[1], data.fraction, *one[:3], k=k, label=str(rule), bars=True)
    for k in (5, 1):
        lost = (data.ratio.isel(rule=k - 1) - data.ratio.isel(rule=k)).isel(fraction=middle)
        it = figures.look(k)
        axes[2].plot(data.uneven, 100 * lost, it.marker, color=it.colour, markersize=3.5, alpha=0.7)
    figures.axis_labels(axes[0], ("day of the week, from Monday", ""), ("spent so far - time so far", ""), f"Dual descent, budget {FRACTIONS[middle]:.0%}")
    figures.axis_labels(axes[1], ("budget / spend of bidding one's value", ""), ("value / hindsight", ""), "What is earned")
    figures.axis_labels(axes[2], ("traffic above an even spread over the hours", "share"), ("lost by the clock", "% of hindsight"), f"Regions, budget {FRACTIONS[middle]:.0%}")
    axes[1].set_xticks(FRACTIONS)
    figures.legend(figure, axes, where="above")
    figures.note(figure, f"One week in each of {data.region.size} regions, about {REQUESTS:,} requests a week; values and prices are ours. Left: median and 10 to 90% of regions. Middle: means over regions with "
                         "95% intervals. Right: what a pacer earns by the traffic less what it earns by the clock.")  # fmt: skip
    return figure
