"""The majority-vote model: simulation against the exact chain and a twin, symmetries, limits, and the two approximations."""

import math

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import solve_ivp

import budgetsim
from budgetsim.arguments import BudgetsimError
from budgetsim.theory.majority_vote import majority_vote, majority_vote_chain, majority_vote_law, mean_field_noise, pair_noise
from tests.references import majority_vote as twin

NAMES = ("magnetisation", "susceptibility", "binder")
GRAPHS = {"torus": networkx.grid_2d_graph(3, 3, periodic=True), "path": networkx.path_graph(5), "star": networkx.star_graph(4)}
PACKS, SE = 32, float(stats.t.isf(5e-6, 31))


@st.composite
def graphs(draw, most=5):
    n = draw(st.integers(1, most))
    pairs = [(i, j) for i in range(n) for j in range(i)]
    graph = networkx.empty_graph(n)
    graph.add_edges_from(pair for pair in pairs if draw(st.booleans()))
    return graph


# ------------------------------------------------------------------------------------------------ exact
@settings(max_examples=200)
@given(graphs(), st.floats(0.0, 0.5))
def test_opinions_may_change_their_names(graph, noise):
    """Property: the chain is the same when all opinions are turned over; its rows are probabilities."""
    matrix = majority_vote_chain(graph, noise)
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=0, atol=1e-14)
    assert matrix.min() >= 0.0


@settings(max_examples=200)
@given(graphs())
def test_half_noise_is_fair_coins(graph):
    """Property: at q = 1/2 all 2^n states are alike, the number of +1 is binomial, chi and U are those of independent coins."""
    exact, n = majority_vote_law(graph, 0.5), len(graph)
    np.testing.assert_allclose(exact.law, 0.5**n, rtol=1e-11)
    mean = sum(math.comb(n, k) * abs(2 * k - n) for k in range(n + 1)) / n / 2.0**n
    assert exact.magnetisation == pytest.approx(mean, rel=1e-12)
    assert exact.susceptibility == pytest.approx(1.0 - n * mean**2, rel=1e-10, abs=1e-12)
    assert exact.binder == pytest.approx(2.0 / (3.0 * n), rel=1e-10)


@settings(max_examples=200)
@given(graphs())
def test_consensus_is_absorbing_without_noise(graph):
    """Property: at q = 0 both consensus states stay, unless a node has no neighbours and tosses a coin."""
    matrix = majority_vote_chain(graph, 0.0)
    alone = sum(d == 0 for _, d in graph.degree())
    assert matrix[0, 0] == pytest.approx(1.0 - 0.5 * alone / len(graph)) and matrix[-1, -1] == matrix[0, 0]


def test_every_run_without_noise_ends_in_consensus_where_nothing_else_is_stable():
    graph = networkx.complete_graph(9)
    ended = majority_vote(graph, [0.0], sweeps=1, burn_in=60, replications=256, seed=3, start="random")
    assert ended.moments[..., :3].tolist() == np.ones((1, 4, 3)).tolist() and -0.5 < ended.moments[..., 3].mean() < 0.5
    assert majority_vote(graph, [0.0], 5, 0, 128).magnetisation.tolist() == [1.0]


@pytest.mark.parametrize("name", GRAPHS)
def test_simulation_is_the_exact_chain(name, seed):
    """Statistical, 1e-5 two-sided a number; control: the same numbers refuse the law at 1.05 q."""
    noise = [0.05, 0.2, 0.5]
    seen = majority_vote(GRAPHS[name], noise, 400, 40, 64 * PACKS, seed)
    for i, q in enumerate(noise):
        exact, wrong = majority_vote_law(GRAPHS[name], q), majority_vote_law(GRAPHS[name], q / 1.05)
        for statistic in NAMES:
            value, error = getattr(seen, statistic)[i], getattr(seen, f"{statistic}_error")[i]
            assert abs(value - getattr(exact, statistic)) < SE * error, (q, statistic)
        if q < 0.5:
            assert abs(seen.magnetisation[i] - wrong.magnetisation) > SE * seen.magnetisation_error[i]


def test_simulation_is_the_twin(seed):
    """Statistical, 1e-4; control: the twin with its noise a tenth larger is refused. Before the law is stationary, too: two sweeps from consensus."""
    graph = networkx.random_regular_graph(3, 30, seed=1)
    ours = majority_vote(graph, [0.1], 2, 0, 64 * PACKS, seed)
    for noise, same in ((0.1, True), (0.11, False)):
        theirs = np.abs(twin.majority_vote(graph, noise, 2, 0, 6000, np.random.default_rng(seed))).mean(axis=1)
        error = math.hypot(ours.magnetisation_error[0], theirs.std(ddof=1) / math.sqrt(theirs.size))
        assert (abs(ours.magnetisation[0] - theirs.mean()) < stats.norm.isf(5e-5) * error) == same


# ------------------------------------------------------------------------------------------------ what changes nothing
def test_packs_noises_and_threads_change_no_other_number(seed):
    graph = networkx.random_regular_graph(4, 20, seed=2)
    all_of_it = majority_vote(graph, [0.1, 0.3], 10, 2, 256, seed, threads=2)
    assert np.array_equal(majority_vote(graph, [0.1], 10, 2, 128, seed, threads=1).moments[0], all_of_it.moments[0, :2])
    assert np.array_equal(majority_vote(graph, [0.2, 0.3], 10, 2, 256, seed).moments[1], all_of_it.moments[1])
    assert not np.array_equal(all_of_it.moments[0, 0], all_of_it.moments[0, 1])


def test_each_pack_lives_on_its_graph(seed):
    pair = [networkx.random_regular_graph(4, 20, seed=s) for s in (1, 2)]
    both = majority_vote(pair, [0.2], 10, 2, 256, seed)
    assert np.array_equal(both.moments[:, ::2], majority_vote(pair[0], [0.2], 10, 2, 256, seed).moments[:, ::2])


def test_errors_cover(seed):
    """The jackknife between 8 packs is as large as the spread over 60 repetitions: ratio of variances within 1e-4 of its F law."""
    graph = networkx.cycle_graph(12)
    runs = [majority_vote(graph, [0.1], 20, 20, 512, seed + s) for s in range(60)]
    ratio = np.var([r.magnetisation[0] for r in runs], ddof=1) / np.mean([r.magnetisation_error[0] ** 2 for r in runs])
    assert stats.f.ppf(5e-5, 59, 420) < ratio < stats.f.isf(5e-5, 59, 420)


# ------------------------------------------------------------------------------------------------ approximations
def test_mean_field_by_hand():
    """q_c = 1/2 - 1/(2 E|S_k|): E|S_k| = 3/2, 3/2, 15/8, 15/8, 35/16."""
    assert [mean_field_noise(k) for k in (1, 2, 3, 4, 5, 6, 7)] == pytest.approx([0.0, 0.0, 1 / 6, 1 / 6, 7 / 30, 7 / 30, 19 / 70], abs=1e-15)


@pytest.mark.parametrize("degree", [3, 4, 5, 6, 9])
def test_pair_approximation_by_its_differential_equations(degree):
    """A little order grows below pair_noise and dies above it, in the two equations for +1 nodes and mixed links."""
    j = np.arange(degree + 1)
    ways = np.array([math.comb(degree, i) for i in j])

    def rates(_, y, q):
        up, mixed = y
        flip = np.where(2 * j < degree, q, np.where(2 * j > degree, 1 - q, 0.5))
        out = np.zeros(2)
        for share, sign in ((up, -1.0), (1.0 - up, 1.0)):
            against = mixed / (2.0 * share)
            law = ways * against**j * (1.0 - against) ** (degree - j)
            out += share * np.array([sign * law @ flip, 2.0 / degree * (law @ (flip * (degree - 2 * j)))])
        return out

    critical = pair_noise(degree)
    assert critical < mean_field_noise(degree)
    for q, grows in ((critical - 0.005, True), (critical + 0.005, False)):
        path = solve_ivp(rates, (0.0, 200.0), [0.5 + 1e-6, 0.3], args=(q,), rtol=1e-9, atol=1e-12, t_eval=[50.0, 200.0]).y[0] - 0.5
        assert (path[1] > path[0]) == grows


def test_pair_approximation_is_rational_for_three_and_four():
    assert pair_noise(3) == pytest.approx(1 / 10, abs=1e-12) and pair_noise(4) == pytest.approx(5 / 37, abs=1e-12)


# ------------------------------------------------------------------------------------------------ bad input
RING = networkx.cycle_graph(5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: majority_vote(RING, [0.6], 10, 1), "noise"),
        (lambda: majority_vote(RING, [math.nan], 10, 1), "noise"),
        (lambda: majority_vote(RING, "much", 10, 1), "noise"),
        (lambda: majority_vote(RING, [0.1], 0, 1), "sweeps"),
        (lambda: majority_vote(RING, [0.1], 10, -1), "burn_in"),
        (lambda: majority_vote(RING, [0.1], 10, 1, 100), "replications"),
        (lambda: majority_vote(RING, [0.1], 10, 1, 192.5), "replications"),
        (lambda: majority_vote(RING, [0.1], 10, 1, 64), "replications"),
        (lambda: majority_vote(RING, [0.1], 10, 1, every=11), "every"),
        (lambda: majority_vote(RING, [0.1], 10, 1, start="up"), "start"),
        (lambda: majority_vote(RING, [0.1], 10, 1, threads=0), "threads"),
        (lambda: majority_vote([RING, networkx.cycle_graph(6)], [0.1], 10, 1), "graph"),
        (lambda: majority_vote([], [0.1], 10, 1), "graph"),
        (lambda: majority_vote(networkx.DiGraph([(0, 1)]), [0.1], 10, 1), "graph"),
        (lambda: majority_vote_chain(networkx.cycle_graph(11), 0.1), "graph"),
        (lambda: majority_vote_law(RING, 0.0), "noise"),
        (lambda: pair_noise(2), "degree"),
        (lambda: mean_field_noise(0), "degree"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(call, says):
    with pytest.raises(BudgetsimError, match=f"^{says}: got .*allowed") as error:
        call()
    assert "\n" not in str(error.value)


def test_it_is_found_by_name():
    assert budgetsim.majority_vote is majority_vote
