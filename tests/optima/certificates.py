"""What an optimum's plan earns and what its prices promise, from the arguments alone, in plain numpy: written from the docstrings, not from the solvers.

`plan_of_X(best, **arguments)` is what the plan of optimum X earns; it raises Refused where the plan keeps not to the rules. `prices_of_X(best, **arguments)`
is the bound that follows from its prices by weak duality. Where an optimum shows no plan, or a table of values, plan_of_X is its value found by enumeration.
`tests/test_every_optimum.py` finds these functions by name.
"""

import itertools
import math

import numpy as np

from tests.references import vending_tree


class Refused(Exception):
    """A plan that breaks a constraint."""


def need(kept, what):
    if not np.all(kept):
        raise Refused(what)


def fits(used, cap, what="the plan costs more than there is"):
    need(np.asarray(used) <= np.asarray(cap, float) * (1 + 1e-9) + 1e-12, what)


def shares(x, most=1.0, axis=None):
    """Shares are >= 0 and sum to at most `most`."""
    need(np.asarray(x) >= 0, "a share below 0")
    fits(np.sum(x, axis=axis), most, "shares of more than there is")


def threefold(cost, budget):
    """Costs (T, K) of one resource as (T, K, 1)."""
    c = np.asarray(cost, float)
    return c[..., None] if c.ndim == 2 else c.reshape(*c.shape[:2], np.size(budget))


def capped(price, budget):
    return float(sum(p * b for p, b in zip(np.ravel(price), np.ravel(budget), strict=True) if math.isfinite(b)))


# ------------------------------------------------------------------------------------------------ arms
def plan_of_best_fixed_arm(best, mean_reward, horizon, mean_cost=None, budget=None):
    arm, pulls = best.plan
    fits(pulls, horizon)
    if budget is not None:
        fits(pulls * np.asarray(mean_cost)[arm], budget)
    return pulls * mean_reward[arm]


def plan_of_best_stream_arm(best, mean_reward, pulls):
    return pulls * mean_reward[best.plan.arm]


def plan_of_fluid_lp(best, mean_reward, mean_cost, budget, horizon, largest_cost=None):
    x = best.plan.mixture
    shares(x)
    fits(horizon * x @ mean_cost, budget)
    need(abs(best.plan.idle - (1 - x.sum())) < 1e-12, "idle is not what the arms leave")
    return horizon * float(x @ mean_reward)


def prices_of_fluid_lp(best, mean_reward, mean_cost, budget, horizon, largest_cost=None):
    p, time = best.dual
    need(time >= np.max(mean_reward - np.asarray(mean_cost) @ p) - 1e-12, "a round is worth more than its price")
    return capped(p, budget) + horizon * time


def plan_of_semi_bandit_lp(best, arm_reward, arm_cost, budget, horizon, most):
    x = best.plan.share
    shares(x, most)
    fits(x, 1)
    fits(horizon * x @ arm_cost, budget)
    return horizon * float(x @ arm_reward)


def prices_of_semi_bandit_lp(best, arm_reward, arm_cost, budget, horizon, most):
    p = best.dual.price
    kept = np.sort(np.maximum(arm_reward - np.asarray(arm_cost) @ p, 0))[::-1]
    return capped(p, budget) + horizon * float(kept[:most].sum())


def plan_of_best_fixed_distribution(best, reward, cost, budget):
    x, rounds = best.plan
    shares(x)
    fits(x @ threefold(cost, budget)[:rounds].sum(axis=0), budget)
    return float(x @ np.sum(reward[:rounds], axis=0))


def prices_of_best_fixed_distribution(best, reward, cost, budget):
    """Of the program at which the search stopped."""
    rounds, p = best.plan.rounds, best.dual.price
    return capped(p, budget) + max(0.0, float(np.max(np.sum(reward[:rounds] - threefold(cost, budget)[:rounds] @ p, axis=0), initial=0.0)))


def plan_of_adversarial_ratio(best, phases):
    shares(best.plan.fraction)
    earned = np.cumsum(best.plan.fraction * np.arange(1, phases + 1))
    return 1 / float(np.min(2 * earned / np.arange(2, phases + 2)))


def prices_of_adversarial_ratio(best, phases):
    """The lottery: what the best distribution earns on average, over what any rule can."""
    w = best.dual.weight
    shares(w)
    tail = np.cumsum(w[::-1])[::-1]
    return float(w @ np.arange(2, phases + 2)) / 2 / float(np.max(tail * np.arange(1, phases + 1)))


def plan_of_knapsack_dp(best, mean_reward, mean_cost, budget, horizon, idle=True):
    cap = np.array(best.plan.shape[1:]) - 1

    def value(t, left):
        if t == horizon:
            return 0.0
        arm = best.plan[(t, *(min(x, c) for x, c in zip(left, cap, strict=True)))]
        if arm < 0:
            need(idle, "it idles where it may not")
            return value(t + 1, left)
        total = 0.0
        for cost in itertools.product((0, 1), repeat=len(left)):
            chance = math.prod(c if x else 1 - c for x, c in zip(cost, mean_cost[arm], strict=True))
            if all(x <= b for x, b in zip(cost, left, strict=True)):
                total += chance * (mean_reward[arm] + value(t + 1, tuple(b - x for x, b in zip(cost, left, strict=True))))
        return total

    return value(0, tuple(math.floor(b) for b in budget))


# ------------------------------------------------------------------------------------------------ stocks
def followed(outcomes, probabilities, budget, choose, horizon, worth, gain):
    """Mean of what a rule choose(k, stock) gets: gain(outcome, stock) a round, worth(stock) at the end; the game ends at 0."""

    def value(k, stock):
        if k == 0 or stock <= 0:
            return worth(stock)
        arm = choose(k, stock)
        return sum(p * (gain(x, stock) + value(k - 1, max(stock + x, 0.0))) for x, p in zip(outcomes[arm], probabilities[arm], strict=True))

    return value(horizon, float(np.ravel(budget)[0]))


def row(table, step=1.0):
    return lambda k, stock: table[k, min(math.ceil(stock / step - 1e-9), table.shape[1] - 1)]


def plan_of_ruin_dp(best, outcomes, probabilities, budget, horizon, objective="wealth"):
    survival = objective == "survival"
    got = followed(outcomes, probabilities, budget, row(best.plan.action, best.plan.step), horizon, lambda b: float(b > 0) if survival else b, lambda x, b: 0.0)
    return got - (0.0 if survival else float(np.ravel(budget)[0]))


def plan_of_principal_gap(best, outcomes, probabilities, budget, horizon):
    laws = outcomes, probabilities, budget
    ours, theirs = (followed(*laws, row(a, best.plan.step), horizon, lambda b: 0.0, lambda x, b: x) for a in (best.plan.principal_action, best.plan.agent_action))
    return ours - theirs


def plan_of_sandbagging_dp(best, outcomes, probabilities, danger, danger_cap, supervised_horizon, free_horizon):
    x, p = np.asarray(outcomes, float), np.asarray(probabilities)
    d = x if danger is None else np.asarray(danger, float)

    def value(k, room):
        if room <= 0:
            return 0.0
        if k == 0:
            return free_horizon * float((x * p).sum(axis=1).max())
        arm = best.plan.action[k, room]
        parts = zip(x[arm], p[arm], d[arm], strict=True)
        return sum(q * (r * min(1.0, room / risk if risk else 1.0) + value(k - 1, max(room - int(risk), 0))) for r, q, risk in parts)

    return value(supervised_horizon, danger_cap)


def plan_of_vending_dp(best, base_demand, reference_price, elasticity, unit_cost, capacity, cash, fee, lead_time, horizon, unpaid_limit=10, prices=None, objective="worth"):  # fmt: skip
    """By enumeration."""
    survival, posted = objective == "survival", [int(p) for p in prices]
    found = vending_tree.best(base_demand, reference_price, elasticity, unit_cost, capacity, cash, fee, lead_time, horizon, unpaid_limit, posted, survival)
    shown = float(best.plan.value[0, min(cash, best.plan.value.shape[1] - 1), 0])
    need(cash >= best.plan.value.shape[1] or abs(shown - found) < 1e-9, "the table shows another value")
    return found - (0 if survival else cash)


# ------------------------------------------------------------------------------------------------ requests
def plan_of_hindsight_lp(best, reward, cost, budget):
    shares(best.plan, axis=1)
    fits(np.einsum("ti,tij->j", best.plan, threefold(cost, budget)), budget)
    return float(np.sum(best.plan * reward))


def prices_of_hindsight_lp(best, reward, cost, budget):
    return capped(best.dual, budget) + float(np.maximum((reward - threefold(cost, budget) @ best.dual).max(axis=1), 0).sum())


def plan_of_hindsight_milp(best, reward, cost, budget):
    taken = [(t, int(i)) for t, i in enumerate(best.plan.choice) if i >= 0]
    fits(sum((threefold(cost, budget)[t, i] for t, i in taken), np.zeros(np.size(budget))), budget)
    return sum(float(reward[t][i]) for t, i in taken)


prices_of_hindsight_milp = prices_of_hindsight_lp


def plan_of_dual_bound(best, reward, cost, budget):
    """A mixture of what each request would take at some prices."""
    r, c = np.asarray(reward, float), threefold(cost, budget)
    shares(best.plan.weight)
    earned, used = 0.0, np.zeros(np.size(budget))
    for weight, p in zip(best.plan.weight, best.plan.price, strict=True):
        kept = r - c @ p
        for t, i in enumerate(kept.argmax(axis=1)):
            if kept[t, i] > 0:
                earned, used = earned + weight * r[t, i], used + weight * c[t, i]
    fits(used, budget)
    return float(earned)


prices_of_dual_bound = prices_of_hindsight_lp


def often(type_probability, horizon):
    p = np.asarray(type_probability, float)
    return p.sum(axis=0) if p.ndim == 2 else horizon * p


def plan_of_fluid_request_lp(best, type_reward, type_cost, type_probability, budget, horizon):
    m = often(type_probability, horizon)[:, None]
    shares(best.plan, axis=1)
    fits(np.einsum("ji,jid->d", m * best.plan, threefold(type_cost, budget)), budget)
    return float(np.sum(m * best.plan * type_reward))


def prices_of_fluid_request_lp(best, type_reward, type_cost, type_probability, budget, horizon):
    kept = np.maximum((type_reward - threefold(type_cost, budget) @ best.dual).max(axis=1), 0)
    return capped(best.dual, budget) + float(often(type_probability, horizon) @ kept)


def plan_of_request_dp(best, type_reward, type_cost, type_probability, budget, horizon):
    """By enumeration; the table must show the same."""
    p, c = np.asarray(type_probability, float), threefold(type_cost, budget)
    p = p if p.ndim == 2 else np.tile(p, (horizon, 1))

    def value(t, left):
        if t == horizon:
            return 0.0
        total = 0.0
        for j, chance in enumerate(p[t]):
            moves = [type_reward[j][i] + value(t + 1, tuple(np.subtract(left, c[j, i]))) for i in range(c.shape[1]) if np.all(c[j, i] <= left)]
            total += chance * max([value(t + 1, left), *moves])
        return total

    found = value(0, tuple(np.floor(budget)))
    need(abs(best.plan.flat[-1] - found) < 1e-9, "the table shows another value")
    return found


def plan_of_class_allocation_lp(best, class_probability, class_value, budget, horizon):
    served = best.plan.served
    need((served >= 0) & (served <= 1), "a share outside [0, 1]")
    fits(horizon * np.dot(class_probability, served), budget)
    return horizon * float(np.dot(class_probability, served * class_value))


def prices_of_class_allocation_lp(best, class_probability, class_value, budget, horizon):
    p = best.dual.price
    return capped(p, min(budget, horizon)) + horizon * float(np.dot(class_probability, np.maximum(np.subtract(class_value, p), 0)))


def _contexts(best_mean, probability):
    """The law of the best mean; from samples, that of their second half, since the first chose the price."""
    m = np.asarray(best_mean, float)
    return (m, np.asarray(probability)) if probability is not None else (m[m.size // 2 :], np.full(m.size - m.size // 2, 1 / (m.size - m.size // 2)))


def plan_of_context_fluid_lp(best, best_mean, budget, horizon, probability=None):
    """Mean reward of the threshold rule until the budget is spent: E[m | served] E min(N, floor B), N binomial."""
    m, law = _contexts(best_mean, probability)
    need(0 <= best.plan.at <= 1, "a share outside [0, 1]")
    serve = np.where(m > best.plan.above, 1.0, np.where(m == best.plan.above, best.plan.at, 0.0))
    chance = min(float(law @ serve), 1.0)
    if chance == 0.0:
        return 0.0
    sent = sum(min(n, math.floor(min(budget, horizon))) * math.comb(horizon, n) * chance**n * (1 - chance) ** (horizon - n) for n in range(horizon + 1))
    return float(law @ (serve * m)) / chance * sent


def prices_of_context_fluid_lp(best, best_mean, budget, horizon, probability=None):
    m, law = _contexts(best_mean, probability)
    return capped(best.dual.price, min(budget, horizon)) + horizon * float(law @ np.maximum(m - best.dual.price, 0))


def plan_of_matching_dp(best, weight, probability):
    w, p = np.asarray(weight, float), np.asarray(probability, float)

    def value(t, free):
        if t == w.shape[1]:
            return 0.0
        total = (1 - p[t].sum()) * value(t + 1, free)
        for j, chance in enumerate(p[t]):
            node = best.plan[t, j, free]
            need(node < 0 or (free >> int(node)) & 1, "a node that is not free")
            total += chance * (value(t + 1, free) if node < 0 else w[node, t, j] + value(t + 1, free ^ (1 << int(node))))
        return total

    return value(0, 2 ** len(w) - 1)


def plan_of_matching_lp(best, weight, probability, benchmark="online"):
    x, p = best.plan.matched, np.asarray(probability, float)
    shares(x, p, axis=0)
    gone = np.cumsum(x.sum(axis=2), axis=1)
    if benchmark == "online":
        before = np.hstack([np.zeros((len(x), 1)), gone[:, :-1]])
        fits(x, p * (1 - before)[:, :, None])
    fits(gone[:, -1], 1.0)
    return float(np.sum(x * weight))


def prices_of_matching_lp(best, weight, probability, benchmark="online"):
    w, p, b = np.asarray(weight, float), np.asarray(probability, float), best.dual.price
    if benchmark == "offline":
        return float(b.sum() + np.sum(p * np.maximum((w - b[:, None, None]).max(axis=0), 0)))
    total = 0.0
    for t, j in np.ndindex(p.shape):
        later = [float(np.sum(p[t + 1 :] * b[i, t + 1 :])) for i in range(len(w))]
        total += p[t, j] * (max(0.0, *(w[i, t, j] - b[i, t, j] - later[i] for i in range(len(w)))) + b[:, t, j].sum())
    return float(total)


def plan_of_prophet_value(best, weight, probability, samples=2000):
    """By enumeration of days and matchings: no plan is shown."""
    w, p = np.asarray(weight, float), np.asarray(probability, float)
    horizon, total = w.shape[1], 0.0
    for day in itertools.product(range(p.shape[1] + 1), repeat=horizon):
        chance = math.prod(p[t, j] if j < p.shape[1] else 1 - p[t].sum() for t, j in enumerate(day))
        picks = itertools.product(range(-1, len(w)), repeat=horizon)
        legal = (pick for pick in picks if len({i for i in pick if i >= 0}) == sum(i >= 0 for i in pick))
        total += chance * max(sum(w[i, t, day[t]] for t, i in enumerate(pick) if i >= 0 and day[t] < p.shape[1]) for pick in legal)
    return total


# ------------------------------------------------------------------------------------------------ volunteers
def _crowd(context_probability, acceptance, reactivation, reward=None):
    f, p = np.asarray(context_probability, float), np.asarray(acceptance, float)
    return f, p, np.broadcast_to(np.asarray(reactivation, float), (len(p),)), np.ones(f.size) if reward is None else np.asarray(reward, float)


def plan_of_occupancy_lp(best, context_probability, acceptance, reactivation, budget, reward=None, fairness=0.0):
    f, p, q, w = _crowd(context_probability, acceptance, reactivation, reward)
    a, u, b = best.plan[:3]
    need(abs((p * a).sum(axis=1) - q * (1 - u)) < 1e-9, "volunteers appear from nowhere")
    need(a >= 0, "a share below 0")
    fits(a, f * u[:, None])
    fits(a.sum(axis=0), f * b)
    fits(f @ b, budget)
    earned = (p * w * a).sum(axis=0)
    need(earned >= fairness * f - 1e-12, "a context earns less than is fair")
    return float(earned.sum())


def prices_of_occupancy_lp(best, context_probability, acceptance, reactivation, budget, reward=None, fairness=0.0):
    """Each volunteer plays for himself, over all sets of contexts."""
    f, p, q, w = _crowd(context_probability, acceptance, reactivation, reward)
    v, price, h = best.dual
    sets = [np.array(s) for s in itertools.product((0, 1), repeat=f.size)]
    alone = sum(max(q[i] * (s * f) @ (p[i] * w * (1 + h) - v) / (q[i] + (s * f) @ p[i]) for s in sets if q[i] + (s * f) @ p[i] > 0) for i in range(len(p)))
    return float(alone + len(p) * f @ np.maximum(v - price, 0) + capped(price, min(budget, len(p))) - fairness * f @ h)


plan_of_volunteer_lagrangian, prices_of_volunteer_lagrangian = plan_of_occupancy_lp, prices_of_occupancy_lp


def plan_of_volunteer_optimum(best, context_probability, acceptance, reactivation, volunteers, budget):
    """The stationary law of how many are active, by iteration."""
    f, b = np.asarray(context_probability, float), best.plan.allocation
    need((b >= 0) & (b == np.floor(b)), "no whole numbers of notifications")
    fits(f @ b, budget)

    def binomial(n, p):
        return np.array([math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)])

    moves = np.zeros((volunteers + 1, volunteers + 1))
    for n, (chance, p, most) in itertools.product(range(volunteers + 1), zip(f, acceptance, b, strict=True)):
        for took, q in enumerate(binomial(min(n, int(most)), p)):
            moves[n, n - took : volunteers - took + 1] += chance * q * binomial(volunteers - n, reactivation)
    law = np.linalg.matrix_power(moves, 2**12)[0] if reactivation else np.eye(volunteers + 1)[0]
    return float(sum(law[n] * sum(f * acceptance * np.minimum(n, b)) for n in range(volunteers + 1)))


def plan_of_mitosis(best, context_probability, acceptance, reactivation, budget, oracle, reward=None):
    b = best.plan.allocation
    need((b >= 0) & (b == np.floor(b)), "no whole numbers of notifications")
    fits(np.dot(context_probability, b), budget)
    return oracle(b, 1)[0]


# ------------------------------------------------------------------------------------------------ organisations, experts, groups, designs
def plan_of_averaging_weights(best, graph, leaf_variance, correlation=0.0, message_variance=1.0):
    """Every node's answer as weights of all evidence and all noise."""
    nodes, edges = list(graph.nodes), list(graph.edges)
    plan, answer = best.plan, {}
    while len(answer) < len(nodes):
        for u in (u for u in nodes if u not in answer and all(s in answer for s in graph.predecessors(u))):
            reads = [e for e, (_, reader) in enumerate(edges) if reader == u]
            total = plan.own[nodes.index(u)] + sum(plan.weight[e] for e in reads)
            need(abs(total - 1) < 1e-9, "weights that do not sum to 1")
            mine = np.zeros(len(nodes) + len(edges))
            mine[nodes.index(u)] = plan.own[nodes.index(u)]
            for e in reads:
                mine += plan.weight[e] * answer[edges[e][0]]
                mine[len(nodes) + e] += plan.weight[e]
            answer[u] = mine
    root = next(answer[u] for u in nodes if graph.out_degree(u) == 0)
    a, noise = root[: len(nodes)], root[len(nodes) :]
    holds = [graph.in_degree(u) == 0 or graph.nodes[u].get("observes", False) for u in nodes]
    need((a == 0) | holds, "evidence of somebody who has none")
    return float(message_variance * noise @ noise + leaf_variance * ((1 - correlation) * a @ a + correlation * a.sum() ** 2))


def prices_of_averaging_weights(best, graph, leaf_variance, correlation=0.0, message_variance=1.0):
    """b.p + min over flows and over the correlated part, at the best tilt."""
    nodes = list(graph.nodes)
    p = dict(zip(nodes, best.dual.potential, strict=True))
    holders = [u for u in nodes if graph.in_degree(u) == 0 or graph.nodes[u].get("observes", False)]
    flow = sum((p[v] - p[u]) ** 2 for u, v in graph.edges) / (4 * message_variance)
    pull, along, spread = np.array([p[u] for u in holders]), math.sqrt(leaf_variance), 4 * (1 - correlation) * leaf_variance
    # sum (pull - tilt along)^2 / spread + tilt^2 / (4 rho) is least at this tilt
    tilt = 4 * correlation * along * pull.sum() / (spread + 4 * correlation * along**2 * pull.size)
    root = next(p[u] for u in nodes if graph.out_degree(u) == 0)
    return float(root - flow - np.sum((pull - tilt * along) ** 2) / spread - (tilt**2 / (4 * correlation) if correlation else 0.0))


def plan_of_balanced_assignment_lp(best, affinity, choices):
    x = best.plan.share
    need((x >= -1e-12) & (x <= 1 + 1e-12), "a share outside [0, 1]")
    need(abs(x.sum(axis=1) - choices) < 1e-9, "a token takes too few or too many")
    need(abs(x.sum(axis=0) - len(x) * choices / x.shape[1]) < 1e-9, "experts are not balanced")
    return float(np.sum(x * affinity))


def prices_of_balanced_assignment_lp(best, affinity, choices):
    p, a = best.dual.price, np.asarray(affinity, float)
    return float(np.sort(a + p, axis=1)[:, ::-1][:, :choices].sum() - len(a) * choices / a.shape[1] * p.sum())


def _losses(n, floor, scale, rate):
    return floor + np.asarray(scale) * np.power(n, -np.asarray(rate, float))


def plan_of_concave_split(best, floor, scale, rate, cost, weight, budget, start, aim="mean", whole=False):
    n = best.plan.samples
    need(n >= start, "fewer samples than there were")
    need(not whole or n == np.floor(n), "no whole samples")
    need(abs(n - start - best.plan.bought) < 1e-9, "bought is not what was bought")
    fits(np.dot(cost, n - start), budget)
    loss = _losses(n, floor, scale, rate)
    return -float(loss.max() if aim == "worst" else np.dot(weight, loss))


def prices_of_concave_split(best, floor, scale, rate, cost, weight, budget, start, aim="mean", whole=False):
    """The least loss when samples may be bought at this price: each group alone, or a common loss t, by golden section."""
    price, groups = best.dual.price, list(zip(floor, scale, rate, cost, weight, start, strict=True))

    def least(f, low, high):
        for _ in range(200):
            a, b = low + 0.382 * (high - low), low + 0.618 * (high - low)
            low, high = (low, b) if f(a) < f(b) else (a, high)
        return f(low)

    if aim == "mean":
        each = [least(lambda n, g=g: g[4] * (g[0] + g[1] * n ** -g[2]) + price * g[3] * (n - g[5]), g[5], g[5] + budget / g[3]) for g in groups]
        return price * budget - sum(each)
    lowest, now = max(g[0] for g in groups), max(g[0] + g[1] * g[5] ** -g[2] for g in groups)
    return price * budget - least(lambda t: t + price * sum(g[3] * (max(g[5], (g[1] / (t - g[0])) ** (1 / g[2])) - g[5]) for g in groups), lowest + 1e-12, now)


def plan_of_edge_budget(best, precision, budget, rounds=2, fidelity=1.0):
    n, edges = len(precision), best.plan.edges
    need(len(set(edges)) == len(edges) <= budget and all(u != v for u, v in edges), "more edges than there are")
    far = np.where(np.eye(n) > 0, 0.0, np.inf)
    for _ in range(n):
        for u, v in edges:
            far[:, v] = np.minimum(far[:, v], far[:, u] + 1)
    known = np.where(far <= rounds, fidelity ** np.where(far <= rounds, far, 0), 0.0)
    return float(np.mean(1 / (np.asarray(precision, float) @ known)))


def plan_of_kiefer_wolfowitz(best, features):
    x, w = np.asarray(features, float), best.plan.weights
    shares(w)
    return float(np.max(np.einsum("ai,ij,aj->a", x, np.linalg.pinv(x.T @ (w[:, None] * x)), x)))


def _majority(b, bias):
    return 2 * sum(math.comb(b, i) * ((1 + bias) / 2) ** i * ((1 - bias) / 2) ** (b - i) for i in range(b // 2 + 1, b + 1)) - 1


def plan_of_organisation_search(best, budget, window, leaf_scale, beta, message_lengths, fidelity, correlation=0.0):
    plan = best.plan
    if plan.depth == 0:
        return min(1.0, leaf_scale * budget**beta)
    b, m, leaves = plan.fan_in, plan.message_length, plan.fan_in**plan.depth
    fits(b * m, window)
    fits(leaves * plan.leaf_compute + 2 * m * (leaves - 1) * b / (b - 1), budget)
    bias, gamma = min(1.0, leaf_scale * plan.leaf_compute**beta), dict(zip(np.ravel(message_lengths), np.ravel(fidelity), strict=True))[m]
    for _ in range(plan.depth):
        bias = correlation * gamma * bias + (1 - correlation) * _majority(b, gamma * bias)
    return bias


def plan_of_small_organisation_search(best, budget, window, leaf_scale, beta, message_length, fidelity, correlation=0.0, agents=7):
    """All votes of all agents, one by one."""
    reads, leaves = best.plan.reads, max(best.plan.leaves, 1)
    fits(leaves + len(reads), agents)
    fits(leaves * best.plan.leaf_compute + 2 * message_length * sum(map(len, reads)), budget)
    fits(message_length * max(map(len, reads), default=0), window)
    start = (1 + min(1.0, leaf_scale * best.plan.leaf_compute**beta)) / 2

    def right(heard):
        says = [(1 + fidelity * v) / 2 for v in heard]
        vote = sum(math.prod(s if bit else 1 - s for s, bit in zip(says, bits, strict=True)) for bits in itertools.product((0, 1), repeat=len(says)) if sum(bits) > len(says) / 2)
        return correlation * sum(says) / len(says) + (1 - correlation) * vote

    total = 0.0
    for votes in itertools.product((1, -1), repeat=leaves + len(reads)):
        chances = [start] * leaves + [right([votes[i] for i in heard]) for heard in reads]
        total += votes[-1] * math.prod(c if v > 0 else 1 - c for c, v in zip(chances, votes, strict=True))
    return total


def plan_of_sprt_oracle(best, gap, sigma, price, risk="misidentification"):
    a, error, pulls = best.plan
    need(abs(error - 1 / (1 + math.exp(a))) < 1e-12, "another error than the threshold's")
    need(gap == 0 or abs(pulls - 2 * (sigma / gap) ** 2 * a * math.tanh(a / 2)) < 1e-9 * pulls + 1e-12, "other pulls than the threshold's")
    return (gap if risk == "simple_regret" else 1.0) * error + price * pulls


def plan_of_static_cache_optimum(best, utility, miss_cost, slots, method="auto"):
    cache = best.plan.cache
    need(len(set(cache)) == len(cache) == slots, "another number of slots")
    missing = np.array([n not in cache for n in range(np.shape(utility)[1])])
    return float(np.max(utility - miss_cost * missing, axis=1).sum())
