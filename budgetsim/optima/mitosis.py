"""Mitosis: the best integer allocation for unlike volunteers, of whom an oracle says what an allocation earns."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, number, whole
from ..model import TOLERANCE, Optimum
from .occupancy_lp import checked, one_number, rounded, within
from .volunteer_optimum import Relaxed, box_search

Oracle = Callable[[np.ndarray, int], tuple[float, float]]


class Tree(NamedTuple):
    """`allocation` (K,); boxes opened, allocations evaluated, calls of the oracle."""

    allocation: np.ndarray
    nodes: int
    evaluations: int
    calls: int


def mitosis(
    context_probability: Any,
    acceptance: Any,
    reactivation: Any,
    budget: Any,
    oracle: Oracle,
    reward: Any = None,
    *,
    samples: int = 100,
    level: float = 0.99,
    gap: float = 0.0,
    limit: int = 2_000,
) -> Optimum:
    """The integer allocation B_k with sum_k f_k B_k <= B that earns most under a rule, by branch and bound on an oracle.

    Best-first search over boxes low <= B_k <= high. The bound of a box is its `occupancy_lp`, verified; the allocation of that
    program, rounded, is shown to the oracle; the box with the largest bound is split at the middle of its widest side (widths
    weighed by f_k); a box is dropped when its bound is at most the best value found. With a noisy oracle "value" is an
    interval: a box is dropped when its bound is at most the lower confidence limit of the best allocation, and a single
    allocation with the largest upper limit is sampled again. Call j of the oracle has error chance
    (1 - level) 6 / (pi j)^2, normal limits, so that all intervals hold together with confidence `level`.

    Parameters
    ----------
    context_probability : (K,) f_k, sums to 1.
    acceptance : (N, K) p_ik in [0, 1].
    reactivation : (N,) q_i in [0, 1], or one number for all.
    budget : B >= 0, average notifications in a round.
    oracle : oracle(allocation (K,), samples) -> (mean, standard error) of the average reward in a round, from fresh
        independent samples at each call; an exact oracle says 0 for the error and is asked once an allocation. It speaks of a
        rule that notifies at most B_k in each round of context k; the bound holds for no other.
    reward : (K,) w_k >= 0, reward of an acceptance; None stands for 1.
    samples : of each call.
    level : confidence of lower <= optimum <= upper where the oracle is noisy.
    gap : the search ends once upper - lower <= gap, reward in a round.
    limit : boxes to open and allocations to sample again at most.

    Returns
    -------
    Optimum; kind "certified" if every error was 0, "statistical" with its level otherwise; `plan` = Tree(allocation, nodes,
    evaluations, calls). A search that `limit` cut short has upper - lower > gap.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; an oracle that answers with a negative or no number.

    Departures from the paper
    -------------------------
    A reconstruction: the tree follows the authors' development code; the confidence version is ours.

    Examples
    --------
    >>> from budgetsim.theory.volunteer_chain import volunteer_chain, volunteer_reward
    >>> chain = volunteer_chain([0.5, 0.5], [0.9, 0.2], 0.3, 6)
    >>> exact = lambda allocation, samples: (float(volunteer_reward(chain, allocation)), 0.0)
    >>> best = mitosis([0.5, 0.5], [[0.9, 0.2]] * 6, 0.3, 2, exact)
    >>> best.kind, best.plan.allocation.tolist(), round(best.value, 6)
    ('certified', [4, 0], 1.046572)

    References
    ----------
    [Tang2025]_
    """
    crowd = checked(context_probability, acceptance, reactivation, reward)
    purse, gap = one_number("budget", budget), number("gap", gap, 0.0)
    samples, limit = whole("samples", samples, 1), whole("limit", limit, 1)
    level = number("level", level, 0.0, 1.0 - 1e-12)
    if not callable(oracle):
        raise BadType(f"oracle: got {type(oracle).__name__}; allowed: a function of an allocation (K,) and a number of samples")
    n = len(crowd.p)
    purse = min(purse, float(n))
    high = np.array([min(n, math.floor(purse * (1.0 + TOLERANCE) / f)) if f > 0.0 else 0 for f in crowd.f], dtype=int)
    told: dict[bytes, list[tuple[float, float]]] = {}
    calls = 0

    def evaluate(b: np.ndarray) -> tuple[float, float]:
        nonlocal calls
        calls += 1
        answer = oracle(b, samples)
        mean, error = number("oracle's mean", answer[0]), number("oracle's standard error", answer[1], 0.0)
        told.setdefault(b.tobytes(), []).append((mean, error))
        mean, error = _pooled(told[b.tobytes()])
        reach = NormalDist().inv_cdf(1.0 - (1.0 - level) * 3.0 / (math.pi * calls) ** 2) * error if error else 0.0
        return mean - reach, mean + reach

    def relax(low: np.ndarray, high: np.ndarray, enough: float) -> Relaxed:
        if crowd.f @ low > purse * (1.0 + TOLERANCE):
            return Relaxed(-math.inf, low, high, [])
        box = within(crowd, purse, low, high, 0.0)
        return Relaxed(box.upper, low, high, [rounded(crowd.f, box.plan.allocation, purse, low, high).astype(int)])

    slack = 1e-11 * float(crowd.q.sum() * crowd.w.max())
    found = box_search(np.zeros(crowd.f.size, int), high, relax, evaluate, crowd.f, gap + slack, limit)
    exact = all(error == 0.0 for answers in told.values() for _, error in answers)
    value = _pooled(told[found.allocation.tobytes()])[0]
    return Optimum(
        "mitosis", "certified" if exact else "statistical", value, found.lower, max(found.upper, value) + slack,
        Tree(found.allocation, found.nodes, len(told), calls), None, "best integer allocation under the oracle's rule, average reward in a round",
        0.0 if exact else level,
    )  # fmt: skip


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    from ..theory.volunteer_chain import volunteer_chain, volunteer_reward

    chain = volunteer_chain([0.5, 0.5], [0.9, 0.2], 0.3, 4)

    def exact(allocation: np.ndarray, samples: int) -> tuple[float, float]:
        return float(volunteer_reward(chain, allocation)), 0.0

    return [{"context_probability": [0.5, 0.5], "acceptance": [[0.9, 0.2]] * 4, "reactivation": 0.3, "budget": 1.5, "oracle": exact}]


def _pooled(answers: list[tuple[float, float]]) -> tuple[float, float]:
    means, errors = zip(*answers, strict=True)
    return math.fsum(means) / len(means), math.sqrt(math.fsum(e * e for e in errors)) / len(errors)
