"""Query routing: each query goes to one of M language models, or to none, by estimates of what each would score and cost."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, choice, whole
from ..model import REQUEST, SKIP, Problem, Spec, Units
from ..shared.logs import Dropped, named_columns, playable


class Queries(NamedTuple):
    """T queries, M models, d budgets."""

    reward: np.ndarray  #: (T, M) what each model would score
    cost: np.ndarray  #: (T, M, d) what it would draw from each budget
    estimated_reward: np.ndarray
    estimated_cost: np.ndarray


class Estimates(NamedTuple):
    reward: np.ndarray  #: (M,) estimates
    cost: np.ndarray  #: (M, d)


class Ahead(NamedTuple):
    """The same, and the estimates of the next queries, of which the first is this one's; fewer near the end."""

    reward: np.ndarray
    cost: np.ndarray
    ahead_reward: np.ndarray  #: (L, M)
    ahead_cost: np.ndarray  #: (L, M, d)


class Order(NamedTuple):
    order: np.ndarray  #: (T,) the query of each round


class Stream(NamedTuple):
    """The order, and the estimates in that order, so that what lies ahead is one slice."""

    order: np.ndarray
    reward: np.ndarray
    cost: np.ndarray


def given_observe(instance, state, t, key, view):
    return Estimates(instance.estimated_reward[t], instance.estimated_cost[t])


def given_ahead(instance, state, t, key, view):
    end = min(t + view.ahead_reward.shape[0], instance.reward.shape[0])
    return Ahead(instance.estimated_reward[t], instance.estimated_cost[t], instance.estimated_reward[t:end], instance.estimated_cost[t:end])


def random_observe(instance, state, t, key, view):
    query = int(state.order[t])
    return Estimates(instance.estimated_reward[query], instance.estimated_cost[query])


def random_ahead(instance, state, t, key, view):
    end = min(t + view.ahead_reward.shape[0], instance.reward.shape[0])
    return Ahead(state.reward[t], state.cost[t], state.reward[t:end], state.cost[t:end])


def random_begin(instance, state, key):
    draws.shuffle(key, 0, state.order)


def stream_begin(instance, state, key):
    draws.shuffle(key, 0, state.order)
    for t in range(state.order.size):
        query = int(state.order[t])
        for i in range(state.reward.shape[1]):
            state.reward[t, i] = instance.estimated_reward[query, i]
            for j in range(state.cost.shape[2]):
                state.cost[t, i, j] = instance.estimated_cost[query, i, j]


def served(instance, query, action, cost):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = instance.cost[query, action, j]
    return instance.reward[query, action]


def given_step(instance, state, view, action, left, t, key, cost, seen):
    return served(instance, t, action, cost)


def random_step(instance, state, view, action, left, t, key, cost, seen):
    return served(instance, int(state.order[t]), action, cost)


def query_routing(
    reward: Any,
    cost: Any,
    budget: Any,
    estimated_reward: Any = None,
    estimated_cost: Any = None,
    order: str = "as_given",
    lookahead: int = 0,
) -> Problem:
    """T queries come one by one and are sent to one of M models, or to none, for good; a call that its budget cannot pay is lost.

    Before query j is routed the rule is shown estimates of what each model would score and cost on it; the true score
    reward[j, i] and cost cost[j, i] of the model that was called are known afterwards. The call is served if its true cost
    fits into what is left, else the query is lost: nothing is paid, nothing earned, no second try (law SKIP).

    Parameters
    ----------
    reward : (T, M) >= 0, true score of each model on each query.
    cost : (T, M) >= 0, true cost, units of the budget.
    budget : (M,) >= 0: each model pays from its own; or one number: all of them pay from the same.
    estimated_reward, estimated_cost : (T, M) >= 0, what the rule is shown; None: the truth.
    order : "as_given" (query t in round t) or "random" (a permutation drawn for each replication, fewer than 2**24 queries).
    lookahead : L >= 0; with L > 0 the view also shows the estimates of the next L queries, this one first.

    Returns
    -------
    Problem of kind REQUEST, law SKIP, horizon T. `spec.view` shows `reward` (M,) and `cost` (M, d), estimates, d = M (off
    the diagonal 0) or 1, and with a lookahead `ahead_reward` (L, M) and `ahead_cost` (L, M, d), slices that grow shorter
    at the end. `instance.reward` and `instance.cost` (T, M, d) are what `hindsight_lp` takes.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative or missing numbers.

    Departures from the paper
    -------------------------
    The paper has a budget for each model; one shared budget is ours.

    Examples
    --------
    >>> problem = query_routing([[1.0, 0.6], [0.2, 0.9]], [[2.0, 1.0], [1.0, 1.0]], budget=[3.0, 2.0])
    >>> problem.name, problem.instance.cost[0].tolist()
    ('query_routing(2 queries, 2 models, a budget each, estimates exact, as_given)', [[2.0, 0.0], [0.0, 1.0]])

    References
    ----------
    [Wu2025]_ for the model.
    """
    reward = array("reward", reward, (None, None), 0.0)
    t, m = reward.shape
    cost = array("cost", cost, (t, m), 0.0)
    exact = estimated_reward is None and estimated_cost is None
    seen_reward = reward if estimated_reward is None else array("estimated_reward", estimated_reward, (t, m), 0.0)
    seen_cost = cost if estimated_cost is None else array("estimated_cost", estimated_cost, (t, m), 0.0)
    shared = np.ndim(budget) == 0
    budget = array("budget", [budget] if shared else budget, (1 if shared else m,), 0.0, finite=False)
    choice("order", order, ("as_given", "random"))
    if order == "random" and t >= 2**24:
        raise BadValue(f"order: got 'random' with {t} queries; allowed: fewer than 2**24, which is what one shuffle can draw")
    ahead = whole("lookahead", lookahead, 0)
    instance = Queries(reward, _drawn_from(cost, shared), seen_reward, _drawn_from(seen_cost, shared))
    now = np.zeros(m), np.zeros((m, budget.size))
    view = Ahead(*now, np.zeros((ahead, m)), np.zeros((ahead, *now[1].shape))) if ahead else Estimates(*now)
    spec = Spec(REQUEST, m, t, budget=budget, law=SKIP, view=view, units=Units("score", (), "query"))
    name = (f"query_routing({t} queries, {m} model{'s' * (m > 1)}, {'one budget' if shared else 'a budget each'}, estimates {'exact' if exact else 'given'}, {order}"
            + f", {ahead} ahead" * (ahead > 0) + ")")  # fmt: skip
    if order == "as_given":
        return Problem(spec, instance, given_step, observe=given_ahead if ahead else given_observe, name=name)
    if ahead:
        return Problem(spec, instance, random_step, _first_stream, stream_begin, random_ahead, name=name)
    return Problem(spec, instance, random_step, _first_order, random_begin, random_observe, name=name)


def queries_from_dataframe(
    df: Any,
    reward: Sequence[str],
    cost: Sequence[str],
    budget: Any,
    estimated_reward: Sequence[str] | None = None,
    estimated_cost: Sequence[str] | None = None,
    order: str = "as_given",
    lookahead: int = 0,
) -> tuple[Problem, Dropped]:
    """`query_routing` from the columns of a log, without the rows in which a number is missing, infinite or negative, and which these were.

    Parameters
    ----------
    df : anything with `df[column]`, such as a pandas or polars data frame or a dict of arrays.
    reward : the M columns of scores, one a model.
    cost, estimated_reward, estimated_cost : M columns each, in the same order.
    budget, order, lookahead : as in `query_routing`; the budget is for the rows that are kept.

    Returns
    -------
    The problem, and Dropped(rows, reasons).

    Raises
    ------
    BadType, BadValue : unknown columns, columns that are not numbers, nothing left to play.

    Examples
    --------
    >>> log = {"good": [0.9, 0.8], "cheap": [0.5, 0.4], "good_usd": [3.0, float("nan")], "cheap_usd": [1.0, 1.0]}
    >>> problem, dropped = queries_from_dataframe(log, ["good", "cheap"], ["good_usd", "cheap_usd"], budget=3.0)
    >>> problem.spec.horizon, dropped.rows.tolist(), dropped.reasons
    (1, [1], ('good_usd is missing',))
    """
    given = {"reward": reward, "cost": cost, "estimated_reward": estimated_reward, "estimated_cost": estimated_cost}
    tables = {name: named_columns(df, name, columns, reward) for name, columns in given.items() if columns is not None or name in ("reward", "cost")}
    if len({len(table) for table in tables.values()}) > 1:
        raise BadValue(f"df: got columns of {sorted({len(table) for table in tables.values()})} rows; allowed: columns of one length")
    reasons = np.full(len(tables["reward"]), "", dtype=object)
    for name, table in tables.items():
        for column, values in zip(given[name] or (), table.T, strict=True):
            for why, bad in (("missing", np.isnan(values)), ("infinite", np.isinf(values)), ("negative", values < 0.0)):
                reasons[bad & (reasons == "")] = f"{column} is {why}"
    kept, dropped = playable(reasons)
    return query_routing(budget=budget, order=order, lookahead=lookahead, **{name: table[kept] for name, table in tables.items()}), dropped


def examples() -> list[Problem]:
    """Three models with a budget each and estimates that are off, in both orders, with and without a look ahead; two models and one budget.

    >>> [p.spec.budget.size for p in examples()]
    [3, 3, 1, 3]
    """
    rng = np.random.default_rng(3)
    score, usd = (rng.random((300, 3)) < [0.4, 0.6, 0.8]).astype(float), rng.exponential(1.0, (300, 3)) * [0.5, 1.0, 3.0]
    given = np.abs(score + rng.normal(0, 0.4, score.shape)), usd * rng.uniform(0.5, 1.5, usd.shape)
    return [
        query_routing(score, usd, [40.0, 30.0, 80.0], *given, order="random"),
        query_routing(score[:270], usd[:270], [40.0, 30.0, 80.0], given[0][:270], lookahead=256),
        query_routing(score[:, :2], usd[:, :2], 60.0),
        query_routing(score, usd, [40.0, 0.0, np.inf], *given, order="random", lookahead=256),
    ]


def _drawn_from(cost: np.ndarray, shared: bool) -> np.ndarray:
    """(T, M) to (T, M, d): all from one budget, or each from its own."""
    if shared:
        return cost[:, :, None]
    out = np.zeros((*cost.shape, cost.shape[1]))
    own = np.arange(cost.shape[1])
    out[:, own, own] = cost
    return out


def _first_order(instance: Queries) -> Order:
    return Order(np.arange(float(len(instance.reward))))


def _first_stream(instance: Queries) -> Stream:
    return Stream(np.arange(float(len(instance.reward))), np.zeros_like(instance.estimated_reward), np.zeros_like(instance.estimated_cost))
