"""Sinkhorn scaling to row sums K and column sums n K / E is, after every sweep, K times that to row sums 1 and column sums n / E; its biases do not know K.

Statement. From the same positive matrix, t sweeps of rows then columns to (K, n K / E) give exactly K times the matrix of t sweeps to (1, n / E), for
every K, n, E and t; the column factors after the first sweep are the same. So the biases that route are those of K = 1. With entries cut at 1 it is
false.

Source: derived here; scaling is that of Sinkhorn and Knopp 1967, known to us by name; `policies.sinkhorn` uses it.

What was proved. (1) One sweep in sympy, 2 x 3 symbols: rows scaled to K give K times those scaled to 1, whatever common factor the matrix carries,
and columns scaled to n K / E likewise: by induction all sweeps (the argument is the same for each entry and does not use n or E). (2) In rationals:
every 2 x 3 matrix of entries in {1, 2, 3} (2 x 2 at scale < .3), K in {1, 2}, 3 sweeps, plan against plan.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity"


def check(scale: float, seed: int) -> Verdict:
    return _verdict(None, scale, "Sinkhorn's plan for K choices is K times that for one")


def control(scale: float, seed: int) -> Verdict:
    return _verdict(1, scale, "control: the same where entries are cut at 1, as K different experts need")


def _verdict(cut, scale, claim):
    symbolic = _one_sweep()
    e = 3 if scale >= 0.3 else 2
    matrices, broken, worst = 0, 0, Fraction(0)
    for flat in itertools.product((1, 2, 3), repeat=2 * e):
        matrix = [[Fraction(v) for v in flat[:e]], [Fraction(v) for v in flat[e:]]]
        for sweeps in (1, 3):
            one, two = (_scaled(matrix, k, sweeps, cut) for k in (1, 2))
            off = max(abs(2 * a - b) for x, y in zip(one, two, strict=True) for a, b in zip(x, y, strict=True))
            broken, worst = broken + (off > 0), max(worst, off)
        matrices += 1
    return proved(
        claim,
        symbolic and broken == 0,
        -float(worst) or 0.0,
        f"sympy: {symbolic}; {matrices} matrices in rationals, different in {broken} plans, by at most {float(worst):.3g}",
    )


def _scaled(matrix, k, sweeps, cut):
    m, e = [list(row) for row in matrix], len(matrix[0])
    for _ in range(sweeps):
        m = [[v * k / sum(row) for v in row] for row in m]
        if cut:
            m = [[min(v, Fraction(cut)) for v in row] for row in m]
        column = [sum(row[j] for row in m) for j in range(e)]
        m = [[row[j] * len(m) * k / (e * column[j]) for j in range(e)] for row in m]
    return m


def _one_sweep():
    import sympy

    k, c = sympy.symbols("K c", positive=True)
    x = sympy.Matrix(2, 3, sympy.symbols("x:6", positive=True))

    def sweep(m, total):
        rows = sympy.Matrix(2, 3, lambda i, j: m[i, j] * total / sum(m[i, :]))
        return sympy.Matrix(2, 3, lambda i, j: rows[i, j] * 2 * total / (3 * sum(rows[:, j])))

    return sympy.simplify(sweep(c * x, k) - k * sweep(x, 1)) == sympy.zeros(2, 3)
