"""Harding, Kandasamy (2025), trials of treatments: what a patient costs decides which rule is good.

Bernoulli outcomes, sigma = 1/2, price of a patient from 1e-5 to 1e-3 in units of naming a treatment that is not the best [Harding2025]_. Left: five arms with success
rates (.36, .34, .469, .465, .537), **a reconstruction from memory** of the public drug trial that the paper resamples. Middle and right: two real randomised trials with
two arms each, indomethacin against pancreatitis (602 patients) and streptomycin against tuberculosis (107), from `data/clinical_trials`, whose README says what they can
show. The patients of an arm are drawn again with replacement, as many as a rule asks for: a bootstrap world in which the observed rates are the
truth. It compares rules, not treatments.

**What must be visible.** No rule is the best at every price: fixed budgets are right at one price and wrong by an order of magnitude at another, fixed confidence
does not look at the price. DBCARE is never the worst.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.metrics import score
from budgetsim.policies.dbcare import dbcare
from budgetsim.policies.fixed_budget import fixed_budget
from budgetsim.policies.fixed_confidence import fixed_confidence
from budgetsim.policies.guess import guess
from budgetsim.policies.sequential_halving import sequential_halving
from budgetsim.problems.priced_arms import priced_arms

SYSTEM = "bai-performance-cost"
RECONSTRUCTION = (0.36, 0.34, 0.469, 0.465, 0.537)
PRICES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3)
SIGMA, HORIZON = 0.5, 2**18
#: bad outcomes by arm, as the table's own description prints them
PUBLISHED = {"source": "README of the data set", "pancreatitis": (0.1694, 0.0915), "tolerance": 5e-5}
_DATA = Path(__file__).parent / "data" / "clinical_trials"


@cache
def trials():
    """Name -> rate of good outcomes, by arm."""

    def rates(name, arm, outcome, good):
        with gzip.open(_DATA / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
            rows = np.genfromtxt(lines, delimiter=",", names=True, dtype=None, encoding="utf-8")
        return tuple(float((rows[outcome][rows[arm] == k] == good).mean()) for k in (0, 1))

    return {
        "five arms, reconstruction": RECONSTRUCTION,
        "indomethacin, resampled": rates("indo_rct", "arm_indomethacin", "pancreatitis", 0),
        "streptomycin, resampled": rates("strep_tb", "arm_strep", "improved", 1),
    }


def rules():
    return [dbcare(2.0), dbcare(np.sqrt(2.0)), fixed_budget(10), fixed_budget(500), sequential_halving(500), fixed_confidence(0.1), guess()]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 8000 replications of each rule, price and trial."""
    runs, played = max(20, round(8000 * scale)), rules()
    risk = np.zeros((len(trials()), len(played), len(PRICES), runs))
    for i, rates in enumerate(trials().values()):
        for k, price in enumerate(PRICES):
            problem = priced_arms(rates, SIGMA, price, HORIZON, law="bernoulli")
            for j, rule in enumerate(played):
                found = engine.run(problem, rule, replications=runs, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress)
                risk[i, j, k] = -score(found).values[:, -1]
    return xarray.Dataset(
        {
            "risk": (("trial", "rule", "price", "replication"), risk, {"units": "loss"}),
            "rate": ("arm", np.array(trials()["indomethacin, resampled"]), {"units": "1", "long_name": "no pancreatitis"}),
            "five": ("arm_of_five", np.array(RECONSTRUCTION), {"units": "1", "long_name": "good outcomes, reconstruction"}),
        },
        {"trial": list(trials()), "rule": [r.name for r in played], "price": list(PRICES)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, names, risk = shared(0.99, 8), data.rule.values, data.risk.transpose("trial", "rule", "price", "replication")
    mean = risk.mean("replication")
    cells = [(i, p) for i in data.trial.values for p in data.price.values]

    def never_worst(rule):
        label = ("dbcare(kappa=2)", "dbcare(kappa=sqrt 2)")[rule]
        worst = [str(mean.sel(trial=i, price=p, rule=names[2:]).idxmax("rule").item()) for i, p in cells]
        return weakest([statistical_at_most(f"{label} is never the worst", risk.sel(trial=i, price=p, rule=names[rule]).values - risk.sel(trial=i, price=p, rule=w).values, 0.0,
                                            shared(level, len(cells)), f"its risk less that of the worst of the others, here {w}") for (i, p), w in zip(cells, worst)])  # fmt: skip

    def beaten(j):
        """Somewhere another rule has a smaller risk: where that is clearest, at a level shared by all places that were looked at."""
        over = risk.isel(rule=[j]).values - risk.values  # (trial, rule, price, replication)
        i, other, k = np.unravel_index(np.argmax(over.mean(-1) / (over.std(-1) + 1e-9)), over.shape[:-1])
        return statistical_at_least("no rule dominates: each is beaten at some price of some trial", over[i, other, k], 0.0, shared(level, len(names) * over[..., 0].size),
                                    f"the least clear: {names[j]}, beaten by {names[other]} at c = {PRICES[k]:g}")  # fmt: skip

    five = data.trial.values[0]
    dearest = risk.sel(trial=five, price=PRICES[-1])
    return [
        at_most("rates of pancreatitis are those that the data's README prints", float(abs(1 - data.rate - np.array(PUBLISHED["pancreatitis"])).max()), PUBLISHED["tolerance"]),
        exact("the best of the five is the last", int(np.argmax(data.five.values)) == 4),
        never_worst(0),
        never_worst(1),
        weakest([beaten(j) for j in range(len(names))]),
        statistical_at_least("T = 500 at c = 1e-3 costs half, which guessing between two arms does too", risk.sel(trial=data.trial.values[2], rule=names[3], price=1e-3).values, 0.49, level),
        statistical_at_most("dbcare(kappa=2) halves the risk of guessing at c = 1e-5, five arms", risk.sel(trial=five, rule=names[0], price=1e-5).values, 0.4, level),
        statistical_at_least("control: fixed confidence costs more than guessing at c = 1e-3, five arms", dearest.sel(rule=names[5]).values - dearest.sel(rule=names[6]).values, 0.0, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(rate=data.rate * 1.001)


def draw(data):
    """One panel for each trial: risk against the price of a patient."""
    figure, axes = figures.picture(3, width=10.2, height=3.6)
    for ax, (trial, rates) in zip(axes, trials().items()):
        for k, rule in enumerate(data.rule.values):
            mean = intervals.mean(data.risk.sel(trial=trial, rule=rule).transpose("replication", "price").values)
            figures.curve(ax, data.price, mean.estimate, np.maximum(mean.low, mean.estimate / 10), mean.high, label=rule, k=k)
        figures.axis_labels(ax, ("price of a patient c", "loss"), ("risk", "loss"), trial.capitalize() + "\n" + ", ".join(f"{r:.3g}".removeprefix("0") for r in rates), log="xy")
        ax.set_ylim(4e-4, 30)
    figures.legend(figure, axes)
    figures.note(figure, f"Risk = probability of naming an arm that is not the best + c x patients. Bernoulli outcomes with the rates above the panels; sigma = 1/2 is told. "
                         f"Bands: pointwise 95% intervals of {data.replication.size} runs. Drawn with replacement: rules are compared, not treatments.")  # fmt: skip
    return figure
