"""Hypothesis elimination: a gap of at most 2 tol after at most as many readings as the net has points.

**Statement.** |f(a) - <theta*, a>| <= eps for all actions, |a| <= 1, theta* s-sparse in the unit ball; the net holds a point within h/2 of every such theta* in each entry, on its support; tol = eps + h sqrt(s) / 2. The rule reads the action of greatest <theta, a> over the theta alive, stops if the reading
is within tol of it, and else drops every theta that is further off. It recommends an action with gap at most 2 tol = 2 eps + h sqrt(s) after at most |net| readings.

**Source.** The rate is in the abstract of [Dong2023]_; rule and guarantee are derived here (`policies.hypothesis_elimination`).

**Proved.** By enumeration, in whole numbers: d = 2, s = 1, h = 1/2 (a net of 9), eps = 1/8, five actions (1, 0), (0, 1), (3/5, 4/5), (-4/5, 3/5), (-1, 0); theta* on either axis in multiples of 1/8 (33), f = <theta*, a> + eps x with x in {-1, 0, 1}^5 (243): 8019 games (at scale below 0.3 every
seventh). `policies.hypothesis_elimination` recommends the same action after as many readings in 40 games drawn by the seed.

**Control.** The tolerance forgets the step of the net: tol = eps.
"""

import itertools
from types import SimpleNamespace

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.policies.hypothesis_elimination import hypothesis_elimination
from budgetsim.theory.misspecified import sparse_net

PERTURBED = {"factor": 1}

UNIT = 40  # everything is a whole number of 1/40: features are in fifths, theta in eighths
ACTIONS = ((5, 0), (0, 5), (3, 4), (-4, 3), (-5, 0))  # in fifths
EPS, STEP = 5, 4  # 1/8 in units of 1/40, 1/2 in eighths


def _promises() -> list[tuple[int, ...]]:
    """<theta, a> of every hypothesis, the most hopeful first."""
    net = sparse_net(2, 1, STEP / 8)
    points = [[0, 0] for _ in net.support]
    for point, where, value in zip(points, net.support[:, 0].astype(int), net.coefficient[:, 0]):
        point[where] = round(8 * value)
    said = [tuple(x * a + y * b for a, b in ACTIONS) for x, y in points]
    return sorted(said, key=lambda s: -max(s))


def _game(f: tuple[int, ...], promises: list[tuple[int, ...]], tolerance: int) -> tuple[int, int]:
    """(action recommended, readings)."""
    alive, action = promises, 0
    for readings in itertools.count(1):
        action = alive[0].index(max(alive[0]))
        if abs(f[action] - alive[0][action]) <= tolerance:
            return action, readings
        alive = [s for s in alive if abs(f[action] - s[action]) <= tolerance]
        if not alive:
            last = promises[-1]
            return last.index(max(last)), readings
    raise AssertionError


def _rule(f: tuple[int, ...]) -> tuple[int, int]:
    public = SimpleNamespace(features=np.array(ACTIONS) / 5.0, misspecification=EPS / UNIT, sparsity=1, noise=0.0)
    rule = hypothesis_elimination(STEP / 8)
    (memory, params), left = rule.init(SimpleNamespace(public=public, horizon=100)), np.zeros(0)
    for readings in itertools.count(1):
        action = rule.act(memory, params, (), left, readings, 0)
        rule.update(memory, params, (), action, SimpleNamespace(reward=f[action] / UNIT), readings)
        if rule.stop(memory, params, left, readings):
            return rule.recommend(memory, params, left, readings, 0), readings
    raise AssertionError


def _verdict(scale: float, seed: int, net_counts: bool, factor: int) -> Verdict:
    promises = _promises()
    tolerance = EPS + net_counts * STEP * 5 // 2  # h/2 in units of 1/40
    games = []
    for axis, value in itertools.product((0, 1), range(-8, 9)):
        if axis == 1 and value == 0:
            continue  # the origin lies on both axes
        truth = tuple(value * a[axis] for a in ACTIONS)
        games += [tuple(t + EPS * x for t, x in zip(truth, noise)) for noise in itertools.product((-1, 0, 1), repeat=5)]
    games = games if scale >= 0.3 else games[::7]
    gap, readings = 0, 0
    for f in games:
        action, many = _game(f, promises, tolerance)
        gap, readings = max(gap, max(f) - f[action]), max(readings, many)
    ok = gap <= factor * tolerance and readings <= len(promises)
    if net_counts:
        for i in np.random.default_rng(seed).integers(0, len(games), 40):
            ok = ok and _rule(games[i]) == _game(games[i], promises, tolerance)
    claim = f"hypothesis elimination: gap <= {factor} tol, at most {len(promises)} readings, tol = eps{' + h/2' if net_counts else ''}, all {len(games)} games"
    detail = f"enumeration in whole numbers; greatest gap {gap / UNIT:g} of {factor * tolerance / UNIT:g} allowed, at most {readings} readings"
    return claims.proved(claim, ok, (factor * tolerance - gap) / UNIT, detail)


def check(scale: float, seed: int, factor: int = 2) -> Verdict:
    return _verdict(scale, seed, True, factor)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, False, 2)
