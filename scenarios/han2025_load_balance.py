"""Load balance of experts without an auxiliary loss [Han2025]_: how fast biases balance the loads, what it costs in score, and regret on drawn batches.

Left and middle: the same batch again and again, affinities sigmoid(normal + linspace(-1, 1)), 1,024 tokens, 2 of 16 experts each; all rules start without
bias. `auxiliary_loss` [Fedus2022]_ trades score for balance by its weight, `sinkhorn` [Clark2022]_ looks at the batch before it routes. Right: batches
drawn anew; regret is the sum of D(p) - D(p*) a token, D the dual of the balanced assignment, p* the mean of long runs of other seeds.

**What must be visible.** A constant step of the sign rule ends in a cycle, the wider the larger the step; steps in proportion to what is missing reach balance and with it the exact
optimum of the linear program. Without biases the score is highest and the loads are worst: above the optimum a score needs overload, by at least the line. On drawn batches
regret grows as log N with steps u / n, as sqrt N with u / sqrt(n), and linearly with constant u.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
from budgetsim.policies.auxiliary_loss import auxiliary_loss
from budgetsim.policies.decaying_bias import decaying_bias
from budgetsim.policies.fixed_bias import fixed_bias
from budgetsim.policies.proportional_bias import proportional_bias
from budgetsim.policies.sign_bias import sign_bias
from budgetsim.policies.sinkhorn import sinkhorn
from budgetsim.problems.expert_routing import expert_routing
from budgetsim.theory.load_balance import dual_step, follow, follow_drawn, imbalance, regret_bound, score_bound

SYSTEM = "alf-lb"
#: the training curves of the paper are out of scope; no other number was available
PUBLISHED = None
DERIVED = {
    "source": "an earlier computation of ours: u in units of the gradient of D / tokens, one seed, batches 250, 500, 1000, 2000, 4000",
    "u/n, u=2": (0.287, 0.289, 0.292, 0.294, 0.298),
    "u/sqrt(n), u=.5": (0.206, 0.217, 0.234, 0.255, 0.289),
    "constant, u=.02": (2.753, 2.762, 2.780, 2.813, 2.886),
    "tolerance": None,
}
TOKENS, EXPERTS, CHOICES, ROUNDS = 1024, 16, 2, 2000
DRAWN, BATCHES = 256, 4096
SKEW = np.linspace(-1.0, 1.0, EXPERTS)
WEIGHTS = (1.0, 10.0, 100.0)
RULES = (
    fixed_bias(),
    sign_bias(0.001),
    sign_bias(0.01),
    sign_bias(0.05),
    proportional_bias(0.01),
    decaying_bias(0.5),
    *(auxiliary_loss(w) for w in WEIGHTS),
    sinkhorn(),
)
#: (K / E) times the u of DERIVED
ONLINE = (decaying_bias(0.25), decaying_bias(0.0625, "sqrt(n)"), proportional_bias(0.0025))
SMALLER = {"TOKENS": 256, "ROUNDS": 400, "DRAWN": 16, "BATCHES": 2048}


def played(problem, rule, seed, replications, **resources):
    runs = engine.run(problem, rule, replications=replications, seed=seed, trace=True, **resources)
    return runs.action.values.reshape(replications, problem.spec.horizon, -1)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 32 runs on drawn batches; other scales change their number, down to 6."""
    replications, resources = max(6, round(32 * scale)), {"threads": threads, "executor": executor, "progress": progress}
    affinity = 1.0 / (1.0 + np.exp(-(np.random.default_rng(0).normal(size=(TOKENS, EXPERTS)) + SKEW)))
    best, same = balanced_assignment_lp(affinity, CHOICES), expert_routing(affinity, CHOICES, ROUNDS)
    bias = np.array([played(same, rule, seed, 1, **resources)[0] for rule in RULES])
    runs = [follow(affinity, b, CHOICES) for b in bias]
    steps = [[dual_step(affinity, p, q, CHOICES) for p, q in zip(b[:40:2], b[1:41:2], strict=True)] for b in bias]
    wrong = [max(abs(r.dual[2 * i + 1] - r.dual[2 * i] - s.fall - s.benefit) for i, s in enumerate(found)) for r, found in zip(runs, steps, strict=True)]
    anew = expert_routing(choices=CHOICES, horizon=BATCHES, skew=SKEW, tokens=DRAWN)
    price = played(anew, ONLINE[0], seed + 1, replications, **resources)[:, -1].mean(axis=0)
    marks = np.unique(np.round(np.geomspace(8, BATCHES, 37)).astype(int))
    regret = np.zeros((len(ONLINE), replications, marks.size))
    for k, rule in enumerate(ONLINE):
        for r, b in enumerate(played(anew, rule, seed, replications, **resources)):
            regret[k, r] = np.cumsum(follow_drawn(SKEW, DRAWN, CHOICES, b, price, seed, r).dual)[marks - 1] / DRAWN
    token, dims = {"units": "affinity per token"}, ("rule", "step")
    return xarray.Dataset(
        {
            "imbalance": (dims, [imbalance(r.load) for r in runs], {"units": "1", "long_name": "MaxVio"}),
            "score": (dims, [r.score / TOKENS for r in runs], token),
            "gap": (dims, [(r.dual - best.value) / TOKENS for r in runs], token),
            "overload": (
                dims,
                [np.maximum(r.load - r.load.mean(), 0).sum(axis=1) / TOKENS for r in runs],
                {"units": "1", "long_name": "tokens above the target / tokens"},
            ),
            "violations": ("rule", [sum(s.violations for s in found) for found in steps], {"units": "tokens"}),
            "identity": ("rule", wrong, {"units": "affinity", "long_name": "|D(q) - D(p) - fall - benefit|"}),
            "lp": ((), best.value / TOKENS, token),
            "lp_upper": ((), best.upper / TOKENS, token),
            "price": ("expert", best.dual.price, {"units": "affinity"}),
            "regret": (("online", "replication", "batch"), regret, token),
        },
        {
            "rule": [r.name.replace(", told the affinities of the batch", "") for r in RULES],
            "step": np.arange(1, ROUNDS + 1),
            "online": [r.name for r in ONLINE],
            "batch": marks,
        },
        {"seed": str(seed), "scale": scale},
    )


def _late(data, k):
    """Regret (replications,) of the last two doublings and of the two before."""
    at = [int(np.argmin(np.abs(data.batch.values - data.batch.values[-1] // f))) for f in (16, 4, 1)]
    one = data.regret.isel(online=k).values[:, at]
    return one[:, 1] - one[:, 0], one[:, 2] - one[:, 1]


def _bound(batches):
    """(iv) at the step u / n that is played: mu = 1 / u."""
    return np.array([regret_bound(int(n), CHOICES, EXPERTS, CHOICES / EXPERTS / 0.25) for n in batches])


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    level = shared(0.99, 5)
    tail = data.isel(step=slice(-200, None))
    cap = score_bound(float(data.lp_upper), data.price.values, data.overload.values)
    balanced = tail.isel(rule=[4, 5])
    cycle = tail.imbalance.isel(rule=[1, 2, 3]).mean("step").values
    found = [
        at_most("identity of the dual step, all rules", float(data.identity.max()), 1e-9),
        at_most("no token moves against its biases", int(data.violations.sum()), 0, kind="exact"),
        at_least("D(p) >= the linear program, every batch", float(data.gap.min()), 0.0, 1e-11),
        at_most("score <= optimum + price span x overload", float((data.score.values - cap).max()), 1e-11),
        at_most("proportional and u/n end at the optimum", float(max(balanced.gap.max(), abs(balanced.score - data.lp).max(), balanced.imbalance.max())), 1e-9),
        at_least("sign rules end in cycles, the wider the larger u", float(min(cycle[0], *np.diff(cycle))), 1e-6),
        at_least("control: without biases MaxVio stays", float(tail.imbalance.isel(rule=0).min()), 1.0),
        at_least("control: and the score is above the optimum", float((tail.score.isel(rule=0) - data.lp).min()), 1e-3),
    ]
    early, late = _late(data, 0)
    said = "beside " + "; ".join(f"{name} {', '.join(f'{x:g}' for x in row)}" for name, row in DERIVED.items() if isinstance(row, tuple))
    found.append(statistical_at_most("u/n: regret of 2 doublings < 1.6 x that before", late - 1.6 * early, 0.0, level, said))
    early, late = _late(data, 1)
    found.append(statistical_at_least("u/sqrt(n): > 1.25 x that before", late - 1.25 * early, 0.0, level))
    found.append(statistical_at_most("u/sqrt(n): < 3.2 x that before", late - 3.2 * early, 0.0, level))
    early, late = _late(data, 2)
    found.append(statistical_at_least("control: constant u: > 1.6 x that before", late - 1.6 * early, 0.0, level))
    n, top = data.sizes["batch"], _bound(data.batch.values)
    found.append(
        weakest(
            statistical_at_most("u/n: regret <= (K - K^2/E)(1 + ln N) / (2 mu), mu = 1/u", data.regret.isel(online=0).values[:, i], top[i], shared(level, n))
            for i in range(n)
        )
    )
    return found


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(gap=data.gap - 1e-6)


def draw(data):
    """Imbalance against steps, score against overload, regret on drawn batches."""
    figure, axes = figures.picture(3, width=10.2, height=4.0)
    shown = np.unique(np.geomspace(1, data.sizes["step"], 120).astype(int)) - 1
    floor, tail = 0.5 / (TOKENS * CHOICES / EXPERTS), data.isel(step=slice(-200, None)).mean("step")
    for k, rule in enumerate(data.rule.values):
        figures.curve(axes[0], data.step[shown], np.maximum(data.imbalance.isel(rule=k, step=shown), floor), k=k, label=rule)
        it = figures.look(k)
        axes[1].plot(tail.overload[k], (tail.score[k] - data.lp) * 1000, it.marker, color=it.colour, markersize=6, zorder=3)
    x = np.append(0.0, np.geomspace(1e-3, float(tail.overload.max()) * 1.1, 60))
    figures.fluid_line(axes[1], x, (score_bound(float(data.lp), data.price.values, x) - float(data.lp)) * 1000, "score bound: optimum + price span x overload")
    axes[1].set_xscale("symlog", linthresh=0.01)
    axes[1].set_yscale("symlog", linthresh=1.0)
    first = int(np.argmin(np.abs(data.batch.values - BATCHES // 16)))
    for k, rule in enumerate(data.online.values):
        grown = data.regret.isel(online=k, batch=slice(first, None)) - data.regret.isel(online=k, batch=first)
        figures.curve(axes[2], data.batch[first:], *intervals.mean(grown.values)[:3], k=(7, 3, 2)[k], label=f"(right) {rule}")
    figures.axis_labels(axes[0], ("batch", ""), ("MaxVio = max |A - L| / L", ""), "The same batch again: balance", log="xy")
    figures.axis_labels(axes[1], ("overload / tokens", ""), ("score - LP", "0.001 a token"), "Score bought with overload")
    figures.axis_labels(axes[2], ("batches N", ""), (f"regret since batch {int(data.batch[first])}", "a token"), "Drawn batches: regret", log="x")
    axes[2].set_xticks([500, 1000, 2000, 4000])
    figures.plain_numbers(axes[2])
    figures.legend(figure, axes, where="right")
    figures.note(figure, f"{TOKENS:,} tokens, {CHOICES} of {EXPERTS} experts. Left: balance is drawn at {floor:.2g}. Middle: means over the last 200 batches. Right: batches of {DRAWN}, "
                         f"mean of {data.replication.size} runs with 95% intervals; a straight line is growth as log N. The bound of the claims is far above.")  # fmt: skip
    return figure
