"""Liu, Kong, Pei (2026): where the recursion of a tree is wrong: shared ancestors, and a failure shared before the channel [Liu2026]_.

The recursion mu -> F(mu) takes the messages that a node reads for independent but for its own shared failure. In a tree they are. Four departures: two levels of three whose readers share leaves, exactly;
layers of w voters, each of whom reads 3 of the layer before, simulated; a tree whose shared failure comes before the channel, so that the copies differ; and the best of all organisations of at
most 7 agents, by enumeration, beside the best complete tree of any size. The paper's own parameters were not available: these are ours.

**What must be visible.** The more leaves the readers share, the more the recursion promises: with good messages up to half as much again as there is. A layer that is narrow agrees with itself
before it agrees with the truth, and stays far below the recursion's fixed point; the wider, the nearer. A failure shared before the channel costs less than the recursion says. And
near the line s = beta, where no tree pays yet, leaves that are read several times do: "synergy iff s > beta" is about trees.
"""

from statistics import NormalDist

import networkx
import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.intervals import Interval
from budgetsim.optima.organisation_search import organisation_search
from budgetsim.optima.small_organisation_search import exact_bias, small_organisation_search
from budgetsim.shared.organisations import random_dag, simulate_organisation, tree
from budgetsim.theory import majority_tree as theory

SYSTEM = "multi-agent-phase"
#: no number of the paper was available
PUBLISHED = None
LEAVES = (3, 4, 5, 6, 7, 8, 9)  #: of which three readers read three each
FIDELITIES = (1.0, 0.9, 0.8)
WEAK, STRONG = 1e-6, 0.3  #: leaf biases
WIDTHS = (9, 27, 81, 243, 729)
LAYERS, LAYER_BIAS, LAYER_FIDELITY = 10, 0.1, 0.9
DEPTH, TREE_BIAS, TREE_FIDELITY, CORRELATION = 6, 0.1, 0.8, 0.4
MAP_FIDELITY = np.round(np.linspace(0.6, 1.0, 41), 10)
MAP_BETA = np.round(np.linspace(0.05, 0.41, 25), 10)
BUDGET, MESSAGE, WINDOW, SINGLE = 1e6, 1.0, 3.0, 0.02  #: messages are nearly free; one agent's bias
SMALLER = {"MAP_FIDELITY": np.round(np.linspace(0.6, 1.0, 9), 10), "MAP_BETA": np.round(np.linspace(0.05, 0.41, 7), 10), "WIDTHS": (9, 27, 243)}


def ring(leaves):
    """Three readers of three neighbours each on a ring of leaves, as evenly spread as they go, and their reader."""
    return (*(tuple((j * leaves // 3 + i) % leaves for i in range(3)) for j in range(3)), (leaves, leaves + 1, leaves + 2))


def drawn(leaves):
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(leaves + 4))
    graph.add_edges_from((u, leaves + j) for j, inputs in enumerate(ring(leaves)) for u in inputs)
    return graph


def best_class(beta, fidelity):
    """0 one agent, 1 a tree, complete or of at most 7 agents, 2 shared ancestors; and how much these win over the best of the others."""
    known = BUDGET, WINDOW, SINGLE / BUDGET**beta, beta, MESSAGE, fidelity
    complete, small = organisation_search(*known), small_organisation_search(*known)
    trees = max(complete.value, small.plan.tree)
    if small.value > trees * (1.0 + 1e-9):
        return 2, small.value / trees - 1.0
    return int(trees > complete.plan.single * (1.0 + 1e-9)), 0.0


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 400,000 questions a figure; what is enumerated is exact at every scale."""
    replications = max(1_000, round(400_000 * scale))
    threads = threads or 1

    def ask(graph, *what, **more):
        run = simulate_organisation(graph, *what, replications=replications, seed=seed, threads=threads, **more)
        if progress:
            progress(replications, 1)
        return run

    weak = np.array([[exact_bias(ring(n), n, WEAK, g) for n in LEAVES] for g in FIDELITIES]) / WEAK
    strong = np.array([[exact_bias(ring(n), n, STRONG, g) for n in LEAVES] for g in FIDELITIES])
    said = np.array([theory.tree_bias(STRONG, 2, 3, 0.0, g) for g in FIDELITIES])
    rings = [ask(drawn(n), STRONG, FIDELITIES[1]) for n in LEAVES]
    layers = [ask(random_dag(w, w * LAYERS, 3, seed=1, layers=LAYERS), LAYER_BIAS, LAYER_FIDELITY) for w in WIDTHS]
    trees = [ask(tree(3, DEPTH), TREE_BIAS, TREE_FIDELITY, CORRELATION, correlated=c) for c in ("received", "sent")]
    cells = np.array([[best_class(b, g) for g in MAP_FIDELITY] for b in MAP_BETA])
    levels = np.arange(DEPTH + 1)
    return xarray.Dataset(
        {
            "amplification": (("fidelity", "leaves"), weak, {"units": "1"}),
            "promised": ("fidelity", [theory.amplification(3, 0.0, g) ** 2 for g in FIDELITIES], {"units": "1"}),
            "bias": (("fidelity", "leaves"), strong, {"units": "1", "long_name": "exact root bias"}),
            "recursion": ("fidelity", said, {"units": "1"}),
            "ring_played": ("leaves", [r.node_bias[-1] for r in rings], {"units": "1"}),
            "ring_error": ("leaves", [r.node_error[-1] for r in rings], {"units": "1"}),
            "layer_bias": (("width", "layer"), np.array([r.level_bias for r in layers]), {"units": "1"}),
            "layer_error": (("width", "layer"), np.array([r.level_error for r in layers]), {"units": "1"}),
            "layer_said": ("layer", theory.tree_bias(LAYER_BIAS, np.arange(LAYERS + 1), 3, 0.0, LAYER_FIDELITY), {"units": "1"}),
            "tree_bias": (("common", "level"), np.array([r.level_bias for r in trees]), {"units": "1"}),
            "tree_error": (("common", "level"), np.array([r.level_error for r in trees]), {"units": "1"}),
            "tree_said": (("common", "level"), np.array([theory.tree_bias(TREE_BIAS, levels, 3, CORRELATION, TREE_FIDELITY, correlated=c) for c in ("received", "sent")]), {"units": "1"}),
            "correlation": ("common", [r.correlation[1] for r in trees], {"units": "1", "long_name": "of two received messages of a leaf's reader"}),
            "correlation_error": ("common", [r.correlation_error[1] for r in trees], {"units": "1"}),
            "best": (("beta", "reliability"), cells[:, :, 0].astype(np.int64), {"units": "0 one agent, 1 tree, 2 shared ancestors"}),
            "win": (("beta", "reliability"), cells[:, :, 1], {"units": "1", "long_name": "over the best tree or agent"}),
        },
        {"fidelity": list(FIDELITIES), "leaves": list(LEAVES), "width": list(WIDTHS), "layer": np.arange(LAYERS + 1), "common": ["received", "sent"], "level": levels,
         "beta": MAP_BETA, "reliability": MAP_FIDELITY},
        {"seed": str(seed), "scale": scale, "replications": replications},
    )  # fmt: skip


def claims(data):
    """Enumerations are exact; the statistical verdicts hold together with confidence 99%."""
    level = shared(0.99, data.leaves.size + 2 + 2 * DEPTH + 1 + 2)
    z = NormalDist().inv_cdf((1.0 + level) / 2.0)

    def span(value, error):
        return Interval(value, value - z * error, value + z * error, level, "normal")

    gaps = data.promised / data.amplification - 1.0
    shares = data.amplification.sel(leaves=[n for n in LEAVES if n < 9])
    rings = [span(float(p - b), float(e)) for p, b, e in zip(data.ring_played, data.bias.sel(fidelity=FIDELITIES[1]), data.ring_error, strict=True)]
    narrow, wide = (data.isel(width=i, layer=-1) for i in (0, -1))
    lag = (span(float(data.layer_said[-1] - d.layer_bias), float(d.layer_error)) for d in (narrow, wide))
    own = [span(float(p - s), float(e)) for p, s, e in zip(data.tree_bias.values[:, 1:].ravel(), data.tree_said.values[:, 1:].ravel(), data.tree_error.values[:, 1:].ravel(), strict=True)]
    other = span(float(data.tree_bias[1, 3] - data.tree_said[0, 3]), float(data.tree_error[1, 3]))
    together = [span(float(c), float(e)) for c, e in zip(data.correlation, data.correlation_error, strict=True)]
    s = theory.organisation_exponent(3, 0.0, data.reliability.values)
    below = data.beta.values[:, None] > s[None]
    sent = theory.tree_bias(TREE_BIAS, 3, 3, CORRELATION, TREE_FIDELITY, correlated="sent") - theory.tree_bias(TREE_BIAS, 3, 3, CORRELATION, TREE_FIDELITY)
    return [
        exact("control: nine leaves, nobody shared: the recursion is exact", bool(abs(data.bias.sel(leaves=9) - data.recursion).max() < 1e-12), 0.0),
        exact("whoever shares leaves has less than the recursion says", bool((shares < 0.999 * data.promised).all()), 0.0),
        exact("the more is shared, the less", bool((np.diff(data.bias.values, axis=1) > -1e-12).all()), 0.0),
        at_least("how much the recursion promises too much, weak leaves, all three shared, fidelity 1", float(gaps[0, 0]), 0.5, 1e-6,
                 detail=f"at {FIDELITIES[1]}: {float(gaps[1, 0]):.3f}, at {FIDELITIES[2]}: {float(gaps[2, 0]):.3f}"),
        weakest([statistical_at_least("simulated rings: not .01 below the enumeration", v, -0.01) for v in rings]),
        weakest([statistical_at_most("simulated rings: not .01 above it", v, 0.01) for v in rings]),
        statistical_at_least(f"{WIDTHS[0]} voters a layer: recursion - simulated, layer {LAYERS}", next(lag), 0.5),
        statistical_at_most(f"{WIDTHS[-1]} voters a layer: the same", next(lag), 0.4),
        weakest([statistical_at_least("trees: not .02 below the recursion that knows where the failure is shared", v, -0.02) for v in own]),
        weakest([statistical_at_most("trees: not .02 above it", v, 0.02) for v in own]),
        statistical_at_least("failure before the channel: simulated - usual recursion, level 3", other, 0.01, detail=f"in theory {sent:.4f}"),
        statistical_at_least("two received messages: correlation, failure after the channel", together[0], CORRELATION - 0.02),
        statistical_at_most("two received messages: correlation, failure before it", together[1], CORRELATION - 0.05),
        exact("no tree where s <= beta", not bool(((data.best.values == 1) & below).any()), 0.0),
        exact("shared ancestors win there, in some cells", bool(((data.best.values == 2) & below).any()), 0.0,
              detail=f"{int(((data.best.values == 2) & below).sum())} cells; by {100 * float(data.win.max()):.1f}% at most"),
        exact("without noise and shared failures they never do", not bool((data.best.sel(reliability=1.0) == 2).any()), 0.0),
        at_most("control: cells with shared ancestors best and beta above ln 1.5 / ln 3, the s of perfect messages", float((data.best.values[data.beta.values > theory.organisation_exponent(3)] == 2).sum()), 0.0, kind="exact"),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(bias=data.bias.where(data.leaves != 9, data.bias + 1e-6))


def draw(data):
    """Rings, layers, a failure before the channel, and the map of what is best."""
    from matplotlib.colors import ListedColormap

    figure, axes = figures.picture(2, 2, width=8.8, height=6.6)
    for k, g in enumerate(data.fidelity.values):
        figures.curve(axes[0], data.leaves, data.amplification.sel(fidelity=g) / data.promised.sel(fidelity=g), label=f"exact, fidelity {g}", k=k)
    figures.fluid_line(axes[0], [LEAVES[0], LEAVES[-1]], [1, 1], "recursion")
    figures.axis_labels(axes[0], ("different leaves of the nine that are read", ""), ("amplification / that of the recursion", ""), "Two levels of three readers")
    axes[0].set_ylim(0.6, 1.03)
    for k, w in enumerate(data.width.values):
        mean, error = data.layer_bias.sel(width=w), 1.96 * data.layer_error.sel(width=w)
        figures.curve(axes[1], data.layer, mean, mean - error, mean + error, label=f"{w} voters a layer", k=k + 3)
    figures.fluid_line(axes[1], data.layer, data.layer_said, "recursion")
    figures.axis_labels(axes[1], ("layer", ""), ("mean bias of a layer", ""), f"Layers, each reads 3, fidelity {LAYER_FIDELITY}")
    for k, c in enumerate(data.common.values):
        one = data.sel(common=c)
        figures.curve(axes[2], data.level, one.tree_bias, one.tree_bias - 1.96 * one.tree_error, one.tree_bias + 1.96 * one.tree_error, label=f"failure shared as {c}", k=k + 8, bars=True)
        axes[2].plot(data.level, one.tree_said, color="black", linewidth=0.9, linestyle=("-", ":")[k], label=f"recursion, {c}")
    figures.axis_labels(axes[2], ("level", ""), ("mean bias of a level", ""), f"A tree, rho = {CORRELATION}, fidelity {TREE_FIDELITY}")
    colours = ("#dddddd", "#009E73", "#D55E00")
    axes[3].pcolormesh(data.reliability, data.beta, data.best, cmap=ListedColormap(colours), vmin=-0.5, vmax=2.5, rasterized=True)
    s = theory.organisation_exponent(3, 0.0, data.reliability.values)
    axes[3].plot(data.reliability.values, s, color="black", linewidth=1.2, label="s = beta")
    axes[3].set_ylim(*data.beta.values[[0, -1]])
    for colour, text in zip(colours, ("best: one agent", "best: a tree", "best: shared ancestors"), strict=True):
        axes[3].plot([], [], color=colour, marker="s", linestyle="", markersize=7, label=text)
    figures.axis_labels(axes[3], ("fidelity of a message", ""), ("beta", ""), "Up to 7 agents, or any complete tree")
    axes[3].grid(False)
    figures.legend(figure, axes)
    figures.note(figure, f"Fan-in 3 throughout. Rings: weak leaves. Layers: leaves of bias {LAYER_BIAS}, one wiring a width. Tree: leaves of bias {TREE_BIAS}. Bands and bars: pointwise 95% of {data.attrs['replications']:,} questions. "
                         f"Map: B = {BUDGET:,.0f}, messages of {MESSAGE:.0f} token, window {WINDOW:.0f}, one agent's bias {SINGLE}, independent failures; every organisation of at most 7 agents was tried.")  # fmt: skip
    return figure
