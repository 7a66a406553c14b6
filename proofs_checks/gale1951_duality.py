"""Weak and strong duality of the house's linear programs: every price is an upper bound, the best one equality; brackets hold the exact value.

Statement. For max c.x subject to A x <= b, x >= 0 with a feasible and a bounded plan: p.b >= c.x for every p >= 0 with p A >= c and every plan, with
equality for some pair. For requests that is ``mu.B + sum_t max(0, max_i r_ti - mu.c_ti) >=`` every plan, for each mu >= 0. Plans that take requests
whole fall short of the best price.

Source: linear programming duality (Gale, Kuhn, Tucker 1951, known to us by name); [Balseiro2023]_ for the dual of requests.

What was proved. In rationals, by a plan and prices of equal value, both checked (`shared.rational_lp`; no solver's word): (1) the program of requests
for *every* instance of two requests, one option, two resources with rewards in {1, 2}, costs in {0, 1, 2}, budgets in {1, 2} (two costs {1, 2} and
one budget at scale < .3). (2) On drawn instances in whole numbers (certified): the exact value lies in [lower, upper] of `hindsight_lp`,
`dual_bound`, `fluid_request_lp`, `fluid_lp`, `class_allocation_lp`, `context_fluid_lp`, `semi_bandit_lp`, `best_fixed_distribution`, `occupancy_lp`,
`volunteer_lagrangian`, `matching_lp` (online, offline) and `balanced_assignment_lp`, and in no drawn case is a dual at a drawn rational price below it.
"""

import itertools
from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = "no constant: an equality of programs"


def check(scale: float, seed: int) -> Verdict:
    return _verdict(False, scale, seed, "strong duality, exactly, of every program of two requests in a class; brackets of thirteen optima")


def control(scale: float, seed: int) -> Verdict:
    return _verdict(True, scale, seed, "control: strong duality of the same programs where requests are taken whole")


def _verdict(integral, scale, seed, claim):
    import numpy as np

    full = scale >= 0.3
    costs, budgets = ((0, 1, 2), (1, 2)) if full else ((1, 2), (1,))
    cases, gaps, widest = 0, 0, Fraction(0)
    for reward in itertools.product((1, 2), repeat=2):
        for cost in itertools.product(costs, repeat=4):
            for budget in itertools.product(budgets, repeat=2):
                r, c = [[reward[0]], [reward[1]]], [[cost[:2]], [cost[2:]]]
                plan = _solved(*_requests(r, c, budget))
                primal = _whole(r, c, budget) if integral else plan.value
                dual = _dual(r, c, budget, plan.price[:2])
                cases, gaps, widest = cases + 1, gaps + (primal != dual), max(widest, Fraction(int((dual - primal).p), int((dual - primal).q)))
    g = np.random.default_rng(seed)
    outside, drawn = [], 0
    for name, exact, optimum in [] if integral else _drawn(g, 20 if full else 1):
        drawn += 1
        if not optimum[0] <= exact <= optimum[1]:
            outside.append(name)
    weak = integral or _weak(g, 40 if full else 6)
    ok = gaps == 0 and not outside and weak
    return proved(
        claim,
        ok,
        -float(widest) or 0.0,
        f"rationals: primal = dual in {cases - gaps} of {cases} instances, widest gap {float(widest):.3g}; "
        f"{drawn} drawn programs, outside the solver's bracket: {', '.join(outside) or 'none'}",
    )


def _solved(goal, rows, room):
    from flint import fmpq

    from budgetsim.shared.rational_lp import rational_lp

    return rational_lp(goal, rows, room, fmpq)


def _requests(reward, cost, budget, often=None):
    """(goal, rows, room) of requests that come `often` times each."""
    horizon, n = len(reward), len(reward[0])
    often = often or [1] * horizon
    goal = [often[t] * reward[t][i] for t in range(horizon) for i in range(n)]
    rows = [[often[t] * cost[t][i][j] for t in range(horizon) for i in range(n)] for j in range(len(budget))]
    rows += [[int(s == t) for s in range(horizon) for _ in range(n)] for t in range(horizon)]
    return goal, rows, [*budget, *[1] * horizon]


def _dual(reward, cost, budget, price):
    """mu.B + sum_t max(0, max_i r_ti - mu.c_ti)."""
    worth = [
        max([0 * price[0]] + [r - sum(p * c for p, c in zip(price, paid, strict=True)) for r, paid in zip(row, paths, strict=True)])
        for row, paths in zip(reward, cost, strict=True)
    ]
    return sum(p * b for p, b in zip(price, budget, strict=True)) + sum(worth)


def _whole(reward, cost, budget):
    """The best choice of at most one whole option a request."""
    best = 0
    for choice in itertools.product(*[range(-1, len(row)) for row in reward]):
        paid = [sum(cost[t][i][j] for t, i in enumerate(choice) if i >= 0) for j in range(len(budget))]
        if all(p <= b for p, b in zip(paid, budget, strict=True)):
            best = max(best, sum(reward[t][i] for t, i in enumerate(choice) if i >= 0))
    return best


def _weak(g, many):
    """Duals at drawn prices are never below the program."""
    from flint import fmpq

    for _ in range(many):
        r, c, b = g.integers(0, 9, (3, 2)).tolist(), g.integers(0, 5, (3, 2, 2)).tolist(), g.integers(1, 9, 2).tolist()
        price = [fmpq(int(g.integers(0, 40)), int(g.integers(1, 12))) for _ in range(2)]
        if _dual(r, c, b, price) < _solved(*_requests(r, c, b)).value:
            return False
    return True


def _drawn(g, many):
    """(name, exact value, (lower, upper)) of drawn programs."""
    import numpy as np
    from flint import fmpq

    from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
    from budgetsim.optima.best_fixed_distribution import best_fixed_distribution
    from budgetsim.optima.class_allocation_lp import class_allocation_lp
    from budgetsim.optima.context_fluid_lp import context_fluid_lp
    from budgetsim.optima.dual_bound import dual_bound
    from budgetsim.optima.fluid_lp import fluid_lp
    from budgetsim.optima.fluid_request_lp import fluid_request_lp
    from budgetsim.optima.hindsight_lp import hindsight_lp
    from budgetsim.optima.matching_lp import matching_lp
    from budgetsim.optima.occupancy_lp import occupancy_lp
    from budgetsim.optima.semi_bandit_lp import semi_bandit_lp
    from budgetsim.optima.volunteer_lagrangian import volunteer_lagrangian

    def found(name, program, best, exact_lower=False):
        value = max(_solved(*p).value for p in program) if isinstance(program, list) else _solved(*program).value
        value = Fraction(int(value.p), int(value.q))
        return name, value, (Fraction(best.lower), Fraction(best.value + abs(best.value) * 1e-9 if exact_lower else best.upper))

    for _ in range(many):
        r, c, b = g.integers(0, 9, (4, 2)), g.integers(0, 5, (4, 2, 2)), g.integers(1, 9, 2)
        lists = r.tolist(), c.tolist(), b.tolist()
        yield found("hindsight_lp", _requests(*lists), hindsight_lp(r, c, b))
        yield found("dual_bound", _requests(*lists), dual_bound(r, c, b))
        share = g.permutation([1, 1, 2, 4])
        yield found("fluid_request_lp", _requests(*lists, share.tolist()), fluid_request_lp(r, c, share / 8.0, b, 8))
        arms, paid = g.integers(0, 9, 3), g.integers(0, 5, (3, 2))
        program = ((8 * arms).tolist(), [*(8 * paid.T).tolist(), [1, 1, 1]], [*b.tolist(), 1])
        yield found("fluid_lp", program, fluid_lp(arms, paid, b, 8, largest_cost=4), exact_lower=True)  # its upper bounds rules, not the program
        worth = g.integers(0, 9, 4)
        program = ((share * worth).tolist(), [share.tolist(), *np.eye(4, dtype=int).tolist()], [int(b[0]), 1, 1, 1, 1])
        yield found("class_allocation_lp", program, class_allocation_lp(share / 8.0, worth, float(b[0]), 8))
        program = ([fmpq(int(x), 8) for x in share * worth], *program[1:])
        yield found("context_fluid_lp", program, context_fluid_lp(worth / 8.0, float(b[0]), 8, share / 8.0))
        program = (arms.tolist(), [*paid.T.tolist(), [1, 1, 1], *np.eye(3, dtype=int).tolist()], [*b.tolist(), 2, 1, 1, 1])
        yield found("semi_bandit_lp", program, semi_bandit_lp(arms / 8.0, paid / 8.0, b, 8, 2), exact_lower=True)
        sums = [(r[: t + 1].sum(axis=0).tolist(), [*c[: t + 1].sum(axis=0).T.tolist(), [1, 1]], [*b.tolist(), 1]) for t in range(4)]
        yield found("best_fixed_distribution", sums, best_fixed_distribution(r, c, b))
        accept, back = g.integers(1, 9, (2, 2)), g.integers(1, 9, 2)
        crowd = [0.25, 0.75], accept / 8.0, back / 8.0, b[0] / 8.0
        for bound in (occupancy_lp, volunteer_lagrangian):
            yield found(bound.__name__, _occupancy(accept.tolist(), back.tolist(), int(b[0])), bound(*crowd))
        w, p = g.integers(0, 9, (2, 3, 1)), g.integers(0, 9, (3, 1))
        for benchmark in ("online", "offline"):
            yield found(f"matching_lp {benchmark}", _matching(w[:, :, 0].tolist(), p[:, 0].tolist(), benchmark), matching_lp(w, p / 8.0, benchmark))
        a = g.integers(0, 9, (4, 2))
        n, e = a.shape
        once = [[int(i == t) for i in range(n) for _ in range(e)] for t in range(n)]
        half = [[int(k == h) for _ in range(n) for k in range(e)] for h in range(e)]
        lifted = found(
            "balanced_assignment_lp", ((a + 100).ravel().tolist(), once + half, [1] * n + [n // e] * e), balanced_assignment_lp(a, 1, method="scipy")
        )
        yield lifted[0], lifted[1] - 100 * n, lifted[2]  # what is lifted by 100 is filled


def _occupancy(accept, back, budget):
    """Two volunteers, contexts of chances 1/4 and 3/4, all else in eighths; u_i = 1 - sum_k p_ik a_ik / q_i, and B_k is what is used."""
    from flint import fmpq

    pairs, chance = [(i, k) for i in range(2) for k in range(2)], (fmpq(1, 4), fmpq(3, 4))
    rows = [[(1 if (h, j) == (i, k) else 0) + (chance[k] * fmpq(accept[i][j], back[i]) if h == i else 0) for h, j in pairs] for i, k in pairs]
    return [fmpq(accept[i][k], 8) for i, k in pairs], [*rows, [1] * 4], [*(chance[k] for _, k in pairs), fmpq(budget, 8)]


def _matching(w, p, benchmark):
    """(goal, rows, room) with one type a round, chances in eighths."""
    from flint import fmpq

    nodes, horizon = len(w), len(w[0])
    pairs = [(i, t) for i in range(nodes) for t in range(horizon)]
    goal = [w[i][t] for i, t in pairs]
    chance = [fmpq(x, 8) for x in p]
    rows, room = [[int(s == t) for _, s in pairs] for t in range(horizon)], list(chance)
    if benchmark == "online":
        for i, t in pairs:
            rows.append([int((k, s) == (i, t)) + (chance[t] if k == i and s < t else 0) for k, s in pairs])
            room.append(chance[t])
    else:
        rows += [[int(k == i) for k, _ in pairs] for i in range(nodes)]
        room += [1] * nodes
    return goal, rows, room
