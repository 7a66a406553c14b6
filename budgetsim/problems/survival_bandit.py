"""Survival bandits: the stock is what the arms have earned, and at 0 the game is over."""

from typing import Any, NamedTuple

import numpy as np

from .. import arguments, draws
from ..arguments import BadValue, array, choice, number, whole
from ..kernels import compiled
from ..model import ARM, RUIN, TOLERANCE, Problem, Spec, Units

_FINEST = 1e11  # outcomes below this part of the stock would drown in the ledger's tolerance, 1e-12 of the budget


class Arms(NamedTuple):
    """Arm k gains outcomes[k, i] with probability probabilities[k, i]."""

    outcomes: np.ndarray  #: (K, S)
    probabilities: np.ndarray  #: (K, S)
    upto: np.ndarray  #: (K, S) cumulative
    mean_reward: np.ndarray  #: (K,) of the raw gain
    largest_loss: np.ndarray  #: (K,) >= 0
    start: float  #: the stock at the start, one larger than what was asked for under "below_zero"


class State(NamedTuple):
    stock: np.ndarray  #: (1,)
    uses: np.ndarray  #: (K,) pulls of each arm so far


class Seen(NamedTuple):
    gain: np.ndarray  #: (1,) the raw gain, whatever of it could be paid


def init(instance):
    return State(np.full(1, instance.start), np.zeros(instance.mean_reward.size))


def step(instance, state, view, action, left, t, key, cost, seen):
    luck = draws.nth_use(key, action, int(state.uses[action]))
    gain = instance.outcomes[action, draws.categorical(luck, 0, instance.upto[action])]
    seen.gain[0] = gain
    cost[0] = -gain
    rest = left[0] + gain
    if gain < 0.0 and rest > 0.0 and rest <= TOLERANCE * instance.start:  # 0.9 less three times 0.3 is ruin, whatever floats say
        cost[0] += 2.0 * rest  # fits, and leaves nothing
    return gain


def advance(instance, state, view, action, outcome, left, t, key):
    state.stock[0] = left[0]
    state.uses[action] += 1.0
    return False


def expected(instance, state, view, action, t):
    stock = state.stock[0]
    if stock >= instance.largest_loss[action]:
        return instance.mean_reward[action]
    mean = 0.0
    for i in range(instance.outcomes.shape[1]):
        mean += instance.probabilities[action, i] * max(instance.outcomes[action, i], -stock)
    return mean


def survival_bandit(outcomes: Any, probabilities: Any, budget: Any, horizon: Any, ruin: str = "at_zero") -> Problem:
    """K arms whose gains move the only stock there is; at 0 nothing is ever earned again (law RUIN).

    With b the stock, a pull of arm a draws the raw gain R and moves the stock to b' = max(b + R, 0). The counted reward
    is the clipped gain b' - b = max(R, -b), so that its sum is the final stock less the initial one, in every run. The
    raw gain is in ``seen.gain``. At b' = 0 (or below 1e-12 of the initial stock) the run ends. The n-th pull of an arm brings the same gain whatever was pulled
    in between (luck is tied to uses), so all rules meet the same stack of gains of each arm.

    Parameters
    ----------
    outcomes : (K, S), gains (negative: losses), in units of stock. An arm that cannot lose is legal.
    probabilities : (K, S), each row sums to 1; an outcome of probability 0 never comes.
    budget : the stock at the start, one number. Above 0 for "at_zero", since at 0 there would be no first round; a whole
        number >= 0 for "below_zero".
    horizon : rounds, at least 1.
    ruin : "at_zero": ruined when the stock is 0 or would be less. "below_zero": a stock of 0 plays on, ruined at -1 or
        less. On whole stocks this is "at_zero" with one unit more, and that is what is played: `spec.budget`, what rules
        see and what oracles are told is budget + 1, and ruin counts as a stock of -1. Rewards are changes of the stock
        and are the same in either count; so is regret.

    Returns
    -------
    Problem of kind ARM with one resource. ``instance.outcomes``, ``instance.probabilities``, ``instance.mean_reward`` (K,)
    of the raw gain are the hidden truth. `expected` is the mean of the clipped gain at the present stock.

    Raises
    ------
    BadType, BadValue : wrong shapes, probabilities that do not sum to 1; a stock of 0 "at_zero"; a stock or outcomes
        that are not whole "below_zero"; a stock that could reach 1e11 times the smallest outcome.

    Examples
    --------
    >>> problem = survival_bandit([[1, -1], [3, -3]], [[0.6, 0.4], [0.55, 0.45]], budget=2, horizon=100)
    >>> problem.spec.law.name, problem.spec.budget.tolist(), problem.name
    ('RUIN', [2.0], 'survival_bandit(2 arms, stock 2, ruined at 0)')
    >>> survival_bandit([[1, -1]], [[0.6, 0.4]], budget=0, horizon=100, ruin="below_zero").spec.budget.tolist()
    [1.0]

    References
    ----------
    [JarneOrnia2025]_ for the clipped reward; [Perotto2019]_ for "below_zero"
    """
    x = array("outcomes", outcomes, (None, None))
    p = arguments.probabilities("probabilities", probabilities, x.shape)
    horizon = whole("horizon", horizon, 1)
    if np.ndim(budget) == 1 and len(budget) == 1:  # as it stands in a spec
        budget = budget[0]
    stock = number("budget", budget, 0.0)
    possible = x[p > 0.0]
    if choice("ruin", ruin, ("at_zero", "below_zero")) == "below_zero":
        for what, amounts in (("budget", np.array([stock])), ("outcomes", possible)):
            if np.any(amounts != np.floor(amounts)):
                raise BadValue(f"{what}: got {amounts[amounts != np.floor(amounts)][0]:g} with ruin='below_zero'; allowed: whole numbers")
    elif stock == 0.0:
        raise BadValue("budget: got 0, where the run is over before the first round; allowed: a stock above 0, or ruin='below_zero'")
    start = stock + float(ruin == "below_zero")
    moves = np.abs(possible[possible != 0.0])
    if moves.size and start + horizon * float(moves.max()) > _FINEST * float(moves.min()):
        reach = start + horizon * float(moves.max())
        raise BadValue(f"budget, horizon: got stocks up to {reach:g}; allowed: up to {_FINEST:g} times the smallest outcome, {moves.min():g}")
    n = len(x)
    loss = np.maximum(0.0, -np.where(p > 0.0, x, np.inf).min(axis=1))
    instance = Arms(x, p, np.cumsum(p, axis=1), (x * p).sum(axis=1), loss, start)
    spec = Spec(ARM, n, horizon, budget=np.array([start]), law=RUIN, seen=Seen(np.zeros(1)), units=Units("stock", ("stock",)))
    name = f"survival_bandit({n} arm{'s' * (n > 1)}, stock {stock:g}, ruined {'at 0' if ruin == 'at_zero' else 'below 0'})"
    return Problem(spec, instance, step, init, advance=advance, expected=expected, name=name)


def net_losses(problem: Problem, runs: Any) -> np.ndarray:
    """What each arm has lost in each run, (replication, K): minus the sum of its raw gains, negative where it won.

    A run does not keep them and need not: luck is tied to uses, so the number of pulls says which gains they were, and
    the same draws are drawn again. Without clipping their sum is the stock at the start less the stock at the end.

    Parameters
    ----------
    problem : the survival_bandit that was played. runs : what `run` returned for it, with its replications.

    Raises
    ------
    BadValue : runs of another problem, or a summary.

    Examples
    --------
    >>> from budgetsim import fixed_arm, run
    >>> problem = survival_bandit([[1, -1], [0, -1]], [[0.5, 0.5], [0.0, 1.0]], budget=3, horizon=50)
    >>> net_losses(problem, run(problem, fixed_arm(1), replications=2, seed=1)).tolist()
    [[0.0, 3.0], [0.0, 3.0]]
    """
    if not isinstance(problem.instance, Arms) or runs.attrs["problem"] != problem.name:
        raise BadValue(f"runs: got those of {runs.attrs['problem']} with {problem.name}; allowed: the survival_bandit that was played")
    if "replication" not in runs.dims:
        raise BadValue("runs: got a summary; allowed: keep='all'")
    pulls = runs.pulls.isel(checkpoint=-1).transpose("replication", ...).values.astype(np.float64)
    lost = np.zeros(pulls.shape)
    _add_up(np.uint64(runs.attrs["seed"]), runs.replication.values.astype(np.int64), pulls, problem.instance.outcomes, problem.instance.upto, lost)
    return lost


@compiled
def _add_up(seed, replications, pulls, outcomes, upto, lost):
    for i in range(replications.size):
        key = draws.nature_key(seed, replications[i], 0, draws.ROUND)
        for k in range(pulls.shape[1]):
            for n in range(int(pulls[i, k])):
                lost[i, k] -= outcomes[k, draws.categorical(draws.nth_use(key, k, n), 0, upto[k])]


def examples() -> list[Problem]:
    """Coins of +-1; a safe, a dear and a wild arm, one richer; gains on no lattice.

    >>> [p.spec.n_actions for p in examples()]
    [2, 3, 2]
    """
    wild = [[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
    return [
        survival_bandit([[1, -1], [1, -1]], [[0.6, 0.4], [0.45, 0.55]], 6, 200),
        survival_bandit(*wild, 4, 100, "below_zero"),
        survival_bandit([[0.5, 0.0, -(0.5**0.5)], [1.5, 0.1, -1.0]], [[0.5, 0.2, 0.3], [0.4, 0.2, 0.4]], 2.3, 100),
    ]
