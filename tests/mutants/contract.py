"""Rules that break a promise which every rule makes, whatever its mathematics."""

from . import OPERATOR, Mutant

P = "budgetsim/policies/"
UCB, EXP3, GREEDY, UNIFORM, ETC, FIXED, THOMPSON = (
    P + f for f in ("ucb1.py", "exp3.py", "epsilon_greedy.py", "uniform.py", "explore_then_commit.py", "fixed_arm.py", "thompson.py")
)
ACT = "def act(memory, params, view, left, t, key):\n"
UNIFORM_ACT = "    return any_arm(view, memory.mean.size, key, 0)\n"
UNIFORM_UPDATE = "    record(memory, action, outcome.reward)\n"

# fmt: off
MUTANTS = [
    Mutant("static_counter", UNIFORM, ACT + UNIFORM_ACT, "CALLS = [0]\n\n\n" + ACT + "    CALLS[0] += 1\n    return CALLS[0] % memory.mean.size\n", "a private static counter goes on from replication to replication", "a bug that other packages had: a private static counter (issue 7)"),
    Mutant("function_attribute", UNIFORM, ACT + UNIFORM_ACT, ACT + "    act.calls = getattr(act, 'calls', 0) + 1\n    return act.calls % memory.mean.size\n", "counts calls in an attribute of the function", "a bug that other packages had: a private static counter (issue 7)"),
    Mutant("shared_default", UNIFORM, ACT + UNIFORM_ACT, "def act(memory, params, view, left, t, key, seen=[]):\n    seen.append(t)\n    return len(seen) % memory.mean.size\n", "a mutable default argument is everybody's memory"),
    Mutant("memory_made_once", UNIFORM, "lambda spec: means(spec.n_actions)", "lambda spec, kept=[]: kept[0] if kept or kept.append(means(spec.n_actions)) else kept[0]", "init hands out the same memory to every run", "a bug that other packages had: a private static counter (issue 7)"),
    Mutant("numpy_generator", UNIFORM, UNIFORM_ACT, "    return int(LUCK.integers(memory.mean.size))\n\n\nimport numpy\nLUCK = numpy.random.default_rng(0)\n", "a generator of its own, one for all replications", "a bug that other packages had: streams shared between policies (issue 7)"),
    Mutant("unseeded", UNIFORM, UNIFORM_ACT, "    return int(random.random() * memory.mean.size)\n\n\nimport random\n", "unseeded randomness"),
    Mutant("numpy_global", UNIFORM, UNIFORM_ACT, "    return int(numpy.random.random() * memory.mean.size)\n\n\nimport numpy\n", "numpy's global generator"),
    Mutant("wall_clock", UNIFORM, UNIFORM_ACT, "    return int(time.perf_counter_ns() // 1000) % memory.mean.size\n\n\nimport time\n", "asks the clock"),
    Mutant("address", UNIFORM, UNIFORM_ACT, "    return (id(memory.mean) // 64 + t) % memory.mean.size\n", "breaks ties by an address"),
    Mutant("hash_of_text", UNIFORM, UNIFORM_ACT, "    return hash(str(t)) % memory.mean.size\n", "breaks ties by a hash of text, which changes from process to process"),
    Mutant("reads_the_seed", UNIFORM, UNIFORM_ACT, "    return int(key.seed) % memory.mean.size\n", "plays by the seed itself"),
    Mutant("reads_the_replication", UNIFORM, UNIFORM_ACT, "    return int(key.replication) % memory.mean.size\n", "plays by the replication's number"),
    Mutant("predicts_nature", UNIFORM, UNIFORM_ACT, """    from budgetsim import draws
    nature = draws.nature_key(key.seed, key.replication, t, draws.ROUND)
    arm, greatest = 0, -1.0
    for k in range(memory.mean.size):
        u = 1.0 - draws.uniform(nature, k)
        if u > greatest:
            arm, greatest = k, u
    return arm
""", "rebuilds nature's key and peeks at this round's luck", "a bug that other packages had: streams shared between policies (issue 7)"),
    Mutant("peeks_at_the_caller", UNIFORM, UNIFORM_ACT, """    import sys
    frame = sys._getframe()
    while frame is not None:
        if "instance" in frame.f_locals:
            truth = getattr(frame.f_locals["instance"], "mean_reward", None)
            return 0 if truth is None else int(truth.argmax())
        frame = frame.f_back
    return 0
""", "walks up the stack to the hidden truth"),
    Mutant("writes_the_purse", UNIFORM, UNIFORM_ACT, "    if left.size:\n        left.flags.writeable = True\n        left[0] = 1e9\n" + UNIFORM_ACT, "refills the budget"),
    Mutant("writes_the_view", UNIFORM, UNIFORM_ACT, "    for array in view:\n        if array.size:\n            array[0] = 0.0\n" + UNIFORM_ACT, "writes into the view"),
    Mutant("writes_the_cost", UNIFORM, UNIFORM_UPDATE, UNIFORM_UPDATE + "    for j in range(outcome.cost.size):\n        outcome.cost[j] = 0.0\n", "writes into the outcome"),
    Mutant("act_learns_in_recommend", UNIFORM, "    return best_mean(memory)\n", "    memory.mean[0] += 1.0\n    return best_mean(memory)\n", "recommend writes into the memory"),
    Mutant("illegal_at_the_end", UNIFORM, UNIFORM_ACT, "    if t == 37:\n        return memory.mean.size\n" + UNIFORM_ACT, "an arm that does not exist, late", OPERATOR + "constant +1"),
    Mutant("negative_arm", UNIFORM, UNIFORM_ACT, "    return any_arm(view, memory.mean.size, key, 0) - 1\n", "idle where idling is not legal", OPERATOR + "constant -1"),
    Mutant("half_an_arm", UNIFORM, UNIFORM_ACT, "    return any_arm(view, memory.mean.size, key, 0) + 0.5\n", "half an arm"),
    Mutant("one_too_many", UNIFORM, UNIFORM_ACT, "    return any_arm(view, memory.mean.size + 1, key, 0)\n", "draws among K + 1 arms", OPERATOR + "constant +1"),
    Mutant("deaf_to_the_mask", UCB, "    return best(view, memory.bound)\n", "    return best((), memory.bound)\n", "ignores the legal mask"),
    Mutant("deaf_thompson", THOMPSON, "        if available(view, k):\n            draw = beta(", "        if k >= 0:\n            draw = beta(", "ignores the legal mask"),
    Mutant("deaf_committed", ETC, "if memory.unfinished[0] == 0.0 and available(view, int(memory.committed[0])):", "if memory.unfinished[0] == 0.0:", "ignores the mask once committed", OPERATOR + "operand removed"),
    Mutant("memory_of_last_run", UCB, "        return Memory(means(spec.n_actions), np.zeros(spec.n_actions), np.zeros(spec.n_actions)), params\n", "        if spec.n_actions not in KEPT:\n            KEPT[spec.n_actions] = Memory(means(spec.n_actions), np.zeros(spec.n_actions), np.zeros(spec.n_actions))\n        return KEPT[spec.n_actions], params\n\n    KEPT = {}\n", "the memory is not fresh: what the last run left is used"),
    Mutant("uninitialised", UCB, "        return Memory(means(spec.n_actions), np.zeros(spec.n_actions), np.zeros(spec.n_actions)), params\n", "        return Memory(means(spec.n_actions)._replace(pulls=np.frombuffer(bytearray(id(spec).to_bytes(8, 'little') * spec.n_actions), np.int64) * 1e-12), np.zeros(spec.n_actions), np.zeros(spec.n_actions)), params\n", "memory that was never initialised: what lay there counts as pulls"),
    Mutant("loves_arm_one", UCB, "        memory.bound[k] = memory.reward.mean[k] + scale * memory.width[k]\n", "        memory.bound[k] = memory.reward.mean[k] + scale * memory.width[k] + 0.3 * (k == 1)\n", "arm 1 has a bonus for its label"),
    Mutant("last_of_equals", P + "successive_elimination.py", "memory.reward.pulls[k] < fewest:\n            arm, fewest = k, memory.reward.pulls[k]\n    return arm", "memory.reward.pulls[k] <= fewest:\n            arm, fewest = k, memory.reward.pulls[k]\n    return arm", "ties go to the last arm instead of the first", OPERATOR + "< to <="),
    Mutant("horizon_in_a_closure", FIXED, "        return Nothing(), Params(arm, spec.n_actions, spec.idle)\n", "        params.append(spec.n_actions)\n        return Nothing(), Params(arm, params[0], spec.idle)\n\n    params = []\n", "remembers the first problem's size for all later ones"),
    Mutant("wrong_step_idle", FIXED, "        arm = (arm + 1) % params.arms\n", "        arm = (arm + 2) % params.arms\n", "cycles by two, and never ends where only an odd arm is left", OPERATOR + "constant +1"),
]
