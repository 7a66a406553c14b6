"""Hu et al. (2024): which edges of a communication graph to keep, when every edge costs.

CommFormer learns a directed graph of a given number of edges, together with its agents [Hu2024]_. Here the agents are given, so that the value of every graph is
exact: six agents hold signals of precision 1, 1, 1, 1, 2, 4 about one number, pass on what they hold in each of r rounds, a message keeps nine
tenths of a signal's precision, and the risk is the mean squared error of their averages (`budgetsim.shared.communication_edges`; the model is ours).

**What must be visible.** With one round, greedy is exact. With more it is not: relays pay only when the graph behind them is there. With 2 (n - 1) edges and
two rounds the best graph is the star around the most precise agent, found by branch and bound with no gap. Learning from noisy episodes alone, told nothing about the
team, comes within a percent of the best graph with one round, and within eight with two and three.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray

from budgetsim import figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.edge_budget import edge_budget
from budgetsim.shared.communication_edges import edge_risk, greedy_edges, learned_edges

SYSTEM = "commformer"
#: the paper's agents are trained networks; no number of its is about this model
PUBLISHED = None
PRECISION, FIDELITY, ROUNDS = (1.0, 1.0, 1.0, 1.0, 2.0, 4.0), 0.9, (1, 2, 3)
BUDGETS, LEARNED, EPISODES, BIN = tuple(range(13)), (2, 4, 6, 8, 10, 12), 100_000, 1000
SMALLER = {"BUDGETS": (0, 2, 4, 6, 10), "LEARNED": (2, 10), "EPISODES": 3000, "BIN": 100}
SHOWN = 10  #: edges of the learning curves


def star(n):
    """Everybody hears the last agent, and it everybody."""
    return [(n - 1, i) for i in range(n - 1)] + [(i, n - 1) for i in range(n - 1)]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 20 learners for each number of edges and rounds, 1,000 random graphs; exact and greedy graphs are the same at every scale."""
    learners, graphs, n = max(2, round(20 * scale)), max(20, round(1000 * scale)), len(PRECISION)
    rng = np.random.default_rng(seed)
    pairs = np.array([(j, i) for i in range(n) for j in range(n) if i != j])
    shape = len(ROUNDS), len(BUDGETS)
    exact, lower, looked, greedy, exchanged = (np.zeros(shape) for _ in range(5))
    chance, learned = np.zeros((*shape, graphs)), np.zeros((len(ROUNDS), len(LEARNED), learners))
    path = np.zeros((len(ROUNDS), learners, EPISODES // BIN))
    for a, rounds in enumerate(ROUNDS):
        told = {"rounds": rounds, "fidelity": FIDELITY}
        for b, edges in enumerate(BUDGETS):
            best = edge_budget(PRECISION, edges, **told)
            exact[a, b], lower[a, b], looked[a, b] = best.value, best.lower, best.plan.nodes
            greedy[a, b] = greedy_edges(PRECISION, edges, **told).risk
            exchanged[a, b] = greedy_edges(PRECISION, edges, exchanges=True, **told).risk
            for g in range(graphs):
                chance[a, b, g] = edge_risk(PRECISION, pairs[rng.permutation(len(pairs))[:edges]].tolist(), **told)

    def play(job):
        a, b, k = job
        found, tried = learned_edges(PRECISION, LEARNED[b], rounds=ROUNDS[a], fidelity=FIDELITY, episodes=EPISODES, seed=seed % 2**60 + 100 * k + LEARNED[b])
        learned[job] = found.risk
        if LEARNED[b] == SHOWN:
            path[a, k] = tried.reshape(-1, BIN).mean(axis=1)
        if progress is not None:
            progress(1, EPISODES)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(play, np.ndindex(learned.shape)))
    squared = {"units": "squared error"}
    return xarray.Dataset(
        {
            "exact": (("rounds", "edges"), exact, squared),
            "lower": (("rounds", "edges"), lower, squared),
            "looked": (("rounds", "edges"), looked, {"units": "partial graphs"}),
            "greedy": (("rounds", "edges"), greedy, squared),
            "exchanged": (("rounds", "edges"), exchanged, squared),
            "chance": (("rounds", "edges", "graph"), chance, squared),
            "learned": (("rounds", "kept", "learner"), learned, squared),
            "path": (("rounds", "learner", "episode"), path, squared),
            "star": ("rounds", [edge_risk(PRECISION, star(n), rounds=r, fidelity=FIDELITY) for r in ROUNDS], squared),
            "ring": ("rounds", [edge_risk(PRECISION, [(i, (i + 1) % n) for i in range(n)], rounds=r, fidelity=FIDELITY) for r in ROUNDS], squared),
            "all": ("rounds", [edge_risk(PRECISION, pairs.tolist(), rounds=r, fidelity=FIDELITY) for r in ROUNDS], squared),
        },
        {"rounds": list(ROUNDS), "edges": list(BUDGETS), "kept": list(LEARNED), "episode": BIN * np.arange(1, EPISODES // BIN + 1)},
        {"seed": str(seed), "scale": scale},
    )


def excess(data, name):
    """Risk above the best graph's, as a share of it."""
    if name == "learned":
        return data.learned / data.exact.sel(edges=data.kept.values).rename(edges="kept") - 1.0
    return data[name] / data.exact - 1.0


def claims(data):
    """All statistical verdicts hold together with confidence 95%."""
    level = shared(0.95, 2 * data.rounds.size)
    greedy, learned, some = excess(data, "greedy"), excess(data, "learned"), data.sel(edges=SHOWN)
    middle = data.edges.values >= 4
    return [
        at_most("every best graph is certified", float((data.exact - data.lower).max()), 0.0, 1e-12),
        at_most("no rule is below the best graph", -float(min(greedy.min(), excess(data, "exchanged").min(), learned.min(), excess(data, "chance").min())), 0.0, 1e-12),
        at_most("with one round greedy is exact", float(greedy.sel(rounds=1).max()), 0.0, 1e-12),
        at_least("with two rounds greedy loses at least 5% somewhere", float(greedy.sel(rounds=2).max()), 0.05),
        at_most("an edge more never hurts", float(data.exact.diff("edges").max()), 0.0, 1e-12),
        at_most("a round more never hurts", float(data.exact.diff("rounds").max()), 0.0, 1e-12),
        at_most("two rounds and 2 (n - 1) edges: the star around the most precise agent", float(data.star.sel(rounds=2) / some.exact.sel(rounds=2)) - 1.0, 0.0, 1e-12),
        at_least("control: with one round that star is not the best graph", float(data.star.sel(rounds=1) / some.exact.sel(rounds=1)) - 1.0, 0.05),
        at_least("control: a random graph of at least four edges is a quarter worse on average", float(excess(data, "chance").mean("graph").values[:, middle].min()), 0.25),
        *[statistical_at_most(f"{r} round{'s' * int(r > 1)}: learning comes within 12% of the best graph on average", learned.sel(rounds=r).mean("kept").values, 0.12, level) for r in data.rounds.values],
        weakest([statistical_at_least("control: learned graphs are below random ones", float(some.chance.sel(rounds=r).mean()) - data.learned.sel(rounds=r, kept=SHOWN).values, 0.0, level)
                 for r in data.rounds.values]),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(greedy=data.greedy * xarray.where(data.rounds == 1, 1.01, 1.0))


def draw(data):
    """The best risk; what greedy, exchanges and learning lose; how learning goes."""
    figure, axes = figures.picture(4, width=11.2, height=3.5)
    rounds = [int(r) for r in data.rounds.values]
    name = {r: f"{r} round{'s' * (r > 1)}" for r in rounds}
    for k, r in enumerate(rounds):
        one = data.sel(rounds=r)
        figures.curve(axes[0], data.edges, one.exact, label=name[r], k=k)
        figures.curve(axes[1], data.edges, 100 * excess(data, "greedy").sel(rounds=r), k=k)
        rest = intervals.mean(100 * excess(data, "learned").sel(rounds=r).values.T)
        figures.curve(axes[2], data.kept, rest.estimate, rest.low, rest.high, k=k, bars=True)
        figures.curve(axes[3], data.episode, one.path.mean("learner"), k=k, markers=False)
        axes[3].axhline(float(one.exact.sel(edges=SHOWN)), color=figures.look(k).colour, linewidth=0.8, linestyle=":", zorder=1)
    figures.fluid_line(axes[0], data.edges, data.chance.sel(rounds=2).mean("graph"), "random graph, 2 rounds")
    figures.point(axes[0], len(PRECISION), float(data.ring.sel(rounds=3)), "ring, 3", dx=3, dy=12)
    figures.point(axes[0], 2 * len(PRECISION) - 2, float(data.star.sel(rounds=2)), "star, 2", dx=-2, dy=-10)
    axes[0].set_ylim(0.0, None)
    for axis in axes[:3]:
        axis.set_xticks(range(0, max(BUDGETS) + 1, 2))
    figures.axis_labels(axes[0], ("edges kept", ""), ("mean squared error", ""), "The best graph")
    figures.axis_labels(axes[1], ("edges kept", ""), ("risk above the best", "%"), "Greedy")
    figures.axis_labels(axes[2], ("edges kept", ""), ("risk above the best", "%"), "Learned")
    figures.axis_labels(axes[3], ("episode", ""), ("risk of the tried graph", ""), f"Learning {SHOWN} edges", log="x")
    figures.legend(figure, axes, where="top")
    figures.note(figure, f"{len(PRECISION)} agents of precision {', '.join(f'{p:g}' for p in PRECISION)}; a message keeps {FIDELITY:g} of a signal's precision. Best graphs by branch and bound, no gap. Bars: pointwise 95% intervals of "
                         f"{data.learner.size} learners of {EPISODES:,} episodes. Dotted: the best graph.")  # fmt: skip
    return figure
