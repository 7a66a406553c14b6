"""Optima that certify what is not so."""

from . import OPERATOR, Mutant

P = "budgetsim/optima/"
FLUID, HINDSIGHT, ARM, SEQUENCE, PROPHET, DP, SEMI, REQUEST = (P + f"{name}.py" for name in (
    "fluid_lp", "hindsight_lp", "best_fixed_arm", "best_fixed_distribution", "prophet_value", "knapsack_dp", "semi_bandit_lp", "fluid_request_lp"))  # fmt: skip

# fmt: off
MUTANTS = [
    Mutant("forgets_the_null_arm", FLUID, "    hull = [(-1, 0.0, 0.0)]  # arm", "    hull = [(int(np.argmax(r)), 0.0, 0.0)]  # arm", "the rounds of the null arm go to an arm"),
    Mutant("upper_too_low", FLUID, "wider = b + TOLERANCE * b + largest\n", "wider = b + TOLERANCE * b\n", "upper is LP(B), which a run under STOP can exceed", OPERATOR + "operand removed"),
    Mutant("upper_is_the_value", FLUID, "        min(dual_value(r, c, wider, horizon, p) for p in (wide_price, price)),\n", "        value,\n", "the gap is hidden: upper is what was found"),
    Mutant("dual_sign", FLUID, "    time = max(float(np.max(r - paid)), 0.0)\n", "    time = max(float(np.min(r - paid)), 0.0)\n", "s must be above every r_k - p.c_k, not above the least", OPERATOR + "max to min"),
    Mutant("prices_unclipped", FLUID, "np.where(capped, np.maximum(price, 0.0), 0.0)[capped]", "np.where(capped, -np.maximum(price, 0.0), 0.0)[capped]", "a dual with the wrong sign", OPERATOR + "+ to -"),
    Mutant("lower_not_feasible", FLUID, "    mixture = _feasible(mixture, c, b / horizon)\n", "    mixture = 1.001 * mixture\n", "the plan that stands behind lower is not feasible"),
    Mutant("scaled_once_too_little", FLUID, "    return x * min(1.0, float(np.min(cap[over] / used[over]))) if over.any() else x", "    return x * min(1.0, float(np.max(cap[over] / used[over]))) if over.any() else x", "the repair scales by the largest ratio", OPERATOR + "min to max"),
    Mutant("price_of_another_unit", FLUID, "price[binding] = np.maximum(p, 0.0) * unit / scale", "price[binding] = np.maximum(p, 0.0) * unit", "prices are left in the solver's units", OPERATOR + "operand removed"),
    Mutant("hull_backwards", FLUID, "        if point[2] <= hull[-1][2]:\n", "        if point[2] >= hull[-1][2]:\n", "keeps the arms that are dearer and worse", OPERATOR + "<= to >="),
    Mutant("upper_without_prices", HINDSIGHT, "    return float(p @ whole + earned.sum()) + rounding(len(r), b.size, size)\n", "    return float(earned.sum()) + rounding(len(r), b.size, size)\n", "the dual forgets what the budget is worth", OPERATOR + "operand removed"),
    Mutant("one_option_too_many", HINDSIGHT, "    x /= np.maximum(x.sum(axis=1, keepdims=True), 1.0)\n", "", "a request may be served twice", OPERATOR + "statement removed"),
    Mutant("hindsight_cap_ignored", HINDSIGHT, "    return x * min(1.0, float(np.min(b[over] / used[over], initial=1.0)) * (1.0 - 4 * EPS)) if over.any() else x\n", "    return x\n", "the plan may cost more than there is, by what the solver tolerates", OPERATOR + "operand removed"),
    Mutant("solver_trusted", HINDSIGHT, "    plan = fitted(plan, r, c, b)\n", "", "the solver's word is taken", OPERATOR + "statement removed"),
    Mutant("never_binding", HINDSIGHT, ".max(axis=1).sum(axis=0) > b)\n", ".max(axis=1).max(axis=0) > b)\n", "only a single request can make a budget bind", OPERATOR + "sum to max"),
    Mutant("greatest_mean_for_greatest_sum", ARM, "    arm = int(np.argmax(r * pulls))\n", "    arm = int(np.argmax(r))\n", "the greatest mean, however short it lasts", OPERATOR + "operand removed"),
    Mutant("worst_fixed_arm", ARM, "    arm = int(np.argmax(r * pulls))\n", "    arm = int(np.argmin(r * pulls))\n", "the worst arm", OPERATOR + "argmax to argmin"),
    Mutant("lasts_longest", ARM, "np.minimum(pulls, lasts.min(axis=1))", "np.minimum(pulls, lasts.max(axis=1))", "the last budget to run out ends the run", OPERATOR + "min to max"),
    Mutant("stops_too_soon", SEQUENCE, "        if solved[tau] or bound[tau] <= value * (1.0 + tolerance):\n", "        if solved[tau] or value >= 0.0:\n", "one stopping time is tried"),
    Mutant("off_by_a_round", SEQUENCE, "Plan(x, tau + 1), p\n", "Plan(x, tau), p\n", "the stopping time is a round short", OPERATOR + "constant -1"),
    Mutant("distribution_gap_hidden", SEQUENCE, "    return _optimum(value, max(value, float(bound[worst])), float(size[worst]), r, plan, Prices(price))\n", "    return _optimum(value, 0.999 * value, float(size[worst]), r, plan, Prices(price))\n", "upper is below value"),
    Mutant("days_miscounted", PROPHET, "np.maximum(1.0 - probability.sum(axis=1, keepdims=True), 0.0)", "np.maximum(0.0 * probability.sum(axis=1, keepdims=True), 0.0)", "days on which nobody comes are forgotten", OPERATOR + "constant -1"),
    Mutant("lightest_matching", PROPHET, "maximize=True", "maximize=False", "the lightest matching", OPERATOR + "True to False"),
    Mutant("dp_starts_a_round_late", DP, "for t in range(plan.shape[0] - 1, -1, -1):", "for t in range(plan.shape[0] - 1, 0, -1):", "one round is missing", OPERATOR + "constant +1"),
    Mutant("dp_charges_after", DP, "if (x <= i or free[0]) and (y <= j or free[1]):", "if (x <= i + 1 or free[0]) and (y <= j + 1 or free[1]):", "the last unit is on credit", OPERATOR + "constant +1"),
    Mutant("dp_gap_hidden", DP, '"certified", best, best - slack, best + slack', '"certified", best, best + slack, best - slack', "lower is above upper", OPERATOR + "- to +"),
    Mutant("fewest_arms", SEMI, "gain = np.sort(np.maximum(r - paid, 0.0))[::-1][:most]", "gain = np.sort(np.maximum(r - paid, 0.0))[:most]", "the m least instead of the m greatest", OPERATOR + "argmax to argmin"),
    Mutant("semi_upper_too_low", SEMI, "wider = b + TOLERANCE * b + most\n", "wider = b + TOLERANCE * b\n", "upper is LP(B), which a run under STOP can exceed", OPERATOR + "operand removed"),
    Mutant("type_costs_once", REQUEST, "often[:, None, None] * c, b", "c, b", "a type costs as if it came once", OPERATOR + "operand removed"),
]
