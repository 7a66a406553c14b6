"""What a rule's mathematics allows in each round, read off its docstring and not its code: the probability of every action.

`definitions[name](spec)` is a generator: it is sent (t, view, left), yields the probabilities (K + 1,), the last that of idling, is sent
(action, outcome) and yields nothing. Ties are shared: each action that attains the maximum has its part, up to 1e-9.
"""

import logging
import math
from typing import Any

import numpy as np


def among(index: Any, view: Any, exact: bool = False) -> np.ndarray:
    """All of those that attain the maximum, to within 1e-9, or only the first."""
    index = np.array(index, float)
    mask = getattr(view, "legal", None)
    if mask is not None:
        index = np.where(np.array(mask) != 0.0, index, -math.inf)
    top = index.max()
    good = index == top if math.isinf(top) else index >= top - 1e-9 * max(1.0, abs(top))
    if exact:
        good = np.arange(index.size) == np.argmax(index)
    return np.append(good, False) * math.nan if not good.any() else np.append(good / good.sum(), 0.0)


def available(spec: Any, view: Any) -> np.ndarray:
    return np.array(getattr(view, "legal", np.ones(spec.n_actions))) != 0


def averages(pulls: Any, total: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(pulls > 0, total / pulls, math.inf)


def indexed(formula: Any) -> Any:
    """Rules that play the greatest of an index of t, pulls and sums of rewards."""

    def rule(spec: Any) -> Any:
        pulls, total = np.zeros(spec.n_actions), np.zeros(spec.n_actions)
        while True:
            t, view, _ = yield
            with np.errstate(all="ignore"):
                index = np.where(pulls > 0, formula(spec, t, pulls, total / np.maximum(pulls, 1)), math.inf)
            first = np.isinf(index) & available(spec, view)
            p = np.append(np.arange(spec.n_actions) == np.argmax(first), False).astype(float) if first.any() else among(index, view)
            action, outcome = yield p
            pulls[action] += 1
            total[action] += outcome.reward

    return rule


def kl_bound(t: int, n: float, m: float) -> float:
    low, high = m, 1.0
    for _ in range(60):
        q = 0.5 * (low + high)
        kl = (m * math.log(m / q) if m > 0 else 0.0) + ((1 - m) * math.log((1 - m) / (1 - q)) if m < 1 else 0.0)
        low, high = (q, high) if n * kl <= math.log(t) else (low, q)
    return low


def greedy(epsilon: Any) -> Any:
    def rule(spec: Any) -> Any:
        k = spec.n_actions
        pulls, total = np.zeros(k), np.zeros(k)
        while True:
            t, view, _ = yield
            e = epsilon(k, t + 1)
            p = (1 - e) * among(averages(pulls, total), view, True) + np.append(e * available(spec, view) / available(spec, view).sum(), 0.0)
            action, outcome = yield p
            pulls[action] += 1
            total[action] += outcome.reward

    return rule


def explore_then_commit(spec: Any) -> Any:
    k, horizon = spec.n_actions, spec.horizon
    each = math.ceil((horizon / k) ** (2 / 3) * math.log(horizon) ** (1 / 3))
    pulls, total, arm = np.zeros(k), np.zeros(k), None
    while True:
        _, view, _ = yield
        action, outcome = yield among(-pulls, view, True) if arm is None else np.append(np.arange(k) == arm, 0.0).astype(float)
        pulls[action] += 1
        total[action] += outcome.reward
        if arm is None and pulls.min() == each:
            arm = int(np.argmax(total / pulls))


def successive_elimination(spec: Any) -> Any:
    k = spec.n_actions
    pulls, total, active = np.zeros(k), np.zeros(k), np.ones(k, bool)
    while True:
        _, view, _ = yield
        action, outcome = yield among(np.where(active, -pulls, -math.inf), view, True)
        pulls[action] += 1
        total[action] += outcome.reward
        if np.ptp(pulls[active]) == 0:
            mean, radius = total / np.maximum(pulls, 1), np.sqrt(2 * math.log(spec.horizon) / np.maximum(pulls, 1))
            active &= mean + radius >= (mean - radius)[active].max() - 1e-12


def thompson(spec: Any) -> Any:
    from scipy.special import betainc

    a, b, x = np.ones(spec.n_actions), np.ones(spec.n_actions), np.linspace(0.0, 1.0, 1001)
    while True:
        _, view, _ = yield
        upto = np.array([betainc(*shapes, x) for shapes in zip(a, b, strict=True)])
        each, below = np.diff(upto, axis=1), 0.5 * (upto[:, 1:] + upto[:, :-1])
        others = [[i for i in np.flatnonzero(available(spec, view)) if i != k] for k in range(a.size)]
        p = np.array([each[k] @ below[others[k]].prod(axis=0) for k in range(a.size)]) * available(spec, view)
        action, outcome = yield np.append(p / p.sum(), 0.0)
        a[action] += outcome.reward > 0.5
        b[action] += outcome.reward < 0.5


def exponential(rate: Any, full: bool, mixing: float = 0.0) -> Any:
    def rule(spec: Any) -> Any:
        k = spec.n_actions
        eta, logs = rate(k, spec.horizon), np.zeros(k)
        while True:
            _, view, _ = yield
            mask = available(spec, view)
            w = np.exp(logs - logs.max()) * mask
            p = (1 - mixing) * w / w.sum() + mixing * mask / mask.sum()
            action, outcome = yield np.append(p, 0.0)
            if full:
                logs += eta * np.array(outcome.seen.reward)
            else:
                logs[action] -= eta * (1 - outcome.reward) / p[action]

    return rule


def primal_dual(spec: Any) -> Any:
    k, d, horizon = spec.n_actions, spec.budget.size, spec.horizon
    b = min(spec.budget.min(), horizon)
    a, epsilon, unit = 0.25 * math.log(k * horizon * (d + 1)), math.sqrt(math.log(d + 1) / b), b / spec.budget
    pulls, reward, charged, cost, logs = np.zeros(k), np.zeros(k), np.zeros(k), np.zeros((k, d)), np.zeros(d)

    def radius(mean: Any, n: Any) -> Any:
        return np.sqrt(a * mean / n) + a / n

    while True:
        _, view, _ = yield
        upper = np.where(pulls > 0, np.minimum(reward / np.maximum(pulls, 1) + radius(reward / np.maximum(pulls, 1), np.maximum(pulls, 1)), 1.0), math.inf)
        mean, n = cost / np.maximum(charged, 1)[:, None], np.maximum(charged, 1)[:, None]
        lower = np.where(charged[:, None] > 0, np.maximum(mean - radius(mean, n), 0.0), 0.0) * unit
        fresh = np.isinf(upper)
        action, outcome = yield among(fresh, view, True) if fresh.any() else among(upper / (b / horizon + lower @ np.exp(logs)), view)
        logs += (lower[action] - b / horizon) * math.log(1 + epsilon)
        pulls[action] += 1
        reward[action] += outcome.reward
        if outcome.status != 1:
            charged[action] += 1
            cost[action] += outcome.cost


def lagrange_bwk(spec: Any) -> Any:
    n, d, horizon = spec.n_actions + spec.idle, spec.budget.size + 1, spec.horizon
    b = min(spec.budget.min(), horizon)
    usual, gamma, unit = math.sqrt(n * math.log(n) / horizon), horizon / b, b / spec.budget
    mixing, eta, dual_eta, span = min(usual, 1.0), usual / n, math.sqrt(8 * math.log(d) / horizon), max(gamma * unit.max(), 1.0)
    arms, resources = np.zeros(n), np.zeros(d)
    while True:
        yield
        w, v = np.exp(arms - arms.max()), np.exp(resources - resources.max())
        p, v = (1 - mixing) * w / w.sum() + mixing / n, v / v.sum()
        action, outcome = yield p if spec.idle else np.append(p, 0.0)
        payoff = np.clip((outcome.reward - np.append(gamma * unit * outcome.cost, 1.0) + span) / (1 + span), 0, 1)
        arms[action] += eta * (v @ payoff) / p[action]
        resources -= dual_eta * payoff * (1 + span)


def dual_descent(spec: Any) -> Any:
    rate = spec.budget / spec.horizon
    price, eta = np.zeros(rate.size), 1 / math.sqrt(rate.size * spec.horizon)
    while True:
        _, view, _ = yield
        cost = np.vstack([view.cost, np.zeros(rate.size)])
        worth = np.append(view.reward, 0.0) - cost @ price
        good = worth >= worth.max() - 1e-12
        action, _ = yield good / good.sum()
        price = np.maximum(price - eta * (rate - cost[action]), 0.0)


def secretary_rule(spec: Any) -> Any:
    n = spec.horizon
    wins = [1 / n] + [r / n * sum(1 / (i - 1) for i in range(r + 1, n + 1)) for r in range(1, n)]
    r = int(np.argmax(wins))
    while True:
        t, view, left = yield
        yield np.array([1.0, 0.0] if t >= r and view.rank[0] == 1 and left[0] >= 1 else [0.0, 1.0])


def uniform(spec: Any) -> Any:
    while True:
        _, view, _ = yield
        mask = available(spec, view)
        yield np.append(mask / mask.sum(), 0.0)


def fixed_arm(spec: Any) -> Any:
    while True:
        _, view, _ = yield
        yield np.append(np.arange(spec.n_actions) == np.argmax(available(spec, view)), 0.0).astype(float)


DEFINITIONS = {
    "ucb1": [({}, indexed(lambda spec, t, n, m: m + np.sqrt(2 * math.log(max(t, 1)) / n)))],
    "moss": [({}, indexed(lambda spec, t, n, m: m + np.sqrt(np.maximum(np.log(spec.horizon / (spec.n_actions * np.maximum(n, 1))), 0) / n)))],
    "kl_ucb": [({}, indexed(lambda spec, t, n, m: np.array([kl_bound(max(t, 1), a, b) for a, b in zip(n, m, strict=True)])))],
    "epsilon_greedy": [({"epsilon": 0.3}, greedy(lambda k, t: 0.3)), ({}, greedy(lambda k, t: min(1.0, (k * math.log(t) / t) ** (1 / 3))))],
    "explore_then_commit": [({}, explore_then_commit)],
    "successive_elimination": [({"radius": 2.0}, successive_elimination)],
    "thompson": [({}, thompson)],
    "exp3": [({"eta": 0.1}, exponential(lambda k, t: 0.1, False)), ({}, exponential(lambda k, t: math.sqrt(2 * math.log(k) / (k * t)), False)),
             ({"eta": 0.1, "mixing": 0.2}, exponential(lambda k, t: 0.1, False, 0.2))],
    "hedge": [({}, exponential(lambda k, t: math.sqrt(8 * math.log(k) / t), True))],
    "primal_dual": [({}, primal_dual)],
    "lagrange_bwk": [({}, lagrange_bwk)],
    "dual_descent": [({}, dual_descent)],
    "secretary_rule": [({}, secretary_rule)],
    "uniform": [({}, uniform)],
    "fixed_arm": [({}, fixed_arm)],
}  # fmt: skip


def follow(problem: Any, policy: Any, definition: Any, seed: int, replications: int = 4) -> str:
    """Plays the rule and compares each action with what its definition allows; "" or what is wrong.

    An action of probability below 1e-9 is wrong at once; how often each was played is compared with the sum of its probabilities, a
    martingale, at six standard deviations; and so is the sum of the probabilities of what was played: a rule too sure of itself plays likely actions too often.
    """
    from budgetsim import run

    spec, trouble, gap, room = problem.spec, [], np.zeros(problem.spec.n_actions + 2), np.zeros(problem.spec.n_actions + 2)
    now: dict[str, Any] = {}

    def act(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> Any:
        if t == 0:
            now["rule"] = definition(spec)
            next(now["rule"])
        now["p"] = now["rule"].send((t, view, left))
        action = policy.act(memory, params, view, left, t, key)
        p, chosen = now["p"], np.arange(spec.n_actions + 1) == (action if action >= 0 else spec.n_actions)
        if not p[chosen].sum() > 1e-9 and not trouble:
            trouble.append(f"round {t}: action {action}, of probability {p[chosen].sum():.3g}; by the definition {p.round(3).tolist()}")
        ties = np.sum(p > 0) > 1 and np.ptp(p[p > 0]) == 0.0 and policy.name.startswith(TIES_FIRST)
        if not ties:
            square = p @ p
            gap.__iadd__(np.append(chosen - p, p[chosen].sum() - square))
            room.__iadd__(np.append(p * (1 - p), p @ (p * p) - square * square))
        return action

    def update(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
        policy.update(memory, params, view, action, outcome, t)
        now["rule"].send((action, outcome))

    logging.disable(logging.WARNING)  # that numbers are captured: nothing is compiled here
    try:
        with np.errstate(all="ignore"):  # what a mutant plays may be impossible
            run(problem, policy._replace(act=act, update=update), replications=replications, seed=seed, path="python", threads=1)
    finally:
        logging.disable(logging.NOTSET)
    z = np.abs(gap) / np.sqrt(np.maximum(room, 1.0))
    if not trouble and z.max() > 6.0:
        a = int(np.argmax(z))
        what = f"action {a} was played {gap[a]:+.0f} times" if a <= spec.n_actions else f"likely actions were played {gap[a]:+.0f} times"
        trouble.append(f"{what} more often than the definition allows: {z[a]:.1f} standard deviations")
    return trouble[0] if trouble else ""


TIES_FIRST = ("ucb1", "moss", "kl_ucb", "primal_dual", "dual_descent")
