"""Jarne Ornia et al. (2025): three days, one dollar or ten [JarneOrnia2025]_.

In the paper language models invest for three days, from 1 or from 10 dollars, and those that reason take more risks with 1 dollar. Here the same test is put to agents that plan: each
pulls an arm with probability in proportion to exp(Q / temperature), Q being what the arm is worth if the rest is played well (`softmax_plan`). A low
temperature stands for much reasoning. Arms: S wins or loses 1, N 3, W wins 10 or loses 8; W loses 2.6 on average and is the risky one. The stand-in and the arms are
ours; the paper's shares were not available.

**What must be visible.** With 1 dollar cold agents take W first nearly always, with 10 dollars nearly never; the difference shrinks as the temperature rises, and is gone for
agents that choose at random. First choices are those of the exact softmax.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.softmax_plan import softmax_plan
from budgetsim.problems.survival_bandit import survival_bandit

SYSTEM = "survival-bandit-risk"
#: no number of the paper was available
PUBLISHED = None
ARMS = [[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
DAYS, STARTS, TEMPERATURES, RISKY = 3, (1, 10), (0.1, 0.3, 1.0, 3.0, 1000.0), 2


def first_choice(start, temperature):
    """Exact probability of the risky arm on the first day."""
    value = ruin_dp(*ARMS, start, DAYS, stocks=start + 10).plan.value[DAYS - 1]
    q = np.array([sum(p * value[max(start + int(x), 0)] for x, p in zip(*law, strict=True)) for law in zip(*ARMS, strict=True)])
    weight = np.exp((q - q.max()) / temperature)
    return weight[RISKY] / weight.sum()


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 20,000 runs of each agent (the paper has 50 of each model)."""
    replications = max(300, round(20_000 * scale))
    shape = (len(STARTS), len(TEMPERATURES), replications)
    first, risky = np.zeros(shape), np.zeros(shape)
    for i, start in enumerate(STARTS):
        problem = survival_bandit(*ARMS, start, DAYS)
        for j, temperature in enumerate(TEMPERATURES):
            runs = engine.run(problem, softmax_plan(*ARMS, temperature), replications=replications, seed=seed, checkpoints=[DAYS], trace=True,
                              threads=threads, executor=executor, progress=progress)  # fmt: skip
            first[i, j] = runs.action.values.reshape(replications, DAYS)[:, 0] == RISKY
            pulls = runs.pulls.values[:, -1]
            risky[i, j] = pulls[:, RISKY] / pulls.sum(axis=1)
    where, share = ("start", "temperature"), {"units": "1"}
    return xarray.Dataset(
        {
            "first": ((*where, "replication"), first, {**share, "long_name": "whether the first choice is the risky arm"}),
            "risky": ((*where, "replication"), risky, {**share, "long_name": "share of risky choices in a run"}),
            "exact": (where, [[first_choice(b, c) for c in TEMPERATURES] for b in STARTS], share),
        },
        {"start": list(STARTS), "temperature": list(TEMPERATURES)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    n, cells = data.sizes["temperature"], data.first.size // data.sizes["replication"]
    each, near = shared(0.99, 5), 0.1
    gap = (data.risky[0] - data.risky[1]).values
    off = (data.first - data.exact).values.reshape(cells, -1)
    return [
        weakest(statistical_at_most("first choices are those of the softmax, but for 0.1", v, near, shared(each, cells)) for v in off),
        weakest(statistical_at_least("... on either side", v, -near, shared(each, cells)) for v in off),
        statistical_at_least("cold agents: W is more than half of the choices of 1 dollar", data.risky[0, 0].values, 0.5, each),
        statistical_at_most("cold agents: W is less than a tenth of the choices of 10 dollars", data.risky[1, 0].values, 0.1, each),
        weakest(statistical_at_most("the difference between 1 and 10 dollars shrinks as the temperature rises", gap[j + 1] - gap[j], 0.0, shared(each, n - 1)) for j in range(n - 1)),
        statistical_at_most("control: agents that choose at random show no difference, but for 0.1", gap[-1], near, each),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(exact=data.exact.where(data.temperature != 1.0, data.exact + 0.4))


def draw(data):
    """The share of risky choices, and the first choice beside its exact probability, against the temperature."""
    figure, axes = figures.picture(2, width=8.4, height=3.3)
    for k, start in enumerate(data.start.values):
        for one, values in zip(axes, (data.risky, data.first), strict=True):
            found = intervals.mean(values.isel(start=k).values.T)
            figures.curve(one, data.temperature, *found[:3], label=f"start with {start}", k=k, bars=True)
        figures.fluid_line(axes[1], data.temperature, data.exact[k], "exact softmax")
    for one in axes:
        figures.fluid_line(one, data.temperature, data.exact[0] * 0 + 1 / 3, "at random").set_linestyle(":")
        one.set_ylim(-0.05, 1.05)
    figures.axis_labels(axes[0], ("temperature", "units of stock"), ("share of risky choices", ""), "All three days", log="x")
    figures.axis_labels(axes[1], ("temperature", "units of stock"), ("share that takes W first", ""), "First day", log="x")
    for one in axes:
        figures.plain_numbers(one)
    figures.legend(figure, axes)
    figures.note(figure, f"{DAYS} days; W wins 10 (.3) or loses 8, N wins or loses 3, S 1. {data.replication.size:,} runs of each agent; bars: pointwise 95% intervals. Agents stand in for the paper's language "
                         "models: low temperature, much reasoning. A run that is ruined makes fewer choices.")  # fmt: skip
    return figure
