"""Votes of 64 replications in one 64-bit word, for `organisations`: whole simulations outside the loop.

Lane l of word w is replication 64 w + l; a set bit says that a node (or a message) is right. Nodes are played one after
another for a few words at a time, in an order in which inputs come first; a word's place is handed on once all who read
it have done so, so a tree of any size needs (fan-in - 1) depth + 1 places.

*Randomness.* Word i of node v in word w of replications is the house's: mix64(x0 + G i) xor x1 with (x0, x1) the Philox block of
(seed, w, v, STREAM) and i packing a salt, the input and a running number. Nothing depends on how words are grouped or on
threads, and more replications change no earlier one.

*Bernoulli words.* 64 bits of probability p: U < p for 64 uniforms U at once, from their first bits on; a lane is settled at the first
bit in which its U differs from p, so 7.3 words settle 64 lanes on average (and one does for p = 1/2). p is read as a multiple of
2**-64, downwards, which is p itself for every double from 2**-11 on.

*Counts* are kept as binary digits, one word a digit (bit-sliced), and compared digit by digit.
"""

from typing import Any

import numpy as np

from .. import draws
from ..kernels import compiled

U = np.uint64
ONES, NONE, ONE = U(draws.M64), U(0), U(1)
GOLDEN, MIX1, MIX2 = U(draws.GOLDEN), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
S30, S27, S31, S32, S56, S63 = U(30), U(27), U(31), U(32), U(56), U(63)
STREAM = 5  #: of Philox blocks; `draws` has 0 to 4
NODE, CHANNEL, FILL, COMMON, TIE = (U(salt << 56) for salt in range(5))
FLIP, COIN, ABSTAIN = range(3)
RECEIVED, SENT = range(2)
MOMENTS = 11  #: integers kept of a level: x, xx of the nodes that are right; c, r, v, cc, cr, cv, rr, rv, vv of its pairs
SENT_RIGHT, AGREE, RIGHT, DIFFER, WRONG = range(5)  #: what is counted a level and replication
PAIR_COUNTER, PAIR_TIMES, PAIR_PLUS = (AGREE, RIGHT, RIGHT, DIFFER, WRONG, WRONG), (1, 2, 2, 1, 2, 2), (0, 0, 1, 0, 0, 1)  #: what a pair adds where


def threshold(p: Any) -> np.ndarray:
    """p in [0, 1] as a multiple of 2**-64; all ones stand for 1, which no double below 1 reaches."""
    p = np.asarray(p, dtype=np.float64)
    return np.where(p >= 1.0, ONES, (np.minimum(p, 1.0 - 2.0**-53) * 2.0**64).astype(U))


def fair_words(slot, x0, x1, out):
    """out[w]: 64 fair coins."""
    step = GOLDEN * slot
    for w in range(out.size):
        z = x0[w] + step
        z = (z ^ (z >> S30)) * MIX1
        z = (z ^ (z >> S27)) * MIX2
        out[w] = z ^ (z >> S31) ^ x1[w]


def bernoulli_words(chance, slot, x0, x1, unsettled, out):
    """out[w]: 64 independent bits, each set with probability chance / 2**64; `slot` is the salt plus the input's number."""
    n = out.size
    for w in range(n):
        out[w] = ONES if chance == ONES else NONE
        unsettled[w] = ONES
    left = NONE if chance == ONES else chance
    while left != NONE:
        step = GOLDEN * slot
        some = NONE
        flip = ONES if left >> S63 else NONE  # where p's digit is 1, a uniform's 0 settles its lane below p
        for w in range(n):
            z = x0[w] + step
            z = (z ^ (z >> S30)) * MIX1
            z = (z ^ (z >> S27)) * MIX2
            z = z ^ (z >> S31) ^ x1[w]
            out[w] |= unsettled[w] & ~z & flip
            unsettled[w] &= z ^ ~flip
            some |= unsettled[w]
        if some == NONE:
            break
        left <<= ONE
        slot += ONE << S32


def population(x):
    """Number of set bits."""
    x = x - ((x >> ONE) & U(0x5555555555555555))
    x = (x & U(0x3333333333333333)) + ((x >> U(2)) & U(0x3333333333333333))
    x = (x + (x >> U(4))) & U(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * U(0x0101010101010101)) >> S56)


def tally(carry, n, base, digits, pending):
    """Adds the n-th word (from 0) to a counter: every second one of a digit makes one carry, so two steps do on average."""
    j = base
    while n & 1:
        for w in range(carry.size):
            a, b, x = digits[j, w], pending[j, w], carry[w]
            digits[j, w] = a ^ b ^ x
            carry[w] = (a & b) | (x & (a | b))
        n >>= 1
        j += 1
    for w in range(carry.size):
        pending[j, w] = carry[w]


def settle(n, base, top, digits, pending):
    """What is pending after n words goes into the digits."""
    for j in range(base, top):
        if (n >> (j - base)) & 1:
            for w in range(digits.shape[1]):
                carry = pending[j, w]
                for i in range(j, top):
                    a = digits[i, w]
                    digits[i, w] = a ^ carry
                    carry &= a


def arrange(start, source, leaves_nothing):
    """Order (n,), level, place of each node, number of places, or 0 places where there is a cycle.

    Depth first from the nodes that nobody reads, inputs before readers; a node's level is its longest way from a leaf.
    """
    n = start.size - 1
    order, level, place = np.empty(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    colour, at, stack, readers, free = np.zeros(n, np.int64), start[:-1].copy(), np.empty(n, np.int64), np.zeros(n, np.int64), np.empty(n, np.int64)
    for e in range(source.size):
        readers[source[e]] += 1
    done, places, spare = 0, 0, 0
    for root in leaves_nothing:
        depth = 0
        stack[0] = root
        colour[root] = 1
        while depth >= 0:
            v = stack[depth]
            if at[v] < start[v + 1]:
                u = source[at[v]]
                at[v] += 1
                if colour[u] == 1:
                    return order, level, place, 0
                if colour[u] == 0:
                    colour[u] = 1
                    depth += 1
                    stack[depth] = u
                continue
            depth -= 1
            colour[v] = 2
            order[done] = v
            done += 1
            for e in range(start[v], start[v + 1]):
                u = source[e]
                level[v] = max(level[v], level[u] + 1)
                readers[u] -= 1
                if readers[u] == 0:
                    free[spare] = place[u]
                    spare += 1
            if spare > 0:
                spare -= 1
                place[v] = free[spare]
            else:
                place[v] = places
                places += 1
            if readers[v] == 0:  # nobody reads it
                free[spare] = place[v]
                spare += 1
    return order, level, place, places if done == n else 0


def play(seed, first, replications, wires, chances, modes, level_base, level_digits, ones, moments):
    """Words first .. first + B - 1 of an organisation; B is what `level_digits` is wide. Adds to ones (n,) and moments (levels, 11)."""
    order, start, source, place, level = wires
    wrong, lost, common, weight = chances
    channel, shared, weighted = modes
    width = level_digits.shape[1]
    levels = moments.shape[0]
    most = 1
    for v in range(start.size - 1):
        most = max(most, start[v + 1] - start[v])
    planes = 1
    while most >> planes:
        planes += 1
    places = 0
    for v in range(place.size):
        places = max(places, place[v] + 1)
    said = np.zeros((places, width), U)
    x0, x1, unsettled = np.zeros(width, U), np.zeros(width, U), np.zeros(width, U)
    bits, there, noise, fill, both = np.zeros(width, U), np.zeros(width, U), np.zeros(width, U), np.zeros(width, U), np.zeros(width, U)
    first_bits, first_there, last_bits, last_there, valid = np.zeros(width, U), np.zeros(width, U), np.zeros(width, U), np.zeros(width, U), np.zeros(width, U)
    above, tied, carry = np.zeros(width, U), np.zeros(width, U), np.zeros(width, U)
    plus, minus = np.zeros((planes, width), U), np.zeros((planes, width), U)
    sums = np.zeros((width, 64)) if weighted else np.zeros((1, 1))
    pending = np.zeros_like(level_digits)
    level_digits[:] = NONE
    added = np.zeros((levels, 5), np.int64)
    for w in range(width):
        lanes = replications - 64 * (first + w)
        valid[w] = ONES if lanes >= 64 else NONE if lanes <= 0 else (ONE << U(lanes)) - ONE

    for j in range(order.size):
        v = order[j]
        inputs = start[v + 1] - start[v]
        for w in range(width):
            x0[w], x1[w] = draws.block(seed, first + w, v, STREAM)
            above[w] = ONES
            tied[w] = NONE
        if inputs > 0:
            bernoulli_words(common[v], COMMON, x0, x1, unsettled, both)
            top = 1
            while inputs >> top:
                top += 1
            for i in range(top):
                for w in range(width):
                    plus[i, w] = NONE
                    minus[i, w] = NONE
            if weighted:
                for w in range(width):
                    for l in range(64):
                        sums[w, l] = 0.0
            for i in range(inputs):
                e = start[v] + i
                p = place[source[e]]
                for w in range(width):
                    bits[w] = said[p, w]
                    there[w] = ONES
                if shared == SENT:
                    for w in range(width):
                        if i == 0:
                            first_bits[w] = bits[w]
                        bits[w] ^= (bits[w] ^ first_bits[w]) & both[w]
                bernoulli_words(lost[e], CHANNEL + U(i), x0, x1, unsettled, noise)
                if channel == FLIP:
                    for w in range(width):
                        bits[w] ^= noise[w]
                elif channel == COIN:
                    fair_words(FILL + U(i), x0, x1, fill)
                    for w in range(width):
                        bits[w] ^= (bits[w] ^ fill[w]) & noise[w]
                else:
                    for w in range(width):
                        there[w] = ~noise[w]
                if shared == RECEIVED:
                    for w in range(width):
                        if i == 0:
                            first_bits[w] = bits[w]
                            first_there[w] = there[w]
                        bits[w] ^= (bits[w] ^ first_bits[w]) & both[w]
                        there[w] ^= (there[w] ^ first_there[w]) & both[w]
                if weighted:
                    for w in range(width):
                        for l in range(64):
                            vote = np.int64((there[w] & bits[w]) >> U(l) & ONE) - np.int64((there[w] & ~bits[w]) >> U(l) & ONE)
                            sums[w, l] += weight[e] * vote
                else:
                    for w in range(width):
                        c, d = bits[w] & there[w], there[w] & ~bits[w]
                        for k in range(top):
                            a = plus[k, w]
                            plus[k, w] = a ^ c
                            c &= a
                        if channel == ABSTAIN:
                            for k in range(top):
                                a = minus[k, w]
                                minus[k, w] = a ^ d
                                d &= a
                if i & 1:  # a pair is complete
                    n, t = added[level[v], AGREE], level[v]
                    each = (level_base[t + 1] - level_base[t]) // 5
                    for q in range(6 if channel == ABSTAIN else 3):
                        for w in range(width):
                            alike, now, then = ~(bits[w] ^ last_bits[w]), there[w] & valid[w], last_there[w] & valid[w]
                            if q == 0:
                                carry[w] = now & then & alike
                            elif q == 1:
                                carry[w] = now & bits[w]
                            elif q == 2:
                                carry[w] = then & last_bits[w]
                            elif q == 3:
                                carry[w] = now & then & ~alike
                            elif q == 4:
                                carry[w] = now & ~bits[w]
                            else:
                                carry[w] = then & ~last_bits[w]
                        tally(carry, PAIR_TIMES[q] * n + PAIR_PLUS[q], level_base[t] + PAIR_COUNTER[q] * each, level_digits, pending)
                    added[t, AGREE] = n + 1
                for w in range(width):
                    last_bits[w] = bits[w]
                    last_there[w] = there[w]
            if weighted:
                for w in range(width):
                    above[w] = NONE
                    for l in range(64):
                        above[w] |= (ONE if sums[w, l] > 0.0 else NONE) << U(l)
                        tied[w] |= (ONE if sums[w, l] == 0.0 else NONE) << U(l)
            else:
                for w in range(width):
                    more, same = NONE, ONES
                    for k in range(top - 1, -1, -1):
                        a = plus[k, w]
                        b = minus[k, w] if channel == ABSTAIN else (ONES if (inputs // 2) >> k & 1 else NONE)
                        more |= same & a & ~b
                        same &= ~(a ^ b)
                    above[w] = more
                    tied[w] = same if channel == ABSTAIN or inputs % 2 == 0 else NONE
            some = NONE
            for w in range(width):
                some |= tied[w]
            if some:
                fair_words(TIE, x0, x1, fill)
                for w in range(width):
                    above[w] |= tied[w] & fill[w]
        bernoulli_words(wrong[v], NODE, x0, x1, unsettled, noise)
        base = level_base[level[v]]
        total = 0
        for w in range(width):
            above[w] ^= noise[w]
            said[place[v], w] = above[w]
            carry[w] = above[w] & valid[w]
            total += population(carry[w])
        ones[v] += total
        tally(carry, added[level[v], SENT_RIGHT], base, level_digits, pending)
        added[level[v], SENT_RIGHT] += 1

    for t in range(levels):
        each = (level_base[t + 1] - level_base[t]) // 5
        pairs = added[t, AGREE]
        counts = (added[t, 0], pairs, 2 * pairs, pairs if channel == ABSTAIN else 0, 2 * pairs if channel == ABSTAIN else 0)
        for q in range(5):
            settle(counts[q], level_base[t] + q * each, level_base[t] + (q + 1) * each, level_digits, pending)
        for w in range(width):
            for l in range(min(64, replications - 64 * (first + w))):
                x = count_of(level_digits, level_base[t], each, w, l)
                agree = count_of(level_digits, level_base[t] + AGREE * each, each, w, l)
                right = count_of(level_digits, level_base[t] + RIGHT * each, each, w, l)
                if channel == ABSTAIN:
                    differ = count_of(level_digits, level_base[t] + DIFFER * each, each, w, l)
                    false = count_of(level_digits, level_base[t] + WRONG * each, each, w, l)
                else:
                    differ, false = pairs - agree, 2 * pairs - right
                c, r, y = agree - differ, right - false, right + false
                m = moments[t]
                m[0] += x
                m[1] += x * x
                m[2] += c
                m[3] += r
                m[4] += y
                m[5] += c * c
                m[6] += c * r
                m[7] += c * y
                m[8] += r * r
                m[9] += r * y
                m[10] += y * y


def count_of(digits, base, each, w, l):
    """The number that a counter holds for one replication."""
    total = 0
    for j in range(each):
        total += np.int64(digits[base + j, w] >> U(l) & ONE) << j
    return total


arranged, played = compiled(arrange), compiled(play)
