"""Homogeneous volunteers who are notified by an integer allocation: the number of active ones is a Markov chain with N + 1 states."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number, probabilities, whole

_CHUNK = 4 * 10**6  #: numbers in the transition matrices that are held at once


class Chain(NamedTuple):
    """N alike volunteers; `moves[k, m]` (N+1, N+1) is the transition matrix in context k with m notifications, made when first asked for."""

    context_probability: np.ndarray
    acceptance: np.ndarray
    reactivation: float
    volunteers: int
    moves: dict[tuple[int, int], np.ndarray]


def volunteer_chain(context_probability: Any, acceptance: Any, reactivation: float, volunteers: int) -> Chain:
    """N alike volunteers, of whom n are active: in context k, min(B_k, n) are notified.

    With f_k the chance of context k, the next number of active volunteers is

        n' = n - Bin(min(B_k, n), p_k) + Bin(N - n, q),

    the two binomials being independent. One notification more mixes a row of the matrix with its own shift by one,
    M_{m+1}[n, n'] = (1 - p_k) M_m[n, n'] + p_k M_m[n, n' + 1] for n > m, so matrices of all allocations share their work and
    nothing is ever subtracted.

    Parameters
    ----------
    context_probability : (K,), sums to 1.
    acceptance : (K,) in [0, 1], chance that a notified active volunteer accepts.
    reactivation : in [0, 1], chance that an inactive volunteer becomes active in a round.
    volunteers : N >= 1.

    Returns
    -------
    Chain, for `volunteer_reward` and `volunteer_law`.

    Examples
    --------
    >>> chain = volunteer_chain([0.5, 0.5], [0.999, 0.0], 0.2, 25)
    >>> volunteer_reward(chain, [[8, 2], [9, 1], [10, 0]]).round(4).tolist()
    [3.2214, 3.3231, 3.3925]
    """
    f = probabilities("context_probability", context_probability, (None,))
    p = array("acceptance", acceptance, f.shape, 0.0, 1.0)
    q, n = number("reactivation", reactivation, 0.0, 1.0), whole("volunteers", volunteers, 1)
    still = np.zeros((n + 1, n + 1))
    for active, arrivals in enumerate(binomial_law(n, q)[::-1]):
        still[active, active:] = arrivals[: n + 1 - active]
    return Chain(f, p, q, n, {(k, 0): still for k in range(f.size)})


def binomial_law(n: int, p: float) -> np.ndarray:
    """The laws (n + 1, n + 1) of Bin(m, p), m = 0..n by rows, to a few n roundings however small.

    >>> binomial_law(2, 0.25).tolist()
    [[1.0, 0.0, 0.0], [0.75, 0.25, 0.0], [0.5625, 0.375, 0.0625]]
    """
    law = np.zeros((n + 1, n + 1))
    law[0, 0] = 1.0
    for m in range(n):
        law[m + 1] = (1.0 - p) * law[m]
        law[m + 1, 1:] += p * law[m, :-1]
    return law


def _move(chain: Chain, k: int, notified: int) -> np.ndarray:
    """The matrix of context k; n < notified rows are those of fewer notifications."""
    if (k, notified) not in chain.moves:
        at = max(m for j, m in chain.moves if j == k and m < notified)
        matrix, p = chain.moves[k, at].copy(), chain.acceptance[k]
        for m in range(at + 1, notified + 1):
            leaves = p * matrix[m:, 1:]
            matrix[m:] *= 1.0 - p
            matrix[m:, :-1] += leaves
        chain.moves[k, notified] = matrix
    return chain.moves[k, notified]


def volunteer_transition(chain: Chain, allocation: Any) -> np.ndarray:
    """The transition matrix (..., N+1, N+1) under allocations (..., K)."""
    allocation = np.minimum(np.asarray(allocation), chain.volunteers)
    out = np.zeros(allocation.shape[:-1] + (chain.volunteers + 1,) * 2)
    for k, f in enumerate(chain.context_probability):
        if f > 0.0:
            column = allocation[..., k]
            for m in np.unique(column):
                out[column == m] += f * _move(chain, k, int(m) if chain.acceptance[k] > 0.0 else 0)
    return out


def stationary_law(transition: Any) -> np.ndarray:
    """The stationary law (..., n) of chains (..., n, n) whose last state is recurrent, without a subtraction.

    States are eliminated from the last on (Grassmann, Taksar and Heyman), so every entry is right to a few n roundings,
    however small. States below one that never moves down again get 0.

    >>> stationary_law([[0.5, 0.5], [0.1, 0.9]]).round(12).tolist()
    [0.166666666667, 0.833333333333]
    """
    p = np.array(transition, dtype=np.float64)
    n = p.shape[-1]
    down = np.empty(p.shape[:-1])
    for i in range(n - 1, 0, -1):
        down[..., i] = p[..., i, :i].sum(axis=-1)
        share = p[..., :i, i] / np.where(down[..., i] > 0.0, down[..., i], 1.0)[..., None]
        p[..., :i, i] = share
        p[..., :i, :i] += share[..., :, None] * p[..., i, None, :i]
    law = np.zeros(p.shape[:-1])
    law[..., 0] = 1.0
    for i in range(1, n):
        law[..., i] = np.einsum("...i,...i->...", law[..., :i], p[..., :i, i])
        floor = down[..., i] == 0.0
        law[floor, :i], law[floor, i] = 0.0, 1.0
        law[..., : i + 1] /= law[..., : i + 1].sum(axis=-1, keepdims=True)
    return law


def volunteer_law(chain: Chain, allocation: Any) -> np.ndarray:
    """The stationary law (..., N+1) of the number of active volunteers; all of them where nobody ever leaves or returns.

    At q = 0 the last acceptance is followed by silence, and which silent state is reached is not asked.
    """
    allocation = _allocation(chain, allocation)
    busy = chain.context_probability * chain.acceptance > 0.0
    at_work = (allocation[..., busy] > 0).any(axis=-1) & (chain.reactivation > 0.0)
    law = np.zeros(allocation.shape[:-1] + (chain.volunteers + 1,))
    law[~at_work, chain.volunteers] = 1.0
    wanted, size = allocation[at_work], max(1, _CHUNK // (chain.volunteers + 1) ** 2)
    found = [stationary_law(volunteer_transition(chain, wanted[i : i + size])) for i in range(0, len(wanted), size)]
    if found:
        law[at_work] = np.concatenate(found)
    return law


def volunteer_reward(chain: Chain, allocation: Any, reward: Any = None) -> np.ndarray:
    """The exact average reward in a round, sum_k f_k p_k w_k E min(n, B_k), under each allocation (..., K).

    Parameters
    ----------
    chain : from `volunteer_chain`.
    allocation : (..., K) whole numbers >= 0, notifications in each context.
    reward : (K,) w_k, reward of an acceptance; None stands for 1.

    Returns
    -------
    (...), reward. With w = 1 it equals q (N - E n): who accepts must come back first.
    """
    allocation = _allocation(chain, allocation)
    w = np.ones(chain.acceptance.shape) if reward is None else array("reward", reward, chain.acceptance.shape)
    if chain.reactivation == 0.0:
        return np.zeros(allocation.shape[:-1])
    law = volunteer_law(chain, allocation)
    notified = np.minimum(np.arange(chain.volunteers + 1), allocation[..., None])  # (..., K, N+1)
    return np.einsum("k,...n,...kn->...", chain.context_probability * chain.acceptance * w, law, notified)


def _allocation(chain: Chain, allocation: Any) -> np.ndarray:
    out = np.asarray(allocation)
    if out.shape[-1:] != chain.acceptance.shape:
        raise BadValue(f"allocation: got shape {out.shape}; allowed: shape (..., {chain.acceptance.size})")
    whole_numbers = np.clip(np.where(np.isfinite(out), out, -1), -1, 2**31).astype(np.int64)
    if np.any(whole_numbers != np.minimum(out, 2**31)) or np.any(whole_numbers < 0):
        raise BadValue("allocation: allowed: whole numbers >= 0")
    return whole_numbers
