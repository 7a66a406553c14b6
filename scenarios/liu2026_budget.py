"""Liu, Kong, Pei (2026), budgets: from which budget a tree beats one agent, and what is left to gain over a strong one [Liu2026]_.

A tree of N leaves at x tokens each costs N x + c0 (N - 1), a leaf has the bias min(1, kappa x^beta), and one agent with all the tokens min(1, kappa B^beta). Left: the best
tree over one agent, fan-in 5, m = 50, gamma = .95. Middle: the best tree against the single agent that the same 200,000 tokens buy, rho = .1, gamma = .9. Right, the
touchpoint with studies at matched budgets: accuracy gained over one agent by the best tree, by a star of 5, and by a tree of depth 4
whose messages are below the critical fidelity. The axes are a reconstruction. That the paper means the study named in TOUCHPOINT is our inference, and its numbers are not our model's.

**What must be visible.** The ratio crosses 1 at B_1 where the exponent s is above beta, and never where it is not. The gain rises with the single agent's bias, then falls to nothing at mu*: strong
baselines gain little. Beyond mu* every tree loses, and below the critical fidelity trees multiply errors.
"""

import os
from statistics import NormalDist

import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import agree, at_least, at_most, exact, shared, statistical_at_least
from budgetsim.intervals import Interval
from budgetsim.optima.organisation_search import organisation_search
from budgetsim.shared.organisations import simulate_organisation, tree
from budgetsim.theory.majority_tree import amplification, budget_threshold, fixed_point, leaf_bias, node_cost, organisation_exponent, tree_bias

SYSTEM = "multi-agent-phase"
#: no figure or table of the paper was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours: b = 5, rho = .1, gamma = .9, m = 50, beta = .1, B = 2e5",
    "single": (0.02, 0.1, 0.3, 0.5, 0.9, 0.95),
    "best tree": (0.0669, 0.3235, 0.7666, 0.9261, 0.9795, 0.9808),
    "tolerance": 5e-5,
}
TOUCHPOINT = {
    "source": "arXiv:2512.08296, as the specification quotes it",
    "gains vanish above a single-agent accuracy of about": 0.45,
    "error amplification, independent agents": 17.2,
    "error amplification, centralised": 4.4,
}
FAN_IN, MESSAGE, DEEPEST = 5, 50, 8
BETA, KAPPA, GAMMA = (0.1, 0.2, 0.4), 0.03, 0.95
STRONG = {"budget": 2e5, "beta": 0.1, "correlation": 0.1, "fidelity": 0.9}
BROKEN = 0.5  #: a fidelity below the critical one
MARKED = (1000.0, 10_000.0, 100_000.0)


def trees(budget, kappa, beta, rho, gamma):
    """Root biases of depths 1 to 8 (8, ...) at exact cost; 0 where the budget does not pay for the messages."""
    budget, kappa = np.broadcast_arrays(np.asarray(budget, float), kappa)
    depth = np.arange(1, DEEPEST + 1).reshape(-1, *[1] * budget.ndim)
    n = float(FAN_IN) ** depth
    x = (budget - node_cost(FAN_IN, MESSAGE) * (n - 1.0)) / n
    return np.where(x > 0.0, tree_bias(leaf_bias(np.maximum(x, 0.0), beta, kappa), depth, FAN_IN, rho, gamma), 0.0)


def crossing(beta, kappa):
    """The budget at which the best tree equals one agent, by bisection; infinite where it never does up to 1e9 tokens."""
    wins = lambda budget: trees(budget, kappa, beta, 0.0, GAMMA).max() >= float(leaf_bias(budget, beta, kappa))  # noqa: E731
    low, high = 100.0, 1e9
    if not wins(high) and not any(wins(b) for b in np.geomspace(low, high, 400)):
        return np.inf
    high = next(b for b in np.geomspace(low, high, 400) if wins(b))
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if wins(middle) else (middle, high)
    return high


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200,000 trees for each mark."""
    runs = max(2000, round(200_000 * scale))

    def drawn(depth, bias, rho, gamma, seed):
        found = simulate_organisation(tree(FAN_IN, int(depth)), float(bias), gamma, rho, replications=runs, seed=seed, threads=threads or os.cpu_count())
        if progress:
            progress(runs, int(depth))
        return found.level_bias[-1], found.level_error[-1]

    budget = np.geomspace(200.0, 1e6, 400)
    ratio = np.array([trees(budget, KAPPA, b, 0.0, GAMMA).max(axis=0) / leaf_bias(budget, b, KAPPA) for b in BETA])
    marks = []
    for i, beta in enumerate(BETA):
        found = trees(MARKED, KAPPA, beta, 0.0, GAMMA)
        for j, (money, depth) in enumerate(zip(MARKED, found.argmax(axis=0) + 1)):
            n = FAN_IN**depth
            leaf = leaf_bias((money - node_cost(FAN_IN, MESSAGE) * (n - 1)) / n, beta, KAPPA)
            marks.append((*drawn(depth, leaf, 0.0, GAMMA, seed + 10 * i + j), found.max(axis=0)[j], float(leaf_bias(money, beta, KAPPA))))
    total, beta, rho, gamma = STRONG.values()
    single = np.concatenate([np.geomspace(0.005, 0.5, 60)[:-1], np.linspace(0.5, 1.0, 101)])
    kappa = single / total**beta
    ordered, broken = trees(total, kappa, beta, rho, gamma), trees(total, kappa, beta, rho, BROKEN)
    named = trees(total, np.array(DERIVED["single"]) / total**beta, beta, rho, gamma)
    strong = []
    for j, one in enumerate(DERIVED["single"]):
        leaf = leaf_bias((total - node_cost(FAN_IN, MESSAGE) * (5**4 - 1)) / 5**4, beta, one / total**beta)
        strong.append(drawn(4, leaf, rho, gamma, seed + 100 + j))
    searched = [organisation_search(money, FAN_IN * MESSAGE, KAPPA, 0.2, [MESSAGE], GAMMA, 0.0).value for money in MARKED]
    here = np.maximum(trees(MARKED, KAPPA, 0.2, 0.0, GAMMA).max(axis=0), leaf_bias(MARKED, 0.2, KAPPA))
    shape = (len(BETA), len(MARKED))
    mark = np.array(marks).reshape(*shape, 4)
    one = {"units": "1"}
    s = organisation_exponent(FAN_IN, 0.0, GAMMA)
    return xarray.Dataset(
        {
            "ratio": (("beta", "budget"), ratio, {**one, "long_name": "best tree / one agent"}),
            # a budget that does not exist is written as -1
            "crossing": ("beta", [c if np.isfinite(c := crossing(b, KAPPA)) else -1.0 for b in BETA], {"units": "tokens"}),
            "threshold": ("beta", [t if np.isfinite(t := budget_threshold(b, FAN_IN, MESSAGE, s, 1)) else -1.0 for b in BETA], {"units": "tokens"}),
            "drawn": (("beta", "marked"), mark[..., 0], one),
            "drawn_error": (("beta", "marked"), mark[..., 1], one),
            "drawn_said": (("beta", "marked"), mark[..., 2], one),
            "drawn_single": (("beta", "marked"), mark[..., 3], one),
            "best": ("single", ordered.max(axis=0), {**one, "long_name": "bias of the best tree"}),
            "star_of_5": ("single", ordered[0], {**one, "long_name": "bias of the tree of depth 1"}),
            "broken": ("single", broken[3], {**one, "long_name": "bias of the tree of depth 4, fidelity .5"}),
            "named": ("named_single", named.max(axis=0), one),
            "named_depth": ("named_single", named.argmax(axis=0) + 1, {"units": "levels"}),
            "strong": ("named_single", np.array(strong)[:, 0], one),
            "strong_error": ("named_single", np.array(strong)[:, 1], one),
            "star": ((), fixed_point(FAN_IN, rho, gamma), {**one, "long_name": "mu*"}),
            "searched": ("marked", searched, {**one, "long_name": "optimum by organisation_search, fan-in 3 or 5"}),
            "found": ("marked", here, {**one, "long_name": "best of one agent and trees with fan-in 5"}),
        },
        {"beta": list(BETA), "budget": budget, "marked": list(MARKED), "single": single, "named_single": list(DERIVED["single"])},
        {"seed": str(seed), "scale": scale, "runs": runs},
    )


def _agree(claim, got, runs, said, level, refuse=False):
    """Of means of `runs` answers; where theory expects fewer than 20 answers of one kind, a normal interval says nothing, and none is asked."""
    error, asked = np.sqrt(np.maximum(1.0 - said**2, 1e-12) / runs), runs * (1.0 - np.abs(said)) >= 40.0
    return agree(claim, got[asked], error[asked], said[asked], level, refuse, f"standard error up to {runs**-0.5:.2g}; {asked.sum()} of {said.size} cases")


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, s, star = shared(0.99, 4), organisation_exponent(FAN_IN, 0.0, GAMMA), float(data.star)
    single, best = data.single.values, data.best.values
    gain = best - single
    top = int(np.argmax(gain))
    near = single < 0.05
    z = NormalDist().inv_cdf(0.5 + level / 2)
    _, beta, rho, _ = STRONG.values()
    wins = data.threshold.values > 0.0
    at = data.sel(beta=0.1, marked=1e5)
    excess = [float(at.drawn) - float(at.drawn_single), z * float(at.drawn_error)]
    error = lambda bias: (1.0 - np.interp(0.9, single, bias)) / (1.0 - 0.9)  # noqa: E731
    points = float(np.interp(0.9, single, gain)) / 2 * 100
    return [
        exact("s > beta exactly for .1 and .2", wins.tolist() == [b < s for b in BETA], detail=f"s = {s:.5f}"),
        at_most("the best tree crosses one agent at B_1, to 1%", float(np.abs(data.crossing.values[wins] / data.threshold.values[wins] - 1.0).max()), 0.01,
                detail=", ".join(f"beta = {b:g}: {c:.1f}, B_1 = {t:.1f}" for b, c, t in zip(data.beta.values, data.crossing.values, data.threshold.values) if t > 0)
                + "; B_1 is for weak signals, kappa = .03 is not quite"),
        exact("never for beta = .4, up to 1e9 tokens", float(data.crossing.values[-1]) == -1.0, detail=f"largest ratio drawn {float(data.ratio.values[-1].max()):.4f}"),
        at_most("the best trees over strong agents are the table's", float(np.abs(data.named.values - np.array(DERIVED["best tree"])).max()), DERIVED["tolerance"]),
        exact("and have depth 4", bool(np.all(data.named_depth.values == 4))),
        at_least("the gain rises at weak agents", float(np.diff(gain[near]).min()), 0.0),
        at_most("and falls after its top", float(np.diff(gain[top:]).max()), 0.0, detail=f"largest gain {gain[top]:.3f} at a single bias of {single[top]:.3f}"),
        at_most("no tree beats an agent of bias above mu*", float(gain[single > star].max()), 0.0, detail=f"mu* = {star:.6f}"),
        at_most("strong baselines gain little: points of accuracy at single accuracy .95", points, 5.0,
                detail=f"{points:.2f} points; at .65 accuracy {float(np.interp(0.3, single, gain)) * 50:.1f} points; none from {100 * (1 + star) / 2:.2f}% on"),
        at_least("below the critical fidelity errors are multiplied", error(data.broken.values), 2.0,
                 detail=f"at single accuracy .95, depth 4, alpha = {amplification(FAN_IN, rho, BROKEN):.3f}: errors times {error(data.broken.values):.1f}; at gamma = .9: times {error(data.best.values):.2f}; "
                 f"the touchpoint reports {TOUCHPOINT['error amplification, independent agents']} and {TOUCHPOINT['error amplification, centralised']} for other tasks"),
        at_least("the exhaustive search does at least as well", float((data.searched - data.found).min()), 0.0, 1e-12),
        _agree("drawn best trees = recursion (left)", data.drawn.values, data.attrs["runs"], data.drawn_said.values, level),
        _agree("drawn trees over strong agents = recursion (middle)", data.strong.values, data.attrs["runs"], np.array(DERIVED["best tree"]), level),
        statistical_at_least("drawn trees beat one agent at 100,000 tokens, beta = .1", Interval(excess[0], excess[0] - excess[1], excess[0] + excess[1], level, "normal"), 0.0),
        _agree("control: a recursion with perfect messages is refused (middle)", data.strong.values, data.attrs["runs"],
               trees(STRONG["budget"], data.named_single.values / STRONG["budget"] ** beta, beta, rho, 1.0)[3], level, refuse=True),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(crossing=data.crossing * 1.02)


def draw(data):
    """Ratio against budget; best tree against single agent; accuracy gained at a matched budget."""
    figure, axes = figures.picture(3, width=12.0, height=3.7)
    z = NormalDist().inv_cdf(0.975)
    for i, beta in enumerate(data.beta.values):
        it = figures.look(i)
        axes[0].plot(data.budget, data.ratio[i], color=it.colour, linestyle=it.dash, zorder=3)
        axes[0].errorbar(
            data.marked,
            data.drawn[i] / data.drawn_single[i],
            z * data.drawn_error[i] / data.drawn_single[i],
            color=it.colour,
            marker=it.marker,
            linestyle="",
            capsize=2,
            zorder=4,
        )
        axes[0].plot([], [], color=it.colour, linestyle=it.dash, marker=it.marker, label=f"(left) beta = {beta:g}")
        if data.threshold[i] > 0.0:
            axes[0].plot([float(data.threshold[i])] * 2, [0.4, 1.0], color=it.colour, linewidth=0.9, linestyle=":", zorder=2)
            axes[0].plot([float(data.threshold[i])], [1.0], marker="x", color="black", linestyle="", markersize=5, zorder=5)
    axes[0].plot([], [], marker="x", color="black", linestyle="", label="(left) B_1")
    axes[0].axhline(1.0, color="black", linewidth=0.8, zorder=1)
    axes[0].set_ylim(0.4, 8)
    curves = (("best", 3, "(middle, right) best tree"), ("star_of_5", 4, "(right) star of 5"), ("broken", 6, f"(right) tree of depth 4, gamma = {BROKEN:g}"))
    for name, k, text in curves:
        it = figures.look(k)
        if name == "best":
            axes[1].plot(data.single, data.best, color=it.colour, linestyle=it.dash, zorder=3)
            axes[1].errorbar(data.named_single, data.strong, z * data.strong_error, color=it.colour, marker=it.marker, linestyle="", capsize=2, zorder=4)
        axes[2].plot(50 + 50 * data.single, 50 * (data[name] - data.single), color=it.colour, linestyle=it.dash, zorder=3, label=text)
    figures.fluid_line(axes[1], [0.0, 1.0], [0.0, 1.0], "(middle) as good as one agent")
    axes[1].plot([0.0, 1.0], [float(data.star)] * 2, color="black", linewidth=1.0, linestyle=":", label=f"(middle) mu* = {float(data.star):.3f}")
    axes[2].axhline(0.0, color="black", linewidth=0.8, zorder=1)
    figures.axis_labels(axes[0], ("budget B", "tokens"), ("best tree / one agent", ""), "b = 5, m = 50, gamma = .95, rho = 0", log="xy")
    figures.axis_labels(axes[1], ("bias of one agent", ""), ("bias of the best tree", ""), "200,000 tokens, gamma = .9, rho = .1")
    figures.axis_labels(axes[2], ("accuracy of one agent", "%"), ("accuracy gained", "points"), "The same tokens: gain and loss")
    figures.plain_numbers(axes[0], "y")
    axes[0].set_yticks([0.5, 1, 2, 4, 8])
    figures.legend(figure, axes)
    figures.note(figure, f"Lines: recursion at exact cost, depths 1 to {DEEPEST}. Marks: {data.attrs['runs']:,} drawn trees, bars are pointwise 95% intervals. Left: kappa = {KAPPA:g}. "
                         "Middle and right: beta = .1, kappa varies; m = 50, b = 5.")  # fmt: skip
    return figure
