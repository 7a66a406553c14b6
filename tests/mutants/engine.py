"""Ledgers that charge wrongly, draws that are not what they say, loops that forget."""

from . import OPERATOR, Mutant

LEDGER, DRAWS, LOOP = "budgetsim/ledger.py", "budgetsim/draws.py", "budgetsim/loop.py"

# fmt: off
MUTANTS = [
    Mutant("charges_after", LEDGER, "fits &= cost[j] <= room + TOLERANCE * cap[j]\n", "fits &= room > 0.0\n", "the ledger charges first and looks after: the last cost is on credit"),
    Mutant("strictly_less", LEDGER, "        fits &= cost[j] <= room + TOLERANCE * cap[j]\n", "        fits &= cost[j] < room\n", "a cost that fits exactly is refused", OPERATOR + "<= to <"),
    Mutant("budget_less_a_unit", LEDGER, "        left[j] = budget[j]\n", "        left[j] = budget[j] - 1.0\n", "one unit is missing from what a rule is shown", OPERATOR + "constant -1"),
    Mutant("naive_sum", LEDGER, "        carry[j] += (old - (new - back)) + (c - back)\n", "", "small costs drift", OPERATOR + "statement removed"),
    Mutant("account_not_emptied", LEDGER, "        spent[j] = 0.0\n", "", "what the last replication spent is still spent", OPERATOR + "statement removed"),
    Mutant("first_resource_only", LEDGER, "    for j in range(cost.size):  # without a branch, so that it vectorises\n", "    for j in range(min(cost.size, 1)):\n", "only the first budget is looked at", OPERATOR + "constant +1"),
    Mutant("ruin_unclipped", LEDGER, "counted = (reward + cost[j]) - left[j]", "counted = reward", "the last loss counts in full under RUIN", OPERATOR + "operand removed"),
    Mutant("ruin_clips_twice", LEDGER, "counted = (reward + cost[j]) - left[j]", "counted = (reward - cost[j]) + left[j]", "the reward is clipped the wrong way", OPERATOR + "+ to -"),
    Mutant("void_rounds_pay", LEDGER, "    return _VOID, 0.0, j\n", "    return _VOID, reward, j\n", "a void round earns"),
    Mutant("unanswered_is_charged", LEDGER, "        return _IGNORED, 0.0, -1\n", "        return _CHARGED, 0.0, -1\n", "what the log cannot answer counts"),
    Mutant("renewed_budget_is_spent", LEDGER, "left[j] - cost[j] if renewing else", "left[j] if renewing else", "this round's costs do not lower this round's budget", OPERATOR + "operand removed"),
    Mutant("seeds_collide", DRAWS, "seed & M32, seed >> 32)", "seed & M32, 0)", "seeds that differ above 32 bits collide", "a bug that other packages had: colliding seeds (issue 7)"),
    Mutant("seed_plus_replication", DRAWS, "philox(t & M32, replication & M32, stream & M32, t >> 32, seed & M32, seed >> 32)", "philox(t & M32, 0, stream & M32, t >> 32, (seed + replication) & M32, seed >> 32)", "seed 1's replication 0 is seed 0's replication 1", "a bug that other packages had: colliding seeds (issue 7)"),
    Mutant("one_stream_for_both", DRAWS, "    return Key((key.x0 + TOP) & M64, key.x1, key.seed, key.replication, \"the policy\")", "    return Key(key.x0, key.x1, key.seed, key.replication, \"the policy\")", "the rule draws nature's numbers", "a bug that other packages had: streams shared between policies (issue 7)"),
    Mutant("replications_alike", DRAWS, "philox(t & M32, replication & M32, stream & M32", "philox(t & M32, 0, stream & M32", "all replications are one", OPERATOR + "variable to constant"),
    Mutant("nine_rounds", DRAWS, "    for _ in range(10):\n        p0, p1", "    for _ in range(9):\n        p0, p1", "Philox of nine rounds", OPERATOR + "constant -1"),
    Mutant("never_the_last", DRAWS, "    return int(unit(key, INTEGER, slot, 0) * n)\n", "    return int(unit(key, INTEGER, slot, 0) * (n - 1))\n", "the last of n is never drawn", OPERATOR + "constant -1"),
    Mutant("category_shifted", DRAWS, "    while i < len(upto) - 1 and u >= upto[i]:\n", "    while i < len(upto) - 1 and u >= upto[i] * 0.9:\n", "a biased draw"),
    Mutant("naive_shuffle", DRAWS, "len(values) - 1 - i) * (i + 1))", "len(values) - 1 - i) * len(values))", "a shuffle that swaps with any place", "a bug that other packages had: the shuffle that is not uniform, an old classic"),
    Mutant("one_sided_normal", DRAWS, "    return -num / den if q < 0.0 else num / den\n", "    return num / den\n", "the left tail is on the right", OPERATOR + "- to +"),
    Mutant("gamma_without_boost", DRAWS, "                return boost * d * v\n", "                return d * v\n", "shapes below 1 are drawn as shapes above it", OPERATOR + "operand removed"),
    Mutant("exponential_halved", DRAWS, "    return -log(open_unit(key, EXPONENTIAL, slot, 0))\n", "    return -0.5 * log(open_unit(key, EXPONENTIAL, slot, 0))\n", "mean 1/2", "ours"),
    Mutant("memory_not_restored", LOOP, "            restore(work.words, work.template)\n", "", "memory and state go on from the last replication", OPERATOR + "statement removed"),
    Mutant("rule_gets_natures_key", LOOP, "view_r, left_r, t, rule_key(key), work)", "view_r, left_r, t, key, work)", "the rule is handed nature's key", "a bug that other packages had: streams shared between policies (issue 7)"),
    Mutant("void_rounds_earn", LOOP, "                total += counted\n", "                total += reward\n", "what was not paid for is added up", OPERATOR + "variable changed"),
    Mutant("void_not_told", LOOP, "                if status != STATUS_IGNORED:\n", "                if status == STATUS_CHARGED:\n", "update is not told of void rounds", OPERATOR + "!= to =="),
    Mutant("cost_not_cleared", LOOP, "                if some:\n                    clear(cost)\n", "", "a cost stays until it is overwritten", OPERATOR + "statement removed"),
    Mutant("void_cost_told", LOOP, "                    blank(seen)\n                    clear(cost)\n", "                    blank(seen)\n", "the cost that did not fit is told as if paid", OPERATOR + "statement removed"),
    Mutant("stop_is_counted", LOOP, "                    ended = RESOURCE + resource\n                    break\n", "                    ended = RESOURCE + resource\n", "the round that ended the run is counted", OPERATOR + "break removed"),
    Mutant("void_actions_move", LOOP, "                    done = null\n", "                    done = action\n", "a void action moves the state", OPERATOR + "variable changed"),
]
