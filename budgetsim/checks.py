"""Conformance, for authors inside and outside."""

from typing import Any

from .model import Policy, Problem, Spec


def spec(value: Spec) -> None: ...


def matching(problem: Problem, policy: Policy) -> None: ...


def schedule(policy: Policy, value: Spec) -> tuple[int, ...]:
    return tuple(int(t) for t in policy.schedule(value)) if policy.schedule else ()


_: Any = None
