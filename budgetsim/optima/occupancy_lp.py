"""The occupancy linear program of volunteers who are notified under a budget: a bound on every rule, and a plan of notifications."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, flag, number, probabilities, whole
from ..model import TOLERANCE, Optimum
from ..shared.highs import best_plan
from .volunteer_optimum import Relaxed, box_search

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """Shares of rounds: `occupancy` (N, K) volunteer i is active, the context is k and he is notified; `active` (N,).

    `allocation` (K,) are B_k, notifications that a round of each context allows; `fairness` is the least of the contexts'
    rewards in a round of their own; `nodes` boxes opened where B_k had to be whole.
    """

    occupancy: np.ndarray
    active: np.ndarray
    allocation: np.ndarray
    fairness: float
    nodes: int = 0


class Prices(NamedTuple):
    """Reward per notification in each context (K,), reward per unit of budget, and reward per unit of fairness (K,)."""

    notification: np.ndarray
    budget: float
    fairness: np.ndarray


class Crowd(NamedTuple):
    """f (K,), p (N, K), q (N,), w (K,), checked."""

    f: np.ndarray
    p: np.ndarray
    q: np.ndarray
    w: np.ndarray


def occupancy_lp(
    context_probability: Any,
    acceptance: Any,
    reactivation: Any,
    budget: Any,
    reward: Any = None,
    *,
    allocation: Any = None,
    integer: bool = False,
    low: Any = None,
    high: Any = None,
    fairness: float = 0.0,
    method: str = "auto",
) -> Optimum:
    """What volunteers could earn in a round if only the average number of notifications in each context were limited.

    With a_ik the share of rounds in which volunteer i is active, the context is k and he is notified, and u_i that in which he is active,

        max sum p_ik w_k a_ik   subject to   sum_k p_ik a_ik = q_i (1 - u_i),   0 <= a_ik <= f_k u_i,
            sum_i a_ik <= f_k B_k,   sum_k f_k B_k <= B,   low_k <= B_k <= high_k,   sum_i p_ik w_k a_ik >= theta f_k.

    No rule that notifies at most B_k in each round of context k has a larger average reward: its long-run shares are feasible.

    `lower` is the reward of a repaired plan. `upper` is the Lagrangian at the solver's prices v_k of a notification, l of the budget
    and h_k of fairness, clipped at 0: each volunteer then plays for himself, and his best reward in a round, the ratio
    max over sets S of contexts of q sum_S f_k (p_k w_k (1 + h_k) - v_k) / (q + sum_S f_k p_k), is found exactly.

    Parameters
    ----------
    context_probability : (K,) f_k, sums to 1.
    acceptance : (N, K) p_ik in [0, 1].
    reactivation : (N,) q_i in [0, 1], or one number for all.
    budget : B >= 0, average notifications in a round; may be infinite.
    reward : (K,) w_k >= 0, reward of an acceptance; None stands for 1.
    allocation : (K,) >= 0, fixes B_k; None leaves them free.
    integer : whether B_k must be whole; the best are found by branch and bound over boxes, each with its verified bound.
    low, high : (K,) limits of B_k; None stands for 0 and N.
    fairness : theta >= 0: the least reward in a round of context k, for every k; at most `largest_fairness(...).value`.
    method : "auto": HiGHS through scipy; "cvxpy": the program as written above (not with integer=True).

    Returns
    -------
    Optimum with `plan` = Plan(occupancy, active, allocation, fairness, nodes) and `dual` = Prices(notification, budget, fairness).

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; no allocation within the limits and the budget; more fairness than there can be.

    Examples
    --------
    >>> best = occupancy_lp([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], 0.25, budget=0.4)
    >>> round(best.value, 6), best.plan.allocation.round(6).tolist(), best.upper - best.lower < 1e-12
    (0.317208, [0.425974, 0.374026], True)

    References
    ----------
    [Tang2025]_; that this reduced form equals the authors' program over states is our derivation.
    """
    crowd = checked(context_probability, acceptance, reactivation, reward)
    purse, lows, highs = _limits(crowd, budget, allocation, low, high)
    theta, integer = number("fairness", fairness, 0.0), flag("integer", integer)
    choice("method", method, ("auto", "cvxpy"))
    if theta > 0.0:
        most = _fairest(crowd, purse, lows, highs)
        if theta > most.lower:
            raise BadValue(f"fairness: got {theta}; allowed: at most {most.lower!r}")
    if not integer or allocation is not None:
        return within(crowd, purse, lows, highs, theta, method)
    return _whole(crowd, purse, np.ceil(lows - 1e-9), np.floor(highs + 1e-9), theta)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    crowd = {"context_probability": [0.5, 0.5], "acceptance": [[0.9, 0.1], [0.2, 0.8]], "reactivation": [0.25, 0.5], "budget": 0.4}
    return [
        {"context_probability": [1.0], "acceptance": [[0.5]], "reactivation": 0.25, "budget": 0.5},
        {**crowd, "reward": [1.0, 0.5]},
        {**crowd, "reward": [1.0, 0.5], "fairness": 0.2},
    ]


def largest_fairness(
    context_probability: Any, acceptance: Any, reactivation: Any, budget: Any, reward: Any = None, *, allocation: Any = None, low: Any = None, high: Any = None
) -> Optimum:
    """The largest theta such that every context k can earn theta in a round of its own: max theta over the constraints of `occupancy_lp`.

    Parameters
    ----------
    As for `occupancy_lp`.

    Returns
    -------
    Optimum; `value` is verified to be attained by `plan`.

    Examples
    --------
    >>> best = largest_fairness([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], 0.25, budget=0.4)
    >>> round(best.value, 6), round(best.plan.fairness, 6)
    (0.314308, 0.314308)
    """
    crowd = checked(context_probability, acceptance, reactivation, reward)
    return _fairest(crowd, *_limits(crowd, budget, allocation, low, high))


def fairness_frontier(
    context_probability: Any, acceptance: Any, reactivation: Any, budget: Any, reward: Any = None, *, points: int = 11
) -> tuple[np.ndarray, list[Optimum]]:
    """The most reward in a round at each of `points` thetas from 0 to a millionth below the largest, where reward is traded for fairness.

    Parameters
    ----------
    As for `occupancy_lp`; points : at least 2.

    Returns
    -------
    (theta (points,), Optimum of each).

    Examples
    --------
    >>> theta, best = fairness_frontier([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], 0.25, budget=0.4, points=3)
    >>> [round(b.value, 4) for b in best]
    [0.3172, 0.3172, 0.3143]
    """
    points = whole("points", points, 2)
    most = largest_fairness(context_probability, acceptance, reactivation, budget, reward).value
    thetas = np.linspace(0.0, most * (1.0 - 1e-6), points)
    return thetas, [occupancy_lp(context_probability, acceptance, reactivation, budget, reward, fairness=float(t)) for t in thetas]


# ------------------------------------------------------------------------------------------------ reading arguments
def checked(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any) -> Crowd:
    f = probabilities("context_probability", context_probability, (None,))
    p = array("acceptance", acceptance, (None, f.size), 0.0, 1.0)
    q = array("reactivation", np.full(len(p), reactivation) if np.ndim(reactivation) == 0 else reactivation, (len(p),), 0.0, 1.0)
    return Crowd(f, p, q, np.ones(f.size) if reward is None else array("reward", reward, f.shape, 0.0))


def one_number(name: str, value: Any) -> float:
    """A number >= 0, which may arrive as an array of one."""
    return number(name, value.item() if isinstance(value, np.ndarray) and value.size == 1 else value, 0.0, finite=False)


def _limits(crowd: Crowd, budget: Any, allocation: Any, low: Any, high: Any) -> tuple[float, np.ndarray, np.ndarray]:
    n, k = crowd.p.shape
    purse = one_number("budget", budget)
    if allocation is not None:
        if low is not None or high is not None:
            raise BadValue("allocation: got one beside low or high; allowed: either")
        lows = highs = array("allocation", allocation, (k,), 0.0)
        name = "allocation"
    else:
        lows = np.zeros(k) if low is None else array("low", low, (k,), 0.0)
        highs = np.maximum(lows, n) if high is None else array("high", high, (k,), 0.0)
        name = "low"
        if np.any(highs < lows):
            raise BadValue(f"high: got {highs[highs < lows][0]:g} below low; allowed: low <= high")
    if crowd.f @ lows > purse * (1.0 + TOLERANCE):
        raise BadValue(f"{name}: needs {crowd.f @ lows:g} notifications in an average round; allowed: at most budget = {purse:g}")
    return min(purse, float(crowd.f @ np.maximum(highs, n))), lows, highs


# ------------------------------------------------------------------------------------------------ the verified program
def within(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float, method: str = "auto") -> Optimum:
    raw, spread, prices = (_cvxpy if method == "cvxpy" else _solve)(crowd, purse, low, high, theta, 1.0)
    plan = repaired(crowd, raw, spread, purse, low, high)
    if plan.fairness < theta:  # by a rounding: lean on the fairest plan until it is met
        other = _fairest(crowd, purse, low, high).plan
        rate, fair = _rates(crowd, plan.occupancy), _rates(crowd, other.occupancy)
        short = rate < theta
        share = float(np.max((theta - rate[short]) / np.maximum(fair[short] - rate[short], _EPS * theta)))
        first, plan = plan, other
        while share < 1.0:
            a, u, b = ((1.0 - share) * x + share * y for x, y in zip(first[:3], other[:3], strict=True))
            if _fairness(crowd, a) >= theta:
                plan = Plan(a, u, b, _fairness(crowd, a))
                break
            share = max(2.0 * share, _EPS)
    value = earned(crowd, plan)
    lower = value - 8 * (crowd.p.size + 4) * _EPS * value
    upper = max(dual_value(crowd, purse, low, high, theta, prices), lower)
    return Optimum("occupancy_lp", "certified", value, lower, upper, plan, prices, "average reward in a round of every rule with these B_k")


def _fairest(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray) -> Optimum:
    raw, spread, prices = _solve(crowd, purse, low, high, 0.0, 0.0)
    plan = repaired(crowd, raw, spread, purse, low, high)
    total = float(crowd.f @ prices.fairness)
    scaled = Prices(prices.notification / total, prices.budget / total, prices.fairness / total) if total > 0.0 else prices
    upper = dual_value(crowd, purse, low, high, 0.0, scaled, 0.0) if total > 0.0 else math.inf
    value = max(plan.fairness * (1.0 - 8 * (crowd.p.size + 4) * _EPS), 0.0)
    return Optimum("largest_fairness", "certified", value, value, max(upper, value), plan, scaled, "least reward in a round of one's own context")


def _whole(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float) -> Optimum:
    """Whole B_k by branch and bound; the value of whole B_k is again a linear program."""
    if np.any(high < low) or crowd.f @ low > purse * (1.0 + TOLERANCE):
        raise BadValue("low: no whole B_k lie between low and high within the budget")
    seen: dict[bytes, Optimum] = {}

    def feasible(low: np.ndarray, high: np.ndarray) -> bool:
        return crowd.f @ low <= purse * (1.0 + TOLERANCE) and (theta == 0.0 or _fairest(crowd, purse, low, high).upper >= theta)

    def evaluate(b: np.ndarray) -> tuple[float, float]:
        if not feasible(b, b) or (theta > 0.0 and _fairest(crowd, purse, b, b).lower < theta):
            return -math.inf, -math.inf
        seen[b.tobytes()] = got = within(crowd, purse, b, b, theta)
        return got.lower, got.upper

    def relax(low: np.ndarray, high: np.ndarray, enough: float) -> Relaxed:
        if not feasible(low, high):
            return Relaxed(-math.inf, low, high, [])
        box = within(crowd, purse, low, high, theta)
        return Relaxed(box.upper, low, high, [rounded(crowd.f, box.plan.allocation, purse, low, high)])

    scale = float(crowd.q.sum() * crowd.w.max(initial=0.0))
    found = box_search(low, high, relax, evaluate, crowd.f, 1e-11 * scale, 100_000)
    if found.lower == -math.inf:
        raise BadValue(f"fairness: got {theta}; no whole B_k attain it")
    best = seen[found.allocation.tobytes()]
    return best._replace(upper=max(found.upper + 1e-11 * scale, best.upper), plan=best.plan._replace(allocation=found.allocation, nodes=found.nodes))


def rounded(f: np.ndarray, spread: np.ndarray, purse: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whole B_k near real ones within the budget: rounded down, and what that left goes where it took most."""
    b = np.clip(np.floor(spread + 1e-9), low, high)
    for k in np.argsort(b - spread, kind="stable"):
        if f[k] > 0.0:
            b[k] = min(high[k], b[k] + max(0.0, math.floor((purse * (1.0 + TOLERANCE) - f @ b) / f[k])))
    return b


def earned(crowd: Crowd, plan: Plan) -> float:
    return float(np.sum(crowd.p * crowd.w * plan.occupancy))


def _rates(crowd: Crowd, occupancy: np.ndarray) -> np.ndarray:
    """Reward in a round of each context's own."""
    gained = np.sum(crowd.p * crowd.w * occupancy, axis=0)
    return np.divide(gained, crowd.f, out=np.full(crowd.f.size, math.inf), where=crowd.f > 0.0)


def _fairness(crowd: Crowd, occupancy: np.ndarray) -> float:
    return float(_rates(crowd, occupancy).min())


def repaired(crowd: Crowd, raw: np.ndarray, spread: np.ndarray, purse: float, low: np.ndarray, high: np.ndarray) -> Plan:
    """A feasible plan near what a solver says: B_k pulled to `low`, volunteers and contexts scaled down, u recomputed."""
    f, p, q = crowd.f, crowd.p, crowd.q
    spread = np.clip(spread, low, high)
    extra, left = float(f @ (spread - low)), max(purse - float(f @ low), 0.0)
    if extra > left:
        spread = low + (spread - low) * (left / extra)
    a = np.where((f > 0.0) & ((q[:, None] > 0.0) | (p == 0.0)), np.maximum(raw, 0.0), 0.0)
    away = np.divide(np.sum(p * a, axis=1), q, out=np.zeros(q.size), where=q > 0.0)
    needs = np.max(np.divide(a, f, out=np.zeros(a.shape), where=f > 0.0), axis=1) + away
    a /= np.maximum(needs, 1.0)[:, None]
    used = a.sum(axis=0)
    a *= np.divide(f * spread, used, out=np.ones(f.size), where=used > f * spread)
    away = np.divide(np.sum(p * a, axis=1), q, out=np.zeros(q.size), where=q > 0.0)
    return Plan(a, 1.0 - away, spread, _fairness(crowd, a))


def dual_value(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float, prices: Prices, base: float = 1.0) -> float:
    """The Lagrangian at any prices >= 0, rounding included: an upper bound on reward (base = 1) or, where sum f_k h_k = 1, on theta (base = 0)."""
    f, p, w = crowd.f, crowd.p, crowd.w
    v, price, h = np.maximum(prices.notification, 0.0), max(prices.budget, 0.0), np.maximum(prices.fairness, 0.0)
    worth, _ = alone(crowd, p * (w * (base + h)) - v)
    spread = np.where(v > price, high, low)
    parts = np.array([worth.sum(), f @ ((v - price) * spread), price * purse * (1.0 + TOLERANCE), -theta * (f @ h)])
    size = np.abs(parts).sum() + f @ ((v + price) * spread) + np.sum(np.max(p * w * (base + h) + v, axis=1))
    return float(parts.sum() + 8 * (f.size + len(p) + 8) * _EPS * size)


def alone(crowd: Crowd, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each volunteer's best reward in a round (N,) when a notification in context k is worth gain (N, K), and where he takes them (N, K).

    g = max over S of q sum_S f_k gain_k / (q + sum_S f_k p_k) is the root of sum_k f_k (q gain_k - g p_k)^+ = g q; Newton's
    method from g = 0 ends after at most K + 1 steps.
    """
    f, p, q = crowd.f, crowd.p, crowd.q[:, None]
    g = np.zeros((len(p), 1))
    for _ in range(f.size + 2):
        takes = (q * gain > g * p) & (f > 0.0)
        new = np.divide(q * (takes * gain @ f)[:, None], q + (takes * p @ f)[:, None], out=np.zeros_like(g), where=q > 0.0)
        if np.all(new <= g):
            break
        g = np.maximum(g, new)
    return g[:, 0], takes


# ------------------------------------------------------------------------------------------------ solvers
def _solve(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float, base: float) -> tuple[np.ndarray, np.ndarray, Prices]:
    """Where volunteers are alike, one who has an N-th of everything stands for all of them."""
    n = len(crowd.p)
    if np.any(crowd.p != crowd.p[0]) or np.any(crowd.q != crowd.q[0]):
        return _highs(crowd, purse, low, high, theta, base)
    raw, spread, prices = _highs(crowd._replace(p=crowd.p[:1], q=crowd.q[:1]), purse / n, low / n, high / n, theta / n, base)
    return np.tile(raw, (n, 1)), spread * n, prices


@functools.lru_cache(maxsize=4)
def _matrices(numbers: tuple[bytes, ...], fair: bool, free: int) -> tuple[Any, Any]:
    """Inequalities and equalities over a (N K), u (N), B (K) and, with `free`, theta; the same for all boxes of a tree."""
    from scipy import sparse

    f, p, q, w = (np.frombuffer(x) for x in numbers)
    n, k = q.size, f.size
    p = p.reshape(n, k)
    each, every, none = sparse.eye_array(n), sparse.eye_array(k), sparse.csr_array
    sums = sparse.kron(np.ones((1, n)), every)  # over volunteers, by context
    rows: list[list[Any]] = [
        [sums, none((k, n)), -sparse.diags_array(f)],
        [none((1, n * k + n)), f[None]],
        [sparse.eye_array(n * k), -sparse.kron(each, f[:, None]), none((n * k, k))],
    ]
    rows = [r + [none((m, 1))] * free for r, m in zip(rows, (k, 1, n * k), strict=True)]
    if fair:
        rows.append([-sums @ sparse.diags_array((p * w).ravel()), none((k, n + k)), *[f[:, None]] * free])
    flow = [sparse.kron(each, np.ones((1, k))) @ sparse.diags_array(p.ravel()), sparse.diags_array(q), none((n, k + free))]
    return sparse.vstack([sparse.hstack(r) for r in rows], "csr"), sparse.hstack(flow, "csr")


def _row(i: int, n: int, k: int) -> str:
    """Row i of the program in words."""
    if i < k:
        return f"notified in context {i}"
    if i == k:
        return "budget"
    if i < k + 1 + n * k:
        return "chances of volunteer {} in context {}".format(*divmod(i - k - 1, k))
    i -= k + 1 + n * k
    return f"fair share of context {i}" if i < k else f"flow of volunteer {i - k}"


def _highs(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float, base: float) -> tuple[np.ndarray, np.ndarray, Prices]:
    """With base = 0 fairness is what is maximised."""
    f, p, q, w = crowd
    n, k = p.shape
    free = int(base == 0.0)
    fair = theta > 0.0 or free == 1
    at_most, flow = _matrices(tuple(x.tobytes() for x in crowd), fair, free)
    limits = np.concatenate([np.zeros(k), [purse], np.zeros(n * k), -theta * f if fair else []])
    goal = np.concatenate([base * (p * w).ravel(), np.zeros(n + k), np.ones(free)])
    bounds: Any = np.vstack([np.tile([0.0, 1.0], (n * k + n, 1)), np.stack([low, high], 1), np.tile([0.0, np.inf], (free, 1))])
    solved = best_plan("occupancy_lp", goal, at_most, limits, flow, q, bounds, lambda i: _row(i, n, k))
    price = np.maximum(-solved.ineqlin.marginals, 0.0)
    return solved.x[: n * k].reshape(n, k), solved.x[n * k + n : n * k + n + k], Prices(price[:k], float(price[k]), price[-k:] if fair else np.zeros(k))


def _cvxpy(crowd: Crowd, purse: float, low: np.ndarray, high: np.ndarray, theta: float, base: float) -> tuple[np.ndarray, np.ndarray, Prices]:
    import cvxpy as cp

    f, p, q, w = crowd
    a, u, b = cp.Variable(p.shape, nonneg=True), cp.Variable(q.size), cp.Variable(f.size)
    notified, spent = cp.sum(a, axis=0) <= cp.multiply(f, b), f @ b <= purse
    fair = cp.sum(cp.multiply(p * w, a), axis=0) >= theta * f
    chances = a <= cp.reshape(u, (q.size, 1), order="C") @ f[None]
    flow = cp.sum(cp.multiply(p, a), axis=1) == cp.multiply(q, 1 - u)
    cp.Problem(cp.Maximize(cp.sum(cp.multiply(p * w, a))), [notified, spent, fair, chances, flow, b >= low, b <= high, u <= 1]).solve(solver=cp.HIGHS)
    return a.value, b.value, Prices(notified.dual_value, float(spent.dual_value), fair.dual_value)
