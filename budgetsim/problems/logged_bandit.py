"""A bandit played on a full-information log: the reward and the cost of every arm are known for every row."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadType, BadValue, array, choice, flag, whole
from ..model import Kind, Law, Nothing, Problem, Spec, Units
from ..shared.logs import Dropped, named_columns, playable


class Logged(NamedTuple):
    """The rows, and what they say of the arms. Where an arm is not available its reward and cost are stored as 0."""

    mean_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray
    reward: np.ndarray
    cost: np.ndarray
    legal: np.ndarray
    group: np.ndarray  #: rows that show the same mask
    mean_in_group: np.ndarray


class Row(NamedTuple):
    """The row that this round plays."""

    row: np.ndarray


class Order(NamedTuple):
    """The same, with the order in which rows come."""

    row: np.ndarray
    order: np.ndarray


class Mask(NamedTuple):
    """Which arms are available in this round."""

    legal: np.ndarray


# The row of the next round is drawn by `advance`: `observe` and `step` both need it, and neither may write the state.
def resample_begin(instance, state, key):
    state.row[0] = draws.integer(key, 0, instance.group.size)


def resample_advance(instance, state, view, action, outcome, left, t, key):
    state.row[0] = draws.integer(key, 0, instance.group.size)
    return False


def permute_begin(instance, state, key):
    draws.shuffle(key, 0, state.order)
    state.row[0] = state.order[0]


def permute_advance(instance, state, view, action, outcome, left, t, key):
    if t + 1 < state.order.size:
        state.row[0] = state.order[t + 1]
    return False


def as_logged_advance(instance, state, view, action, outcome, left, t, key):
    state.row[0] = t + 1.0
    return False


def observe(instance, state, t, key, view):
    row = int(state.row[0])
    for k in range(view.legal.size):
        view.legal[k] = instance.legal[row, k]


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    row = int(state.row[0])
    for j in range(cost.size):
        cost[j] = instance.cost[row, action, j]
    return instance.reward[row, action]


def expected(instance, state, view, action, t):
    return instance.mean_in_group[int(instance.group[int(state.row[0])]), max(action, 0)] * (action >= 0)


def logged_bandit(
    reward: Any,
    cost: Any,
    budget: Any,
    horizon: int,
    order: str = "resample",
    law: Law = Law.STOP,
    *,
    idle: bool = False,
    units: Units | None = None,
) -> Problem:
    """Rounds are rows of a log; the action a of a round that plays row i earns reward[i, a] and pays cost[i, a].

    The row of round t is drawn uniformly with replacement (`order="resample"`: rounds are independent), is row pi(t) of
    a uniform permutation drawn for each replication ("permute"), or is row t ("as_logged": nothing is random). The
    order is nature's: all rules meet the same rows. The rule sees the reward and the cost of its own action only.

    Parameters
    ----------
    reward : (N, K), reward. NaN: the arm is not available in that row; then the view has a mask `legal` (K,).
    cost : (N, K, d) or, for one resource, (N, K); units of each resource, >= 0; not read where the arm is not available.
    budget : (d,) or one number for one resource, >= 0; infinite where there is no cap.
    horizon : rounds; at most N unless rows are resampled.
    order : "resample" | "permute" | "as_logged".
    law : STOP (the run ends before the first cost that does not fit) or SKIP (that round is void).
    idle : whether action -1 (no reward, no cost, one round) is legal.
    units : names of the reward's and of each resource's unit.

    Returns
    -------
    Problem of kind ARM. `instance.mean_reward` (K,) and `instance.mean_cost` (K, d) average the rows in which an arm is
    available; `instance.largest_cost` (d,) is the largest single cost. The pseudo-reward exists for "resample" only: the
    mean of the action over the rows that show the same mask.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, a row or an arm that is never available, a horizon longer than the log.

    Examples
    --------
    >>> problem = logged_bandit([[1.0, 0.0], [0.0, float("nan")]], [[2.0, 1.0], [4.0, 0.0]], budget=9.0, horizon=100)
    >>> problem.instance.mean_reward.tolist(), problem.instance.mean_cost.ravel().tolist(), problem.spec.view.legal.tolist()
    ([0.5, 0.0], [3.0, 1.0], [1.0, 1.0])
    """
    reward, cost = _tables(reward, cost)
    for why, bad in _faults(reward, cost):
        if bad.any():
            raise BadValue(f"row {int(np.argmax(bad))}: {why}")
    n, k, d = cost.shape
    legal = ~np.isnan(reward)
    if not legal.any(axis=0).all():
        raise BadValue(f"reward: got only NaN for arm {int(np.argmin(legal.any(axis=0)))}; allowed: arms that are available in some row")
    choice("order", order, ("resample", "permute", "as_logged"))
    horizon = whole("horizon", horizon, 1, 2**62 if order == "resample" else n)
    if order == "permute" and n >= 2**24:
        raise BadValue(f"order: got 'permute' with {n} rows; allowed: fewer than 2**24 rows, which is what one shuffle can draw")
    if law not in (Law.STOP, Law.SKIP):
        raise BadValue(f"law: got {law!r}; allowed: Law.STOP, Law.SKIP")
    if d == 1 and np.ndim(budget) == 0:
        budget = [budget]
    budget = array("budget", budget, (d,), 0.0, finite=False)
    units = Units() if units is None else units
    if not isinstance(units, Units) or len(units.resource) not in (0, d):
        raise BadValue(f"units: got {units!r}; allowed: Units with one name for each of {d} resources")

    reward, cost = np.where(legal, reward, 0.0), np.where(legal[:, :, None], cost, 0.0)
    masks, group = np.unique(legal, axis=0, return_inverse=True)
    group = group.reshape(n)
    total = np.zeros(masks.shape)
    np.add.at(total, group, reward)
    mean_in_group = total / np.bincount(group)[:, None]
    count = legal.sum(axis=0)
    means = reward.sum(axis=0) / count, cost.sum(axis=0) / count[:, None]
    instance = Logged(*means, cost.max(axis=(0, 1)), reward, cost, legal.astype(float), group.astype(float), mean_in_group)
    masked = not legal.all()
    spec = Spec(Kind.ARM, k, horizon, flag("idle", idle), budget=budget, law=Law(law), view=Mask(np.ones(k)) if masked else Nothing(), units=units)
    problem = Problem(spec, instance, step, observe=observe if masked else None, name=f"logged_bandit({n} rows, {k} arms, {order}, {Law(law).name})")
    if order == "resample":
        return problem._replace(init=_first_row, begin=resample_begin, advance=resample_advance, expected=expected)
    if order == "permute":
        return problem._replace(init=_identity, begin=permute_begin, advance=permute_advance)
    return problem._replace(init=_first_row, advance=as_logged_advance)


def from_dataframe(
    df: Any,
    reward: Sequence[str],
    cost: Sequence[str] | Mapping[str, Sequence[str]],
    budget: Any,
    horizon: int,
    order: str = "resample",
    law: Law = Law.STOP,
    *,
    idle: bool = False,
    units: Units | None = None,
) -> tuple[Problem, Dropped]:
    """`logged_bandit` from the columns of a table, without the rows that it could not play, and which these were.

    Parameters
    ----------
    df : anything with `df[column]`, such as a pandas or polars data frame or a dict of arrays.
    reward : the K columns of rewards, one an arm; NaN: the arm is not available in that row.
    cost : the K columns of costs, in the same order; with several resources, {resource: its K columns}.
    budget, horizon, order, law, idle, units : as in `logged_bandit`.

    Returns
    -------
    The problem, and Dropped(rows, reasons): rows whose cost is not finite or negative, whose reward is infinite, or in
    which no arm is available.

    Raises
    ------
    BadType, BadValue : unknown columns, columns that are not numbers, nothing left to play.

    Examples
    --------
    >>> table = {"good": [0.9, 0.8], "cheap": [0.5, 0.4], "good_usd": [3.0, -1.0], "cheap_usd": [1.0, 1.0]}
    >>> problem, dropped = from_dataframe(table, ["good", "cheap"], ["good_usd", "cheap_usd"], budget=100.0, horizon=50)
    >>> problem.name, dropped.rows.tolist(), dropped.reasons
    ('logged_bandit(1 rows, 2 arms, resample, STOP)', [1], ('a cost is negative',))
    """
    resources = dict(cost) if isinstance(cost, Mapping) else {"": cost}
    rewards = named_columns(df, "reward", reward, reward)
    rewards, costs = _tables(rewards, np.stack([named_columns(df, "cost", c, reward) for c in resources.values()], axis=2))
    reasons = np.full(len(rewards), "", dtype=object)
    for why, bad in _faults(rewards, costs):
        reasons[bad & (reasons == "")] = why
    kept, dropped = playable(reasons)
    if units is None and isinstance(cost, Mapping):
        units = Units(resource=tuple(resources))
    problem = logged_bandit(rewards[kept], costs[kept], budget, horizon, order, law, idle=idle, units=units)
    return problem, dropped


def examples() -> list[Problem]:
    """A small log in each order, with and without arms that are not always available.

    >>> [p.spec.law.name for p in examples()]
    ['STOP', 'SKIP', 'STOP']
    """
    reward = np.array([[1.0, 0.2, np.nan], [0.5, np.nan, 0.9], [0.0, 0.4, 0.6], [1.0, 0.1, 0.3]])
    cost = np.array([[2.0, 1.0, 0.0], [3.0, 0.0, 1.5], [2.0, 0.5, 1.0], [4.0, 0.5, 1.0]])
    full = np.tile(np.nan_to_num(reward), (20, 1))
    return [
        logged_bandit(reward, cost, 90.0, 100),
        logged_bandit(full, np.tile(cost, (20, 1)), 50.0, 80, "permute", Law.SKIP),
        logged_bandit(full, np.stack([np.tile(cost, (20, 1))] * 2, axis=2), [90.0, 60.0], 80, "as_logged", idle=True),
    ]


def _first_row(instance: Logged) -> Row:
    return Row(np.zeros(1))


def _identity(instance: Logged) -> Order:
    return Order(np.zeros(1), np.arange(float(len(instance.reward))))


def _tables(reward: Any, cost: Any) -> tuple[np.ndarray, np.ndarray]:
    """(N, K) and (N, K, d); what is in them is checked by `_faults`."""
    out = []
    for name, value in (("reward", reward), ("cost", cost)):
        try:
            out.append(np.array(value, dtype=np.float64))
        except (TypeError, ValueError):
            raise BadType(f"{name}: got something that is not an array of numbers; allowed: numbers, one row a round") from None
    reward, cost = out
    if reward.ndim != 2 or 0 in reward.shape:
        raise BadValue(f"reward: got shape {reward.shape}; allowed: (N, K) with at least one row and one arm")
    if cost.ndim == 2:
        cost = cost[:, :, None]
    if cost.ndim != 3 or cost.shape[:2] != reward.shape or cost.shape[2] == 0:
        raise BadValue(f"cost: got shape {np.shape(out[1])}; allowed: {reward.shape} or {(*reward.shape, 'd')}, as reward")
    return reward, cost


def _faults(reward: np.ndarray, cost: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Reasons why a row cannot be played, each with the rows (N,) that it concerns."""
    legal = ~np.isnan(reward)
    worst = np.where(legal[:, :, None], cost, 0.0)
    return [
        ("no arm is available", ~legal.any(axis=1)),
        ("a reward is infinite", np.isinf(reward).any(axis=1)),
        ("a cost is not finite", ~np.isfinite(worst).all(axis=(1, 2))),
        ("a cost is negative", (worst < 0.0).any(axis=(1, 2))),
    ]
