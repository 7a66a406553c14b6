"""Auer, Cesa-Bianchi, Freund, Schapire (2002): how bad is the worst gap?

Theorem 5.1 of [AuerExp32002]_ puts K - 1 arms at mean 1/2 and one arm a gap of the order sqrt(K/T) above: no
rule can then promise less than a constant times sqrt(KT) of regret. Here the gap is c sqrt(K/T), K = 10, and
regret / sqrt(KT) is drawn over c in {.5, 1, 2, 4, 8, 16} and over the horizon.

**What must be visible.** For rules that learn the ratio has a hump: past it a larger gap is found out sooner and costs
less. For `uniform`, the control, it grows with c for ever. EXP3 stays below the sqrt(2 ln K) of its own theorem.
`successive_elimination` needs about ``8 ln T / gap**2`` pulls of an arm to remove it, more than T/K up to c = 8: till there it is
as bad as `uniform`, and is shown so.
"""

import math

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.moss import moss
from budgetsim.policies.successive_elimination import successive_elimination
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit

SYSTEM = "intro-bandits"
PUBLISHED = None  # theorems, no numbers
ARMS = 10
GAPS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
HORIZONS = (2**14, 2**16, 2**18)
LEARN, LOSE, CONTROL = (exp3, ucb1, kl_ucb, moss, thompson), successive_elimination, uniform
#: for whoever cannot wait
SMALLER = {"HORIZONS": (2**14,)}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications of every horizon; other scales change their number, and below 1/4 the longest horizon is left out."""
    replications, horizons = max(10, round(200 * scale)), HORIZONS[: 3 if scale >= 0.25 else 2]
    rules = [f() for f in (*LEARN, LOSE, CONTROL)]
    ratio = np.zeros((len(rules), len(horizons), len(GAPS), replications))
    for i, j, k in np.ndindex(ratio.shape[:3]):
        horizon = horizons[j]
        means = np.full(ARMS, 0.5)
        means[0] += GAPS[k] * math.sqrt(ARMS / horizon)
        problem = stochastic_bandit(bernoulli(means), horizon)
        runs = engine.run(problem, rules[i], replications=replications, seed=seed, checkpoints=[horizon], threads=threads, executor=executor, progress=progress)
        ratio[i, j, k] = (horizon * means[0] - runs.pseudo_reward.values[:, -1]) / math.sqrt(ARMS * horizon)
    return xarray.Dataset(
        {"ratio": (("rule", "horizon", "c", "replication"), ratio, {"long_name": "pseudo-regret / sqrt(K T)", "units": "1"})},
        {"rule": [r.name for r in rules], "horizon": list(horizons), "c": list(GAPS)},
        {"seed": str(seed), "scale": scale, "arms": ARMS},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    names, level = data.rule.values, shared(0.99, len(LEARN) + 3)
    limit, cells = math.sqrt(2 * math.log(ARMS)), data.horizon.size * data.c.size
    ratio = {str(n): data.ratio.sel(rule=n) for n in names}
    bound = [statistical_at_most(f"{names[0]}: regret <= sqrt(2 K T ln K) at every gap and horizon", v, limit, shared(level, cells), "over sqrt(KT)")
             for v in ratio[names[0]].values.reshape(cells, -1)]  # fmt: skip
    turned = {n: (r.sel(c=16) - 1.5 * r.sel(c=8)).values for n, r in ratio.items()}
    each, text = shared(level, data.horizon.size), "in units of sqrt(KT): regret at c = 16 less 1.5 times that at c = 8"
    humps = [[statistical_at_most(f"{n}: twice the gap costs less than 1.5 times as much", v, 0.0, each, text) for v in turned[n]] for n in names[: len(LEARN)]]
    lose, control = names[-2:]
    refused = [statistical_at_least(f"control: {control} is refused by the same check", v, 0.0, each, text) for v in turned[control]]
    as_bad = (ratio[lose] - 0.9 * ratio[control]).sel(c=8).values
    loses = [statistical_at_least(f"{lose} loses as much as {control} at c = 8, less a tenth", v, 0.0, each, "over sqrt(KT)") for v in as_bad]
    return [weakest(v) for v in (bound, *humps, refused, loses)]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(ratio=data.ratio * xarray.where(data.c == 16, 20.0, 1.0))


def draw(data):
    """Left: the hump, at the longest horizon. Right: its top against the horizon."""
    figure, axes = figures.picture(2, width=7.4, height=3.3)
    longest = int(data.horizon[-1])
    for k, rule in enumerate(data.rule.values):
        one = intervals.mean(data.ratio.sel(rule=rule, horizon=longest).transpose("replication", "c").values)
        figures.curve(axes[0], data.c, one.estimate, one.low, one.high, label=rule, k=k, bars=True)
        top = data.ratio.sel(rule=rule).mean("replication").max("c")
        figures.curve(axes[1], data.horizon, top, label=rule, k=k)
    for one in axes:
        ends = data.c[[0, -1]] if one is axes[0] else data.horizon[[0, -1]]
        figures.fluid_line(one, ends, [math.sqrt(2 * math.log(ARMS))] * 2, "$\\sqrt{2\\,\\ln K}$, proved for exp3")
    figures.axis_labels(axes[0], ("gap c, in units of $\\sqrt{K/T}$", ""), ("pseudo-regret / $\\sqrt{KT}$", ""), f"T = {longest:,}", log="xy")
    axes[0].set_xticks(GAPS, [f"{c:g}" for c in GAPS], minor=False)
    axes[0].minorticks_off()
    figures.axis_labels(axes[1], ("horizon T", "rounds"), ("pseudo-regret / $\\sqrt{KT}$, largest over c", ""), "The worst gap", log="xy")
    axes[1].set(ylim=axes[0].get_ylim(), xlim=(data.horizon[0] / 1.3, data.horizon[-1] * 1.3))
    axes[1].set_xticks(data.horizon.values, [f"{t:,}" for t in data.horizon.values], minor=False)
    axes[1].minorticks_off()
    figures.legend(figure, axes)
    figures.note(figure, f"K = {ARMS} Bernoulli arms, means 1/2 and one at 1/2 + c sqrt(K/T). Bars: pointwise 95% intervals of {data.replication.size} runs.")
    return figure
