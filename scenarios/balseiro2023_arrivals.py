"""Balseiro, Lu, Mirrokni (2023): one rule for the best of many worlds. Rules x arrival models, each against the requests that came.

Sixty types of requests, three options, two resources, values and costs uniform on [0, 1]; a quarter of what greed would spend may be spent [Balseiro2023]_. The arrival
models draw types i.i.d., in random order (a fixed list, shuffled), periodically (cheap and dear requests in turn, 25 each), from a sticky chain of these two laws, with a
tenth of the rounds corrupted, in four phases that grow dearer, and by the family that stops when nobody knows (k = 4, M = 10, its exact weighted sum). The instance is ours.

**What must be visible.** Ratio of mean reward to the mean of the verified hindsight bound. Entropic dual descent and re-solving are near 1 wherever arrivals have a law;
Euclidean dual descent starts at price 0 and pays for the way to the price. Nobody is above 1 / ((k - 1)(1 - 1/M) + 1) on the last family, which a rule reaches if and only if it spends the whole
budget. The price of another law loses where arrivals are corrupted; static pacing loses everywhere, since it does not look at values; greedy is the control.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.arrivals import requests_seen
from budgetsim.claims import at_most, shared, statistical_at_least, statistical_at_most
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.fluid_request_lp import fluid_request_lp
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.fixed_price import fixed_price
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.policies.resolving_lp import resolving_lp
from budgetsim.policies.static_pacing import static_pacing
from budgetsim.problems.adversarial_allocation import adversarial_allocation
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.typed_allocation import typed_allocation
from budgetsim.theory.mirror_descent import regret_bound, regret_constants, stopping_ratio

SYSTEM = "dual-mirror-descent"
PUBLISHED = None
HORIZON, TYPES, OPTIONS, RESOURCES = 4_000, 60, 3, 2
PHASES, FACTOR = 4, 10
MODELS = ("iid", "random_order", "periodic", "markov", "corrupted", "phases", "adversarial")
#: for whoever cannot wait
SMALLER = {"HORIZON": 1_000, "MODELS": ("iid", "phases", "adversarial")}


def tables():
    """Types (reward, cost), the law of all, and the laws of cheap and of dear requests; the budget."""
    g = np.random.default_rng(2023)
    reward, cost = g.random((TYPES, OPTIONS)), g.random((TYPES, OPTIONS, RESOURCES))
    dear = np.argsort(reward.max(axis=1))
    even, low, high = (np.zeros(TYPES) for _ in range(3))
    even[:], low[dear[: TYPES // 2]], high[dear[TYPES // 2 :]] = 1 / TYPES, 2 / TYPES, 2 / TYPES
    wish = cost[np.arange(TYPES), reward.argmax(axis=1)].mean(axis=0)
    return reward, cost, even, low, high, 0.25 * HORIZON * wish


def problem(model, seed):
    reward, cost, even, low, high, budget = tables()
    if model == "random_order":
        drawn = np.random.default_rng([seed, 7]).integers(TYPES, size=HORIZON)
        return online_allocation(reward[drawn], cost[drawn], budget, "random_order")
    laws = {"iid": even, "periodic": np.repeat([low, high], 25, axis=0), "markov": np.stack([low, high]), "corrupted": np.stack([even, np.eye(TYPES)[int(reward.max(axis=1).argmin())]])}
    laws["phases"] = np.stack([low, 0.7 * low + 0.3 * high, 0.3 * low + 0.7 * high, high])
    extra = {"markov": {"transition": [[0.99, 0.01], [0.01, 0.99]]}, "corrupted": {"corruption": HORIZON // 10}}.get(model, {})
    return typed_allocation(reward, cost, laws[model], budget, HORIZON, model, **extra)


def rules():
    """Those that learn; a price that was told the i.i.d. law; two controls that look at no value or at no cost."""
    reward, cost, even, _, _, budget = tables()
    return [dual_descent(), dual_descent("entropic"), resolving_lp(), fixed_price(fluid_request_lp(reward, cost, even, budget, HORIZON).dual), static_pacing(), greedy_allocation()]


def earned(played, came, budget, seed, n):
    """Of each rule, on the requests that came in run n."""
    return np.array([engine.play_once(online_allocation(*came, budget), rule, seed, n).reward[0, -1] for rule in played])


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 runs of every rule on every model; other scales change their number, down to 8."""
    runs, played = max(8, round(200 * scale)), rules()
    reward = np.zeros((len(played), len(MODELS), runs))
    best = np.zeros((len(MODELS), runs))
    for j, model in enumerate(MODELS[:-1]):
        world = problem(model, seed)
        for n in range(runs):
            came = requests_seen(world, seed, n)
            best[j, n] = dual_bound(*came, world.spec.budget, 1e-6).upper
            reward[:, j, n] = earned(played, came, world.spec.budget, seed, n)
        if progress is not None:
            progress(runs * len(played), HORIZON)
    for stop in range(PHASES):
        world = adversarial_allocation(PHASES, FACTOR, HORIZON, stop=stop)
        came, share = requests_seen(world, seed), world.instance.stop_probability[stop]
        best[-1] += share * (HORIZON / PHASES) * float(FACTOR) ** stop
        for n in range(runs):
            reward[:, -1, n] += share * earned([*played[:3], fixed_price(0.0), *played[4:]], came, world.spec.budget, seed, n)
    names = ["fixed_price(told the law of iid)" if r.name.startswith("fixed_price") else r.name for r in played]
    return xarray.Dataset(
        {
            "reward": (("rule", "model", "run"), reward, {"units": "reward"}),
            "best": (("model", "run"), best, {"units": "reward", "long_name": "verified hindsight bound of the requests that came; adversarial: exact"}),
        },
        {"rule": names, "model": list(MODELS)},
        {"seed": str(seed), "scale": scale, "horizon": HORIZON},
    )


def ceiling():
    """What no rule's ratio exceeds on the family that stops, in expectation."""
    return float(1 / stopping_ratio(PHASES, FACTOR))


def guarantee():
    """A proved floor under dual descent's ratio on i.i.d. requests, its default step: 1 - regret bound / fluid value."""
    reward, cost, even, _, _, budget = tables()
    constants = regret_constants(float(reward.max()), float(cost.max()), budget / HORIZON)
    value = fluid_request_lp(reward, cost, even, budget, HORIZON).lower
    return 1 - regret_bound(constants, HORIZON, 1 / np.sqrt(RESOURCES * HORIZON)) / value


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim on several cases is its weakest case."""
    level, lawful = shared(0.99, 4), [m for m in MODELS if m != "adversarial"]
    ratio = data.reward / data.best
    fixed = None if "corrupted" not in MODELS else (data.reward.isel(rule=1) - data.reward.isel(rule=3)).sel(model="corrupted").values
    end = float((data.reward.sel(model="adversarial").mean("run") / data.best.sel(model="adversarial").mean("run")).max())
    weakest = min(lawful, key=lambda m: float(ratio.isel(rule=1).sel(model=m).mean()))
    greedy = (data.reward.isel(rule=0) - data.reward.isel(rule=5)).sel(model="iid").values
    return [
        at_most("no run earns more than its bound", float(ratio.sel(model=[m for m in MODELS if m != "adversarial"]).max()), 1.0, 1e-9, kind="exact"),
        at_most("adversarial: nobody's exact ratio is above 1 / ((k - 1)(1 - 1/M) + 1)", end, ceiling(), 1e-9, kind="exact"),
        statistical_at_least(f"entropic dual descent, {weakest}, its weakest arrival model with a law: ratio >= .95", ratio.isel(rule=1).sel(model=weakest).values, 0.95, level, "ratio"),
        *([] if fixed is None else [statistical_at_least("corrupted: entropic dual descent earns more than the price of another law", fixed, 0.0, level, "reward")]),
        statistical_at_most("static pacing never reaches .9 on i.i.d. requests", ratio.isel(rule=4).sel(model="iid").values, 0.9, level, "ratio"),
        statistical_at_least("control: greedy is behind on i.i.d. requests", greedy, 0.0, level, "reward"),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(best=data.best * 0.8)


def draw(data):
    """Left: the table of ratios. Right: each rule's worst arrival model."""
    figure, axes = figures.picture(2, width=9.6, height=3.8, width_ratios=[2.2, 1])
    short = [figures.wrapped(str(r).split(";")[0], 26) for r in data.rule.values]
    table = np.zeros((data.rule.size, len(MODELS)))
    axis = axes[0]
    for i in range(data.rule.size):
        for j, model in enumerate(MODELS):
            one = intervals.ratio(data.reward.isel(rule=i).sel(model=model).values, data.best.sel(model=model).values)
            table[i, j] = one.estimate
            axis.plot(j + (i - 2.5) * 0.11, one.estimate, color=figures.look(i).colour, marker=figures.look(i).marker, linestyle="", label=short[i], zorder=3)
            axis.errorbar(j + (i - 2.5) * 0.11, one.estimate, [[max(one.estimate - one.low, 0)], [max(one.high - one.estimate, 0)]], color=figures.look(i).colour, capsize=1.5)
    last = len(MODELS) - 1
    figures.fluid_line(axis, [last - 0.4, last + 0.4], [ceiling()] * 2, "nobody is above, in expectation")
    if guarantee() > 0:
        axis.plot([-0.4, 0.4], [guarantee()] * 2, color="black", linestyle=":", label="proved floor of dual descent")
    axis.set_xticks(range(len(MODELS)), [m.replace("_", " ") for m in MODELS], rotation=25, ha="right")
    figures.axis_labels(axis, ("arrivals", ""), ("reward / hindsight bound", ""), "Ratio by arrival model")
    lawful = table[:, :last]
    figures.intervals(axes[1], short, lawful.min(axis=1), lawful.min(axis=1), lawful.min(axis=1))
    axes[1].plot(lawful.min(axis=1), range(data.rule.size), linestyle="", color="none")
    for i, j in enumerate(lawful.argmin(axis=1)):
        axes[1].annotate(MODELS[j], (lawful[i, j], i), xytext=(0, 5), textcoords="offset points", fontsize=7, ha="center")
    axes[1].margins(x=0.2)
    figures.axis_labels(axes[1], ("least ratio", ""), ("rule", ""), "Worst under a law")
    figures.legend(figure, axes[0])
    figures.note(
        figure,
        f"T = {data.attrs['horizon']:,}; bars: pointwise 95% intervals of {data.run.size} runs on common requests, ratios of means (Fieller). Adversarial: k = {PHASES}, M = {FACTOR}, exact sum over where it "
        f"stops; nobody is above {ceiling():.3f}. {f'Proved floor on i.i.d. requests: {guarantee():.2f}.' if guarantee() > 0 else 'The proved floor on i.i.d. requests is below 0 at this T, so it says nothing.'}",
    )
    return figure
