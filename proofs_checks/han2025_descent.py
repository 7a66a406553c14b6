"""A step of biases eps (L - A) changes the dual of balanced routing by -sum eps (A - L)^2 plus a benefit between 0 and what switches allow.

Statement. D(p) = sum_i TopK(a_i + p) - L sum p, x the top K of a + p, A its loads, L = n K / E. (i) Lag(x, q) - Lag(x, p) = -sum_k eps_k (A_k - L)^2.
(ii) D(q) = D(p) + that + benefit, 0 <= benefit <= sum over switches k -> k' of (dp_k' - dp_k), none of them negative; so no token moves against its
biases. (iii) D(q) <= D(p) if the bound is at most sum eps (A - L)^2. Without that condition D may rise.

Source: [Han2025]_, of which we had the abstract; identities and constants are derived here.

What was proved. (i) sympy, n = 3, E = 3, all x whose rows add up to K, all a, p, eps. (ii), (iii): in whole numbers (units of 1/12), by trying
*every* affinity in {0, 1, 2}^(2 x 3), K in {1, 2}, p from six vectors of {-1/2, 0, 1/2}^3 (four for two experts), steps eps = 1/2, 1 and 2 and the
sign rule with u = 1/2 (two experts at scale < .3), with ties by index; `theory.load_balance.dual_step` and `dual` give the same on every 211th.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(2)}

UNIT = 12  # affinities, biases and steps are multiples of 1 / UNIT


def check(scale: float, seed: int, share: Fraction = Fraction(1)) -> Verdict:
    return _verdict(
        share,
        scale,
        f"balanced routing: D(q) - D(p) = -sum eps (A - L)^2 + benefit, in its bounds; D falls where they are at most {share} of the sum; all steps of a class",
    )


def control(scale: float, seed: int) -> Verdict:
    return _verdict(None, scale, "control: balanced routing: D falls in every step, whatever the benefit")


def _verdict(share, scale, claim):
    from budgetsim.theory.load_balance import dual, dual_step

    n, e, values = (2, 3, (0, 1, 2)) if scale >= 0.3 else (2, 2, (0, 1, 2))
    identity = _identity()
    steps, broken, risen, agree, greatest = 0, 0, 0, True, 0
    biases = [p for p in itertools.product((-1, 0, 1), repeat=e) if p <= p[::-1]][: 6 if scale >= 0.3 else 4]
    for flat in itertools.product(values, repeat=n * e):
        a = [[UNIT * v for v in flat[i * e : (i + 1) * e]] for i in range(n)]
        for k, bias in itertools.product(range(1, e), biases):
            p = [UNIT * v // 2 for v in bias]
            x = [_top(row, p, k) for row in a]
            load = [sum(i in t for t in x) for i in range(e)]
            gap = [n * k - e * v for v in load]  # E (L - A)
            for eps in (1, 2, 4, "sign"):
                move = [UNIT // 2 * ((g > 0) - (g < 0)) if eps == "sign" else UNIT * eps * g // (2 * e) for g in gap]
                if eps != "sign" and any(UNIT * eps * g % (2 * e) for g in gap):
                    continue
                q = [u + v for u, v in zip(p, move, strict=True)]
                y = [_top(row, q, k) for row in a]
                fall = Fraction(-sum(m * g for m, g in zip(move, gap, strict=True)), e)
                benefit = sum(sum(row[i] + q[i] for i in new) - sum(row[i] + q[i] for i in old) for row, old, new in zip(a, x, y, strict=True))
                change = _dual(a, q, k) - _dual(a, p, k)
                switches = [
                    (move[new] - move[old]) for old, new in itertools.chain.from_iterable(_pairs(old, new, move) for old, new in zip(x, y, strict=True))
                ]
                bound = sum(switches)
                broken += change != fall + benefit or not 0 <= benefit <= bound or min(switches, default=0) < 0
                rises = change > 0 and (share is None or bound <= -share * fall)
                risen, greatest = risen + rises, max(greatest, float(change) / UNIT if rises else 0)
                if steps % 211 == 0:
                    house = dual_step(a, p, q, k)
                    agree &= abs(house.fall - fall) < 1e-9 and house.benefit == benefit and house.bound == bound and house.violations == 0
                    agree &= abs(dual(a, q, k) - float(_dual(a, q, k))) < 1e-9
                steps += 1
    ok = identity and broken == 0 and risen == 0 and agree
    return proved(
        claim, ok, -greatest or 0.0, f"sympy; {steps} steps in whole numbers: identity or bounds broken {broken} times, D rose {risen} times where it must not"
    )


def _identity():
    """(i) for symbols: three tokens, three experts, rows that add up to K."""
    import sympy

    n, e = 3, 3
    k = sympy.Symbol("K")
    a, free = sympy.symbols(f"a:{n}:{e}"), sympy.symbols(f"x:{n}:{e - 1}")
    p, eps = sympy.symbols(f"p:{e}"), sympy.symbols(f"eps:{e}")
    x = [[*free[i * (e - 1) : (i + 1) * (e - 1)], k - sum(free[i * (e - 1) : (i + 1) * (e - 1)])] for i in range(n)]
    load, level = [sum(row[j] for row in x) for j in range(e)], n * k / e

    def lagrangian(bias):
        return sum(a[i * e + j] * x[i][j] for i in range(n) for j in range(e)) + sum(bias[j] * (load[j] - level) for j in range(e))

    after = [p[j] + eps[j] * (level - load[j]) for j in range(e)]
    return sympy.expand(lagrangian(after) - lagrangian(p) + sum(eps[j] * (load[j] - level) ** 2 for j in range(e))) == 0


def _top(row, bias, k):
    return sorted(sorted(range(len(row)), key=lambda i: (-row[i] - bias[i], i))[:k])


def _dual(a, bias, k):
    """D, in units."""
    best = sum(sum(sorted((v + b for v, b in zip(row, bias, strict=True)), reverse=True)[:k]) for row in a)
    return best - Fraction(len(a) * k * sum(bias), len(bias))


def _pairs(old, new, move):
    """(left, entered), the one whose bias rose least with the one entered whose bias rose least."""
    left, entered = (sorted(set(s) - set(t), key=lambda i: move[i]) for s, t in ((old, new), (new, old)))
    return zip(left, entered, strict=True)
