"""Wu and Silwal (2025): the main table of PORT, budgets, splits and alpha [Wu2025]_, on a synthetic RouterBench.

Queries in random order, eleven models with a budget each, scores and costs estimated from the five nearest of 26,497 history queries; a query that its
model cannot pay is lost. The data of the paper may not be redistributed: what is played here has the printed mean score and mean cost of each model, and
clusters of our own (`theory.synthetic_router_bench`, constants fixed before the first run). **So the order of the rules can be compared with the
paper's, values cannot**, and printed values are drawn for comparison only.

PORT is played twice. As released its program has no null option: every query has to be sent somewhere, which budgets cannot pay, so the
program's dual falls without end and the price is where L-BFGS-B stops in the box [0, 1]; it depends on alpha. With the null option the price is that of
the sample's linear program: the rule is the same for every alpha, and does not send what no model would pay for.

**What must be visible.** PORT above batch splitting, greedy and random routing, for all budgets, numbers of queries and splits; with the null option
it is better than as released, and alpha does not matter. The greedy rules, the controls, empty single budgets and lose most queries. `dual_descent`
(which the paper does not have) learns its prices while it plays.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.policies.batch_split import batch_split
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.greedy_cost import greedy_cost
from budgetsim.policies.greedy_quality import greedy_quality
from budgetsim.policies.port import port
from budgetsim.policies.random_option import random_option
from budgetsim.problems.query_routing import query_routing
from budgetsim.theory.synthetic_router_bench import split_budget, synthetic_router_bench

SYSTEM = "port-online-routing"
QUERIES, HISTORY = 10_000, 26_497
NUMBERS = (4_000, 6_000, 9_000)
FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0)
SPLITS = ("weighted", "cost", "perf", "uniform", "random", *(f"extreme {h}" for h in range(1, 6)))
ALPHAS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
#: performance, cost in USD and throughput (of 10,000, 13,100 and 10,000 queries) on RouterBench, SPROUT and the Open LLM Leaderboard v2
PUBLISHED = {
    "source": "the paper's main table",
    "tolerance": "order only",
    "main table": {
        "Random": ((1384.25, 0.427, 3276), (2827.6, 0.72, 4742), (953, 0.741, 2877)),
        "Greedy-Perf": ((1012.1, 0.27, 1687), (764.9, 0.406, 1083), (553, 0.499, 1189)),
        "Greedy-Cost": ((1626.25, 0.46, 4061), (3934.7, 0.849, 6789), (1051, 0.766, 3164)),
        "KNN-Perf": ((1005.1, 0.27, 1677), (769.6, 0.407, 1084), (556, 0.498, 1194)),
        "KNN-Cost": ((1592.05, 0.46, 4027), (3905.1, 0.85, 6709), (991, 0.766, 3172)),
        "BatchSplit": ((1838.05, 0.458, 3903), (3975.5, 0.83, 6221), (1059, 0.76, 3099)),
        "Roberta-Perf": ((154.5, 0.077, 190), (458.9, 0.283, 536), (153, 0.207, 283)),
        "Roberta-Cost": ((481.4, 0.129, 1292), (3996.2, 0.848, 6765), (1044, 0.766, 3173)),
        "PORT": ((2718.6, 0.447, 5195), (4513.05, 0.815, 7475), (1465, 0.711, 3692)),
        "Approx. optimum": ((3211.35, 0.46, 6225), (5938.99, 0.85, 8781), (1910, 0.765, 4319)),
        "Optimum": ((6376.9, 0.46, 6436), (11934.4, 0.848, 12336), (4688, 0.763, 4688)),
    },
}
#: our earlier numbers, another generator of the same constants, 4,000 queries
DERIVED = {"source": "specification, section 4g", "PORT, null option": 1263, "PORT as released": 941, "BatchSplit": 911, "Greedy-Cost": 792, "Random": 666, "Greedy-Perf": 557}
#: each rule, and its name in the printed table
RULES = {
    "PORT, null option": (port(), None),
    "PORT as released": (port(null_option=False), "PORT"),
    "dual descent": (dual_descent(), None),
    "BatchSplit": (batch_split(), "BatchSplit"),
    "Greedy-Cost": (greedy_cost(), "Greedy-Cost"),
    "Greedy-Perf": (greedy_quality(), "Greedy-Perf"),
    "Random": (random_option(), "Random"),
}
#: for whoever cannot wait
SMALLER = {"QUERIES": 1_200, "HISTORY": 2_000, "NUMBERS": (800,), "FACTORS": (0.5,), "SPLITS": ("weighted", "extreme 2"), "ALPHAS": (1e-6, 1e-4),
           "RULES": RULES | {"BatchSplit": (batch_split(program="linear"), "BatchSplit")}}  # fmt: skip


def instance(bench, number, factor, split):
    """The first queries of the table, and their budgets (M,)."""
    few = type(bench)(*(a[:number] for a in bench))
    kind, _, h = split.partition(" ")
    return few, split_budget(few.reward, few.cost, factor, kind, h=int(h or 1))


def play(label, bench, budget, replications, seed, resources, rule=None):
    """(performance, cost in USD, served, lost, not sent) x replications. Dual descent counts each budget in units of its mean a query."""
    unit = budget / len(bench.reward) if label == "dual descent" else np.ones(budget.size)
    problem = query_routing(bench.reward, bench.cost / unit, budget / unit, bench.estimated_reward, bench.estimated_cost / unit, "random", 256 * (label == "BatchSplit"))
    runs = engine.run(problem, rule or RULES[label][0], replications=replications, seed=seed, checkpoints=[problem.spec.horizon], **resources).isel(checkpoint=-1)
    served, lost = runs.pulls.values.sum(axis=1), runs.void.values
    return np.array([runs.reward.values, runs.spent.values @ unit, served, lost, len(bench.reward) - served - lost])


def optima(bench, budget):
    """Certified upper bound on every rule; performance of the plan that is best by the estimates, each query sent where most of it goes, at true costs."""
    own = np.arange(budget.size)

    def wide(cost):
        out = np.zeros((*cost.shape, budget.size))
        out[:, own, own] = cost
        return out

    guess = dual_bound(bench.estimated_reward, wide(bench.estimated_cost), budget, 1e-6).plan
    share = np.zeros((len(bench.reward), budget.size + 1))
    for weight, price in zip(guess.weight, guess.price, strict=True):
        score = np.hstack([bench.estimated_reward - bench.estimated_cost * price, np.zeros((len(share), 1))])
        share[np.arange(len(share)), score.argmax(axis=1)] += weight
    left, earned = budget.copy(), 0.0
    for j, i in enumerate(share.argmax(axis=1)):
        if i < budget.size and bench.cost[j, i] <= left[i]:
            left[i] -= bench.cost[j, i]
            earned += bench.reward[j, i]
    return dual_bound(bench.reward, wide(bench.cost), budget, 1e-6).upper, earned


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 50 random orders for the table, 20 for each point of a sweep; other scales change them, down to 4 and 2. The table of queries is one."""
    many, few = max(4, round(50 * scale)), max(2, round(20 * scale))
    resources = {"threads": threads, "executor": executor, "progress": progress}
    bench = synthetic_router_bench(QUERIES, HISTORY, seed=7)

    def sweep(cases):
        upper, guess, found = [], [], []
        for case in cases:
            one = instance(bench, *case)
            best = optima(*one)
            upper.append(best[0])
            guess.append(best[1])
            found.append([play(label, *one, few, seed, resources)[0] for label in RULES])
        return np.array(found), np.array(upper), np.array(guess)

    whole = instance(bench, QUERIES, 1.0, "weighted")
    upper, guess = optima(*whole)
    main = np.array([play(label, *whole, many, seed, resources) for label in RULES])
    unit, dims = {"units": "score"}, ("rule", "replication")
    measures = {"performance": "score", "cost": "USD", "served": "queries", "lost": "queries", "unsent": "queries"}
    out = {name: (dims, main[:, k], {"units": u}) for k, (name, u) in enumerate(measures.items())}
    out |= {"upper": ((), upper, unit | {"long_name": "dual bound, certified"}), "approximate": ((), guess, unit), "budget": ((), whole[1].sum(), {"units": "USD"})}
    for name, cases in (
        ("number", [(n, 1.0, "weighted") for n in NUMBERS]),
        ("factor", [(QUERIES, f, "weighted") for f in FACTORS]),
        ("split", [(QUERIES, 1.0, s) for s in SPLITS]),
    ):
        found, above, approximate = sweep(cases)
        out |= {f"by_{name}": ((name, "rule", "order"), found, unit), f"upper_{name}": (name, above, unit), f"approximate_{name}": (name, approximate, unit)}
    alphas = [[play("", *whole, few, seed, resources, port(alpha=a, null_option=null))[0] for a in ALPHAS] for null in (True, False)]
    return xarray.Dataset(
        out | {"by_alpha": (("variant", "alpha", "order"), alphas, unit)},
        {"rule": list(RULES), "number": list(NUMBERS), "factor": list(FACTORS), "split": list(SPLITS), "alpha": list(ALPHAS), "variant": ["null option", "released"]},
        {"seed": str(seed), "scale": scale, "queries": QUERIES},
    )


def claims(data):
    """The statistical verdicts hold together with confidence 99%, over random orders of one table of queries."""
    level = shared(0.99, 6)
    score = data.performance
    null, released = score.sel(rule="PORT, null option"), score.sel(rule="PORT as released")
    baselines = ["BatchSplit", "Greedy-Cost", "Greedy-Perf", "Random"]
    top = [data[f"by_{n}"].max(("rule", "order")) / data[f"upper_{n}"] for n in ("number", "factor", "split")]
    lead = [
        (data[f"by_{n}"].sel(rule="PORT, null option") - data[f"by_{n}"].sel(rule=b)).isel({n: i}).values
        for n in ("number", "factor", "split") for i in range(data[n].size) for b in baselines
    ]  # fmt: skip
    shares = {r: score.sel(rule=r).mean().item() for r in data.rule.values}
    order = " > ".join(f"{r} {v:.0f}" for r, v in sorted(shares.items(), key=lambda x: -x[1]))
    gained = {r: (data.lost.sel(rule=r).mean() / data.attrs["queries"]).item() for r in ("PORT, null option", "PORT as released")}
    spread = data.by_alpha.sel(variant="null option")
    return [
        at_most("no run spends more than its budget, relative", float((data.cost / data.budget).max()), 1.0, 1e-9),
        at_most("no run scores above the certified bound, relative", max(float(t.max()) for t in [*top, score.max() / data.upper]), 1.0, kind="certified"),
        exact("every query is served, lost or not sent", bool(((data.served + data.lost + data.unsent) == data.attrs["queries"]).all())),
        weakest([statistical_at_least("PORT as released is above every baseline", (released - score.sel(rule=b)).values, 0.0, shared(level, 4)) for b in baselines])._replace(
            detail=f"ours: {order}; printed: PORT 2719 > BatchSplit 1838 > Greedy-Cost 1626 > Random 1384 > Greedy-Perf 1012"),
        statistical_at_least("with the null option PORT is better than as released", (null - released).values, 0.0, level),
        statistical_at_most("the reason: fewer queries are lost at empty budgets", (data.lost.sel(rule="PORT, null option") - data.lost.sel(rule="PORT as released")).values, 0.0, level,
                            f"lost: {gained['PORT, null option']:.0%} against {gained['PORT as released']:.0%} of all queries"),
        weakest([statistical_at_least("budgets, numbers, splits: PORT with the null option above every baseline", v, 0.0, shared(level, len(lead))) for v in lead]),
        exact("with the null option alpha changes nothing", bool((spread == spread.isel(alpha=0)).all())),
        exact("as released it does", bool((data.by_alpha.sel(variant="released").std("alpha") > 0).all())),
        statistical_at_most("control: Greedy-Perf scores less than 3/4 of PORT", (score.sel(rule="Greedy-Perf") - 0.75 * null).values, 0.0, level),
        statistical_at_most("control: it spends less than 9/10 of the money and loses most queries", (data.cost.sel(rule="Greedy-Perf") / data.budget).values, 0.9, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(upper=data.upper / 4)


def draw(data):
    """The table beside the printed one, what becomes of a query, alpha; budget, number of queries, split."""
    figure, axes = figures.picture(3, 2, width=10.6, height=6.4)
    labels, printed = list(data.rule.values), PUBLISHED["main table"]
    mean = intervals.mean((data.performance / data.approximate).transpose("replication", "rule").values)
    figures.intervals(axes[0], labels, mean.estimate, mean.low, mean.high, reference=1.0)
    names = {label: RULES[label][1] for label in labels}
    known = [(i, printed[names[label]][0][0] / printed["Approx. optimum"][0][0]) for i, label in enumerate(labels) if names[label]]
    axes[0].plot([v for _, v in known], [i for i, _ in known], "x", color="black", label="printed (other data: order only)", zorder=5)
    figures.axis_labels(axes[0], ("performance / approximate optimum", ""), ("", ""), "Main table")
    axes[0].set_ylabel("rule")
    left = np.zeros(len(labels))
    for k, (name, text) in enumerate({"served": "served", "lost": "lost: cannot be paid", "unsent": "not sent"}.items()):
        share = (data[name].mean("replication") / data.attrs["queries"]).values
        axes[1].barh(range(len(labels)), share, left=left, color=("#444444", "#bbbbbb", "#ffffff")[k], edgecolor="#444444", linewidth=0.6, label=text)
        left += share
    axes[1].set_yticks(range(len(labels)), labels)
    axes[1].set_ylim(len(labels) - 0.5, -0.5)
    figures.axis_labels(axes[1], ("share of the queries", ""), ("rule", ""), "What becomes of a query")
    axes[1].plot([], [])
    for k, variant in enumerate(data.variant.values):
        one = intervals.mean(data.by_alpha.sel(variant=variant).transpose("order", "alpha").values)
        figures.curve(axes[2], data.alpha, one.estimate, one.low, one.high, label=labels[k], k=k, bars=True)
    figures.axis_labels(axes[2], ("alpha", ""), ("performance", "score"), "PORT and alpha", log="x")
    for axis, name, text in ((axes[3], "factor", "budget factor"), (axes[4], "number", "queries"), (axes[5], "split", "split of the budget")):
        x = np.arange(data[name].size) if name == "split" else data[name].values
        for k, label in enumerate(labels):
            one = intervals.mean(data[f"by_{name}"].sel(rule=label).transpose("order", name).values)
            figures.curve(axis, x, one.estimate, one.low, one.high, label=label, k=k, bars=True)
        figures.fluid_line(axis, x, data[f"approximate_{name}"], "approximate optimum (plan by estimates)")
        axis.plot(x, data[f"upper_{name}"], color="black", linestyle=":", label="certified bound on every rule")
        figures.axis_labels(axis, (text, ""), ("performance", "score"))
        axis.set_ylim(0)
    axes[5].set_xticks(range(data.split.size), data.split.values, rotation=60, ha="right")
    figures.legend(figure, axes)
    figures.note(figure, f"Synthetic RouterBench (one table of {data.attrs['queries']:,} queries, our clusters; the paper's data may not be redistributed): random orders, {data.replication.size} at the top left, {data.order.size} elsewhere. "
                         "Bars: pointwise 95% intervals over orders. Rules see estimates from 5 nearest neighbours, BatchSplit those of 256 queries ahead, PORT and dual descent are told horizon and budget; "
                         "the bound knows all true scores and costs. The paper's Roberta predictors and its other two data sets are not played.")  # fmt: skip
    return figure
