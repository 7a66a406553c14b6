"""Tang et al. (2025): what an allocation of notifications over two contexts earns, and what the linear program says it earns.

25 alike volunteers; a volunteer who accepts is away and comes back with chance q a round; a round of context k allows B_k notifications
and contexts come with chances f, so f . B is spent on average [Tang2025]_. On the maps both contexts are as likely, acceptance
is (0.7, 0.2) and q = 0.1. The line at the right is the instance f = (.5, .5), p = (.999, 0), q = .2, B = 5.
The paper's own instances were not available: both are reconstructions.

**What must be visible.** The exact reward, by the chain of the number of active volunteers, grows with every B_k, and lies below the occupancy
program of the same B_k everywhere: by little where notifications are few beside the active volunteers, by much where they are not. On the
line the program says 3.57041 for (8, 2), (9, 1) and (10, 0) alike, while the exact rewards are 3.2214, 3.3231 and 3.3925: what it cannot see,
branch and bound must find. Runs of the problem itself agree with the chain.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.occupancy_lp import occupancy_lp
from budgetsim.optima.volunteer_optimum import volunteer_optimum
from budgetsim.policies.whittle import whittle
from budgetsim.problems.volunteer_rescue import volunteer_rescue
from budgetsim.theory.volunteer_chain import volunteer_chain, volunteer_reward

SYSTEM = "contextual-budget-bandit"
#: no number of the paper was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours, which agreed with the authors' result files",
    "program": 3.57041,
    "exact": {(8, 2): 3.2214, (9, 1): 3.3231, (10, 0): 3.3925},
    "tolerance": 5e-5,
}
VOLUNTEERS, SHARES = 25, np.array([0.5, 0.5])
MAP = (np.array([0.7, 0.2]), 0.1)  # acceptance, reactivation
LINE, BUDGET = (np.array([0.999, 0.0]), 0.2), 5
LARGEST, BURN_IN, ROUNDS = 15, 100, 1_000
#: what a run's mean may differ from the chain's, reward in a round
CLOSE = 0.05
SMALLER = {"LARGEST": 8, "ROUNDS": 300}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 400 runs of each allocation of the line; the maps are exact at every scale."""
    replications, steps = max(20, round(400 * scale)), np.arange(LARGEST + 1)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1)
    chain = volunteer_chain(SHARES, *MAP, VOLUNTEERS)
    everyone = np.tile(MAP[0], (VOLUNTEERS, 1))
    program = [[occupancy_lp(SHARES, everyone, MAP[1], np.inf, allocation=b).upper for b in row] for row in grid]
    line = np.array([[b, 2 * BUDGET - b] for b in range(2 * BUDGET + 1)])
    alike = np.tile(LINE[0], (VOLUNTEERS, 1))
    rule = whittle(SHARES, alike, np.full(VOLUNTEERS, LINE[1]), np.ones(2))
    played = np.zeros((len(line), replications))
    for i, b in enumerate(line):
        problem = volunteer_rescue(SHARES, alike, LINE[1], b, BURN_IN + ROUNDS)
        runs = engine.run(
            problem, rule, replications=replications, seed=seed, checkpoints=[BURN_IN, BURN_IN + ROUNDS], threads=threads, executor=executor, progress=progress
        )
        played[i] = np.diff(runs.reward.values, axis=1)[:, 0] / ROUNDS
    budget = min(BUDGET, LARGEST / 2)  # so that the whole triangle is on the map
    best = volunteer_optimum(SHARES, *MAP, VOLUNTEERS, budget)
    found = volunteer_optimum(SHARES, *LINE, VOLUNTEERS, BUDGET)
    reward = {"units": "reward in a round"}
    return xarray.Dataset(
        {
            "exact": (("first", "second"), volunteer_reward(chain, grid), reward),
            "program": (("first", "second"), np.array(program), reward),
            "line_exact": ("step", volunteer_reward(volunteer_chain(SHARES, *LINE, VOLUNTEERS), line), reward),
            "line_program": ("step", [occupancy_lp(SHARES, alike, LINE[1], BUDGET, allocation=b).value for b in line], reward),
            "line_played": (("step", "replication"), played, reward),
            "best": ("map", [best.value, found.value], reward),
            "best_allocation": (("map", "context"), np.array([best.plan.allocation, found.plan.allocation]), {"units": "notifications"}),
        },
        {"first": steps, "second": steps, "step": line[:, 0], "map": ["map", "line"]},
        {"seed": str(seed), "scale": scale, "budget": budget},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, value = shared(0.99, 2 * data.step.size + 1), data.exact.values
    allowed = data.first.values[:, None] + data.second.values <= 2 * data.attrs["budget"]
    off = data.line_played - data.line_exact
    at = {b[0]: (float(data.line_exact.sel(step=b[0])), float(data.line_program.sel(step=b[0]))) for b in DERIVED["exact"]}
    grows = min(float(np.diff(value, axis=0).min()), float(np.diff(value, axis=1).min()))
    return [
        at_most("on the whole map: exact reward <= program", float((value - data.program.values).max()), 0.0),
        at_least("the exact reward grows with either B_k", grows, 0.0, 1e-12),
        at_most("branch and bound = the best cell within the budget", float(abs(value[allowed].max() - data.best[0])), 0.0, 1e-12),
        exact("... and finds (10, 0) on the line", tuple(data.best_allocation.values[1]) == (10, 0), 0.0),
        at_most("exact rewards of the line as printed before", max(abs(at[b[0]][0] - v) for b, v in DERIVED["exact"].items()), DERIVED["tolerance"]),
        at_most("the program as printed before, for (8, 2), (9, 1), (10, 0) alike", max(abs(v[1] - DERIVED["program"]) for v in at.values()), 5e-6),
        weakest([statistical_at_most("runs earn no more than the chain says, but for 0.05", v, CLOSE, level) for v in off.values]),
        weakest([statistical_at_least("runs earn no less than the chain says, but for 0.05", v, -CLOSE, level) for v in off.values]),
        statistical_at_most("control: runs of (8, 2) are told from the chain of (10, 0)", data.line_played.sel(step=8).values, at[10][0] - CLOSE, level),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(line_exact=data.line_exact * 1.01)


def draw(data):
    """The exact map, what the program adds to it, and the line on which the program is blind."""
    figure, axes = figures.picture(3, width=11.0, height=3.7)
    maps = ((axes[0], data.exact, "viridis", "Exact reward", [0.5, 1.0, 1.5, 1.9]), (axes[1], data.program - data.exact, "magma_r", "Program less exact", []))
    for one, values, colours, title, levels in maps:
        mesh = one.pcolormesh(data.second, data.first, values, cmap=colours, vmin=0, rasterized=True)
        if levels:
            one.clabel(one.contour(data.second, data.first, values, levels=levels, colors="white", linewidths=0.8), fontsize=7, fmt="%.1f")
        edge, best = 2 * data.attrs["budget"], data.best_allocation.values[0]
        one.plot([0, edge], [edge, 0], color="black", linestyle=":", linewidth=1.2, label=f"average budget {data.attrs['budget']:g}")
        one.plot([best[1]], [best[0]], color="black", marker="x", markersize=8, markeredgewidth=2, linestyle="", label="best allocation within it")
        figures.axis_labels(one, ("B_2 at acceptance 0.2", "notifications"), ("B_1 at acceptance 0.7", "notifications"), title)
        one.grid(False)
        figure.colorbar(mesh, ax=one, label="reward in a round")
    figures.fluid_line(axes[2], data.step, data.line_program, "occupancy program")
    figures.curve(axes[2], data.step, data.line_exact, label="exact", k=0, markers=False)
    one = intervals.mean(data.line_played.values.T)
    figures.curve(axes[2], data.step, one.estimate, one.low, one.high, label="runs", k=1, bars=True).set_linestyle("")
    figures.axis_labels(axes[2], ("B_1, with B_2 = 10 - B_1", "notifications"), ("reward", "a round"), "Acceptance (0.999, 0)")
    figures.legend(figure, axes)
    figures.note(figure, f"{VOLUNTEERS} alike volunteers, two contexts, each every other round. Maps: q = {MAP[1]:g}, exact at every cell. Right: q = {LINE[1]:g}, B = {BUDGET}; bars: "
                         f"pointwise 95% intervals of {data.replication.size} runs of {ROUNDS:,} rounds after {BURN_IN}. Instances are ours.")  # fmt: skip
    return figure
