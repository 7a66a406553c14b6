"""Raw words as the engine reads them, streamed to `dieharder -a` (Debian package dieharder). Run by hand: an hour or more.

    python -m tests.benchmarks.dieharder [--out SUMMARY.md] [--stream uniform | draws]

Word order: slots fastest (8 of nature, then 8 of the rule), then rounds (1,000), then replications. `uniform` reads eight
slots of one function; `draws` reads one slot of four functions and the running numbers of a gamma's rejection loop.
Nothing touches the disk. A test that is not PASSED runs again on fresh words with four times its p-values.
"""

import argparse
import subprocess
import threading
import time

import numba
import numpy as np

from budgetsim import draws
from budgetsim.kernels import primitives

ROUNDS, SLOTS = 1000, 8

#: the number of each test under the name that it prints
NUMBER = {
    "diehard_birthdays": 0, "diehard_operm5": 1, "diehard_rank_32x32": 2, "diehard_rank_6x8": 3, "diehard_bitstream": 4, "diehard_opso": 5,
    "diehard_oqso": 6, "diehard_dna": 7, "diehard_count_1s_str": 8, "diehard_count_1s_byt": 9, "diehard_parking_lot": 10, "diehard_2dsphere": 11,
    "diehard_3dsphere": 12, "diehard_squeeze": 13, "diehard_sums": 14, "diehard_runs": 15, "diehard_craps": 16, "marsaglia_tsang_gcd": 17,
    "sts_monobit": 100, "sts_runs": 101, "sts_serial": 102, "rgb_bitdist": 200, "rgb_minimum_distance": 201, "rgb_permutations": 202,
    "rgb_lagged_sum": 203, "rgb_kstest_test": 204, "dab_bytedistrib": 205, "dab_dct": 206, "dab_filltree": 207, "dab_filltree2": 208,
    "dab_monobit2": 209}  # fmt: skip


@numba.njit(nogil=True)
def fill_uniform(seed, first, out):
    """out (replications, rounds, 2, slots): slots of one function."""
    for i in range(out.shape[0]):
        for t in range(out.shape[1]):
            key = draws.nature_key(seed, first + i, t, draws.ROUND)
            rule = draws.rule_key(key)
            for s in range(out.shape[3]):
                out[i, t, 0, s] = primitives._word(key, draws.UNIFORM, s, 0)
                out[i, t, 1, s] = primitives._word(rule, draws.UNIFORM, s, 0)


@numba.njit(nogil=True)
def fill_draws(seed, first, out):
    """Half the words from slot 0 of four functions, half from running numbers of one gamma draw."""
    for i in range(out.shape[0]):
        for t in range(out.shape[1]):
            key = draws.nature_key(seed, first + i, t, draws.ROUND)
            rule = draws.rule_key(key)
            for s in range(out.shape[3]):
                salt, index = (4 * s, 0) if s < 4 else (draws.GAMMA + s % 2, s // 2)
                out[i, t, 0, s] = primitives._word(key, salt, 0, index)
                out[i, t, 1, s] = primitives._word(rule, salt, 0, index)


class Stream:
    """An endless supply of words."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.seed, self.first = name, seed, 0
        self.fill = {"uniform": fill_uniform, "draws": fill_draws}[name]
        self.buffer = np.empty((8, ROUNDS, 2, SLOTS), np.uint64)

    def feed(self, pipe) -> None:
        """Writes until the reader has had enough."""
        try:
            while True:
                self.fill(np.uint64(self.seed), self.first, self.buffer)
                self.first += len(self.buffer)
                pipe.write(memoryview(self.buffer).cast("B"))
        except BrokenPipeError:
            pass


def dieharder(arguments: list[str], stream: Stream) -> list[list[str]]:
    """Rows (test, ntuple, samples, p-values, p, assessment), printed as they come."""
    process = subprocess.Popen(["dieharder", "-g", "200", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    thread = threading.Thread(target=stream.feed, args=(process.stdin,), daemon=True)
    thread.start()
    rows = []
    for line in process.stdout:
        print(line.decode().rstrip(), flush=True)
        cells = [c.strip() for c in line.decode().split("|")]
        if cells[-1] in ("PASSED", "WEAK", "FAILED"):
            rows.append(cells)
    process.wait()
    thread.join()
    return rows


def summary(stream: Stream) -> str:
    start = time.time()
    rows = dieharder(["-a"], stream)
    count = {word: sum(r[5] == word for r in rows) for word in ("PASSED", "WEAK", "FAILED")}
    size = stream.first * stream.buffer[0].nbytes / 1e9
    head = (
        f"`dieharder -a`, stream `{stream.name}`, seed {stream.seed}: {len(rows)} results, {count['PASSED']} PASSED, {count['WEAK']} WEAK, {count['FAILED']} FAILED, "
        f"on {stream.first:,} replications of {ROUNDS:,} rounds of {2 * SLOTS} words ({size:.0f} GB) in {(time.time() - start) / 60:.0f} minutes."
    )
    lines = [head]
    for name, ntuple, samples, values, p, word in rows:
        if word != "PASSED":
            more = str(4 * int(values))
            only = [] if name == "sts_serial" else ["-n", ntuple]  # sts_serial always runs all its ntuples
            again = [r for r in dieharder(["-d", str(NUMBER[name]), *only, "-p", more], stream) if name != "sts_serial" or r[1] == ntuple]
            later = ", ".join(f"p = {r[4]} {r[5]}" for r in again)
            lines.append(f"- `{name}` ntuple {ntuple}, {samples} samples: p = {p} {word}; again with {more} p-values: {later}")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="dieharder_summary.md")
    parser.add_argument("--stream", choices=["uniform", "draws"], default="uniform")
    parser.add_argument("--seed", type=int, default=20240607)
    options = parser.parse_args()
    text = summary(Stream(options.stream, options.seed))
    print(text)
    with open(options.out, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
