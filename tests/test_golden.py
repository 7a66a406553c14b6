"""Portable means portable: digests of a few runs, the same on every x86-64 machine, path, thread count and block size.

A digest changes only when an algorithm, a draw or the ledger changes: then `python -m tests.test_golden` prints the new ones,
and the changelog says why.
"""

import hashlib

import numpy as np
import pytest

import budgetsim as bs
from budgetsim.problems.stochastic_bandit import bernoulli, beta, gaussian

FREE = {
    "bernoulli": bs.stochastic_bandit(bernoulli([0.3, 0.5, 0.6]), horizon=400),
    "beta": bs.stochastic_bandit(beta([0.5, 2.0, 3.0], [1.5, 2.0, 1.0]), horizon=200),
    "gaussian": bs.stochastic_bandit(gaussian([0.1, 0.5, 0.4], 0.3), horizon=200),
}
CAPPED = {"knapsack": bs.knapsack_bandit([0.9, 0.6, 0.5], [[0.8, 0.2], [0.3, 0.5], [0.1, 0.2]], [60.0, 60.0], horizon=400)}
CASES = {
    ("ucb1", "bernoulli"): "5e42b0edda97d4aa",
    ("epsilon_greedy", "bernoulli"): "ae958155b96321df",
    ("thompson", "bernoulli"): "25025070fe3a2433",
    ("exp3", "beta"): "2978cfb306a353dc",
    ("kl_ucb", "bernoulli"): "91664b74fb294d9f",
    ("moss", "gaussian"): "c7713540d82a5a75",
    ("primal_dual", "knapsack"): "a6b66364dad95d68",
    ("paced", "knapsack"): "cec722032173f17a",
}


def digest(policy: str, problem: str, **how: object) -> str:
    runs = bs.run((FREE | CAPPED)[problem], getattr(bs, policy)(), replications=7, seed=2026, **how)  # type: ignore[arg-type]
    content = b"".join(np.ascontiguousarray(runs[v].values).tobytes() for v in ("reward", "spent", "pulls", "rounds", "ended_by"))
    assert runs.attrs["grade"] == "portable"
    return hashlib.sha256(content).hexdigest()[:16]


@pytest.mark.parametrize(("policy", "problem"), CASES, ids=lambda v: v)
def test_the_same_bits_everywhere(policy: str, problem: str) -> None:
    expected = CASES[policy, problem]
    assert digest(policy, problem) == expected
    assert digest(policy, problem, threads=3, block=2) == expected
    assert digest(policy, problem, path="python") == expected


if __name__ == "__main__":
    for case in CASES:
        print(f"    {case}: \"{digest(*case)}\",".replace("'", '"'))
