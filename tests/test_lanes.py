"""Lanes: the bits of the other paths for rules and problems of every kind; what cannot be written as vectors runs on rows and says why."""

import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from budgetsim import ARM, REQUEST, RUIN, SKIP, STOP, VECTOR, BudgetsimError, Policy, Problem, Spec, draws, engine, folders, run
from budgetsim.exercises import exercises, probe
from budgetsim.kernels import available, lanes, spmd
from budgetsim.kernels.content import Survey
from budgetsim.model import UNANSWERED

from .conftest import seed_of
from .strategies import greedy, scripted
from .test_every_policy import NAMES, suitable

ROOT = Path(__file__).parent.parent


def played(game, seed, count, checkpoints, first=0):
    return engine.play_block(game, seed, first, count, np.unique([min(c, game.problem.spec.horizon) for c in checkpoints]), True)


def different(one, other):
    """The fields of two logs that differ in a bit."""
    return [name for name in one._fields if getattr(one, name).tobytes() != getattr(other, name).tobytes()]


def agree(problem, rule, seed, *paths, count=5, checkpoints=(1, 7, 10**9), first=3):
    """The log, after all paths gave the same."""
    plain = played(engine.prepare(problem, rule, "python"), seed, count, checkpoints, first)
    for path in paths:
        assert different(plain, played(engine.prepare(problem, rule, path), seed, count, checkpoints, first)) == [], path
    return plain


# ------------------------------------------------------------------------------------------------ rules of the house
def in_order(*names):
    return sorted(names, key=lambda name: hashlib.sha256(f"lanes {name}".encode()).digest())


def pairs(thorough):
    chosen = in_order(*NAMES)[: None if thorough else 12]
    return [(name, problem) for name in chosen for problem in suitable(folders.factory("policies", name))[: 3 if thorough else 1]]


def pytest_generate_tests(metafunc):
    if "house_problem" in metafunc.fixturenames:
        found = pairs(metafunc.config.getoption("--thorough"))
        metafunc.parametrize(("name", "house_problem"), found, ids=[f"{name}-{problem.name}" for name, problem in found])


def test_a_rule_of_the_house_has_the_same_bits(name, house_problem, request):
    """lanes = python for all that type in lanes; a few also beside rows, on pairs that other tests compile anyway."""
    problem = house_problem._replace(spec=house_problem.spec._replace(horizon=min(house_problem.spec.horizon, 40)))
    rule = folders.bind(folders.factory("policies", name), problem)
    game = engine.prepare(problem, rule, "python")
    if game.grade != "portable" or game.schedule:
        pytest.skip(game.reasons or "it replans")
    paths = ["lanes", "rows"] if name in in_order(*NAMES)[: 6 if request.config.getoption("--thorough") else 1] else ["lanes"]
    agree(problem, rule, seed_of(name), *paths)


def test_most_of_the_house_types_in_lanes(request):
    """At least 25 rules; which could be written is asked of the writer alone, nothing is compiled."""
    written, some = [], NAMES if request.config.getoption("--thorough") else in_order(*NAMES)[:20]
    for name in some:
        problem = suitable(folders.factory("policies", name))[0]
        game = engine.prepare(problem, folders.bind(folders.factory("policies", name), problem), "python")
        tables = engine._tables(game, 0, 0, lanes.LANES, np.array([1]), False)
        if game.grade == "portable" and not game.schedule:
            lanes.assembly(lanes.bind(game.play, problem.spec.kind), tables, "f")
            written.append(name)
    assert len(written) >= min(25, 0.7 * len(some))


# ------------------------------------------------------------------------------------------------ a world with everything in it
class World(NamedTuple):
    mean: np.ndarray
    price: np.ndarray
    swing: float
    life: float
    silence: float
    trouble: np.ndarray


class Uses(NamedTuple):
    uses: np.ndarray
    mood: np.ndarray


class Sight(NamedTuple):
    legal: np.ndarray
    hint: np.ndarray


class Seen(NamedTuple):
    coin: np.ndarray


class Memory(NamedTuple):
    total: np.ndarray
    pulls: np.ndarray
    patience: np.ndarray


def first_uses(instance):
    return Uses(np.zeros(instance.mean.size, np.int64), np.zeros(2))


def mood(instance, state, key):
    state.mood[0] = draws.beta(key, 0, 0.4, 2.0)


def sight(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = draws.bernoulli(key, 100 + k, 0.6)
    view.legal[(t + state.uses[0]) % view.legal.size] = 1.0
    view.hint[0] = draws.normal(key, 99) + state.mood[1]


def price(instance, state, view, action, left, t, key, cost, seen):
    if draws.uniform(key, 90) < instance.trouble[1]:
        huge = 1e308 * (10.0 + t)
        return huge - huge
    if action < 0:
        return 0.0
    if draws.uniform(key, 91) < instance.silence:
        return UNANSWERED
    use = draws.nth_use(key, action, state.uses[action])
    coin = draws.bernoulli(use, 0, instance.mean[action])
    seen.coin[0] = coin
    for j in range(cost.size):
        cost[j] = draws.exponential(key, j) * instance.price[action, j] - instance.swing * coin
    if draws.uniform(key, 92) < instance.trouble[2]:
        cost[cost.size - 1] = -1.0 - t
    if draws.uniform(key, 93) < instance.trouble[3]:
        cost[0] = 1e308 * (10.0 + t)
    return coin + 0.1 * draws.gamma(use, 1, 0.7)


def move(instance, state, view, action, outcome, left, t, key):
    if action >= 0:
        state.uses[action] += 1
    state.mood[1] = 0.5 * state.mood[1] + outcome.seen.coin[0]
    return draws.uniform(key, 95) < instance.life


def worth(instance, state, view, action, t):
    return instance.mean[action] * (1.0 + state.mood[0]) if action >= 0 else 0.0


def missed(instance, state, recommendation):
    best = instance.mean[0]
    for k in range(1, instance.mean.size):
        best = max(best, instance.mean[k])
    return best - instance.mean[recommendation] + state.mood[1]


def ration(instance, state, view, left):
    for j in range(left.size):
        left[j] = 0.25 + abs(view.hint[0])


def memory(spec):
    return Memory(np.zeros(spec.n_actions), np.zeros(spec.n_actions), np.zeros(1)), Limits(30.0, 0.0)


class Limits(NamedTuple):
    patience: float
    trouble: float


def patience(memory, params, key):
    memory.patience[0] = params.patience * (1.0 + draws.uniform(key, 3))


def choose(memory, params, view, left, t, key):
    n = memory.total.size
    if draws.uniform(key, 7) < params.trouble:
        return n + t % 3 if draws.uniform(key, 8) < 0.5 else -2
    best, arm = -math.inf, -1
    for k in range(n):
        if not available(view, k):
            continue
        value = draws.beta(key, k, 1.0 + memory.total[k], 1.0 + memory.pulls[k])
        if value > best:
            best, arm = value, k
    return arm


def learn(memory, params, view, action, outcome, t):
    if action >= 0:
        memory.pulls[action] += 1.0
        memory.total[action] += min(outcome.reward, 1.0) if outcome.status == 0 else 0.5


def enough(memory, params, left, t):
    return t > memory.patience[0] and memory.pulls[0] > 2.0


def advise(memory, params, left, t, key):
    if draws.uniform(key, 5) < params.trouble:
        return -1
    return draws.integer(key, 1, memory.total.size) if t % 2 == 0 else int(memory.total[0] > memory.total[1])


def world(law=STOP, renew=False, d=2, horizon=60, budget=6.0, swing=0.0, life=0.01, silence=0.05, trouble=(0, 0, 0, 0)):
    mean, cost = np.array([0.3, 0.6, 0.5]), np.linspace(0.1, 0.8, 3 * d).reshape(3, d)
    spec = Spec(
        ARM,
        3,
        horizon,
        budget=np.full(d, math.inf if renew else budget),
        law=law,
        renew=renew,
        view=Sight(np.ones(3), np.zeros(1)),
        seen=Seen(np.zeros(1)),
        idle=True,
    )
    instance = World(mean, cost, swing, life, silence, np.array(trouble, float))
    return Problem(
        spec,
        instance,
        price,
        init=first_uses,
        begin=mood,
        observe=sight,
        advance=move,
        expected=worth,
        loss=missed,
        allowance=ration if renew else None,
        name="world",
    )


def everything(trouble=0.0):
    def init(spec):
        return memory(spec)[0], Limits(20.0, float(trouble))

    return Policy(ARM, init, choose, learn, begin=patience, stop=enough, recommend=advise, name="everything")


WORLDS = {
    "STOP": {},
    "SKIP": {"law": SKIP, "budget": 2.5},
    "RUIN": {"law": RUIN, "d": 1, "swing": 0.4, "budget": 2.0},
    "renewed": {"law": SKIP, "renew": True},
}


@pytest.mark.parametrize("law", WORLDS)
def test_every_hook_under_every_law(law, seed):
    """Runs end at different rounds for different reasons, rounds are void or ignored, masks and renewed budgets bind."""
    log = agree(world(**WORLDS[law]), everything(), seed, "lanes", *(["rows"] if law == "STOP" else []), count=37, checkpoints=(1, 2, 20, 60))
    assert len(set(log.rounds[:, -1])) > 5 and len(set(log.ended)) >= 2
    assert log.ignored.any() and (log.void.any() or law in ("STOP", "RUIN"))


@pytest.mark.parametrize("problem", [p for kind in (ARM, REQUEST, VECTOR) for p in exercises(kind) if not p.spec.renew], ids=lambda p: p.name)
def test_exercises_of_every_kind(problem, seed):
    agree(problem, probe(problem.spec.kind, detour=True), seed, "lanes", count=34)


def test_sizes_at_the_edge(seed):
    """One round, one replication, one below and above the lanes, checkpoints at 1 and at the horizon."""
    rule = everything()
    for horizon in (1, 2):
        agree(world(horizon=horizon), rule, seed, "lanes", count=2, checkpoints=(1,))
    for count in (1, spmd.LANES - 1, spmd.LANES, spmd.LANES + 1):
        agree(world(horizon=3), rule, seed, "lanes", count=count, checkpoints=(3,), first=count)


def test_blocks_threads_and_seeds_change_nothing(seed):
    problem, rule = world(), everything()
    plain = run(problem, rule, replications=70, seed=seed, path="python", trace=True)
    for how in (
        {"threads": 1},
        {"threads": 2, "block": 1},
        {"threads": 2, "block": 33},
        {"threads": 1, "block": 32},
        {"executor": ThreadPoolExecutor(2), "block": 7},
    ):
        assert plain.identical(run(problem, rule, replications=70, seed=seed, path="lanes", trace=True, **how).assign_attrs(plain.attrs)), how
    last = 2**64 - 1
    assert run(problem, rule, replications=3, seed=last, path="lanes").reward.identical(run(problem, rule, replications=3, seed=last, path="python").reward)


def test_summary_mode(seed):
    one, other = (
        run(world(), everything(), replications=70, seed=seed, path=path, keep="summary", block=block) for path, block in (("lanes", 33), ("python", None))
    )
    assert one.attrs["path"] == "lanes" and one.identical(other.assign_attrs(one.attrs))


def test_state_that_leaves_the_caches_is_not_for_lanes(monkeypatch):
    monkeypatch.setattr(lanes, "ROOM", 1 << 10)
    with pytest.raises(BudgetsimError, match=r"^path: got 'lanes', but \d+ replications would take \d+ MiB; allowed: 'rows', 'python' or None$"):
        engine.prepare(world(), everything(), "lanes")


def test_chosen_unasked_where_it_pays(seed):
    runs = run(world(), everything(), replications=40, seed=seed)
    assert (runs.attrs["path"], runs.attrs["path_reason"], runs.attrs["grade"]) == ("lanes", f"{spmd.LANES // 2} replications at once", "portable")  # it has resources


# ------------------------------------------------------------------------------------------------ faults
@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ((0.02, 0, 0, 0), "act: everything returned|recommend: everything returned -1"),
        ((0, 0.02, 0, 0), "step: world gave nan as reward"),
        ((0, 0, 0.02, 0), "step: world gave -[0-9]+ as cost of resource 1; allowed: costs >= 0"),
        ((0, 0, 0, 0.02), "step: world gave inf as cost of resource 0"),
        ((0.01, 0.01, 0.01, 0.01), "at replication"),
    ],
)
def test_faults_are_told_alike(trouble, told, seed):
    """The first faulty replication, its round and its value; other lanes play on unharmed."""
    problem, rule = world(trouble=trouble, silence=0.0), everything(trouble[0])
    lines = []
    for path in ("python", "lanes", "rows"):
        with pytest.raises(BudgetsimError, match=told) as caught:
            run(problem, rule, replications=40, seed=seed, path=path)
        lines.append(str(caught.value))
    assert len(set(lines)) == 1, lines
    logs = [played(engine.prepare(problem, rule, path), seed, 33, (1, 60)) for path in ("python", "lanes")]
    sound = logs[0].ended != -2
    assert (logs[1].ended != -2).tolist() == sound.tolist() and 0 < sound.sum() < 33
    for name in logs[0]._fields[1:]:
        assert getattr(logs[0], name)[sound].tobytes() == getattr(logs[1], name)[sound].tobytes(), name
    for name in ("fault", "fault_value"):
        assert np.array_equal(getattr(logs[0], name), getattr(logs[1], name), equal_nan=True), name


def masked(memory, params, view, left, t, key):
    return 1


def half(memory, params, view, left, t, key):
    return 0.5 if draws.uniform(key, 0) < 0.1 else 1.0


def too_much(memory, params, view, left, t, key, chosen):
    for i in range(chosen.size):
        chosen[i] = 1.0
    if draws.uniform(key, 0) < 0.1:
        chosen[t % chosen.size] = 99.0


@pytest.mark.parametrize(
    ("act", "kind", "name", "told"),
    [(masked, ARM, "arms, sometimes", "legal mask excludes"), (half, ARM, "arms", "returned 0.5"), (too_much, VECTOR, "whole amounts", "chose 99 for entry")],
)
def test_illegal_actions_are_told_alike(act, kind, name, told, seed):
    problem = next(p for p in exercises(kind) if p.name == name)
    rule = Policy(kind, lambda spec: None, act, lambda m, p, v, a, o, t: None, name="rule")
    rule = rule._replace(update=learn_nothing)
    lines = []
    for path in ("python", "lanes"):
        with pytest.raises(BudgetsimError, match=told) as caught:
            run(problem, rule, replications=40, seed=seed, path=path)
        lines.append(str(caught.value))
    assert lines[0] == lines[1]


def learn_nothing(memory, params, view, action, outcome, t):
    pass


# ------------------------------------------------------------------------------------------------ what runs on rows, and why
TABLE = np.array([0.0, 1.0])


def logarithm(memory, params, view, left, t, key):
    return int(math.log(t + 1.0)) % 3


def table(memory, params, view, left, t, key):
    return int(TABLE[t % 2])


def writes(memory, params, view, left, t, key):
    params.arm[0] = 1
    return 0


def recursive(memory, params, view, left, t, key):
    return steps(t % 3)


def steps(k):
    return 0 if k <= 0 else 1 + steps(k - 1)


def generator(memory, params, view, left, t, key):
    return int(sum(x for x in (0.0, 1.0)))


def starred(memory, params, view, left, t, key):
    return max(*(0, 1))


def real_quotient(memory, params, view, left, t, key):
    return int(t // 1000.0)


def tossed(memory, params, view, left, t, key):
    try:
        return 1
    finally:
        memory.pulls[0] = 0.0


class Arms(NamedTuple):
    arm: np.ndarray


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (logarithm, "logarithm calls log"),
        (table, "a ndarray that is not passed in"),
        (writes, "a function writes an array that it does not own"),
        (recursive, "steps calls itself"),
        (generator, "generator: GeneratorExp"),
        (starred, "starred: a starred argument"),
        (real_quotient, "real_quotient: FloorDiv of floats"),
        (tossed, "tossed: Try"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_forcing_lanes_where_they_do_not_hold_is_one_clear_line(act, reason):
    rule = greedy(act=act, init=lambda spec: (greedy().init(spec), Arms(np.zeros(1, np.int64))))
    with pytest.raises(BudgetsimError, match=f"^path: got 'lanes', but {re.escape(reason)}.*; allowed: 'rows', 'python' or None$") as caught:
        engine.prepare(exercises(ARM)[0], rule, "lanes")
    assert "\n" not in str(caught.value)


def test_a_function_without_source_or_with_a_changed_file(tmp_path):
    space = dict(globals())
    exec("def act(memory, params, view, left, t, key):\n    return 1", space)
    with pytest.raises(BudgetsimError, match="act has no source at hand"):
        engine.prepare(exercises(ARM)[0], greedy(act=space["act"]), "lanes")
    path = tmp_path / "changing.py"
    path.write_text("def act(memory, params, view, left, t, key):\n    return 1\n")
    made = folders.load_file(path)
    path.write_text("def act(memory, params, view, left, t, key):\n    return 2\n")
    with pytest.raises(BudgetsimError, match="act: its file has changed since it was imported"):
        engine.prepare(exercises(ARM)[0], greedy(act=made.act), "lanes")


def test_unasked_it_runs_on_rows_and_says_why(seed):
    runs = run(exercises(ARM)[0], greedy(act=logarithm), replications=40, seed=seed)
    assert (runs.attrs["path"], runs.attrs["path_reason"]) == ("rows", "compiles; not on lanes: logarithm calls log")


def test_a_rule_that_replans_says_so():
    rule = greedy(replan=lambda memory, params, view, left, t: None, schedule=lambda spec: [3])
    with pytest.raises(BudgetsimError, match="path: got 'lanes', but it replans"):
        engine.prepare(exercises(ARM)[0], rule, "lanes")


# ------------------------------------------------------------------------------------------------ guards
def surveyed(problem, rule):
    game = engine.prepare(problem, rule, "python")
    return game.play, Survey([game.play]), problem.spec, engine._tables(game, 0, 0, lanes.LANES, np.array([1]), False)


def test_a_processor_without_avx2_plays_rows(monkeypatch):
    monkeypatch.setattr(lanes, "host", lambda: ("nocona", "+sse2,-avx2"))
    assert lanes.compile_loop(*surveyed(exercises(ARM)[0], greedy()), False) == (None, "the processor has no AVX2")


def test_code_without_vectors_is_refused(monkeypatch):
    scalar = "define void @scalar(ptr %w) {\n  %a = load double, ptr %w\n  %b = fadd double %a, 1.0\n  store double %b, ptr %w\n  ret void\n}\n"
    with pytest.raises(spmd.Unsupported, match="the code holds no vectors"):
        lanes.build(scalar)
    monkeypatch.setattr(lanes, "_entries", {})
    monkeypatch.setattr(lanes, "cache_folder", lambda: None)
    monkeypatch.setattr(lanes, "assembly", lambda *_: scalar)
    assert lanes.compile_loop(*surveyed(exercises(ARM)[0], greedy()), False) == (None, "the code holds no vectors")


def test_machine_code_is_packed():
    """What is written as vectors arrives as packed instructions."""
    bound, _, kind, tables = surveyed(exercises(ARM)[0], greedy())
    llvm, target, _ = lanes._machine()
    code = target.emit_assembly(llvm.parse_assembly(lanes.assembly(lanes.bind(bound, kind), tables, "packed")))
    packed, single = (len(re.findall(rf"v(?:add|sub|mul|div|max|min|cmp\w*)p?{suffix}\b", code)) for suffix in ("pd", "sd"))
    assert packed > single


def test_whatever_else_goes_wrong_is_a_reason(monkeypatch):
    def fails(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(lanes, "_entries", {})
    monkeypatch.setattr(lanes, "assembly", fails)
    monkeypatch.setattr(lanes, "cache_folder", lambda: None)
    assert lanes.compile_loop(*surveyed(exercises(ARM)[0], greedy()), False) == (None, "MemoryError: no room")


# ------------------------------------------------------------------------------------------------ the cache and other processes
CHILD = """
import json
from budgetsim import ARM, run
from budgetsim.exercises import exercises, probe
from budgetsim.kernels import lanes
made = []
real = lanes.build
lanes.build = lambda text: made.append(1) or real(text)
runs = run(exercises(ARM)[0], probe(ARM), replications=40, seed=1)
print(json.dumps([runs.attrs["path"], float(runs.reward[:, -1].sum()), len(made)]))
"""


def child(script, cwd=None, **environment):
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_processes_share_the_cache_and_damage_is_repaired(tmp_path):
    expected = float(run(exercises(ARM)[0], probe(ARM), replications=40, seed=1, path="python").reward[:, -1].sum())
    with ThreadPoolExecutor(2) as pool:  # two that compile at once
        both = list(pool.map(lambda _: child(CHILD, BUDGETSIM_CACHE_DIR=str(tmp_path)), range(2)))
    assert [line[:2] for line in both] == [["lanes", expected]] * 2 and sum(line[2] for line in both) >= 1
    (path,) = tmp_path.glob("lanes_*")
    assert path.suffix == ".o" and not list(tmp_path.glob("*.tmp"))
    assert child(CHILD, BUDGETSIM_CACHE_DIR=str(tmp_path)) == ["lanes", expected, 0]
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], bytes([*whole[:5000], whole[5000] ^ 1, *whole[5001:]])):
        path.write_bytes(data)
        assert child(CHILD, BUDGETSIM_CACHE_DIR=str(tmp_path)) == ["lanes", expected, 1]
        assert path.read_bytes()[:32] == lanes.hashlib.sha256(path.read_bytes()[32:]).digest()


def test_a_cache_folder_that_cannot_be_written_costs_time_only(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file, so no folder can be made under it")
    assert child(CHILD, BUDGETSIM_CACHE_DIR=str(blocked / "cache"))[::2] == ["lanes", 1]
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_threads_that_compile_at_once_get_the_same_code(monkeypatch, tmp_path, seed):
    made, real = [], lanes.build
    monkeypatch.setenv("BUDGETSIM_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(lanes, "build", lambda text: made.append(1) or real(text))
    problem = scripted(np.ones((5, 3)), np.full((5, 3, 4), 0.25), (2.0,) * 4)
    with ThreadPoolExecutor(4) as pool:
        games = list(pool.map(lambda _: engine.prepare(problem, greedy(), "lanes"), range(4)))
    assert len({id(game.entry.function) for game in games}) == 1 and len(made) == 1


def test_without_the_file_everything_plays_on_rows(tmp_path):
    """The package without lanes.py and spmd.py, in a process of its own."""
    shutil.copytree(ROOT / "budgetsim", tmp_path / "budgetsim", ignore=shutil.ignore_patterns("__pycache__", "lanes.py", "spmd.py", "data"))
    script = CHILD.replace("from budgetsim.kernels import lanes", "import budgetsim; lanes = budgetsim; lanes.build = None")
    script = script.replace("len(made)", 'runs.attrs["path_reason"], budgetsim.__file__')
    path, reward, reason, file = child(script, tmp_path, PYTHONPATH=str(tmp_path))
    assert file.startswith(str(tmp_path))
    assert (path, reason) == ("rows", "compiles; not on lanes: budgetsim.kernels.lanes is not there")
    assert reward == float(run(exercises(ARM)[0], probe(ARM), replications=40, seed=1, path="lanes").reward[:, -1].sum())
