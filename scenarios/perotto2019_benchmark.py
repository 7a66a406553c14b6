"""Perotto et al. (2019): ten coins, a stock of ten [Perotto2019]_.

Arms win 1 with probability .4 to .6, evenly spaced, else they lose 1; the stock is 10 and the horizon 10,000, with a look at 500. The instance and the alarm (omega = 10) are those of
a notebook of the open problem's authors; the rules are explained in their own files.

**What must be visible.** Ruin comes early or not at all: curves of survival are flat after a while. Rules that share the stock out survive with the
probability of the product formula; alarmed UCB1 survives more often than UCB1, both less often than shares; uniform choice is ruined. What a rule earns is another
matter: shares with UCB1 among live arms earn more than EXPLOIT with the same ruin, and EXPLOIT-UCB-DOUBLE, whose time has not come at this horizon, less.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_least, statistical_at_most
from budgetsim.policies.alarmed import alarmed
from budgetsim.policies.bandit_gambler import bandit_gambler
from budgetsim.policies.exploit_shares import exploit_shares
from budgetsim.policies.exploit_ucb_double import exploit_ucb_double
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.positive_gambler import positive_gambler
from budgetsim.policies.share_budget import share_budget
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.survival_bandit import survival_bandit
from budgetsim.theory.ruin import equal_shares, odds, share_ruin

SYSTEM = "survival-bandit-risk"
#: the notebook prints no numbers
PUBLISHED = None
#: of our specification: an earlier numpy program, 2,000 runs, standard error .01
DERIVED = {"uniform": 0.9255, "ucb1": 0.538, "alarmed": 0.394, "exploit_shares": 0.3395, "share_budget": 0.3215}
CHANCES, STOCK, HORIZON, EARLY = np.linspace(0.4, 0.6, 10), 10, 10_000, 500
RULES = (uniform(), ucb1(8.0), alarmed(ucb1(), omega=STOCK), alarmed(kl_ucb(), omega=STOCK), exploit_shares(), share_budget(), exploit_ucb_double(), bandit_gambler(), positive_gambler())
NAMES = ("uniform", "ucb1", "alarmed", "alarmed_kl_ucb", "exploit_shares", "share_budget", "exploit_ucb_double", "bandit_gambler", "positive_gambler")
TEXT = ("uniform", "UCB1 on rewards mapped to [0, 1]", "alarmed UCB1", "alarmed KL-UCB", "EXPLOIT", "shares, UCB1 among live arms", "EXPLOIT-UCB-DOUBLE", "Bandit-Gambler", "Positive-Gambler")
SMALLER = {"HORIZON": 2_000}


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 10,000 runs of each rule; other scales change their number, down to 40."""
    replications = max(40, round(10_000 * scale))
    problem = survival_bandit([[1.0, -1.0]] * CHANCES.size, np.stack([CHANCES, 1 - CHANCES], axis=1), STOCK, HORIZON)
    times = np.unique(np.append(np.geomspace(5, HORIZON, 30).astype(int), EARLY))
    stock = np.zeros((len(RULES), times.size, replications))
    for i, rule in enumerate(RULES):
        runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=times, threads=threads, executor=executor, progress=progress)
        stock[i] = STOCK + runs.reward.values.T
    r = odds(problem.instance.outcomes, problem.instance.probabilities)
    return xarray.Dataset(
        {
            "stock": (("rule", "round", "replication"), stock, {"units": "stock"}),
            "formula": ((), share_ruin(r, equal_shares(STOCK, CHANCES.size)), {"units": "1", "long_name": "ruin of equal shares, without a horizon"}),
            "best_arm": ((), float(r.min() ** STOCK), {"units": "1"}),
        },
        {"rule": list(NAMES), "round": times},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%."""
    each, end = shared(0.99, 10), data.stock.isel(round=-1)
    ruin = {str(n): (end.sel(rule=n) <= 0).values.astype(float) for n in data.rule.values}
    said = "ours (printed): " + ", ".join(f"{n} {ruin[n].mean():.4f} ({v})" for n, v in DERIVED.items()) + f"; formula {float(data.formula):.4f}"
    shares = ("exploit_shares", "share_budget")
    early = (data.stock.sel(round=EARLY) <= 0).astype(float)
    pathwise = float(abs(ruin[shares[0]] - ruin[shares[1]]).max())
    return [
        at_most("EXPLOIT and shares are ruined in the same runs: luck is tied to uses", pathwise, 0.0, kind="exact"),
        statistical_at_most("ruin of EXPLOIT <= product formula, but for .02", ruin["exploit_shares"], float(data.formula) + 0.02, each, said),
        statistical_at_least("ruin of EXPLOIT >= product formula, but for .05", ruin["exploit_shares"], float(data.formula) - 0.05, each, "some ruin is yet to come at the horizon"),
        statistical_at_least("alarmed UCB1 survives more often than UCB1", ruin["ucb1"] - ruin["alarmed"], 0.0, each),
        statistical_at_least("EXPLOIT survives more often than alarmed UCB1", ruin["alarmed"] - ruin["exploit_shares"], 0.0, each),
        statistical_at_least("EXPLOIT-UCB-DOUBLE survives as often as EXPLOIT, but for .03", ruin["exploit_shares"] - ruin["exploit_ucb_double"], -0.03, each),
        statistical_at_least("shares with UCB1 earn more than EXPLOIT", (end.sel(rule="share_budget") - end.sel(rule="exploit_shares")).values, 0.0, each),
        statistical_at_least("EXPLOIT-UCB-DOUBLE earns less than EXPLOIT at this horizon", (end.sel(rule="exploit_shares") - end.sel(rule="exploit_ucb_double")).values, 0.0, each),
        statistical_at_least("most ruin of EXPLOIT comes in the first 500 rounds", (early.sel(rule="exploit_shares").values - 0.5 * ruin["exploit_shares"]), 0.0, each),
        statistical_at_least("control: uniform choice is ruined in most runs", ruin["uniform"], 0.5, each),
        statistical_at_least("control: UCB1 is above the product formula", ruin["ucb1"], float(data.formula), each),
    ]  # fmt: skip


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(formula=data.formula / 4)


def draw(data):
    """Survival and mean stock over time."""
    figure, axes = figures.picture(2, width=10.0, height=3.6)
    for k, text in enumerate(TEXT):
        rows = data.stock.isel(rule=k)
        alive = [intervals.proportion(int((row > 0).sum()), row.size) for row in rows.values]
        figures.curve(axes[0], data["round"], [i.estimate for i in alive], [i.low for i in alive], [i.high for i in alive], label=text, k=k, markers=text != "uniform")
        figures.curve(axes[1], data["round"], *intervals.mean(rows.values.T)[:3], k=k, markers=text != "uniform")  # the ninth rule has its colour and marker
    figures.fluid_line(axes[0], data["round"], data["round"] * 0.0 + 1 - data.formula, "1 less the product formula")
    figures.axis_labels(axes[0], ("round", "pulls"), ("runs that are alive", "share"), "Survival", log="x")
    figures.axis_labels(axes[1], ("round", "pulls"), ("mean stock", "units"), "Stock, 0 after ruin", log="x")
    axes[1].set_yscale("symlog", linthresh=20)
    axes[1].set_ylim(bottom=0)
    for one in axes:
        figures.plain_numbers(one)
    figures.plain_numbers(axes[1], "y")
    figures.legend(figure, axes)
    figures.note(figure, f"Ten coins of +-1, P(+1) from .4 to .6, stock {STOCK}, T = {HORIZON:,}; {data.replication.size:,} runs on common luck, tied to the n-th use of an arm. Bands: pointwise 95% intervals. "
                         f"The best arm alone would be ruined with probability {float(data.best_arm):.4f}.")  # fmt: skip
    return figure
