"""The best rule of a survival bandit whose laws are known, by dynamic programming over stock and steps left."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from .. import arguments
from ..arguments import BadValue, array, choice, flag, number, whole
from ..kernels import compiled
from ..model import Optimum
from ..shared.lattice import NEAR, common_step
from ..theory.ruin import lundberg_exponent

_EPS = float(np.finfo(float).eps)
_TILE = 1024  # stocks worked on together: what they need stays in the first cache
_CELLS, _WORK, _ROUNDS, _FARTHEST = 10**8, 10**11, 10**7, 2 * 10**5  # cells of tables; states times arms times outcomes; rounds; steps of an infinite horizon
_OF = {"wealth": "mean gain, final stock less the initial one", "survival": "probability not to be ruined", "penalised": "mean gain less the penalty times the probability of ruin"}  # fmt: skip


class RuinPlan(NamedTuple):
    """Row k: k steps left. Column i: a stock of i steps. Where tables were not asked for, one row: the whole horizon left.

    With a stock of b and k steps left an optimal rule plays action[k, min(ceil(b / step), columns - 1)].
    """

    value: np.ndarray  #: of the objective; for "wealth" and "penalised" the final stock, not the gain
    action: np.ndarray  #: first of the best arms; -1 where nothing is left to be done
    step: float


def ruin_dp(
    outcomes: Any,
    probabilities: Any,
    budget: Any,
    horizon: Any,
    objective: str = "wealth",
    penalty: float = 0.0,
    tables: bool = True,
    step: float | None = None,
    stocks: float | None = None,
) -> Optimum:
    """What a rule that knows all laws can get out of a stock that ends the game at 0.

    With V_0(b) = b, or 1 for "survival", where b > 0, V_k(0) = 0, or -penalty for "penalised", and k steps left,

        V_k(b) = max_a E V_{k-1}((b + R_a)^+),    k = 1 .. horizon.

    Stocks are counted in steps, of which budget and outcomes are multiples, and V is exact to rounding. With l the largest
    loss and m the largest mean, V_k(b) = b + k m (1 for "survival") above b = k l, where nothing can go wrong, so only the
    stocks up to min(k l, budget + (horizon - k) x largest gain) are worked through.

    Parameters
    ----------
    outcomes : (K, S), gains, in units of stock. Arms may have any number of outcomes and need not be able to lose.
    probabilities : (K, S), each row sums to 1.
    budget : the stock at the start, >= 0; as a number or, as in a spec, (1,). From 0 nothing can be won.
    horizon : rounds, at least 1; None, for "survival" alone, for the probability never to be ruined.
    objective : "wealth": E[final stock]. "survival": P(no ruin). "penalised": E[final stock] - penalty P(ruin).
    penalty : of ruin, in units of stock, >= 0.
    tables : whether `plan` has a row for each number of steps left; otherwise memory is a few times the number of stocks.
    step : of the grid, in units of stock. None for 1 where budget and outcomes are whole, else for their common step, exactly;
        where they have none, a hundredth of the smallest outcome. On a grid that does not fit them, rounding the stock down after every round
        gives `lower`, rounding it up gives `upper`, and splitting it between its neighbours `value` and the plan.
    stocks : the largest stock that `plan` is to hold; None for what can be reached from the budget (the budget alone
        without tables).

    Returns
    -------
    Optimum; `value` is in the unit of `regret`: the mean *gain*, V_T(budget) - budget, for "wealth" and "penalised"; the
    probability for "survival". `lower` and `upper` allow for rounding. `plan` is a `RuinPlan`, whose values are V itself.
    For an infinite horizon they come from functions that are verified to be sub- and superharmonic: the solved probability
    of ruin to the powers 1 + eta and 1 - eta, by Jensen's inequality, with eta as small as rounding lets it be.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; an infinite horizon for another objective; tables of more than 1e8 cells,
        more than 1e11 products.

    Examples
    --------
    With little left and one step to go, the arm that mostly loses is best: only what it may win counts.

    >>> coins = [[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
    >>> best = ruin_dp(*coins, budget=1, horizon=4)
    >>> best.plan.action[1:, 1:6].tolist()  # k = 1 .. 4, b = 1 .. 5
    [[2, 2, 2, 1, 1], [2, 2, 0, 1, 1], [2, 2, 0, 1, 1], [2, 0, 0, 1, 1]]
    >>> round(float(best.plan.value[1, 1]), 9), round(ruin_dp(*coins, 1, None, "survival").value, 6)
    (3.3, 0.462389)

    References
    ----------
    [JarneOrnia2025]_ for the model
    """
    x = array("outcomes", outcomes, (None, None))
    p = arguments.probabilities("probabilities", probabilities, x.shape)
    b = float(array("budget", np.atleast_1d(budget), (1,), 0.0)[0])
    choice("objective", objective, _OF)
    penalty = number("penalty", penalty, 0.0)
    if penalty and objective != "penalised":
        raise BadValue(f"penalty: got {penalty:g} with the objective {objective!r}; allowed: 0, or objective='penalised'")
    if horizon is None and objective != "survival":
        raise BadValue(f"horizon: got None with the objective {objective!r}; allowed: a whole number of rounds, or objective='survival'")
    rounds = None if horizon is None else whole("horizon", horizon, 1, _ROUNDS)
    keep = None if stocks is None else max(b, number("stocks", stocks, 0.0))
    grid, fits = lattice(x[p > 0.0], b, step)

    position = in_steps(b, grid)
    below, above = math.floor(position), math.ceil(position)
    last = None if keep is None else max(above, math.ceil(in_steps(keep, grid)))

    def solve(way: str) -> Solved:
        arms = steps(x, p, grid, way)
        if rounds is None:
            return _forever(arms, grid, above if last is None else last)
        return _finite(arms, grid, above, rounds, objective, penalty, flag("tables", tables), last)

    solved = solve("split")  # where all are multiples of the grid nothing is split
    low, high = (solved, solved) if fits else (solve("down"), solve("up"))
    start = 0.0 if objective == "survival" else b
    value = float(np.interp(float(position), (below, above), solved.plan.value[-1, [below, above]]))
    of = f"{_OF[objective]}, best rule that knows the laws" + ("" if fits else f"; stocks on a grid of {grid:g}")
    return Optimum("ruin_dp", "certified", value - start, float(low.low[below]) - start, float(high.high[above]) - start, solved.plan, None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    coins = {"outcomes": [[1, -1], [3, -3], [10, -8]], "probabilities": [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]], "budget": 2, "horizon": 4}
    return [{"outcomes": [[1, -1]], "probabilities": [[0.5, 0.5]], "budget": 2, "horizon": 4}, coins, {**coins, "objective": "survival"}]


class Steps(NamedTuple):
    """Outcomes in whole steps, three at a time; what is left over has probability 0."""

    move: np.ndarray  #: (K, C, 3)
    chance: np.ndarray  #: (K, C, 3)
    loss: int  #: the largest, >= 0
    gain: int  #: the largest, >= 0


class Solved(NamedTuple):
    plan: RuinPlan
    low: np.ndarray  #: bounds on the plan's last row
    high: np.ndarray


def lattice(amounts: np.ndarray, budget: float, step: float | None) -> tuple[float, bool]:
    """The grid, and whether amounts and budget are multiples of it."""
    exact = common_step(amounts, budget)
    if step is None:
        if exact:
            return (1.0 if exact == math.floor(exact) else exact), True
        sizes = np.abs(np.append(amounts, budget))
        return float(sizes[sizes > 0.0].min()) / 100, False
    grid = number("step", step, math.nextafter(0.0, 1.0))
    times = exact / grid
    return grid, bool(exact) and round(times) >= 1 and abs(times - round(times)) < 1e-9


def in_steps(amount: float, grid: float) -> Fraction:
    """An amount over the grid; whole where only rounding keeps it from being so, as 0.3 of a grid of 0.02."""
    exact = Fraction(amount) / Fraction(grid)
    return Fraction(round(exact)) if abs(exact - round(exact)) <= NEAR * abs(exact) else exact


def steps(x: np.ndarray, p: np.ndarray, grid: float, way: str) -> Steps:
    """Every outcome as steps of the grid: the one below (\"down\"), the one above (\"up\"), or both in proportion (\"split\")."""
    laws: list[dict[int, float]] = [{} for _ in x]
    for law, row, chances in zip(laws, x.tolist(), p.tolist(), strict=True):
        for y, weight in zip(row, chances, strict=True):
            exact = in_steps(y, grid)
            share = float(exact - math.floor(exact)) if way == "split" else float(way == "up" and exact != math.floor(exact))
            below = math.floor(exact)
            for to, part in ((below, 1.0 - share), (below + 1, share)):
                if weight * part > 0.0:
                    law[to] = law.get(to, 0.0) + weight * part
    if max(abs(to) for law in laws for to in law) > _WORK:
        raise BadValue(f"outcomes: got {np.abs(x[p > 0.0]).max():g} on a grid of {grid:g}; allowed: up to {_WORK:g} steps")
    chunks = -(-max(map(len, laws)) // 3)
    move, chance = np.zeros((len(x), chunks, 3), np.int64), np.zeros((len(x), chunks, 3))
    for k, law in enumerate(laws):
        move[k].flat[: len(law)], chance[k].flat[: len(law)] = list(law), list(law.values())
    return Steps(move, chance, max(0, -int(move.min())), max(0, int(move.max())))


def _finite(arms: Steps, grid: float, first: int, rounds: int, objective: str, penalty: float, tables: bool, last: int | None) -> Solved:
    """Backward induction."""
    means = (arms.move * arms.chance).sum(axis=(1, 2)) * grid
    slope, drift, level, ruined = (0.0, 0.0, 1.0, 0.0) if objective == "survival" else (grid, float(means.max()), 0.0, 0.0 - penalty)
    width = last if last is not None else min(rounds * arms.loss + 1, first + rounds * arms.gain) if tables else first
    width = max(width, first, 1)
    k = np.arange(rounds + 1)
    worked = np.minimum(k * arms.loss, width + (rounds - k) * arms.gain)
    rows = rounds + 1 if tables else 1
    if rows * (width + 1) > _CELLS or float(worked.sum()) * arms.chance.size > _WORK:
        raise BadValue(
            f"horizon, budget: got {rows * (width + 1):.3g} cells of tables and {float(worked.sum()) * arms.chance.size:.3g} products; "
            f"allowed: {_CELLS:g} and {_WORK:g}: tables=False, or fewer stocks, or a larger step"
        )
    value, action = np.zeros((rows, width + 1)), np.full((rows, width + 1), -1, np.int16)
    calm = 0 if objective == "survival" else int(np.argmax(means >= means.max() - 1e-12 * abs(means.max())))
    _induct(arms.move, arms.chance, arms.loss, arms.gain, slope, drift, level, ruined, calm, rounds, worked, value, action)
    reach = first * grid + penalty + level + rounds * grid * max(arms.loss, arms.gain)
    slack = 2 * (arms.chance[0].size + 4) * rounds * _EPS * (1.0 if objective == "survival" else reach)
    return Solved(RuinPlan(value, action, grid), value[-1] - slack, value[-1] + slack)


def _blend(old, at, many, move, chance, total):
    """total[i] = mean of old at `at + i` plus an arm's move."""
    for c in range(move.shape[0]):
        x, y, z = old[at + move[c, 0] :][:many], old[at + move[c, 1] :][:many], old[at + move[c, 2] :][:many]
        p, q, r = chance[c, 0], chance[c, 1], chance[c, 2]
        if c == 0:
            for i in range(many):
                total[i] = p * x[i] + q * y[i] + r * z[i]
        else:
            for i in range(many):
                total[i] += p * x[i] + q * y[i] + r * z[i]


@compiled
def _induct(move, chance, loss, gain, slope, drift, level, ruined, calm, horizon, worked, value, action):
    """Fills the tables. A line holds `loss` ruined stocks, 0, the stocks worked on, and the closed form as far as they can jump."""
    most = 0
    for k in range(horizon + 1):
        most = max(most, worked[k])
    old, new = np.full(loss + most + gain + loss + 2, ruined), np.full(loss + most + gain + loss + 2, ruined)
    total = np.zeros(_TILE)
    width = value.shape[1] - 1
    for k in range(horizon + 1):
        row = k if value.shape[0] > 1 else 0 if k == horizon else -1
        for start in range(1, worked[k] + 1, _TILE):
            many = min(_TILE, worked[k] + 1 - start)
            best = new[loss + start :][:many]
            for i in range(many):
                best[i] = -np.inf
            for arm in range(move.shape[0]):
                _blend(old, loss + start, many, move[arm], chance[arm], total)
                for i in range(many):
                    best[i] = max(best[i], total[i])
            if row >= 0:
                for arm in range(move.shape[0] - 1, -1, -1):  # the first arm that is as good as the best
                    _blend(old, loss + start, many, move[arm], chance[arm], total)
                    for i in range(min(many, width + 1 - start)):
                        if total[i] >= best[i] - 1e-12 * abs(best[i]):
                            action[row, start + i] = arm
        for i in range(worked[k] + 1, min(worked[k] + loss + gain, most + gain) + 1):
            new[loss + i] = slope * i + drift * k + level
        if row >= 0:
            for i in range(width + 1):
                if i <= worked[k]:
                    value[row, i] = new[loss + i]
                else:
                    value[row, i] = slope * i + drift * k + level
                    action[row, i] = calm if k > 0 else -1
        old, new = new, old


def _forever(arms: Steps, grid: float, last: int) -> Solved:
    """The fixed point, as q(i) = P(ruin from i) = z(i) e^(-g i), g the largest Lundberg exponent of an arm, z of order 1.

    Whatever is played, e^(-g (i + l - 1)) <= q(i) <= e^(-g i). Policy iteration solves for z up to a stock where that is below
    rounding, once with each bound beyond it.
    """
    laws = [(m[c > 0.0], c[c > 0.0]) for m, c in zip(arms.move.reshape(len(arms.move), -1), arms.chance.reshape(len(arms.move), -1), strict=True)]
    exponents = [lundberg_exponent(m, c) for m, c in laws]
    best, g = int(np.argmax(exponents)), max(exponents)
    size = max(last, 1)
    if not 0.0 < g < math.inf:
        value = np.append(0.0, np.full(size, float(g > 0.0)))
        return Solved(RuinPlan(value[None], np.append(-1, np.full(size, best)).astype(np.int16)[None], grid), value, value)
    size = max(size, math.ceil(36.0 / g))
    if size > _FARTHEST:
        raise BadValue(f"outcomes: got laws that need stocks up to {size} steps of {grid:g}; allowed: {_FARTHEST}, or a finite horizon, or a larger step")
    survival, action = [], np.zeros(0)
    for above, beyond in ((True, 0.0), (False, -g * (arms.loss - 1.0))):  # log z
        z, action = _policy_iteration(laws, g, best, size, math.exp(beyond))
        log_ruin = np.append(0.0, np.clip(np.log(z), -g * (arms.loss - 1.0), 0.0) - g * np.arange(1, size + 1))
        power = _verified_power(laws, log_ruin, g, beyond, above)
        survival += [0.0 - np.expm1(log_ruin), 0.0 - np.expm1(power * log_ruin)]
    value = 0.5 * (survival[0] + survival[2])
    return Solved(RuinPlan(value[None], np.append(-1, action).astype(np.int16)[None], grid), survival[1], survival[3])


def _policy_iteration(laws: list[Any], g: float, best: int, size: int, beyond: float) -> tuple[np.ndarray, np.ndarray]:
    """z(1 .. size) and the arms: z(i) = min_a E e^(-g R) z(i + R), given beyond `size`, and e^(g j) at j <= 0."""
    from scipy.sparse import csc_matrix, diags, eye
    from scipy.sparse.linalg import spsolve

    i = np.arange(1, size + 1)

    def after(arm: int) -> tuple[Any, np.ndarray]:
        rows, columns, entries, known = [], [], [], np.zeros(size)
        for move, chance in zip(*laws[arm], strict=True):
            j, tilted = i + move, chance * math.exp(-g * move)
            inside = (j >= 1) & (j <= size)
            rows.append(i[inside] - 1)
            columns.append(j[inside] - 1)
            entries.append(np.full(int(inside.sum()), tilted))
            known += np.where(j > size, tilted * beyond, 0.0) + np.where(j < 1, chance * np.exp(g * np.minimum(i, loss)), 0.0)
        return csc_matrix((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), (size, size)), known

    loss = max(int(-move.min()) for move, _ in laws)
    moves = [after(arm) for arm in range(len(laws))]
    outside = np.array([known for _, known in moves])
    action = np.full(size, best)
    while True:
        chosen = sum(diags((action == arm).astype(float)) @ matrix for arm, (matrix, _) in enumerate(moves))
        z = spsolve((eye(size) - chosen).tocsc(), outside[action, i - 1])
        each = np.array([matrix @ z for matrix, _ in moves]) + outside
        better = each.min(axis=0) < each[action, i - 1] * (1.0 - 1e-13)
        if not better.any():
            return z, np.argmax(each <= each.min(axis=0) * (1.0 + 1e-12), axis=0)
        action = np.where(better, each.argmin(axis=0), action)


def _verified_power(laws: list[Any], log_ruin: np.ndarray, g: float, beyond: float, above: bool) -> float:
    """The power of q nearest to 1 that is checked to bound the truth: 1 - eta from above or 1 + eta from below.

    q^(1 - eta) has to be superharmonic for some arm, q^(1 + eta) subharmonic for every arm, rounding included. Both are, by Jensen's
    inequality, where q is harmonic; beyond the last stock they are Lundberg's bounds, which the rest respects.
    """
    last = log_ruin.size - 1
    i = np.arange(1, last + 1)
    jumps = []
    for law in laws:
        to = [np.maximum(i + move, 0) for move in law[0]]
        jumps.append([(c, np.where(j > last, beyond - g * j, log_ruin[np.minimum(j, last)]) - log_ruin[i]) for c, j in zip(law[1], to, strict=True)])
    reach = max(float(np.abs(move).max()) for move, _ in laws)
    allowance = 8 * _EPS * (4 + max(len(law) for law in jumps) + g * reach)
    for eta in 10.0 ** np.arange(-14, -1):
        power = 1.0 - eta if above else 1.0 + eta
        mean = np.array([sum(c * np.exp(power * jump) for c, jump in law) for law in jumps])
        if np.all(mean.min(axis=0) <= 1.0 - allowance if above else mean.min(axis=0) >= 1.0 + allowance):
            return float(power)
    raise BadValue("outcomes: got laws whose ruin cannot be told from certain in double precision; allowed: a finite horizon")
