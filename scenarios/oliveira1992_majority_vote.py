"""Oliveira (1992): the majority-vote model has a continuous transition; on the square lattice it is Ising's, on a random regular graph mean field's.

Beyond [Liu2026]_, whose trees end in one bit and have nothing to scale: opinions on a graph, each update the majority of the neighbours, with
probability q its opposite. Square lattices with periodic boundaries [Oliveira1992]_, random 4-regular graphs (a graph of its own for every
pack of 64 replications), 1,024 replications of each. Noises were chosen around the transition after a pilot of an eighth of the size.

**What must be visible.** Binder cumulants of different sizes cross in one point. On the lattice at q_c = .075(1), the printed value, at the Ising value
of the cumulant, .6107; with 1/nu = 1, beta/nu = 1/8, gamma/nu = 7/4 all sizes fall on one curve. The random graph has as many neighbours and its q_c is
nearly twice as large, between the pair approximation (5/37) and the mean field (1/6); where its cumulants cross they fall to mean field's .2705 as N^(-1/2), so
slowly that the exponents of a free fit are still on their way.
"""

import networkx
import numpy as np
import xarray

from budgetsim import figures
from budgetsim.claims import shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.intervals import Interval
from budgetsim.theory.finite_size_scaling import binder_crossing, data_collapse, fixed_binder
from budgetsim.theory.majority_vote import majority_vote, majority_vote_averages, majority_vote_law, mean_field_noise, pair_noise

SYSTEM = "multi-agent-phase"
#: critical noise of the square lattice; the other numbers are exact (Ising in two dimensions, mean field) or known to the digits given
PUBLISHED = {"source": "Oliveira 1992; cumulants: Kamieniarz and Bloete 1993, Brezin and Zinn-Justin 1985", "critical_noise": 0.075, "tolerance": 0.001,
             "ising": {"inverse_nu": 1.0, "beta_over_nu": 0.125, "gamma_over_nu": 1.75, "binder": 0.61069},
             "mean_field": {"inverse_nu": 0.5, "beta_over_nu": 0.25, "gamma_over_nu": 0.5, "binder": 0.27052}}  # fmt: skip
LATTICE, NETWORK, DEGREE = (12, 16, 24, 32, 48), (256, 1024, 4096, 16384), 4
POINTS = {"lattice": 0.075, "network": 0.137}
REACH = {"lattice": np.linspace(-0.12, 0.12, 7), "network": np.linspace(-0.2, 0.2, 5)}
#: measured sweeps and those before them, in units of L^2 on the lattice and N^(1/2) on the network
SWEEPS, BURN_IN, TINY = {"lattice": 6, "network": 30}, {"lattice": 2, "network": 10}, 3
TINY_NOISE, RESAMPLES = 0.1, 400
SMALLER = {"LATTICE": (8, 12), "NETWORK": (64, 256), "RESAMPLES": 100}


def sizes(kind):
    return LATTICE if kind == "lattice" else NETWORK


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 16 packs of 64 replications of each size and noise. Threads only; an executor is not needed."""
    packs = max(4, round(16 * scale))
    parts, noises = {}, {}
    for kind in ("lattice", "network"):
        for size in sizes(kind):
            if kind == "lattice":
                graph, time = networkx.grid_2d_graph(size, size, periodic=True), size * size
            else:
                graph, time = [networkx.random_regular_graph(DEGREE, size, seed=seed + p) for p in range(packs)], round(size**0.5)
            q = POINTS[kind] + REACH[kind] / (size if kind == "lattice" else size**0.5)
            every = max(1, round(time**0.5 / 6))
            sweeps, burn_in = SWEEPS[kind] * time, BURN_IN[kind] * time
            seen = majority_vote(graph, q, sweeps, burn_in, 64 * packs, seed % 2**60 + 1000 * size, every=every, threads=threads, progress=progress)
            noises.setdefault(kind, []).append(q)
            parts.setdefault(kind, []).append(seen.moments)
    tiny = majority_vote(torus(), [TINY_NOISE], 2000, 40, 64 * packs, seed % 2**60, threads=threads)
    dims, unit = ("pack", "moment"), {"units": "1"}
    return xarray.Dataset(
        {
            **{f"{k}_moments": ((k, f"{k}_point", *dims), np.array(v), unit) for k, v in parts.items()},
            **{f"{k}_noise": ((k, f"{k}_point"), np.array(v), unit) for k, v in noises.items()},
            "tiny": (dims, tiny.moments[0], unit),
        },
        {"lattice": list(LATTICE), "network": list(NETWORK), "moment": ["|m|", "m^2", "m^4", "m"]},
        {"seed": str(seed), "scale": scale, "pair": pair_noise(DEGREE), "mean_field": mean_field_noise(DEGREE)},
    )


def torus():
    return networkx.grid_2d_graph(TINY, TINY, periodic=True)


def measured(data, kind):
    """One Measurement a size."""
    nodes = [n * n if kind == "lattice" else n for n in data[kind].values.tolist()]
    return [majority_vote_averages(q, n, m) for q, n, m in zip(data[f"{kind}_noise"].values, nodes, data[f"{kind}_moments"].values, strict=True)]


def last(parts):
    """Of intervals of arrays, those of the two largest sizes."""
    return [Interval(float(i.estimate[-1]), float(i.low[-1]), float(i.high[-1]), i.level, i.method) for i in parts]


def near(claim, measured, value, tolerance, level=None):
    detail = f"{measured.estimate:.4g}" if isinstance(measured, Interval) else f"{np.mean(measured):.5f}"
    return weakest(
        [statistical_at_least(claim, measured, value - tolerance, level, detail), statistical_at_most(claim, measured, value + tolerance, level, detail)]
    )


def claims(data):
    """All statistical verdicts hold together with confidence 95%; tolerances are for corrections to scaling, of which no interval knows.

    On the network these fall as N^(-1/2): exponents between the two largest sizes, and the crossing, get 4 / sqrt(N), N their geometric mean: twice what a pilot of 1,024
    and 2,048 nodes showed.
    """
    level, ising, field = shared(0.95, 16), PUBLISHED["ising"], PUBLISHED["mean_field"]
    lattice = data_collapse(measured(data, "lattice"), data.lattice.values, level=level, resamples=RESAMPLES)
    seen, size = measured(data, "network"), data.network.values
    crossed = last(binder_crossing(seen, size, level=level, resamples=RESAMPLES))
    fixed = last(fixed_binder(seen, size, field["binder"], level=level, resamples=RESAMPLES))
    room = 4.0 / (size[-1] * size[-2]) ** 0.25
    exact, tiny = majority_vote_law(torus(), TINY_NOISE), data.tiny.sel(moment="|m|").values
    both = crossed[0], fixed[0]
    found = Interval(both[0].estimate, min(i.low for i in both), max(i.high for i in both), level, "crossing and fixed cumulant")
    return [
        near("lattice: the critical noise is Oliveira's .075(1)", lattice.critical_noise, PUBLISHED["critical_noise"], PUBLISHED["tolerance"]),
        near("lattice: 1/nu = 1", lattice.inverse_nu, ising["inverse_nu"], 0.1),
        near("lattice: beta/nu = 1/8", lattice.beta_over_nu, ising["beta_over_nu"], 0.02),
        near("lattice: gamma/nu = 7/4", lattice.gamma_over_nu, ising["gamma_over_nu"], 0.05),
        near("lattice: the cumulant at q_c is the Ising value", lattice.binder, ising["binder"], 0.01),
        statistical_at_least("network: q_c is above the pair approximation, 5/37", found, data.attrs["pair"]),
        statistical_at_most("network: q_c is below the mean field, 1/6", found, data.attrs["mean_field"]),
        near("network: 1/nu = 1/2, to 4 / sqrt(N)", fixed[1], field["inverse_nu"], room),
        near("network: beta/nu = 1/4, to 4 / sqrt(N)", fixed[2], field["beta_over_nu"], room),
        near("network: gamma/nu = 1/2, to 4 / sqrt(N)", fixed[3], field["gamma_over_nu"], room),
        near("network: the cumulants cross at the mean field's value, to 4 / sqrt(N)", crossed[1], field["binder"], room),
        statistical_at_most("control: mean field's beta/nu, 1/4 a node or 1/2 a side, is refused on the lattice", lattice.beta_over_nu, 0.4),
        near("nine nodes: the simulation is the exact chain", tiny, exact.magnetisation, 0.002, level),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice: the noises of the lattice a tenth too large."""
    return data.assign(lattice_noise=1.1 * data.lattice_noise)


def draw(data):
    """Cumulants that cross, and two curves on which all sizes fall; the lattice above, the network below."""
    figure, axes = figures.picture(3, 2, width=10.6, height=5.6)
    for row, kind in enumerate(("lattice", "network")):
        seen, size = measured(data, kind), data[kind].values
        name, known = ("L", PUBLISHED["ising"]) if kind == "lattice" else ("N", PUBLISHED["mean_field"])
        centre = PUBLISHED["critical_noise"] if kind == "lattice" else last(fixed_binder(seen, size, known["binder"], resamples=20))[0].estimate
        one, two, three = axes[3 * row : 3 * row + 3]
        for k, (m, length) in enumerate(zip(seen, size, strict=True)):
            x = (m.noise - centre) * length ** known["inverse_nu"]
            label, k = f"{kind}, {name} = {length:,}", k + 4 * row + row
            figures.curve(one, m.noise, m.binder, m.binder - 2 * m.binder_error, m.binder + 2 * m.binder_error, label=label, k=k)
            for axis, value, error, power in (
                (two, m.magnetisation, m.magnetisation_error, known["beta_over_nu"]),
                (three, m.susceptibility, m.susceptibility_error, -known["gamma_over_nu"]),
            ):
                factor = length**power
                figures.curve(axis, x, factor * value, factor * (value - 2 * error), factor * (value + 2 * error), k=k)
        one.axhline(known["binder"], color="black", linewidth=0.8, linestyle=":", label="cumulant at the transition, known", zorder=1)
        if kind == "lattice":
            one.axvspan(centre - PUBLISHED["tolerance"], centre + PUBLISHED["tolerance"], color="#dddddd", zorder=0, label="q_c of Oliveira, .075(1)")
        else:
            for value in (data.attrs["pair"], centre):
                one.axvline(
                    value,
                    color="black",
                    linewidth=0.8,
                    linestyle="-." if value < centre else "--",
                    label="q_c of the pair approximation, 5/37" if value < centre else "q where U is mean field's, largest N",
                    zorder=1,
                )
        figures.axis_labels(one, ("noise q", ""), ("Binder cumulant", ""), f"{'Square lattice' if kind == 'lattice' else 'Random 4-regular graph'}")
        beta, gamma, nu = ("1/8", "7/4", "") if kind == "lattice" else ("1/4", "1/2", "^(1/2)")
        figures.axis_labels(two, (f"(q - {centre:.4f}) {name}{nu}", ""), (f"|m| {name}^({beta})", ""), "Order parameter")
        figures.axis_labels(three, (f"(q - {centre:.4f}) {name}{nu}", ""), (f"chi {name}^(-{gamma})", ""), "Susceptibility")
    figures.legend(figure, axes)
    figures.note(
        figure,
        f"{64 * data.sizes['pack']:,} replications. Exponents in the axes are the known ones, not fitted: Ising in two dimensions above, mean field below. Bands: two standard errors, between packs of 64 replications.",
    )
    return figure
