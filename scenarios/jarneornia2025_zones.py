"""Jarne Ornia et al. (2025): which arm is best, over stock and steps left [JarneOrnia2025]_.

The stock of an agent that plays three arms is all that it has; at 0 the game is over, and a loss that cannot be paid is not paid. Arms of the map: S wins or loses
1, N 3, W wins 10 or loses 8, with means .2, .3 and -2.6. Then random instances: 10 arms with two outcomes each, and stakes of 1 to 5 on coins that are the fairer, the
larger the stake. The paper's own instances were not available; these are ours.

**What must be visible.** Three zones. Little stock and little time: the wild arm, which loses on average. Little stock and much time: the safe one, in
a zone that widens like the logarithm of the time left. Much stock: the arm of best mean. The zones are there on random instances too.
"""

import numpy as np
import xarray

from budgetsim import engine, figures
from budgetsim.claims import at_least, at_most, exact, shared, statistical_at_least
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.risk_neutral import risk_neutral
from budgetsim.policies.survival_plan import survival_plan
from budgetsim.problems.survival_bandit import survival_bandit

SYSTEM = "survival-bandit-risk"
#: no number of the paper was available
PUBLISHED = None
#: an earlier computation of ours: steps left, then the arms at stocks 1, 2, ...
DERIVED = {1: "WWWNNN", 2: "WWSNN", 3: "WWSNN", 4: "WSSNN", 10: "WSSNN", 15: "WSSSSNN", 20: "NSSSSSNN", 50: "NSSSSSSSNN", 100: "NSSSSSSSSSNN"}
SWITCH = {1: ("W", "N", 19), 2: ("W", "S", 4), 3: ("W", "S", 2)}  #: stock: from, to, at so many steps left
LAST_SAFE = {10: 3, 20: 6, 50: 8, 100: 10, 200: 12, 500: 15, 1000: 17, 4000: 21}  #: steps left: largest stock with S
LONG = 4_000
ARMS = "SNW"
MAP = [[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
STEPS, STOCKS, INSTANCES = 100, 40, 10
BUDGET, HORIZON = 2, 100


def random_laws(i):
    """10 arms: gains up to 10, losses up to 8, means in [-1/2, 1/2]; the seed is the instance's number."""
    rng = np.random.default_rng(i)
    gain, loss, mean = rng.integers(1, 11, 10), rng.integers(1, 9, 10), rng.uniform(-0.5, 0.5, 10)
    p = np.clip((loss + mean) / (gain + loss), 0.02, 0.98)
    return np.stack([gain, -loss], axis=1).astype(float), np.stack([p, 1 - p], axis=1)


def gambler_laws():
    """Stakes of 1 to 5."""
    stake, p = np.arange(1.0, 6.0), np.array([0.53, 0.53, 0.525, 0.52, 0.49])
    return np.stack([stake, -stake], axis=1), np.stack([p, 1 - p], axis=1)


def zones(outcomes, probabilities):
    """-1 where the best arm spreads less than the arm of best mean, 1 where more, 0 where it is that arm: (steps left, stock)."""
    best = ruin_dp(outcomes, probabilities, 1, STEPS, stocks=STOCKS).plan.action[1:, 1:]
    mean = (outcomes * probabilities).sum(axis=1)
    spread = np.sqrt((outcomes**2 * probabilities).sum(axis=1) - mean**2)
    return np.sign(np.round(spread - spread[mean.argmax()], 12))[best]


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 40,000 runs of the plan and of the rule that ignores ruin; the maps are exact at every scale."""
    replications = max(200, round(40_000 * scale))
    tables = ruin_dp(*MAP, 1, LONG, stocks=STOCKS).plan
    problem = survival_bandit(*MAP, BUDGET, HORIZON)
    rules = [survival_plan(*MAP), risk_neutral(*MAP)]
    runs = [engine.run(problem, r, replications=replications, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress) for r in rules]
    laws = [*(random_laws(i) for i in range(INSTANCES)), gambler_laws()]
    skip_free = ruin_dp([[1.0, -1.0], [3.0, -1.0], [20.0, -1.0]], [[0.6, 0.4], [0.4, 0.6], [0.05, 0.95]], 1, STEPS, stocks=STOCKS).plan.action[1:, 1:]
    where = ("left", "stock")
    return xarray.Dataset(
        {
            "action": (where, tables.action[1 : STEPS + 1, 1 : STOCKS + 1].astype(int), {"units": "arm"}),
            "value": (where, tables.value[1 : STEPS + 1, 1 : STOCKS + 1], {"units": "stock"}),
            "last_safe": ("long", [np.flatnonzero(tables.action[k] == 0).max() for k in LAST_SAFE], {"units": "stock"}),
            "zone": (("instance", *where), np.array([zones(*law) for law in laws]).astype(int), {"units": "-1 safer, 0 best mean, 1 riskier"}),
            "skip_free": (where, skip_free.astype(int), {"units": "arm"}),
            "reward": (("rule", "replication"), np.array([r.reward.values[:, -1] for r in runs]), {"units": "stock"}),
        },
        {"left": np.arange(1, STEPS + 1), "stock": np.arange(1, STOCKS + 1), "long": list(LAST_SAFE), "rule": [r.name.split("(")[0] for r in rules],
         "instance": [*(f"random {i}" for i in range(INSTANCES)), "gambler"]},
        {"seed": str(seed), "scale": scale},
    )  # fmt: skip


def row(data, k):
    return "".join(ARMS[a] for a in data.action.sel(left=k).values)


def claims(data):
    """The maps are exact; the statistical verdict has confidence 99%."""
    mean, largest, found = 0.3, 8, []
    rows = [k for k, said in DERIVED.items() if row(data, k)[: len(said)] != said or set(row(data, k)[len(said) :]) != {"N"}]
    found.append(exact("the arms at 1, 2, ... units are those of our specification", not rows, 0.0, f"steps left: {', '.join(map(str, DERIVED))}"))
    switched = all({row(data, k)[b - 1] for k in range(1, at)} == {old} and row(data, at)[b - 1] == new for b, (old, new, at) in SWITCH.items())
    found.append(exact("b = 1 leaves W at 19 steps left, b = 2 at 4, b = 3 at 2", switched, 0.0))
    found.append(exact("largest stock with S as printed, to 4,000 steps left", data.last_safe.values.tolist() == list(LAST_SAFE.values()), 0.0))
    calm = data.stock.values[None] >= largest * data.left.values[:, None]
    off = np.where(calm, abs(data.value.values - data.stock.values[None] - mean * data.left.values[:, None]), 0.0)
    found.append(at_most("V_k(b) = b + k mu* where b >= k l", float(off.max()), 0.0, 1e-9))
    zone = data.zone.values
    all_three = [len(np.unique(z)) == 3 for z in zone]
    found.append(at_least("instances of 11 that have all three zones", float(sum(all_three)), 6.0, kind="exact"))
    found.append(at_most("one step left, more than 30 units: cells that gamble, of 11 instances", float((zone[:, 0, 30:] == 1).sum()), 0.0, kind="exact"))
    found.append(statistical_at_least(f"from {BUDGET} units, {HORIZON} steps: the plan earns more than the best mean", (data.reward[0] - data.reward[1]).values, 0.0, shared(0.99, 1)))
    found.append(exact("control: arms that lose 1 at most, one step left: the best mean at every stock", bool((data.skip_free.sel(left=1) == 1).all()), 0.0,
                       detail="no loss that cannot be paid, no reason to be wild"))  # fmt: skip
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    action = data.action.copy()
    action.loc[{"left": 4, "stock": 2}] = 2
    return data.assign(action=action)


def draw(data):
    """The map of arms, and zones of three random instances and of the gambler."""
    from matplotlib.colors import ListedColormap

    colours = ("#009E73", "#bbbbbb", "#D55E00")
    shown = [0, 1, 2, INSTANCES]
    figure, axes = figures.picture(5, width=12.5, height=3.5)
    panels = [(data.action.values, "S, N and W")] + [(np.array([0, 1, 2])[data.zone.values[i] + 1], str(data.instance.values[i]).capitalize()) for i in shown]
    for one, (values, title) in zip(axes, panels, strict=True):
        one.pcolormesh(data.stock, data.left, values, cmap=ListedColormap(colours), vmin=-0.5, vmax=2.5, rasterized=True)
        figures.axis_labels(one, ("stock", "units"), ("steps left", ""), title, log="y")
        figures.plain_numbers(one, "y")
        one.grid(False)
    for colour, text in zip(colours, ("safer than the best mean (S)", "the arm of best mean (N)", "riskier than the best mean (W)"), strict=True):
        axes[0].plot([], [], color=colour, marker="s", linestyle="", markersize=7, label=text)
    figures.legend(figure, axes, where="above")
    figures.note(figure, "Best arm for the mean final stock, exact at every cell. Left: S wins or loses 1 (mean .2), N 3 (.3), W wins 10 or loses 8 (-2.6). Others: an arm counts as safer or "
                         "riskier by its standard deviation. Random instances: 10 arms with two outcomes; gambler: stakes 1 to 5. All instances are ours.")  # fmt: skip
    return figure
