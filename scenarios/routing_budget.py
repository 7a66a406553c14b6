"""Which of four language models answers each prompt, under a dollar budget? Bandits with knapsacks on logged data.

3,559 prompts, each answered by four models; the score of every answer and its cost in dollars are logged
(`data/llm_routing_pareto/README.md`; source [TabernerMiller]_). A round is a prompt drawn with replacement; the rule names a model without
seeing the prompt, then sees score and cost of that answer alone. The run stops before the first answer that does not fit
into the budget. Horizon 100,000, so that even the smallest budget is many times the dearest single call.

**What must be visible.** Score for each prompt against the budget for each prompt, of rules that learn and of every fixed model, below the
certified best fixed mixture of models, which is the fluid linear program on the mean table. `ucb1`, the control, sees no
cost and is out of money long before the end. `primal_dual` is told the largest cost; its bounds on the costs of the dear models shrink
slowly beside that number, and at small budgets it pays more to learn than there is to earn: it is shown losing to the cheapest model. No published number is drawn as a competitor: theirs are policies that see prompts.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_most, weakest
from budgetsim.model import Law, Units
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.logged_bandit import logged_bandit

SYSTEM = "intro-bandits"
MODELS = ("llama8b", "mistral_large", "gemini_flash", "gemini_pro")
HORIZON = 100_000
BUDGETS = (3e-5, 5e-5, 1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1.5e-2)
#: best fixed mixture, score for each prompt, as the table's own description prints it for some budgets in USD for each prompt
PUBLISHED = {
    "source": "README of the data set, computed with another linear program",
    "best fixed mixture": {1e-4: 0.8120, 2e-4: 0.8399, 3e-4: 0.8679, 5e-4: 0.9239, 1e-3: 0.9268, 5e-3: 0.9290},
    "tolerance": 6e-5,
}
_DATA = Path(__file__).parent / "data" / "llm_routing_pareto"
#: for whoever cannot wait
SMALLER = {"HORIZON": 10_000}


def _columns(name):
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as lines:
        return np.genfromtxt(lines, delimiter=",", names=True, dtype=None, encoding="utf-8")


@cache
def table():
    """Score (3559, 4) and cost in USD (3559, 4)."""
    rows = _columns("routing.csv.gz")
    return np.stack([rows[f"reward_{m}"] for m in MODELS], 1), np.stack([rows[f"cost_usd_{m}"] for m in MODELS], 1)


def judges():
    """Mean score, by the first and by a second judge, of the first judge's favourite answer to each prompt, and of the best single model."""
    rows, second = _columns("routing.csv.gz"), _columns("second_judges.csv.gz")
    three = [m for m in MODELS if f"judge2_{m}" in second.dtype.names]
    place = {p: i for i, p in enumerate(rows["prompt_id"])}
    at = [place[p] for p in second["prompt_id"]]
    first = np.stack([rows[f"reward_{m}"][at] for m in three], 1)
    other = np.stack([second[f"judge2_{m}"] for m in three], 1)
    picked = np.arange(len(first)), first.argmax(1)
    return {
        "prompts": len(first),
        "picked, judge 1": first[picked].mean(),
        "picked, judge 2": other[picked].mean(),
        "best model, judge 1": first.mean(0).max(),
        "best model, judge 2": other.mean(0).max(),
    }


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications; other scales change their number, down to 10. The horizon is always 100,000."""
    replications = max(10, round(200 * scale))
    score, usd = table()
    largest = float(usd.max())
    learn = [primal_dual(largest_cost=largest), paced(primal_dual(largest_cost=largest)), density_greedy(), ucb1()]
    labels = [r.name for r in learn] + [f"always {m}" for m in MODELS]
    reward = np.zeros((len(labels), len(BUDGETS), replications))
    rounds, spent = np.zeros_like(reward), np.zeros_like(reward)
    lp, fine = [], np.geomspace(BUDGETS[0], BUDGETS[-1], 100)
    for j, each in enumerate(BUDGETS):
        problem = logged_bandit(score, usd, each * HORIZON, HORIZON, law=Law.STOP, idle=True, units=Units("score", ("USD",), "prompt"))
        lp.append(fluid_lp(problem.instance.mean_reward, problem.instance.mean_cost, problem.spec.budget, HORIZON, largest))
        for i, rule in enumerate([*learn, *(fixed_arm(k) for k in range(len(MODELS)))]):
            runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=[HORIZON], threads=threads, executor=executor, progress=progress)
            last = runs.isel(checkpoint=-1)
            reward[i, j], rounds[i, j], spent[i, j] = last.reward, last.rounds, last.spent.isel(resource=0)
    dims = ("rule", "budget", "replication")
    return xarray.Dataset(
        {
            "reward": (dims, reward / HORIZON, {"long_name": "score for each prompt of the horizon", "units": "score"}),
            "answered": (dims, rounds / HORIZON, {"long_name": "prompts reached before the budget ended", "units": "1"}),
            "spent": (dims, spent, {"units": "USD"}),
            "mixture": ("budget", [o.value / HORIZON for o in lp], {"long_name": "best fixed mixture: LP(B) / T", "units": "score"}),
            "dual": ("budget", [o.dual.price[0] * b + o.dual.time for o, b in zip(lp, BUDGETS, strict=True)], {"units": "score"}),
            "upper": ("budget", [o.upper / HORIZON for o in lp], {"long_name": "LP(B + largest cost) / T, verified", "units": "score"}),
            "mean_score": ("model", score.mean(0), {"units": "score"}),
            "mean_cost": ("model", usd.mean(0), {"units": "USD"}),
            "line": ("fine", [fluid_lp(score.mean(0), usd.mean(0)[:, None], [b], 1, largest).value for b in fine], {"units": "score"}),
        },
        {
            "rule": labels,
            "budget": ("budget", list(BUDGETS), {"units": "USD per prompt"}),
            "model": list(MODELS),
            "fine": ("fine", fine, {"units": "USD per prompt"}),
        },
        {"seed": str(seed), "scale": scale, "horizon": HORIZON, "largest_cost_usd": largest, **{f"noise: {k}": v for k, v in judges().items()}},
    )


def claims(data):
    """The statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, names, budget = shared(0.99, 3), data.rule.values, data.budget
    printed = PUBLISHED["best fixed mixture"]
    learn = [n for n in names if not n.startswith("always")]  # a fixed model is a plan of the program itself
    over = (data.reward - data.upper).sel(rule=learn).values.reshape(-1, data.replication.size)
    each, text = shared(level, len(over)), "score for each prompt"
    bounds = [statistical_at_most("rules that learn, every budget: mean score <= LP(B + largest cost)", v, 0.0, each, text) for v in over]
    noise = {k.removeprefix("noise: "): v for k, v in data.attrs.items() if k.startswith("noise: ")}
    room, kept = (noise[f"picked, judge {k}"] - noise[f"best model, judge {k}"] for k in (1, 2))
    reached = data.answered.sel(rule="ucb1(radius=2)", budget=5e-4)
    behind = (data.reward.sel(rule=names[0]) - data.reward.sel(rule=f"always {MODELS[0]}")).sel(budget=1e-4)
    return [
        at_most("primal = dual, relative", float(abs(data.dual / data.mixture - 1).max()), 1e-9),
        at_most(
            "best fixed mixtures as printed with the data", max(abs(float(data.mixture.sel(budget=b)) - v) for b, v in printed.items()), PUBLISHED["tolerance"]
        ),
        at_most("no run spends more than its budget, USD", float((data.spent - budget * data.attrs["horizon"]).max()), 0.0, kind="exact"),
        weakest(bounds),
        statistical_at_most("control: ucb1, which sees no cost, reaches less than half of the prompts at 5e-4 USD", reached, 0.5, level),
        statistical_at_most("shown losing: primal_dual earns less than the cheapest model alone at 1e-4 USD", behind, 0.0, level, text),
        at_most("a second judge confirms less than half of what choosing by the first seems to gain", kept, room / 2, kind="exact", detail=_warning(noise)),
    ]


def _warning(noise):
    return (f"the judge is noisy: its favourite answer to each of {noise['prompts']} prompts scores {noise['picked, judge 1']:.3f} by itself and "
            f"{noise['picked, judge 2']:.3f} by a second judge, the best single model {noise['best model, judge 1']:.3f} and {noise['best model, judge 2']:.3f}")  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(mixture=data.mixture * 1.001)


def draw(data):
    """Left: score against budget. Right: its share of the best fixed mixture, near 1."""
    figure, axes = figures.picture(2, width=8.6, height=4.6)
    dearest, horizon = data.attrs["largest_cost_usd"], data.attrs["horizon"]
    for k, rule in enumerate(data.rule.values):
        one = intervals.mean(data.reward.sel(rule=rule).transpose("replication", "budget").values)
        for axis, unit in zip(axes, (1.0, data.mixture.values), strict=True):
            figures.curve(axis, data.budget, *(v / unit for v in one[:3]), label=rule, k=k, bars=True)
    figures.fluid_line(axes[0], data.fine, data.line, "best fixed mixture of models, certified")
    figures.fluid_line(axes[1], data.fine[[0, -1]], [1, 1], "best fixed mixture of models, certified")
    figures.axis_labels(axes[0], ("budget for each prompt", "USD"), ("score for each prompt", "judge's, 0 to 1"), log="x")
    figures.axis_labels(axes[1], ("budget for each prompt", "USD"), ("score / best fixed mixture", ""), log="x")
    axes[0].set_ylim(0, 1)
    axes[1].set_ylim(0.79, 1.01)
    for axis in axes:
        above = axis.secondary_xaxis("top", functions=(lambda x: x * horizon / dearest, lambda x: x * dearest / horizon))
        above.set_xlabel("budget / dearest single call")
        figures.plain_numbers(above)
    figures.legend(figure, axes, title="Law STOP; each sees score and cost\nof its own answer, after it")
    noise = {k.removeprefix("noise: "): v for k, v in data.attrs.items() if k.startswith("noise: ")}
    figures.note(figure, f"T = {horizon:,} prompts drawn with replacement from 3,559. primal_dual is also told the largest cost ({dearest:.3f} USD), ucb1 looks at no cost, the mixture "
                         f"knows all means; no rule sees the prompt. Bars: pointwise 95% intervals of {data.replication.size} runs. Beware: {_warning(noise)}.")  # fmt: skip
    return figure
