"""Immorlica et al. (2019): semi-bandits with knapsacks, regret against the horizon and against the arms pulled together.

Twenty Bernoulli arms whose costs grow with their rewards, two resources, at most m arms a round, budgets m T / 4; the run
stops before the first round that does not fit. The Lagrangian game with a semi-bandit learner has regret of order
(T/B) sqrt(m T) up to logarithms [Immorlica2019]_; the rule is our reconstruction, the instance is ours, the paper prints no
numbers.

**What must be visible.** At every m regret grows slower than T^(2/3), and at the longest horizon no faster in m than sqrt(m).
The control, the same rule with prices held at 0, loses a nearly constant share of every horizon.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, slope, statistical_at_most, weakest
from budgetsim.folders import bind
from budgetsim.optima.semi_bandit_lp import semi_bandit_dual, semi_bandit_lp
from budgetsim.policies import semi_bandit_bwk as rule_file
from budgetsim.problems.semi_bandit import semi_bandit

SYSTEM = "intro-bandits"
ARMS, SHARE, MOST = 20, 0.25, (1, 2, 4, 8)
HORIZONS = (1_000, 4_000, 16_000, 64_000)
PUBLISHED = None
SMALLER = {"HORIZONS": (1_000, 4_000, 16_000)}


def problem(most, horizon):
    g = np.random.default_rng(3)
    reward = g.uniform(0.2, 0.9, ARMS)
    cost = reward[:, None] * g.uniform(0.2, 1.0, (ARMS, 2))  # what earns more costs more: a rule blind to costs is wrong
    return semi_bandit(reward, cost, most, [SHARE * most * horizon] * 2, horizon)


def unpriced_update(memory, params, view, action, outcome, t):
    rule_file.update(memory, params, view, action, outcome, t)
    for j in range(memory.price.size):
        memory.price[j] = 0.0


def rules():
    """The rule, and the control, for which nothing costs anything."""
    rule = rule_file.semi_bandit_bwk()
    return {"semi_bandit_bwk": rule, "control, prices 0": rule._replace(update=unpriced_update, name="semi_bandit_bwk without prices")}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100 replications of every horizon and m; other scales change the number of replications, down to 10."""
    replications = max(10, round(100 * scale))
    reward = np.zeros((2, len(MOST), len(HORIZONS), replications))
    lp, upper, dual = np.zeros((3, len(MOST), len(HORIZONS)))
    for i, most in enumerate(MOST):
        for j, horizon in enumerate(HORIZONS):
            game = problem(most, horizon)
            best, truth, budget = bind(semi_bandit_lp, game), game.instance, game.spec.budget
            lp[i, j], upper[i, j] = best.value, best.upper
            dual[i, j] = semi_bandit_dual(truth.arm_reward, truth.arm_cost, budget, horizon, most, best.dual.price)
            for k, rule in enumerate(rules().values()):
                runs = engine.run(game, rule, replications=replications, seed=seed, threads=threads, executor=executor, progress=progress)
                reward[k, i, j] = runs.reward.values[:, -1]
    return xarray.Dataset(
        {
            "reward": (("rule", "most", "horizon", "replication"), reward, {"units": "reward"}),
            "lp": (("most", "horizon"), lp, {"units": "reward", "long_name": "LP(B)"}),
            "dual": (("most", "horizon"), dual, {"units": "reward", "long_name": "the dual of LP(B), verified"}),
            "upper": (("most", "horizon"), upper, {"units": "reward", "long_name": "LP(B + m), verified"}),
        },
        {"rule": list(rules()), "most": list(MOST), "horizon": list(HORIZONS)},
        {"seed": str(seed), "scale": scale},
    )


def regret(data, rule):
    """(replication, m, horizon), against LP(B)."""
    return (data.lp - data.reward.sel(rule=rule)).transpose("replication", "most", "horizon").values


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level = shared(0.99, 4)
    ours, control = (regret(data, rule) for rule in data.rule.values)
    over = ((data.reward - data.upper) / data.horizon).transpose("replication", ...).values.reshape(data.replication.size, -1).T
    each = shared(level, len(MOST))
    return [
        at_most("primal = dual, relative", float(abs(data.dual / data.lp - 1).max()), 1e-9),
        weakest(statistical_at_most("both rules, every m and horizon: mean reward <= LP(B + m)", v, 0.0, shared(level, len(over)), "reward a round") for v in over),
        weakest(slope("at every m: regret grows slower than T^(2/3)", data.horizon, ours[:, i], -np.inf, 2 / 3, each, f"m = {m}") for i, m in enumerate(MOST)),
        slope("at the longest horizon regret grows in m no faster than sqrt(m)", data.most, ours[:, :, -1], -np.inf, 0.5, level),
        weakest(slope("control: without prices regret grows faster than T^(3/4)", data.horizon, control[:, i], 0.75, np.inf, each, f"m = {m}") for i, m in enumerate(MOST)),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(lp=data.lp * 1.001)


def draw(data):
    """Regret against the horizon for each m, and against m for each horizon; the control in the dashes of the same colour."""
    figure, axes = figures.picture(2, width=8.2, height=3.8)
    ours, control = (regret(data, rule) for rule in data.rule.values)
    for i, m in enumerate(MOST):
        one, fit = intervals.mean(ours[:, i]), intervals.slope(data.horizon, ours[:, i])
        label = f"m = {m}\nslope {fit.estimate:.2f} [{fit.low:.2f}, {fit.high:.2f}]"
        figures.curve(axes[0], data.horizon, one.estimate, one.low, one.high, label=label, k=i, bars=True)
        axes[0].plot(data.horizon, control[:, i].mean(axis=0), color=figures.look(i).colour, linestyle=":", linewidth=1)
    axes[0].plot([], [], color="black", linestyle=":", linewidth=1, label="control, prices 0 (same colours)")
    for j, t in enumerate(data.horizon.values):
        one = intervals.mean(ours[:, :, j])
        figures.curve(axes[1], data.most, one.estimate, one.low, one.high, label=f"T = {t:,}", k=4 + j, bars=True)
    figures.slope(axes[0], (HORIZONS[0], HORIZONS[-1]), 50, 0.5, "slope 1/2")
    figures.slope(axes[1], (MOST[0], MOST[-1]), 110, 0.5, "slope 1/2")
    figures.axis_labels(axes[0], ("horizon T", "rounds"), ("LP(B) - reward", "reward"), "Regret against the horizon", log="xy")
    figures.axis_labels(axes[1], ("arms a round m", ""), ("LP(B) - reward", "reward"), "Regret against m", log="xy")
    figures.plain_numbers(axes[1])
    axes[1].set_xticks(MOST)
    figures.legend(figure, axes)
    figures.note(figure, f"Law STOP; {ARMS} arms, 2 resources, B = m T/4. Bars: pointwise 95% intervals of {data.replication.size} runs. "
                         "The rule is a reconstruction; rewards of a round are at most m.")  # fmt: skip
    return figure
