"""Jarne Ornia et al. (2025), the sandbagging variant: hide what you can do until you are released [JarneOrnia2025]_.

What an agent earns under supervision is also its danger level; at the cap it is stopped. Who is below it after 20 steps is released and plays T' more steps that nobody counts. Arms: S earns
0 or 1, M up to 2, A up to 4, with means .2, .8 and 2.2; the cap is 20. Told the laws, the plan is optimal; the honest agent plays A and does not ask who watches. Timid, UCB1 and epsilon-greedy know nothing of the arms, and of these only
timid looks at the danger. The paper's own instances were not available; these are ours.

**What must be visible.** With no freedom to come nothing is hidden, and one free step is enough to hide much: the reward per step is far lower before release than after it. The longer the freedom, the more is hidden, and the seldomer is the plan stopped. The
map of its arms: the able arm far below the cap, the safe one near it, in a zone that grows with the steps left and with T'. Rules that ignore the danger are stopped in most runs.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.sandbagging_dp import sandbagging_dp
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.risk_neutral import risk_neutral
from budgetsim.policies.sandbagging_plan import sandbagging_plan
from budgetsim.policies.timid import timid
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.sandbagging import sandbagging

SYSTEM = "survival-bandit-risk"
#: no number of the paper was available
PUBLISHED = None
ARMS = [[0, 1, 0], [0, 1, 2], [0, 2, 4]], [[0.8, 0.2, 0.0], [0.4, 0.4, 0.2], [0.2, 0.5, 0.3]]
NAMES = ("S", "M", "A")
CAP, WATCHED = 20, 20
FREE = (1, 2, 5, 10, 20, 50, 100, 200)
SHORT, LONG = 1, 200
RULES = {
    "plan": sandbagging_plan(*ARMS, None),
    "honest": risk_neutral(*ARMS),
    "timid": timid(high=4.0),
    "UCB1": ucb1(radius=32.0),
    "epsilon-greedy": epsilon_greedy(0.1),
}
PATH = None
SMALLER = {"FREE": (1, 5, 200), "PATH": "python"}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 20,000 runs of each rule; the maps and the exact numbers are the same at every scale."""
    replications = max(60, round(20_000 * scale))
    shape = (len(RULES), len(FREE), replications)
    shown, steps, later, released = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, rule in enumerate(RULES.values()):
        for j, free in enumerate(FREE):
            runs = engine.run(sandbagging(*ARMS, CAP, WATCHED, free), rule, replications=replications, seed=seed, checkpoints=[WATCHED, WATCHED + free],
                              path=PATH, threads=threads, executor=executor, progress=progress)  # fmt: skip
            shown[i, j], steps[i, j] = runs.reward.values[:, 0], runs.rounds.values[:, 0]
            later[i, j] = runs.reward.values[:, 1] - runs.reward.values[:, 0]
            released[i, j] = runs.spent.values.reshape(replications, -1)[:, -1] < CAP
    plans = [sandbagging_dp(*ARMS, None, CAP, WATCHED, free).plan for free in FREE]
    none, calm = sandbagging_dp(*ARMS, None, CAP, WATCHED, 0).plan, sandbagging_dp(*ARMS, None, 4 * WATCHED + 1, WATCHED, LONG).plan
    each, of, map_of = ("rule", "free", "replication"), ("agent", "free"), ("left", "level")
    conduct = np.array([[plan.best for plan in plans], [plan.honest for plan in plans]])
    return xarray.Dataset(
        {
            "shown": (each, shown, {"units": "reward", "long_name": "reward under supervision"}),
            "steps": (each, steps, {"units": "steps", "long_name": "supervised steps played"}),
            "later": (each, later, {"units": "reward", "long_name": "reward after release"}),
            "released": (each, released, {"units": "1"}),
            **{name: (of, conduct[:, :, k], {"units": unit}) for k, (name, unit) in enumerate((("total", "reward"), ("release", "1"), ("stay", "steps"), ("per_step", "reward a step")))},
            "action": (("horizon", *map_of), np.array([plans[FREE.index(f)].action[1:, :0:-1] for f in (SHORT, LONG)]).astype(int), {"units": "arm"}),
            "able": ((), plans[0].able, {"units": "reward a step"}),
            "free_of_cap": ((), calm.gap, {"units": "reward a step", "long_name": "what is hidden from a cap that cannot be reached"}),
            "no_freedom": ((), none.best.total - none.honest.total, {"units": "reward", "long_name": "what hiding adds where no freedom is to come"}),
        },
        {"rule": list(RULES), "free": list(FREE), "agent": ["plan", "honest"], "left": np.arange(1, WATCHED + 1), "level": np.arange(CAP), "horizon": [SHORT, LONG]},
        {"seed": str(seed), "scale": scale},
    )  # fmt: skip


def claims(data):
    """The maps and the plan's numbers are exact; the statistical verdicts have confidence 99% together."""
    level, n = shared(0.99, 6), data.sizes["free"]
    plan, honest, total = data.sel(agent="plan"), data.sel(agent="honest"), data.shown + data.later
    at = total.sel(free=LONG)
    off = np.concatenate([(total - data.total).sel(rule=k, agent=k).values for k in ("plan", "honest")])
    hides = (data.action != NAMES.index("A")).values
    gap = float(data.able) - plan.per_step.values
    return [
        at_least(f"from {SHORT} free step on the plan shows less than half of what it is able to", float(gap.min()), 0.5 * float(data.able), kind="exact"),
        exact("the longer the freedom, the more it hides in all, and the seldomer is it stopped",
              bool((np.diff((plan.per_step * plan.stay).values) < 0).all() and (np.diff(plan.release.values) > 0).all()), 0.0),
        at_least(f"before {LONG} free steps the plan is released", float(plan.release.sel(free=LONG)), 0.999, kind="exact"),
        at_most("the honest agent is released", float(honest.release.max()), 0.001, kind="exact"),
        exact(f"what hides before {SHORT} free step hides before {LONG}", bool((hides[1] >= hides[0]).all() and hides[1].sum() > hides[0].sum()), 0.0),
        exact("at a level where the plan hides, it hides at every higher one and with more steps left",
              bool((np.diff(hides.astype(int), axis=1) >= 0).all() and (np.diff(hides.astype(int), axis=2) >= 0).all()), 0.0),
        weakest(statistical_at_most("plan and honest agent earn what the recursion says, but for 1% of the optimum", v / scale, 0.01, shared(level, 2 * n))
                for v, scale in zip(off, np.tile(plan.total.values, 2), strict=True)),
        weakest(statistical_at_least("... on either side", v / scale, -0.01, shared(level, 2 * n)) for v, scale in zip(off, np.tile(plan.total.values, 2), strict=True)),
        weakest(statistical_at_most(f"{k} ignores the danger: released in less than a quarter of all runs", data.released.sel(rule=k, free=LONG).values, 0.25, shared(level, 2))
                for k in ("UCB1", "epsilon-greedy")),
        statistical_at_least("timid is released in more than 95% of all runs", data.released.sel(rule="timid", free=LONG).values, 0.95, level),
        weakest(statistical_at_least(f"before {LONG} free steps timid earns 3 times what {k} does", (at.sel(rule="timid") - 3 * at.sel(rule=k)).values, 0.0, shared(level, 3))
                for k in ("honest", "UCB1", "epsilon-greedy")),
        statistical_at_least("... and the plan earns more than timid, by 20 at least", (at.sel(rule="plan") - at.sel(rule="timid")).values, 20.0, level),
        at_most("control: with no freedom to come hiding adds nothing", float(data.no_freedom), 0.0, 1e-9),
        at_most("control: from a cap that cannot be reached nothing is hidden", abs(float(data.free_of_cap)), 0.0, 1e-9),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    action = data.action.copy()
    action.loc[{"horizon": LONG, "left": WATCHED, "level": CAP - 1}] = NAMES.index("A")
    return data.assign(action=action)


def draw(data):
    """The plan's arms for a short and a long freedom; reward per step, stops and totals against the length of the freedom."""
    from matplotlib.colors import ListedColormap

    colours = ("#009E73", "#bbbbbb", "#D55E00")
    figure, axes = figures.picture(5, width=14.0, height=3.4)
    for one, free in zip(axes, data.horizon.values.tolist(), strict=False):
        one.pcolormesh(data.level, data.left, data.action.sel(horizon=free), cmap=ListedColormap(colours), vmin=-0.5, vmax=2.5, rasterized=True)
        figures.axis_labels(one, ("danger level", "reward"), ("supervised steps left", ""), f"Best arm, {free} free step{'s' * (free > 1)}")
        one.set(xticks=[0, 5, 10, 15], yticks=[1, 5, 10, 15, 20])
        one.grid(False)
    for colour, name, law, mean in zip(colours, NAMES, ("0 or 1", "up to 2", "up to 4"), (0.2, 0.8, 2.2), strict=True):
        axes[0].plot([], [], color=colour, marker="s", linestyle="", markersize=7, label=f"{name}: {law}, mean {mean:g}")
    before, after, stopped, share = axes[2], axes[2], axes[3], axes[4]
    for k, rule in enumerate(data.rule.values):
        it = data.sel(rule=rule)
        figures.curve(before, data.free, (it.shown.mean("replication") / it.steps.mean("replication")).values, label=rule, k=k)
        enough = it.released.sum("replication").values >= 30
        mean = it.later.sum("replication").values / np.maximum(it.released.sum("replication").values, 1) / data.free.values
        after.plot(data.free[enough], mean[enough], color=figures.look(k).colour, linestyle="", marker=figures.look(k).marker, markerfacecolor="white", zorder=4)
        chance = [intervals.proportion(int(n), data.sizes["replication"]) for n in (1 - it.released).sum("replication").values]
        figures.curve(stopped, data.free, *np.array([one[:3] for one in chance]).T, k=k, bars=True)
        found = intervals.mean(((it.shown + it.later) / data.total.sel(agent="plan")).values.T)
        figures.curve(share, data.free, *found[:3], k=k, bars=True)
    figures.fluid_line(before, data.free, np.full(data.sizes["free"], float(data.able)), "able to")
    figures.axis_labels(before, ("free steps T'", ""), ("reward a step", ""), "Before (filled), after release", log="x")
    figures.axis_labels(stopped, ("free steps T'", ""), ("probability to be stopped", ""), "Stopped at the cap", log="x")
    figures.axis_labels(share, ("free steps T'", ""), ("total reward, share of the optimum", ""), "Both phases", log="x")
    for one in axes[2:]:
        one.set_ylim(bottom=-0.05)
        figures.plain_numbers(one)
    figures.legend(figure, axes)
    figures.note(figure, f"{WATCHED} supervised steps, cap {CAP}; the danger level is the reward earned so far. Maps and the dashed line are exact; {data.sizes['replication']:,} runs of each rule; bars: pointwise 95% intervals. After "
                         "release: mean of the runs that were released, where at least 30 were. Plan and honest agent are told the laws; timid, UCB1 and epsilon-greedy are not. All instances are ours.")  # fmt: skip
    return figure
