"""PrimalDualBwK's prices: what is paid at normalised prices is at least (1 - eps/2) of the most used resource, less log(d) / eps.

**Statement.** Prices v_1 = 1, v_{t+1, i} = v_{t, i} (1 + eps)^{c_{t, i}} with 0 < eps <= 1, normalised y_t = v_t / sum v_t. For *every* sequence of costs c_t in [0, 1]^d: sum_t y_t.c_t >= (1 - eps/2) max_i sum_t c_{t, i} - log(d) / eps.
The regret bound of PrimalDualBwK applies this to the lower bounds on the costs of the arms pulled.

**Source.** [Badanidiyuru2018]_, the multiplicative-weights lemma, there with 1 - eps; the sharper eps/2 is what the same proof gives.

**Proved.** (1) The two inequalities on which the proof rests: (1 + eps)^c <= 1 + eps c for c in [0, 1] (convex in c, equal at both ends) and log(1 + eps) >= eps - eps^2/2 (equal at 0, difference of slopes eps^2 / (1 + eps)), by sympy.
(2) Independently the conclusion on *all* sequences of a finite class, by dynamic programming in Arb: costs in {0, 1}, d = 2, T up to 40 and d = 3, T up to 10 (24 and 7 at scale below 0.3), eps in {1/10, 1/4, 1/2, 1}. The prices of `policies.primal_dual`, moved along the worst
sequence, have the same ratios to 1e-9.

**Control.** The factor 1 - eps/2 becomes 1.
"""

import itertools
import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.policies import primal_dual

PERTURBED = {"lost": Fraction(0)}


def _inequalities() -> bool:
    import sympy as sp

    e, c = sp.symbols("e c", positive=True)
    power, below = (1 + e) ** c - 1 - e * c, sp.log(1 + e) - e + e**2 / 2
    convex = sp.simplify(power.diff(c, 2) - (1 + e) ** c * sp.log(1 + e) ** 2) == 0 and power.subs(c, 0) == 0 and sp.simplify(power.subs(c, 1)) == 0
    return bool(convex and below.subs(e, 0) == 0 and sp.simplify(below.diff(e) - e**2 / (1 + e)) == 0)


def _least(d: int, horizon: int, eps: Fraction, factor: Fraction):  # type: ignore[no-untyped-def]
    """(enclosure of min over sequences of sum y.c - factor max_i sum c_i, a worst sequence); the state is the use of each resource less that of the first."""
    from flint import arb, fmpq

    def real(v: Fraction):  # type: ignore[no-untyped-def]
        return arb(fmpq(v.numerator, v.denominator))

    growth = {i: real((1 + eps) ** i) for i in range(-horizon, horizon + 1)}
    costs = list(itertools.product((0, 1), repeat=d))
    layers = [{(0,) * (d - 1)}]
    for _ in range(horizon):
        layers.append({tuple(a + b - c[0] for a, b in zip(x, c[1:])) for x in layers[-1] for c in costs})
    value, plans = {x: -real(factor) * max(0, *x) for x in layers[horizon]}, []
    for t in range(horizon - 1, -1, -1):
        now, moves = {}, {}
        for x in layers[t]:
            v = [arb(1), *(growth[i] for i in x)]
            total = sum(v[1:], v[0])
            options = []
            for c in costs:
                paid = sum((a for a, used in zip(v, c) if used), arb(0)) / total
                options.append(paid - real(factor) * c[0] + value[tuple(a + b - c[0] for a, b in zip(x, c[1:]))])
            best = options[0]
            for o in options[1:]:
                best = best.min(o)
            now[x], moves[x] = best, costs[min(range(len(costs)), key=lambda i: float(options[i]))]
        value = now
        plans.append(moves)
    x, path = (0,) * (d - 1), []
    for moves in reversed(plans):
        path.append(moves[x])
        x = tuple(a + b - moves[x][0] for a, b in zip(x, moves[x][1:]))
    return value[(0,) * (d - 1)], path


def _rule_agrees(path: list[tuple[int, ...]], eps: float) -> bool:
    """primal_dual without radius, one arm for each vector of costs."""
    d = len(path[0])
    costs = list(itertools.product((0.0, 1.0), repeat=d))
    k = len(costs)
    memory = primal_dual.Memory(np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros((k, d)), np.zeros((k, d)), np.ones(d))
    params, price = primal_dual.Params(0.0, 0.1, math.log1p(eps), np.ones(d), np.zeros(d)), np.ones(d)

    def pull(c: tuple[int, ...]) -> None:
        primal_dual.update(memory, params, (), costs.index(tuple(map(float, c))), SimpleNamespace(reward=0.0, cost=np.array(c, float), status=0), 0)

    for arm in costs:  # its first pull teaches what an arm costs, at a price of 0
        pull(arm)
    memory.price[:] = 1.0
    for c in path:
        pull(c)
        price = price * (1.0 + eps) ** np.array(c)
        if not np.allclose(memory.price / memory.price.sum(), price / price.sum(), rtol=1e-9):
            return False
    return True


def check(scale: float, seed: int, lost: Fraction = Fraction(1)) -> Verdict:
    """`lost`: 1 - the factor, in units of eps/2."""
    from flint import arb

    ok, margin, reach = _inequalities(), math.inf, 0.0
    lengths = ((2, 40), (3, 10)) if scale >= 0.3 else ((2, 24), (3, 7))
    for d, longest in lengths:
        for eps in (Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(1)):
            worst, path = _least(d, longest, eps, 1 - eps * lost / 2)
            bound = -arb(d).log() * eps.denominator / eps.numerator
            ok = ok and bool(worst >= bound) and _rule_agrees(path, float(eps))
            margin, reach = min(margin, float(worst - bound)), max(reach, float(worst / bound))
    claim = f"prices of PrimalDualBwK: sum y.c >= {f'(1 - {lost / 2} eps) ' if lost else ''}max_i C_i - log(d) / eps on all sequences with costs in {{0, 1}}, {' and '.join(f'd = {d}, T <= {t}' for d, t in lengths)}"
    detail = f"dynamic programming in Arb; the worst sequence loses up to {100 * reach:.1f}% of log(d) / eps"
    return claims.proved(claim, ok, margin, detail)


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
