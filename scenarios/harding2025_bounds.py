"""Harding, Kandasamy (2025), bounds on the risk of identifying the better of two arms when a pull costs c.

Two normal arms, sigma = 1, c = 1e-4. Left: misidentification + c E[pulls]; right: simple regret + c E[pulls] [Harding2025]_. The paper plots its bounds
beside guessing; the sharper bound LB2, the lower bound for simple regret, and the oracle (the sequential test that knows the gap) are ours, and so
is the form of DBCARE's width, which could not be read. The upper bounds are the paper's: 32 LB + 2c at every gap, 9 LB* + 3c at the worst.

**What must be visible.** The kink of LB at sqrt(sigma^2 c), and of LB_SR at (sigma^2 c)^(1/3): below, guessing is near optimal. Guess is flat at
1/2, or D/2. LB <= LB2 <= oracle <= guess; DBCARE lies between the oracle and its upper bound at every gap from 1e-3 to 5, **and above guessing where
D is far below sqrt(sigma^2 c)**, where it pays up to 1/e for nothing.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.metrics import score
from budgetsim.optima.sprt_oracle import sprt_oracle
from budgetsim.policies.dbcare import dbcare
from budgetsim.problems.priced_arms import priced_arms
from budgetsim.theory import identification as theory

SYSTEM = "bai-performance-cost"
SIGMA, PRICE = 1.0, 1e-4
GAPS = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
PUBLISHED = None  # the paper prints bounds as formulas and figures, no table
#: our own numbers of before, sigma = 1, c = 1e-4
DERIVED = {"LB": {0.02: 0.14914, 0.05: 0.04219, 0.1: 0.01401, 0.3: 0.00217}, "LB2": {0.1: 0.0705, 0.3: 0.01272}, "LB*": 0.0124719, "9 LB* + 3c": 0.112547}
HORIZON = 2**16  # DBCARE stops long before
RISKS = theory.RISKS


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 4000 replications of each gap."""
    runs, fine = max(20, round(4000 * scale)), np.geomspace(GAPS[0], GAPS[-1], 241)
    risk = np.zeros((2, len(GAPS), runs))
    for i, name in enumerate(RISKS):
        for j, gap in enumerate(GAPS):
            problem = priced_arms([0.0, gap], SIGMA, PRICE, HORIZON, name)
            played = engine.run(problem, dbcare(), replications=runs, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress)
            risk[i, j] = -score(played).values[:, -1]
    worst = float(theory.worst_simple_regret_lower_bound(SIGMA, PRICE))
    lower = theory.misidentification_lower_bound(fine, SIGMA, PRICE)
    unit = {"units": "loss"}
    return xarray.Dataset(
        {
            "risk": (("kind", "gap", "replication"), risk, unit),
            "lower": (("kind", "fine"), np.array([lower, theory.simple_regret_lower_bound(fine, SIGMA, PRICE)]), unit),
            "sharper": ("fine", theory.sharper_misidentification_lower_bound(fine, SIGMA, PRICE), unit),
            "upper": (("kind", "fine"), np.array([32 * lower + 2 * PRICE, np.full(fine.size, 9 * worst + 3 * PRICE)]), unit),
            "oracle": (("kind", "fine"), np.array([[sprt_oracle(d, SIGMA, PRICE, r).value for d in fine] for r in RISKS]), unit),
            "guess": (("kind", "fine"), np.array([np.full(fine.size, 0.5), fine / 2]), unit),
        },
        {"kind": list(RISKS), "gap": list(GAPS), "fine": fine},
        {"seed": str(seed), "scale": scale, "worst": worst},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several gaps is its weakest case."""
    level = shared(0.99, 6)
    one = shared(level, len(GAPS))
    wrong, short = (data.sel(kind=k) for k in RISKS)
    below = wrong.fine.values < SIGMA * np.sqrt(PRICE)
    upper = [32 * float(theory.misidentification_lower_bound(d, SIGMA, PRICE)) + 2 * PRICE for d in GAPS]
    steps = [wrong.sharper - wrong.lower, wrong.oracle - wrong.sharper, wrong.guess - wrong.oracle, short.oracle - short.lower, short.guess - short.oracle]
    printed = [
        abs(float(f(d, SIGMA, PRICE)) - v) / digit
        for name, f, digit in (("LB", theory.misidentification_lower_bound, 1e-5), ("LB2", theory.sharper_misidentification_lower_bound, 1e-4))
        for d, v in DERIVED[name].items()
    ]
    above = [statistical_at_least("DBCARE is never below the oracle", data.risk.sel(kind=k, gap=d).values, sprt_oracle(d, SIGMA, PRICE, k).value, shared(one, 2), "loss")
             for k in RISKS for d in GAPS]  # fmt: skip
    return [
        at_most("LB is 1/4 up to the kink at sqrt(sigma^2 c)", float(abs(wrong.lower.values[below] - 0.25).max()), 0.0, 1e-15),
        at_most("LB falls beyond the kink", float(np.diff(wrong.lower.values[~below]).max()), 0.0),
        at_most("LB <= LB2 <= oracle <= guess, and LB_SR <= oracle <= guess", float(max(-s.min() for s in steps)), 0.0, 1e-15),
        at_most("LB and LB2 as derived before, in units of the last digit", max(printed), 0.51),
        at_most("LB* as derived before", abs(data.attrs["worst"] - DERIVED["LB*"]), 5e-8),
        weakest([statistical_at_most("DBCARE <= 32 LB + 2c at every gap", wrong.risk.sel(gap=d).values, u, one, "loss") for d, u in zip(GAPS, upper)]),
        weakest([statistical_at_most("DBCARE, simple regret <= 9 LB* + 3c at every gap", short.risk.sel(gap=d).values, DERIVED["9 LB* + 3c"], one, "loss") for d in GAPS]),
        weakest(above),
        statistical_at_least("DBCARE loses to guessing at D = 0.001", wrong.risk.sel(gap=0.001).values, 0.5, level, "risk; guessing has 1/2"),
        statistical_at_most("DBCARE beats guessing at D = 0.1", wrong.risk.sel(gap=0.1).values, 0.5, level, "risk; guessing has 1/2"),
        statistical_at_least("control: twice LB is no upper bound of DBCARE at D = 0.1", wrong.risk.sel(gap=0.1).values, 2 * DERIVED["LB"][0.1], level, "loss"),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(sharper=data.sharper * 8.0)


def draw(data):
    """Left: misidentification; right: simple regret; bounds as lines, DBCARE as points."""
    figure, axes = figures.picture(2, width=8.4, height=3.5)
    for k, (ax, kind) in enumerate(zip(axes, RISKS)):
        one = data.sel(kind=kind)
        mean = intervals.mean(one.risk.transpose("replication", "gap").values)
        figures.curve(ax, one.fine, one.lower, label="lower bound LB, LB_SR", k=1, markers=False)
        if kind == RISKS[0]:
            figures.curve(ax, one.fine, one.sharper, label="sharper lower bound LB2 (ours)", k=2, markers=False)
        figures.curve(ax, one.fine, one.upper, label="upper bound of DBCARE: 32 LB + 2c; 9 LB* + 3c", k=3, markers=False)
        ax.plot(one.fine, one.guess, color="#666666", linewidth=1.1, label="guess: 1/2; D/2")
        figures.fluid_line(ax, one.fine, one.oracle, "oracle: sequential test that knows D")
        figures.curve(ax, one.gap, mean.estimate, np.maximum(mean.low, mean.estimate / 10), mean.high, label="dbcare(kappa=2), measured", k=0, bars=True)
        kink = SIGMA * np.sqrt(PRICE) if kind == RISKS[0] else np.cbrt(SIGMA**2 * PRICE)
        ax.axvline(kink, color="black", linewidth=0.7, linestyle=":", label="kink: sqrt(sigma^2 c); (sigma^2 c)^(1/3)")
        figures.axis_labels(ax, ("gap D", "sigma"), ("risk", "loss"), ("Misidentification", "Simple regret")[k], log="xy")
        ax.set_ylim((1e-5, 12) if k == 0 else (1e-5, 3))
    figures.legend(figure, axes)
    figures.note(figure, f"Risk = loss + c x pulls, c = {PRICE:g}, sigma = 1. Bars: pointwise 95% intervals of {data.replication.size} runs. Left of the kink DBCARE lies above "
                         "guessing: it spends up to 1/e and learns nothing.")  # fmt: skip
    return figure
