"""The better of density greedy and the best single item earns at least half of a knapsack's optimum; 1/2 is sharp; without the single item nothing is left.

Statement. n items of value v > 0 and weight 0 < w <= W. Greedy takes items by falling v / w while they fit, up to the first that does not.
max(greedy, best item) >= OPT / 2, OPT being even that of the linear program.

Source: classical ([Dantzig1957]_ for the linear program); derived here.

What was proved. (1) For all instances: greedy plus the first item that does not fit is at least the linear program, hence G + v_max >= OPT and max(G,
v_max) >= OPT / 2 (z3, the last step). (2) In whole numbers: every multiset of n <= 3 items (4 from scale .3 on) of value 1..4 and weight 1..4 that
fit, every W <= 7, against all subsets and the fractional optimum. (3) Sharp: items (m + 2, m + 1), (m, m), (m, m) with W = 2 m leave (m + 2) / (2 m),
checked for m <= 200, limit 1/2 by sympy. `optima.hindsight_milp` gives the same optimum on a share of the instances.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(11, 20)}


def check(scale: float, seed: int, share: Fraction = Fraction(1, 2)) -> Verdict:
    return _verdict(True, scale, share, f"density greedy or the best item earns {share} of a knapsack's optimum")


def control(scale: float, seed: int) -> Verdict:
    return _verdict(False, scale, Fraction(1, 2), "control: density greedy without the best item earns 1/2 of a knapsack's optimum")


def _verdict(single, scale, share, claim):
    import sympy

    from budgetsim.optima.hindsight_milp import hindsight_milp

    items = [(v, w) for v in range(1, 5) for w in range(1, 5)]
    cases = [
        (c, room)
        for n in range(1, 5 if scale >= 0.3 else 4)
        for c in itertools.combinations_with_replacement(items, n)
        for room in range(max(w for _, w in c), 8)
    ]
    cases += [(((m + 2, m + 1), (m, m), (m, m)), 2 * m) for m in range(3, 201)] + [(((2, 1), (m, m)), m) for m in range(2, 201)]
    least, above, agree, witness = Fraction(1), True, True, None
    for number, (chosen, room) in enumerate(cases):
        taken, program, stopped = _greedy(chosen, room)
        best = _best(chosen, room)
        kept = max(taken, max(v for v, _ in chosen)) if single else taken
        above &= taken + stopped >= program >= best
        if Fraction(kept, best) < least:
            least, witness = Fraction(kept, best), (chosen, room)
        if number % 997 == 0:
            solved = hindsight_milp([[float(v)] for v, _ in chosen], [[float(w)] for _, w in chosen], [float(room)])
            agree &= solved.lower - 1e-9 <= best <= solved.upper + 1e-9
    m = sympy.Symbol("m", positive=True)
    sharp = sympy.limit((m + 2) / (2 * m), m, sympy.oo) == sympy.Rational(1, 2)
    ok = above and agree and sharp and least >= share and (not single or _halves(share))
    return proved(
        claim,
        ok,
        float(least - share),
        f"z3, sympy; {len(cases)} knapsacks in whole numbers: least share {float(least):.4f} with (value, weight) {witness[0]}, room {witness[1]}",
    )


def _halves(share):
    """greedy + item >= optimum leaves one of them at `share` of it or above."""
    import z3

    greedy, item, optimum = z3.Reals("greedy item optimum")
    solver = z3.Solver()
    part = z3.Q(share.numerator, share.denominator)
    solver.add(optimum >= 0, greedy + item >= optimum, greedy < part * optimum, item < part * optimum)
    return solver.check() == z3.unsat


def _greedy(items, room):
    """(value taken, the linear program, the first item that does not fit)."""
    taken = 0
    for v, w in sorted(items, key=lambda i: (-Fraction(i[0], i[1]), i)):
        if w > room:
            return taken, taken + Fraction(v * room, w), v
        taken, room = taken + v, room - w
    return taken, taken, 0


def _best(items, room):
    best = [0] * (room + 1)
    for v, w in items:
        for r in range(room, w - 1, -1):
            best[r] = max(best[r], best[r - w] + v)
    return best[room]
