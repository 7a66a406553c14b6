"""Ordered pivotal sampling takes item i with probability m_i, one of the first k with min(1, m_1 + ... + m_k), and is negatively dependent.

Statement. Masses m in [0, 1]^n; of the set Q taken: P(i in Q) = m_i; P(Q meets {1..k}) = min(1, m_1 + ... + m_k) for each k; P(S inside Q) <= prod
m_i and P(S misses Q) <= prod (1 - m_i) over i in S, for each S.

Source: [Srinivasan2001]_; the prefix property is used by [Braverman2024]_.

What was proved. (1) One meeting of two masses keeps both marginals and takes both, or neither, no more often than independent draws would: both
branches in sympy, for all masses. (2) In rationals, by enumeration of the law: all three statements for *every* vector of n masses among multiples of
1/4 in [0, 1], n <= 3 (n <= 4 from scale .3 on), and of 1/3, n <= 3 (5 at scale 1). `theory.pivotal.pivotal_law` gives the same law to 1e-12 on every
seventh.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = "no constant: identities and signs"


def check(scale: float, seed: int) -> Verdict:
    return _verdict(_share, scale, "pivotal sampling: marginals, prefixes, negative cylinder dependence, every mass vector on two grids")


def control(scale: float, seed: int) -> Verdict:
    """The carrier of two masses that meet wins with 1/2, not with (1 - x) / (2 - m - x)."""
    return _verdict(lambda m, x: (1 + 0 * x) / 2, scale, "control: pivotal sampling whose meetings are decided by a fair coin keeps marginals")


def _share(m, x):
    return (1 - x) / (2 - m - x)


def _verdict(share, scale, claim):
    from budgetsim.theory.pivotal import pivotal_law

    symbolic = _meeting(share)
    classes = [(4, n) for n in range(1, 5 if scale >= 0.3 else 4)] + [(3, n) for n in range(1, 6 if scale >= 1.0 else 4)]
    vectors, wrong, dependent, agree = 0, 0, Fraction(-1), True
    for unit, n in classes:
        for numbers in itertools.product(range(unit + 1), repeat=n):
            mass = [Fraction(k, unit) for k in numbers]
            law = _law(mass, share)
            wrong += not _exact(law, mass)
            dependent = max(dependent, _dependence(law, mass))
            if vectors % 7 == 0 and share is _share:
                house = pivotal_law([float(m) for m in mass])
                agree &= all(abs(house.get(s, 0.0) - float(law.get(s, 0))) < 1e-12 for s in {*house, *law})
            vectors += 1
    ok = symbolic and wrong == 0 and dependent <= 0 and agree
    return proved(
        claim,
        ok,
        detail=f"sympy; {vectors} vectors in rationals: marginals or prefixes wrong {wrong} times, greatest excess of a cylinder {float(dependent):.3g}",
    )


def _meeting(share):
    """Of masses m, x: the chance that each is taken in the end, given what the carrier's chance is; and both, neither."""
    import sympy

    m, x = sympy.symbols("m x", positive=True)
    win = share(m, x)
    marginal = [win + (1 - win) * (m + x - 1) - m, (1 - win) + win * (m + x - 1) - x]  # m + x > 1: one is taken, the other carries m + x - 1
    both = sympy.simplify(m + x - 1 - m * x + (1 - m) * (1 - x))  # P(both) = m + x - 1 = m x - (1 - m)(1 - x); neither: never
    merged = [m / (m + x) * (m + x) - m, x / (m + x) * (m + x) - x]  # m + x <= 1: both never; neither 1 - m - x = (1 - m)(1 - x) - m x
    neither = sympy.expand(1 - m - x - ((1 - m) * (1 - x) - m * x))
    return all(sympy.simplify(e) == 0 for e in [*marginal, both, *merged, neither])


def _law(mass, share):
    """{set as bits: chance}; one item carries a mass and meets the next."""
    law, m = {(-1, 0): Fraction(1)}, Fraction(0)
    for i, x in enumerate(mass):
        if x == 0:
            continue
        new: dict = {}
        for (carrier, taken), q in law.items():
            if m + x <= 1:
                moves = [(carrier, taken, m / (m + x)), (i, taken, x / (m + x))]
            else:
                win = share(m, x) if m + x < 2 else Fraction(1)
                moves = [(i, taken | 1 << carrier, win), (carrier, taken | 1 << i, 1 - win)]
            for c, s, chance in moves:
                if chance:
                    new[c, s] = new.get((c, s), Fraction(0)) + q * chance
        law, m = new, m + x if m + x <= 1 else m + x - 1
    out: dict = {}
    for (carrier, taken), q in law.items():
        for s, chance in ((taken | 1 << carrier, m), (taken, 1 - m)) if carrier >= 0 else ((taken, Fraction(1)),):
            if chance:
                out[s] = out.get(s, Fraction(0)) + q * chance
    return out


def _exact(law, mass):
    for i, m in enumerate(mass):
        if sum((q for s, q in law.items() if s >> i & 1), Fraction(0)) != m:
            return False
        first = (2 << i) - 1
        if sum((q for s, q in law.items() if s & first), Fraction(0)) != min(1, sum(mass[: i + 1])):
            return False
    return True


def _dependence(law, mass):
    """The most by which all of S taken, or none, is likelier than with independent items of these marginals."""
    worst = Fraction(-1)
    for chosen in range(1, 2 ** len(mass)):
        inside, outside = Fraction(1), Fraction(1)
        for i, m in enumerate(mass):
            if chosen >> i & 1:
                inside, outside = inside * m, outside * (1 - m)
        worst = max(worst, sum((q for s, q in law.items() if s & chosen == chosen), Fraction(0)) - inside)
        worst = max(worst, sum((q for s, q in law.items() if not s & chosen), Fraction(0)) - outside)
    return worst
