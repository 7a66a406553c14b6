"""Tang et al. (2025): what it costs to serve every region, reward against fairness.

Four regions and 40 volunteers on a square of 100 km; a volunteer accepts a trip with a chance that falls with the distance of its region,
p_ik = favour_k exp(-distance / 40 km), favour uniform on [0.5, 1]; he comes back with chance 1 - exp(-0.005 h), h uniform on 1..50; regions have
Dirichlet weights; 8 notifications in an average round. The generator follows the authors' development code in form [Tang2025]_; its
constants are ours, and so is the instance (seed 43). Fairness is the least over regions of the reward in a round of that region, and theta
asks for a least value of it.

**What must be visible.** The frontier of the occupancy program, the most reward at every theta up to the largest possible one, is concave and falls
slowly at first: half of the largest fairness costs less than 5% of the reward, although without any constraint the least served
region gets less than half of it. The rule that plays the program's whole allocation by its occupancies, `occupancy_index`, lies below the
frontier; its own fairness, measured in runs, follows theta, less what a rule with whole B_k and chance loses.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.occupancy_lp import fairness_frontier, largest_fairness, occupancy_lp
from budgetsim.policies.occupancy_index import occupancy_index
from budgetsim.problems.volunteer_rescue import volunteer_rescue

SYSTEM = "contextual-budget-bandit"
#: no number of the paper was available
PUBLISHED = None
VOLUNTEERS, REGIONS, BUDGET, RANGE = 40, 4, 8, 40.0
#: shares of the largest theta at which the frontier is computed, and at which a rule is played
POINTS, PLAYED = 21, (0.0, 0.5, 0.8, 0.95)
BURN_IN, ROUNDS = 200, 1_500
SMALLER = {"POINTS": 7, "PLAYED": (0.0, 0.8), "ROUNDS": 300}


def instance(seed=43):
    """(f, p, q) and where volunteers and regions are, in km."""
    rng = np.random.default_rng(seed)
    home, region = rng.uniform(0, 100, (VOLUNTEERS, 2)), rng.uniform(0, 100, (REGIONS, 2))
    distance = np.hypot(*(home[:, None] - region[None]).transpose(2, 0, 1))
    p = rng.uniform(0.5, 1.0, REGIONS) * np.exp(-distance / RANGE)
    return rng.dirichlet(np.full(REGIONS, 3.0)), p, 1.0 - np.exp(-0.005 * rng.integers(1, 51, VOLUNTEERS)), home, region


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 400 runs of the rule at each theta and for each region; the frontier is exact at every scale."""
    replications = max(10, round(400 * scale))
    f, p, q, home, region = instance()
    most = largest_fairness(f, p, q, BUDGET)
    theta, frontier = fairness_frontier(f, p, q, BUDGET, points=POINTS)
    whole = [occupancy_lp(f, p, q, BUDGET, fairness=share * most.value, integer=True) for share in PLAYED]
    rate = np.zeros((len(PLAYED), REGIONS, replications))
    for i, best in enumerate(whole):
        rule = occupancy_index(f, p, q, np.ones(REGIONS), best.plan.occupancy)
        for k in range(REGIONS):  # a problem that counts region k alone, on the same luck: what each region gets
            problem = volunteer_rescue(f, p, q, best.plan.allocation, BURN_IN + ROUNDS, np.eye(REGIONS)[k], "inactive")
            runs = engine.run(
                problem,
                rule,
                replications=replications,
                seed=seed,
                checkpoints=[BURN_IN, BURN_IN + ROUNDS],
                threads=threads,
                executor=executor,
                progress=progress,
            )
            rate[i, k] = np.diff(runs.reward.values, axis=1)[:, 0] / ROUNDS / f[k]
    reward = {"units": "reward in a round"}
    return xarray.Dataset(
        {
            "frontier": ("theta", [b.value for b in frontier], reward),
            "upper": ("theta", [b.upper for b in frontier], reward),
            "planned": (("theta", "region"), np.array([np.sum(p * b.plan.occupancy, axis=0) / f for b in frontier]), reward),
            "whole": ("share", [b.value for b in whole], reward),
            "allocation": (("share", "region"), np.array([b.plan.allocation for b in whole]), {"units": "notifications"}),
            "rate": (("share", "region", "replication"), rate, reward),
            "chance": ("region", f, {"units": "1"}),
            "home": (("volunteer", "axis"), home, {"units": "km"}),
            "place": (("region", "axis"), region, {"units": "km"}),
        },
        {"theta": theta, "share": list(PLAYED)},
        {"seed": str(seed), "scale": scale, "largest": most.value, "largest_upper": most.upper},
    )


def total(data):
    """Reward in a round (share, replication)."""
    return (data.rate * data.chance).sum("region")


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, value = shared(0.99, data.share.size + 3), data.frontier.values
    served, largest = data.planned.min("region"), data.attrs["largest"]
    half = float(np.interp(0.5 * largest, data.theta, value))
    means = data.rate.isel(share=-1), data.rate.isel(share=0)
    poorest = int(np.argmin(means[1].mean("replication").values))
    return [
        at_most("the largest theta is certified", data.attrs["largest_upper"] - largest, 0.0, 1e-9),
        at_most("the frontier is certified", float((data.upper - data.frontier).max()), 0.0, 1e-5),
        at_most("it never rises", float(np.diff(value).max()), 0.0, 1e-9),
        at_most("it is concave", float(np.diff(value, 2).max()), 0.0, 1e-6),
        at_least("half of the largest fairness costs less than 5% of the reward", half / value[0], 0.95, detail=f"all of it costs {1 - value[-1] / value[0]:.1%}"),
        at_most("control: without a constraint the least served region gets less than half", float(served[0]), 0.5 * largest),
        weakest([statistical_at_most("the rule earns no more than the program with whole B_k and no constraint", v, float(data.upper[0]), level) for v in total(data).values]),
        statistical_at_least("asking for fairness serves the least served region better", (means[0] - means[1]).isel(region=poorest).values, 0.0, level),
        statistical_at_least("the rule keeps 85% of the frontier at the strictest theta", total(data).isel(share=-1).values, 0.85 * float(data.whole[-1]), level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(frontier=data.frontier * (1 + 0.05 * data.theta / data.theta.max()))


def draw(data):
    """The frontier and the rule; what each region gets; where everybody is."""
    figure, axes = figures.picture(3, width=10.6, height=3.6)
    figures.fluid_line(axes[0], data.theta, data.frontier, "frontier of the program")
    figures.curve(axes[0], data.share * data.attrs["largest"], data.whole, label="program with whole B_k", k=5).set_linestyle("")
    fair = data.rate.mean("replication").min("region")
    mean = intervals.mean(total(data).transpose("replication", "share").values)
    figures.curve(axes[0], fair, mean.estimate, mean.low, mean.high, label="occupancy_index on it, at the fairness of its runs", k=1, bars=True)
    for share, x, y in zip(data.share.values, fair.values, mean.estimate, strict=True):
        axes[0].annotate(f"{share:g}", (x, y), xytext=(3, -9), textcoords="offset points", fontsize=7)
    figures.axis_labels(axes[0], ("fairness theta", "reward a round"), ("reward", "a round"), "Reward against fairness")
    for k in range(data.region.size):
        figures.curve(axes[1], data.theta, data.planned.isel(region=k), label=f"region {k + 1}, {float(data.chance[k]):.0%} of rounds", k=k, markers=False)
        axes[2].scatter(*data.place.values[k], s=260 * float(data.chance[k]) + 25, color=figures.look(k).colour, marker=figures.look(k).marker, zorder=4)
        axes[2].annotate(f"{k + 1}", data.place.values[k], xytext=(8, 4), textcoords="offset points", fontsize=8)
    axes[1].plot(data.theta, data.theta, color="black", linewidth=0.8, linestyle=":", label="theta")
    figures.axis_labels(axes[1], ("fairness theta", "reward a round"), ("reward", "a round of its own"), "What each region gets in the program")
    axes[2].scatter(*data.home.values.T, s=9, color="#666666", label="volunteer", zorder=3)
    figures.axis_labels(axes[2], ("east", "km"), ("north", "km"), "Volunteers and regions")
    axes[2].set_aspect("equal", adjustable="datalim")
    figures.legend(figure, axes)
    figures.note(figure, f"{data.volunteer.size} volunteers, {BUDGET} notifications in an average round. Numbers at the rule: theta as a share of the largest. Bars: pointwise 95% intervals of "
                         f"{data.replication.size} runs of {ROUNDS:,} rounds after {BURN_IN}. The instance is ours.")  # fmt: skip
    return figure
