"""Caches: what a resident set earns in hindsight is monotone and submodular.

**Statement.** F(C) = sum_t max_n (u[t, n] - c [n not in C]), c >= 0, each request served by the best adapter at the price c of a miss. For A within B and e outside B: F(A) <= F(B) and F(A + e) - F(A) >= F(B + e) - F(B).

**Source.** The problem is a reconstruction from the abstract of [LiLi2026]_ (`shared.adapter_rules`, `optima.static_cache_optimum`); facility location, [Nemhauser1978]_.

**Proved.** For all utilities, any number of requests and adapters: one request earns max(M, max of u over C) with M = max u - c, so that with a <= b what A and B earn, the claim is max(a, x) - a >= max(b, x) - b >= 0 for all reals a <= b and x, which z3 proves; sums keep it. That a request earns this is
proved by z3 for 4 adapters and all reals. `cache_value` obeys both on all A, B, e for one request to 4 adapters with utilities in {0, 1, 2} and c in {0, 1, 2} (243 instances).

**Control.** A request needs two resident adapters: it earns the second greatest entry in place of the greatest.
"""

import itertools

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.shared.adapter_rules import cache_value

PERTURBED = "no constant: inequalities between sets"


def _lemma() -> bool:
    import z3

    def highest(values):  # type: ignore[no-untyped-def]
        top = values[0]
        for v in values[1:]:
            top = z3.If(v > top, v, top)
        return top

    a, b, x, c = z3.Reals("a b x c")
    diminishing = z3.Solver()
    diminishing.add(a <= b, z3.Or(highest([a, x]) - a < highest([b, x]) - b, highest([b, x]) < highest([a, x])))
    u, resident = z3.Reals("u0 u1 u2 u3"), z3.Bools("r0 r1 r2 r3")
    earned = highest([z3.If(r, v, v - c) for v, r in zip(u, resident)])
    least = highest(list(u)) - c
    form = z3.Solver()
    form.add(c >= 0, earned != highest([least, *(z3.If(r, v, least) for v, r in zip(u, resident))]))
    return bool(diminishing.check() == z3.unsat and form.check() == z3.unsat)


def _worst(place: int) -> tuple[float, int]:
    """Least of F(A + e) - F(A) - (F(B + e) - F(B)) and of F(A + e) - F(A); a request earns its place-th greatest entry. And how many cases."""
    worst, many = 0.0, 0
    sets = [tuple(n for n in range(4) if mask >> n & 1) for mask in range(16)]
    for u in itertools.product((0.0, 1.0, 2.0), repeat=4):
        utility = np.array([u])
        for cost in (0.0, 1.0, 2.0):
            if place == 1:
                value = [cache_value(utility, cost, list(c)) for c in sets]
            else:
                value = [sorted((v - cost * (n not in c) for n, v in enumerate(u)), reverse=True)[place - 1] for c in sets]
            for a, b, e in itertools.product(range(16), range(16), range(4)):
                if a & b == a and not b >> e & 1:
                    gain = value[a | 1 << e] - value[a]
                    worst, many = min(worst, gain, gain - value[b | 1 << e] + value[b]), many + 1
    return worst, many


def _verdict(place: int) -> Verdict:
    worst, many = _worst(place)
    claim = f"F of a cache is monotone and submodular where a request earns its {'greatest' if place == 1 else 'second greatest'} entry"
    ok = worst == 0.0 and (place > 1 or _lemma())
    return claims.proved(
        claim,
        ok,
        worst,
        f"all utilities by z3; {many} triples (A, B, e) of the finite class by enumeration" if place == 1 else f"{many} triples by enumeration",
    )


def check(scale: float, seed: int) -> Verdict:
    return _verdict(1)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(2)
