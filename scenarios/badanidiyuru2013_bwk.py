"""Badanidiyuru, Kleinberg, Slivkins (2013): regret of bandits with knapsacks against the horizon, B = T/4.

Four arms with mean reward (.9, .6, .5, .3) and mean use (.8, .35, .1, .05) and (.2, .5, .25, .05) of two resources, all
Bernoulli; each resource has budget B = T/4; the run stops before the first pull that does not fit [Badanidiyuru2018]_.
Regret is counted against the fluid linear program of the true means, null arm and time included; what is *proved* to bound a
run that stops is the same program at budget B + 1, one largest cost more. The instance is ours: the paper prints none.

**What must be visible.** PrimalDualBwK's regret is sublinear: its slope on log-log axes is below 2/3, the rate of
explore-then-commit, and near the paper's 1/2 up to logarithms. `ucb1`, the control, looks at rewards only and loses a
constant share of every horizon, as does the best fixed arm. Budgets are spent along the fluid line.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, slope, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.knapsack_bandit import knapsack_bandit

SYSTEM = "intro-bandits"
REWARD = np.array([0.9, 0.6, 0.5, 0.3])
COST = np.array([[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05]])
SHARE = 0.25
HORIZONS = (1_000, 4_000, 16_000, 64_000, 256_000)
#: Printed beside ours and not asserted: the paper prints no numbers, and these came without a standard error.
PUBLISHED = {
    "source": "an earlier numpy implementation of PrimalDualBwK on this instance, 10, 10 and 5 runs",
    "regret of primal_dual": {1_000: 145.0, 4_000: 321.0, 16_000: 641.0},
    "slope of primal_dual": 0.53,
    "LP / T": 0.585714,
    "tolerance": None,
}
#: the horizon at which budgets are followed over time, and at how many points
FOLLOWED, POINTS = 4_000, 50
#: for whoever cannot wait
SMALLER = {"HORIZONS": (1_000, 4_000, 16_000)}


def rules():
    """What is played; the first learns as the paper says, the last three are controls: no costs, the best arm, the plan of the optimum."""
    arm = best_fixed_arm(REWARD, 1000, COST, [250.0, 250.0]).plan.arm
    mixture = fluid_lp(REWARD, COST, [250.0, 250.0], 1000).plan.mixture
    return [primal_dual(), paced(primal_dual()), density_greedy(), ucb1(), fixed_arm(arm), fixed_mixture(mixture)]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications of every horizon; other scales change the number of replications, down to 10."""
    replications, played = max(10, round(200 * scale)), rules()
    reward = np.zeros((len(played), len(HORIZONS), replications))
    left = np.zeros((len(played), 3, POINTS + 1, 2))
    lp = [fluid_lp(REWARD, COST, [SHARE * t] * 2, t) for t in HORIZONS]
    for j, horizon in enumerate(HORIZONS):
        problem = knapsack_bandit(REWARD, COST, [SHARE * horizon] * 2, horizon)
        times = np.linspace(0, horizon, POINTS + 1).astype(int)[1:] if horizon == FOLLOWED else [horizon]
        for i, rule in enumerate(played):
            runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=times, threads=threads, executor=executor, progress=progress)
            reward[i, j] = runs.reward.values[:, -1]
            if horizon == FOLLOWED:
                left[i, :, 0] = 1.0
                left[i, :, 1:] = np.quantile(1.0 - (runs.spent / runs.budget).values, (0.1, 0.5, 0.9), axis=0)
    return xarray.Dataset(
        {
            "reward": (("rule", "horizon", "replication"), reward, {"units": "reward"}),
            "left": (("rule", "quantile", "part", "resource"), left, {"long_name": "budget left / budget", "units": "1"}),
            "lp": ("horizon", [o.value for o in lp], {"units": "reward", "long_name": "LP(B)"}),
            "upper": ("horizon", [o.upper for o in lp], {"units": "reward", "long_name": "LP(B + 1), verified"}),
            "dual": ("horizon", [o.dual.price.sum() * SHARE * t + o.dual.time * t for o, t in zip(lp, HORIZONS, strict=True)], {"units": "reward"}),
            "best_arm": ("horizon", [best_fixed_arm(REWARD, t, COST, [SHARE * t] * 2).value for t in HORIZONS], {"units": "reward"}),
        },
        {"rule": [r.name for r in played], "horizon": list(HORIZONS), "quantile": [0.1, 0.5, 0.9], "part": np.linspace(0, 1, POINTS + 1)},
        {"seed": str(seed), "scale": scale},
    )


def regret(data, rule):
    """(replication, horizon), against LP(B)."""
    return (data.lp - data.reward.sel(rule=rule)).transpose("replication", "horizon").values


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, names, each = shared(0.99, 5), data.rule.values, data.reward / data.horizon
    over = (each - data.upper / data.horizon).values.reshape(-1, data.replication.size)
    beats = (data.reward - data.best_arm).sel(rule=names[0], horizon=[t for t in HORIZONS if t >= 16_000]).values
    bounds = [
        statistical_at_most("every rule, every horizon: mean reward <= LP(B + 1)", v, 0.0, shared(level, len(over)), "reward for each round") for v in over
    ]
    found = [
        at_most("primal = dual, relative", float(abs(data.dual / data.lp - 1).max()), 1e-9),
        at_most("LP / T as printed before", float(abs(data.lp / data.horizon - PUBLISHED["LP / T"]).max()), 1e-6),
        weakest(bounds),
        slope("primal_dual: regret grows slower than T^(2/3)", data.horizon, regret(data, names[0]), -np.inf, 2 / 3, level, _beside(data)),
        min((statistical_at_least("primal_dual beats the best fixed arm from T = 16,000 on", v, 0.0, shared(level, len(beats)), "reward") for v in beats),
            key=lambda v: (v.holds is not False, v.margin)),
    ]  # fmt: skip
    controls = [n for n in names if n.startswith(("ucb1", "fixed_arm"))]
    return found + [slope(f"control: {n} loses a constant share", data.horizon, regret(data, n), 0.9, np.inf, level) for n in controls]


def _beside(data):
    ours = {t: data.lp.sel(horizon=t) - data.reward.isel(rule=0).sel(horizon=t).mean() for t in PUBLISHED["regret of primal_dual"]}
    said = ", ".join(f"{float(r):.0f} (before: {PUBLISHED['regret of primal_dual'][t]:.0f}) at {t:,}" for t, r in ours.items())
    return f"regret {said}; {PUBLISHED['source']}"


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(lp=data.lp * 1.001)


def draw(data):
    """Left: regret against the horizon, with slopes. Right: what is left of the first budget, beside the fluid line."""
    figure, axes = figures.picture(2, width=8.2, height=3.7)
    for k, rule in enumerate(data.rule.values):
        behind = regret(data, rule)
        one, fit = intervals.mean(behind), intervals.slope(data.horizon, behind)
        figures.curve(
            axes[0], data.horizon, one.estimate, one.low, one.high, label=f"{rule}\nslope {fit.estimate:.2f} [{fit.low:.2f}, {fit.high:.2f}]", k=k, bars=True
        )
        figures.bands(axes[1], data.part, data.left.sel(rule=rule, resource=0).values, k=k)
    published = PUBLISHED["regret of primal_dual"]
    axes[0].plot(
        list(published),
        list(published.values()),
        color="black",
        marker="x",
        markersize=7,
        linestyle="",
        zorder=6,
        label="primal_dual, an earlier numpy implementation",
    )
    figures.fluid_line(axes[1], [0, 1], [1, 0], "fluid line")
    figures.slope(axes[0], (HORIZONS[0], HORIZONS[-1]), 40, 0.5, "slope 1/2")
    figures.axis_labels(axes[0], ("horizon T", "rounds"), ("LP(B) - reward", "reward"), "Regret at the end", log="xy")
    figures.axis_labels(axes[1], ("t / T", ""), ("budget left / budget", ""), f"Budget left, T = {FOLLOWED:,}")
    figures.legend(figure, axes)
    figures.note(figure, f"Law STOP; B = T/4 for both resources, the first of which binds. Bars: pointwise 95% intervals of {data.replication.size} runs; bands: "
                         "10 to 90% of runs. ucb1 looks at no cost; fixed_arm is the best arm and fixed_mixture the LP's plan, which both need the true means.")  # fmt: skip
    return figure
