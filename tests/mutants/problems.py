"""Problems whose nature is not what they say."""

from . import OPERATOR, Mutant

P = "budgetsim/problems/"
BANDIT, KNAPSACK, SURVIVAL, ADVERSARY, SEMI, SECRETARY = (
    P + f"{name}.py" for name in ("stochastic_bandit", "knapsack_bandit", "survival_bandit", "adversarial_bandit", "semi_bandit", "secretary")
)
REQUESTS, ALLOCATION = "budgetsim/shared/requests.py", P + "online_allocation.py"

# fmt: off
MUTANTS = [
    Mutant("label_matters", BANDIT, "    return draws.bernoulli(key, action, instance.mean_reward[action])\n", "    return draws.bernoulli(key, action, instance.mean_reward[action] * (1.0 if action else 0.8))\n", "arm 0 is worse than its mean: the label matters"),
    Mutant("biased_coin", BANDIT, "    return draws.bernoulli(key, action, instance.mean_reward[action])\n", "    return 1.0 if draws.uniform(key, action) <= instance.mean_reward[action] + 0.05 else 0.0\n", "a biased draw"),
    Mutant("expected_of_the_neighbour", BANDIT, "    return instance.mean_reward[action]\n\n\ndef loss", "    return instance.mean_reward[(action + 1) % instance.mean_reward.size]\n\n\ndef loss", "expected is the next arm's mean", OPERATOR + "constant +1"),
    Mutant("loss_against_the_first", BANDIT, "        best = max(best, instance.mean_reward[k])\n", "        best = min(best, instance.mean_reward[k])\n", "the simple regret is below 0", OPERATOR + "max to min"),
    Mutant("variance_for_deviation", BANDIT, "instance.sigma[action] * draws.normal(key, action)", "instance.sigma[action] * instance.sigma[action] * draws.normal(key, action)", "sigma squared", OPERATOR + "x to x * x"),
    Mutant("beta_swapped", BANDIT, "draws.beta(key, action, instance.a[action], instance.b[action])", "draws.beta(key, action, instance.b[action], instance.a[action])", "Beta(b, a)", OPERATOR + "arguments swapped"),
    Mutant("values_of_the_first", BANDIT, "instance.values[action, draws", "instance.values[0, draws", "all arms pay the values of the first", OPERATOR + "variable to constant"),
    Mutant("one_coin_for_all_arms", BANDIT, "    return draws.bernoulli(key, action, instance.mean_reward[action])\n", "    return draws.bernoulli(key, 0, instance.mean_reward[action])\n", "all arms share one coin a round", "a bug that other packages had: streams shared, here between arms (issue 7)"),
    Mutant("same_slot_for_reward_and_cost", KNAPSACK, "cost[j] = draws.bernoulli(key, action * (d + 1) + 1 + j, instance.mean_cost[action, j])", "cost[j] = draws.bernoulli(key, action * (d + 1) + j, instance.mean_cost[action, j])", "reward and cost share a slot", "a bug that other packages had: streams shared (issue 7)"),
    Mutant("slots_of_arms_collide", KNAPSACK, "draws.bernoulli(key, action * (d + 1) + 1 + j, instance", "draws.bernoulli(key, action + 1 + j, instance", "arms and resources share slots", "a bug that other packages had: colliding seeds (issue 7)"),
    Mutant("costs_transposed", KNAPSACK, "instance.mean_cost[action, j])\n    return draws", "instance.mean_cost[action, d - 1 - j])\n    return draws", "resources in the wrong order", OPERATOR + "index reversed"),
    Mutant("cost_below_zero", KNAPSACK, "        cost[j] = instance.outcomes[action, i, 1 + j]\n", "        cost[j] = -instance.outcomes[action, i, 1 + j]\n", "costs with the wrong sign", OPERATOR + "+ to -"),
    Mutant("idle_earns", KNAPSACK, "    return instance.mean_reward[max(action, 0)] * (action >= 0)", "    return instance.mean_reward[max(action, 0)]", "idling is expected to earn", OPERATOR + "operand removed"),
    Mutant("idle_pays", KNAPSACK, "    if action < 0:\n        return 0.0\n    i = ", "    if action < 0:\n        return 1.0\n    i = ", "the null arm earns", OPERATOR + "constant +1"),
    Mutant("largest_cost_of_the_mean", KNAPSACK, "outcomes[:, :, 1:].max(axis=(0, 1))", "mean[:, 1:].max(axis=0)", "the largest cost is the largest mean"),
    Mutant("gain_costs", SURVIVAL, "    cost[0] = -gain\n", "    cost[0] = gain\n", "a gain lowers the stock", OPERATOR + "- to +"),
    Mutant("clipping_above", SURVIVAL, "max(instance.outcomes[action, i], -stock)", "max(instance.outcomes[action, i], stock)", "expected clips at the wrong end", OPERATOR + "- to +"),
    Mutant("no_clipping", SURVIVAL, "if stock >= instance.largest_loss[action]:", "if stock >= 0.0:", "expected forgets the clipping", OPERATOR + "operand to constant"),
    Mutant("use_never_counted", SURVIVAL, "    state.uses[action] += 1.0\n", "", "every pull of an arm brings the same gain", OPERATOR + "statement removed"),
    Mutant("step_moves_the_state", SURVIVAL, "    seen.gain[0] = gain\n", "    seen.gain[0] = gain\n    state.uses[action] += 1.0\n", "step moves the state, before the ledger has spoken"),
    Mutant("next_round_leaks", ADVERSARY, "            seen.cost[k, j] = instance.cost[t, k, j]\n", "            seen.cost[k, j] = instance.cost[min(t + 1, instance.cost.shape[0] - 1), k, j]\n", "shows the costs of the next round", OPERATOR + "constant +1"),
    Mutant("reward_of_the_next_round", ADVERSARY, "    return instance.reward[t, action]\n\n\ndef full_step", "    return instance.reward[min(t + 1, instance.reward.shape[0] - 1), action]\n\n\ndef full_step", "pays the next round's reward", OPERATOR + "constant +1"),
    Mutant("first_cost_only", SEMI, "                cost[j] += seen.cost[k, j]\n", "                cost[j] = seen.cost[k, j]\n", "only the last arm's cost is paid", OPERATOR + "+= to ="),
    Mutant("stale_seen", SEMI, "    seen.reward[:] = 0.0\n", "", "arms not chosen show what they showed before", OPERATOR + "statement removed"),
    Mutant("one_over_the_most", SEMI, "if chosen <= instance.most", "if chosen <= instance.most + 1", "one arm too many is allowed", OPERATOR + "constant +1"),
    Mutant("static_day", BANDIT, "def bernoulli_step(instance, state, view, action, left, t, key, cost, seen):\n", "DAYS = [0]\n\n\ndef bernoulli_step(instance, state, view, action, left, t, key, cost, seen):\n    DAYS[0] += 1\n    if DAYS[0] % 7 == 0:\n        return 0.0\n", "a private static counter", "a bug that other packages had: a private static counter (issue 7)"),
    Mutant("own_generator", BANDIT, "    return draws.bernoulli(key, action, instance.mean_reward[action])\n", "    return float(LUCK.random() < instance.mean_reward[action])\n\n\nLUCK = np.random.default_rng(0)\n", "one generator for all replications: what one rule draws, another misses", "a bug that other packages had: streams shared between policies (issue 7)"),
    Mutant("never_shuffled", SECRETARY, "    draws.shuffle(key, 0, state.quality)\n", "    pass\n", "candidates always come in rising order", OPERATOR + "statement removed"),
    Mutant("template_shuffled", SECRETARY, "    if action < 0:\n        return 0.0\n    cost[0] = 1.0\n", "    if action < 0:\n        return 0.0\n    state.quality[t] = 0.0\n    cost[0] = 1.0\n", "step writes into the state"),
    Mutant("option_zero_only", REQUESTS, "    return view.reward[action] if action >= 0 else 0.0\n", "    return view.reward[0] if action >= 0 else 0.0\n", "expected is option 0's", OPERATOR + "variable to constant", ALLOCATION),
    Mutant("cost_of_option_zero", REQUESTS, "        cost[j] = view.cost[action, j]\n", "        cost[j] = view.cost[0, j]\n", "every option costs what option 0 costs", OPERATOR + "variable to constant", ALLOCATION),
]
