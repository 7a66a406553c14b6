"""`smallest`: exactly the smallest exercise on which something is broken, the same every time, in silence."""

import contextlib
import warnings
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import ARM, RUIN, Kind
from budgetsim.arguments import BadValue
from budgetsim.exercises import exercise
from budgetsim.shrinking import ARGUMENTS, smallest

kinds = st.sampled_from(Kind)


def line(broken, kind="ARM", seed=0):
    found = smallest(broken, kind, seed)
    return found and found[1]


@settings(max_examples=60)
@given(kinds, st.integers(1, 3), st.integers(1, 40), st.integers(0, 2), st.integers(0, 99))
def test_of_a_threshold_it_finds_the_threshold(kind, actions, horizon, resources, seed):
    """Whatever the seed, "actions >= a, horizon >= h and resources >= r" is first broken at exactly (a, h, r), and nowhere simpler."""
    found = smallest(lambda p: p.spec.n_actions >= actions and p.spec.horizon >= horizon and p.spec.budget.size >= resources, kind, seed)
    assert found is not None
    problem, source = found
    assert source == problem.name == exercise(kind, actions=actions, horizon=horizon, resources=resources).name
    assert eval(source, {"exercise": exercise}).name == source


@settings(max_examples=20)
@given(kinds, st.integers(0, 99))
def test_what_is_never_broken_has_no_smallest_and_what_always_is_has_the_smallest_of_all(kind, seed):
    """None, and one action for one round without resources; an exception inside `broken` is broken."""
    assert smallest(lambda problem: False, kind, seed) is None
    least = f'exercise("{kind.name}", actions=1, resources=0, horizon=1)'
    assert line(lambda problem: True, kind, seed) == line(lambda problem: 1 / 0, kind, seed) == least


@settings(max_examples=100)
@given(kinds, st.integers(0, 99), st.integers(2, 40))
def test_no_argument_can_be_made_simpler_alone(kind, salt, rare):
    """Of any set, however ragged: what is found is in it, and no exercise that differs in one argument, which is simpler, is."""

    def broken(problem):
        return zlib.crc32(f"{salt}{problem.name}".encode()) % rare == 0

    found = smallest(broken, kind, salt, tries=3000)
    assert found is not None and broken(found[0])
    values = exercise.__kwdefaults__ | eval(found[1], {"exercise": lambda kind, **how: how})
    for name, options in ARGUMENTS.items():
        for simpler in options[: options.index(values[name])]:
            with contextlib.suppress(BadValue):
                assert not broken(exercise(kind, **values | {name: simpler}))


@pytest.mark.parametrize("seed", range(5))
def test_other_arguments_stay_plain_unless_they_must_not(seed):
    assert line(lambda p: p.spec.law == RUIN and p.spec.n_actions > 1, seed=seed) == 'exercise("ARM", horizon=1, law="RUIN")'
    assert line(lambda p: hasattr(p.spec.view, "legal"), seed=seed) == 'exercise("ARM", actions=1, resources=0, horizon=1, masked=True)'
    assert line(lambda p: p.spec.budget.size and not p.spec.budget.any(), seed=seed) == 'exercise("ARM", actions=1, horizon=1, budget=0)'
    assert line(lambda p: not p.spec.whole.all(), "VECTOR", seed) == 'exercise("VECTOR", actions=1, resources=0, horizon=1, whole=False)'


def test_it_is_quiet_asks_once_and_stops(capsys, tmp_path, monkeypatch):
    """Nothing printed, no warning, no database left; no problem asked about twice, no more than `tries`; an interrupt is not swallowed."""
    monkeypatch.chdir(tmp_path)
    runs: list[list[str]] = []

    def broken(problem):
        runs[-1].append(problem.name)
        return problem.spec.horizon > 20

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tries in (300, 300, 7):
            runs.append([])
            smallest(broken, ARM, tries=tries)
    assert runs[0] == runs[1] and len(set(runs[0])) == len(runs[0]) <= 300 and len(runs[2]) <= 7
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr() == ("", "")

    def interrupted(problem):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        smallest(interrupted, ARM)


@pytest.mark.parametrize(("arguments", "said"), [(("ARMS",), "kind: got 'ARMS'"), (("ARM", -1), "seed: got -1")])
def test_what_is_wrong_gets_one_line(arguments, said):
    with pytest.raises(BadValue, match=said):
        smallest(lambda problem: True, *arguments)
    with pytest.raises(BadValue, match="tries: got 1"):
        smallest(lambda problem: True, "ARM", tries=1)
