"""One mutant for each promise of `check_policy` and `check_problem` that the other tables leave alone.

Unlike them it was written with the checks' report at hand (not their code), so that no promise stands there for decoration.
"""

from . import OPERATOR, Mutant

P, Q = "budgetsim/policies/", "budgetsim/problems/"
UCB, EXP3, UNIFORM, THOMPSON, MOSS = (P + f for f in ("ucb1.py", "exp3.py", "uniform.py", "thompson.py", "moss.py"))
BANDIT, KNAPSACK, SURVIVAL = (Q + f for f in ("stochastic_bandit.py", "knapsack_bandit.py", "survival_bandit.py"))
UNIFORM_ACT = "    return any_arm(view, memory.mean.size, key, 0)\n"
COIN = "    return draws.bernoulli(key, action, instance.mean_reward[action])\n"

# fmt: off
MUTANTS = [
    Mutant("no_update", UNIFORM, "act, update, recommend=recommend", "act, None, recommend=recommend", "a policy without update"),
    Mutant("infinity_times_zero", UCB, "memory.reward.mean[k] + scale * memory.width[k]", "memory.reward.mean[k] * scale * memory.width[k]", "inf times 0 before the first pull", OPERATOR + "+ to *"),
    Mutant("nan_unread", UCB, "    memory.width[action] = 1.0", "    memory.bound[action] = math.nan\n    memory.width[action] = 1.0", "NaN in the memory, overwritten before it is read"),
    Mutant("slot_of_another_arm", THOMPSON, "draw = beta(key, k, memory", "draw = beta(key, 0, memory", "all arms draw from one slot", OPERATOR + "variable to constant"),
    Mutant("number_in_a_closure", EXP3, "    return Policy(ARM, init, act, update", "    def caught(memory, params, view, left, t, key):\n        return draw_weighted(memory, mixing, memory.weight.size, view, key, 0)\n\n    return Policy(ARM, init, caught, update", "the mixing is captured instead of told: a sweep compiles every value"),
    Mutant("libm", UCB, "log(max(t, 1))", "math.log(max(t, 1))", "libm's logarithm, which differs between machines", OPERATOR + "call replaced"),
    Mutant("divides_by_zero", MOSS, "max(log(params.share / n), 0.0)", "max(log(params.share / (n - 1.0)), 0.0)", "raises at the first pull", OPERATOR + "constant -1"),
    Mutant("holds_a_lock", UNIFORM, UNIFORM_ACT, "    with LOCK:\n    " + UNIFORM_ACT + "\n\nimport threading\nLOCK = threading.Lock()\n", "a lock does not travel to another process"),
    Mutant("counts_replications", UNIFORM, UNIFORM_ACT, "    return 0 if t == 0 and memory.total[0] % 2.0 == 1.0 else any_arm(view, memory.mean.size, key, 0)\n\n\nRUNS = [0]\n\n\ndef begin(memory, params, key):\n    RUNS[0] += 1\n    memory.total[0] = RUNS[0]\n\n\nclass Policy(Policy):\n    def __new__(cls, *args, **more):\n        return cls.__bases__[0](*args, begin=begin, **more)\n", "begin counts the replications", "a bug that other packages had: a private static counter (issue 7)"),
    Mutant("overflows", UNIFORM, UNIFORM_ACT, "    return (t * 3037000507 * 3037000507 * 7) % memory.mean.size\n\n\nCOMPILE = True\n", "whole numbers wrap in compiled code and not in Python"),
    Mutant("idling_costs", KNAPSACK, "    if action < 0:\n        return 0.0\n    d = cost.size\n", "    if action < 0:\n        cost[0] = 1.0\n        return 0.0\n    d = cost.size\n", "the null arm is charged", OPERATOR + "statement added"),
    Mutant("no_step", KNAPSACK, "Problem(spec, instance, step, expected", "Problem(spec, instance, None, expected", "a problem without step"),
    Mutant("arm_out_of_range", BANDIT, COIN, "    return draws.bernoulli(key, action, instance.mean_reward[action + 1])\n", "the last arm has no mean", OPERATOR + "constant +1"),
    Mutant("luck_of_all_pulls", SURVIVAL, "int(state.uses[action])", "int(state.uses[0] + state.uses[1])", "luck is tied to all pulls", OPERATOR + "operand changed"),
    Mutant("nan_reward", BANDIT, COIN, "    return math.nan if t == 50 else draws.bernoulli(key, action, instance.mean_reward[action])\n\n\nimport math\n", "a reward that is no number"),
]
