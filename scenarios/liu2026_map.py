"""Liu, Kong, Pei (2026): one agent, a star, a chain or a tree, over budget and fidelity, and what simple rules lose [Liu2026]_.

A budget B of tokens, leaves of bias min(1, .01 x^beta), messages of 50 tokens in a window of 450. The best of four is found for every budget and fidelity: one agent, a star (one level), a
chain (each reader takes the one before and fan-in - 1 fresh leaves), a tree of two levels or more. Above, votes; below left, means instead of votes (squared error x^-.4 of
a leaf, noise of a message, best weights along the chain). Below right, the rules that one would think of. The paper's own parameters were not available: these are ours.

**What must be visible.** Small budgets belong to one agent, and below a fidelity that depends on beta all budgets do: no tree pays where s <= beta for every fan-in. Above, the first win comes
where the theory puts it, a star; then the window forces levels. Where beta is large one agent returns at large budgets, being strong. Votes leave the chain a narrow strip; for means it is the first
to win. No simple rule is always good; a tree at x* loses least.
"""

import math

import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.intervals import Interval
from budgetsim.optima.organisation_search import organisation_search, rule_regrets
from budgetsim.shared.organisations import simulate_organisation, tree
from budgetsim.theory import majority_tree as theory

SYSTEM = "multi-agent-phase"
#: no number of the paper was available
PUBLISHED = None
MESSAGE, WINDOW, SCALE = 50.0, 450.0, 0.01
BETAS = (0.1, 0.3, 0.45)  #: the last one is the control
BUDGETS = np.geomspace(1e2, 1e7, 61)
FIDELITIES = np.round(np.linspace(0.4, 1.0, 31), 10)
NOISES = np.geomspace(1e-4, 1.0, 31)
MEAN_BETA = 0.2
LONGEST = 100  #: readers of a chain
TABLE = (0.2, 0.9)  #: beta and fidelity of the table
FANS = np.arange(3, WINDOW / MESSAGE + 1, 2)
CHECKED = (1e4, 1e5)  #: budgets whose best trees are simulated
SMALLER = {"BUDGETS": np.geomspace(1e2, 1e7, 11), "FIDELITIES": np.round(np.linspace(0.4, 1.0, 7), 10), "NOISES": np.geomspace(1e-4, 1.0, 7)}


def chain(budget, beta, fidelity):
    """The best root bias of two readers or more in a row; b - 1 fresh leaves tie with chance C(b-1, h) ((1 - z^2) / 4)^h and then the one before decides."""
    best = 0.0
    for b in FANS.astype(int):
        k = np.arange(1, int(min(LONGEST, budget / (2.0 * MESSAGE * b))) + 1)
        leaves = b + (k - 1) * (b - 1)
        x = (budget - 2.0 * MESSAGE * b * k) / leaves
        z = fidelity * theory.leaf_bias(np.maximum(x, 0.0), beta, SCALE) if k.size else k
        if k.size < 2:
            continue
        fresh = theory.majority_map(z, b - 2) if b > 3 else z
        tied = math.comb(b - 1, (b - 1) // 2) * ((1.0 - z * z) / 4.0) ** ((b - 1) // 2)
        bias = z / fidelity
        for reader in k:
            bias = fresh + tied * fidelity * bias
            if reader > 1:
                best = max(best, bias[reader - 1] if x[reader - 1] > 0.0 else 0.0)
    return best


def mean_risks(budget, noise):
    """The least squared errors of one agent, a star, a chain with its best weights and a tree, leaves independent."""
    agents = np.arange(2.0, 1_001.0)

    def leaf(x):
        return np.maximum(x, 1e-9) ** (-2.0 * MEAN_BETA)

    star = agents[agents <= WINDOW / MESSAGE]
    x = (budget - 2.0 * MESSAGE * star) / star
    risk = [leaf(budget), np.where(x > 0.0, theory.star_risk(star, leaf(x), 0.0, noise), np.inf).min()]
    x = (budget - 2.0 * MESSAGE * (agents - 1.0)) / agents
    v = leaf(x[x > 0.0])
    least, error = np.inf, v
    for i in range(min(v.size, LONGEST)):
        error = v * (noise + error) / (v + noise + error)
        least = min(least, error[i])
    risk.append(least)
    least = np.inf
    for b in star:
        for depth in range(2, 24):
            x = budget / b**depth - theory.node_cost(b, MESSAGE) * (1.0 - b**-depth)
            if x <= 0.0:
                break
            least = min(least, theory.tree_risk(depth, b, leaf(x), 0.0, noise))
    return [*risk, least]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """The maps are exact at every scale. Scale 1 asks the best trees of two budgets 1,000,000 questions each, which checks what the search believes of them."""
    replications = max(2_000, round(1_000_000 * scale))
    bias = np.zeros((len(BETAS), len(FIDELITIES), len(BUDGETS), 3))  # one agent, chain, best of the search
    depth, relaxed = np.zeros(bias.shape[:3], np.int64), np.zeros(bias.shape[:3])
    for i, beta in enumerate(BETAS):
        for j, g in enumerate(FIDELITIES):
            for k, budget in enumerate(BUDGETS):
                best = organisation_search(budget, WINDOW, SCALE, beta, MESSAGE, g)
                bias[i, j, k] = best.plan.single, chain(budget, beta, g), best.value
                depth[i, j, k], relaxed[i, j, k] = best.plan.depth, best.plan.relaxed
    beta, g = TABLE
    rules = rule_regrets(BUDGETS, WINDOW, SCALE, beta, MESSAGE, g)
    played, errors, believed = [], [], []
    for i, budget in enumerate(CHECKED):
        plan = organisation_search(budget, WINDOW, SCALE, beta, MESSAGE, g)
        run = simulate_organisation(tree(plan.plan.fan_in, plan.plan.depth), plan.plan.leaf_bias, g, replications=replications, seed=seed + i, threads=threads or 1)
        played.append(run.node_bias[0])
        errors.append(run.node_error[0])
        believed.append(plan.value)
        if progress:
            progress(replications, 1)
    where = ("beta", "fidelity", "budget")
    return xarray.Dataset(
        {
            "bias": ((*where, "kind"), bias, {"units": "1", "long_name": "root bias"}),
            "depth": (where, depth, {"units": "levels"}),
            "relaxed": (where, relaxed, {"units": "1", "long_name": "bound that needs no search"}),
            "risk": (("noise", "budget", "organisation"), _finite([[mean_risks(b, s) for b in BUDGETS] for s in NOISES]), {"units": "squared error"}),
            "rule_bias": (("rule", "budget"), rules.bias, {"units": "1"}),
            "optimum": ("budget", rules.optimum, {"units": "1"}),
            "played": ("checked", played, {"units": "1", "long_name": "root bias, simulated"}),
            "error": ("checked", errors, {"units": "1"}),
            "believed": ("checked", believed, {"units": "1"}),
        },
        {"beta": list(BETAS), "fidelity": FIDELITIES, "budget": BUDGETS, "kind": ["single", "chain", "search"], "noise": NOISES,
         "organisation": ["single", "star", "chain", "tree"], "rule": list(rules.rule), "checked": list(CHECKED)},
        {"seed": str(seed), "scale": scale},
    )  # fmt: skip


def _finite(risk):
    return np.minimum(np.array(risk), 1e6)  # what cannot be paid


def vote_map(data, i):
    """0 one agent, 1 star, 2 chain, 3 tree: (fidelity, budget)."""
    _, chained, best = data.bias.values[i].transpose(2, 0, 1)
    return np.where(chained > best * (1.0 + 1e-12), 2, np.where(data.depth.values[i] == 0, 0, np.where(data.depth.values[i] == 1, 1, 3)))


def mean_map(data):
    """The same, of means: (noise, budget)."""
    return np.argmin(data.risk.values * (1.0 + 1e-12 * np.arange(4)), axis=2)


def exponents(g):
    """s of every fan-in."""
    return theory.organisation_exponent(FANS, 0.0, g)


def claims(data):
    """The maps need no luck; the simulated trees hold together with confidence 99%."""
    maps = [vote_map(data, i) for i in range(len(BETAS))]
    best, single, budget = data.bias.sel(kind="search").values, data.bias.sel(kind="single").values, data.budget.values
    none = first = near = late = 0
    for i, beta in enumerate(data.beta.values):
        for j, g in enumerate(data.fidelity.values):
            s, trees = exponents(g), data.depth.values[i, j] > 0
            wins = theory.budget_threshold(beta, FANS, MESSAGE, s, depth=1).min()
            none += int(trees[budget < 1e9].any() and (s <= beta).all())
            first += int((trees & (budget < wins * (1 - 1e-9))).sum())
            weak = (single[i, j] < 0.1) & (budget > 1.25 * wins)
            near, late = near + int(weak.sum()), late + int((weak & ~trees).sum())
    ratio = data.rule_bias.values / data.optimum.values
    level = shared(0.99, 2 * data.checked.size)
    z = _quantile(level)
    spans = [Interval(p - b, p - b - z * e, p - b + z * e, level, "normal") for p, b, e in zip(data.played.values, data.believed.values, data.error.values, strict=True)]
    averages = mean_map(data)
    return [
        exact("no tree where s <= beta for every fan-in", none == 0, 0.0),
        exact("no tree below the least B_1 of the theory", first == 0, 0.0),
        exact("a tree above 1.25 times that, wherever one agent's bias is below .1", late == 0 and near > 0, 0.0, detail=f"{near} cells"),
        at_least("the search is at least one agent", float((best - single).min()), 0.0),
        at_most("the search is at most the bound that needs none", float((best - data.relaxed.values).max()), 0.0, 1e-12),
        exact("one agent returns at the largest budget, beta = .3, fidelity 1", bool(maps[1][-1, -1] == 0 and (maps[1][-1] > 0).any()), 0.0),
        exact("votes: a star is the first to win, at every fidelity", all(row[row > 0][0] == 1 for one in maps for row in one if (row > 0).any()), 0.0),
        exact("means: all four are best somewhere", set(np.unique(averages)) == {0, 1, 2, 3}, 0.0),
        exact("means: a chain is the first to win at the least noise", averages[0][averages[0] > 0][0] == 2, 0.0),
        at_most("no simple rule beats the optimum", float(ratio.max()), 1.0, 1e-12),
        at_least("a tree at x* loses least at its worst: least ratio", float(ratio[3].min()), float(np.delete(ratio, 3, axis=0).min(axis=1).max()),
                 detail="; ".join(f"{r} {v:.3f}" for r, v in zip(data.rule.values, ratio.min(axis=1)))),
        weakest([statistical_at_least("the best trees, simulated: not .01 below what the search says", v, -0.01, detail=f"{v.estimate:+.5f}") for v in spans]),
        weakest([statistical_at_most("the best trees, simulated: not .01 above it", v, 0.01, detail=f"{v.estimate:+.5f}") for v in spans]),
        exact("control: beta = .45, above every s: one agent everywhere", bool((maps[2] == 0).all()), 0.0),
    ]  # fmt: skip


def _quantile(level):
    from statistics import NormalDist

    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    depth = data.depth.copy()
    depth[2, 0, -1] = 2
    return data.assign(depth=depth)


def draw(data):
    """Two maps of votes, one of means, and the rules."""
    from matplotlib.colors import ListedColormap

    colours = ("#dddddd", "#56B4E9", "#E69F00", "#009E73")
    figure, axes = figures.picture(2, 2, width=8.4, height=6.4)
    panels = [(data.fidelity, vote_map(data, i), f"Votes, beta = {BETAS[i]}", ("fidelity of a message", ""), "x") for i in range(2)]
    panels.append((data.noise, mean_map(data), f"Means, beta = {MEAN_BETA}", ("noise of a message", "squared error"), "xy"))
    for one, (y, values, title, label, log) in zip(axes, panels, strict=False):
        one.pcolormesh(data.budget, y, values, cmap=ListedColormap(colours), vmin=-0.5, vmax=3.5, rasterized=True)
        figures.axis_labels(one, ("budget", "tokens"), label, title, log=log)
        one.set_xlim(*data.budget.values[[0, -1]])
        one.grid(False)
    for i in range(2):
        wins = [float(theory.budget_threshold(BETAS[i], FANS, MESSAGE, exponents(g), depth=1).min()) for g in data.fidelity.values]
        shown = np.isfinite(wins)
        axes[i].plot(np.array(wins)[shown], data.fidelity.values[shown], color="black", linewidth=1.2, label="first win, theory: least B_1")
    for colour, text in zip(colours, ("one agent", "star", "chain", "tree of 2 levels or more"), strict=True):
        axes[0].plot([], [], color=colour, marker="s", linestyle="", markersize=7, label=text)
    for k, rule in enumerate(data.rule.values):
        figures.curve(axes[3], data.budget, data.rule_bias.values[k] / data.optimum.values, label=f"rule: {'one agent' if rule == 'single' else rule}", k=k)
    figures.axis_labels(axes[3], ("budget", "tokens"), ("bias / that of the best organisation", ""), f"Simple rules, beta = {TABLE[0]}, fidelity {TABLE[1]}", log="x")
    axes[3].set_ylim(0, 1.03)
    figures.legend(figure, axes, where="above")
    figures.note(figure, f"Messages of {MESSAGE:.0f} tokens, window {WINDOW:.0f}, independent leaves of bias min(1, {SCALE} x^beta); means: squared error x^-{2 * MEAN_BETA:g}. Best organisation at "
                         "exact cost, exact everywhere; a cell is one budget and one fidelity. Parameters are ours. A chain's readers take the one before and fresh leaves; a chain of means has its best weights.")  # fmt: skip
    return figure
