"""Hedge: regret at most sqrt(T log(K) / 2) on every loss sequence, path by path.

**Statement.** Exponential weights with rate eta = sqrt(8 log K / T) on losses in [0, 1]: sum_t p_t.l_t - min_k sum_t l_tk <= sqrt(T log(K) / 2), whatever
the losses are.

**Source.** [Slivkins2019]_, chapter 5. The step behind it is `hoeffding1963_lemma`: -log sum p e^(-eta l) >= eta p.l - eta^2 / 8.

**Proved.** The greatest regret over *all* sequences of a finite class, by dynamic programming over the differences of the cumulative losses, in Arb interval
arithmetic: K = 2, T = 32, losses in {0, 1/4, ..., 1}, which is 25^32 sequences; K = 3, T = 12, losses in {0, 1}, which is 8^12. `detail` says which part of the
bound the worst sequence reaches. The weights of `shared.exponential_weights`, played on the worst sequence, earn the same regret up to 1e-9.

**Not proved by machine.** Other K, T and losses.

**Control.** The constant 1/2 becomes 2/5: the worst of the same sequences is above it.
"""

import itertools
import math
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.shared.exponential_weights import hedge_gains, weights

PERTURBED = {"constant": Fraction(2, 5)}


def _worst(arms: int, horizon: int, levels: int):  # type: ignore[no-untyped-def]
    """(enclosure of the greatest regret, a worst sequence of losses): V_t(x) = max_l p(x).l - l_1 + V_{t+1}(x + l - l_1), x the excess over arm 1."""
    from flint import arb

    eta = (arb(8) * arb(arms).log() / horizon).sqrt()
    losses = [(0,) * arms, *(v for v in itertools.product(range(levels + 1), repeat=arms) if min(v) == 0 and max(v) > 0)]  # a common part changes no regret
    span = range(-levels * horizon, levels * horizon + 1)
    decay = {i: (-eta * i / levels).exp() for i in span}

    def step(x: tuple[int, ...], v: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(a + b - v[0] for a, b in zip(x, v[1:]))

    layers, reach = [{(0,) * (arms - 1)}], []
    for _ in range(horizon):
        layers.append({step(x, v) for x in layers[-1] for v in losses})
    value = {x: arb(-min(0, *x)) / levels for x in layers[horizon]}
    for t in range(horizon - 1, -1, -1):
        now, moves = {}, {}
        for x in layers[t]:
            w = [arb(1), *(decay[i] for i in x)]
            total = sum(w[1:], w[0])
            p = [a / total for a in w]
            options = [sum((p[k] * v[k] for k in range(arms) if v[k]), arb(-v[0])) / levels + value[step(x, v)] for v in losses]
            best = options[0]
            for o in options[1:]:
                best = best.max(o)
            now[x], moves[x] = best, losses[max(range(len(losses)), key=lambda i: float(options[i]))]
        value = now
        reach.append(moves)
    x, path = (0,) * (arms - 1), []
    for moves in reversed(reach):
        path.append([a / levels for a in moves[x]])
        x = step(x, moves[x])
    return value[(0,) * (arms - 1)], np.array(path)


def _played(losses: np.ndarray) -> float:
    horizon, arms = losses.shape
    memory, eta, paid = weights(arms), math.sqrt(8.0 * math.log(arms) / horizon), 0.0
    for l in losses:
        paid += float(memory.weight @ l) / float(memory.weight.sum())
        hedge_gains(memory, 1.0 - l, eta)
    return paid - float(losses.sum(axis=0).min())


def check(scale: float, seed: int, constant: Fraction = Fraction(1, 2)) -> Verdict:
    from flint import arb

    ok, margins, said = True, [], []
    for arms, horizon, levels in ((2, 32, 4), (3, 12, 1)):
        worst, path = _worst(arms, horizon, levels)
        bound = (arb(constant.numerator) / constant.denominator * horizon * arb(arms).log()).sqrt()
        assert float(bound) < 0.5 * horizon, "a bound that says something"
        ok = ok and bool(worst <= bound) and abs(_played(path) - float(worst)) < 1e-9
        margins.append(float(bound - worst))
        said.append(f"K = {arms}, T = {horizon}: worst {float(worst):.4f} is {100 * float(worst / bound):.1f}% of the bound")
    claim = f"Hedge: regret <= sqrt({constant} T log K) on all sequences with losses in multiples of 1/4 (K = 2, T = 32) and of 1 (K = 3, T = 12)"
    return claims.proved(claim, ok, min(margins), "; ".join(said) + "; dynamic programming in Arb")


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
