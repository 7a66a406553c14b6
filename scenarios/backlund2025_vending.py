"""Backlund and Petersson (2025): a year of a vending machine [Backlund2025]_.

Four items, 500 dollars, 2 dollars a day, ten unpaid days end the run; money in quarters. The paper has language models run the machine; here rules of the textbook
do, and an agent that follows one of them until it melts down. Ruin is shown on a leaner machine: one item, sold every third day or so, a fee of one coin. The items are ours.

**What must be visible.** Order up to the newsvendor's quantity and the machine earns steadily; count what is left over as lost, as a newspaper is, and it earns much less;
look a day ahead only, and it loses money. A meltdown turns a narrow band into a wide one, and bankruptcy comes long after the derailment: there is money left to burn.
With little cash the vendor who keeps a day's fee back is ruined more often than the bold one. The best rule is ruined seldom; the best rule for worth takes more risk than that.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.model import Ended
from budgetsim.optima.vending_dp import vending_bound, vending_dp
from budgetsim.policies.base_stock import base_stock
from budgetsim.policies.meltdown import meltdown
from budgetsim.policies.myopic_vendor import myopic_vendor
from budgetsim.policies.random_vendor import random_vendor
from budgetsim.policies.vending_plan import vending_plan
from budgetsim.problems.vending_machine import vending_machine

SYSTEM = "vending-bench"
#: the paper's scores are those of language models; nothing here can be held against them
PUBLISHED = None
DOLLAR, CASH, LEAN_CASH, DAYS = 4, 2000, 200, 365
TIMES = (1, 7, 14, 21, 30, 45, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 365)
BOUNDED = (30, 90, 180, 270, 365)
HAZARD, GROWTH = 0.005, 0.01
LEAN = {"base_demand": [0.2], "reference_price": [9], "elasticity": [1.5], "unit_cost": [3], "capacity": [3], "fee": 1, "lead_time": 2, "horizon": 90}
PURSES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 24, 30)
WIDTH = 20  #: days of a bar
DASHED = "bound on every rule's mean; least ruin; meltdowns"
SMALLER = {"TIMES": (30, 365), "BOUNDED": (365,), "PURSES": (2, 3)}


def vendors(demand):
    return {
        "base stock": base_stock(*demand),
        "base stock, leftovers worth nothing": base_stock(*demand, salvage=0.0),
        "random": random_vendor(),
        "myopic": myopic_vendor(*demand),
        "base stock until a meltdown": meltdown(base_stock(*demand), HAZARD, GROWTH),
    }


def lean_vendors():
    demand = LEAN["base_demand"], LEAN["elasticity"]
    return {"base stock": base_stock(*demand), "base stock, keeps nothing back": base_stock(*demand, reserve=0.0), "random": random_vendor(),
            "optimal for worth": vending_plan(*demand)}  # fmt: skip


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 20,000 runs of each rule and purse; other scales change their number, down to 100."""
    replications = max(100, round(20_000 * scale))

    def play(problem, rule, times):
        return engine.run(problem, rule, replications=replications, seed=seed, checkpoints=times, threads=threads, executor=executor, progress=progress)

    shop = vending_machine(cash=CASH, horizon=DAYS)
    demand = shop.instance.base_demand, shop.instance.elasticity
    rules = vendors(demand)
    worth = np.array([CASH + play(shop, rule, TIMES).reward.values for rule in rules.values()]) / DOLLAR
    m = shop.instance.machine
    bound = [vending_bound(demand[0], m.reference_price, demand[1], m.unit_cost, m.capacity, CASH, int(m.fee), m.lead_time, t).upper for t in BOUNDED]
    short = vending_machine(cash=LEAN_CASH, horizon=DAYS)
    failed = []
    for rule in (rules["base stock until a meltdown"], rules["base stock"]):
        runs = play(short, rule, [DAYS])
        failed.append(np.where(runs.ended_by == Ended.PROBLEM, runs.rounds.values[:, -1], DAYS + 1))
    ruined = np.zeros((len(lean_vendors()), len(PURSES), replications))
    for j, purse in enumerate(PURSES):
        for i, rule in enumerate(lean_vendors().values()):
            ruined[i, j] = play(vending_machine(**LEAN, cash=purse), rule, [LEAN["horizon"]]).ended_by == Ended.PROBLEM
    alive = vending_dp(**LEAN, cash=0, objective="survival").plan.value[0, :, 0]
    coin = vending_dp(100.0, 2, 0.0, 1, 1, 0, 3, 1, 3, 2, prices=[2], objective="survival").plan.value[0, :8, 0]
    return xarray.Dataset(
        {
            "worth": (("rule", "replication", "day"), worth, {"units": "dollars"}),
            "bound": ("bounded", (CASH + np.array(bound)) / DOLLAR, {"units": "dollars"}),
            "failed": (("agent", "replication"), np.array(failed), {"units": "day, horizon + 1 for never"}),
            "ruined": (("vendor", "purse", "replication"), ruined, {"units": "1"}),
            "least_ruin": ("coins", 1 - alive[: max(PURSES) + 1], {"units": "1"}),
            "by_hand": ("few", coin, {"units": "1", "long_name": "survival of the counterexample with 0, 1, ... coins"}),
        },
        {"rule": list(rules), "day": list(TIMES), "bounded": list(BOUNDED), "agent": ["melts down", "does not"], "vendor": list(lean_vendors()), "purse": list(PURSES)},
        {"seed": str(seed), "scale": scale},
    )  # fmt: skip


def lost_by(day):
    """Probability that an agent has lost the thread before it acts on that day, or on it."""
    return 1.0 - np.cumprod(1.0 - np.minimum(HAZARD * (1.0 + GROWTH * np.arange(day + 1)), 1.0))[-1]


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    each = shared(0.99, 9 + len(TIMES) + len(data.rule) + data.vendor.size * data.purse.size + 2 * data.purse.size)
    end = {str(name): data.worth.sel(rule=name).isel(day=-1).values for name in data.rule.values}
    steady, other, lost = end["base stock"], end["base stock, leftovers worth nothing"], end["base stock until a meltdown"]
    at = [int(p) for p in data.purse.values]
    least = data.least_ruin.values[at]
    ruin = {str(name): data.ruined.sel(vendor=name).values for name in data.vendor.values}
    bold, timid = ruin["base stock, keeps nothing back"], ruin["base stock"]
    three, fee = at.index(3), LEAN["fee"]
    failed = data.failed.sel(agent="melts down").values
    found = [
        weakest([statistical_at_most("no rule's mean is above the bound", values, float(data.bound[-1]), each) for values in end.values()]),
        statistical_at_least("base stock earns more than where leftovers count for nothing", steady - other, 0.0, each),
        statistical_at_least("base stock earns more than random prices and orders", steady - end["random"], 0.0, each),
        statistical_at_most("the myopic vendor ends with less than it began with", end["myopic"], CASH / DOLLAR, each),
        statistical_at_least("one meltdown run of ten ends with less than it began with", (lost < CASH / DOLLAR).astype(float), 0.1, each),
        statistical_at_most("control: of base stock without meltdowns not one in a hundred does", (steady < CASH / DOLLAR).astype(float), 0.01, each),
        weakest([statistical_at_most("bankruptcies up to a day are fewer than meltdowns by then", (failed <= t).astype(float), lost_by(t), each) for t in TIMES if t >= 30]),
        statistical_at_least("of the lean starts that melt down, one in five is bankrupt in the year", (failed <= DAYS).astype(float), 0.2, each),
        statistical_at_most("control: of those that do not, not one in a hundred is", (data.failed.sel(agent="does not").values <= DAYS).astype(float), 0.01, each),
        weakest([statistical_at_least("no rule is ruined less often than the optimum", ruin[name][j], float(least[j]) - 1e-9, each)
                 for name in ruin for j in range(len(at)) if least[j] > 0.01]),
        statistical_at_least("with 3 coins, keeping a fee back ruins more often", timid[three] - bold[three], 0.0, each),
        statistical_at_least("with 3 coins, the best rule for worth is ruined more often than need be", ruin["optimal for worth"][three], float(least[three]), each),
        at_most("least ruin: a fee more never raises it", float((data.least_ruin.values[fee:] - data.least_ruin.values[:-fee]).max()), 0.0, 1e-12),
        exact("false as written: a coin more may ruin (survival with 3 coins 1, with 4 coins 0)", data.by_hand.values.round(9).tolist() == [0, 0, 1, 1, 0, 1, 1, 1], 0.0,
              detail="a fee of 3, two unpaid days, three days; a forgiven fee is worth more than a coin"),
        at_least("control: from 2 coins, which buy nothing, every rule is ruined", float(data.ruined.isel(purse=at.index(2)).min()), 1.0, kind="exact"),
    ]  # fmt: skip
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(bound=data.bound / 4)


def draw(data):
    """Worth over the year, ruin over cash, and the day of bankruptcy."""
    figure, axes = figures.picture(3, width=12.5, height=3.9)
    for k, name in enumerate(data.rule.values):
        low, mean, high = (*np.quantile(data.worth.sel(rule=name).values, [0.1], axis=0), data.worth.sel(rule=name).mean("replication").values,
                           *np.quantile(data.worth.sel(rule=name).values, [0.9], axis=0))  # fmt: skip
        figures.curve(axes[0], data.day, mean, low, high, label=str(name), k=k)
    figures.fluid_line(axes[0], np.append(0, data.bounded), np.append(CASH / DOLLAR, data.bound), DASHED)
    for k, name in zip((0, 5, 2, 6), data.vendor.values, strict=True):
        ends = [intervals.proportion(int(row.sum()), row.size) for row in data.ruined.sel(vendor=name).values]
        figures.curve(axes[1], data.purse, [i.estimate for i in ends], [i.low for i in ends], [i.high for i in ends], label=str(name), k=k)
    figures.fluid_line(axes[1], np.arange(data.least_ruin.size), data.least_ruin, DASHED)
    edges = np.arange(0, DAYS, WIDTH)
    shares = np.histogram(data.failed.sel(agent="melts down"), edges + 0.5)[0] / data.replication.size
    look = figures.look(4)
    axes[2].fill_between(np.repeat(edges, 2)[1:-1], np.repeat(shares, 2), color=look.colour, alpha=0.4, linewidth=0)
    lost = np.diff([0.0, *(lost_by(t) for t in edges[1:])])
    figures.fluid_line(axes[2], 0.5 * (edges[1:] + edges[:-1]), lost, DASHED)
    figures.axis_labels(axes[0], ("day", ""), ("net worth", "dollars"), "Four items, 500 dollars")
    figures.axis_labels(axes[1], ("cash at the start", "coins"), ("runs that go bankrupt", "share"), "One item, a fee of 1 coin, 90 days")
    figures.axis_labels(axes[2], ("day of bankruptcy", ""), (f"runs in {WIDTH} days", "share"), "Meltdowns, four items, 50 dollars")
    axes[1].set_ylim(-0.02, 1.02)
    axes[2].set_ylim(bottom=0)
    figures.legend(figure, axes, where="above")
    figures.note(figure, f"{data.replication.size:,} runs on common luck. Left: mean and 10 to 90 per cent of runs; stock counts at cost, and a bankrupt run keeps what it has. Middle: 95% intervals; the dashed line is exact. "
                         f"Right: hazard of a meltdown {HAZARD:g} (1 + {GROWTH:g} x day) a day, nobody recovers; "
                         f"dashed, meltdowns in the same {WIDTH} days; {float((data.failed.sel(agent='melts down') > DAYS).mean()):.0%} of runs see the end of the year. Items are ours.")  # fmt: skip
    return figure
