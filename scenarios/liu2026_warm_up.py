"""Liu, Kong, Pei (2026), continuous warm-up: what a star, a chain and a tree of averages leave of an error [Liu2026]_.

Agents estimate a number: unbiased, variance v = 2; each message adds independent noise of variance .5; with probability rho all errors that a node averages (in star and
chain: all errors) are one and the same, so that any two have correlation rho. Left rho = 0, right rho = .3; lines are the closed forms, marks are drawn organisations.
The paper has a continuous warm-up with a floor of trees that is quoted in a public note; its figure and its chain were not available: this one is a reconstruction.

**What must be visible.** A star falls to rho v and stops there, if its window lets it grow so far; a running mean that is passed along a chain is best at N = 4 (rho = 0) and N = 3 (rho = .3) and
then rises; a tree, whose failures are drawn anew at every node, falls to v* = s2 / ((b - 1)(1 - rho)), which is the noise of its messages alone.
"""

from statistics import NormalDist

import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import agree, at_least, at_most, exact, shared, statistical_at_least
from budgetsim.intervals import Interval
from budgetsim.theory.majority_tree import best_chain_length, chain_risk, optimal_chain_floor, star_risk, tree_risk, tree_risk_floor

SYSTEM = "multi-agent-phase"
#: v* is quoted in a public note on the paper; no figure or table was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours, v = 2, rho = .3, s2 = .5",
    "star, N = 2, 8, 30": (1.55, 0.8375, 0.66333),
    "chain, N = 1..5": (2.0, 1.425, 1.34444, 1.3875, 1.48),
    "tree, b = 3, L = 1..6": (1.23333, 0.82444, 0.60637, 0.49006, 0.42803, 0.39495),
    "v*": 0.357143,
    "optimal chain, rho = 0": 0.780776,
    "tolerance": 5e-6,
}
VARIANCE, NOISE, RHO, FAN_IN, DEPTH = 2.0, 0.5, (0.0, 0.3), 3, 6
AGENTS = (1, 2, 3, 5, 9, 27, 81)
BLOCK = 2000


def _errors(rng, runs, rho, n):
    """(runs, n) errors of the agents, any two of correlation rho."""
    own = rng.normal(0.0, np.sqrt(VARIANCE), (runs, n))
    return np.where(rng.random(runs)[:, None] < rho, own[:, :1], own)


def _messages(rng, sent):
    return sent + rng.normal(0.0, np.sqrt(NOISE), sent.shape)


def drawn_star(rng, runs, rho, n):
    return _messages(rng, _errors(rng, runs, rho, n)).mean(axis=1)


def drawn_chain(rng, runs, rho, n):
    own = _errors(rng, runs, rho, n)
    told = own[:, 0]
    for k in range(1, n):
        told = (k * _messages(rng, told) + own[:, k]) / (k + 1)
    return told


def drawn_tree(rng, runs, rho, depth):
    """The failures of a level are drawn at each of its nodes: there all b errors are the first one."""
    error = rng.normal(0.0, np.sqrt(VARIANCE), (runs, FAN_IN**depth))
    for _ in range(depth):
        group = error.reshape(runs, -1, FAN_IN)
        group = np.where(rng.random(group.shape[:2])[:, :, None] < rho, group[:, :, :1], group)
        error = _messages(rng, group).mean(axis=2)
    return error[:, 0]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200,000 organisations of each size."""
    runs = max(1000, round(200_000 * scale))
    cells = {"star": (drawn_star, AGENTS), "chain": (drawn_chain, AGENTS), "tree": (drawn_tree, tuple(range(1, DEPTH + 1)))}
    found = {}
    for i, (name, (draw_it, sizes)) in enumerate(cells.items()):
        square = np.zeros((len(RHO), len(sizes), runs))
        for j, rho in enumerate(RHO):
            for k, n in enumerate(sizes):
                for first in range(0, runs, BLOCK):  # memory does not grow with runs x leaves
                    rng = np.random.default_rng([seed, i, j, k, first])
                    square[j, k, first : first + BLOCK] = draw_it(rng, min(BLOCK, runs - first), rho, n) ** 2
        found[name] = square.mean(axis=-1), square.std(axis=-1, ddof=1) / np.sqrt(runs)
        if progress:
            progress(runs, len(sizes))
    rho, n, levels = np.array(RHO)[:, None], np.arange(1, 122), np.arange(DEPTH + 1)
    unit = {"units": "squared units of the answer"}
    data = {f"{name}_{part}": (("rho", f"{name}_size"), one, unit) for name, both in found.items() for part, one in zip(("drawn", "error"), both)}
    return xarray.Dataset(
        {
            **data,
            "star": (("rho", "agents"), star_risk(n, VARIANCE, rho, NOISE), unit),
            "chain": (("rho", "agents"), chain_risk(n, VARIANCE, rho, NOISE), unit),
            "tree": (("rho", "depth"), tree_risk(levels, FAN_IN, VARIANCE, rho, NOISE), unit),
            "tree_floor": ("rho", tree_risk_floor(FAN_IN, RHO, NOISE), unit),
            "chain_best": ("rho", best_chain_length(VARIANCE, RHO, NOISE), {"units": "agents"}),
            "optimal_chain": ((), optimal_chain_floor(VARIANCE, NOISE), unit),
        },
        {"rho": list(RHO), "agents": n, "depth": levels, "star_size": list(AGENTS), "chain_size": list(AGENTS), "tree_size": np.arange(1, DEPTH + 1)},
        {"seed": str(seed), "scale": scale, "runs": runs},
    )


def _said(data, name):
    """The closed form where organisations were drawn."""
    return data.tree.sel(depth=data.tree_size).values if name == "tree" else data[name].sel(agents=data[f"{name}_size"]).values


def _agree(claim, got, error, said, level, refuse=False):
    return agree(claim, got, error, said, level, refuse, f"largest relative error {float(np.max(error / got)):.2g}")


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, chain, floor = shared(0.99, 5), data.chain.values, data.tree_floor.values
    printed = [
        (data.star.sel(rho=0.3, agents=[2, 8, 30]).values, "star, N = 2, 8, 30"),
        (data.chain.sel(rho=0.3, agents=[1, 2, 3, 4, 5]).values, "chain, N = 1..5"),
        (data.tree.sel(rho=0.3).values[1:7], "tree, b = 3, L = 1..6"),
        (floor[1], "v*"),
        (float(data.optimal_chain), "optimal chain, rho = 0"),
    ]
    best = np.argmin(chain, axis=1) + 1
    risen = data.chain_drawn.isel(chain_size=-1).values - data.chain_drawn.sel(chain_size=3).values
    error = NormalDist().inv_cdf(0.5 + level / 2) * (data.chain_error.isel(chain_size=-1).values + data.chain_error.sel(chain_size=3).values)
    i = int(np.argmin(risen - error))
    found = [
        at_most("closed forms are the table's", max(float(np.max(np.abs(got - np.array(DERIVED[name])))) for got, name in printed), DERIVED["tolerance"]),
        at_least("a star never falls below rho v", float((data.star.values - data.rho.values[:, None] * VARIANCE).min()), 0.0),
        at_most("121 agents in a star: within 4% of v of rho v", float((data.star.values[:, -1] / VARIANCE - data.rho.values).max()), 0.04),
        exact("the chain is best at N = 4 (rho = 0) and N = 3 (rho = .3)", best.tolist() == [4, 3]),
        at_most(
            "and that is within 1 of the formula",
            float(np.abs(best - data.chain_best.values).max()),
            1.0,
            detail=", ".join(f"{x:.2f}" for x in data.chain_best.values),
        ),
        at_least("a long chain is worse than one agent", float(chain[:, -1].min()), VARIANCE),
        at_least("a tree stays above v*", float((data.tree.values[:, -1] / floor).min()), 1.0),
        at_most("a tree of 729 leaves is within 12% of v*", float((data.tree.values[:, -1] / floor).max()), 1.12),
        *(
            _agree(f"drawn {name}s have the risk of the formula", data[f"{name}_drawn"].values, data[f"{name}_error"].values, _said(data, name), level)
            for name in ("star", "chain", "tree")
        ),
        statistical_at_least("drawn chains of 81 are worse than of 3", Interval(risen[i], risen[i] - error[i], risen[i] + error[i], level, "normal"), 0.0),
        _agree(
            "control: the tree's formula without correlation is refused",
            data.tree_drawn.values[1],
            data.tree_error.values[1],
            _said(data, "tree")[0],
            level,
            refuse=True,
        ),
    ]
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(tree_floor=data.tree_floor * 1.001)


def draw(data):
    """Risk against the number of agents, for each correlation."""
    figure, axes = figures.picture(2, width=9.0, height=3.5)
    z = NormalDist().inv_cdf(0.975)
    for one, rho in zip(axes, data.rho.values):
        at = data.sel(rho=rho)
        for k, (name, n, size) in enumerate(
            (("star", at.agents, at.star_size), ("chain", at.agents, at.chain_size), ("tree", FAN_IN**at.depth, FAN_IN**at.tree_size))
        ):
            it = figures.look(k)
            one.errorbar(size, at[f"{name}_drawn"], z * at[f"{name}_error"], color=it.colour, marker=it.marker, linestyle="", capsize=2, zorder=4)
            one.plot(n, at[name], color=it.colour, linestyle=it.dash, zorder=3)
            text = {"star": "star: mean of N", "chain": "chain: running mean of N", "tree": f"tree of means, b = {FAN_IN}"}[name]
            one.plot([], [], color=it.colour, linestyle=it.dash, marker=it.marker, label=text)
        figures.fluid_line(one, [1, FAN_IN**DEPTH], [float(at.tree_floor)] * 2, "floor of the tree v*")
        if rho:
            one.plot([1, FAN_IN**DEPTH], [rho * VARIANCE] * 2, color="black", linestyle=":", linewidth=1, label="(right) floor of the star, rho v")
        else:
            one.plot(
                [1, FAN_IN**DEPTH], [float(at.optimal_chain)] * 2, color="black", linestyle="-.", linewidth=1, label="(left) floor of a chain of best weights"
            )
        figures.axis_labels(one, ("agents (leaves) N", ""), ("mean squared error", "squared units of the answer"), f"rho = {rho:g}", log="xy")
        one.set_ylim(0.015 if not rho else 0.2, 30)
        figures.plain_numbers(one, "y")
        figures.plain_numbers(one)
    figures.legend(figure, axes)
    figures.note(figure, f"v = {VARIANCE:g}, noise of a message {NOISE:g}. Lines: closed forms. Marks: {data.attrs['runs']:,} drawn organisations each, bars are pointwise 95% intervals. "
                         "A star of N needs a window of N messages, a tree one of 3.")  # fmt: skip
    return figure
