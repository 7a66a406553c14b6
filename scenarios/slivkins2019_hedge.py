"""Slivkins (2019), chapters 5 and 6: exponential weights keep to their bounds on every sequence, not only on average.

K = 10 arms, rewards in [0, 1] that an oblivious adversary wrote down. Hedge sees every arm's reward, eta = sqrt(8 log K / T), and its
regret is at most sqrt(T log(K) / 2) on *every* sequence; EXP3 sees its own arm's only, eta = sqrt(2 log K / (KT)), and its expected regret is
at most sqrt(2 K T log K) [Slivkins2019]_. The sequences are ours: random bits; a reward of 1 for all but the arm that leads;
rewards that drift in waves; one arm that always pays.

**What must be visible.** No sequence takes Hedge above its bound, and random bits take it near; EXP3's mean stays below its own, on
each of them. Controls: with a rate so great that it follows the leader Hedge breaks the bound on the second sequence, with a rate of 0
EXP3 does on the last.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_least, at_most, shared, statistical_at_least, statistical_at_most, weakest
from budgetsim.kernels import compiled
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.hedge import hedge
from budgetsim.problems.adversarial_bandit import adversarial_bandit
from budgetsim.shared.exponential_weights import hedge_gains, weights

SYSTEM = "intro-bandits"
PUBLISHED = None
#: an earlier numpy implementation of Hedge on K = 10 random bits: mean and greatest regret, of how many sequences is not said
DERIVED = {1_000: (24.6, 27.9), 10_000: (76.6, 85.7)}
ARMS = 10
HORIZONS = (100, 1_000, 10_000, 100_000)
KINDS = ("random bits", "the leader fails", "waves", "one arm pays")
LEADER = 1_000.0  #: a rate at which Hedge follows the leader
SMALLER = {"HORIZONS": (100, 1_000, 10_000)}


def sequence(kind, horizon, rng):
    """Rewards (T, K)."""
    t = np.arange(horizon)
    if kind == "random bits":
        return rng.integers(0, 2, (horizon, ARMS)).astype(float)
    if kind == "the leader fails":  # arms lead in turn
        return 1.0 - (t[:, None] % ARMS == np.arange(ARMS))
    if kind == "waves":
        return 0.5 + 0.5 * np.sin(2 * np.pi * (3 * t[:, None] / horizon + np.arange(ARMS) / ARMS) * (1 + np.arange(ARMS) / ARMS))
    return np.tile(np.arange(ARMS) == ARMS - 1, (horizon, 1)).astype(float)


@compiled
def expected_reward(memory, reward, eta):
    """What Hedge earns on average over its own draws: its probabilities depend on the sequence alone."""
    earned = 0.0
    for t in range(reward.shape[0]):
        mean = 0.0
        for k in range(reward.shape[1]):
            mean += memory.weight[k] * reward[t, k]
        earned += mean / memory.total[0]
        hedge_gains(memory, reward[t], eta)
    return earned


def pathwise(reward, eta=None):
    """Regret of the rule `hedge` on one sequence, its draws averaged out."""
    _, params = hedge(eta).init(adversarial_bandit(reward, feedback="full").spec)
    return reward.sum(axis=0).max() - expected_reward(weights(ARMS), reward, params.eta)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 200 random sequences, and 400 replications of EXP3 on each kind; other scales change both, down to 10."""
    many, replications = max(10, round(200 * scale)), max(10, round(400 * scale))
    rng, shape = np.random.default_rng(seed), (len(KINDS), len(HORIZONS))
    random, given, follow = np.zeros((len(HORIZONS), many)), np.zeros(shape), np.zeros(shape)
    bandit, idle = np.zeros((*shape, replications)), np.zeros((*shape, replications))
    for j, horizon in enumerate(HORIZONS):
        random[j] = [pathwise(sequence(KINDS[0], horizon, rng)) for _ in range(many)]
        for i, kind in enumerate(KINDS):
            reward = sequence(kind, horizon, rng)
            given[i, j], follow[i, j] = pathwise(reward), pathwise(reward, LEADER)
            for found, rule in ((bandit, exp3()), (idle, exp3(eta=0.0))):
                runs = engine.run(
                    adversarial_bandit(reward),
                    rule,
                    replications=replications,
                    seed=seed,
                    checkpoints=[horizon],
                    threads=threads,
                    executor=executor,
                    progress=progress,
                )
                found[i, j] = reward.sum(axis=0).max() - runs.reward.values[:, -1]
    t = np.array(HORIZONS, float)
    return xarray.Dataset(
        {
            "random": (("horizon", "sequence"), random, {"units": "reward", "long_name": "Hedge, random bits"}),
            "given": (("kind", "horizon"), given, {"units": "reward", "long_name": "Hedge"}),
            "follow": (("kind", "horizon"), follow, {"units": "reward", "long_name": "Hedge that follows the leader"}),
            "bandit": (("kind", "horizon", "replication"), bandit, {"units": "reward", "long_name": "EXP3"}),
            "idle": (("kind", "horizon", "replication"), idle, {"units": "reward", "long_name": "EXP3 that never learns"}),
            "hedge_bound": ("horizon", np.sqrt(t * np.log(ARMS) / 2), {"units": "reward"}),
            "exp3_bound": ("horizon", np.sqrt(2 * ARMS * t * np.log(ARMS)), {"units": "reward"}),
        },
        {"kind": list(KINDS), "horizon": list(HORIZONS)},
        {"seed": str(seed), "scale": scale},
    )


def claims(data):
    """Hedge's need no luck. The statistical ones hold together with confidence 99%."""
    worst = max(float((data.random / data.hedge_bound).max()), float((data.given / data.hedge_bound).max()))
    level = shared(shared(0.99, 2), data.kind.size * data.horizon.size)
    share = (data.bandit / data.exp3_bound).transpose("kind", "horizon", "replication").values.reshape(-1, data.replication.size)
    longest = {"horizon": int(data.horizon[-1])}
    ours = [(t, data.random.sel(horizon=t)) for t in DERIVED if t in data.horizon.values]
    said = ", ".join(f"{float(v.mean()):.1f} and {float(v.max()):.1f} (before: {DERIVED[t][0]} and {DERIVED[t][1]}) at T = {t:,}" for t, v in ours)
    return [
        at_most("Hedge, every sequence: regret / bound <= 1", worst, 1.0, 1e-9, detail=f"random bits, mean and greatest: {said}"),
        at_least("random bits take Hedge to half its bound on average", float((data.random.mean("sequence") / data.hedge_bound).min()), 0.5),
        weakest([statistical_at_most("EXP3, every sequence: mean regret / bound <= 1", v, 1.0, level) for v in share]),
        at_least("control: following the leader breaks Hedge's bound", float((data.follow / data.hedge_bound).sel(kind=KINDS[1], **longest)), 1.0),
        statistical_at_least("control: never learning breaks EXP3's bound", (data.idle / data.exp3_bound).sel(kind=KINDS[3], **longest).values, 1.0, level),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(random=data.random * 2.0)


def draw(data):
    """Left: Hedge, in units of its bound. Right: EXP3, in units of its own."""
    figure, axes = figures.picture(2, width=8.2, height=3.4)
    share = data.random / data.hedge_bound
    for panel in axes:
        panel.set_yscale("symlog", linthresh=1.0)
    axes[0].scatter(
        np.repeat(data.horizon.values, share.sequence.size), share.values.ravel(), s=2, color="#999999", label="one sequence of random bits", zorder=2
    )
    for k, kind in enumerate(KINDS):
        known = share.mean("sequence") if k == 0 else (data.given / data.hedge_bound).sel(kind=kind)
        figures.curve(axes[0], data.horizon, known, label=kind, k=k)
        one = intervals.mean((data.bandit / data.exp3_bound).sel(kind=kind).transpose("replication", "horizon").values)
        figures.curve(axes[1], data.horizon, one.estimate, one.low, one.high, label=kind, k=k, bars=True)
    figures.curve(axes[0], data.horizon, (data.follow / data.hedge_bound).sel(kind=KINDS[1]), label=f"control: eta = {LEADER:g}, {KINDS[1]}", k=4)
    one = intervals.mean((data.idle / data.exp3_bound).sel(kind=KINDS[3]).transpose("replication", "horizon").values)
    figures.curve(axes[1], data.horizon, one.estimate, one.low, one.high, label=f"control: eta = 0, {KINDS[3]}", k=5, bars=True)
    for panel, title in zip(axes, ("Hedge, sqrt(T log(K) / 2)", "EXP3, sqrt(2 K T log K)")):
        figures.fluid_line(panel, [HORIZONS[0], HORIZONS[-1]], [1, 1], "bound")
        figures.axis_labels(panel, ("horizon T", "rounds"), ("regret / bound", ""), title, log="x")
        figures.plain_numbers(panel, "y")
    figures.legend(figure, axes)
    figures.note(figure, f"K = {ARMS} arms. Hedge: its own draws averaged out, {data.sequence.size} random sequences. EXP3: pointwise 95% intervals of {data.replication.size} runs on one "
                         "sequence of each kind. The axis is linear up to 1.")  # fmt: skip
    return figure
