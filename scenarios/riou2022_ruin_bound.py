"""Riou et al. (2022): ruin against what no rule can avoid on all instances [Riou2024]_ (first posted in 2022).

Two arms of +-1 and a stock B. Under the mirrored laws Q ruin is certain, and P(ruin) = E_Q[prod r_k^L_k], r_k = P(-1) / P(+1) capped at 1, L_k what is lost on arm k: so runs
of the mirrored instance measure ruin as small as one likes. Shares of B / K have P(ruin) = prod r_k^(B/K). Form and instances are ours; the paper has tight bounds and
rules that match them. Beside it: what ruin and what learning cost, of the regret against T times the best mean.

**What must be visible.** EXPLOIT lies on prod r_k^(B/K) at every B, without any variance. UCB1 lies above it on (.55, .45), and below it on (.65, .55): allowed, since a rule can be better than
shares on one instance, never on all; greedy is above it on both at B = 10. On (.6, .55, .4) the regret splits into a part of runs that are ruined and one of
runs that live, and they add up in every run: UCB1 loses more by ruin than EXPLOIT, EXPLOIT more while alive than the same shares with UCB1.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.exploit_shares import exploit_shares
from budgetsim.policies.exploit_ucb_double import exploit_ucb_double
from budgetsim.policies.share_budget import share_budget
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.survival_bandit import net_losses, survival_bandit
from budgetsim.theory.ruin import mirrored, odds, ruin_lower_bound, share_ruin, weights

SYSTEM = "survival-bandit-risk"
#: no number of the paper was available
PUBLISHED = None
#: of our specification, at B = 10: ruin on (.65, .55), Jensen's bound of UCB1 and E_Q L
DERIVED = {"ucb1": 0.01312, "exploit_shares": 0.016597, "greedy": 0.0346, "uniform": 0.0177, "jensen": 0.00821, "loss": (6.68, 3.32)}
INSTANCES, STOCKS = ((0.65, 0.55), (0.55, 0.45)), (2, 4, 6, 8, 10, 14, 20)
RULES, NAMES = (exploit_shares(), ucb1(8.0), epsilon_greedy(epsilon=0.0)), ("exploit_shares", "ucb1", "greedy")
TEXT = ("EXPLOIT", "UCB1", "greedy mean", "shares, UCB1 among live arms", "EXPLOIT-UCB-DOUBLE")
LONG = 100_000  #: rounds in which every mirrored run has been ruined
SPLIT, SPLIT_STOCK, HORIZON = (0.6, 0.55, 0.4), 12, 20_000
SPLIT_RULES = (*RULES, share_budget(), exploit_ucb_double())
SMALLER = {"STOCKS": (2, 4, 10), "HORIZON": 4_000}


def coins(p, stock, horizon):
    return survival_bandit([[1.0, -1.0]] * len(p), [[q, 1 - q] for q in p], stock, horizon)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 40,000 mirrored runs of each rule, instance and stock, and 4,000 plain ones of each rule for the split."""
    many, few = max(400, round(40_000 * scale)), max(100, round(4_000 * scale))
    resources = {"threads": threads, "executor": executor, "progress": progress}
    where = (len(INSTANCES), len(RULES), len(STOCKS))
    weight, lost, alive = np.zeros((*where, many)), np.zeros((*where, 2)), 0.0
    for i, p in enumerate(INSTANCES):
        for b, stock in enumerate(STOCKS):
            problem = coins(p, stock, LONG)
            laws = problem.instance.outcomes, problem.instance.probabilities
            other = survival_bandit(laws[0], mirrored(*laws), stock, LONG)
            for k, rule in enumerate(RULES):
                runs = engine.run(other, rule, replications=many, seed=seed, checkpoints=[LONG], **resources)
                loss = net_losses(other, runs)
                weight[i, k, b], lost[i, k, b] = weights(*laws, loss), loss.mean(axis=0)
                alive = max(alive, float((stock + runs.reward.values[:, -1]).max()))
    problem = coins(SPLIT, SPLIT_STOCK, HORIZON)
    total = np.zeros((len(SPLIT_RULES), few))
    for k, rule in enumerate(SPLIT_RULES):
        total[k] = engine.run(problem, rule, replications=few, seed=seed, checkpoints=[HORIZON], **resources).reward.values[:, -1]
    best = HORIZON * float(problem.instance.mean_reward.max())
    laws = problem.instance.outcomes, problem.instance.probabilities
    ratio = [np.minimum((1 - np.array(p)) / np.array(p), 1.0) for p in INSTANCES]
    ruined = total <= -SPLIT_STOCK
    stock_units, one = {"units": "stock"}, {"units": "1"}
    return xarray.Dataset(
        {
            "weight": (("pair", "rule", "stock", "replication"), weight, one),
            "lost": (("pair", "rule", "stock", "arm"), lost, stock_units),
            "shares": (("pair", "stock"), [[share_ruin(r, [b / 2, b / 2]) for b in STOCKS] for r in ratio], one),
            "jensen": (("pair", "rule", "stock"), [[[ruin_lower_bound(r, lost[i, k, b]) for b in range(len(STOCKS))] for k in range(len(RULES))] for i, r in enumerate(ratio)], one),
            "best_arm": (("pair", "stock"), [[float(r.min() ** b) for b in STOCKS] for r in ratio], one),
            "alive": ((), alive, {**stock_units, "long_name": "largest stock left in a mirrored run"}),
            "regret": (("learner", "run"), best - total, stock_units),
            "by_ruin": (("learner", "run"), np.where(ruined, best + SPLIT_STOCK, 0.0), stock_units),
            "by_learning": (("learner", "run"), np.where(ruined, 0.0, best - total), stock_units),
            "optimum": ((), ruin_dp(*laws, SPLIT_STOCK, HORIZON, tables=False).value, stock_units),
            "split_formula": ((), share_ruin(odds(*laws), [SPLIT_STOCK / 3] * 3), one),
        },
        {"pair": [str(p) for p in INSTANCES], "rule": list(NAMES), "stock": list(STOCKS), "learner": [*NAMES, "share_budget", "exploit_ucb_double"]},
        {"seed": str(seed), "scale": scale, "best": best},
    )  # fmt: skip


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    each, ten = shared(0.99, 9), data.weight.sel(stock=10)
    exploit = data.weight.sel(rule="exploit_shares")
    one, two = data.pair.values
    said = f"(.65, .55), B = 10, ours (printed): UCB1 {float(ten.sel(pair=one, rule='ucb1').mean()):.5f} ({DERIVED['ucb1']}), greedy {float(ten.sel(pair=one, rule='greedy').mean()):.4f} " \
           f"({DERIVED['greedy']}), Jensen {float(data.jensen.sel(pair=one, rule='ucb1', stock=10)):.5f} ({DERIVED['jensen']}), E_Q L {data.lost.sel(pair=one, rule='ucb1', stock=10).values.round(2).tolist()} " \
           f"({list(DERIVED['loss'])})"  # fmt: skip
    regret = data.regret
    ruin = {str(n): (data.by_ruin.sel(learner=n) > 0).values.astype(float) for n in data.learner.values}
    stocks = range(data.sizes["stock"])
    return [
        at_most("every mirrored run is ruined: largest stock left", float(data.alive), 0.0, kind="exact"),
        at_most("EXPLOIT: each run's weight is prod r_k^(B/2), relative", float(abs(exploit / data.shares - 1).max()), 0.0, 1e-12),
        weakest(at_most("Jensen: prod r_k^(E_Q L_k) is not above the mean weight, relative", float(data.jensen[i, k, b] / data.weight[i, k, b].mean() - 1), 0.0, 1e-12)
                for i in range(2) for k in range(len(NAMES)) for b in stocks),
        statistical_at_most("(.65, .55), B = 10: UCB1 is ruined less often than shares", ten.sel(pair=one, rule="ucb1").values, float(data.shares.sel(pair=one, stock=10)), each, said),
        statistical_at_least("(.55, .45), B = 10: UCB1 is ruined more often than shares", ten.sel(pair=two, rule="ucb1").values, float(data.shares.sel(pair=two, stock=10)), each),
        weakest(statistical_at_least("B = 10, on both: greedy is ruined more often than shares", ten.sel(pair=p, rule="greedy").values, float(data.shares.sel(pair=p, stock=10)), shared(each, 2))
                for p in (one, two)),
        at_most("regret = its part by ruin + its part by learning, in every run", float(abs(regret - data.by_ruin - data.by_learning).max()), 0.0, kind="exact"),
        statistical_at_least("UCB1 loses more by ruin than EXPLOIT", (data.by_ruin.sel(learner="ucb1") - data.by_ruin.sel(learner="exploit_shares")).values, 0.0, each),
        statistical_at_least("EXPLOIT loses more by learning than shares with UCB1", (data.by_learning.sel(learner="exploit_shares") - data.by_learning.sel(learner="share_budget")).values, 0.0, each),
        weakest(statistical_at_least("no rule earns more than the optimum that knows the laws", row, data.attrs["best"] - float(data.optimum), shared(each, len(regret))) for row in regret.values),
        statistical_at_most("ruin of shares on (.6, .55, .4) <= product formula, but for .02", ruin["share_budget"], float(data.split_formula) + 0.02, each),
        statistical_at_least("control: greedy has not the ruin of shares on (.6, .55, .4)", ruin["greedy"], float(data.split_formula), each),
        at_least("control: UCB1's weights vary, EXPLOIT's do not", float(np.ptp(ten.sel(pair=one, rule="ucb1").values)), 1e-6),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(shares=data.shares * 1.001)


def draw(data):
    """Ruin against the stock on both instances, and the split of the regret."""
    figure, axes = figures.picture(3, width=11.6, height=3.7)
    for i, one in enumerate(axes[:2]):
        for k in range(len(NAMES)):
            found = intervals.mean(data.weight[i, k].values.T)
            figures.curve(one, data.stock, *found[:3], label=TEXT[k], k=k, bars=True)
        figures.fluid_line(one, data.stock, data.shares[i], "prod r_k^(B/2)")
        figures.fluid_line(one, data.stock, data.best_arm[i], "best arm alone").set_linestyle(":")
        one.set_xticks(range(0, max(STOCKS) + 1, 4))
        figures.axis_labels(one, ("stock B", "units"), ("probability of ruin", ""), f"P(+1) = {data.pair.values[i]}", log="y")
    place = np.arange(data.sizes["learner"])
    for values, colour, text in ((data.by_ruin, "#D55E00", "lost by ruin"), (data.by_learning, "#0072B2", "lost while alive")):
        base = 0.0 if text == "lost by ruin" else data.by_ruin.mean("run").values
        axes[2].bar(place, values.mean("run"), bottom=base, color=colour, width=0.6, label=text, zorder=2)
    found = intervals.mean(data.regret.values.T)
    axes[2].errorbar(place, found.estimate, [found.estimate - found.low, found.high - found.estimate], color="black", linestyle="", capsize=3, zorder=4)
    figures.fluid_line(axes[2], [-0.5, place[-1] + 0.5], [data.attrs["best"] - float(data.optimum)] * 2, "optimum that knows the laws").set_linestyle("-")
    axes[2].set_xticks(place, ["EXPLOIT", "UCB1", "greedy", "shares\nUCB1", "EXPLOIT-\nUCB-D."])
    figures.axis_labels(axes[2], ("rule", ""), ("T mu* - total reward", "units"), f"Regret, P(+1) = {SPLIT}")
    figures.plain_numbers(axes[2], "y")
    figures.legend(figure, axes)
    figures.note(figure, f"Left, middle: {data.replication.size:,} runs of the mirrored instance, weighed; bars: pointwise 95% intervals. Right: B = {SPLIT_STOCK}, T = {HORIZON:,}, {data.run.size:,} plain runs; "
                         "bars: 95% of the sum. UCB1 on rewards mapped to [0, 1]. Instances are ours.")  # fmt: skip
    return figure
