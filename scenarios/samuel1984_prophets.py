"""Samuel-Cahn (1984): one threshold against a prophet, and secretaries beside it.

Offers from known distributions come one after the other; one is taken at once, or none. One threshold, half of the prophet's E[max] or the median of
the maximum, keeps half of the prophet [Samuel1984]_, and a pair of offers shows that no rule keeps more. With identical offers the best rule keeps at
least 1/1.3415 = .745 [HillKertz1982]_. Who knows only ranks, in random order, hires the best with probability 1/e [Ferguson1989]_.

**What must be visible.** On the pair, 1 surely and then 1/eps with probability eps, the best rule falls to 1/(2 - eps) of the prophet and half of E[max] keeps half.
With identical offers the best rule stays above .745 and simulated thresholds above half. Letting r candidates pass wins as often as the formula says.
Control: a threshold at .95 E[max] keeps less than half of a pair.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.policies.prophet_threshold import prophet_threshold
from budgetsim.policies.secretary_rule import secretary_rule
from budgetsim.problems.secretary import secretary
from budgetsim.problems.single_item_prophet import single_item_prophet
from budgetsim.theory import stopping
from budgetsim.theory.pivotal import greedy_step, propagate

SYSTEM = "philosopher-inequalities"
PUBLISHED = None  # classical; the constant is recomputed from its equation
CANDIDATES, REJECTED = 20, (0, 1, 2, 4, 7, 10, 14, 18)
EPS, OFFERS, RULES = (0.5, 0.25, 0.1, 0.05, 0.02, 0.01), (1, 2, 3, 5, 10, 20, 40), ("half_mean", "median")

CLOSE = np.array([[1.0, 1.0], [1.2, 0.0]]), np.array([[1.0, 0.0], [0.4, 0.6]])  # E[max] = 1.08


def pair(eps):
    return np.array([[1.0, 1.0], [1.0 / eps, 0.0]]), np.array([[1.0, 0.0], [eps, 1.0 - eps]])


def identical(offers):
    """Values 1, 2, 4, ... 64, each half as likely as the one before; of n offers .9 are above 0, on average."""
    chance = 0.5 ** np.arange(7)
    chance *= 0.9 / offers / chance.sum()
    return np.tile(np.append(0.0, 2.0 ** np.arange(7)), (offers, 1)), np.tile(np.append(1.0 - chance.sum(), chance), (offers, 1))


def priced(value, probability, price):
    """The share of the prophet that one threshold keeps, exactly."""
    return propagate(value[None], probability, greedy_step(value[None], probability, price)).value / stopping.expected_maximum(value, probability)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 100,000 runs of every point; other scales change their number, down to 4,000."""
    replications = max(4000, round(100_000 * scale))

    def play(problem, rule):
        return engine.run(problem, rule, replications=replications, seed=seed, threads=threads, executor=executor, progress=progress).reward.values[:, -1]

    hired = np.array([play(secretary(CANDIDATES), secretary_rule(r)) for r in REJECTED])
    pairs = [pair(eps) for eps in EPS]
    prophet = [stopping.expected_maximum(*p) for p in pairs]
    alike = [identical(n) for n in OFFERS]
    worth = np.array([stopping.expected_maximum(*a) for a in alike])
    share = np.array([[play(single_item_prophet(*a), prophet_threshold(a[0][None], a[1], rule)) / w for a, w in zip(alike, worth)] for rule in RULES])
    ratio = {"units": "1"}
    return xarray.Dataset(
        {
            "hired": (("rejected", "replication"), hired, ratio | {"long_name": "the best was hired"}),
            "chance": (("rejected",), np.array([stopping.secretary_chance(CANDIDATES, r) for r in REJECTED]), ratio),
            "best": (
                ("eps",),
                np.array([stopping.best_threshold_stopping(*p) for p in pairs]) / prophet,
                ratio | {"long_name": "best rule / prophet, the pair"},
            ),
            "half": (("eps",), np.array([priced(*p, 0.5 * m) for p, m in zip(pairs, prophet)]), ratio | {"long_name": "half of E[max], exactly"}),
            "late": ((), priced(*CLOSE, 0.95 * stopping.expected_maximum(*CLOSE)), ratio | {"long_name": "the control"}),
            "alike": (("offers",), np.array([stopping.best_threshold_stopping(*a) for a in alike]) / worth, ratio | {"long_name": "best rule / prophet"}),
            "share": (("rule", "offers", "replication"), share, ratio | {"long_name": "reward / E[max], identical offers"}),
            "keeps": ((), 1.0 / stopping.identical_prophet_constant(), ratio),
        },
        {"rejected": list(REJECTED), "eps": list(EPS), "offers": list(OFFERS), "rule": list(RULES)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """All statistical verdicts hold together with confidence 99%; a claim about several cases is its weakest case."""
    won = [(f"r = {r}", data.hired.sel(rejected=r).values - float(data.chance.sel(rejected=r))) for r in data.rejected.values]
    share = [(f"{rule}, {n} offers", data.share.sel(rule=rule, offers=n).values) for rule in data.rule.values for n in data.offers.values]
    level = shared(0.99, 2 * len(won) + len(share))
    return [
        at_most("the pair: the best rule keeps 1/(2 - eps)", float(abs(data.best - 1.0 / (2.0 - data.eps)).max()), 1e-12),
        at_least("the pair: half of E[max] keeps half", float(data.half.min()), 0.5, 1e-12),
        at_most("control: .95 E[max] keeps less than half of a pair", float(data.late), 0.49),
        at_least("identical offers: the best rule keeps 1/beta", float(data.alike.min()), float(data.keeps)),
        weakest(statistical_at_least("identical offers: thresholds keep half", x, 0.5, level, case) for case, x in share),
        weakest(statistical_at_most("secretary: simulated <= formula + .04", x, 0.04, level, case) for case, x in won),
        weakest(statistical_at_least("secretary: simulated >= formula - .04", x, -0.04, level, case) for case, x in won),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(best=data.best * 1.001)


def draw(data):
    """The pair, identical offers, and secretaries."""
    figure, axes = figures.picture(3, width=11.0, height=3.4)
    figures.curve(axes[0], data.eps, data.best, label="best rule", k=0)
    figures.curve(axes[0], data.eps, data.half, label="threshold half_mean", k=1)
    figures.fluid_line(axes[0], data.eps, 1.0 / (2.0 - data.eps), label="1 / (2 - eps)")
    figures.axis_labels(axes[0], ("eps", ""), ("share of the prophet", ""), "1, then 1/eps with probability eps", log="x")
    figures.plain_numbers(axes[0])
    figures.curve(axes[1], data.offers, data.alike, label="best rule", k=0)
    for k, rule in enumerate(data.rule.values):
        one = intervals.mean(data.share.sel(rule=rule).values.T)
        figures.curve(axes[1], data.offers, one.estimate, one.low, one.high, label=f"threshold {rule}", k=1 + k, bars=True)
    axes[1].axhline(float(data["keeps"]), color="black", linestyle=":", linewidth=0.8)
    axes[1].annotate("1/beta = .745", (1.0, float(data["keeps"])), xytext=(0, -9), textcoords="offset points", fontsize=7)
    figures.axis_labels(axes[1], ("identical offers", ""), ("share of the prophet", ""), "Identical offers", log="x")
    figures.plain_numbers(axes[1])
    for one in axes[:2]:
        one.axhline(0.5, color="black", linestyle=":", linewidth=0.8)
    r = np.arange(CANDIDATES)
    axes[2].plot(r, [stopping.secretary_chance(CANDIDATES, int(k)) for k in r], color="black", linewidth=0.9, label="formula")
    one = intervals.mean(data.hired.values.T)
    figures.curve(axes[2], data.rejected, one.estimate, one.low, one.high, label="secretary_rule, simulated", k=3, bars=True)
    figures.axis_labels(axes[2], ("candidates let pass", ""), ("chance to hire the best", ""), f"{CANDIDATES} candidates")
    figures.legend(figure, axes)
    figures.note(figure, f"Pair and best rules: exact. Bars: pointwise 95% intervals of {data.replication.size:,} runs. Dotted: half of the prophet. "
                         "Identical offers: 1, 2, 4, ... 64, of n offers .9 above 0 on average.")  # fmt: skip
    return figure
