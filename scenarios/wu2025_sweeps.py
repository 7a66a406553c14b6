"""Wu and Silwal (2025): PORT against the number of models, the history, its neighbours, epsilon and the quality of the estimates [Wu2025]_.

The world, the rules and how they are played are those of `wu2025_routing`: one synthetic table of 10,000 queries, calibrated to the printed means of
RouterBench's eleven models; 26,497 history queries, 5 neighbours, epsilon = .025, unless the panel says otherwise. Queries, scores and costs are the same in
every panel; only what the rules are shown differs. The paper's embeddings are not there: `blur` stands for them, the noise with which a query's
place shows its kind (4: a neighbour's kind says next to nothing). For the number of models
subsets of the eleven are drawn once, each with a budget of its own. Rules and constants are those of `wu2025_routing`, none was chosen by its result; the claims that say "not as
printed" were written after a look at a small run, and so were the number of replications and the largest blur, in the place of 0, where all queries of a kind tie and share the same few neighbours.

**What must be visible.** What the paper shows of its sweeps: PORT on top of every baseline for any number of models, with a lead that grows with it and is small at two; no change with
the length of the history; three neighbours enough to beat all baselines. Not as printed, and said so: more neighbours go on helping, and learning from many queries, which are routed at random, costs what they would
have earned. PORT as released and with the null option stand side by side. Estimates that say next to nothing take PORT down to the baselines. Greedy-Cost, the control, looks at no score and stays where it was.
"""

import numpy as np
import wu2025_routing as table
import xarray

from budgetsim import figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.policies.batch_split import batch_split
from budgetsim.policies.port import port
from budgetsim.theory.synthetic_router_bench import synthetic_router_bench

SYSTEM = "port-online-routing"
#: the sweeps are printed as pictures; what they must show, in words, and the numbers of the main table
PUBLISHED = table.PUBLISHED | {
    "models": "PORT on top, gap grows with the number of models, tie near 2",
    "history, neighbours, epsilon": "flat; 3 neighbours already beat all baselines",
}
QUERIES, HISTORY = table.QUERIES, table.HISTORY
MODELS = (2, 4, 6, 8, 10)
HISTORIES = (1_000, 5_000, 10_000, 25_000)
NEIGHBOURS = (1, 3, 5, 7, 10)
BLURS = (0.25, 0.5, 1.0, 2.0, 4.0)
EPSILONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2)
PORTS = ("PORT, null option", "PORT as released")
BASELINES = ("BatchSplit", "Greedy-Cost", "Greedy-Perf", "Random")
RULES = {label: table.RULES[label] for label in (*PORTS, *BASELINES)}
#: for whoever cannot wait
SMALLER = {"QUERIES": 600, "HISTORY": 900, "MODELS": (2, 8), "HISTORIES": (600, 900), "NEIGHBOURS": (3, 5), "BLURS": (0.25, 2.0), "EPSILONS": (0.025, 0.1),
           "RULES": RULES | {"BatchSplit": (batch_split(program="linear"), "BatchSplit")}}  # fmt: skip


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 30 random orders of each table, 40 subsets of each number of models; other scales change them, down to 2."""
    orders, subsets = max(2, round(30 * scale)), max(2, round(40 * scale))
    resources = {"threads": threads, "executor": executor, "progress": progress}
    out, share, rng = {}, {"units": "1", "long_name": "performance / certified bound"}, np.random.default_rng(11)

    def shares(bench, budget, replications):
        """Of the certified bound: (rule, order), and the plan by estimates."""
        upper, guess = table.optima(bench, budget)
        return np.array([table.play(label, bench, budget, replications, seed, resources, rule)[0] for label, (rule, _) in RULES.items()]) / upper, guess / upper

    sweeps = {"history": [{"searched": h} for h in HISTORIES], "neighbours": [{"neighbours": k} for k in NEIGHBOURS], "blur": [{"blur": b} for b in BLURS]}
    for name, cases in sweeps.items():
        found, guess, error = [], [], []
        for case in cases:
            bench = synthetic_router_bench(QUERIES, HISTORY, seed=7, **case)
            one = shares(*table.instance(bench, QUERIES, 1.0, "weighted"), orders)
            found.append(one[0])
            guess.append(one[1])
            error.append(np.sqrt(np.mean((bench.estimated_reward - bench.reward) ** 2)))
        out |= {f"by_{name}": ((name, "rule", "order"), found, share), f"guess_{name}": (name, guess, share),
                f"error_{name}": (name, error, {"units": "score", "long_name": "root of the mean squared error of estimated scores"})}  # fmt: skip

    bench = synthetic_router_bench(QUERIES, HISTORY, seed=7)
    found = np.zeros((len(MODELS), len(RULES), subsets))
    guess = np.zeros((len(MODELS), subsets))
    for i, m in enumerate(MODELS):
        for s in range(subsets):
            few = np.sort(rng.permutation(bench.reward.shape[1])[:m])
            one = shares(*table.instance(type(bench)(*(np.ascontiguousarray(a[:, few]) for a in bench)), QUERIES, 1.0, "weighted"), 1)
            found[i, :, s], guess[i, s] = one[0][:, 0], one[1]
    out |= {"by_models": (("models", "rule", "subset"), found, share), "guess_models": (("models", "subset"), guess, share)}

    whole, budget = table.instance(bench, QUERIES, 1.0, "weighted")
    upper = table.optima(whole, budget)[0]
    learnt = [[table.play("", whole, budget, orders, seed, resources, port(epsilon=e, null_option=null))[0] / upper for e in EPSILONS] for null in (True, False)]
    return xarray.Dataset(
        out | {"by_epsilon": (("variant", "epsilon", "order"), learnt, share)},
        {"rule": list(RULES), "models": list(MODELS), "history": list(HISTORIES), "neighbours": list(NEIGHBOURS), "blur": list(BLURS), "epsilon": list(EPSILONS), "variant": list(PORTS)},
        {"seed": str(seed), "scale": scale, "queries": QUERIES},
    )


def lead(data, name, rule):
    """Share of the bound by which PORT is above the best baseline: (point, order)."""
    values = data[f"by_{name}"].transpose(name, "rule", ...)
    return values.sel(rule=rule) - values.sel(rule=list(BASELINES)).max("rule")


def claims(data):
    """The statistical verdicts hold together with confidence 99%: over orders of one table, over subsets for the number of models."""
    level = shared(0.99, 14)
    cases, models = shared(level, 2), "lead in shares of the bound, over subsets"
    ahead = {rule: lead(data, "models", rule).values for rule in PORTS}
    at = {name: {rule: data[f"by_{name}"].sel(rule=rule).transpose(name, "order").values for rule in (*PORTS, *BASELINES)} for name in ("history", "neighbours", "blur")}
    three = list(data.neighbours.values).index(3)
    best = np.max([at["neighbours"][rule].max(axis=0) for rule in BASELINES], axis=0)
    few, half = data.history.values.tolist().index(min(h for h in HISTORIES if h >= min(5_000, HISTORIES[-1]))), int(np.argmin(abs(data.blur.values - 0.5)))
    usual = list(data.epsilon.values).index(0.025)
    learnt = data.by_epsilon.transpose("variant", "epsilon", "order").values
    pairs = [at[name][PORTS[0]][i] - at[name][PORTS[1]][i] for name in ("history", "neighbours") for i in range(data[name].size)]
    error = data.error_blur.values
    return [
        at_most("no run scores above the certified bound, relative", max(float(data[f"by_{n}"].max()) for n in ("models", "history", "neighbours", "blur", "epsilon")), 1.0, kind="certified"),
        weakest([statistical_at_least("as printed: from four models on PORT is above every baseline, with the null option and as released", v, 0.0, shared(level, 2 * len(MODELS)), models)
                 for lines in ahead.values() for v in lines[1:]]),
        *(statistical_at_least(f"as printed: the lead grows from few to many models, {rule}", v[-1] - v[0], 0.0, level, models) for rule, v in ahead.items()),
        *(statistical_at_most(f"as printed: at two models it is less than half of that, {rule}", v[0] - v[-1] / 2, 0.0, level, models) for rule, v in ahead.items()),
        weakest([statistical_at_least("as printed: 5,000 history queries do as well as 25,000, within 5%", v[few] - 0.95 * v[-1], 0.0, cases)
                 for v in (at["history"][rule] for rule in PORTS)]),
        weakest([statistical_at_least("as printed: with 3 neighbours both are above every baseline with any number", at["neighbours"][rule][three] - best, 0.0, cases) for rule in PORTS]),
        weakest([statistical_at_least("not as printed: with the most neighbours both are more than 3% above that; it is not flat", at["neighbours"][rule][-1] - 1.03 * at["neighbours"][rule][three], 0.0, cases)
                 for rule in PORTS]),
        weakest([statistical_at_most("not as printed: learning from the largest share of queries costs more than 3%; it is not flat", v[-1] - 0.97 * v[usual], 0.0, cases) for v in learnt]),
        weakest([statistical_at_least("the null option is above as released for every history and number of neighbours", v, 0.0, shared(level, len(pairs))) for v in pairs]),
        at_least("the blur controls the error of estimated scores: it grows", float(np.diff(error).min()), 0.0, detail="root mean square " + ", ".join(f"{e:.3f}" for e in error)),
        statistical_at_most("control: estimates that say next to nothing cost PORT with the null option a third", at["blur"][PORTS[0]][-1] - at["blur"][PORTS[0]][half] * 2 / 3, 0.0, level),
        statistical_at_least("control: Greedy-Cost, which looks at no score, keeps nine tenths", at["blur"]["Greedy-Cost"][-1] - 0.9 * at["blur"]["Greedy-Cost"][half], 0.0, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(by_history=data.by_history * 4)


def draw(data):
    """Number of models, history, neighbours; epsilon, blur, and the lead against the number of models."""
    figure, axes = figures.picture(3, 2, width=10.6, height=6.4)
    printed, optimum = PUBLISHED["main table"], PUBLISHED["main table"]["Optimum"][0][0]
    for axis, name, text in (
        (axes[0], "models", ("models", "random subsets of eleven")),
        (axes[1], "history", ("history", "queries")),
        (axes[2], "neighbours", ("nearest neighbours k", "")),
        (axes[4], "blur", ("blur of the embedding", "")),
    ):
        over = "subset" if name == "models" else "order"
        for k, label in enumerate(data.rule.values):
            one = intervals.mean(data[f"by_{name}"].sel(rule=label).transpose(over, name).values)
            figures.curve(axis, data[name], one.estimate, one.low, one.high, label=str(label), k=k, bars=True)
            if name == "neighbours" and RULES[label][1]:
                axis.plot([5], [printed[RULES[label][1]][0][0] / optimum], "x", color=figures.look(k).colour, zorder=5)
        guess = data[f"guess_{name}"]
        figures.fluid_line(axis, data[name], guess.mean("subset") if name == "models" else guess, "plan by estimates (approximate optimum)")
        figures.axis_labels(axis, text, ("performance / bound", ""))
        axis.set_ylim(0)
    axes[2].plot([], [], "x", color="black", label="printed, k = 5, over the printed optimum (other data: order only)")
    for k, label in enumerate(data.variant.values):
        one = intervals.mean(data.by_epsilon.sel(variant=label).transpose("order", "epsilon").values)
        figures.curve(axes[3], data.epsilon, one.estimate, one.low, one.high, label=str(label), k=k, bars=True)
    figures.axis_labels(axes[3], ("epsilon, share of queries learnt from", ""), ("performance / bound", ""), log="x")
    axes[3].set_ylim(0)
    for k, label in enumerate(PORTS):
        one = intervals.mean(lead(data, "models", label).transpose("subset", "models").values)
        figures.curve(axes[5], data.models, one.estimate, one.low, one.high, label=label, k=k, bars=True)
    axes[5].axhline(0.0, color="black", linewidth=0.8)
    figures.axis_labels(axes[5], ("models", "random subsets of eleven"), ("lead on the best baseline", "share of the bound"))
    figures.legend(figure, axes)
    figures.note(figure, f"Synthetic RouterBench, one table of {data.attrs['queries']:,} queries: {data.order.size} random orders, {data.subset.size} subsets for each number of models; bars: pointwise 95% intervals over these. "
                         "Bound: certified, knows all true scores and costs. Where a panel does not say otherwise: eleven models, 26,497 history queries, k = 5, blur .5, epsilon .025. The paper prints its sweeps as pictures only.")  # fmt: skip
    return figure
