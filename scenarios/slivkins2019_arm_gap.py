"""Slivkins (2019), chapter 10: the best fixed distribution can earn d times as much as the best fixed arm.

d arms and d resources; arm i earns 1 and uses one unit of resource i, of which there are T/d; law STOP [Slivkins2019]_. A fixed arm ends
after T/d rounds; the uniform mixture lasts, up to luck, for all T. Everything else about the instance (the horizons, how far
the luck of a mixture matters) is ours; the book prints no simulation.

**What must be visible.** OPT_FD / OPT_FA = d exactly, from the given sequence and from the means alike. Played, the uniform mixture ends
early by a number of rounds that grows as sqrt(T), so the ratio of what is earned comes to d from below; `primal_dual`, which is
told the budgets only, loses none: its prices make it play the arms in turn. The control has all arms use the resources alike: there
mixing gains nothing at all.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, exact, shared, slope, statistical_at_least, weakest
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.best_fixed_distribution import best_fixed_distribution
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.problems.knapsack_bandit import knapsack_bandit

SYSTEM = "intro-bandits"
PUBLISHED = None
RESOURCES = (2, 4, 8)
HORIZONS = (800, 3_200, 12_800, 51_200)
SMALLER = {"HORIZONS": (800, 3_200, 12_800)}


def arms(d, alike=False):
    """Mean rewards (d,) and costs (d, d): each arm its own resource, or all of them 1/d of each."""
    return np.ones(d), np.full((d, d), 1.0 / d) if alike else np.eye(d)


def gap(d, horizon, alike=False):
    """OPT_FD / OPT_FA: from the sequence written out, and from the means."""
    reward, cost = arms(d, alike)
    budget = np.full(d, horizon / d)
    rounds = np.broadcast_to(reward, (horizon, d)), np.broadcast_to(cost, (horizon, d, d))
    arm = best_fixed_arm(reward, horizon, cost, budget).value
    return best_fixed_distribution(*rounds, budget).value / arm, fluid_lp(reward, cost, budget, horizon).value / arm


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 400 replications; other scales change their number, down to 10."""
    replications = max(10, round(400 * scale))
    earned = np.zeros((3, len(RESOURCES), len(HORIZONS), replications))
    for i, d in enumerate(RESOURCES):
        for j, horizon in enumerate(HORIZONS):
            problem = knapsack_bandit(*arms(d), np.full(d, horizon / d), horizon)
            for r, rule in enumerate((fixed_arm(0), fixed_mixture(np.full(d, 1.0 / d)), primal_dual())):
                runs = engine.run(
                    problem, rule, replications=replications, seed=seed, checkpoints=[horizon], threads=threads, executor=executor, progress=progress
                )
                earned[r, i, j] = runs.reward.values[:, -1]
    exactly = np.array([gap(d, HORIZONS[0]) for d in RESOURCES]).T
    return xarray.Dataset(
        {
            "reward": (("rule", "resources", "horizon", "replication"), earned, {"units": "reward"}),
            "gap": (("means", "resources"), exactly, {"units": "1", "long_name": "OPT_FD / OPT_FA"}),
            "alike": ("resources", [gap(d, HORIZONS[0], alike=True)[0] for d in RESOURCES], {"units": "1", "long_name": "OPT_FD / OPT_FA, all arms alike"}),
        },
        {"rule": [fixed_arm(0).name, "fixed_mixture(1/d each)", primal_dual().name], "resources": list(RESOURCES), "horizon": list(HORIZONS)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """The first four need no luck. The statistical ones hold together with confidence 99%."""
    arm, mixture, learned = (data.reward.isel(rule=r) for r in range(3))
    level = shared(shared(0.99, 2), len(RESOURCES))
    last, lost = int(data.horizon[-1]), float((data.horizon - learned).max())
    short = (data.horizon - mixture).transpose("resources", "replication", "horizon")
    return [
        at_most("OPT_FD / OPT_FA = d, from the sequence and from the means", float(abs(data.gap - data.resources).max()), 1e-8),
        exact("every run: a fixed arm earns T/d", bool((arm * data.resources == data.horizon).all())),
        exact("every run: the mixture earns at most d times as much", bool((mixture <= data.resources * arm).all())),
        at_most("control: with all arms alike there is no gap", float(abs(data.alike - 1).max()), 1e-8),
        weakest([slope(f"the mixture ends early by about sqrt(T), d = {d}", data.horizon, v.values, 0.4, 0.6, level) for d, v in zip(data.resources.values, short)]),
        weakest([statistical_at_least("primal_dual ends later than the mixture, longest horizon", v, 0.0, level, detail=f"primal_dual loses {lost:g} at most")
                 for v in (learned - mixture).sel(horizon=last).values]),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(gap=data.gap * 1.001)


def draw(data):
    """Left: what is earned, beside a fixed arm. Right: the rounds that a mixture loses."""
    figure, axes = figures.picture(2, width=8.2, height=3.4)
    for k, rule in enumerate(data.rule.values[1:]):
        for j, d in enumerate(data.resources.values):
            one = (data.reward.sel(rule=rule, resources=d) / data.reward.isel(rule=0).sel(resources=d)).transpose("replication", "horizon")
            found = intervals.mean(one.values)
            label = f"{str(rule).split('(')[0]}, d = {d}"
            figures.curve(axes[0], data.horizon, found.estimate, found.low, found.high, label=label, k=3 * k + j, bars=True)
            if k > 0:
                continue
            short = intervals.mean((data.horizon - data.reward.sel(rule=rule, resources=d)).transpose("replication", "horizon").values)
            figures.curve(axes[1], data.horizon, short.estimate, short.low, short.high, label=label, k=3 * k + j, bars=True)
    for d in data.gap.isel(means=0).values:
        figures.fluid_line(axes[0], [HORIZONS[0], HORIZONS[-1]], [d, d], "OPT_FD / OPT_FA = d")
    figures.slope(axes[1], (HORIZONS[0], HORIZONS[-1]), 10, 0.5, "slope 1/2")
    figures.axis_labels(axes[0], ("horizon T", "rounds"), ("reward / that of a fixed arm", ""), "The gap", log="x")
    figures.axis_labels(axes[1], ("horizon T", "rounds"), ("T - reward", "reward"), "What luck costs", log="xy")
    axes[0].set_ylim(0, None)
    figures.legend(figure, axes)
    figures.note(figure, f"d arms, each earning 1 and using one unit of a resource of its own, of which there are T/d. Bars: pointwise 95% intervals of {data.replication.size} runs. "
                         "fixed_mixture is the plan of OPT_FD, 1/d each; on the right it alone, since primal_dual plays the arms in turn and loses nothing.")  # fmt: skip
    return figure
