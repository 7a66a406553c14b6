"""What all tests share: seeds that are a hash of the test's name, and hypothesis examples that are too."""

import hashlib

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# hypothesis also tries constants of whatever modules happen to be loaded, which depends on the order of the tests
providers.is_local_module_file = lambda path: False  # type: ignore[attr-defined]
settings.register_profile("house", derandomize=True, deadline=None)  # the same examples on every machine; --hypothesis-profile=default searches anew
settings.load_profile("house")


def seed_of(name: str) -> int:
    """A seed that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return seed_of(request.node.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="all pairs and full sizes")
