"""The game of arms: one king, a challenger at a time, and a budget of pulls that every challenge uses up."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number
from ..draws import log, uniform
from ..model import VECTOR, Policy
from ..shared.streams import decide, stream
from ..theory.streaming import naive_batch, stream_accuracy, stream_batch

NEXT, CHALLENGE, CROWN, SAMPLE = range(4)


class Memory(NamedTuple):
    """A slot of -1 is no arm."""

    stage: np.ndarray
    king: np.ndarray
    estimate: np.ndarray
    budget: np.ndarray  #: pulls that challenges may still use
    spent: np.ndarray  #: pulls of challenges and coronations
    challenger: np.ndarray
    batch: np.ndarray  #: the challenger's next pulls: they double
    sampled: np.ndarray  #: whether the challenger is in the random part of the stream
    fallback: np.ndarray  #: slot of the best arm of that part
    fallback_mean: np.ndarray


class Params(NamedTuple):
    batch: float
    reign: float
    margin: float  #: eps / 5
    step: float  #: gap / 2
    share: float  #: of the stream that is sampled
    sample: float  #: pulls of an arm that is
    limit: float  #: of `spent`


def act(memory, params, view, left, t, key, chosen):
    take = -1.0
    if memory.stage[0] == NEXT and view.waiting[0] > 0.0:
        arrive(memory, params, key)
        take = memory.challenger[0]
    stage, challenger = memory.stage[0], memory.challenger[0]
    if stage == CHALLENGE:
        decide(chosen, take, challenger, memory.batch[0], left)
    elif stage == CROWN:
        decide(chosen, take, challenger, params.reign, left)
    elif stage == SAMPLE:
        decide(chosen, take, challenger, params.sample, left)
    elif take >= 0.0:
        decide(chosen, take, challenger, 0.0, left)  # let go by
    else:
        decide(chosen, -1.0, memory.king[0] if memory.spent[0] <= params.limit or memory.fallback[0] < 0.0 else memory.fallback[0], left[0], left)


def arrive(memory, params, key):
    """The next arm is taken into a slot that holds neither the king nor the fallback."""
    free = 0.0
    while free == memory.king[0] or free == memory.fallback[0]:
        free += 1.0
    memory.challenger[0] = free
    memory.sampled[0] = 1.0 if params.share > 0.0 and (memory.king[0] < 0.0 or uniform(key, 0) < params.share) else 0.0
    memory.batch[0] = params.batch
    if memory.king[0] < 0.0:
        memory.stage[0] = CROWN
    elif memory.spent[0] <= params.limit:
        memory.budget[0] += params.batch
        memory.stage[0] = CHALLENGE
    elif memory.sampled[0] == 1.0:
        memory.stage[0] = SAMPLE


def update(memory, params, view, action, outcome, t):
    if not outcome.cost[0] > 0.0:
        return
    n, mean, stage = outcome.cost[0], outcome.reward / outcome.cost[0], memory.stage[0]
    after = SAMPLE if memory.sampled[0] == 1.0 else NEXT
    if stage == CHALLENGE:
        memory.spent[0] += n
        memory.budget[0] -= n
        memory.batch[0] *= 2.0
        if mean <= memory.estimate[0] - params.margin:
            memory.stage[0] = after
        elif memory.budget[0] < memory.batch[0]:
            memory.stage[0] = CROWN
    elif stage == CROWN:
        memory.spent[0] += n
        memory.estimate[0] = mean if memory.king[0] < 0.0 else min(max(mean, memory.estimate[0] + params.step), 1.0)
        memory.king[0] = memory.challenger[0]
        memory.budget[0] = params.reign
        memory.stage[0] = after
    elif stage == SAMPLE:
        if memory.fallback[0] < 0.0 or mean > memory.fallback_mean[0]:
            memory.fallback[0] = memory.challenger[0]
            memory.fallback_mean[0] = mean
        memory.stage[0] = NEXT


def game_of_arms(gap: float = 0.0, fraction: float = 1.5, cap: float = 10.0) -> Policy:
    """A king and one challenger at a time; who outlasts the king's budget of pulls takes the crown.

    With s = 1/eps^2, eps = (K/T)^(1/3): at its coronation a king is pulled 1.2 s times, which is its budget; each arrival adds s. The
    challenger is pulled s, 2 s, 4 s, ... times, paid from the budget; it loses as soon as the mean of such a batch is at most the king's estimate - eps/5,
    and is crowned when the budget cannot pay for the next batch. A new king's estimate is max(mean at the coronation, the old estimate + gap/2), at most 1.
    Safety: each arm is also put into a random part of the stream, with probability fraction / log K, whose arms are pulled log(K) s times each; if the
    challenges and coronations took more than cap K s pulls there are no more of them, and in the end the best mean of that part gets
    what is left, instead of the king. Pulls are rounded up. Memory: king, challenger and the best of the random part; without it 2 arms.

    Parameters
    ----------
    gap
        What the best mean is above the second best, >= 0, reward per pull; 0: a new king's estimate never falls, and nothing is told.
    fraction
        Of the random part, >= 0, times 1 / log K; 0: no random part, and the king gets all that is left. It costs about fraction s pulls for each arm.
    cap
        In batches of s pulls for each arm, >= 0.

    Returns
    -------
    Policy
        For `arm_stream`; it declines a smaller memory.

    Raises
    ------
    BadType, BadValue
        If an argument is not a number >= 0.

    Departures from the paper
    -------------------------
    Constants are those of the author's code, which is told the true gap. There the first king is not pulled and its estimate is eps/2; here it is crowned
    like any other. **The safety never acts at cap = 10**: challenges are paid from budgets that sum to at most 2.2 K s, coronations take 1.2 K s, so at most
    3.4 K s (with rounding, less than 10 K s) are ever spent. The random part is then a pure cost of about fraction K s pulls.

    Examples
    --------
    >>> game_of_arms().name
    'game_of_arms(gap=0, fraction=1.5, cap=10; told the number of arms and of pulls)'
    >>> game_of_arms(gap=0.02, fraction=0.0).name
    'game_of_arms(gap=0.02, fraction=0, cap=10; told the number of arms and of pulls, and the gap)'

    References
    ----------
    [Wang2023]_; constants from the author's code.
    """
    gap, fraction, cap = number("gap", gap, 0.0), number("fraction", fraction, 0.0), number("cap", cap, 0.0)

    def init(spec):
        arms, pulls = stream("game_of_arms", spec, 3 if fraction > 0.0 else 2)
        batch = float(stream_batch(arms, pulls))
        share = fraction / max(log(arms), 1e-9)
        params = Params(
            batch, float(math.ceil(1.2 * batch)), stream_accuracy(arms, pulls) / 5.0, gap / 2.0, share, float(naive_batch(arms, pulls)), cap * arms * batch
        )
        none, zero = np.full(1, -1.0), np.zeros(1)
        return Memory(zero, none, zero, zero, zero, none, zero, zero, none, zero), params

    told = "told the number of arms and of pulls" + ", and the gap" * (gap > 0.0)
    return Policy(VECTOR, init, act, update, name=f"game_of_arms(gap={gap:g}, fraction={fraction:g}, cap={cap:g}; {told})")
