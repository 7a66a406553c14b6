"""Lost messages that abstain amplify at least as much as flipped ones of the same fidelity, and equally iff gamma = 1 (or 0).

Statement: K ~ Bin(b, gamma) messages arrive and vote, ties are coins: slope at 0 E a_K, a_k = E |S_k| for a fair walk. Flips: gamma a_b. E a_K >=
gamma a_b for odd b >= 3, gamma in [0, 1].
Source: derived here for the model of [Liu2026]_.

Proved for all odd b, all gamma: E a_K - gamma a_b = sum over k of Bernstein's polynomial (b, k) at gamma times a_k - (k/b) a_b. a_k / k never rises
in k: a_(2h+2) = a_(2h+1) because a tie is a coin, so it falls from 2h+1 to 2h+2, and a_(2h+3) / (2h+3) = a_(2h+2) / (2h+2), by sympy for symbolic h.
So each coefficient is >= 0, that of k = 1 is > 0 (a_b < b), and the difference is > 0 inside (0, 1). Independently: all coefficients in rationals for
odd b <= 99. Compared: `abstention_slope`, `amplification` of theory/majority_tree.
Control: the slope compared with 1.05 times that of flips.
"""

from math import comb
from random import Random

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"times": (21, 20)}


def check(scale: float, seed: int, times: tuple[int, int] = (1, 1)) -> Verdict:
    import sympy as sp
    from flint import fmpq

    from budgetsim.theory.majority_tree import abstention_slope, amplification

    h = sp.symbols("h", nonnegative=True)
    odd = (2 * h + 1) * sp.gamma(2 * h + 1) / (sp.gamma(h + 1) ** 2 * 4**h)  # a_(2h+1), and a_(2h+2) is the same: a tie is a coin
    first = sp.simplify(1 / (2 * h + 2) - 1 / (2 * h + 1) + 1 / ((2 * h + 1) * (2 * h + 2))) == 0  # so a_(2h+2)/(2h+2) < a_(2h+1)/(2h+1)
    second = sp.gammasimp((odd.subs(h, h + 1) / odd) * (2 * h + 2) / (2 * h + 3)) == 1  # a_(2h+3)/(2h+3) = a_(2h+2)/(2h+2)
    share = fmpq(*times)
    a = [sum((fmpq(comb(k, j) * abs(2 * j - k), 2**k) for j in range(k + 1)), fmpq(0)) for k in range(100)]
    walk = all(a[2 * i + 2] == a[2 * i + 1] == fmpq((2 * i + 1) * comb(2 * i, i), 4**i) for i in range(49))
    broken, least = "", fmpq(10)
    for b in range(3, 100, 2):
        coefficients = [a[k] - share * fmpq(k, b) * a[b] for k in range(b + 1)]
        least = min(least, coefficients[1])
        if min(coefficients) < 0 and not broken:
            broken = f"; at gamma = 1, b = {b} the difference is {float(int(coefficients[b].p) / int(coefficients[b].q)):.3g}"
    luck, house = Random(seed), 10.0
    for _ in range(20 + int(80 * scale)):
        b, rho, gamma = luck.choice((3, 5, 7, 9, 15)), luck.uniform(0.0, 0.9), luck.random()
        house = min(house, abstention_slope(b, rho, gamma) - float(times[0]) / times[1] * amplification(b, rho, gamma))
    ok = bool(first) and bool(second) and walk and not broken and least > 0 and house > -1e-12
    name = "that" if times == (1, 1) else f"{times[0]}/{times[1]} of that"
    return claims.proved(
        f"slope of a vote with lost messages >= {name} with flipped ones, all gamma, odd b",
        ok,
        detail=f"a_k / k falls (sympy); Bernstein coefficients in rationals, odd b <= 99; least difference of the house's functions {house:.2g}{broken}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
