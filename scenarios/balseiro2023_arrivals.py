"""Balseiro, Lu, Mirrokni (2023): one rule for the best of many worlds. Rules x arrival models, each against the requests that came.

Sixty types of requests, three options, two resources, values and costs uniform on [0, 1]; a quarter of what greed would spend may be spent [Balseiro2023]_. The arrival
models draw types i.i.d., in random order (a fixed list, shuffled), periodically (cheap and dear requests in turn, 25 each), from a sticky chain of these two laws, with a
tenth of the rounds corrupted, in four phases that grow dearer, and by the family that stops when nobody knows (k = 4, M = 10, its exact weighted sum). The instance is ours.

**What must be visible.** Ratio of mean reward to the mean of the verified hindsight bound. Entropic dual descent and re-solving are near 1 wherever arrivals have a law;
Euclidean dual descent starts at price 0 and pays for the way to the price. Nobody is above 1 / ((k - 1)(1 - 1/M) + 1) on the last family, which a rule reaches if and only if it spends the whole
budget. The price of another law loses where arrivals are corrupted; static pacing loses everywhere, since it does not look at values; greedy is the control.

**Beside it**, what is proved of Euclidean dual descent with the step of the bound: a floor under mean reward / fluid value (`guarantee`), and what that very rule earns. The floors have
explicit constants (`budgetsim.theory.mirror_descent`). No floor is known to us for a given list in random order, nor for the other rules. `report` prints all in one.
"""

from functools import cache

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.arrivals import requests_seen
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most
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
from budgetsim.theory.mirror_descent import (
    best_step,
    competitive_constants,
    mixing_constants,
    periodic_constants,
    regret_bound,
    regret_constants,
    stopping_ratio,
)

SYSTEM = "dual-mirror-descent"
PUBLISHED = None
HORIZON, TYPES, OPTIONS, RESOURCES = 4_000, 60, 3, 2
PHASES, FACTOR = 4, 10
PERIOD, STAY, CORRUPTED = 50, 0.99, 10
MODELS = ("iid", "random_order", "periodic", "markov", "corrupted", "phases", "adversarial")
#: where the rule of the theorem is played
LONGER = (4_000, 40_000, 400_000)
#: for whoever cannot wait
SMALLER = {"HORIZON": 1_000, "MODELS": ("iid", "phases", "adversarial"), "LONGER": (1_000, 20_000)}


def tables(horizon=None):
    """Types (reward, cost), the law of all, and the laws of cheap and of dear requests; the budget."""
    g = np.random.default_rng(2023)
    reward, cost = g.random((TYPES, OPTIONS)), g.random((TYPES, OPTIONS, RESOURCES))
    dear = np.argsort(reward.max(axis=1))
    even, low, high = (np.zeros(TYPES) for _ in range(3))
    even[:], low[dear[: TYPES // 2]], high[dear[TYPES // 2 :]] = 1 / TYPES, 2 / TYPES, 2 / TYPES
    wish = cost[np.arange(TYPES), reward.argmax(axis=1)].mean(axis=0)
    return reward, cost, even, low, high, 0.25 * (horizon or HORIZON) * wish


def problem(model, seed, horizon=None):
    horizon = horizon or HORIZON
    reward, cost, even, low, high, budget = tables(horizon)
    if model == "random_order":
        drawn = np.random.default_rng([seed, 7]).integers(TYPES, size=horizon)
        return online_allocation(reward[drawn], cost[drawn], budget, "random_order")
    laws = {
        "iid": even,
        "periodic": np.repeat([low, high], PERIOD // 2, axis=0),
        "markov": np.stack([low, high]),
        "corrupted": np.stack([even, np.eye(TYPES)[int(reward.max(axis=1).argmin())]]),
    }
    laws["phases"] = np.stack([low, 0.7 * low + 0.3 * high, 0.3 * low + 0.7 * high, high])
    extra = {"markov": {"transition": [[STAY, 1 - STAY], [1 - STAY, STAY]]}, "corrupted": {"corruption": horizon // CORRUPTED}}.get(model, {})
    return typed_allocation(reward, cost, laws[model], budget, horizon, model, **extra)


def rules():
    """Those that learn; a price that was told the i.i.d. law; two controls that look at no value or at no cost."""
    reward, cost, even, _, _, budget = tables()
    return [
        dual_descent(),
        dual_descent("entropic"),
        resolving_lp(),
        fixed_price(fluid_request_lp(reward, cost, even, budget, HORIZON).dual),
        static_pacing(),
        greedy_allocation(),
    ]


def earned(played, came, budget, seed, n):
    """Of each rule, on the requests that came in run n."""
    return np.array([engine.play_once(online_allocation(*came, budget), rule, seed, n).reward[0, -1] for rule in played])


def stopped(rules, horizon, seed, n):
    """Of each rule, the exact mean over the last phase of the family that stops."""
    total = 0.0
    for stop in range(PHASES):
        world = adversarial_allocation(PHASES, FACTOR, horizon, stop=stop)
        total = total + world.instance.stop_probability[stop] * earned(rules, requests_seen(world, seed), world.spec.budget, seed, n)
    return total


def theorems():
    """Arrival models of which something is proved."""
    return [m for m in MODELS if m != "random_order"]


@cache
def worth(model):
    """The fluid value of a round; of the family that stops the exact mean of the optimum."""
    if model == "adversarial":
        return float(stopping_ratio(PHASES, FACTOR)) / PHASES
    facts, horizon = problem(model, 0, 4_000), 4_000
    return fluid_request_lp(facts.instance.type_reward, facts.instance.type_cost, facts.instance.type_probability, facts.spec.budget, horizon).lower / horizon


def guarantee(model, horizon):
    """(step, floor): with this eta Euclidean dual descent from price 0 has at least this share of the fluid value, on average; below 0 it says nothing."""
    if model == "adversarial":
        alpha, constants = competitive_constants(float(FACTOR) ** (PHASES - 1), 1.0, [1 / PHASES])
        return best_step(constants, horizon), 1 / alpha - regret_bound(constants, horizon) / (horizon * worth(model))
    reward, cost, _, low, high, budget = tables()
    most, value = float(reward.max()), worth(model)
    constants, share, lost = regret_constants(most, float(cost.max()), budget / HORIZON), 1.0, 0.0
    if model == "periodic":
        constants = periodic_constants(constants, PERIOD, value)
    elif model == "markov":  # of each lag, what is still known of the law after it
        apart, options = 0.5 * np.abs(low - high).sum(), {}
        for k in np.unique(np.geomspace(1, 2_000, 60).astype(int)):
            told = mixing_constants(constants, int(k), value, most, RESOURCES)
            late = 0.5 * (2 * STAY - 1) ** int(k) * apart * most * horizon
            options[regret_bound(told, horizon) + late] = told, late
        constants, lost = options[min(options)]
    elif model == "corrupted":  # the other rounds are worth what they are without it
        share = (1 - 1 / CORRUPTED) * worth("iid") / value
    elif model == "phases":
        laws = problem(model, 0).instance.law_probability
        lost = most * horizon * float(0.5 * np.abs(laws - laws.mean(axis=0)).sum(axis=1).mean())
    return best_step(constants, horizon), share - (regret_bound(constants, horizon) + lost) / (horizon * value)


def slow(horizon, seed):
    """Share of the optimum, and the floor of i.i.d. arrivals: half a day of value 1, half a day of .5, and a budget for half the day."""
    reward, cost = np.repeat([1.0, 0.5], horizon // 2)[:, None], np.ones((horizon, 1, 1))
    constants = regret_constants(1.0, 1.0, [0.5])
    got = earned([dual_descent(eta=best_step(constants, horizon))], (reward, cost), [horizon / 2], seed, 0)[0]
    return got / (horizon / 2), 1 - regret_bound(constants, horizon) / (horizon / 2)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 runs of every rule on every model, a tenth as many of the rule of the theorem; other scales change their number, down to 8."""
    runs, played = max(8, round(200 * scale)), rules()
    reward = np.zeros((len(played), len(MODELS), runs))
    best = np.zeros((len(MODELS), runs))
    few, proved = max(8, runs // 10), theorems()
    told = np.zeros((len(proved), len(LONGER), few))
    for j, model in enumerate(MODELS[:-1]):
        world = problem(model, seed)
        for n in range(runs):
            came = requests_seen(world, seed, n)
            best[j, n] = dual_bound(*came, world.spec.budget, 1e-6).upper
            reward[:, j, n] = earned(played, came, world.spec.budget, seed, n)
        if progress is not None:
            progress(runs * len(played), HORIZON)
    best[-1] = HORIZON * worth("adversarial")
    for n in range(runs):
        reward[:, -1, n] = stopped([*played[:3], fixed_price(0.0), *played[4:]], HORIZON, seed, n)
    for j, model in enumerate(proved):
        for i, horizon in enumerate(LONGER):
            rule = [dual_descent(eta=guarantee(model, horizon)[0])]
            if model == "adversarial":
                told[j, i] = stopped(rule, horizon, seed, 0)[0]
                continue
            world = problem(model, seed, horizon)
            for n in range(few):
                told[j, i, n] = earned(rule, requests_seen(world, seed, n), world.spec.budget, seed, n)[0]
            if progress is not None:
                progress(few, horizon)
    names = ["fixed_price(told the law of iid)" if r.name.startswith("fixed_price") else r.name for r in played]
    return xarray.Dataset(
        {
            "reward": (("rule", "model", "run"), reward, {"units": "reward"}),
            "best": (("model", "run"), best, {"units": "reward", "long_name": "verified hindsight bound of the requests that came; adversarial: exact"}),
            "told": (("theorem", "horizon", "few"), told, {"units": "reward", "long_name": "dual descent with the step of the bound"}),
            "fluid": (("theorem", "horizon"), np.outer([worth(m) for m in proved], LONGER), {"units": "reward"}),
            "slow": (("of",), np.array(slow(LONGER[-1], seed)), {"units": "1"}),
        },
        {"rule": names, "model": list(MODELS), "theorem": proved, "horizon": list(LONGER), "of": ["dual descent", "floor of i.i.d. arrivals"]},
        {"seed": str(seed), "scale": scale, "rounds": HORIZON},
    )


def ceiling():
    """What no rule's ratio exceeds on the family that stops, in expectation."""
    return float(1 / stopping_ratio(PHASES, FACTOR))


def floors(data):
    """(theorem, horizon)."""
    return np.array([[guarantee(str(m), int(t))[1] for t in data.horizon.values] for m in data.theorem.values])


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim on several cases is its weakest case."""
    level, lawful = shared(0.99, 5), [m for m in MODELS if m != "adversarial"]
    ratio = data.reward / data.best
    fixed = None if "corrupted" not in MODELS else (data.reward.isel(rule=1) - data.reward.isel(rule=3)).sel(model="corrupted").values
    end = float((data.reward.sel(model="adversarial").mean("run") / data.best.sel(model="adversarial").mean("run")).max())
    weakest = min(lawful, key=lambda m: float(ratio.isel(rule=1).sel(model=m).mean()))
    greedy = (data.reward.isel(rule=0) - data.reward.isel(rule=5)).sel(model="iid").values
    above = (data.told / data.fluid).values - floors(data)[..., None]
    said = floors(data) > 0
    cell = min(zip(*np.nonzero(said)), key=lambda at: above[at].mean())
    near = f"{data.theorem.values[cell[0]]}, T = {int(data.horizon[cell[1]]):,}"
    floor = at_least("adversarial: the floor 1 / alpha* holds with its constants at every T", float(above[-1].min()), 0.0, 1e-9, kind="exact")
    if floor.holds and not said[-1].any():  # a floor below 0 says nothing
        floor = floor._replace(holds="unresolved", detail="the floor is below 0 at these T")
    return [
        at_most("no run earns more than its bound", float(ratio.sel(model=[m for m in MODELS if m != "adversarial"]).max()), 1.0, 1e-9, kind="exact"),
        at_most("adversarial: nobody's exact ratio is above 1 / ((k - 1)(1 - 1/M) + 1)", end, ceiling(), 1e-9, kind="exact"),
        statistical_at_least(f"entropic dual descent, {weakest}, its weakest arrival model with a law: ratio >= .95", ratio.isel(rule=1).sel(model=weakest).values, 0.95, level, "ratio"),
        *([] if fixed is None else [statistical_at_least("corrupted: entropic dual descent earns more than the price of another law", fixed, 0.0, level, "reward")]),
        statistical_at_most("static pacing never reaches .9 on i.i.d. requests", ratio.isel(rule=4).sel(model="iid").values, 0.9, level, "ratio"),
        floor,
        statistical_at_least(f"a law: reward / fluid with the step of the bound is above the proved floor; nearest: {near}", above[cell], 0.0, level, "ratio - floor"),
        at_most("control: the floor of i.i.d. arrivals is broken where half a day is dear and half is cheap", float(data.slow[0] - data.slow[1]), 0.0, kind="exact"),
        statistical_at_least("control: greedy is behind on i.i.d. requests", greedy, 0.0, level, "reward"),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(best=data.best * 0.8)


def ratios(data, i, j):
    """Rule i, model j: mean reward / mean bound, with its 95% interval."""
    return intervals.ratio(data.reward.isel(rule=i, model=j).values, data.best.isel(model=j).values)


def report(data):
    """Rules x arrival models in Markdown: ratios with intervals, each rule's worst model, and under them what is proved."""
    models, lines = [str(m) for m in data.model.values], []

    def row(*cells):
        lines.append("| " + " | ".join(cells) + " |")

    row(f"T = {data.attrs['rounds']:,}", *[m.replace("_", " ") for m in models], "worst")
    row(*["---"] * (len(models) + 2))
    for i, rule in enumerate(data.rule.values):
        found = [ratios(data, i, j) for j in range(len(models))]
        worst = min(range(len(models)), key=lambda j: found[j].estimate)
        row(
            str(rule).split(";")[0] + ")" * (";" in str(rule)),
            *[f"{x.estimate:.3f} [{x.low:.3f}, {x.high:.3f}]" for x in found],
            models[worst].replace("_", " "),
        )
    row("proved ceiling of every rule", *["1"] * (len(models) - 1), f"{ceiling():.4f}", "adversarial")
    for horizon in sorted({*data.horizon.values.tolist(), 10**7, 10**9}):
        floor = {m: guarantee(m, horizon)[1] for m in theorems()}
        got = (
            {str(m): float((data.told / data.fluid).sel(theorem=m, horizon=horizon).mean()) for m in data.theorem.values}
            if horizon in data.horizon.values
            else {}
        )
        cells = ["none" if m not in floor else "below 0" if floor[m] <= 0 else f"{floor[m]:.3f}" for m in models]
        row(f"proved floor of dual descent, best step, T = {horizon:,}", *cells, min(floor, key=lambda m: floor[m]))
        if got:
            row(f"what it earns, of the fluid value, T = {horizon:,}", *[f"{got[m]:.3f}" if m in got else "-" for m in models], min(got, key=lambda m: got[m]))
    return "\n".join(lines)


def draw(data):
    """Left: the table of ratios. Middle: each rule's worst arrival model under a law. Right: proved floors, and what the rule of the theorem earns."""
    figure, axes = figures.picture(3, width=11.4, height=3.9, width_ratios=[2.2, 1, 1.3])
    short = [f"{name}, {more.split(',')[0]}" if name == "dual_descent" else name for name, _, more in (str(r).partition("(") for r in data.rule.values)]
    table = np.zeros((data.rule.size, len(MODELS)))
    axis = axes[0]
    for i in range(data.rule.size):
        for j in range(len(MODELS)):
            one, look, x = ratios(data, i, j), figures.look(i), j + (i - 2.5) * 0.11
            table[i, j] = one.estimate
            axis.plot(x, one.estimate, color=look.colour, marker=look.marker, linestyle="", label=short[i], zorder=3)
            axis.errorbar(x, one.estimate, [[max(one.estimate - one.low, 0)], [max(one.high - one.estimate, 0)]], color=look.colour, capsize=1.5)
    last = len(MODELS) - 1
    figures.fluid_line(axis, [last - 0.4, last + 0.4], [ceiling()] * 2, "nobody is above, in expectation")
    axis.set_xticks(range(len(MODELS)), [m.replace("_", " ") for m in MODELS], rotation=25, ha="right")
    figures.axis_labels(axis, ("arrivals", ""), ("reward / hindsight bound", ""), "Ratio by arrival model")
    lawful = table[:, :last]
    for i, j in enumerate(lawful.argmin(axis=1)):
        axes[1].plot(lawful[i, j], i, color=figures.look(i).colour, marker=figures.look(i).marker, linestyle="")
        axes[1].annotate(MODELS[j].replace("_", " "), (lawful[i, j], i), xytext=(0, 6), textcoords="offset points", fontsize=7, ha="center")
    axes[1].set_yticks(range(data.rule.size), [s.replace(", ", ",\n") for s in short])
    axes[1].set_ylim(-0.5, data.rule.size - 0.3)
    axes[1].margins(x=0.25)
    figures.axis_labels(axes[1], ("least ratio", ""), ("rule", ""), "Worst under a law")
    horizons = np.geomspace(1e3, 1e9, 61)
    for k, model in enumerate(data.theorem.values):
        look, floor = figures.look(k + data.rule.size), np.array([guarantee(str(model), int(t))[1] for t in horizons])
        share = (data.told / data.fluid).sel(theorem=model).mean("few")
        axes[2].plot([], [], color=look.colour, linestyle=look.dash, marker=look.marker, label=f"(right) {str(model).replace('_', ' ')}")
        axes[2].plot(horizons[floor > 0], floor[floor > 0], color=look.colour, linestyle=look.dash)
        axes[2].plot(data.horizon, share, color=look.colour, marker=look.marker, linestyle="")
    axes[2].set_ylim(0, 1.05)
    figures.axis_labels(axes[2], ("horizon T", "requests"), ("reward / fluid value", ""), "Dual descent: what is proved", log="x")
    figures.legend(figure, axes)
    figures.note(
        figure,
        f"Left, middle: T = {data.attrs['rounds']:,}; bars: pointwise 95% intervals of {data.run.size} runs on common requests, ratios of means (Fieller). Adversarial: k = {PHASES}, M = {FACTOR}, exact sum over where it "
        f"stops; nobody is above {ceiling():.3f}. Right: the step of the bound; lines are proved floors under the mean, symbols what that rule earns, {data.few.size} runs; where no line is drawn the floor is below 0.",
    )
    return figure
