"""Balseiro, Lu, Mirrokni (2023): dual descent's regret grows as sqrt(T), whatever the step's constant within reason.

The paper's linear experiment as we know it: five options, five resources, costs 0 or 1 with probabilities p_j, reward ``theta . c`` plus a normal number that
all options share, cut to [0, 10]; budget .3 p T [Balseiro2023]_. Requests are drawn anew for each run and horizon. Regret is counted against the verified dual bound of the very
requests that came, which no rule exceeds.

**What must be visible.** Log-log slopes near 1/2 for the Euclidean and the entropic rule at step scales 1; a step ten times too small has a slope near 2/3 or more over
these horizons and is told apart; ten times too large still has slope 1/2, with a larger constant. As a control, the greedy rule loses a constant share.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, slope
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.problems.online_allocation import online_allocation

SYSTEM = "dual-mirror-descent"
PUBLISHED = None
#: slopes of an earlier numpy implementation of ours on one such instance, against D at the mean price
DERIVED = {"euclidean, scale 1": 0.47, "euclidean, scale 10": 0.485, "euclidean, scale .1": 0.67, "entropic, scale 1": 0.48}
OPTIONS, RESOURCES, SHARE = 5, 5, 0.3
HORIZONS = tuple(250 * 2**i for i in range(8))
#: for whoever cannot wait
SMALLER = {"HORIZONS": (250, 500, 1000, 2000)}


def rules():
    return (
        [dual_descent("euclidean", scale=s) for s in (0.1, 1.0, 10.0)] + [dual_descent("entropic", scale=s) for s in (0.1, 1.0, 10.0)] + [greedy_allocation()]
    )


def requests(rng, horizon, theta, p):
    """(reward (T, n), cost (T, n, d))."""
    cost = (rng.random((horizon, OPTIONS, RESOURCES)) < p).astype(float)
    return np.clip(cost @ theta + rng.normal(size=(horizon, 1)), 0.0, 10.0), cost


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100 sequences of every horizon; other scales change their number, down to 8."""
    runs, played = max(8, round(100 * scale)), rules()
    g = np.random.default_rng(11)
    theta = np.abs(g.normal(size=RESOURCES))
    theta, p = theta / np.linalg.norm(theta), (1 + g.beta(1, 3, RESOURCES)) / 2
    reward, upper = np.zeros((len(played), len(HORIZONS), runs)), np.zeros((len(HORIZONS), runs))
    for j, horizon in enumerate(HORIZONS):
        for n in range(runs):
            r, c = requests(np.random.default_rng([seed, horizon, n]), horizon, theta, p)
            budget = SHARE * p * horizon
            upper[j, n] = dual_bound(r, c, budget, 1e-6).upper
            for i, rule in enumerate(played):
                reward[i, j, n] = engine.play_once(online_allocation(r, c, budget), rule, seed).reward[0, -1]
            if progress is not None:
                progress(len(played), horizon)
    return xarray.Dataset(
        {
            "reward": (("rule", "horizon", "run"), reward, {"units": "reward"}),
            "upper": (("horizon", "run"), upper, {"units": "reward", "long_name": "verified dual bound of the requests that came"}),
        },
        {"rule": [r.name for r in played], "horizon": list(HORIZONS)},
        {"seed": str(seed), "scale": scale},
    )


def regret(data, i):
    """(run, horizon)."""
    return (data.upper - data.reward.isel(rule=i)).transpose("run", "horizon").values


def before(what):
    return f"of D(mean price) - reward, which is above regret, on one instance: {DERIVED[what]}"


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level, t = shared(0.99, 4), data.horizon
    most = float((data.reward / data.upper).max())
    found = [
        at_most("no run earns more than its bound, greatest ratio", most, 1.0, kind="exact"),
        slope("euclidean, scale 1: slope in [.42, .58], which 2/3 is not", t, regret(data, 1), 0.42, 0.58, level, before("euclidean, scale 1"), (0.5, 0.67)),
        slope("entropic, scale 1: slope in [.42, .58], which 2/3 is not", t, regret(data, 4), 0.42, 0.58, level, before("entropic, scale 1"), (0.5, 0.67)),
        slope("euclidean, scale .1: slope above .6", t, regret(data, 0), 0.6, 1.0, level, before("euclidean, scale .1"), (0.67, 0.5)),
        slope("control: greedy loses a constant share", t, regret(data, 6), 0.9, 1.1, level),
    ]
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(upper=data.upper * 0.8)


def draw(data):
    """Regret against the horizon, Euclidean on the left, entropic on the right."""
    figure, axes = figures.picture(2, width=8.2, height=3.4)
    for i, rule in enumerate(data.rule.values):
        behind = regret(data, i)
        one, fit = intervals.mean(behind), intervals.slope(data.horizon, behind)
        for axis in (axes[:1], axes[1:], axes)[0 if i < 3 else 1 if i < 6 else 2]:
            label = f"{str(rule).split(';')[0].replace('dual_descent(', '').rstrip(')')}\nslope {fit.estimate:.2f} [{fit.low:.2f}, {fit.high:.2f}]"
            figures.curve(axis, data.horizon, one.estimate, one.low, one.high, label=label, k=i, bars=True)
    for axis, name in zip(axes, ("Euclidean", "Entropic"), strict=True):
        figures.slope(axis, (HORIZONS[0], float(data.horizon[-1])), 3, 0.5, "slope 1/2")
        axis.set_ylim(2.5, 2e4)
        figures.axis_labels(axis, ("horizon T", "requests"), ("dual bound - reward", "reward"), name, log="xy")
    figures.legend(figure, axes)
    figures.note(
        figure, f"Bars: pointwise 95% intervals of {data.run.size} sequences. Regret against the verified dual bound of each sequence. Law SKIP; budget .3 p T."
    )
    return figure
