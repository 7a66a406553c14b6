"""Immorlica, Sankararaman, Schapire, Slivkins (2019): bandits with knapsacks against an adversary cost a factor of log(T/B).

One arm of unit cost and the null arm; k = T/B phases of B rounds; the arm earns i/k in phase i and, in member tau of the family, nothing
after phase tau. The benchmark is OPT_FD, the best fixed distribution of the member with its stopping time. That no rule keeps within a
constant of OPT_FD is the paper's theorem [Immorlica2019]_; this family and its exact ratio (1 + H_k) / 2 are ours, and the paper prints no
simulation.

**What must be visible.** The worst ratio OPT_FD / reward over the members is at least (1 + H_k) / 2 for every rule, in every single
simulation: the lottery over members that `adversarial_ratio` returns holds the reward of every run to B/k. The plan of the same optimum,
which knows the family but not the member, attains it. Spending at once (`primal_dual`, which never idles) and spending evenly (`paced`)
lose a factor (k + 1) / 2 and about k; `lagrange_bwk`, whose price is right for a stochastic world only, loses more than either on long
families; guessing the price (`adversarial_bwk`) loses less. Its own guarantee, a factor of order log T up to regret, is not visible at
this B: with k the range of its payoffs grows, and learning takes longer than phases last. The control is told the member, and is far below
the floor.
"""

from typing import NamedTuple

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, weakest
from budgetsim.model import ARM, Nothing, Policy
from budgetsim.optima.adversarial_ratio import adversarial_ratio
from budgetsim.optima.best_fixed_distribution import best_fixed_distribution
from budgetsim.policies.adversarial_bwk import adversarial_bwk
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.lagrange_bwk import lagrange_bwk
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.problems.adversarial_bandit import adversarial_bandit
from budgetsim.theory.adversarial_family import phased_optimum, phased_sequence

SYSTEM = "intro-bandits"
PUBLISHED = None
#: computed before this scenario was written, by a linear program over the fractions of the budget
DERIVED = {"(1 + H_k) / 2": {2: 1.25, 4: 1.5417, 8: 1.8589}}
PHASES = (2, 4, 8, 16, 32)
#: units, and rounds of a phase
BUDGET = 10_000
SMALLER = {"PHASES": (2, 4, 8), "BUDGET": 1_000}


# ------------------------------------------------------------------------------------------------ the plan, as a rule
class Quota(NamedTuple):
    pulls: np.ndarray
    phase: int


def plan_act(memory, params, view, left, t, key):
    return 0 if t % params.phase < params.pulls[t // params.phase] else -1


def plan_update(memory, params, view, action, outcome, t):
    pass


def plan(fraction, budget):
    """The optimum's plan, which knows the family: fraction[i] of the budget at the start of phase i, rounded so that no sum is off by more than 1."""
    pulls = np.diff(np.floor(np.cumsum(fraction) * budget + 1e-6), prepend=0.0)
    return Policy(ARM, lambda spec: (Nothing(), Quota(pulls, budget)), plan_act, plan_update, name="plan(told the family)")


# ------------------------------------------------------------------------------------------------ simulation
def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 replications; other scales change their number, down to 10.

    A rule cannot tell the members apart until they end, and earns nothing after: what it earns on member tau is what it has earned on the
    last member by the end of phase tau.
    """
    replications, exact = max(10, round(200 * scale)), [adversarial_ratio(k) for k in PHASES]
    how = {"replications": replications, "seed": seed, "threads": threads, "executor": executor, "progress": progress}
    played = [adversarial_bwk(), lagrange_bwk(), primal_dual(), paced(primal_dual()), plan(exact[0].plan.fraction, BUDGET)]
    shape, told = (len(PHASES), max(PHASES)), "control: told the member"
    reward = np.zeros((len(played) + 1, *shape, replications))
    optimum, known = np.ones(shape), np.ones(shape)  # 1 where there is no such member
    for i, k in enumerate(PHASES):
        rules = [*played[:-1], plan(exact[i].plan.fraction, BUDGET)]
        members = [adversarial_bandit(*phased_sequence(k, BUDGET, tau)) for tau in range(1, k + 1)]
        for j, member in enumerate(members):
            optimum[i, j] = best_fixed_distribution(member.instance.reward, member.instance.cost, member.spec.budget).value
            known[i, j] = float(phased_optimum(k, j + 1)) * BUDGET
            paying = adversarial_bandit(*(v[: (j + 1) * BUDGET] for v in member.instance), member.spec.budget)
            reward[-1, i, j] = engine.run(paying, fixed_mixture([1.0 / (j + 1)]), checkpoints=[(j + 1) * BUDGET], **how).reward.values[:, -1]
        for r, rule in enumerate(rules):
            reward[r, i, :k] = engine.run(members[-1], rule, checkpoints=BUDGET * np.arange(1, k + 1), **how).reward.values.T
    lottery = np.zeros(shape)
    for i, best in enumerate(exact):
        lottery[i, : PHASES[i]] = best.dual.weight
    return xarray.Dataset(
        {
            "reward": (("rule", "phases", "member", "replication"), reward, {"units": "reward"}),
            "optimum": (("phases", "member"), optimum, {"units": "reward", "long_name": "OPT_FD"}),
            "known": (("phases", "member"), known, {"units": "reward", "long_name": "OPT_FD in closed form"}),
            "lottery": (("phases", "member"), lottery, {"units": "1", "long_name": "probability of a member"}),
            "floor": ("phases", [best.value for best in exact], {"units": "1", "long_name": "least worst ratio of any rule"}),
        },
        {"rule": [*(r.name for r in played), told], "phases": list(PHASES), "member": np.arange(1, max(PHASES) + 1)},
        {"seed": str(seed), "scale": scale, "budget": BUDGET},
    )


def ratios(data):
    """OPT_FD / mean reward (rule, phases, member), 0 where there is no such member."""
    return (data.optimum / data.reward.mean("replication").clip(min=1e-9)).where(data.member <= data.phases, 0.0)


# ------------------------------------------------------------------------------------------------ claims
def claims(data):
    """Most need no luck: they hold in every simulation. The statistical ones hold together with confidence 99%."""
    harmonic = np.array([sum(1.0 / i for i in range(1, k + 1)) for k in data.phases.values])
    rules, told = data.rule.values[:-1], data.rule.values[-1]
    played, worst = data.reward.sel(rule=rules), ratios(data).max("member")
    most = (played * data.lottery).sum("member").max("replication") * data.phases / data.attrs["budget"]
    last = {"phases": int(data.phases[-1])}
    members = data.member.values[: last["phases"]]
    level = shared(shared(0.99, 2), len(members))

    def share(rule, of):
        """Of OPT_FD / of, by member of the longest family."""
        return ((data.reward.sel(rule=rule, **last) / data.optimum.sel(**last)) * of).sel(member=members).values

    greedy, floor = float(worst.sel(rule=rules[2], **last)), float(data.floor.sel(**last))
    return [
        at_most("the ratio is (1 + H_k) / 2", float(abs(data.floor.values - (1 + harmonic) / 2).max()), 1e-12),
        at_most("OPT_FD of member tau is B (tau + 1) / (2k), relative", float(abs(data.optimum / data.known - 1).max()), 1e-9),
        at_most("every run, the lottery over members: reward <= B/k", float(most.max()), 1.0, 1e-9),
        at_least("every rule: worst ratio >= (1 + H_k) / 2", float((worst.sel(rule=rules) / data.floor).min()), 1.0, 1e-9, detail=_said(worst, data.floor)),
        at_most("the plan attains it, up to one pull", float((worst.sel(rule=rules[4]) / data.floor).max()), 1.0, 2.0 * floor / data.attrs["budget"]),
        weakest([statistical_at_least("guessing the price beats spending at once, longest family", v, 1.0, level) for v in share(rules[0], greedy)]),
        at_least("spending at once loses a factor (k + 1) / 2", float((worst.sel(rule=rules[2]) / (data.phases + 1) * 2).min()), 1.0, 1e-9),
        weakest([statistical_at_least("control: told the member, a rule is below the floor", v, 1.0, level) for v in share(told, floor)]),
    ]


def _said(worst, floor):
    last = {"phases": int(worst.phases[-1])}
    return f"k = {last['phases']}, floor {float(floor.sel(**last)):.2f}: " + ", ".join(
        f"{str(r).split('(')[0]} {float(worst.sel(rule=r, **last)):.1f}" for r in worst.rule.values
    )


def spoiled(data):
    """The same data with one number wrong, which the claims must notice: a reward that no rule can have."""
    reward = data.reward.copy(deep=True)
    reward[0, 0, 0, 0] *= 2.0
    reward[0, 0, 0, 0] += data.attrs["budget"]
    return data.assign(reward=reward)


# ------------------------------------------------------------------------------------------------ figure
def draw(data):
    """Left: the worst ratio over members against k. Right: the ratio by member, on the longest family."""
    figure, axes = figures.picture(2, width=8.2, height=3.6)
    each, last = ratios(data), {"phases": int(data.phases[-1])}
    members = data.member.values[: last["phases"]]
    for k, rule in enumerate(data.rule.values):
        label = str(rule).split("(")[0] if k < 3 else str(rule)
        figures.curve(axes[0], data.phases, each.sel(rule=rule).max("member"), label="paced(primal_dual)" if k == 3 else label, k=k)
        one = intervals.mean(data.reward.sel(rule=rule, **last).sel(member=members).values.T)
        best = data.optimum.sel(**last).sel(member=members).values
        figures.curve(axes[1], members, best / one.estimate, best / one.high, best / np.maximum(one.low, 1e-3 * one.estimate), k=k)
    figures.fluid_line(axes[0], data.phases, data.floor, "(1 + H_k) / 2")
    figures.fluid_line(axes[1], [1, last["phases"]], [float(data.floor.sel(**last))] * 2, "(1 + H_k) / 2")
    figures.axis_labels(axes[0], ("k = T/B", "phases"), ("max OPT_FD / mean reward", ""), "Worst member", log="xy")
    figures.axis_labels(axes[1], ("member: last phase that pays", ""), ("OPT_FD / mean reward", ""), f"Each member, k = {last['phases']}", log="y")
    for one in axes:
        figures.plain_numbers(one, "y")
    axes[0].set_xticks(data.phases.values, [str(k) for k in data.phases.values], minor=False)
    axes[0].set_xticks([], minor=True)
    axes[1].set_ylim(0.8, 2.0 * float(each.max()))
    figures.legend(figure, axes)
    figures.note(figure, f"One arm of unit cost, phases of B = {data.attrs['budget']:,} rounds; {data.replication.size} runs, pointwise 95% intervals on the right. Without being "
                         "told the member, no rule's curve on the left can be below the dashed line, whatever the luck; on the right it can, but not everywhere.")  # fmt: skip
    return figure
