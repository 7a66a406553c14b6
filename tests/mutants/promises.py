"""One mutant for each promise of `check_policy` and `check_problem` that the other tables leave alone.

Unlike them it was written with the checks' report at hand (not their code), so that no promise stands there for decoration.
"""

from . import OPERATOR, Mutant

P, Q = "budgetsim/policies/", "budgetsim/problems/"
UCB, EXP3, UNIFORM, THOMPSON, MOSS = (P + f for f in ("ucb1.py", "exp3.py", "uniform.py", "thompson.py", "moss.py"))
BANDIT, KNAPSACK, SURVIVAL, LOGGED = (Q + f for f in ("stochastic_bandit.py", "knapsack_bandit.py", "survival_bandit.py", "logged_bandit.py"))
UCB_INIT = "        return Memory(means(spec.n_actions), np.zeros(spec.n_actions), np.zeros(spec.n_actions)), params\n"
PEEK = """
def peek(memory, view, left, key):
    nature = type(key)((getattr(key, "x" + "0") + 2**63) % 2**64, getattr(key, "x" + "1"), 0, 0)
    start, n, d = draws.integer(key, 7, memory.mean.size), memory.mean.size, left.size
    arm, least = -1, 9.0
    for i in range(n):
        k = (start + i) % n
        if available(view, k):
            luck = draws.uniform(nature, k * (d + 1)) - (draws.uniform(nature, k * (d + 1) + 1) if d else 0.0)
            arm, least = (k, luck) if luck < least else (arm, least)
    return arm


from .. import draws
from ..kernels import available
"""
COST = "        cost[j] = draws.bernoulli(key, action * (d + 1) + 1 + j, instance.mean_cost[action, j])\n"
KEPT = "KEPT = {}"
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
    # ------------------------------------------------------------------------------------ rules that break one promise only
    Mutant("peeks_where_nothing_is_scarce", UNIFORM, UNIFORM_ACT, "    return any_arm(view, memory.mean.size, key, 0) if left.size or draws.uniform(key, 8) > 0.45 else peek(memory, view, left, key)\n", "turns its key into nature's without naming what is in it, and looks at the coins every other round", also=PEEK),
    Mutant("peeks_where_it_pays", UNIFORM, UNIFORM_ACT, "    return peek(memory, view, left, key) if left.size else any_arm(view, memory.mean.size, key, 0)\n", "the same, where there is a budget, for the arm that pays and costs nothing", also=PEEK),
    Mutant("lock_in_init", UCB, UCB_INIT, "        with LOCK:\n    " + UCB_INIT, "a lock is held while the memory is made: the rule does not travel", also="import threading\nLOCK = threading.Lock()"),
    Mutant("luck_kept_by_round", UNIFORM, UNIFORM_ACT, "    k = KEPT.setdefault((t, memory.mean.size), any_arm(view, memory.mean.size, key, 0))\n    return k if available(view, k) else any_arm(view, memory.mean.size, key, 1)\n", "a cache by round: every replication plays what the first one drew", also=KEPT + "\nfrom ..kernels import available"),
    Mutant("horizon_in_a_global", UCB, UCB_INIT, "        HORIZON[0] = spec.horizon\n" + UCB_INIT, "the horizon goes round what init returns, through a global", also="""HORIZON = [0]


def act(memory, params, view, left, t, key):
    for k in range(memory.bound.size):
        memory.bound[k] = memory.reward.mean[k] + (memory.width[k] if 2 * t < HORIZON[0] else 0.0)
    return best(view, memory.bound)
"""),
    Mutant("one_arm_forgotten", UCB, UCB_INIT, "        share = 1.0 / (spec.n_actions - 1)\n" + UCB_INIT.replace("np.zeros(spec.n_actions)), params", "np.full(spec.n_actions, 0.0 * share)), params"), "a share of the other arms, where there may be none", OPERATOR + "constant -1"),
    Mutant("truth_in_a_global", UCB, "memory.reward.mean[k] + scale * memory.width[k]", "memory.reward.mean[k] + scale * memory.width[k] + 1e-9 * TRUTH[k % TRUTH.size]", "ties are broken by the truth", also="TRUTH = np.linspace(0.3, 0.7, 3)"),
    Mutant("says_scale_free", UCB, 'name=f"ucb1(radius={radius:g})"', 'name=f"ucb1(radius={radius:g}, scale-free)"', "claims what no radius without a scale can keep"),
    Mutant("first_cost_only_counts", P + "dual_descent.py", "    return wanted(view, memory.price)\n", "    k = 0\n    for i in range(1, view.reward.size):\n        if view.reward[i] - 9.0 * view.cost[i, 0] > view.reward[k] - 9.0 * view.cost[k, 0]:\n            k = i\n    return k\n", "the option whose reward is greatest beside its cost of the first resource"),
    Mutant("nan_for_a_round", UCB, "    memory.width[action] = 1.0", "    memory.bound[action] = math.nan if t == 5 else 0.0\n    memory.width[action] = 1.0", "a NaN that the next round overwrites"),
    # ------------------------------------------------------------------------------------ problems that break one promise only
    Mutant("replications_unlike", KNAPSACK, COST, COST.replace(", instance.mean_cost", " + 99 * (key.replication % 2), instance.mean_cost"), "odd replications draw costs from other slots"),
    Mutant("costs_kept_by_round", KNAPSACK, COST, COST.replace("draws.bernoulli(", "KEPT.setdefault((t, action, j), draws.bernoulli(").replace("j])\n", "j]))\n"), "a cache by round: every replication pays what the first one paid", also=KEPT),
    Mutant("costs_overflow", KNAPSACK, COST, COST + "        cost[j] += 0.125 * ((t * 3037000507 * 3037000507 * 7) % 5)\n", "whole numbers wrap in compiled code and not in Python", also="COMPILE = True"),
    Mutant("libm_costs", KNAPSACK, COST, COST.replace("instance.mean_cost[action, j])", "math.exp(math.log(instance.mean_cost[action, j] + 1e-300)))"), "libm, which differs between machines", also="import math"),
    Mutant("lock_in_a_problem", SURVIVAL, "    return State(", "    with LOCK:\n        return State(", "a lock does not travel to another process", also="import threading\nLOCK = threading.Lock()"),
    Mutant("horizon_captured", BANDIT, "expected=expected, loss=loss", "expected=lambda instance, state, view, action, t: expected(instance, state, view, action, t) + 0.0 * horizon, loss=loss", "the horizon is captured: a sweep over it compiles every value"),
    Mutant("nothing_is_legal", LOGGED, "        view.legal[k] = instance.legal[row, k]\n", "        view.legal[k] = instance.legal[row, k] and t != 37\n", "in one round no arm is available"),
]
