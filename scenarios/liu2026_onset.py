"""Liu, Kong, Pei (2026), onset: where synergy begins, how it grows, where it stops [Liu2026]_.

Left: mu*, what a tree of any depth keeps, against fidelity. Middle: one level, measured: drawn groups of b messages at a small bias, for fidelities around the predicted line
alpha = 1; the marks are where their measured amplification crosses 1, over the prediction. Right: growth of a weak signal with the number of leaves N, between its
two clips. The paper states synthetic validations of phase boundary and saturation; the axes are a reconstruction, the lower clip is ours.

**What must be visible.** mu* leaves 0 without a jump at gamma_c = 1 / (rho + (1 - rho) f_b'(0)), as a square root, for every fan-in and correlation; measured groups cross 1 there, to 1 per cent.
A signal grows as N^s, then saturates at mu*; both clips hold it between them.
"""

import os
from statistics import NormalDist

import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, weakest
from budgetsim.intervals import Interval
from budgetsim.model import Verdict
from budgetsim.shared.organisations import simulate_organisation, star, tree
from budgetsim.theory.majority_tree import clipped_bias, critical_fidelity, fixed_point, organisation_exponent, tree_bias

SYSTEM = "multi-agent-phase"
#: no figure of the paper was available
PUBLISHED = None
DERIVED = {"source": "an earlier computation of ours", "gamma_c, rho = 0, b = 3, 5, 7, 9": (0.666667, 0.533333, 0.457143, 0.406349), "tolerance": 5e-7}
FAN_IN, RHO, AROUND, SMALL = (3, 5, 7, 9), (0.0, 0.2, 0.4), (0.9, 1.0, 1.1), 0.06
GROWING, WEAK, LEVELS = ((3, 0.0, 0.9), (5, 0.2, 0.8), (7, 0.0, 0.9)), 0.01, 24
DRAWN = {3: 10, 5: 6, 7: 5}
SMALLER = {"DRAWN": {3: 5, 5: 3, 7: 2}}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 40 million groups for each fan-in, correlation and fidelity; 40,000 trees of up to 59,049 leaves."""
    groups, trees = max(1000, round(4e7 * scale)), max(64, round(40_000 * scale))

    def drawn(graph, bias, rho, gamma, replications, seed):
        runs = simulate_organisation(graph, bias, gamma, rho, replications=replications, seed=seed, threads=threads or os.cpu_count())
        if progress:
            progress(replications, runs.level_bias.size - 1)
        return runs.level_bias, runs.level_error

    b, rho = np.array(FAN_IN)[:, None], np.array(RHO)
    line = critical_fidelity(b, rho)
    alpha, error = np.zeros((2, len(FAN_IN), len(RHO), len(AROUND)))
    for i, n in enumerate(FAN_IN):
        for j, r in enumerate(RHO):
            for k, x in enumerate(AROUND):
                bias, wrong = drawn(star(n), SMALL, r, line[i, j] * x, groups, seed + 100 * i + 10 * j + k)
                alpha[i, j, k], error[i, j, k] = bias[1] / SMALL, wrong[1] / SMALL
    shape = (len(GROWING), max(DRAWN.values()) + 1)
    grown, grown_error = np.zeros(shape), np.full(shape, 1.0)
    for i, (n, r, g) in enumerate(GROWING):
        grown[i, : DRAWN[n] + 1], grown_error[i, : DRAWN[n] + 1] = drawn(tree(n, DRAWN[n]), WEAK, r, g, trees, seed + 1000 + i)
    gamma, near = np.linspace(0.3, 1.0, 281), np.geomspace(1e-7, 1e-4, 4)
    cases, levels = np.array(GROWING).T[:, :, None], np.arange(LEVELS + 1)
    low, high = clipped_bias(WEAK, levels, *cases)
    one = {"units": "1"}
    return xarray.Dataset(
        {
            "star": (("fan_in", "rho", "gamma"), fixed_point(b[:, :, None], rho[:, None], gamma), {**one, "long_name": "mu*"}),
            "line": (("fan_in", "rho"), line, {**one, "long_name": "gamma where alpha = 1"}),
            "onset": (
                ("fan_in", "rho", "above"),
                fixed_point(b[:, :, None], rho[:, None], line[:, :, None] * (1 + near)),
                {**one, "long_name": "mu* just above"},
            ),
            "alpha": (("fan_in", "rho", "side"), alpha, {**one, "long_name": "measured amplification"}),
            "alpha_error": (("fan_in", "rho", "side"), error, one),
            "bias": (("case", "t"), tree_bias(WEAK, levels, *cases), one),
            "low": (("case", "t"), low, one),
            "high": (("case", "t"), high, one),
            "grown": (("case", "level"), grown, one),
            "grown_error": (("case", "level"), grown_error, {**one, "long_name": "1 where no tree of that depth was drawn"}),
        },
        {"fan_in": list(FAN_IN), "rho": list(RHO), "gamma": gamma, "above": near, "side": list(AROUND), "case": np.arange(len(GROWING)), "t": levels},
        {"seed": str(seed), "scale": scale, "groups": groups, "trees": trees},
    )


def crossing(data, level):
    """Where the line through the measured amplifications crosses 1, over gamma_c: estimate and half-width (fan_in, rho) at a level shared by all."""
    x, y, error = data.side.values, data.alpha.values, data.alpha_error.values
    weight = 1.0 / error**2
    middle = (weight * x).sum(-1) / weight.sum(-1)
    far = x - middle[..., None]
    spread = (weight * far**2).sum(-1)
    slope, height = (weight * far * y).sum(-1) / spread, (weight * y).sum(-1) / weight.sum(-1)
    at = middle + (1.0 - height) / slope
    deviation = np.sqrt(1.0 / weight.sum(-1) + (at - middle) ** 2 / spread) / np.abs(slope)
    return at, NormalDist().inv_cdf(0.5 + shared(level, at.size) / 2) * deviation


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level = shared(0.99, 3)
    at, half = crossing(data, level)
    off, widest = float((np.abs(at - 1.0) / half).max()), float(half.max())
    holds = off <= 1.0 and (True if widest <= 0.01 else "unresolved")
    bounds, at_line = (float((at - half).min()), float((at + half).max())), data.line.values
    exponents = np.diff(np.log(data.onset.values), axis=-1) / np.diff(np.log(data.above.values))
    three, gain = data.onset.values[0], data.above.values
    rho = data.rho.values[:, None]
    root = np.sqrt(2.0 * gain / ((1.0 - rho) * (at_line[0][:, None] * (1.0 + gain)) ** 3))  # alpha - 1 = gain
    s = np.array([organisation_exponent(*case) for case in GROWING])
    b, bias = np.array([case[0] for case in GROWING]), data.bias.values
    slope = np.log(bias[:, 1:4] / bias[:, :3]) / np.log(b)[:, None]
    plateau = np.array([fixed_point(*case) for case in GROWING])
    drawn = data.grown_error.values < 1.0
    far = (np.abs(data.grown.values - bias[:, : data.sizes["level"]]) / data.grown_error.values)[drawn]
    bound = NormalDist().inv_cdf(0.5 + shared(level, far.size) / 2)
    alike = at[:, -1] * at_line[:, -1] / at_line[:, 0], half[:, -1] * at_line[:, -1] / at_line[:, 0]
    return [
        at_most("gamma_c is the table's", float(np.abs(at_line[:, 0] - np.array(DERIVED["gamma_c, rho = 0, b = 3, 5, 7, 9"])).max()), DERIVED["tolerance"]),
        Verdict("measured amplification crosses 1 on alpha = 1, half-width <= 1%, all b and rho", "statistical", holds, min(1.0 - off, (0.01 - widest) * 100) if holds is not False else 1.0 - off,
                bounds, level, f"crossing / gamma_c in [{at.min():.4f}, {at.max():.4f}]; half-widths up to {100 * widest:.2g}%; largest |crossing - 1| / half-width {off:.2f}"),
        at_most("below the line mu* = 0", float(np.where(data.gamma.values < at_line[..., None], data.star.values, 0.0).max()), 0.0),
        at_most("onset is a square root: exponents", float(np.abs(exponents - 0.5).max()), 1e-4, detail=f"{exponents.min():.6f} to {exponents.max():.6f}"),
        at_most("b = 3: mu* = sqrt(2 (alpha - 1) / ((1 - rho) gamma^3))", float(np.abs(three / root - 1.0).max()), 1e-7),
        at_least("above it mu* rises with fidelity", float(np.diff(data.star.values, axis=-1).min()), 0.0, 1e-15),
        at_most("a weak signal grows as N^s: slopes of the first levels", float(np.abs(slope - s[:, None]).max()), 0.002, detail=f"s = {', '.join(f'{x:.4f}' for x in s)}"),
        at_most("and ends at mu*", float(np.abs(bias[:, -1] / plateau - 1.0).max()), 0.01),
        at_most("both clips hold mu_t between them", float(np.maximum(data.low.values - bias, bias - data.high.values).max()), 0.0, 1e-14,
                detail=f"upper clip at most {float((data.high.values / bias).max()):.3f} mu_t, lower at least {float((data.low.values / bias).min()):.3f} mu_t"),
        Verdict("drawn trees = recursion, all levels", "statistical", bool(far.max() <= bound), float(bound - far.max()), (float(far.max()),) * 2, level,
                f"largest difference {far.max():.2f} standard errors, allowed {bound:.2f}"),
        weakest(statistical_at_least("control: the line without correlation is not where rho = .4 crosses", Interval(a, a - h, a + h, level, "normal"), 1.1)
                for a, h in zip(*alike)),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(line=data.line * 1.0001)


def draw(data):
    """mu* against fidelity; measured crossings; growth with the number of leaves."""
    figure, axes = figures.picture(3, width=12.0, height=3.7)
    for i, b in enumerate(FAN_IN[:3]):
        for j in range(len(RHO)):
            axes[0].plot(data.gamma, data.star[i, j], color=figures.look(i).colour, linestyle=("-", "--", ":")[j], zorder=3)
        axes[0].plot([], [], color=figures.look(i).colour, label=f"(left, right) b = {b}")
    for j, rho in enumerate(RHO):
        axes[0].plot([], [], color="#444444", linestyle=("-", "--", ":")[j], label=f"(left) rho = {rho:g}")
    at, half = crossing(data, shared(0.99, 3))
    for j, rho in enumerate(RHO):
        x = np.arange(len(FAN_IN)) + (j - 1) * 0.2
        it = figures.look(3 + j)
        axes[1].errorbar(
            x, at[:, j], half[:, j], color=it.colour, marker=it.marker, linestyle="", capsize=2.5, label=f"(middle) measured, rho = {rho:g}", zorder=3
        )
    axes[1].axhspan(0.99, 1.01, color="#dddddd", zorder=0, label="(middle) 1 per cent around alpha = 1")
    axes[1].axhline(1.0, color="black", linestyle=(0, (4, 2)), linewidth=1.1)
    axes[1].set_xticks(range(len(FAN_IN)), [f"b = {b}" for b in FAN_IN])
    reach = max(0.02, 1.2 * float((np.abs(at - 1.0) + half).max()))
    axes[1].set_ylim(1.0 - reach, 1.0 + reach)
    z = NormalDist().inv_cdf(0.975)
    for i, (b, rho, gamma) in enumerate(GROWING):
        it, n = figures.look(i), np.array([float(b) ** t for t in data.t.values])
        shown = n < 1e14
        axes[2].fill_between(n[shown], data.low[i, shown] / WEAK, data.high[i, shown] / WEAK, color=it.colour, alpha=0.18, linewidth=0, zorder=1)
        axes[2].plot(n[shown], data.bias[i, shown] / WEAK, color=it.colour, zorder=3)
        there = data.grown_error.values[i] < 1.0
        axes[2].errorbar(n[: there.size][there], data.grown.values[i, there] / WEAK, z * data.grown_error.values[i, there] / WEAK, color=it.colour, marker=it.marker, linestyle="", capsize=2,
                         label=f"(right) b = {b}, rho = {rho:g}, gamma = {gamma:g}, s = {organisation_exponent(b, rho, gamma):.3f}", zorder=4)  # fmt: skip
    figures.axis_labels(axes[0], ("fidelity gamma", ""), ("mu*", ""), "What survives any depth")
    figures.axis_labels(axes[1], ("fan-in", ""), ("crossing of 1 / gamma_c", ""), "One level, measured")
    figures.axis_labels(axes[2], ("leaves N", ""), ("mu_L / mu_0", ""), "Growth N^s, then saturation", log="xy")
    axes[2].set_ylim(0.7, 150)
    figures.legend(figure, axes)
    figures.note(figure, f"Middle: {data.attrs['groups']:,} groups at bias {SMALL:g} for gamma / gamma_c = .9, 1, 1.1; bars hold all crossings with 99.7%. Right: lines are the recursion from bias {WEAK:g}, "
                         f"shades lie between the clips, marks are {data.attrs['trees']:,} drawn trees, bars their pointwise 95% intervals.")  # fmt: skip
    return figure
