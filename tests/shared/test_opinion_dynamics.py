"""Words of 64 replications: the same bits in plain Python, and the counts of nobody but a slow count."""

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.arguments import BudgetsimError
from budgetsim.shared.opinion_dynamics import LANES, M64, PLANES, majority, neighbours, play_pack, tally, vote_pack


@pytest.mark.parametrize("ordered", [0, 1])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("graph", [networkx.complete_graph(9), networkx.star_graph(4), networkx.empty_graph(2)], ids=["nine", "star", "alone"])
def test_compiled_and_plain_give_the_same_bits(graph, noise, ordered):
    near, seen = neighbours(graph), []
    for play in (play_pack, vote_pack):
        spins, sums = np.zeros(len(graph), np.uint64), np.zeros(4)
        play(spins, near.start, near.node, round(2 * noise * 2**53), ordered, 1, 2, 1, 7, 3, sums)
        seen.append((spins.tolist(), sums.tolist()))
    assert seen[0] == seen[1]


@settings(max_examples=300)
@given(st.lists(st.integers(0, M64), min_size=0, max_size=20))
def test_majority_and_tie_of_every_lane(words):
    """Property: `majority` says in which lanes more than half, or exactly half, of any number of words hold a 1."""
    spins = np.array(words, np.uint64)
    more, equal = majority(spins, np.arange(len(words)), 0, len(words), np.zeros(PLANES, np.uint64))
    for lane in range(LANES):
        ones = sum(w >> lane & 1 for w in words)
        assert (more >> lane & 1, equal >> lane & 1) == (int(2 * ones > len(words)), int(2 * ones == len(words)))


@settings(max_examples=200)
@given(st.lists(st.integers(0, M64), min_size=1, max_size=40))
def test_tally_counts_every_lane(words):
    """Property: `tally` is the number of words with a 1, lane by lane."""
    ups = np.zeros(LANES, np.int64)
    tally(np.array(words, np.uint64), np.zeros(PLANES, np.uint64), np.zeros(PLANES, np.uint64), ups)
    assert ups.tolist() == [sum(w >> lane & 1 for w in words) for lane in range(LANES)]


@pytest.mark.parametrize(
    ("graph", "says"),
    [(networkx.DiGraph([(0, 1)]), "DiGraph"), (networkx.MultiGraph([(0, 1)]), "MultiGraph"), (networkx.Graph(), "no nodes"), (networkx.Graph([("a", "a")]), "loop at node 'a'"), ([[1]], "list")],
)  # fmt: skip
def test_graphs_that_are_refused(graph, says):
    with pytest.raises(BudgetsimError, match=f"graph: got .*{says}"):
        neighbours(graph)
