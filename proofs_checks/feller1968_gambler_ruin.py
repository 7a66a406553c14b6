"""An arm that loses 1 at most, played for ever, is ruined from b with probability r^b, r < 1 the root of E r^X = 1.

Statement: whole gains X >= -1 with E X > 0; r in (0, 1) solves E r^X = 1; for gains -1, 0, 1, r = P(-1) / P(+1). Source: [Feller1968]_, chapter XIV.

Proved: (i) for gains +1, -1 and symbolic p, r^b, r^m by sympy: (r^b - r^m) / (1 - r^m), the chance to reach 0 before m, satisfies its linear
equations and both ends, and tends to r^b as r^m goes to 0. (ii) By enumeration, in rationals: gains -1, 0, 1, 2, r = .3, .4, .5, .6, .7, weights 0,
1, 3 of the gains 0 and 2 beside 1 of the gain 1 (45 laws), b = 1 .. 4 and m = 6, 12, 24: x <= r^b <= x + r^m, where x is the exact chance (linear
equations over 1 .. m - 1) to reach 0 before m or above: the stopped martingale r^stock; for these laws P(ruin) lies within r^24 of r^b. Compared:
`gambler_ruin` of theory/ruin, to 1e-12.
Control: losses of 2 instead of 1, their root found in the same way.
"""

from itertools import product

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity, r being a root"


def symbolic() -> bool:
    import sympy as sp

    p, s, t = sp.symbols("p s t", positive=True)  # s = r^b, t = r^m
    r = (1 - p) / p
    chance = lambda power: (power - t) / (1 - t)  # noqa: E731
    inside = sp.simplify(chance(s) - p * chance(s * r) - (1 - p) * chance(s / r)) == 0
    return bool(inside and chance(1) == 1 and chance(t) == 0 and sp.limit(chance(s), t, 0) == s)


def run(loss: int) -> Verdict:
    from flint import fmpq, fmpq_mat

    from budgetsim.theory.ruin import gambler_ruin

    ok, worst, tightest, seen, witness = True, 0.0, 0.0, 0, ""
    for tenths, up, stay in product((3, 4, 5, 6, 7), (0, 1, 3), (0, 1, 3)):  # weights of +2 and 0 beside one of 1 for +1
        root = fmpq(tenths, 10)
        gain = (fmpq(1) * root + up * root**2 + stay) / (1 + up + stay)  # E r^X of what is no loss
        p = (root**-loss - 1) / (root**-loss - gain)
        law = {-loss: 1 - p, 0: p * stay / (1 + up + stay), 1: p / (1 + up + stay), 2: p * up / (1 + up + stay)}
        assert sum(law.values()) == 1 and sum(w * root**x for x, w in law.items()) == 1
        for m in (6, 12, 24):
            rows = fmpq_mat(m - 1, m - 1)
            ruined = fmpq_mat(m - 1, 1)
            for i in range(1, m):
                rows[i - 1, i - 1] += 1
                for x, w in law.items():
                    if i + x <= 0:
                        ruined[i - 1, 0] += w
                    elif i + x < m:
                        rows[i - 1, i + x - 1] -= w
            chance = rows.solve(ruined)
            for b in range(1, 5):
                fits = chance[b - 1, 0] <= root**b <= chance[b - 1, 0] + root**m
                ok &= fits
                seen += 1
                if not fits and not witness:
                    witness = f"; e.g. r = {root}, b = {b}, m = {m}"
                tightest = max(tightest, float(int((root**m).p) / int((root**m).q))) if m == 24 else tightest
        if loss == 1:
            told = [float(int(w.p) / int(w.q)) for w in law.values()]
            worst = max(worst, *(abs(gambler_ruin(list(law), told, b) - float(int((root**b).p) / int((root**b).q))) for b in range(1, 5)))
    formula = symbolic()
    return claims.proved(
        f"P(ruin from b) = r^b, E r^X = 1, for whole gains >= -{loss}: +1 / -1, and 45 laws to r^24",
        ok and formula and worst < 1e-12,
        detail=f"sympy: +1 / -1 {formula}; rationals: {seen} chances to fall to 0 before m, within {tightest:.1g} at m = 24; "
        f"gambler_ruin differs by {worst:.1g}{witness}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(1)


def control(scale: float, seed: int) -> Verdict:
    return run(2)
