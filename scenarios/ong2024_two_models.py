"""Two models, one of them dear: on which questions should the strong one be paid [Ong2024]_?

Left: 15,361 questions answered by Mixtral-8x7B (free here) and GPT-4 (1 unit a call), right or wrong (`data/llm_routing_pairs/README.md`); the budget is a share of the
questions. Right: 809 questions, Claude 3 Haiku and Gemini 2.0 Flash, scores and dollars; Flash is both better and cheaper on average. Half of the questions, drawn once,
are the history; the others come in random order. All that a rule sees of a question is what the history says of its subject: the mean score and cost of each model there. Rules
[Balseiro2023]_ [Wu2025]_: `dual_descent`, with the history's price mu as a start and steps of mu / (largest cost sqrt(T)), PORT with the null option, and `greedy_allocation`, which pays as long as it can.

**What must be visible.** Left: knowing the subject is worth little: the best plan by subject is not far above a coin, and the hindsight program, which knows every answer, is far
above both. It is above the strong model alone already at a budget of a fifth of the calls, since the weak model is right where the strong one is wrong on 5% of the questions. Dual descent follows the best plan
by subject, PORT pays for its random first questions, and `greedy_allocation`, the control, spends early, on every subject alike. Right: the best fixed mixture never calls the dominated model; rules that
see subjects call it where the history favours it, and are fooled by histories of five questions.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.policies.port import port
from budgetsim.problems.query_routing import query_routing

SYSTEM = "port-online-routing"
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75)
DOLLARS = (1.5e-5, 3e-5, 5e-5, 1e-4, 2e-4)
RULES = ("dual descent", "PORT, null option", "greedy allocation")
PUBLISHED = {
    "source": "README of the data sets, computed by others from the same files",
    "tolerance": 5e-5,
    "score": {"mixtral": 0.6772, "gpt4": 0.8102, "haiku": 0.523356, "flash": 0.690119},
    "strong helps, hurts": (0.1875, 0.0545),
}
_DATA = Path(__file__).parent / "data" / "llm_routing_pairs"
#: for whoever cannot wait
SMALLER = {"SHARES": (0.05, 0.2, 0.5), "DOLLARS": (3e-5, 1e-4)}


def _columns(name):
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as lines:
        return np.genfromtxt(lines, delimiter=",", names=True, dtype=None, encoding="utf-8", comments=None)


@cache
def tables():
    """Score (N, 2), cost (N, 2) and subject (N,) of both pairs."""
    one, two = _columns("routellm_two.csv.gz"), _columns("routerarena_two.csv.gz")
    first = np.stack([one["correct_mixtral"], one["correct_gpt4"]], 1).astype(float)
    second = np.stack([two["score_haiku"], two["score_flash"]], 1), np.stack([two["cost_usd_haiku"], two["cost_usd_flash"]], 1)
    subject = [np.unique(x["task"], return_inverse=True)[1].reshape(-1) for x in (one, two)]
    return (first, np.tile([0.0, 1.0], (len(first), 1)), subject[0]), (*second, subject[1])


def by_subject(values, subject, known):
    """The mean over the known rows of each row's subject; over all known rows where there is none."""
    total, rows = np.zeros((subject.max() + 1, values.shape[1])), np.bincount(subject[known], minlength=subject.max() + 1)
    np.add.at(total, subject[known], values[known])
    mean = np.where(rows[:, None] > 0, total / np.maximum(rows, 1)[:, None], values[known].mean(axis=0))
    return mean[subject]


def rule(label, price, largest, horizon):
    if label == "dual descent":
        return dual_descent(eta=max(price, 1e-9) / (largest * np.sqrt(horizon)), start=price)
    return port() if label.startswith("PORT") else greedy_allocation()


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 400 random orders; other scales change their number, down to 10. Which half is the history was drawn once."""
    replications, out, rng = max(10, round(400 * scale)), {}, np.random.default_rng(2024)
    for name, budgets, (score, usd, subject) in zip(("share", "dollars"), (SHARES, DOLLARS), tables(), strict=True):
        mixed = rng.permutation(len(score))
        old, new = mixed[: len(score) // 2], mixed[len(score) // 2 :]
        guess = [by_subject(v, subject, old) for v in (score, usd)]
        truth = [by_subject(v, subject, new)[new] for v in (score, usd)]
        r, c, horizon, largest = score[new], usd[new], len(new), float(usd[old].max())
        found, first = np.zeros((3, len(budgets), len(RULES), replications)), np.zeros((4, len(budgets)))
        for b, each in enumerate(budgets):
            budget = [each * horizon]
            best, plan = dual_bound(r, c, budget), dual_bound(*truth, budget)
            mixture = fluid_lp(r.mean(axis=0), c.mean(axis=0)[:, None], [each], 1, float(c.max()))
            first[:, b] = best.upper / horizon, plan.value / horizon, mixture.value, mixture.plan.mixture[0]
            price = float(dual_bound(*(g[old] for g in guess), [each * len(old)]).dual[0])
            problem = query_routing(r, c, budget[0], *(g[new] for g in guess), order="random")
            for k, label in enumerate(RULES):
                runs = engine.run(problem, rule(label, price, largest, horizon), replications=replications, seed=seed, checkpoints=[horizon],
                                  threads=threads, executor=executor, progress=progress).isel(checkpoint=-1)  # fmt: skip
                found[:, b, k] = runs.reward.values / horizon, runs.spent.values[:, 0] / budget[0], runs.pulls.values[:, 0] / horizon
        dims, unit = (name, "rule", "replication"), {"units": "score"}
        for what, values, units in zip(("reward", "spent", "calls_first"), found, ("score", "1", "1"), strict=True):
            out[f"{what}_{name}"] = (dims, values, {"units": units})
        for what, values in zip(("program", "subjects", "mixture", "mixture_first"), first, strict=True):
            out[f"{what}_{name}"] = (name, values, unit if what != "mixture_first" else {"units": "1"})
        out[f"alone_{name}"] = ("model", r.mean(axis=0), unit)
        out[f"all_{name}"] = ("model", score.mean(axis=0), unit)
    gain = tables()[0][0][:, 1] - tables()[0][0][:, 0]
    out["differs"] = ("way", [(gain > 0).mean(), (gain < 0).mean()], {"units": "1"})
    coords = {"share": ("share", list(SHARES), {"units": "calls to the strong model a question"}), "dollars": ("dollars", list(DOLLARS), {"units": "USD a question"})}
    return xarray.Dataset(out, coords | {"rule": list(RULES), "model": ["first", "second"], "way": ["strong helps", "strong hurts"]}, {"seed": str(seed), "scale": scale})


def claims(data):
    """The statistical verdicts hold together with confidence 99%, over random orders of these questions."""
    level = shared(0.99, 6)
    printed = np.array(list(PUBLISHED["score"].values()))
    off = np.abs(np.concatenate([data.all_share, data.all_dollars]) - printed).max()
    tiny, fifth, dear = (data.sel(share=s) for s in (0.05, 0.2, 0.5))
    rich = data.isel(dollars=-1).sel(rule=RULES[0])
    over = max(float((data[f"reward_{n}"] - data[f"program_{n}"]).max()) for n in ("share", "dollars"))
    lead = (fifth.reward_share.sel(rule=RULES[0]) - fifth.mixture_share).values
    return [
        at_most("scores of the four models as printed with the data", float(off), 0.0, PUBLISHED["tolerance"]),
        at_most("how often the strong model helps and hurts, as printed", float(np.abs(data.differs - PUBLISHED["strong helps, hurts"]).max()), 0.0, PUBLISHED["tolerance"]),
        at_most("no run scores above the hindsight program", over, 0.0),
        at_most("no run spends more than its budget, relative", float(max(data.spent_share.max(), data.spent_dollars.max())), 1.0, 1e-9),
        at_least("a fifth of the calls: the hindsight program is above the strong model alone", float(fifth.program_share), float(data.alone_share[1])),
        at_most("... but the best plan by subject gains less than a fifth of what it gains on a coin", float(fifth.subjects_share - fifth.mixture_share), float(fifth.program_share - fifth.mixture_share) / 5),
        statistical_at_least("a fifth of the calls: dual descent is above a coin", lead, 0.0, level),
        statistical_at_most("shown losing: with 1 call in 20 PORT, which learns from random calls, is below it", (tiny.reward_share.sel(rule=RULES[1]) - tiny.mixture_share).values, 0.0, level),
        statistical_at_most("control: greedy allocation gains less than half of that", (fifth.reward_share.sel(rule=RULES[2]) - fifth.mixture_share).values - lead / 2, 0.0, level),
        statistical_at_least("half of the calls: dual descent gets 98% of the best plan by subject", (dear.reward_share.sel(rule=RULES[0]) / dear.subjects_share).values, 0.98, level),
        at_most("the best fixed mixture never calls the dominated model", float(data.mixture_first_dollars.max()), 0.0, 1e-9),
        statistical_at_least("a rule that sees subjects does, on some of them", rich.calls_first_dollars.values, 0.01, level),
        statistical_at_most("shown losing: and it is below the better model alone, money or not: five questions a subject are too few", (rich.reward_dollars - rich.alone_dollars[1]).values, 0.0, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(all_share=data.all_share + 0.01)


def draw(data):
    """Score against the share of paid calls, and against dollars."""
    figure, axes = figures.picture(2, width=8.8, height=4.2)
    for axis, name, label, title in (
        (axes[0], "share", ("budget", "calls to GPT-4 a question"), "Mixtral or GPT-4: 7,681 questions"),
        (axes[1], "dollars", ("budget a question", "USD"), "Haiku or Flash: 405 questions"),
    ):
        for k, one in enumerate(data.rule.values):
            mean = intervals.mean(data[f"reward_{name}"].sel(rule=one).transpose("replication", name).values)
            figures.curve(axis, data[name], mean.estimate, mean.low, mean.high, label=str(one), k=k, bars=True)
        figures.fluid_line(axis, data[name], data[f"program_{name}"], "hindsight program, certified")
        axis.plot(data[name], data[f"subjects_{name}"], color="black", linestyle="-", linewidth=0.8, label="best plan by subject")
        axis.plot(data[name], data[f"mixture_{name}"], color="black", linestyle=":", label="best fixed mixture (a coin)")
        axis.axhline(float(data[f"alone_{name}"][1]), color="#888888", linewidth=0.8, label="the better model alone, at any price")
        figures.axis_labels(axis, label, ("score a question", "0 to 1"), title, log="x" if name == "dollars" else "")
    axes[1].minorticks_off()
    axes[1].set_xticks(data.dollars.values, [f"{v:.1e}".replace("e-0", "e-") for v in data.dollars.values], rotation=30)
    figures.legend(figure, axes)
    figures.note(figure, f"One purse, a call that it cannot pay is lost (left the weak model is free). Rules see the mean score and cost of each model on the question's subject in the other half of the data; {data.replication.size} random orders; "
                         "bars: pointwise 95% intervals. The program knows every answer; the plan by subject knows the means of the questions played, so it bounds rules that see the subject only.")  # fmt: skip
    return figure
