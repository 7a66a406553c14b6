"""Every scenario at a tiny scale: finite data, claims that hold or are open, figures that can be read, the same numbers on any threads."""

import csv
import functools
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import xarray

from budgetsim import figures
from budgetsim.folders import load_file
from tests.test_figures import check_readable

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
FILES = {p.stem: p for p in sorted(FOLDER.glob("*.py"))}


def steady(data):
    """Without what is measured by a clock: variables whose attribute `measured` says so."""
    return data.drop_vars([name for name, variable in data.data_vars.items() if variable.attrs.get("measured")])


@functools.cache
def simulated(name, folder):
    """Once: the tests of one scenario are shuffled among those of the others, and among the processes, which share a folder."""
    module = load_file(FILES[name])
    vars(module).update(getattr(module, "SMALLER", {}))  # constants for whoever cannot wait
    kept = folder / f"{name}.pickle"
    if not kept.exists():
        seen = []
        data = module.simulate(1e-6, 5, threads=1, executor=None, progress=lambda replications, rounds: seen.append((replications, rounds)))
        own = folder / f"{name}.{os.getpid()}"
        own.write_bytes(pickle.dumps((data, seen)))
        own.replace(kept)  # at once: whoever reads it reads all of it
    return module, *pickle.loads(kept.read_bytes())


def shared(factory):
    """A folder of this run of the tests alone, the same for all its processes."""
    here = factory.getbasetemp()
    return here.parent if "PYTEST_XDIST_WORKER" in os.environ else here


@pytest.fixture(params=FILES)
def played(request, tmp_path_factory):
    module, data, seen = simulated(request.param, shared(tmp_path_factory))
    return request.param, module, data.copy(deep=True), seen


def test_it_says_what_it_is(played):
    name, module, _, _ = played
    assert "**What must be visible.**" in module.__doc__ and len(re.findall(r"\[\w+\]_", module.__doc__)) > 0
    with open(FOLDER / "data" / "systems.csv", newline="") as rows:
        assert module.SYSTEM in {row["id"] for row in csv.DictReader(rows)}
    assert module.PUBLISHED is None or {"source", "tolerance"} <= set(module.PUBLISHED), name


def test_data_are_finite_and_can_be_saved(played, tmp_path):
    _, _, data, seen = played
    assert sum(r for r, _ in seen) > 0 and sum(r for _, r in seen) > 0
    for name, variable in data.data_vars.items():
        if variable.dtype.kind == "f" and name != "constant":
            assert np.isfinite(variable).all(), name
        assert variable.attrs.get("units") or name in ("constant", "spent"), name
    data.to_netcdf(tmp_path / "data.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "data.nc", engine="h5netcdf") as back:
        xarray.testing.assert_identical(back.load(), data)


@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_no_claim_fails_and_controls_are_there(played):
    name, module, data, _ = played
    verdicts = module.claims(data)
    assert not [v for v in verdicts if v.holds is False], name
    assert any(v.claim.startswith("control:") for v in verdicts)
    assert len({v.claim for v in verdicts}) == len(verdicts)


@pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")
def test_its_figure_can_be_read(played):
    _, module, data, _ = played
    with figures.style():
        figure = module.draw(data)
        check_readable(figure)
    panels = [a for a in figure.axes if a.get_xlabel()]
    assert figure.legends and figure._supxlabel is not None and len(panels) >= 2
    assert all(a.get_ylabel() and (a.lines or a.collections) for a in panels)


def test_threads_change_nothing(played):
    _, module, data, _ = played
    xarray.testing.assert_identical(steady(module.simulate(1e-6, 5, threads=2)), steady(data))


def test_a_wrong_number_would_be_noticed(played):
    """Each scenario offers `spoiled(data)`: the same data with one number wrong, which some claim must refuse."""
    _, module, data, _ = played
    assert any(v.holds is False for v in module.claims(module.spoiled(data)))


def test_the_routing_data_are_what_their_readme_says():
    import hashlib

    folder = FOLDER / "data" / "llm_routing_pareto"
    said = dict(re.findall(r"`(\w+\.csv\.gz)` \| \d+ \| `([0-9a-f]{64})`", (folder / "README.md").read_text()))
    assert len(said) == 2 and "Apache License" in (folder / "LICENSE").read_text()
    for name, digest in said.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    score, usd = load_file(FILES["routing_budget"]).table()
    assert score.shape == usd.shape == (3559, 4)
    np.testing.assert_allclose(score.mean(0), [0.7921, 0.925, 0.9267, 0.9344], atol=6e-5)
    np.testing.assert_allclose(usd.mean(0), [2.9e-5, 5.04e-4, 8.9e-4, 1.5008e-2], rtol=1e-2)
