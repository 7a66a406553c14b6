"""The command: exit codes, one JSON document, one line for an error, nothing half-written."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import budgetsim as bs
from budgetsim import cli

ROOT = Path(__file__).resolve().parent.parent

SCENARIO = '''
"""A scenario of the tests: nothing is simulated."""
import numpy as np
import xarray
from budgetsim import figures
from budgetsim.claims import exact, statistical_at_most

SYSTEM, PUBLISHED = "intro-bandits", None

def simulate(scale, seed, threads=None, executor=None, progress=None):
    open({mark!r}, "w").close()
    progress(3, 3_000_000)
    return xarray.Dataset({{"y": ("x", np.arange(4.0) * scale)}}, attrs={{"seed": str(seed)}})

def claims(data):
    return [exact("four numbers", {holds}), statistical_at_most("straddles", [-1.0, 0.0, 1.0], 0.0)]

def draw(data):
    figure, axes = figures.picture()
    axes[0].plot({y})
    return figure
'''

RULES = """
from typing import NamedTuple
import numpy as np
import budgetsim as bs

class Memory(NamedTuple):
    reward: np.ndarray

def init(spec):
    return Memory(np.zeros(spec.n_actions))

def act(memory, params, view, left, t, key):
    n, best = memory.reward.size, 0
    for k in range(n):
        if memory.reward[k] > memory.reward[best]:
            best = k
    return t if t < n else best

def wild(memory, params, view, left, t, key):
    return {wild}

def update(memory, params, view, action, outcome, t):
    memory.reward[action] += outcome.reward

greedy = bs.Policy(bs.ARM, init, act, update, name="greedy sum")
unnamed = bs.Policy(bs.ARM, init, wild, update)
"""


def run(capsys, *arguments):
    code = cli.main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def scenario(tmp_path):
    def write(holds=True, y="data.y"):
        path = tmp_path / "tiny_fig1.py"
        path.write_text(SCENARIO.format(mark=str(tmp_path / "simulated"), holds=holds, y=y))
        return path

    return write


@pytest.fixture
def rules(tmp_path):
    def write(wild="t % memory.reward.size"):
        path = tmp_path / "rules.py"
        path.write_text(RULES.format(wild=wild))
        return path

    return write


# ------------------------------------------------------------------------------------------------ figure
def test_figure_writes_everything_and_prints_verdicts(capsys, scenario, tmp_path):
    out = tmp_path / "deep" / "figures"
    code, printed, _ = run(capsys, "figure", scenario(), "--out", out, "--scale", "0.5", "--seed", "7")
    assert code == 0
    names = {"tiny_fig1.png", "tiny_fig1.svg", "tiny_fig1.pdf", "tiny_fig1.nc", "tiny_fig1_verdicts.json"}
    assert {p.name for p in out.iterdir()} == names
    assert all(name in printed for name in names)
    assert "four numbers" in printed and "unresolved" in printed
    import xarray

    with xarray.open_dataset(out / "tiny_fig1.nc", engine="h5netcdf") as data:
        assert data.y.values.tolist() == [0.0, 0.5, 1.0, 1.5] and data.attrs["seed"] == "7"
    assert [v["holds"] for v in json.loads((out / "tiny_fig1_verdicts.json").read_text())] == [True, "unresolved"]


def test_a_failed_claim_is_exit_code_1_and_an_unresolved_one_is_not(capsys, scenario, tmp_path):
    code, printed, _ = run(capsys, "figure", scenario(holds=False), "--out", tmp_path / "out", "--json")
    assert code == 1
    (document,) = json.loads(printed)
    assert [v["holds"] for v in document["verdicts"]] == [False, "unresolved"]
    assert all(Path(f).is_file() for f in document["files"])


def test_an_unwritable_folder_is_one_line_before_anything_is_simulated(capsys, scenario, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    for out in (blocked, blocked / "below"):
        code, printed, err = run(capsys, "figure", scenario(), "--out", out)
        assert code == 2 and not printed and err.count("\n") == 1 and err.startswith("budgetsim: out: got")
    assert not (tmp_path / "simulated").exists()


def test_nothing_is_half_written(capsys, scenario, tmp_path, monkeypatch):
    out = tmp_path / "out"
    code, _, err = run(capsys, "figure", scenario(y="data.nothing"), "--out", out)
    assert code == 2 and "--debug" in err and not list(out.iterdir())
    with pytest.raises(AttributeError):
        cli.main(["figure", str(scenario(y="data.nothing")), "--out", str(out), "--debug"])

    old = out / "tiny_fig1.nc"
    old.write_text("the old one")
    import xarray

    def dies(self, path, **_):
        Path(path).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", dies)
    code, _, err = run(capsys, "figure", scenario(), "--out", out)
    assert code == 2 and err == "budgetsim: disk full\n"
    assert old.read_text() == "the old one" and not [p for p in out.iterdir() if p.name.startswith(".")]


def test_same_numbers_same_bytes(capsys, scenario, tmp_path):
    for out in ("a", "b"):
        run(capsys, "figure", scenario(), "--out", tmp_path / out)
    for kind in ("png", "svg", "pdf"):
        assert (tmp_path / "a" / f"tiny_fig1.{kind}").read_bytes() == (tmp_path / "b" / f"tiny_fig1.{kind}").read_bytes()


def test_the_main_job_is_both_halves(capsys, scenario, tmp_path, monkeypatch):
    path = scenario()
    monkeypatch.setattr(cli, "_files", lambda folder: dict.fromkeys(cli.MAIN_JOB, path))
    code, printed, _ = run(capsys, "figure", "--out", tmp_path / "out", "--json")
    assert code == 0 and [d["scenario"] for d in json.loads(printed)] == list(cli.MAIN_JOB)
    monkeypatch.undo()
    assert set(cli.MAIN_JOB) <= set(cli._files("scenarios"))


# ------------------------------------------------------------------------------------------------ errors
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["figure", "routing_bugdet"], "did you mean 'routing_budget'?"),
        (["figure", "no/such/file.py"], "allowed: an existing .py file"),
        (["figure", "--scale", "0"], "scale: got 0.0"),
        (["figure", "--scale", "much"], "--scale"),
        (["figure", "--seed", "-1"], "seed: got -1"),
        (["list", "polices"], "did you mean 'policies'?"),
        (["cite", "ucb"], "did you mean 'ucb1'?"),
        (["compare", "nothing.py"], "allowed: an existing .py file"),
        (["check", "nothing.py"], "allowed: an existing .py file"),
        (["prove", "nothing"], "name: got 'nothing'"),
        (["simulate"], "No such command"),
    ],
)
def test_errors_are_one_line(capsys, arguments, said):
    code, printed, err = run(capsys, *arguments)
    assert code == 2 and not printed and said in err and err.count("\n") == 1 and "Traceback" not in err
    again, printed, _ = run(capsys, *arguments, "--json")
    assert again == 2 and f"budgetsim: {json.loads(printed)['error']}\n" == err


def test_a_file_without_rules_says_so(capsys, tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n")
    for command in ("compare", "check"):
        code, _, err = run(capsys, command, path)
        assert code == 2 and "holds no rule" in err


def test_ctrl_c_is_130(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_listed", interrupted)
    assert run(capsys, "list")[0] == 130


# ------------------------------------------------------------------------------------------------ list, cite, prove, bench
def test_list_walks_the_folders(capsys):
    document = json.loads(run(capsys, "list", "--json")[1])
    assert list(document) == ["policies", "problems", "optima", "scenarios", "proofs"]
    for kind, folder in (("policies", "budgetsim/policies"), ("problems", "budgetsim/problems"), ("optima", "budgetsim/optima"), ("scenarios", "scenarios")):
        assert [row["name"] for row in document[kind]] == sorted(p.stem for p in (ROOT / folder).glob("*.py") if p.stem != "__init__")
        assert all(row["what"] for row in document[kind]), kind
    code, printed, _ = run(capsys, "list")
    assert code == 0 and "ucb1" in printed and "dantzig1957_density_greedy" in printed


def test_list_systems_says_what_is_covered_and_what_never_will_be(capsys):
    rows = json.loads(run(capsys, "list", "systems", "--json")[1])["systems"]
    covered = {row["id"]: row["covered"] for row in rows}
    assert "routing_budget" in covered["intro-bandits"]
    said = [row["covered"] == "not yet" or row["covered"].startswith("never") for row in rows]
    assert said == sorted(said) and not said[0]  # what is covered comes first
    assert "not yet" in covered.values()
    assert covered["kv-cache-survey"].startswith("never: survey")
    assert all(covered.values()) and len(rows) == len(covered)


def test_every_key_of_every_file_is_in_the_bibliography(capsys):
    document = json.loads(run(capsys, "list", "--json")[1])
    for kind in ("policies", "problems", "optima", "scenarios"):
        for row in document[kind]:
            cited = json.loads(run(capsys, "cite", row["name"], "--json")[1])
            assert len(cited["keys"]) == len(cited["bibtex"]), cited["keys"]
            assert all(entry.startswith("@") and entry.count("{") == entry.count("}") for entry in cited["bibtex"])


def test_cite_prints_bibtex(capsys):
    code, printed, err = run(capsys, "cite", "ucb1")
    assert code == 0 and not err and printed.startswith("@article{Auer2002,") and "Finite-time" in printed


def test_prove_says_that_the_folder_is_empty(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "home", lambda folder: tmp_path)
    assert run(capsys, "prove") == (0, "There is no theorem check yet: the folder proofs_checks is empty.\n", "")
    assert run(capsys, "prove", "--json")[:2] == (0, "[]\n")


@pytest.mark.parametrize(("check", "control", "code"), [(True, False, 0), (False, False, 1), (True, True, 1)])
def test_prove_fails_where_the_control_does_not(capsys, tmp_path, check, control, code):
    path = tmp_path / "euclid_thm1.py"
    path.write_text(
        f'"""Primes."""\nfrom budgetsim.claims import exact\ndef check(scale, seed): return exact("many", {check})\ndef control(scale, seed): return exact("few", {control})\n'
    )
    got, printed, _ = run(capsys, "prove", path)
    assert got == code and "control, which must fail: few" in " ".join(printed.split())
    assert json.loads(run(capsys, "prove", path, "--json")[1])[0]["check"]["claim"] == "many"


def test_hunt_finds_a_small_witness(capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("from budgetsim import Policy, greedy_allocation\n\n\ndef mine() -> Policy:\n    return greedy_allocation()\n")
    code, printed, err = run(capsys, "hunt", path, "--family", "request_sequences", "--evaluations", "20", "--json")
    assert code == 0 and not err and json.loads(printed)["mine"]["witnesses"][0]["rule"]
    assert run(capsys, "hunt", path, "--family", "arm_streams")[0] == 2
    assert "behind the optimum" in run(capsys, "hunt", path, "--family", "request_sequences", "--evaluations", "5")[1]


def test_bench_needs_a_checkout(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "budgetsim" / "cli.py"))
    code, _, err = run(capsys, "bench")
    assert code == 2 and "allowed: a checkout" in err


def test_bench_passes_its_arguments_on(capsys, monkeypatch):
    called = []
    monkeypatch.setattr(cli.subprocess, "call", lambda command: called.append(command) or 3)
    assert run(capsys, "bench", "--quick", "--json")[0] == 3
    assert Path(called[0][1]) == ROOT / "tests" / "benchmarks" / "bench.py" and called[0][2:] == ["--quick", "--json"]


# ------------------------------------------------------------------------------------------------ compare, check
def test_compare_plays_the_rules_of_a_file_beside_the_house(capsys, rules):
    asked = "compare", rules(), "--problem", "stochastic_bandit", "--against", "uniform", "--horizon", "200", "--replications", "60"
    code, printed, err = run(capsys, *asked, "--json")
    document = json.loads(printed)
    assert code == 0 and document["horizon"] == 200
    assert [row["policy"] for row in document["rules"]] == ["greedy sum", "unnamed", "uniform"]
    alone = bs.run(sys.modules["budgetsim.problems.stochastic_bandit"].examples()[0], bs.uniform(), replications=60, seed=1)
    assert document["rules"][2]["score"] == float(alone.reward[:, -1].mean())
    assert [row["policy"] for row in document["differences"]] == ["unnamed", "uniform"]
    assert "Traceback" not in err
    code, printed, _ = run(capsys, *asked)
    assert code == 0 and "best_fixed_arm" in printed and "difference to greedy sum" in printed


def test_compare_takes_the_problem_of_the_file_and_scales_its_budget(capsys, rules):
    path = rules()
    path.write_text(path.read_text().partition("unnamed =")[0] + "\nshop = bs.knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], [25.0], horizon=100)\n")
    code, printed, _ = run(capsys, "compare", path, "--against", "", "--horizon", "200", "--replications", "60", "--json")
    document = json.loads(printed)
    assert code == 0 and document["problem"] == "knapsack_bandit(2 arms, 1 resource)" and not document["differences"]
    assert document["rules"][0]["fluid_lp"] == pytest.approx(200 * (0.9 * 0.15 / 0.7 + 0.5 * 0.55 / 0.7), rel=1e-9)


def test_compare_prints_the_chain_for_requests(capsys, tmp_path):
    """Requests that are written down: no more rounds than that, and the hindsight bound above the rules."""
    path = tmp_path / "thrifty.py"
    path.write_text("import budgetsim as bs\n\ndef mine() -> bs.Policy:\n    return bs.greedy_allocation()\n")
    code, printed, err = run(capsys, "compare", path, "--problem", "online_allocation", "--replications", "3")
    assert code == 0 and "fluid >= E[hindsight] >= best online >= rule" in printed and "no fluid: " in printed
    code, _, err = run(capsys, "compare", path, "--problem", "online_allocation", "--horizon", "500")
    assert code == 2 and "horizon: got 500; allowed: at most 200" in err


def test_check_is_exit_code_1_where_a_promise_is_broken(capsys, rules):
    code, printed, _ = run(capsys, "check", rules("memory.reward.size"), "--problem", "stochastic_bandit", "--json")
    document = json.loads(printed)
    broken = {name: [v["claim"] for v in verdicts if v["holds"] is False] for name, verdicts in document.items()}
    assert code == 1 and not broken["rule greedy"] and broken["rule unnamed"]


# ------------------------------------------------------------------------------------------------ as a process
def spawned(*arguments, cwd=None):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run([sys.executable, "-m", "budgetsim.cli", *arguments], capture_output=True, text=True, env=environment, cwd=cwd)


def test_as_a_process(tmp_path):
    done = spawned("list", "nix", cwd=tmp_path)
    assert done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1
    done = spawned("list", "problems", "--json", cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout) and not done.stderr


def test_help_is_quick_and_names_every_command():
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = spawned("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in ("figure", "prove", "list", "compare", "check", "cite", "bench"))
    assert min(times) < 0.6, times
