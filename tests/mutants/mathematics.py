"""Rules that keep every promise and play the wrong thing."""

from . import OPERATOR, Mutant

P = "budgetsim/policies/"
UCB, EXP3, GREEDY, UNIFORM, ETC, THOMPSON, MOSS, KL, ELIMINATION, HEDGE, PRIMAL = (
    P + f"{name}.py" for name in ("ucb1", "exp3", "epsilon_greedy", "uniform", "explore_then_commit", "thompson", "moss", "kl_ucb", "successive_elimination", "hedge", "primal_dual")
)  # fmt: skip
WEIGHTS, CONFIDENCE, MIXTURES = "budgetsim/shared/exponential_weights.py", "budgetsim/confidence.py", "budgetsim/shared/mixtures.py"
LAGRANGE, DESCENT, ALLOCATION, SECRETARY = P + "lagrange_bwk.py", P + "dual_descent.py", P + "greedy_allocation.py", P + "secretary_rule.py"

# fmt: off
MUTANTS = [
    # ------------------------------------------------------------------------------------ UCB1 and its kin
    Mutant("radius_one_pull_more", UCB, "1.0 / math.sqrt(record(memory.reward, action, outcome.reward))", "1.0 / math.sqrt(record(memory.reward, action, outcome.reward) + 1.0)", "the radius counts a pull too many", OPERATOR + "constant +1"),
    Mutant("log_of_next_round", UCB, "log(max(t, 1))", "log(max(t + 1, 1))", "log(t + 1) under the root", OPERATOR + "constant +1"),
    Mutant("pessimism", UCB, "+ scale * memory.width[k]", "- scale * memory.width[k]", "pessimism for optimism", OPERATOR + "+ to -"),
    Mutant("radius_not_rooted", UCB, "scale = math.sqrt(params.radius * log(max(t, 1)))", "scale = params.radius * log(max(t, 1))", "the root of the radius is lost", OPERATOR + "call removed"),
    Mutant("radius_of_one", UCB, "radius: float = 2.0", "radius: float = 1.0", "the default radius is 1", OPERATOR + "constant -1"),
    Mutant("moss_without_arms", MOSS, "Params(spec.horizon / spec.n_actions)", "Params(spec.horizon)", "log(T / n) for log(T / (K n))", OPERATOR + "operand removed"),
    Mutant("moss_no_floor", MOSS, "max(log(params.share / n), 0.0)", "max(log(params.share / n), 1.0)", "the logarithm is kept above 1", OPERATOR + "constant +1"),
    Mutant("kl_level_of_next_round", KL, "level = log(max(t, 1))", "level = log(max(t + 1, 1))", "log(t + 1)", OPERATOR + "constant +1"),
    Mutant("kl_prunes_too_much", KL, "(1.0 - m) * below) < level", "(1.0 - m) * below) < 0.5 * level", "the test that spares an inversion is too strict"),
    Mutant("largest_sum", CONFIDENCE, "    seen.mean[arm] = total / n\n", "    seen.mean[arm] = total\n", "greedy on the largest sum instead of the largest mean", "a bug that other packages had: the largest sum instead of the largest mean (issue 7)", GREEDY),
    Mutant("sum_of_squares", CONFIDENCE, "total = seen.total[arm] + reward\n", "total = seen.total[arm] + reward * reward\n", "the mean of squares", OPERATOR + "x to x * x", UCB),
    Mutant("mean_of_last", CONFIDENCE, "total = seen.total[arm] + reward\n", "total = reward * n\n", "the last reward counts as the mean", OPERATOR + "operand removed", UCB),
    Mutant("worst_arm", GREEDY, "        return any_arm(view, memory.mean.size, key, 1)\n    return best(view, memory.mean)", "        return any_arm(view, memory.mean.size, key, 1)\n    arm, least = -1, 1e300\n    for k in range(memory.mean.size):\n        if memory.mean[k] < least and available(view, k):\n            arm, least = k, memory.mean[k]\n    return max(arm, 0)\n\n\nfrom ..kernels import available\n", "the least mean", OPERATOR + "argmax to argmin"),
    Mutant("rarely_greedy", GREEDY, "if uniform(key, 0) < params.epsilon:", "if uniform(key, 0) >= params.epsilon:", "explores with probability 1 - epsilon", OPERATOR + "< to >="),
    Mutant("explores_twice_as_often", GREEDY, "if uniform(key, 0) < params.epsilon:", "if uniform(key, 0) < 2.0 * params.epsilon:", "explores with probability 2 epsilon"),
    Mutant("same_coin", GREEDY, "    if uniform(key, 0) < params.epsilon:\n        return any_arm(view, memory.mean.size, key, 1)", "    u = uniform(key, 0)\n    if u < params.epsilon:\n        return int(u * memory.mean.size)", "the coin that says whether to explore also says where: always arm 0", "a bug that other packages had: streams shared, here between two draws (issue 7)"),
    Mutant("no_cube", GREEDY, "if u * u * u * (t + 1) <", "if u * u * (t + 1) <", "the square root for the cube root", OPERATOR + "operand removed"),
    Mutant("commits_a_pull_early", ETC, "Memory(means(k), np.array([float(k)]), np.zeros(1)), Params(float(n))", "Memory(means(k), np.array([float(k)]), np.zeros(1)), Params(float(n) - (n > 1))", "N - 1 exploring pulls", OPERATOR + "constant -1"),
    Mutant("commits_to_the_worst", ETC, "memory.committed[0] = best_mean(memory.reward)", "memory.committed[0] = memory.reward.mean.argmin()", "commits to the least mean", OPERATOR + "argmax to argmin"),
    Mutant("drops_the_best", ELIMINATION, "if mean[k] + scale / math.sqrt(pulls[k]) < floor:", "if mean[k] - scale / math.sqrt(pulls[k]) < floor:", "drops every arm but one", OPERATOR + "+ to -"),
    Mutant("never_drops", ELIMINATION, "floor = max(floor, mean[k] - scale", "floor = min(floor, mean[k] - scale", "the floor stays at -inf: no arm is dropped", OPERATOR + "max to min"),
    # ------------------------------------------------------------------------------------ posteriors
    Mutant("posterior_fed_twice", THOMPSON, "        memory.a[action] += 1.0\n", "        memory.a[action] += 2.0\n", "a success counts twice", OPERATOR + "constant +1"),
    Mutant("failures_forgotten", THOMPSON, "        memory.b[action] += 1.0\n", "        memory.b[action] += 0.0\n", "failures are not told", OPERATOR + "constant -1"),
    Mutant("success_and_failure_swapped", THOMPSON, "if memory.coin[0] < outcome.reward:", "if memory.coin[0] >= outcome.reward:", "the posterior of failures", OPERATOR + "< to >="),
    Mutant("shapes_swapped", THOMPSON, "draw = beta(key, k, memory.a[k], memory.b[k])", "draw = beta(key, k, memory.b[k], memory.a[k])", "Beta(b, a)", OPERATOR + "arguments swapped"),
    Mutant("one_draw_for_all", THOMPSON, "draw = beta(key, k, memory.a[k], memory.b[k])", "draw = memory.a[k] / (memory.a[k] + memory.b[k])", "the posterior's mean for a draw"),
    # ------------------------------------------------------------------------------------ exponential weights
    Mutant("rate_inverted", EXP3, "rate = math.sqrt(2.0 * log(k) / (k * spec.horizon))", "rate = 1.0 / math.sqrt(2.0 * log(max(k, 2)) / (k * spec.horizon))", "the learning rate is turned over", "a bug that other packages had: an exploration rate inverted in Exp3++ (issue 7; known_answers.md)"),
    Mutant("weights_unimportant", EXP3, " / memory.probability[0])", ")", "the loss is not divided by its probability", OPERATOR + "operand removed"),
    Mutant("rewards_punished", EXP3, "-params.eta * max(1.0 - outcome.reward, 0.0)", "params.eta * max(1.0 - outcome.reward, 0.0)", "losses raise weights", OPERATOR + "- to +"),
    Mutant("mixing_inverted", WEIGHTS, "share, base = (1.0 - mixing) / total, mixing / options", "share, base = mixing / total, (1.0 - mixing) / options", "explores with 1 - mixing", "a bug that other packages had: an exploration rate inverted in Exp3++ (issue 7; known_answers.md)", EXP3),
    Mutant("stale_total", WEIGHTS, "    memory.total[0] += memory.weight[k] - old\n", "    memory.total[0] += 0.5 * (memory.weight[k] - old)\n", "the sum of the weights is not kept: the last arm takes what is missing", "ours", EXP3),
    Mutant("hedge_half_rate", HEDGE, "math.sqrt(8.0 * log(k) / spec.horizon)", "math.sqrt(2.0 * log(k) / spec.horizon)", "half the rate"),
    Mutant("hedge_on_losses", WEIGHTS, "exp(eta * (gain[k] - greatest))", "exp(eta * (greatest - gain[k]) * (-1.0 if gain[k] < greatest else 1.0) * -1.0)", "gains lower weights", OPERATOR + "- to +", HEDGE),
    # ------------------------------------------------------------------------------------ prices
    Mutant("cost_constraint_inverted", PRIMAL, "density = memory.upper[k] / cost", "density = memory.upper[k] * cost", "dear arms are preferred", "a bug that other packages had: an inverted cost constraint (known_answers.md)"),
    Mutant("price_falls_with_use", PRIMAL, "exp(params.growth * (memory.lower[action, j] - params.pace))", "exp(-params.growth * (memory.lower[action, j] - params.pace))", "the dual with the wrong sign", OPERATOR + "+ to -"),
    Mutant("bound_above_costs", PRIMAL, "max(mean - relative(max(mean, 0.0), charged, params.levels[j]), 0.0)", "max(mean + relative(max(mean, 0.0), charged, params.levels[j]), 0.0)", "an upper bound where the lower one belongs", OPERATOR + "- to +"),
    Mutant("void_rounds_have_costs", PRIMAL, "if outcome.status != NO_COST_SEEN:", "if True:", "void rounds count as costs of 0", OPERATOR + "condition removed"),
    Mutant("dual_wrong_sign", DESCENT, "            price[j] = max(price[j] - step * (rate[j] - view.cost[action, j]), 0.0)\n", "            price[j] = max(price[j] + step * (rate[j] - view.cost[action, j]), 0.0)\n", "a dual step uphill", OPERATOR + "- to +"),
    Mutant("idle_prices_frozen", DESCENT, "            price[j] = max(price[j] - step * rate[j], 0.0)\n", "            pass\n", "prices do not fall while idle", OPERATOR + "statement removed"),
    Mutant("prices_below_zero", DESCENT, "max(price[j] - step * (rate[j] - view.cost[action, j]), 0.0)", "max(price[j] - step * (rate[j] - view.cost[action, j]), -1.0)", "prices below 0", OPERATOR + "constant -1"),
    Mutant("lagrange_gains_costs", WEIGHTS, "(outcome.reward - cost + span)", "(outcome.reward + cost - span)", "costs are gains", OPERATOR + "- to +", LAGRANGE),
    Mutant("hired_a_round_early", SECRETARY, "t >= params.rejected", "t + 1 >= params.rejected", "one candidate fewer is let pass", OPERATOR + "constant +1"),
    Mutant("hires_the_second", SECRETARY, "view.rank[0] == 1.0", "view.rank[0] == 2.0", "hires the second best so far", OPERATOR + "constant +1"),
]
