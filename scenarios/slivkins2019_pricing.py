"""Slivkins (2019), chapter 10: dynamic pricing with limited supply, as a bandit with knapsacks.

Prices .1, ..., .9; a customer a round buys at price p with probability 1 - p; T customers and B = T/5 units; a sale earns
the price and takes a unit; the run ends before the first sale without stock [Slivkins2019]_ [Babaioff2015]_. The fluid
program posts .8 to everybody: .16 a customer, the stock just lasting. Without a limit .5 would be best: .25 a customer. The
chapter names the example and prints no figure; the numbers are ours.

**What must be visible.** PrimalDualBwK and UcbBwK learn to post a price near .8, with sublinear regret. `ucb1`, which looks at
revenue only, the control, settles near .5, sells out before half time and loses a constant share of every horizon. LagrangeBwK
at its textbook rates ends with stock unsold, and balanced exploration explores to the end: both beat `ucb1` at the longest
horizon, and are shown losing to the first two.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, slope, statistical_at_least, statistical_at_most, weakest
from budgetsim.folders import bind
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.balanced_exploration import balanced_exploration
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.lagrange_bwk import lagrange_bwk
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.ucb_bwk import ucb_bwk
from budgetsim.problems.dynamic_pricing import dynamic_pricing

SYSTEM = "intro-bandits"
HORIZONS = (1_000, 4_000, 16_000, 64_000)
PUBLISHED = None
DERIVED = {"LP / T": 0.16, "price": 0.8, "LP / T without a limit": 0.25, "price without a limit": 0.5}
#: the horizon at which prices and stock are followed over time, and at how many points
FOLLOWED, POINTS = 16_000, 40
SMALLER = {"HORIZONS": (1_000, 4_000), "FOLLOWED": 4_000}
NAMES = ("primal_dual", "lagrange_bwk", "ucb_bwk", "balanced_exploration", "ucb1, blind to the stock", "price .8, told the means")
BLIND, ORACLE = NAMES[4:]


def rules():
    """In the order of NAMES; action 7 is the price of .8."""
    return [primal_dual(), lagrange_bwk(), ucb_bwk(), balanced_exploration(), ucb1(), fixed_arm(7)]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications of every horizon; other scales change the number of replications, down to 10."""
    replications = max(10, round(200 * scale))
    reward = np.zeros((len(NAMES), len(HORIZONS), replications))
    price = np.zeros((len(NAMES), POINTS, replications))
    stock, earned = np.zeros((2, len(NAMES), 3, POINTS + 1))
    ended = np.zeros((len(NAMES), replications))
    lp = [bind(fluid_lp, dynamic_pricing(horizon=t)) for t in HORIZONS]
    for j, horizon in enumerate(HORIZONS):
        shop = dynamic_pricing(horizon=horizon)
        times = np.linspace(0, horizon, POINTS + 1).astype(int)[1:] if horizon == FOLLOWED else [horizon]
        for i, rule in enumerate(rules()):
            runs = engine.run(shop, rule, replications=replications, seed=seed, checkpoints=times, threads=threads, executor=executor, progress=progress)
            reward[i, j] = runs.reward.values[:, -1]
            if horizon == FOLLOWED:
                ended[i] = runs.rounds.values[:, -1] / horizon
                pulls = runs.pulls.values  # (replication, time, arm), of the whole run so far
                price[i] = (pulls @ shop.instance.price / np.maximum(pulls.sum(axis=2), 1.0)).T
                stock[i, :, 0] = 1.0
                earned[i, :, 1:] = np.quantile(runs.reward.values / lp[j].value, (0.1, 0.5, 0.9), axis=0)
                stock[i, :, 1:] = np.quantile(1.0 - (runs.spent / runs.budget).values[:, :, 0], (0.1, 0.5, 0.9), axis=0)
    free = bind(fluid_lp, dynamic_pricing(horizon=1000, supply=1000.0))
    prices = dynamic_pricing().instance.price
    return xarray.Dataset(
        {
            "reward": (("rule", "horizon", "replication"), reward, {"units": "money"}),
            "price": (("rule", "part", "replication"), price, {"units": "money", "long_name": "mean price posted so far"}),
            "stock": (("rule", "quantile", "point"), stock, {"units": "1", "long_name": "stock left / stock"}),
            "earned": (("rule", "quantile", "point"), earned, {"units": "1", "long_name": "reward so far / LP(B)"}),
            "ended": (("rule", "replication"), ended, {"units": "1", "long_name": "customers served / T"}),
            "lp": ("horizon", [o.value for o in lp], {"units": "money", "long_name": "LP(B)"}),
            "upper": ("horizon", [o.upper for o in lp], {"units": "money", "long_name": "LP(B + 1), verified"}),
            "plan": ("case", [float(o.plan.mixture @ prices) for o in (lp[-1], free)], {"units": "money", "long_name": "mean price of the optimal plan"}),
            "free": ((), free.value / 1000, {"units": "money a customer"}),
        },
        {"rule": list(NAMES), "horizon": list(HORIZONS), "part": np.arange(1, POINTS + 1) / POINTS, "point": np.arange(POINTS + 1) / POINTS,
         "quantile": [0.1, 0.5, 0.9], "case": ["supply T/5", "no limit"]},
        {"seed": str(seed), "scale": scale},
    )  # fmt: skip


def regret(data, rule):
    """(replication, horizon), against LP(B)."""
    return (data.lp - data.reward.sel(rule=rule)).transpose("replication", "horizon").values


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, last = shared(0.99, 7), data.price.isel(part=-1)
    over = ((data.reward - data.upper) / data.horizon).transpose("replication", ...).values.reshape(data.replication.size, -1).T
    derived = [DERIVED["price"], DERIVED["price without a limit"]]
    ahead = (data.reward - data.reward.sel(rule=BLIND)).isel(horizon=-1)
    return [
        at_most("LP / T as derived before", float(abs(data.lp / data.horizon - DERIVED["LP / T"]).max()), 1e-9),
        at_most("LP / T without a limit as derived before", abs(float(data.free) - DERIVED["LP / T without a limit"]), 1e-9),
        at_most("the optimal prices as derived before", float(abs(data.plan - derived).max()), 1e-9),
        weakest(statistical_at_most("every rule, every horizon: mean reward <= LP(B + 1)", v, 0.0, shared(level, len(over)), "money a customer") for v in over),
        *(slope(f"{n}: regret is sublinear", data.horizon, regret(data, n), -np.inf, 1.0, level, _said(data, n)) for n in ("primal_dual", "ucb_bwk")),
        weakest(statistical_at_least("every rule that knows the stock earns more than the blind one, longest horizon", ahead.sel(rule=n).values, 0.0,
                                     shared(level, 4), n) for n in NAMES[:4]),
        statistical_at_most("control: ucb1 posts less than .6 on average", last.sel(rule=BLIND).values, 0.6, level, "money"),
        statistical_at_most("control: ucb1 is sold out before .6 T", data.ended.sel(rule=BLIND).values, 0.6, level),
        slope("control: ucb1 loses a constant share", data.horizon, regret(data, BLIND), 0.9, np.inf, level, _said(data, BLIND)),
    ]  # fmt: skip


def _said(data, name):
    return "regret " + ", ".join(f"{r:.0f} at {t:,}" for t, r in zip(data.horizon.values, regret(data, name).mean(axis=0), strict=True))


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(lp=data.lp * 1.001)


def draw(data):
    """Price posted so far, stock left, reward so far, and regret against the horizon."""
    figure, axes = figures.picture(2, 2, width=8.4, height=5.6)
    for k, rule in enumerate(data.rule.values):
        behind = regret(data, rule)
        one, fit = intervals.mean(behind), intervals.slope(data.horizon, behind)
        figures.bands(axes[0], data.part, np.quantile(data.price.sel(rule=rule).values, (0.1, 0.5, 0.9), axis=1), k=k)
        figures.bands(axes[1], data.point, data.stock.sel(rule=rule).values, k=k)
        figures.bands(axes[2], data.point, data.earned.sel(rule=rule).values, k=k)
        label = f"{rule}\nslope {fit.estimate:.2f} [{fit.low:.2f}, {fit.high:.2f}]"
        figures.curve(axes[3], data.horizon, one.estimate, one.low, one.high, label=label, k=k, bars=True)
    for panel, ends in zip(axes, ([DERIVED["price"]] * 2, [1, 0], [0, 1]), strict=False):
        figures.fluid_line(panel, [0, 1], ends)
    figures.axis_labels(axes[0], ("t / T", ""), ("mean price so far", "money"), f"Price, T = {FOLLOWED:,}")
    figures.axis_labels(axes[1], ("t / T", ""), ("stock left / stock", ""), f"Stock, T = {FOLLOWED:,}")
    figures.axis_labels(axes[2], ("t / T", ""), ("reward so far / LP(B)", ""), f"Reward, T = {FOLLOWED:,}")
    figures.axis_labels(axes[3], ("horizon T", "customers"), ("LP(B) - reward", "money"), "Regret at the end", log="xy")
    axes[3].set_ylim(bottom=3)
    figures.legend(figure, axes)
    figures.note(figure, f"Law STOP; demand 1 - p, stock T/5. Bands: 10 to 90% of {data.replication.size} runs; after the end of a run its last price stays. "
                         "Bars: pointwise 95% intervals. The best price with stock is .8, without a limit .5.")  # fmt: skip
    return figure
