"""Liu, Kong, Pei (2026), depth: below a critical fidelity a deep tree of majorities forgets everything, above it a weak signal survives [Liu2026]_.

Left: the bias of the nodes t levels above the leaves, trees with fan-in 3, leaves of bias .05, no shared failures; lines are the recursion, marks are whole trees, drawn
to the last leaf. Right: fan-in 5, the bias after 30 levels over (rho, gamma). The paper states a synthetic validation of its phase boundary; which axes it has was
not available: both panels are a reconstruction.

**What must be visible.** gamma = .6 (alpha = .9) dies, gamma = .8 and .9 reach mu* within 30 levels. gamma = .7 (alpha = 1.05) grows too, but comes within 1% of mu* = .54 only after 86 levels:
30 levels cannot show it. On the right the edge between what grows and what dies lies on alpha = 1.
"""

import os
from statistics import NormalDist

import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import agree, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.intervals import Interval
from budgetsim.shared.organisations import simulate_organisation, tree
from budgetsim.theory.majority_tree import amplification, critical_fidelity, fixed_point, mixing_depth, tree_bias

SYSTEM = "multi-agent-phase"
#: no figure of the paper was available
PUBLISHED = None
DERIVED = {"source": "an earlier computation of ours", "mu*": {0.6: 0.0, 0.7: 0.539949, 0.8: 0.883883, 0.9: 0.979908}, "tolerance": 5e-7}
GAMMA, START, LEVELS = (0.6, 0.7, 0.8, 0.9), 0.05, 30
RHO, SIDE = (0.0, 0.2, 0.4, 0.6), (0.9, 1.1)
DRAWN, DRAWN_5, GRID = 10, 6, 121
SMALLER = {"DRAWN": 5, "DRAWN_5": 3, "GRID": 31}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 40,000 trees of 3^10 = 59,049 leaves for each gamma, 80,000 of 5^6 = 15,625 for each pair right of the line and left of it."""

    def drawn(b, depth, rho, gamma, replications, seed):
        runs = simulate_organisation(trees[b], START, gamma, rho, replications=replications, seed=seed, threads=threads or os.cpu_count())
        if progress:
            progress(replications, depth)
        return runs.level_bias, runs.level_error

    trees = {3: tree(3, DRAWN), 5: tree(5, DRAWN_5)}
    edge = critical_fidelity(5, RHO)
    few = np.array([drawn(3, DRAWN, 0.0, g, max(64, round(40000 * scale)), seed + k) for k, g in enumerate(GAMMA)])
    near = np.array(
        [
            [drawn(5, DRAWN_5, r, g * x, max(64, round(80000 * scale)), seed + 10 * i + k + 100) for k, x in enumerate(SIDE)]
            for i, (r, g) in enumerate(zip(RHO, edge))
        ]
    )
    rho, gamma = np.linspace(0.0, 0.9, GRID), np.linspace(0.4, 1.0, GRID)
    one = {"units": "1"}
    return xarray.Dataset(
        {
            "mu": (("fidelity", "t"), tree_bias(START, np.arange(LEVELS + 1), 3, 0.0, np.array(GAMMA)[:, None]), {**one, "long_name": "bias by the recursion"}),
            "star": ("fidelity", fixed_point(3, 0.0, GAMMA), one),
            "mixing": ("fidelity", mixing_depth(START, 3, 0.0, GAMMA), {"units": "levels"}),
            "drawn": (("fidelity", "level"), few[:, 0], one),
            "drawn_error": (("fidelity", "level"), few[:, 1], one),
            "near": (("rho", "side", "level_5"), near[:, :, 0], one),
            "near_error": (("rho", "side", "level_5"), near[:, :, 1], one),
            "near_edge": ("rho", edge, {**one, "long_name": "gamma where alpha = 1"}),
            "deep": (("rho_grid", "gamma_grid"), tree_bias(START, LEVELS, 5, rho[:, None], gamma[None]), {**one, "long_name": "bias after 30 levels"}),
            "edge": ("rho_grid", critical_fidelity(5, rho), one),
        },
        {
            "fidelity": list(GAMMA),
            "t": np.arange(LEVELS + 1),
            "level": np.arange(DRAWN + 1),
            "level_5": np.arange(DRAWN_5 + 1),
            "rho": list(RHO),
            "side": list(SIDE),
            "rho_grid": rho,
            "gamma_grid": gamma,
        },
        {"seed": str(seed), "scale": scale},
    )


def _agree(claim, got, error, said, level, refuse=False):
    return agree(claim, got, error, said, level, refuse, f"largest standard error {float(np.max(error)):.2g}")


def _near(data, rho):
    """The recursion beside the drawn trees with fan-in 5."""
    gamma = data.near_edge.values[:, None, None] * np.array(SIDE)[None, :, None]
    return tree_bias(START, data.level_5.values[None, None], 5, rho, gamma)


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, mu, star = shared(0.99, 5), data.mu.values, data.star.values
    above = np.sign(data.deep.values - START), np.sign(data.gamma_grid.values[None] / data.edge.values[:, None] - 1.0)
    off = np.where(above[0] != above[1], np.abs(data.gamma_grid.values[None] / data.edge.values[:, None] - 1.0), 0.0)
    last = data.sizes["level_5"] - 2  # the level below the root
    one = shared(level, len(RHO))
    z = NormalDist().inv_cdf(0.5 + one / 2)

    def growth(k):
        moved = [data.near.values[i, k, last] - data.near.values[i, k, 0] for i in range(len(RHO))]
        error = [data.near_error.values[i, k, last] + data.near_error.values[i, k, 0] for i in range(len(RHO))]
        return [Interval(m, m - z * e, m + z * e, one, "normal") for m, e in zip(moved, error)]

    return [
        at_most("mu* is that of the table", float(np.abs(star - list(DERIVED["mu*"].values())).max()), DERIVED["tolerance"]),
        exact("gamma = .6: every level loses", bool(np.all(np.diff(mu[0]) < 0)), detail=f"after 30 levels {mu[0, -1]:.2g} of .05"),
        at_most("gamma = .6: mu_t <= alpha^t mu_0", float((mu[0] - amplification(3, 0.0, 0.6) ** data.t.values * START).max()), 0.0, 1e-15),
        at_most("gamma = .8, .9: mu* within 1% after 30 levels", float(np.abs(mu[2:, -1] / star[2:] - 1).max()), 0.01),
        at_most(
            "gamma = .7: not half of mu* after 30 levels",
            float(mu[1, -1] / star[1]),
            0.5,
            detail=f"its mixing depth is {float(data.mixing[1]):.1f} levels",
        ),
        exact("gamma = .7: within 1% of mu* from level 86 on", bool(tree_bias(START, 85, 3, 0.0, 0.7) < 0.99 * star[1] <= tree_bias(START, 86, 3, 0.0, 0.7))),
        at_most(
            "the edge is alpha = 1: growth and gamma_c disagree only within .1%",
            float(off.max()),
            0.001,
            detail=f"{int((off > 0).sum())} of {off.size} cells disagree",
        ),
        _agree("drawn trees, fan-in 3 = recursion, all levels", data.drawn.values, data.drawn_error.values, mu[:, : data.sizes["level"]], level),
        _agree("drawn trees, fan-in 5 = recursion, all levels", data.near.values, data.near_error.values, _near(data, np.array(RHO)[:, None, None]), level),
        weakest(statistical_at_most("drawn trees 10% below the line lose", i, 0.0) for i in growth(0)),
        weakest(statistical_at_least("drawn trees 10% above the line grow", i, 0.0) for i in growth(1)),
        _agree("control: a recursion without shared failures is refused", data.near.values, data.near_error.values, _near(data, 0.0), level, refuse=True),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(edge=data.edge * 1.05)


def draw(data):
    """Bias against depth, and the map of what is left after 30 levels."""
    figure, axes = figures.picture(2, width=9.4, height=3.6)
    z = NormalDist().inv_cdf(0.975)
    for k, gamma in enumerate(data.fidelity.values):
        it = figures.look(k)
        alpha = amplification(3, 0.0, gamma)
        axes[0].errorbar(data.level, data.drawn[k], z * data.drawn_error[k], color=it.colour, marker=it.marker, linestyle="", capsize=2, zorder=4)
        axes[0].plot(data.t, data.mu[k], color=it.colour, linestyle=it.dash, zorder=3)
        axes[0].plot([], [], color=it.colour, linestyle=it.dash, marker=it.marker, label=f"gamma {gamma:g}: alpha {alpha:.3g}, mu* {float(data.star[k]):.3f}")
        if data.star[k] > 0.0:
            axes[0].axhline(float(data.star[k]), color=it.colour, linewidth=0.7, linestyle=":", zorder=1)
    axes[0].set_ylim(8e-4, 1.6)
    mesh = axes[1].pcolormesh(data.rho_grid, data.gamma_grid, data.deep.values.T, cmap="viridis", vmin=0.0, vmax=1.0, shading="nearest", rasterized=True)
    figure.colorbar(mesh, ax=axes[1], label="bias after 30 levels")
    axes[1].plot(data.rho_grid, data.edge, color="white", linewidth=2.6)
    figures.fluid_line(axes[1], data.rho_grid, data.edge, "(right) alpha = 1")
    grown = data.near.values[:, :, -2] > data.near.values[:, :, 0]
    for k, (mark, text) in enumerate((("v", "drawn trees that lost"), ("^", "drawn trees that grew"))):
        i, j = np.nonzero(grown == bool(k))
        axes[1].plot(
            data.rho.values[i],
            data.near_edge.values[i] * np.array(SIDE)[j],
            mark,
            color=("#ffffff", "#000000")[k],
            markeredgecolor="#777777",
            linestyle="",
            label=f"(right) {text}",
        )
    axes[1].set_ylim(0.4, 1.0)
    figures.axis_labels(axes[0], ("levels above the leaves t", ""), ("bias mu_t", ""), "b = 3, rho = 0, leaves of bias .05", log="y")
    figures.axis_labels(axes[1], ("correlation rho", ""), ("fidelity gamma", ""), "b = 5, leaves of bias .05")
    axes[1].grid(False)
    figures.legend(figure, axes)
    figures.note(figure, f"Lines: recursion. Marks, bars: pointwise 95% intervals of whole trees with 3^{DRAWN} (left) and 5^{DRAWN_5} leaves (right); a drawn tree grew or lost between its leaves and the nodes below "
                         "the root. Dotted: mu*; gamma = .7 comes within 1% of it after 86 levels. Chance is bias 0.")  # fmt: skip
    return figure
