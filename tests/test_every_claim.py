"""Every claim of every scenario can fail: some change of what it reads makes it false, or it did not hold in the first place.

Each variable, attribute and published number is changed in turn (moved up, moved down, negated, set to 0, ten times as large, turned round) until every claim
that held has failed once; then slices of variables. A claim that survives all of it is decorative. With --thorough statistical claims are asked too, and
replications are repeated until their intervals are narrow.
"""

import copy
import re
from contextlib import contextmanager

import numpy as np
import pytest
import xarray

from budgetsim.claims import at_most, shared
from tests.test_every_scenario import FILES, simulated
from tests.test_every_scenario import shared as folder_of

pytestmark = pytest.mark.filterwarnings("ignore")

#: its tolerance shrinks with the sizes, which the tests make so small that it allows nearly every cumulant
VAGUE = {"network: the cumulants cross at the mean field's value, to 4 / sqrt(N)"}


@pytest.fixture(params=FILES)
def played(request, tmp_path_factory):
    module, data, _ = simulated(request.param, folder_of(tmp_path_factory))
    return module, data


def changed(values):
    """Other numbers of the same shape and kind."""
    values = np.asarray(values)
    if values.dtype.kind == "b":
        return [~values]
    far = max(np.abs(values).max(initial=0), 1)
    flipped = [np.flip(values, axis) for axis, size in enumerate(values.shape) if size > 1]
    return [np.asarray(other).astype(values.dtype) for other in (values + far, values - far, -values, 0 * values, 10 * values, *flipped)]


def numbers(value):
    return isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")


def negated(value):
    if isinstance(value, dict):
        return {k: negated(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(negated(v) for v in value)
    return -value if numbers(value) and not isinstance(value, bool) else value


def with_values(data, name, values):
    other = data.copy()
    other[name] = (data[name].dims, values, data[name].attrs)
    return other


def worlds(data):
    """(what was changed, the data with it)."""
    for name, variable in data.data_vars.items():
        if numbers(variable.values):
            for values in changed(variable.values):
                yield name, with_values(data, name, values)
    for name, value in data.attrs.items():
        if numbers(value):
            for other in changed(value):
                made = data.copy()
                made.attrs = {**data.attrs, name: other.item() if np.ndim(other) == 0 else other}
                yield name, made


def slices(data):
    for name, variable in data.data_vars.items():
        for axis, dimension in enumerate(variable.dims) if numbers(variable.values) else ():
            size = variable.shape[axis]
            for i in range(size) if size <= 10 else (0, size // 2, size - 1):
                at = (slice(None),) * axis + (i,)
                for other in changed(variable.values[at]):
                    values = variable.values.copy()
                    values[at] = other
                    yield f"{name}, {dimension} {i}", with_values(data, name, values)


@contextmanager
def published(module, name):
    before = getattr(module, name)
    setattr(module, name, negated(copy.deepcopy(before)))
    try:
        yield
    finally:
        setattr(module, name, before)


def verdicts(module, data):
    """None where the data make no sense to the claims."""
    with np.errstate(all="ignore"):
        try:
            return module.claims(data)
        except Exception:
            return None


def decorative(module, data, kinds=("exact", "certified", "proved"), thorough=False):
    """The claims that hold whatever is changed."""
    left = {v.claim for v in module.claims(data) if v.holds is True and v.kind in kinds and not v.claim.startswith("control:")} - VAGUE

    def ask(some):
        for _, other in some:
            if not left:
                return
            left.difference_update(v.claim for v in verdicts(module, other) or () if v.holds is False)

    ask(worlds(data))
    for name in ("PUBLISHED", "DERIVED"):
        if left and getattr(module, name, None):
            with published(module, name):
                ask([(name, data)])
    ask(slices(data))
    if thorough:
        for dimension in set(data.dims) - set(data.coords):
            if left:
                many = xarray.concat([data] * 60, dim=dimension, data_vars="minimal")
                ask(worlds(many))
                ask(slices(many))
    return left


def test_every_claim_can_fail(played, request):
    module, data = played
    thorough = request.config.getoption("--thorough")
    assert not decorative(module, data, *((("exact", "certified", "proved", "statistical"), True) if thorough else ()))


def test_statistical_claims_share_a_level(played):
    """Bonferroni: what they may err together is at most what the docstring of `claims` states, controls included."""
    module, data = played
    verdicts = module.claims(data)
    stated = 1.0 - float(re.search(r"confidence (\d+)%", module.claims.__doc__)[1]) / 100.0
    assert stated <= 0.05 + 1e-9 and any(v.claim.startswith("control:") for v in verdicts)
    assert sum(1.0 - v.level for v in verdicts if v.kind == "statistical") <= stated * (1.0 + 1e-9), [(v.claim, v.level) for v in verdicts]


class Talk:
    """A scenario that says the same whatever it sees, beside what it does see."""

    @staticmethod
    def claims(data):
        return [at_most("two is at most three", 2.0, 3.0), at_most("the least is positive", -float(data.seen.min()), 0.0)]


def test_a_decorative_claim_is_found():
    """Control: of two claims the one that reads nothing. And two verdicts at the whole level share nothing."""
    assert decorative(Talk, xarray.Dataset({"seen": ("i", [1.0, 2.0])})) == {"two is at most three"}
    assert 2 * (1 - shared(0.99, 2)) <= 0.01 * (1 + 1e-9) < 2 * (1 - 0.99)
