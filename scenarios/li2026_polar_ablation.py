"""Li, Li (2026): POLAR taken apart: three routers times six ways to keep a cache.

N = 15 adapters, K = 4 slots, T = 8,000 requests, c = .15, s = 1, the instance of `li2026_polar`: six unit vectors in dimension 8 as centres,
each coordinate of a context .3 around one of them, theta unit vectors, noise .1. Routers: LinUCB net of the miss cost (alpha = .5), LinUCB that
does not look at the cache, and greedy (alpha = 0, net of the miss cost). Caches: told the best in hindsight, drawn, LRU, LFU, and the
controllers of POLAR and POLAR+. Only the abstract of [LiLi2026]_ was available: all of it is ours.

**What must be visible.** Router and cache need each other. Under the cache-aware LinUCB, POLAR's controller is the best that is not told;
blind to the cache the same controller pays for more misses; greedy, the control, keeps to what it has and loses utility under every
cache. What POLAR pays for loads is small beside the utility that exploration costs. With c = 0 the cache is irrelevant: every controller routes alike.
"""

import numpy as np
import xarray

from budgetsim import engine, figures, intervals
from budgetsim.claims import at_most, shared, statistical_at_least, weakest
from budgetsim.optima.static_cache_optimum import static_cache_optimum
from budgetsim.policies.lfu import lfu
from budgetsim.policies.lru import lru
from budgetsim.policies.polar import polar
from budgetsim.policies.polar_plus import polar_plus
from budgetsim.policies.static_cache import static_cache
from budgetsim.problems.adapter_cache import adapter_cache, contexts_seen

SYSTEM = "polar-lora"
PUBLISHED = None
ADAPTERS, SLOTS, HORIZON, MISS, LOAD = 15, 4, 8_000, 0.15, 1.0
ROUTERS = {"LinUCB": {"alpha": 0.5}, "LinUCB, blind": {"alpha": 0.5, "cache_aware": False}, "greedy": {"alpha": 0.0}}
CACHES = {"told": static_cache, "drawn": static_cache, "lru": lru, "lfu": lfu, "polar": polar, "polar_plus": polar_plus}
FREE = 1_000  #: requests of the check with c = 0
#: for whoever cannot wait
SMALLER = {"HORIZON": 4_000, "FREE": 300}


def instance(horizon, miss_cost):
    g = np.random.default_rng(0)
    centres, theta = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (g.normal(size=(6, 8)), g.normal(size=(60, 8))))
    return adapter_cache(theta[:ADAPTERS], SLOTS, horizon, centres, spread=0.3, miss_cost=miss_cost, switch_cost=LOAD)


def simulate(scale, seed, threads=None, executor=None, progress=None):
    """Scale 1: 60 replications of each pair; other scales change the number, down to 8."""
    replications = max(8, round(60 * scale))
    resources = {"threads": threads, "executor": executor, "progress": progress}
    problem = instance(HORIZON, MISS)
    best, everything, caches = np.zeros(replications), np.zeros(replications), []
    for r in range(replications):
        u = contexts_seen(problem, seed, r) @ problem.instance.theta.T
        found = static_cache_optimum(u, MISS, SLOTS)
        best[r], everything[r] = found.value, u.max(axis=1).sum()
        caches.append(found.plan.cache)
    told = {"told": {"cache": max(sorted(set(caches)), key=caches.count)}}
    parts = np.zeros((4, len(ROUTERS), len(CACHES), replications))
    routes = np.zeros((len(ROUTERS), len(CACHES)))
    for i, router in enumerate(ROUTERS.values()):
        first = None
        for j, (name, cache) in enumerate(CACHES.items()):
            rule = cache(**router, **told.get(name, {}))
            runs = engine.run(problem, rule, replications=replications, seed=seed, checkpoints=[HORIZON], **resources)
            utility, spent = runs.pseudo_reward.values[:, -1], runs.spent.isel(checkpoint=-1).transpose("resource", "replication").values
            parts[:, i, j] = best - utility + spent.sum(axis=0), everything - utility, *spent
            if name != "polar_plus":  # whose routes are partly forced
                free = engine.run(instance(FREE, 0.0), rule, replications=2, seed=seed, trace=True, threads=threads).action.values[:, :, 0]
                first = free if first is None else first
                routes[i, j] = (free != first).sum()
    dims = ("router", "cache", "replication")
    texts = {"regret": "regret", "lost": "utility lost", "misses": "paid for misses", "loads": "paid for loads"}
    return xarray.Dataset(
        {name: (dims, part, {"units": "utility", "long_name": text}) for (name, text), part in zip(texts.items(), parts, strict=True)}
        | {
            "value_of_room": ("replication", everything - best, {"units": "utility", "long_name": "F(all) - F(C*)"}),
            "other_routes": (("router", "cache"), routes, {"units": "requests", "long_name": "routes that differ from the first cache's with c = 0"}),
        },
        {"router": list(ROUTERS), "cache": list(CACHES)},
        {"seed": str(seed), "scale": scale, "told": str(told["told"]["cache"])},
    )


def claims(data):
    """The statistical verdicts hold together with confidence 99%."""
    level, runs = shared(0.99, 5), lambda router, cache: data.regret.sel(router=router, cache=cache).values
    best = runs("LinUCB", "polar")

    def behind(claim, pairs):
        """POLAR is ahead of every pair."""
        return weakest([statistical_at_least(claim, runs(*pair) - best, 0.0, shared(level, len(pairs)), "utility") for pair in pairs])

    identity = data.lost + data.misses + data.loads - data.value_of_room - data.regret
    explored = data.lost.sel(router="LinUCB", cache="polar").values - 5.0 * data.loads.sel(router="LinUCB", cache="polar").values
    return [
        at_most("with c = 0 every cache gives the same routes", float(data.other_routes.sum()), 0.0),
        at_most("lost utility + misses + loads - F(all) + F(C*) = regret", float(abs(identity).max()), 1e-6),
        behind("under LinUCB, POLAR's controller beats a drawn cache, LRU and LFU", [("LinUCB", c) for c in ("drawn", "lru", "lfu")]),
        behind("POLAR's controller: a router blind to the cache loses", [("LinUCB, blind", "polar")]),
        statistical_at_least("the told cache beats POLAR", best - runs("LinUCB", "told"), 0.0, level, "utility"),
        statistical_at_least("POLAR: lost utility is more than 5 times the loads", explored, 0.0, level, "utility"),
        behind("control: greedy routing loses under every cache", [("greedy", c) for c in CACHES]),
    ]


def spoiled(data):
    """The same data with one number wrong, which the claims must notice."""
    return data.assign(misses=data.misses + 1.0)


def draw(data):
    """Regret and its parts, by cache and router."""
    figure, axes = figures.picture(2, 2, width=8.6, height=5.6)
    x = np.arange(data.cache.size)
    for axis, name in zip(axes, ("regret", "lost", "misses", "loads"), strict=True):
        for k, router in enumerate(data.router.values):
            one = intervals.mean(data[name].sel(router=router).transpose("replication", "cache").values)
            low, high = np.minimum(one.low, one.estimate), np.maximum(one.high, one.estimate)
            figures.curve(axis, x + 0.16 * (k - 1), one.estimate, low, high, label=router, k=k, bars=True).set(linestyle="")
        figures.axis_labels(axis, ("cache", ""), (data[name].attrs["long_name"], "utility"))
        axis.set_xticks(x, data.cache.values)
        axis.set_yscale("symlog" if name == "loads" else "log" if name in ("regret", "lost") else "linear")
        if name in ("regret", "lost"):
            axis.set_yticks([100, 200, 500, 1_000, 2_000])
        figures.plain_numbers(axis, "y")
    axes[3].set_ylim(0, None)
    figures.legend(figure, axes[0], where="above", title="router")
    figures.note(
        figure,
        f"N = {ADAPTERS}, K = {SLOTS}, T = {HORIZON:,}, c = {MISS}, s = {LOAD:g}; bars: pointwise 95% intervals of {data.replication.size} runs. Regret = "
        "utility lost + misses + loads - (F(all) - F(C*)). Utility lost: beside the best adapter of each request. told: the static cache that is best in "
        "hindsight in most runs. Instance and constants are ours.",
    )
    return figure
