"""LagrangeBwK for semi-bandits: the m arms of greatest optimistic reward less priced cost; prices by exponential weights."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..confidence import spending_rate
from ..draws import exp, log
from ..model import VECTOR, Policy


class Memory(NamedTuple):
    pulls: np.ndarray
    reward: np.ndarray  #: sum
    cost: np.ndarray  #: sum (K, d)
    upper: np.ndarray  #: bound on the mean reward
    lower: np.ndarray  #: bound on the mean costs (d, K)
    overspent: np.ndarray  #: (d,) sum of cost T / B - 1: what Hedge has earned with each resource, with time 0
    price: np.ndarray  #: (d,) reward per unit of cost
    worth: np.ndarray  #: optimistic reward less priced cost
    arm: np.ndarray  #: (m,) the arms chosen, the worst first; -1 for none
    gain: np.ndarray  #: (m,) what they are worth


class Params(NamedTuple):
    level: float  #: A
    eta: float
    pressure: np.ndarray  #: T / B (d,), 0 where there is no cap
    scale: float  #: m: the greatest reward of a round


def act(memory, params, view, left, t, key, chosen):
    worth, arm, gain = memory.worth, memory.arm, memory.gain
    m = arm.size
    for k in range(worth.size):
        worth[k] = memory.upper[k]
        chosen[k] = 0.0
    for j in range(memory.price.size):
        price = memory.price[j]
        for k in range(worth.size):
            worth[k] -= price * memory.lower[j, k]
    bar = math.inf  # what m arms are worth at least, those of the last round: nobody below is among the m best
    for i in range(m):
        bar = min(bar, worth[int(arm[i])] if arm[i] >= 0.0 else 0.0)
        gain[i] = 0.0
    for i in range(m):
        arm[i] = -1.0
    for k in range(worth.size):
        if worth[k] >= bar and worth[k] > gain[0]:
            i = 1
            while i < m and worth[k] > gain[i]:
                gain[i - 1], arm[i - 1] = gain[i], arm[i]
                i += 1
            gain[i - 1], arm[i - 1] = worth[k], float(k)
    for i in range(m):
        if arm[i] >= 0.0:
            chosen[int(arm[i])] = 1.0


def update(memory, params, view, action, outcome, t):
    d = memory.price.size
    for i in range(memory.arm.size):
        k = int(memory.arm[i])
        if k >= 0:
            memory.pulls[k] += 1.0
            each = 1.0 / memory.pulls[k]
            wide = params.level * each
            memory.reward[k] += outcome.seen.reward[k]
            mean = memory.reward[k] * each
            memory.upper[k] = min(mean + math.sqrt(wide * mean) + wide, 1.0)
            for j in range(d):
                memory.cost[k, j] += outcome.seen.cost[k, j]
                mean = memory.cost[k, j] * each
                memory.lower[j, k] = max(mean - math.sqrt(wide * mean) - wide, 0.0)
    highest = 0.0
    for j in range(d):
        if params.pressure[j] > 0.0:
            memory.overspent[j] += outcome.cost[j] * params.pressure[j] - 1.0
            highest = max(highest, memory.overspent[j])
    total = exp(-params.eta * highest)  # of time, which is never overspent
    for j in range(d):
        if params.pressure[j] > 0.0:
            memory.price[j] = exp(params.eta * (memory.overspent[j] - highest))
            total += memory.price[j]
    for j in range(d):
        memory.price[j] *= params.scale * params.pressure[j] / total


def semi_bandit_bwk(confidence: float = 0.25, rate: float = 1.0) -> Policy:
    """The Lagrangian game for semi-bandits: optimism chooses the arms, Hedge over the resources sets their prices.

    In each round the m arms of greatest positive ``U_k - sum_j v_j L_kj`` are pulled. U and L are bounds on the mean
    rewards and costs, mean +- r within [0, 1], ``r = sqrt(A mean / n) + A / n`` after n pulls, ``A = confidence
    log(K T (d + 1))``; an arm never pulled has U = 1, L = 0. Prices are ``v_j = m (T / B_j) w_j``, where w is Hedge's
    distribution over the resources and time: ``w_j`` is proportional to ``exp(eta G_j)``, G_j the sum over the rounds of
    ``C_j T / B_j - 1`` (of time 0), C the cost of the round, and ``eta = rate sqrt(8 log(d + 1) / T) / R``, with
    ``R = max(1, m max_j T / B_j)`` the range of a summand.

    Parameters
    ----------
    confidence
        Multiplies the logarithm in A, >= 0; 0.25 as in `primal_dual`.
    rate
        Multiplies the learning rate of the prices, > 0.

    Returns
    -------
    Policy
        For problems whose action is a mask of at most m arms, with `public.most`, that show `seen.reward` (K,) and
        `seen.cost` (K, d).

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on any other problem, or one without a finite budget, or with one that is 0.

    Departures from the paper
    -------------------------
    A reconstruction from one line of [Immorlica2019]_'s results (regret ``O~(T/B) sqrt(m T)``): the semi-bandit learner
    is optimism on every arm, instead of an adversarial one; the Lagrangian is scaled by m, the greatest reward of a round.

    Examples
    --------
    >>> semi_bandit_bwk().name
    'semi_bandit_bwk(confidence=0.25, rate=1; told the horizon and budget)'

    References
    ----------
    [Immorlica2019]_ ; [Sankararaman2018]_ for the problem.
    """
    confidence, rate = number("confidence", confidence, 0.0), number("rate", rate, 1e-9)

    def init(spec):
        most, shown = getattr(spec.public, "most", None), spec.seen
        n, d = spec.n_actions, spec.budget.size
        if spec.kind != VECTOR or most is None or getattr(shown, "reward", np.zeros(0)).shape != (n,) or getattr(shown, "cost", np.zeros(0)).shape != (n, d):
            raise BadValue("semi_bandit_bwk: got another problem; allowed: a mask of at most public.most arms that show seen.reward (K,) and seen.cost (K, d)")
        if not np.isfinite(spec.budget).any() or (spec.budget <= 0.0).any():
            raise BadValue(f"semi_bandit_bwk: got budget {spec.budget.tolist()}; allowed: at least one that is finite, and none that is 0")
        pressure = 1.0 / spending_rate("semi_bandit_bwk", spec)
        horizon, most = spec.horizon, int(most)
        eta = rate * math.sqrt(8.0 * log(d + 1.0) / horizon) / max(1.0, most * float(pressure.max()))
        params = Params(confidence * log(n * horizon * (d + 1.0)), eta, pressure, float(most))
        zeros = np.zeros
        start = most * pressure / (1.0 + np.count_nonzero(pressure))
        return Memory(zeros(n), zeros(n), zeros((n, d)), np.ones(n), zeros((d, n)), zeros(d), start, zeros(n), np.full(most, -1.0), zeros(most)), params

    return Policy(VECTOR, init, act, update, name=f"semi_bandit_bwk(confidence={confidence:g}, rate={rate:g}; told the horizon and budget)")
