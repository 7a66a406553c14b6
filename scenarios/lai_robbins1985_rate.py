"""Lai, Robbins (1985): what one more e-fold of the horizon costs, each rule against its own constant.

Nine Bernoulli arms with means .1, ..., .9. A rule that is good on every instance pays, in the end, at least
``C = sum over worse arms of gap / kl(mean, best mean)`` of regret for each unit of ln T [Lai1985]_; KL-UCB and
Thompson sampling attain it. UCB1 with index ``mean + sqrt(radius ln t / pulls)`` pays ``radius * sum of 1 / gap``.

**What must be visible.** The *increment* of regret for each unit of ln t over the last decades, divided by the rule's own
constant, settles near 1, while that of `uniform`, the control, grows tenfold each decade. Nothing is claimed of the limit: at these
horizons the increment may be above or below the constant.
"""

import math

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_least, statistical_at_most
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit

SYSTEM = "intro-bandits"
MEANS = np.arange(1, 10) / 10
#: the constant as an independent package prints it for these arms
PUBLISHED = {"Lai-Robbins constant": 7.516516, "tolerance": 1e-6, "source": "recomputed beside SMPyBandits"}


def constants():
    """Lai and Robbins' constant, and the sum of 1/gap: regret for each unit of ln T."""
    best, worse = MEANS[-1], MEANS[:-1]
    kl = worse * np.log(worse / best) + (1 - worse) * np.log((1 - worse) / (1 - best))
    return float(np.sum((best - worse) / kl)), float(np.sum(1 / (best - worse)))


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications of a million rounds; both shrink with the square root of the scale."""
    replications, decades = max(20, round(200 * min(1.0, math.sqrt(scale)))), 6 if scale >= 0.5 else 5 if scale >= 0.1 else 4
    lai_robbins, inverse_gaps = constants()
    rules = [ucb1(2.0), ucb1(0.5), kl_ucb(), thompson(), uniform()]
    own = [2 * inverse_gaps, 0.5 * inverse_gaps, lai_robbins, lai_robbins, math.nan]
    times = np.unique(np.round(np.geomspace(10, 10**decades, 4 * (decades - 1) + 1)).astype(int))
    problem = stochastic_bandit(bernoulli(MEANS), int(times[-1]))
    regret = np.zeros((len(rules), replications, times.size))
    for i, rule in enumerate(rules):
        runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=times, threads=threads, executor=executor, progress=progress)
        regret[i] = times * MEANS[-1] - runs.pseudo_reward.values
    return xarray.Dataset(
        {"regret": (("rule", "replication", "t"), regret, {"long_name": "pseudo-regret", "units": "reward"}), "constant": ("rule", own)},
        {"rule": [r.name for r in rules], "t": times},
        {"seed": str(seed), "scale": scale, "lai_robbins": lai_robbins},
    )


def increments(data):
    """Regret added over each tenfold of rounds for each unit of ln t, (rule, replication, t): t is the later end."""
    later, earlier = data.regret.isel(t=slice(4, None)), data.regret.isel(t=slice(None, -4))
    return (later - earlier.assign_coords(t=later.t)) / np.log(later.t / earlier.t.values)


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, added = shared(0.99, 9), increments(data)
    last, before = added.isel(t=-1), added.isel(t=-5)
    text = f"increment / constant, from t = {int(last.t) // 10:,} to {int(last.t):,}"
    found = [
        at_most("Lai and Robbins' constant is the published one", abs(data.attrs["lai_robbins"] - PUBLISHED["Lai-Robbins constant"]), PUBLISHED["tolerance"])
    ]
    for rule in data.rule.values[:-1]:
        share = (last / data.constant).sel(rule=rule).values
        found.append(statistical_at_least(f"{rule}: pays at least half its constant", share, 0.5, level, text))
        found.append(statistical_at_most(f"{rule}: pays at most twice its constant", share, 2.0, level, text))
    control = data.rule.values[-1]
    tenfold = (last - 5 * before).sel(rule=control).values
    found.append(
        statistical_at_least(
            f"control: the increment of {control} more than quintuples in a decade", tenfold, 0.0, level, "last increment less 5 times the one before"
        )
    )
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign_attrs(lai_robbins=data.attrs["lai_robbins"] * 1.001)


def draw(data):
    """Left: regret. Right: the increment over the last tenfold, in units of the rule's own constant."""
    figure, axes = figures.picture(2, width=7.8, height=3.2)
    for k, rule in enumerate(data.rule.values):
        one, constant = data.sel(rule=rule), float(data.constant.sel(rule=rule))
        level = intervals.mean(one.regret.transpose("replication", "t").values)
        figures.curve(axes[0], data.t, level.estimate, level.low, level.high, label=rule, k=k)
        added = increments(one)
        unit = constant if math.isfinite(constant) else data.attrs["lai_robbins"]
        rate = intervals.mean(added.transpose("replication", "t").values / unit)
        name = f"{rule}: constant {constant:.2f}" if math.isfinite(constant) else f"{rule}: no constant, in units of {unit:.2f}"
        figures.curve(axes[1], added.t, rate.estimate, rate.low, rate.high, label=name, k=k)
    axes[1].axhline(1.0, color="black", linestyle=(0, (4, 2)), linewidth=0.9)
    axes[0].set_ylim(0, 1.15 * float(data.regret.isel(rule=slice(-1), t=-1).mean("replication").max()))
    figures.axis_labels(axes[0], ("t", "rounds"), ("pseudo-regret", "reward"), "Regret", log="x")
    figures.axis_labels(axes[1], ("t", "rounds"), ("increment / own constant", ""), "Increment per unit of ln t", log="xy")
    axes[1].set(ylim=(0.15, 8), yticks=[0.2, 0.5, 1, 2, 5])
    figures.plain_numbers(axes[1], "y")
    figures.legend(figure, axes[1])
    figures.note(figure, f"Bernoulli arms .1, ..., .9. Increment: regret added from t/10 to t, divided by ln 10 and by the rule's constant. "
                         f"Bands: pointwise 95% intervals of {data.replication.size} runs. Dashed: the constant. uniform leaves both frames.")  # fmt: skip
    return figure
