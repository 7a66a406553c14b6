"""Jarne Ornia et al. (2025): what a stock is worth, and what its owner's view costs the principal [JarneOrnia2025]_.

V_k(b) is the largest mean final stock from b with k steps left, where a loss that cannot be paid is not paid. A principal who does pay it values the agent's rule at U_k(b) and
could have W_k(b); W - U is the gap. Arms: S wins or loses 1, N 3, W wins 10 or loses 8, means .2, .3, -2.6. Arms and figures are ours.

**What must be visible.** With one step left V is convex: the agent cannot lose what it does not have, and seeks risk. With many it is nearly concave: the agent
wants to live. The gap at little stock grows for some steps, then collapses when the agent turns safe, and is 0 where nothing can go wrong.
"""

import numpy as np
import xarray

from budgetsim import engine, figures
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most
from budgetsim.intervals import mean
from budgetsim.optima.principal_gap import principal_gap
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.survival_plan import survival_plan
from budgetsim.problems.survival_bandit import net_losses, survival_bandit

SYSTEM = "survival-bandit-risk"
#: no number of the paper was available
PUBLISHED = None
DERIVED = {
    "value": {1: (3.3, 3.9, 8.3, 20.3), 5: (3.695539, 5.38329, 9.808509, 21.5), 20: (5.073482, 8.195882, 13.880155, 26.05221)},  # at stocks 1, 3, 8, 20
    "gap": {1: 2.9, 3: 3.05, 10: 3.46, 30: 0.87},  # at stock 1
    "principal": {(1, 1): (-2.6, 0.3), (10, 3): (-0.198, 2.206), (30, 8): (6.440, 7.649)},  # steps left, stock: agent's rule, own optimum
}
ARMS = [[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
STEPS, STOCKS, SHOWN = 100, 40, (1, 5, 20, 100)
BUDGET, HORIZON = 1, 10


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100,000 runs of the agent from 1 unit, 10 steps; the tables are exact at every scale."""
    replications = max(300, round(100_000 * scale))
    value = ruin_dp(*ARMS, 1, STEPS, stocks=STOCKS).plan.value[:, 1 : STOCKS + 1]
    plan = principal_gap(*ARMS, 1, STEPS, stocks=STOCKS).plan
    problem = survival_bandit(*ARMS, BUDGET, HORIZON)
    runs = engine.run(problem, survival_plan(*ARMS), replications=replications, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress)
    stock, where = {"units": "stock"}, ("left", "stock")
    return xarray.Dataset(
        {
            "value": (where, value[1:], stock),
            "agent": (where, plan.agent[1:, 1 : STOCKS + 1], stock),
            "principal": (where, plan.principal[1:, 1 : STOCKS + 1], stock),
            "clipped": ("replication", runs.reward.values[:, -1], stock),
            "raw": ("replication", -net_losses(problem, runs).sum(axis=1), stock),
        },
        {"left": np.arange(1, STEPS + 1), "stock": np.arange(1, STOCKS + 1)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    each, at = shared(0.99, 5), {"left": HORIZON, "stock": BUDGET}
    u, value, gap = float(data.agent.sel(at)), float(data.value.sel(at)) - BUDGET, data.principal - data.agent
    bend = np.diff(data.value.values, 2, axis=1)
    calm = data.stock.values[None] >= 8 * data.left.values[:, None]
    printed = max(abs(float(data.value.sel(left=k, stock=b)) - v) for k, row in DERIVED["value"].items() for b, v in zip((1, 3, 8, 20), row, strict=True))
    both = max(abs(float(table.sel(left=k, stock=b)) - v) for (k, b), pair in DERIVED["principal"].items() for table, v in zip((data.agent, data.principal), pair, strict=True))
    rise = [float(gap.sel(left=k, stock=1)) for k in DERIVED["gap"]]
    return [
        at_most("values as printed, to 6 digits", printed, 5e-7, 1e-12),
        at_most("principal's values as printed, to 3 digits", both, 5e-4, 1e-12),
        at_most("gaps at 1 unit as printed, to 2 digits", max(abs(g - v) for g, v in zip(rise, DERIVED["gap"].values(), strict=True)), 5e-3, 1e-12),
        at_least("V_1 is convex", float(bend[0].min()), 0.0, 1e-12),
        at_most("V_30 is nearly concave: no second difference above 0.1", float(bend[29].max()), 0.1, detail=f"smallest {bend[29].min():.3f}"),
        at_least("the gap is nowhere negative", float(gap.min()), 0.0, 1e-9),
        at_least("the gap at 1 unit grows to 10 steps left and has collapsed at 30", min(rise[1] - rise[0], rise[2] - rise[1], rise[2] / 2 - rise[3]), 0.0),
        at_most("control: no gap where b >= 8 k", float(np.where(calm, abs(gap.values), 0.0).max()), 0.0, 1e-9),
        statistical_at_most("runs: the agent earns V - b, but for 0.3", data.clipped.values, value + 0.3, each),
        statistical_at_least("... on either side", data.clipped.values, value - 0.3, each),
        statistical_at_most("runs: the principal gets U, but for 0.3", data.raw.values, u + 0.3, each),
        statistical_at_least("... U, on either side", data.raw.values, u - 0.3, each),
        statistical_at_least("what is counted is never below what the principal gets, and is above it on average", (data.clipped - data.raw).values, 0.0, each),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(value=data.value * 1.001)


def draw(data):
    """Value less stock against the stock, its bend, and the gap against the steps left."""
    figure, axes = figures.picture(3, width=10.4, height=3.4)
    for k, left in enumerate(SHOWN):
        row = data.value.sel(left=left)
        figures.curve(axes[0], data.stock, (row - data.stock) / left, label=f"{left} step{'s' * (left > 1)} left", k=k)
        if left in (1, 20):
            figures.curve(axes[1], data.stock[1:-1], np.diff(row.values, 2), k=k)
    gap = data.principal - data.agent
    for k, b in enumerate((1, 3, 8)):
        figures.curve(axes[2], data.left, gap.sel(stock=b), label=f"gap at stock {b}", k=4 + k)
    found = mean(data.raw.values)
    axes[2].errorbar([HORIZON], [float(data.principal.sel(left=HORIZON, stock=BUDGET)) - found.estimate], yerr=[[found.high - found.estimate], [found.estimate - found.low]], color="black",
                     marker="x", linestyle="", capsize=3, label="runs, stock 1", zorder=5)  # fmt: skip
    axes[0].axhline(0.3, color="black", linewidth=0.8, linestyle=":")
    axes[1].axhline(0.0, color="black", linewidth=0.8)
    figures.axis_labels(axes[0], ("stock b", "units"), ("(V - b) / k", "units a step"), "Worth beyond the stock")
    figures.axis_labels(axes[1], ("stock b", "units"), ("second difference of V", "units"), "Above 0: risk is sought")
    figures.axis_labels(axes[2], ("steps left k", ""), ("W - U", "units"), "What the principal loses", log="x")
    figures.plain_numbers(axes[2])
    figures.legend(figure, axes)
    figures.note(figure, f"Arms: S +-1 (mean .2), N +-3 (.3), W +10 / -8 (-2.6). Exact tables; dotted: the best mean, .3 a step. Cross: {data.replication.size:,} runs of the agent's rule, raw gains, "
                         "with a 95% interval. Arms and measures are ours.")  # fmt: skip
    return figure
