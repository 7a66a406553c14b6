"""What all tests share: seeds that are a hash of the test's name."""

import hashlib

import pytest


def seed_of(name: str) -> int:
    """A seed that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return seed_of(request.node.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="all pairs and full sizes")
