"""HATCH [Yang2020]_ replayed on a real log: what 10,000 recommendations with 46 clicks can show, and what they cannot.

The paper scores its rules by rejection replay [Li2010]_: a logged event counts where the rule recommends what the log showed. The log here is the uniform
one of the Open Bandit Dataset [Saito2020]_ (`data/open_bandit/README.md`): 34 items, three classes of users by one of their codes, contexts of
dimension 3. A round is an event drawn with replacement; where rule and log differ the round is IGNORED: nothing is paid and nothing learnt. Budget: rho =
1/4 of the T / 34 recommendations that can be answered.

**What must be visible.** Plumbing: 1 in 34 recommendations is answered; a rule that recommends at random finds the click rate of the log, a rule that always recommends
one item the rate of that item; no run exceeds its budget, HATCH spends its own evenly and wholly. **What is not claimed**: that one rule clicks better than another. The log
itself has 46 clicks, so its own click rate is uncertain by a third, and a rule with 73 answers expects a third of a click.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, exact, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.policies.cluster_ucb_alp import cluster_ucb_alp
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.greedy_linucb import greedy_linucb
from budgetsim.policies.hatch import hatch
from budgetsim.policies.random_linucb import random_linucb
from budgetsim.policies.uniform import uniform
from budgetsim.problems.replay_bandit import replay_bandit

SYSTEM = "hatch"
ITEMS = 34
RATIO = 0.25
HORIZON = 10_000
#: the paper replays logs of its own; nothing it prints is about this one
PUBLISHED = None
_DATA = Path(__file__).parent / "data" / "open_bandit" / "men_random.csv.gz"
#: for whoever cannot wait
SMALLER = {"HORIZON": 2_000}


@cache
def log():
    """Item (N,), click (N,), context (N, 3) and class (N,)."""
    with gzip.open(_DATA, "rt", encoding="utf-8") as lines:
        rows = np.genfromtxt(lines, delimiter=",", names=True, dtype=np.int64)
    code = rows["user_code_1"]
    user_class = np.where(code <= 1, code, 2)  # 0, 1, and the rest, which are few
    context = np.stack([np.ones(len(rows)), rows["user_code_0"] == 2, rows["affinity_total"] > 0], axis=1) / np.sqrt(3.0)
    return rows["item"], rows["click"], context, user_class


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 2,000 replications; other scales change their number, down to 50."""
    replications = max(50, round(2000 * scale))
    item, click, context, user_class = log()
    budget, favourite = float(RATIO * HORIZON // ITEMS), int(np.argmax(np.bincount(item, click)))
    rules = [(uniform(), np.inf), (fixed_arm(favourite), np.inf), *((r, budget) for r in (greedy_linucb(), random_linucb(), hatch(), cluster_ucb_alp()))]
    answered, ignored, clicks, spent, half = (np.zeros((len(rules), replications)) for _ in range(5))
    for i, (rule, b) in enumerate(rules):
        problem = replay_bandit(item, click, context, user_class, ITEMS, b, HORIZON)
        runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=[HORIZON // 2, HORIZON],
                          threads=threads, executor=executor, progress=progress)  # fmt: skip
        answered[i], ignored[i], clicks[i] = runs.pulls.values[:, -1].sum(axis=1), runs.ignored.values[:, -1], runs.reward.values[:, -1]
        half[i], spent[i] = runs.spent.values[:, :, 0].T
    dims = ("rule", "replication")
    return xarray.Dataset(
        {
            "answered": (dims, answered, {"units": "recommendations"}),
            "ignored": (dims, ignored, {"units": "recommendations"}),
            "clicks": (dims, clicks, {"units": "clicks"}),
            "spent": (dims, spent, {"units": "recommendations"}),
            "half": (dims, half, {"units": "recommendations", "long_name": "spent in the first half"}),
            "log_events": ((), len(item), {"units": "events"}),
            "log_clicks": ((), int(click.sum()), {"units": "clicks"}),
            "favourite_rate": ((), float(click[item == favourite].mean()), {"units": "clicks per recommendation"}),
            "share": ("item", np.bincount(item) / len(item), {"units": "1"}),
        },
        {"rule": [r.name for r, _ in rules]},
        {"seed": str(seed), "scale": scale, "budget": budget, "horizon": HORIZON, "favourite": favourite},
    )


def acceptance(data, i):
    """Samples whose mean is ITEMS E[answered] / E[recommended], to first order: 1 where the log is uniform."""
    return _ratio(data.answered[i].values, (data.answered[i] + data.ignored[i]).values) * ITEMS


def rate(data, i):
    """The same of clicks / answered."""
    return _ratio(data.clicks[i].values, data.answered[i].values)


def _ratio(a, b):
    r = a.mean() / b.mean()
    return r + (a - r * b) / b.mean()


def _within(claim, samples, low, high, level, detail=""):
    """Both ends in one verdict, the weaker; `level` for both."""
    each = 1.0 - (1.0 - level) / 2.0
    return weakest([statistical_at_least(claim, samples, low, each, detail), statistical_at_most(claim, samples, high, each, detail)])


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    level, budgeted = shared(0.99, 6), range(2, data.sizes["rule"])
    known, one = int(data.log_clicks) / int(data.log_events), float(data.favourite_rate)
    own = intervals.proportion(int(data.log_clicks), int(data.log_events))
    low, high = (ITEMS * float(f(data.share)) for f in (np.min, np.max))
    each = shared(level, len(budgeted))
    return [
        exact("the log is the one described: 10,000 events, 46 clicks", int(data.log_events) == 10_000 and int(data.log_clicks) == 46),
        at_most("no run spends more than its budget", float(data.spent[2:].max()), data.attrs["budget"], kind="exact"),
        _within("uniform: 1 in 34 recommendations is answered, to 2%", acceptance(data, 0), 0.98, 1.02, level),
        weakest(_within("every rule: answered within what the items' own shares of the log allow", acceptance(data, i), 0.9 * low, 1.1 * high, each)
                for i in budgeted),
        _within("uniform finds the click rate of the log, to 15%", rate(data, 0) / known, 0.85, 1.15, level,
                f"the log's own rate is {known:.4f} [{own.low:.4f}, {own.high:.4f}] as an estimate of the shop's"),
        _within("always the item of most clicks finds the rate of that item, to 15%", rate(data, 1) / one, 0.85, 1.15, level),
        statistical_at_least("hatch spends at least 90% of its budget", data.spent[4].values / data.attrs["budget"], 0.9, level),
        _within("hatch spends half of it in the first half, to 10%", data.half[4].values / data.attrs["budget"], 0.4, 0.6, level),
        statistical_at_least("control: always one item does not find the click rate of the log", rate(data, 1) / known, 1.5, level),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(log_clicks=data.log_clicks + 1)


def draw(data):
    """What became of the rounds, and click rates, of which most say nothing."""
    figure, axes = figures.picture(2, width=8.6, height=3.6)
    labels, horizon = [str(r).split("(")[0] for r in data.rule.values], data.attrs["horizon"]
    answered, ignored = data.answered.mean("replication").values / horizon, data.ignored.mean("replication").values / horizon
    left = np.zeros(len(labels))
    for k, (text, part) in enumerate((("answered (charged)", answered), ("asked, not answered (IGNORED)", ignored), ("skipped", 1.0 - answered - ignored))):
        axes[0].barh(range(len(labels)), part, left=left, color=figures.look(k).colour, label=text, height=0.7)
        left += part
    axes[0].plot([1 / ITEMS] * 2, [-0.5, len(labels) - 0.5], color="black", linestyle=":", linewidth=1.0, label="1 / 34 of the rounds")
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylim(len(labels) - 0.5, -0.5)
    axes[0].grid(False, axis="y")
    found = [intervals.mean(rate(data, i)) for i in range(len(labels))]
    figures.intervals(axes[1], labels, [v.estimate for v in found], [v.low for v in found], [v.high for v in found])
    own = intervals.proportion(int(data.log_clicks), int(data.log_events))
    axes[1].axvspan(own.low, own.high, color="#dddddd", zorder=0, label="click rate of the log, with the 95% interval\nthat its own 46 clicks leave")
    axes[1].axvline(own.estimate, color="black", linewidth=0.8)
    axes[1].plot([float(data.favourite_rate)], [1], marker="|", markersize=14, color="black", linestyle="", label="click rate of that item in the log")
    figures.axis_labels(axes[0], ("share of the rounds", ""), ("rule", ""), "What the log can answer")
    figures.axis_labels(axes[1], ("clicks for each answered recommendation", ""), ("rule", ""), "Click rates: not a ranking")
    figures.legend(figure, axes, where="above")
    figures.note(figure, f"T = {horizon:,} events drawn with replacement from a uniform log of {int(data.log_events):,} with {int(data.log_clicks)} clicks; budget {data.attrs['budget']:.0f} "
                         f"answers (uniform and fixed_arm: none); fixed_arm is item {data.attrs['favourite']}, chosen for its clicks in this log. Bars at right: 95% intervals of {data.replication.size} "
                         "runs given the log, which leave out that the log itself is luck.")  # fmt: skip
    return figure
