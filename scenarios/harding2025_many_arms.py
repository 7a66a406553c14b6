"""Harding, Kandasamy (2025), ten arms: from easy to very hard.

Ten normal arms, sigma = 1, c = 1e-4; left one arm is ahead of nine equal ones by s, right the means rise evenly from 0 to s [Harding2025]_. The risk is
misidentification plus c for each pull. The paper's own settings could not be read: instances, sizes and the form of DBCARE's width are ours.

**What must be visible.** DBCARE with kappa = 2 is lowest or nearly so at every s: at most 2.5 times the best of all rules shown, whichever that is at that s (with
kappa = sqrt(2) it is shown and nothing claimed: it errs so seldom at great s, at 1 a time, that full size does not tell). Each baseline is near the best somewhere and
bad elsewhere: fixed budgets and guessing at great s, fixed confidence at small s. **Where s is tiny, guessing wins**: DBCARE spends up to (H_10 - 1/2)/e = .894 in vain.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.metrics import ended
from budgetsim.model import Verdict
from budgetsim.policies.dbcare import dbcare
from budgetsim.policies.fixed_budget import fixed_budget
from budgetsim.policies.fixed_confidence import fixed_confidence
from budgetsim.policies.guess import guess
from budgetsim.policies.sequential_halving import sequential_halving
from budgetsim.problems.priced_arms import priced_arms
from budgetsim.theory import identification as theory

SYSTEM = "bai-performance-cost"
ARMS, SIGMA, PRICE = 10, 1.0, 1e-4
SCALES = (0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0)
SHAPES = ("one ahead", "even steps")
HORIZON = 2**16
PUBLISHED = None  # the paper's settings and numbers could not be read
#: our own numbers of before (Monte Carlo, no standard errors), one arm ahead: printed beside
DERIVED = {"dbcare(kappa=2)": {0.2: 0.2475, 0.5: 0.061}, "uniform, T = 500": {0.2: 0.576, 0.5: 0.090}, "uniform, T = 2000": {0.2: 0.326}}
#: for whoever cannot wait
SMALLER = {"SCALES": (0.003, 0.2, 0.5, 4.0), "HORIZON": 2**15}


def means(shape, scale):
    return np.where(np.arange(ARMS) == 0, scale, 0.0) if shape == SHAPES[0] else scale * np.arange(ARMS) / (ARMS - 1)


def rules():
    return [dbcare(2.0), dbcare(np.sqrt(2.0)), fixed_budget(500), fixed_budget(2000), sequential_halving(500), sequential_halving(2000), fixed_confidence(0.1), guess()]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 2000 replications of each rule and instance."""
    runs, played = max(20, round(2000 * scale)), rules()
    loss, cost = np.zeros((2, len(played), len(SCALES), runs)), np.zeros((2, len(played), len(SCALES), runs))
    late = np.zeros((2, len(played), len(SCALES)))
    for i, shape in enumerate(SHAPES):
        for k, s in enumerate(SCALES):
            problem = priced_arms(means(shape, s), SIGMA, PRICE, HORIZON)
            for j, rule in enumerate(played):
                found = engine.run(problem, rule, replications=runs, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress)
                loss[i, j, k], cost[i, j, k], late[i, j, k] = found.loss.values[:, -1], found.spent.values[:, -1, 0], float(ended(found).sel(cause="horizon"))
    exact = [[float(theory.uniform_misidentification([s] * (ARMS - 1), t / ARMS, SIGMA)) + PRICE * t for s in SCALES] for t in (500, 2000)]
    return xarray.Dataset(
        {
            "loss": (("shape", "rule", "scale", "replication"), loss, {"units": "loss"}),
            "cost": (("shape", "rule", "scale", "replication"), cost, {"units": "loss"}),
            "ended": (("shape", "rule", "scale"), late, {"units": "1", "long_name": "share of runs that the horizon ended"}),
            "exact": (("pulls", "scale"), exact, {"units": "loss", "long_name": "risk of uniform sampling, one ahead, in closed form"}),
        },
        {"shape": list(SHAPES), "rule": [r.name for r in played], "scale": list(SCALES), "pulls": [500, 2000]},
        {"seed": str(seed), "size": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several instances is its weakest case."""
    level, names, risk = shared(0.99, 9), data.rule.values, data.loss + data.cost
    one = shared(level, 2 * len(SCALES))
    least = risk.mean("replication").min("rule")

    near = [statistical_at_most("dbcare(kappa=2): at most 2.5 times the best rule at every s", (risk.sel(shape=i, rule=names[0], scale=s) / least.sel(shape=i, scale=s)).values,
                                2.5, one, "the best mean of all rules, taken as it was measured") for i in SHAPES for s in SCALES]  # fmt: skip

    def at(rule, s, shape=SHAPES[0]):
        return risk.sel(shape=shape, rule=names[rule], scale=s).values

    def gap(claim, rule, s):
        return statistical_at_least(claim, at(rule, s) - 2 * at(0, s), 0.0, level, "its risk less twice that of dbcare(kappa=2)")

    spent = float(data.cost.sel(rule=names[:2]).max())
    return [
        at_most("DBCARE never spends more than (H_10 - 1/2)/e", spent, float(theory.most_spent(ARMS)), 1e-12, "exact"),
        at_most("the horizon ends no run of DBCARE", float(data.ended.sel(rule=names[:2]).max()), 0.0),
        _closed_form(data, level),
        weakest(near),
        gap("uniform, T = 500: more than twice DBCARE at s = 4", 2, 4.0),
        gap("uniform, T = 2000: more than twice DBCARE at s = 4", 3, 4.0),
        gap("halving, T = 500: more than twice DBCARE at s = 4", 4, 4.0),
        gap("fixed confidence: more than twice DBCARE at s = 0.2", 6, 0.2),
        gap("guessing: more than twice DBCARE at s = 0.5", 7, 0.5),
        statistical_at_least("DBCARE loses to guessing at s = 0.003", at(0, 0.003), 0.9, level, "risk; guessing has 0.9"),
        statistical_at_least("control: uniform, T = 500, is not within 2.5 times DBCARE at s = 4", at(2, 4.0) - 2.5 * at(0, 4.0), 0.0, level, "loss"),
    ]


def _closed_form(data, level):
    """Whether the exact probability of error of uniform sampling lies in the interval of every measured one."""
    wrong = data.loss.sel(shape=SHAPES[0]).isel(rule=[2, 3]).values.sum(axis=-1).astype(int)
    error = data.exact.values - PRICE * data.pulls.values[:, None]
    each = shared(level, wrong.size)
    found = [(intervals.proportion(int(w), data.replication.size, each), e) for w, e in zip(wrong.ravel(), error.ravel())]
    margin = min(min(e - i.low, i.high - e) for i, e in found)
    return Verdict("uniform sampling, one ahead: the closed form lies in every interval", "statistical", margin >= 0.0, margin, level=level, detail=_beside(data))


def _beside(data):
    risk = (data.loss + data.cost).sel(shape=SHAPES[0]).mean("replication")
    ours = {"dbcare(kappa=2)": risk.isel(rule=0), "uniform, T = 500": risk.isel(rule=2), "uniform, T = 2000": risk.isel(rule=3)}
    return "risk, with ours of before: " + "; ".join(
        f"{name} " + ", ".join(f"{float(ours[name].sel(scale=s)):.4f} ({v:g}) at {s:g}" for s, v in before.items() if s in data.scale) for name, before in DERIVED.items()
    )


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(cost=data.cost.where(data.rule != data.rule.values[0], data.cost + 1.0))


def draw(data):
    """One panel for each shape of the means."""
    figure, axes = figures.picture(2, width=8.8, height=3.9)
    for ax, shape in zip(axes, SHAPES):
        for k, rule in enumerate(data.rule.values):
            mean = intervals.mean((data.loss + data.cost).sel(shape=shape, rule=rule).transpose("replication", "scale").values)
            figures.curve(ax, data.scale, mean.estimate, np.maximum(mean.low, mean.estimate / 10), mean.high, label=rule, k=k)
        figures.axis_labels(ax, ("s", "sigma"), ("risk", "loss"), f"Ten arms, {shape}", log="xy")
        ax.set_ylim(5e-4, 25)
    for j in range(data.pulls.size):
        axes[0].plot(data.scale, data.exact.isel(pulls=j), color="black", linestyle=(0, (4, 2)), linewidth=0.8, zorder=4, label="uniform sampling in closed form")
    figures.legend(figure, axes)
    figures.note(figure, f"Misidentification + c x pulls, c = {PRICE:g}, sigma = 1. One ahead: one mean is s, nine are 0. Even steps: from 0 to s. Bands: pointwise 95% intervals of "
                         f"{data.replication.size} runs. Fixed confidence is ended by the horizon of {HORIZON:,} pulls where s is small: its risk is higher than shown.")  # fmt: skip
    return figure
