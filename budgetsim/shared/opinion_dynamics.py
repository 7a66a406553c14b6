"""Noisy majority dynamics of two opinions on a graph, 64 replications in the 64 bits of a word.

One update picks a node uniformly at random and gives it, in every replication, the opinion of the majority of its neighbours, the opposite with
probability q; a tie is a fair coin. The same law with one coin: with probability 2 q, and in ties, a fair coin, else the majority. A sweep is n updates.

The 64 replications of a pack share which node is picked; coins and noise are their own, so each is exactly the process. Errors are taken between packs.
Random words are those of `draws`: mix64(x0 + G i) xor x1, (x0, x1) the Philox block of (seed, pack, sweep).
"""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue
from ..draws import BEGIN_PROBLEM, GOLDEN, M64, ROUND, block
from ..kernels import compiled

LANES = 64
MIX1, MIX2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
UNIT = 1.1102230246251565e-16  # 2**-53
PLANES = 40  # bits of a counter


class Neighbours(NamedTuple):
    """Node i's neighbours are node[start[i]:start[i + 1]]."""

    start: np.ndarray
    node: np.ndarray


def neighbours(graph: Any) -> Neighbours:
    """The neighbours of an undirected networkx graph, nodes in the graph's order; refuses directed graphs, parallel edges and loops."""
    if not hasattr(graph, "adj") or not hasattr(graph, "is_directed"):
        raise BadType(f"graph: got {type(graph).__name__}; allowed: an undirected networkx graph")
    if graph.is_directed() or graph.is_multigraph():
        raise BadValue(f"graph: got a {type(graph).__name__}; allowed: an undirected graph without parallel edges")
    place = {v: i for i, v in enumerate(graph)}
    if not place:
        raise BadValue("graph: got no nodes; allowed: at least one")
    loop = next((v for v in graph if v in graph.adj[v]), None)
    if loop is not None:
        raise BadValue(f"graph: got a loop at node {loop!r}; allowed: no loops")
    start = np.cumsum([0] + [len(graph.adj[v]) for v in graph])
    return Neighbours(start.astype(np.int64), np.array([place[w] for v in graph for w in graph.adj[v]], dtype=np.int64))


def scrambled(z: Any) -> Any:
    """mix64: 64 bits to 64 bits."""
    z = ((z ^ (z >> 30)) * MIX1) & M64
    z = ((z ^ (z >> 27)) * MIX2) & M64
    return z ^ (z >> 31)


def majority(spins: Any, node: Any, first: Any, last: Any, plane: Any) -> Any:
    """(more, equal): in which lanes more than half, or exactly half, of node[first:last] say 1. `plane` is scratch."""
    none = M64 ^ M64
    half, even = (last - first) >> 1, (last - first) & 1 == 0
    more, equal = none, M64
    if last - first < 8:  # counts of three bits
        a, b, c = none, none, none
        for e in range(first, last):
            x = int(spins[node[e]])
            both = a & x
            a ^= x
            c ^= b & both
            b ^= both
        if half & 2:
            more, equal = c, equal & b & (c ^ M64)
        else:
            more, equal = c | b, (c | b) ^ M64
        if half & 1:
            equal &= a
        else:
            more |= equal & a
            equal &= a ^ M64
    else:
        bits = 1
        while (last - first) >> bits:
            bits += 1
        for j in range(bits):
            plane[j] = none
        for e in range(first, last):
            carry = int(spins[node[e]])
            for j in range(bits):
                both = int(plane[j]) & carry
                plane[j] = int(plane[j]) ^ carry
                carry = both
        for j in range(bits - 1, -1, -1):
            x = int(plane[j])
            if (half >> j) & 1:
                equal &= x
            else:
                more |= equal & x
                equal &= x ^ M64
    return more, equal if even else none


def tally(spins: Any, plane: Any, waiting: Any, ups: Any) -> None:
    """How many nodes say 1 in each lane, into ups (64,): full adders on whole words, each level waiting for its second word."""
    none = M64 ^ M64
    for j in range(PLANES):
        plane[j] = none
        waiting[j] = none
    for i in range(spins.size):
        carry, j = int(spins[i]), 0
        while (i >> j) & 1:
            x, w = int(plane[j]), int(waiting[j])
            odd = x ^ w
            plane[j] = odd ^ carry
            carry = (x & w) | (odd & carry)
            waiting[j] = none
            j += 1
        waiting[j] = carry
    for lane in range(LANES):
        total = 0
        for j in range(PLANES):
            if spins.size >> j:
                total += (int((int(plane[j]) >> lane) & 1) + int((int(waiting[j]) >> lane) & 1)) << j
        ups[lane] = total


def vote_pack(spins: Any, start: Any, node: Any, threshold: Any, ordered: Any, burn_in: Any, sweeps: Any, every: Any, seed: Any, pack: Any, sums: Any) -> None:
    """Plays one pack; adds |m|, m^2, m^4 and m of all lanes, every `every` sweeps after `burn_in`, to sums (4,). threshold = 2 q 2**53."""
    n = spins.size
    none = M64 ^ M64
    plane, waiting, ups = np.zeros(PLANES, np.uint64), np.zeros(PLANES, np.uint64), np.zeros(LANES, np.int64)
    digit = np.zeros(53, np.uint64)
    for j in range(53):
        digit[j] = M64 if (threshold >> (52 - j)) & 1 else none
    always = threshold >> 53 != 0
    state, other = block(seed, pack, 0, BEGIN_PROBLEM)
    for i in range(n):
        state = (state + GOLDEN) & M64
        spins[i] = M64 if ordered else scrambled(state) ^ other
    for sweep in range(burn_in + sweeps):
        state, other = block(seed, pack, sweep, ROUND)
        for _ in range(n):
            state = (state + GOLDEN) & M64
            i = int(float((scrambled(state) ^ other) >> 11) * UNIT * n)
            more, equal = majority(spins, node, start[i], start[i + 1], plane)
            chance, undecided, bit = equal, M64, 8
            for j in range(8):  # uniform numbers, bit by bit, below the threshold; eight bits decide most lanes, without a branch
                state = (state + GOLDEN) & M64
                x = scrambled(state) ^ other
                chance |= undecided & int(digit[j]) & (x ^ M64)
                undecided &= x ^ int(digit[j]) ^ M64
            while undecided != none and bit < 53:
                state = (state + GOLDEN) & M64
                x = scrambled(state) ^ other
                chance |= undecided & int(digit[bit]) & (x ^ M64)
                undecided &= x ^ int(digit[bit]) ^ M64
                bit += 1
            if always:
                chance = M64
            state = (state + GOLDEN) & M64
            spins[i] = more ^ ((more ^ scrambled(state) ^ other) & chance)
        if sweep >= burn_in and (sweep - burn_in) % every == every - 1:
            tally(spins, plane, waiting, ups)
            for lane in range(LANES):
                m = (2.0 * ups[lane] - n) / n
                square = m * m
                sums[0] += abs(m)
                sums[1] += square
                sums[2] += square * square
                sums[3] += m


play_pack = compiled(vote_pack)
