"""The best organisation among all small ones: every acyclic graph of majority votes, shared ancestors included."""

import itertools
import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, number, whole
from ..model import Optimum
from ..theory.majority_tree import leaf_bias

_CELLS = 4_000_000  # of a table at a time


class Plan(NamedTuple):
    """The best organisation, and the best of narrower classes.

    `reads`: for each reader, in order, the numbers of those it reads; 0 .. leaves - 1 are leaves, the last reader is the root; empty for one agent.
    `leaves`, `edges`, `leaf_compute` (tokens); `shares`: whether anybody is read twice. `complete`: the best bias of one agent and complete trees of one fan-in;
    `tree`: of trees of any shape; `single`; `tried`: organisations, up to renaming.
    """

    reads: tuple[tuple[int, ...], ...]
    leaves: int
    edges: int
    leaf_compute: float
    shares: bool
    complete: float
    tree: float
    single: float
    tried: int


class _Family(NamedTuple):
    """All organisations with so many leaves and readers: masks (D, readers) of who reads whom, edges (D,), whether trees, whether complete ones."""

    leaves: int
    masks: np.ndarray
    edges: np.ndarray
    tree: np.ndarray
    complete: np.ndarray


def small_organisation_search(
    budget: float, window: float, leaf_scale: float, beta: float, message_length: float, fidelity: float, correlation: float = 0.0, *, agents: int = 7
) -> Optimum:
    """The greatest root bias over all acyclic graphs of at most so many agents, each but the leaves an odd majority of three or more others.

    All leaves get the same compute, x = (B - 2 m edges) / leaves, and the same bias min(1, kappa x^beta). A message has its own channel: whoever is read
    by two is heard twice, with fresh noise. With probability rho a node takes one of its received bits, drawn uniformly, for all of them; on a
    complete tree that is the law of `organisation_search`, with shared ancestors it matters which one (the simulator's is the first). Everybody must be heard by the root, directly or not. The bias is exact: the joint law of all votes,
    summed over its 2^agents states, so nothing is assumed about shared ancestors.

    Parameters
    ----------
    budget : B, tokens, at least 1. window : W, tokens, at least three messages. leaf_scale, beta : of the leaves' bias, > 0.
    message_length : m > 0, tokens. fidelity : gamma in (0, 1]. correlation : rho in [0, 1).
    agents : at most, 1 to 8. Up to 7 there are 143 organisations, up to 8 there are 4,333, which take some seconds the first time.

    Returns
    -------
    Optimum in units of root bias, with a `Plan`. Of equals one agent, then the fewest leaves and readers.

    Raises
    ------
    BadType, BadValue : numbers out of range, a window below three messages.

    Examples
    --------
    Wide windows: a star. Windows of three messages: a tree, though not a complete one. Where s < beta, so that no tree is worth it, three leaves that are read by three readers
    beat one agent all the same: each reader's shared failure is its own.

    >>> for window, beta, rho in ((1_000, 0.2, 0.0), (30, 0.2, 0.0), (30, 0.3, 0.3)):
    ...     best = small_organisation_search(10_000, window, 0.02 / 10_000**beta, beta, 10, 1.0, rho)
    ...     print(best.plan.reads, round(best.value / best.plan.single, 4))
    ((0, 1, 2, 3, 4),) 1.356
    ((0, 1, 2), (3, 4, 5)) 1.2652
    ((0, 1, 2), (0, 1, 2), (0, 1, 2), (3, 4, 5)) 1.0178

    References
    ----------
    [Liu2026]_ for the model; the class is ours.
    """
    money = number("budget", budget)
    if money < 1.0:
        raise BadValue(f"budget: got {money:g}, below one leaf; allowed: at least 1 token")
    kappa, power = number("leaf_scale", leaf_scale, 1e-300), number("beta", beta, 1e-9)
    m, g = number("message_length", message_length, 1e-9), number("fidelity", fidelity, 1e-300, 1.0)
    rho, most = number("correlation", correlation, 0.0, math.nextafter(1.0, 0.0)), whole("agents", agents, 1, 8)
    room = number("window", window, 0.0)
    if room < 3.0 * m:
        raise BadValue(f"window: got {room:g} tokens; allowed: at least three messages of {m:g} tokens, {3 * m:g}")
    widest = min(int(room / m), 7)
    single = float(leaf_bias(money, power, kappa))
    best, plan, complete, tree, tried = single, Plan((), 1, 0, money, False, single, single, single, 1), single, single, 1
    for family, law in _laws(most, widest - (widest + 1) % 2, g, rho):
        x = (money - 2.0 * m * family.edges) / family.leaves
        bias = np.where(x > 0.0, _root(law, leaf_bias(np.maximum(x, 0.0), power, kappa)), 0.0)
        tried += len(bias)
        complete = max(complete, float(bias[family.complete].max(initial=0.0)))
        tree = max(tree, float(bias[family.tree].max(initial=0.0)))
        k = int(np.argmax(bias))
        if bias[k] > best * (1.0 + 1e-12):  # of equals the first, whatever the rounding
            best = float(bias[k])
            plan = plan._replace(
                reads=_reads(family.masks[k]), leaves=family.leaves, edges=int(family.edges[k]), leaf_compute=float(x[k]), shares=not family.tree[k]
            )
    plan = plan._replace(complete=complete, tree=tree, tried=tried)
    of = f"root bias, acyclic graphs of majority votes, at most {most} agents"
    return Optimum("small_organisation_search", "certified", best, best * (1.0 - 1e-12), best * (1.0 + 1e-12), plan, None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    market = {"budget": 10_000.0, "window": 30.0, "leaf_scale": 0.0032, "beta": 0.2, "message_length": 10.0, "fidelity": 0.9, "agents": 5}
    return [{**market, "budget": 20.0}, market, {**market, "correlation": 0.2}]


def exact_bias(reads: Any, leaves: int, start_bias: float, fidelity: float, correlation: float = 0.0, correlated: str = "received") -> float:
    """The exact root bias of an organisation given as in `Plan.reads`, at most 22 agents, from the joint law of all votes.

    correlated="sent": the shared bit comes before the channels, which then differ.

    >>> round(exact_bias([(0, 1, 2)], 3, 0.5, 1.0), 6), round(exact_bias([(0, 1, 2), (0, 1, 2), (0, 1, 2), (3, 4, 5)], 3, 0.5, 0.7), 6)
    (0.6875, 0.474663)
    """
    masks = np.array([[sum(1 << i for i in inputs) for inputs in reads]], dtype=np.int64)
    law = _law(leaves, masks, fidelity, correlation, correlated == "sent")
    return float(_root(law, np.array([start_bias]))[0])


# ------------------------------------------------------------------------------------------------ all graphs
@lru_cache(maxsize=8)
def _families(agents: int, widest: int) -> tuple[_Family, ...]:
    """Up to renaming of leaves and of readers."""
    found = []
    for total in range(4, agents + 1):
        for readers in range(1, total - 2):
            leaves = total - readers
            masks = np.array(sorted(_graphs(leaves, readers, widest)), dtype=np.int64).reshape(-1, readers)
            if not len(masks):
                continue
            size = np.bitwise_count(masks).astype(np.int64)
            edges = size.sum(axis=1)
            tree = edges == total - 1  # everybody but the root is read at least once
            complete = tree & (size == size[:, :1]).all(axis=1) & (size[:, 0] ** _depth(leaves, size[:, 0]) == leaves)
            found.append(_Family(leaves, masks, edges, tree, complete))
    return tuple(found)


def _depth(leaves: int, fan_in: np.ndarray) -> np.ndarray:
    return np.round(math.log(leaves) / np.log(fan_in)).astype(np.int64)


def _graphs(leaves: int, readers: int, widest: int) -> set[tuple[int, ...]]:
    choices = []
    for j in range(readers):
        before = range(leaves + j)
        sizes = range(3, min(widest, leaves + j) + 1, 2)
        choices.append([sum(1 << i for i in inputs) for size in sizes for inputs in itertools.combinations(before, size)])
    everybody = (1 << (leaves + readers - 1)) - 1
    kept: set[tuple[int, ...]] = set()
    seen: set[tuple[int, ...]] = set()
    renamings = [a + b for a in itertools.permutations(range(leaves)) for b in itertools.permutations(range(leaves, leaves + readers))]
    for masks in itertools.product(*choices):
        heard = 0
        for mask in masks:
            heard |= mask
        if heard != everybody or masks in seen:
            continue
        kept.add(masks)
        for to in renamings:  # the whole class of equals, in so far as it is in topological order
            other = [0] * readers
            for j, mask in enumerate(masks):
                other[to[leaves + j] - leaves] = sum(1 << to[i] for i in range(leaves + readers) if mask >> i & 1)
            if all(mask < 1 << (leaves + j) for j, mask in enumerate(other)):
                seen.add(tuple(other))
    return kept


def _reads(masks: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(i for i in range(int(mask).bit_length()) if int(mask) >> i & 1) for mask in masks)


# ------------------------------------------------------------------------------------------------ the exact law
@lru_cache(maxsize=64)
def _laws(agents: int, widest: int, g: float, rho: float) -> list[tuple[_Family, np.ndarray]]:
    return [(family, _law(family.leaves, family.masks, g, rho)) for family in _families(agents, widest)]


def _law(leaves: int, masks: np.ndarray, g: float, rho: float, sent: bool = False) -> np.ndarray:
    """(D, leaves + 1): the chance that the root is right, summed over the placings of so many right leaves."""
    readers = masks.shape[1]
    sizes = np.bitwise_count(masks).astype(np.int64)
    says = np.zeros((int(sizes.max()) + 1, int(sizes.max()) + 1))
    for b in range(1, int(sizes.max()) + 1, 2):
        for right in range(b + 1):
            says[b, right] = _says(b, right, g, rho, sent)
    states = np.arange(1 << (leaves + readers), dtype=np.int64)
    states = states[states >> (leaves + readers - 1) & 1 == 1]  # the root is right
    right_leaves = np.bitwise_count(states & ((1 << leaves) - 1)).astype(np.int64)
    law = np.zeros((len(masks), leaves + 1))
    step = max(1, _CELLS // len(states))
    for first in range(0, len(masks), step):
        part = slice(first, first + step)
        chance = np.ones((len(masks[part]), len(states)))
        for j in range(readers):
            right = says[sizes[part, j, None], np.bitwise_count(states[None] & masks[part, j, None])]
            chance *= np.where(states >> (leaves + j) & 1 == 1, right, 1.0 - right)
        for k in range(leaves + 1):
            law[part, k] = chance[:, right_leaves == k].sum(axis=1)
    return law


def _says(b: int, right: int, g: float, rho: float, sent: bool) -> float:
    """The chance that a reader is right, so many of its b inputs being right."""
    vote = _majority(right, b, g)
    one = right / b
    if sent:
        return (1.0 - rho) * vote + rho * (one * _majority(b, b, g) + (1.0 - one) * _majority(0, b, g))
    return (1.0 - rho) * vote + rho * (1.0 + g * (2.0 * one - 1.0)) / 2.0


def _majority(right: int, b: int, g: float) -> float:
    """P(more than half of the b received are right), so many right ones being sent."""
    law = np.ones(1)
    for i in range(b):
        p = (1.0 + g) / 2.0 if i < right else (1.0 - g) / 2.0
        law = np.convolve(law, [1.0 - p, p])
    return float(law[b // 2 + 1 :].sum())


def _root(law: np.ndarray, mu: np.ndarray) -> np.ndarray:
    leaves = law.shape[1] - 1
    p, k = (1.0 + mu[:, None]) / 2.0, np.arange(leaves + 1)
    return 2.0 * (law * p**k * (1.0 - p) ** (leaves - k)).sum(axis=1) - 1.0
