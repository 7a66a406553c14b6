"""Speed and memory of simulate_organisation beside the same tree in numpy.

    python tests/benchmarks/organisation.py

One core, CPU time; ours and numpy take turns and the ratio is of the two in this run. numpy is given fewer replications and
scaled, in blocks that fit its caches: float32 uniforms and boolean votes, what a careful numpy user would write; and, beside,
our own algorithm (64 replications a word, bits of p) written in numpy. Exit code 1 where a target of the issue is missed.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from budgetsim.shared import organisations as o

FAN_IN, DEPTH, BIAS, GAMMA, RHO = 5, 7, 0.1, 0.8, 0.1


def in_numpy(replications, seed, block=16):
    """Mean bias of each level; whole levels at once, `block` replications at a time."""
    rng, sums = np.random.default_rng(seed), np.zeros(DEPTH + 1)
    for _ in range(replications // block):
        right = rng.random((FAN_IN**DEPTH, block), dtype=np.float32) < (1.0 + BIAS) / 2.0
        sums[0] += right.sum()
        for level in range(1, DEPTH + 1):
            right ^= rng.random(right.shape, dtype=np.float32) < (1.0 - GAMMA) / 2.0
            right = right.reshape(-1, FAN_IN, block)
            vote = np.add.reduce(right, axis=1, dtype=np.uint8) > FAN_IN // 2
            right = np.where(rng.random(vote.shape, dtype=np.float32) < RHO, right[:, 0], vote)
            sums[level] += right.sum()
    return 2.0 * sums / (replications // block * block) / FAN_IN ** np.arange(DEPTH, -1, -1) - 1.0


def words(rng, p, shape):
    """Packed Bernoulli bits, to 2**-32."""
    out, unsettled, digits = np.zeros(shape, np.uint64), np.full(shape, 2**64 - 1, np.uint64), int(p * 2.0**32)
    for k in range(31, -1, -1):
        u = rng.bit_generator.random_raw(out.size).reshape(shape)
        if digits >> k & 1:
            out |= unsettled & ~u
            unsettled &= u
        else:
            unsettled &= ~u
        if k < 24 and not unsettled.any():
            break
    return out


def packed_in_numpy(replications, seed, block=1):
    rng, sums = np.random.default_rng(seed), np.zeros(DEPTH + 1)
    for _ in range(replications // (64 * block)):
        right = words(rng, (1.0 + BIAS) / 2.0, (FAN_IN**DEPTH, block))
        sums[0] += np.bitwise_count(right).sum()
        for level in range(1, DEPTH + 1):
            right ^= words(rng, (1.0 - GAMMA) / 2.0, right.shape)
            a, b, c, d, e = np.moveaxis(right.reshape(-1, FAN_IN, block), 1, 0)
            s1, c1 = a ^ b ^ c, (a & b) | (c & (a | b))
            c2 = (s1 & d) | (e & (s1 | d))
            s2 = s1 ^ d ^ e  # 2 (c1 + c2) + s2 >= 3
            vote = (c1 & c2) | (s2 & (c1 | c2))
            both = words(rng, RHO, vote.shape)
            right = (a & both) | (vote & ~both)
            sums[level] += np.bitwise_count(right).sum()
    return 2.0 * sums / (replications // (64 * block) * 64 * block) / FAN_IN ** np.arange(DEPTH, -1, -1) - 1.0


def timed(f, *args):
    start = time.process_time()
    result = f(*args)
    return result, time.process_time() - start


def peak(replications, queue):
    """Bytes by which a whole simulation raised the process's highest memory, after a first small one."""
    wiring = o.wire(o.tree(FAN_IN, DEPTH), BIAS, GAMMA, RHO)
    o.simulate(wiring, 1024, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    o.simulate(wiring, replications, 1)
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)


def memory(replications):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=peak, args=(replications, queue))
    process.start()
    grown = queue.get()
    process.join()
    return grown


def main():
    missed = []
    o.simulate_organisation(o.tree(3, 1), 0.1, replications=64)  # compiles
    graph, building = timed(o.tree, FAN_IN, DEPTH)
    wiring, wiring_time = timed(o.wire, graph, BIAS, GAMMA, RHO)
    ours, theirs, packed = [], [], []
    for repeat in range(3):
        runs, t = timed(o.simulate, wiring, 10_000, repeat)
        ours.append(t)
        bias, t = timed(in_numpy, 256, repeat)
        theirs.append(t * 10_000 / 256)
        again, t = timed(packed_in_numpy, 512, repeat)
        packed.append(t * 10_000 / 512)
    print(
        f"tree of {FAN_IN}^{DEPTH} leaves, 10,000 replications, CPU seconds, best of 3: ours {min(ours):.2f}",
        f"(and the graph {building:.2f}, its arrays {wiring_time:.2f});",
    )
    print(
        f"  numpy {min(theirs):.1f} ({min(theirs) / min(ours):.0f} times ours); our algorithm in numpy {min(packed):.1f} ({min(packed) / min(ours):.0f} times)"
    )
    print("  bias by level, ours: ", *(f"{b:.4f}" for b in runs.level_bias))
    print("  numpy, 256:          ", *(f"{b:.4f}" for b in bias))
    print("  packed numpy, 512:   ", *(f"{b:.4f}" for b in again))
    missed += ["tree in 20 s"] * (min(ours) + building + wiring_time > 20.0) + ["ten times numpy"] * (min(theirs) < 10.0 * min(ours))
    grown = {r: memory(r) for r in (2_000, 20_000)}
    print("  memory above that of a first 1,024 replications:", ", ".join(f"{r:,}: {b / 2**20:.1f} MiB" for r, b in grown.items()))
    missed += ["flat memory"] * (max(grown.values()) > 32 * 2**20)

    graph, building = timed(o.random_dag, 9_091, 90_909, 11, 1)
    wiring, wiring_time = timed(o.wire, graph, BIAS, GAMMA, RHO)
    runs, t = timed(o.simulate, wiring, 1_000, 1)
    print(f"random DAG of {graph.number_of_nodes():,} nodes, {graph.number_of_edges():,} edges, {runs.level_nodes.size} levels, 1,000 replications:", end=" ")
    print(f"simulation {t:.2f}, graph {building:.2f}, arrays {wiring_time:.2f}")
    missed += ["DAG in 60 s"] * (t + building + wiring_time > 60.0)
    print("missed: " + (", ".join(missed) or "nothing"))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
