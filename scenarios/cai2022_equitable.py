"""Equitable data sets [Cai2022]_: which groups to sample under a budget, when what a sample brings is not known beforehand.

Two markets of four groups with unlike costs and weights. "power laws": losses a + b n^-rate with rates .5 to .8. "regressions": linear regressions with 5 to 40 features, whose test
error with n samples is sigma^2 (1 + p / (n - p - 1)), to first order sigma^2 + sigma^2 p / n; that is the curve here (the paper's polygenic scores are out of scope). Data are bought in 20 batches; validation
losses are seen with 5% noise. `adaptive_sampling` refits the curves and spends greedily; the baselines keep fixed shares or follow the worst loss.

**What must be visible.** The adaptive rule stays within a few per cent of the certified optimum at every budget, for the weighted mean and for the worst group, without knowing a rate. Equal sampling is close for the mean of the
power laws, by accident of the instance, and far for the worst group; sampling by population is worse. Following the worst loss is good for the worst group, slightly better than the adaptive rule, and bad for the mean. Where all rates are 1 and the
budget is large the differences vanish, and fixed shares may beat the adaptive rule, whose noisy fits then cost more than they bring.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.folders import bind
from budgetsim.optima.concave_split import concave_split
from budgetsim.policies.adaptive_sampling import adaptive_sampling
from budgetsim.policies.fixed_split import fixed_split
from budgetsim.policies.worst_group import worst_group
from budgetsim.problems.equitable_sampling import equitable_sampling

SYSTEM = "equitable-sampling"
#: no number of the paper was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours at budget 4000, mean loss of the power laws",
    "optimum": 0.17985, "equal": 0.18072, "weight": 0.20499, "adaptive (20 seeds)": 0.18022,
    "tolerance": None,
}  # fmt: skip
BUDGETS = (500.0, 1000.0, 2000.0, 4000.0, 8000.0)
SHOWN = 3  #: the budget of the bars
ROUNDS = 20
COST, WEIGHT = np.array([1.0, 1.0, 2.0, 4.0]), np.array([0.6, 0.25, 0.1, 0.05])
POWER = {"floor": [0.1, 0.1, 0.12, 0.15], "scale": [2.0, 4.0, 8.0, 16.0], "rate": [0.8, 0.7, 0.6, 0.5]}
REGRESSIONS = {"floor": [0.2] * 4, "scale": [1.0, 2.0, 4.0, 8.0], "rate": [1.0] * 4}
#: title, curves, aim
CASES = (("power laws, mean", POWER, "mean"), ("power laws, worst", POWER, "worst"), ("regressions, mean", REGRESSIONS, "mean"))
RULES = (adaptive_sampling(), fixed_split("equal"), fixed_split("weight"), fixed_split("money"), worst_group())


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 1,000 runs of every rule; other scales change their number, down to 20."""
    replications = max(20, round(1000 * scale))
    shape = (len(CASES), len(BUDGETS))
    loss, spent = np.zeros((*shape, len(RULES), replications)), np.zeros((*shape, len(RULES), replications))
    best, plan, bought = np.zeros((*shape, 3)), np.zeros((*shape, COST.size)), np.zeros((*shape, len(RULES), COST.size))
    for i, (_, curves, aim) in enumerate(CASES):
        for j, budget in enumerate(BUDGETS):
            problem = equitable_sampling(**curves, cost=COST, weight=WEIGHT, budget=budget, horizon=ROUNDS, aim=aim)
            optimum = bind(concave_split, problem, aim=aim)
            best[i, j], plan[i, j] = (-optimum.value, -optimum.upper, -optimum.lower), optimum.plan.bought
            for k, rule in enumerate(RULES):
                runs = engine.run(problem, rule, replications=replications, seed=seed, threads=threads, executor=executor, progress=progress)
                loss[i, j, k], spent[i, j, k] = -runs.reward.values[:, -1], runs.spent.values[:, -1, 0]
                bought[i, j, k] = runs.pulls.values[:, -1].mean(axis=0)
    dims, u = ("case", "budget"), {"units": "loss"}
    return xarray.Dataset(
        {
            "loss": ((*dims, "rule", "replication"), loss, u),
            "spent": ((*dims, "rule", "replication"), spent, {"units": "money"}),
            "bought": ((*dims, "rule", "group"), bought, {"units": "samples", "long_name": "mean over runs"}),
            "optimum": (dims, best[..., 0], u),
            "least": (dims, best[..., 1], u | {"long_name": "certified lower bound"}),
            "plan": ((*dims, "group"), plan, {"units": "samples"}),
        },
        {"case": [c[0] for c in CASES], "budget": list(BUDGETS), "rule": [r.name.replace("; told the horizon", "").replace("(told the horizon)", "") for r in RULES]},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, cells = shared(0.99, 5), [(i, j) for i in range(data.sizes["case"]) for j in range(data.sizes["budget"])]
    ratio = (data.loss / data.optimum).values
    told = ", ".join(f"{k} {v}" for k, v in DERIVED.items() if isinstance(v, float))
    ours = ", ".join(f"{str(r).split('(')[0]} {float(data.loss[0, SHOWN, k].mean()):.5f}" for k, r in enumerate(data.rule.values))
    return [
        at_most("certificates are tight", float((data.optimum - data.least).max()), 1e-9),
        at_least("no run is better than its certified optimum", float((data.loss - data.least).min()), 0.0),
        at_most("the budget is spent", float(abs(data.spent / data.budget - 1).max()), 1e-9),
        weakest(statistical_at_most("adaptive is within 10% of the optimum", ratio[i, j, 0], 1.1, shared(level, len(cells))) for i, j in cells),
        weakest(statistical_at_least("adaptive beats equal sampling, power laws, B = 4000", (data.loss[i, SHOWN, 1] - data.loss[i, SHOWN, 0]).values, 0.0, shared(level, 2),
                                     f"beside an earlier computation (a sample of each group less): {told}; ours: {ours}") for i in range(2)),
        weakest(statistical_at_least("and sampling by population, power laws, every budget", (data.loss[i, j, 2] - data.loss[i, j, 0]).values, 0.0, shared(level, len(cells))) for i, j in cells if i < 2),
        statistical_at_most("following the worst loss is good for the worst: within 5% at B = 4000", ratio[1, SHOWN, 4], 1.05, level),
        weakest(statistical_at_least("control: and bad for the mean: 20% above", ratio[0, j, 4], 1.2, shared(level, len(BUDGETS))) for j in range(data.sizes["budget"])),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(least=data.least * 1.001)


def draw(data):
    """Loss over optimum against budget, and what was bought."""
    figure, axes = figures.picture(2, 2, width=9.2, height=6.2)
    for i, case in enumerate(data.case.values):
        for k, rule in enumerate(data.rule.values):
            one = intervals.mean((data.loss[i, :, k] / data.optimum[i]).values.T)
            figures.curve(axes[i], data.budget, *one[:3], k=k, label=rule, bars=True)
        figures.fluid_line(axes[i], data.budget, np.ones(data.sizes["budget"]), "certified optimum")
        figures.axis_labels(axes[i], ("budget", "money"), ("loss / optimum", ""), str(case), log="x")
        figures.plain_numbers(axes[i])
        axes[i].set_xticks(BUDGETS)
    groups, width = np.arange(data.sizes["group"]), 0.14
    for k in range(data.sizes["rule"]):
        axes[3].bar(groups + (k - 2.5) * width, data.bought[0, SHOWN, k], width, color=figures.look(k).colour, edgecolor="white", linewidth=0.3)
    axes[3].bar(groups + 2.5 * width, data.plan[0, SHOWN], width, color="black")
    axes[3].plot(groups + 2.5 * width, data.plan[0, SHOWN], "_", color="black", markersize=5)
    axes[3].set_xticks(groups, [f"{g + 1}: cost {c:g},\nweight {w:g}" for g, (c, w) in enumerate(zip(COST, WEIGHT, strict=True))])
    figures.axis_labels(axes[3], ("group", ""), ("samples bought", ""), f"{data.case.values[0]}: at budget {BUDGETS[SHOWN]:,.0f}")
    figures.legend(figure, axes, where="above")
    figures.note(figure, f"{ROUNDS} batches, losses seen with 5% noise, means of {data.replication.size} runs with pointwise 95% intervals. Black: the optimum told all curves (concave_split).")
    return figure
