"""Tang et al. (2025): reward of each method against the number of volunteers, the budget, and how fast volunteers return.

Synthetic instances as in the authors' development code: acceptance p_ik, return chances q_i and context weights f_k (normalised) are uniform, K = 3,
B = N/5 notifications in an average round, seeds 43, 44, ... [Tang2025]_. Each method chooses B_k, a whole number of notifications for a round of
context k, and whom to notify: `whittle` and `occupancy_index` play the best whole allocation of the occupancy program; `vanilla_whittle` and `random`
allow floor(B) in every round. Rewards are divided by the occupancy program with real B_k, which bounds every rule within the budget. At the right
volunteers are alike, N = 12, B = 3, and everything is exact: the best allocation by branch and bound, the program's, and equal shares.

**What must be visible.** Where active volunteers abound (unlike volunteers, many of them) the Whittle rules earn nearly the bound,
the more so the larger N; `random`, the control, does not. Where they are few beside the B_k (N = 12), even the best allocation stays
well below the bound, and the program's allocation below the best. At the slowest return the budget is no limit, everybody active is asked,
and equal shares meet the bound: it is poor in between, not there. At fast returns equal shares lose much.
"""

import itertools

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.occupancy_lp import occupancy_lp
from budgetsim.optima.volunteer_lagrangian import volunteer_lagrangian
from budgetsim.optima.volunteer_optimum import volunteer_optimum
from budgetsim.policies.occupancy_index import occupancy_index
from budgetsim.policies.random import random
from budgetsim.policies.vanilla_whittle import vanilla_whittle
from budgetsim.policies.whittle import whittle
from budgetsim.problems.volunteer_rescue import volunteer_rescue
from budgetsim.theory.volunteer_chain import volunteer_chain, volunteer_reward

SYSTEM = "contextual-budget-bandit"
#: no number of the paper was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours, N = 12, B = 3, 20 seeds, whose instances are not known; printed beside ours, not asserted",
    "program's allocation / best": "mean 0.984 to 0.997, least 0.90",
    "equal shares / best": {0.02: 1.00, 0.8: 0.77},
    "tolerance": None,
}
SIZES, SHARES = (25, 50, 100, 200), (0.04, 0.1, 0.2, 0.4, 0.6)
#: the number of volunteers at which the budget is changed
FIXED = 50
RETURN = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
CONTEXTS, INSTANCES, ALIKE = 3, 8, 20
BURN_IN, ROUNDS = 100, 500
RULES = ("whittle", "occupancy_index", "vanilla_whittle", "random")
SMALLER = {"SIZES": (10, 25), "SHARES": (0.1, 0.4), "FIXED": 10, "INSTANCES": 2, "ALIKE": 3, "RETURN": (0.02, 0.2, 0.8)}


def instance(seed, volunteers):
    rng = np.random.default_rng(seed)
    f, p, q = rng.random(CONTEXTS), rng.random((volunteers, CONTEXTS)), rng.random(volunteers)
    return f / f.sum(), p, q


def played(f, p, q, budget, replications, seed, **resources):
    """Reward in a round divided by the bound (2, rule, replication): after the start, and from round 0 on.

    Nobody is active in round 0: then whoever accepts has come back before, and the bound holds for the whole run, of any length.
    """
    bound = volunteer_lagrangian(f, p, q, budget)
    whole = occupancy_lp(f, p, q, budget, integer=True).plan
    truth, equal = (f, p, q, np.ones(CONTEXTS)), np.full(CONTEXTS, np.floor(budget))
    rules = (
        (whittle(*truth), whole.allocation),
        (occupancy_index(*truth, whole.occupancy), whole.allocation),
        (vanilla_whittle(*truth), equal),
        (random(), equal),
    )
    out = []
    for rule, allocation in rules:
        problem = volunteer_rescue(f, p, q, allocation, BURN_IN + ROUNDS, start="inactive")
        runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=[BURN_IN, BURN_IN + ROUNDS], **resources)
        first, last = runs.reward.values.T / bound.upper
        out.append([(last - first) / ROUNDS, last / (BURN_IN + ROUNDS)])
    return np.swapaxes(out, 0, 1)


def scarce():
    """Exact, relative to the bound: (return, seed, allocation), and whether branch and bound found the best of all."""
    out, worst = np.zeros((len(RETURN), ALIKE, 3)), 0.0
    for (i, q), seed in itertools.product(enumerate(RETURN), range(ALIKE)):
        rng = np.random.default_rng(seed)
        f, p = rng.random(CONTEXTS), rng.random(CONTEXTS)
        f, everyone = f / f.sum(), np.tile(p, (12, 1))
        chain, best = volunteer_chain(f, p, q, 12), volunteer_optimum(f, p, q, 12, 3)
        every = np.array([b for b in itertools.product(range(13), repeat=CONTEXTS) if f @ b <= 3])
        worst = max(worst, abs(volunteer_reward(chain, every).max() - best.value))
        program = occupancy_lp(f, everyone, q, 3, integer=True).plan.allocation
        bound = volunteer_lagrangian(f, everyone, q, 3).upper
        out[i, seed] = np.array([best.value, volunteer_reward(chain, program), volunteer_reward(chain, [3, 3, 3])]) / bound
    return out, worst


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100 runs of every rule on 8 instances of every size and budget; other scales change the runs, down to 10."""
    replications, resources = max(10, round(100 * scale)), {"threads": threads, "executor": executor, "progress": progress}

    def against(cases):
        return np.array([[played(*instance(43 + i, n), b, replications, seed, **resources) for i in range(INSTANCES)] for n, b in cases])

    exact, worst = scarce()
    part = {"units": "1", "long_name": "reward / occupancy program"}
    dims = ("instance", "part", "rule", "replication")
    return xarray.Dataset(
        {
            "by_size": (("size", *dims), against([(n, n / 5) for n in SIZES]), part),
            "by_budget": (("share", *dims), against([(FIXED, max(1.0, FIXED * s)) for s in SHARES]), part),
            "exact": (("return", "seed", "allocation"), exact, part),
            "brute_force": ((), worst, {"units": "reward in a round", "long_name": "largest |branch and bound - best of all allocations|"}),
        },
        {
            "size": list(SIZES),
            "share": list(SHARES),
            "part": ["later", "whole"],
            "rule": list(RULES),
            "return": list(RETURN),
            "allocation": ["best", "program", "equal"],
        },
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; each is about the mean over the drawn instances, which are fixed."""
    level = shared(0.99, 5)
    size, budget = (data[name].mean("instance") for name in ("by_size", "by_budget"))
    every = [v for x in (size, budget) for v in x.sel(part="whole").values.reshape(-1, data.replication.size)]
    last = size.sel(part="later").isel(size=-1)
    ratio = data.exact.sel(allocation=["program", "equal"]) / data.exact.sel(allocation="best")
    slow, fast = ratio.isel({"return": 0}), ratio.isel({"return": -1})
    return [
        at_most("branch and bound = the best of all allocations, N = 12", float(data.brute_force), 0.0, 1e-12),
        at_most("no exact reward is above the bound", float(data.exact.max()), 1.0),
        weakest([statistical_at_most("every rule, size and budget: mean reward <= bound", v, 1.0, shared(level, len(every))) for v in every]),
        statistical_at_least("abundance: whittle on the program's allocation earns 95% of the bound at the largest N", last.sel(rule="whittle").values, 0.95, level),
        statistical_at_least("... and at most 1% less than vanilla_whittle", (last.sel(rule="whittle") - last.sel(rule="vanilla_whittle")).values, -0.01, level),
        statistical_at_most("control: random earns less than 90% of the bound", last.sel(rule="random").values, 0.9, level),
        at_most("scarcity: somewhere the best allocation is below 93% of the bound", float(data.exact.sel(allocation="best").mean("seed").min()), 0.93),
        at_least("at the slowest return it is within 2% of it", float(data.exact.sel(allocation="best")[0].mean()), 0.98),
        at_least("... and equal shares are within 1% of the best there", float(slow.sel(allocation="equal").mean()), 0.99),
        at_most("... but lose 15% at the fastest return", float(fast.sel(allocation="equal").mean()), 0.85, detail=_beside(data)),
        at_least("the program's allocation is within 5% of the best, on average", float(ratio.sel(allocation="program").mean("seed").min()), 0.95),
    ]  # fmt: skip


def _beside(data):
    ratio = (data.exact.sel(allocation=["program", "equal"]) / data.exact.sel(allocation="best")).mean("seed")
    ours = "; ".join(f"q = {float(q):g}: {float(r[0]):.3f}, {float(r[1]):.3f}" for q, r in zip(data["return"], ratio.values, strict=True))
    return f"program / best, equal / best: {ours}; {DERIVED['source']}: mean .984 to .997; equal 1.00 to .77"


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(exact=data.exact * 1.2)


def draw(data):
    """Reward relative to the bound: against N, against B / N, and against the return chance."""
    figure, axes = figures.picture(3, width=10.2, height=3.6)
    for one, name, along, label, unit in (
        (axes[0], "by_size", "size", "N, with B = N/5", "volunteers"),
        (axes[1], "by_budget", "share", f"B / N, with N = {FIXED}", ""),
    ):
        for k, rule in enumerate(RULES):
            mean = intervals.mean(data[name].sel(part="later", rule=rule).mean("instance").transpose("replication", along).values)
            figures.curve(one, data[along], mean.estimate, mean.low, mean.high, label=rule, k=k, bars=True)
        figures.axis_labels(one, (label, unit), ("reward / program", ""), "Unlike volunteers", log="x")
        one.set_xticks(data[along].values, [f"{v:g}" for v in data[along].values])
    titles = {"best": "best allocation, exact", "program": "the program's allocation, exact", "equal": "equal shares, exact"}
    for k, (allocation, title) in enumerate(titles.items()):
        low, middle, high = np.quantile(data.exact.sel(allocation=allocation), (0.1, 0.5, 0.9), axis=1)
        figures.curve(axes[2], data["return"], middle, low, high, label=title, k=k + 4)
    figures.axis_labels(axes[2], ("return chance q", "a round"), ("reward / program", ""), "Alike volunteers, N = 12, B = 3", log="x")
    axes[2].set_xticks(data["return"].values, [f"{v:g}" for v in data["return"].values])
    for one in axes:
        one.minorticks_off()
    for one, values in zip(axes, (data["size"], data.share, data["return"]), strict=True):
        figures.fluid_line(one, values, np.ones(values.size), "occupancy program")
    figures.legend(figure, axes)
    figures.note(figure, f"Left, middle: nobody is active at first; mean of {data.instance.size} drawn instances, {data.replication.size} runs each of {ROUNDS} rounds after {BURN_IN}; bars: pointwise 95% intervals. "
                         f"Right: median and 10 to 90% of {data.seed.size} drawn instances. whittle and occupancy_index play the program's whole allocation, the others floor(B) in every round.")  # fmt: skip
    return figure
