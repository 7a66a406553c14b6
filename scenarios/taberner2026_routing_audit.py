"""An audit of routing on real data [TabernerMiller]_: what can be had at each budget, what rules get, and how much of it a second judge confirms.

Three models answered 3,609 prompts; score (by one language model as judge) and dollar cost of every answer are logged (`data/llm_routing_pareto/README.md`, and
`data/llm_routing_three/README.md` for 50 prompts that a fourth model did not answer). The prompts of one split come in random order, all calls are paid from one purse (law SKIP: a call that it cannot pay is lost), and the other split is the
history, from which scores and costs are estimated (mean of the 20 nearest prompts of the same benchmark by logarithms of four counts); both ways, averaged.

Rules [Balseiro2023]_ [Wu2025]_: `dual_descent` and PORT, once with the estimates and once *told* the true score and cost of each prompt before the call, which no router is. Dual
descent starts at mu, the price of the history as it would have been shown, and steps by mu / (largest cost in the history sqrt(T)), the step of the theory. PORT learns from its first 2.5% of the prompts, with the null option and as released.

**What must be visible.** The certified hindsight program is far above the best fixed mixture of models by the judge that made the scores, and hardly by two others: what
seems to be room is mostly that judge's noise. Every plan is scored by the second judges too (583 prompts that they saw). PORT's random first prompts cost a small purse all it
has. The published pacer's points stand in a panel of their own, because its law, its information and its rows are others: a ceiling on the mean cost held by a
price, a router that answers every prompt and learns from its own answers. The lines there are about the same 1,824 rows and a program that answers every prompt too. **They are no competitors of the other curves**, but they too can be read beside a certified optimum: at
$0.0019 a prompt the pacer scores below the fixed middle model, which costs a quarter of that.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.port import port
from budgetsim.policies.random_option import random_option
from budgetsim.problems.query_routing import query_routing

SYSTEM = "port-online-routing"
MODELS = ("llama8b", "mistral_large", "gemini_pro")
BUDGETS = (2.9e-5, 1e-4, 2.3e-4, 6.6e-4, 1.9e-3, 5e-3, 1.5e-2)
NEIGHBOURS = 20
JUDGES = ("first", "second", "third")
RULES = ("dual descent", "PORT, null option", "PORT as released", "dual descent, told", "PORT, null option, told", "random model")
#: score a prompt; the pacer's at four ceilings on the mean cost in USD, three fixed models at their cost
PUBLISHED = {
    "source": "ParetoBandit's published table, three models, 1,824 test rows",
    "tolerance": "half a unit of the last digit",
    "fixed": {2.86e-5: 0.793, 5.27e-4: 0.923, 1.516e-2: 0.932},
    "pacer": {2.9e-5: 0.793, 2.3e-4: 0.859, 1.9e-3: 0.917, 1.5e-2: 0.929},
}
#: on the same 1,824 rows, by another program; the hindsight program answers every prompt
DERIVED = {
    "source": "known answers, P2",
    "hindsight program": {2.9e-5: 0.796979, 2.3e-4: 0.930394, 1.9e-3: 0.956151, 1.5e-2: 0.963327},
    "best fixed mixture": {2.9e-5: 0.793209, 2.3e-4: 0.845642, 1.9e-3: 0.923918, 1.5e-2: 0.932106},
}
_DATA = Path(__file__).parent / "data"
#: what each answer is worth more, so that the program answers every prompt, if it can
EVERY = 10.0
#: for whoever cannot wait
SMALLER = {"BUDGETS": (2.9e-5, 2.3e-4, 1.9e-3, 1.5e-2)}


def _columns(name):
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as lines:
        return np.genfromtxt(lines, delimiter=",", names=True, dtype=None, encoding="utf-8")


@cache
def table():
    """Score (3609, 3), cost in USD (3609, 3), whether a row is of the test split, its place (3609, 5), and scores by three judges (3, 3609, 3), 0 where a judge did not look."""
    logs = _columns("llm_routing_pareto/routing.csv.gz"), _columns("llm_routing_three/other_prompts.csv.gz")
    rows = {c: np.concatenate([log[c] for log in logs]) for c in logs[1].dtype.names if not c.startswith("judge")}
    score, usd = (np.stack([rows[p + m] for m in MODELS], 1) for p in ("reward_", "cost_usd_"))
    counts = np.log1p(np.stack([rows[c] for c in ("n_chars", "n_words", "n_digits", "n_newlines")], 1))
    counts = (counts - counts.mean(axis=0)) / counts.std(axis=0)
    place = {p: i for i, p in enumerate(rows["prompt_id"])}
    judges = np.zeros((3, *score.shape))
    for looked in (_columns("llm_routing_pareto/second_judges.csv.gz"), logs[1][np.isfinite(logs[1][f"judge2_{MODELS[0]}"])]):
        at = np.array([place[p] for p in looked["prompt_id"]])
        judges[0, at] = score[at]
        for k in (2, 3):
            judges[k - 1, at] = np.stack([looked[f"judge{k}_{m}"] for m in MODELS], 1)
    source = np.unique(rows["source"], return_inverse=True)[1].reshape(-1)
    return score, usd, rows["split"] == "test", np.column_stack([counts, source]), judges


def estimates(place, old, new, values):
    """Mean of the values over the nearest prompts `old` of the same benchmark, never the prompt itself; of all of `old` where there is no other of it."""
    out = np.tile(values[old].mean(axis=0), (len(new), 1))
    for source in np.unique(place[new, -1]):
        here, there = old[place[old, -1] == source], np.flatnonzero(place[new, -1] == source)
        far = ((place[new[there], None, :-1] - place[None, here, :-1]) ** 2).sum(axis=2) + np.where(new[there, None] == here, np.inf, 0.0)
        near = np.argsort(far, axis=1, kind="stable")[:, : min(NEIGHBOURS, here.size - np.isin(here, new).any())]
        if near.size:
            out[there] = values[here][near].mean(axis=1)
    return out


def greedy(score):
    """(T, n): 1 at the first greatest score of each row, if that is above 0."""
    return (np.arange(score.shape[1]) == score.argmax(axis=1)[:, None]) * (score.max(axis=1, keepdims=True) > 0)


def rule(label, price, largest, horizon):
    if label.startswith("dual descent"):
        return dual_descent(eta=price / (largest * np.sqrt(horizon)), start=price)
    return random_option() if label == "random model" else port(null_option="released" not in label)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100 random orders of each split; other scales change their number, down to 5."""
    replications = max(5, round(100 * scale))
    score, usd, test, place, judges = table()
    shape = (2, len(BUDGETS))
    reward, spent = np.zeros((2, *shape, len(RULES), replications))
    judged = np.zeros((3, *shape, len(RULES), replications))
    lp, every, gap, mixture = np.zeros((4, *shape))
    lp_judged, mixture_judged = np.zeros((3, *shape)), np.zeros((3, *shape))
    for f, split in enumerate((test, ~test)):
        new, old = np.flatnonzero(split), np.flatnonzero(~split)
        r, c, looked = score[new], usd[new], judges[1][new].any(axis=1)
        largest, horizon = float(usd[old].max()), len(new)
        guess, past = ([estimates(place, old, them, v) for v in (score, usd)] for them in (new, old))
        for b, each in enumerate(BUDGETS):
            budget = each * horizon
            best, fixed = dual_bound(r, c, [budget]), fluid_lp(r.mean(axis=0), c.mean(axis=0)[:, None], [each], 1, float(c.max()))
            lp[f, b], gap[f, b], mixture[f, b] = best.upper / horizon, best.upper / best.lower - 1, fixed.value
            every[f, b] = dual_bound(r + EVERY, c, [budget]).upper / horizon - EVERY
            plan = sum(w * greedy(r - c * p) for w, p in zip(best.plan.weight, best.plan.price[:, 0], strict=True))
            lp_judged[:, f, b] = (judges[:, new] * plan).sum(axis=(1, 2)) / looked.sum()
            mixture_judged[:, f, b] = (judges[:, new][:, looked].mean(axis=1) * fixed.plan.mixture).sum(axis=1)
            for k, label in enumerate(RULES):
                shown, known = ((r, c), (score[old], usd[old])) if label.endswith("told") else (guess, past)
                price = float(dual_bound(*known, [each * len(old)]).dual[0])
                for j, true in enumerate((r, *judges[:, new])):  # rules do not see what they earn: the same calls, scored by another judge
                    problem = query_routing(true, c, budget, *shown, order="random")
                    runs = engine.run(problem, rule(label, price, largest, horizon), replications=replications, seed=seed, checkpoints=[horizon],
                                      threads=threads, executor=executor, progress=progress).isel(checkpoint=-1)  # fmt: skip
                    if j == 0:
                        reward[f, b, k], spent[f, b, k] = runs.reward.values / horizon, runs.spent.values[:, 0] / budget
                    else:
                        judged[j - 1, f, b, k] = runs.reward.values / looked.sum()
    dims, unit = ("fold", "budget"), {"units": "score"}
    rows = score[test], usd[test]
    return xarray.Dataset(
        {
            "reward": ((*dims, "rule", "replication"), reward, unit | {"long_name": "score a prompt"}),
            "spent": ((*dims, "rule", "replication"), spent, {"units": "1", "long_name": "spent / budget"}),
            "judged": (("judge", *dims, "rule", "replication"), judged, unit | {"long_name": "score a prompt that all judges saw"}),
            "program": (dims, lp, unit | {"long_name": "hindsight program, upper end"}),
            "every": (dims, every, unit | {"long_name": "hindsight program that answers every prompt, upper end"}),
            "gap": (dims, gap, {"units": "1"}),
            "mixture": (dims, mixture, unit),
            "program_judged": (("judge", *dims), lp_judged, unit),
            "mixture_judged": (("judge", *dims), mixture_judged, unit),
            "single": (("judge", "model"), judges[:, judges[1].any(axis=1)].mean(axis=1), unit),
            "fixed_score": ("model", rows[0].mean(axis=0), unit),
            "fixed_cost": ("model", rows[1].mean(axis=0), {"units": "USD"}),
        },
        {"budget": ("budget", list(BUDGETS), {"units": "USD a prompt"}), "fold": ["test", "val"], "rule": list(RULES), "judge": list(JUDGES), "model": list(MODELS)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """The statistical verdicts hold together with confidence 99%, over random orders of these prompts."""
    level = shared(0.99, 6)
    each, mixture = data.reward.mean("fold"), data.mixture.mean("fold")
    estimated = each.sel(rule="dual descent") - mixture
    told, small = each.sel(rule="dual descent, told"), each.sel(budget=2.9e-5)
    ours = {"hindsight program": data.every.sel(fold="test"), "best fixed mixture": data.mixture.sel(fold="test")}
    off = max(abs(float(ours[name].sel(budget=b)) - v) for name in ours for b, v in DERIVED[name].items())
    fixed = max(abs(a - b) for a, b in zip(data.fixed_score.values, PUBLISHED["fixed"].values(), strict=True))
    cost = max(abs(a - b) / u for a, b, u in zip(data.fixed_cost.values, PUBLISHED["fixed"], (1e-7, 1e-6, 1e-5), strict=True))
    top = data.program_judged.isel(budget=-1).mean("fold") - data.single.max("model")
    pacer, middle = PUBLISHED["pacer"][1.9e-3], list(PUBLISHED["fixed"].items())[1]
    return [
        at_most("certified: the two ends of the program agree, relative", float(data.gap.max()), 1e-6),
        at_most("no run scores above the program", float((data.reward - data.program).max()), 0.0),
        at_most("no run spends more than its budget, relative", float(data.spent.max()), 1.0, 1e-9),
        at_most("P1: scores of fixed models as published, to the last digit", fixed, 5e-4),
        at_most("P1: their costs as published, in units of the last digit", cost, 0.5),
        at_most("P2: best fixed mixture, and hindsight program that answers every prompt, as known, to the last digit", off, 5e-7,
                detail=f"free to leave prompts out, the program has {float(data.program.sel(fold='test').isel(budget=0)):.6f} at the smallest budget and not {float(data.every.sel(fold='test').isel(budget=0)):.6f}"),
        exact("the published pacer at $0.0019 scores below the fixed middle model, which costs less", pacer < middle[1] and middle[0] < 1.9e-3, middle[1] - pacer),
        at_most("of what the program gains on the best model by the first judge, the others confirm less than half", float(top.sel(judge=["second", "third"]).max()), float(top.sel(judge="first")) / 2,
                detail="gains by judge: " + ", ".join(f"{float(x):+.3f}" for x in top)),
        statistical_at_least("told everything, dual descent is within 10% of the program at every budget", (told / data.program.mean("fold")).min("budget").values, 0.9, level),
        statistical_at_least("by estimates it scores above the best fixed mixture at $0.00023", estimated.sel(budget=2.3e-4).values, 0.0, level),
        statistical_at_most("shown losing: and below it at $0.0019", estimated.sel(budget=1.9e-3).values, 0.0, level),
        weakest([statistical_at_most("shown losing: PORT scores less than half of the mixture at the smallest budget", (small.sel(rule=r) - 0.5 * mixture.sel(budget=2.9e-5)).values, 0.0, shared(level, 2),
                                     "its random first prompts are dearer than the purse") for r in ("PORT, null option", "PORT as released")]),
        statistical_at_most("control: the random model gets less than 3/4 of the mixture at $0.0019", (each.sel(rule="random model", budget=1.9e-3) / mixture.sel(budget=1.9e-3)).values, 0.75, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(mixture=data.mixture * 1.03)


def draw(data):
    """By the judge that made the scores; by the second and third judge; the published pacer's points beside the optimum of their kind."""
    figure, axes = figures.picture(3, width=11.4, height=4.6)
    other = ["second", "third"]
    views = (
        (axes[0], data.reward.mean("fold"), data.program.mean("fold"), data.mixture.mean("fold"), "By the judge that made the scores"),
        (axes[1], data.judged.sel(judge=other).mean(("fold", "judge")), data.program_judged.sel(judge=other).mean(("fold", "judge")), data.mixture_judged.sel(judge=other).mean(("fold", "judge")), "By two other judges, 583 prompts"),
    )  # fmt: skip
    for axis, values, program, mixture, title in views:
        for k, label in enumerate(data.rule.values):
            one = intervals.mean(values.sel(rule=label).transpose("replication", "budget").values)
            figures.curve(axis, data.budget, one.estimate, one.low, one.high, label=label, k=k, bars=True)
        figures.fluid_line(axis, data.budget, program, "hindsight program (first judge), certified")
        axis.plot(data.budget, mixture, color="black", linestyle=":", label="best fixed mixture of models")
        figures.axis_labels(axis, ("budget a prompt", "USD"), ("score a prompt", "0 to 1"), title, log="x")
        axis.set_ylim(0.4, 1.0)
    test = data.sel(fold="test")
    axes[2].plot(data.budget, test.every, color="black", linestyle="-.", label="hindsight program that answers every prompt")
    axes[2].plot(data.budget, test.mixture, color="black", linestyle=":", label="best fixed mixture of models")
    axes[2].plot(list(PUBLISHED["pacer"]), list(PUBLISHED["pacer"].values()), color="#882255", marker="X", linestyle="", label="published pacer")
    axes[2].plot(list(PUBLISHED["fixed"]), list(PUBLISHED["fixed"].values()), color="#666666", marker="*", linestyle="", markersize=7, label="published: one model for all")
    figures.axis_labels(axes[2], ("mean cost a prompt", "USD"), ("score a prompt", "0 to 1"), "Published points, another game", log="x")
    axes[2].set_ylim(0.78, 0.98)
    axes[2].text(0.97, 0.04, "pacer's law: mean cost\nbelow a ceiling, every\nprompt answered; it sees\nthe prompt and its own\nanswers; 1,824 rows", transform=axes[2].transAxes, ha="right", va="bottom", fontsize=7)
    figures.legend(figure, axes)
    figures.note(figure, f"Left, middle: one purse, a call that it cannot pay is lost; each split in {data.replication.size} random orders, estimates from the other split; told: shown the true score and cost of each prompt before the call. Bars: pointwise 95% intervals over orders. "
                         "Middle: the same calls, scored by two judges that nobody optimised; prompts not sent score 0. Right: the pacer keeps its mean cost below a ceiling, sees prompts, answers every prompt and learns from its own answers; points and lines: the same 1,824 test rows.")  # fmt: skip
    return figure
