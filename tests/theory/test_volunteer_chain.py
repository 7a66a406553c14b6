"""The chain of alike volunteers against all their 2^N states, against runs, and the identities that it must keep."""


import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.policies.whittle import whittle
from budgetsim.problems.volunteer_rescue import volunteer_rescue
from budgetsim.theory.volunteer_chain import (
    binomial_law,
    stationary_law,
    volunteer_chain,
    volunteer_law,
    volunteer_reward,
    volunteer_transition,
)

from ..references import volunteer_joint

F1 = (np.array([0.17660598, 0.46380528, 0.35958873]), np.array([0.60906654, 0.13339096, 0.24058962]), 0.11505457)
F1 = (F1[0] / F1[0].sum(), *F1[1:])  # as printed they sum to 1 - 1e-8


@st.composite
def crowds(draw, most=12, contexts=4):
    """f, p, q, N and an allocation; with chances of 0 and 1, and contexts that never come."""
    k = draw(st.integers(1, contexts))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    f, p, q = rng.random(k), rng.random(k), rng.random() * draw(st.sampled_from([0.05, 0.3, 1.0]))
    if k > 1 and draw(st.booleans()):
        f[rng.integers(k)] = 0.0
    if draw(st.booleans()):
        p[rng.integers(k)] = draw(st.sampled_from([0.0, 1.0]))
    q = draw(st.sampled_from([q, q, q, 0.0, 1.0]))
    n = draw(st.integers(1, most))
    return f / f.sum(), p, q, n, rng.integers(0, n + 2, k)


@settings(max_examples=200, deadline=None)
@given(crowds(most=4, contexts=3))
def test_it_is_the_chain_of_all_states(crowd):
    """The (N + 1)-state chain earns what the 2^N states earn, whoever is notified first."""
    f, p, q, n, b = crowd
    order = [list(range(n))] * len(f)
    theirs = volunteer_joint.priority_reward(f, np.tile(p, (n, 1)), np.full(n, q), np.ones(len(f)), b, order)
    assert float(volunteer_reward(volunteer_chain(f, p, q, n), b)) == pytest.approx(theirs, abs=1e-10)


@settings(max_examples=200, deadline=None)
@given(crowds(most=25))
def test_who_accepts_must_come_back(crowd):
    """Reward = q (N - E n) where rewards are 1; the law is stationary; rewards are linear in w."""
    f, p, q, n, b = crowd
    chain = volunteer_chain(f, p, q, n)
    law = volunteer_law(chain, b)
    assert law.sum() == pytest.approx(1.0, abs=1e-14) and law.min() >= 0.0
    value = float(volunteer_reward(chain, b))
    if q > 0.0:
        np.testing.assert_allclose(law @ volunteer_transition(chain, b), law, atol=1e-14)
        assert value == pytest.approx(q * (n - law @ np.arange(n + 1)), abs=1e-12)
    assert float(volunteer_reward(chain, b, np.full(len(f), 2.5))) == pytest.approx(2.5 * value, rel=1e-13, abs=1e-300)


@settings(max_examples=400, deadline=None)
@given(crowds(most=16), st.data())
def test_a_notification_more_never_earns_less(crowd, data):
    """The lemma behind `volunteer_optimum`: with reward 1 the value is nondecreasing in every B_k, also where p_k + q > 1."""
    f, p, q, n, b = crowd
    more = b.copy()
    more[data.draw(st.integers(0, len(f) - 1))] += data.draw(st.integers(1, 3))
    one, other = volunteer_reward(volunteer_chain(f, p, q, n), np.stack([b, more]))
    assert other >= one - 1e-12


def test_control_with_unequal_rewards_a_notification_more_can_earn_less():
    chain = volunteer_chain([0.5, 0.5], [0.9, 0.9], 0.05, 4)
    few, many = volunteer_reward(chain, [[4, 0], [4, 4]], [1.0, 0.1])
    assert many < few - 0.05


@settings(max_examples=200, deadline=None)
@given(crowds(most=20), st.randoms(use_true_random=False))
def test_names_of_contexts_do_not_matter(crowd, random):
    """Property of the (f) list: the value is invariant to a relabelling of contexts."""
    f, p, q, n, b = crowd
    order = random.sample(range(len(f)), len(f))
    one = float(volunteer_reward(volunteer_chain(f, p, q, n), b))
    assert float(volunteer_reward(volunteer_chain(f[order], p[order], q, n), b[order])) == pytest.approx(one, rel=1e-11, abs=1e-15)


def test_printed_digits():
    f, p, q = F1
    assert volunteer_reward(volunteer_chain(f, p, q, 25), [[10, 0, 8], [5, 5, 5]]).round(6).tolist() == [1.583134, 1.277370]
    two = volunteer_chain([0.5, 0.5], [0.999, 0.0], 0.2, 25)
    assert volunteer_reward(two, [[8, 2], [9, 1], [10, 0]]).round(4).tolist() == [3.2214, 3.3231, 3.3925]


def test_small_chances_keep_their_digits():
    """One volunteer is active for q / (q + f p) of the time, down to the last digits at any q."""
    for q in (1e-300, 1e-12, 1e-3, 1.0):
        chain = volunteer_chain([0.25, 0.75], [0.8, 0.4], q, 1)
        assert float(volunteer_reward(chain, [1, 0])) == pytest.approx(0.2 * q / (q + 0.2), rel=1e-14)
    chain = volunteer_chain([1.0], [0.5], 1e-9, 30)
    assert float(volunteer_reward(chain, [30])) == pytest.approx(30 * 0.5 * 1e-9 / (0.5 + 1e-9), rel=1e-12)
    np.testing.assert_allclose(binomial_law(40, 0.3)[40], stats.binom.pmf(np.arange(41), 40, 0.3), rtol=1e-12)


def test_states_that_are_never_left_downwards():
    law = stationary_law([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(law, [0.0, 1 / 3, 2 / 3])
    assert volunteer_law(volunteer_chain([1.0], [1.0], 1.0, 6), [2]).tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert float(volunteer_reward(volunteer_chain([1.0], [1.0], 1.0, 6), [4])) == pytest.approx(3.0)  # four go, two go, four go


def test_runs_earn_what_the_chain_says(seed):
    """Rounds 300 to 1500 of the problem itself under the index rule; the control is an allocation off by one."""
    f, p, q = F1
    n, b = 12, [4, 1, 3]
    problem = volunteer_rescue(f, np.tile(p, (n, 1)), q, b, 1500)
    rule = whittle(f, np.tile(p, (n, 1)), np.full(n, q), np.ones(3))
    log = engine.play_block(engine.prepare(problem, rule), seed, 0, 1500, np.array([300, 1500]))
    each = (log.reward[:, 1] - log.reward[:, 0]) / 1200
    chain = volunteer_chain(f, p, q, n)
    assert stats.ttest_1samp(each, float(volunteer_reward(chain, b))).pvalue > 1e-4
    assert stats.ttest_1samp(each, float(volunteer_reward(chain, [4, 2, 3]))).pvalue < 1e-4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"context_probability": [0.5, 0.500001]}, "context_probability"),
        ({"acceptance": [0.5]}, "acceptance"),
        ({"acceptance": [0.5, 1.2]}, "acceptance"),
        ({"reactivation": -0.1}, "reactivation"),
        ({"volunteers": 0}, "volunteers"),
        ({"volunteers": 2.5}, "volunteers"),
    ],
)
def test_wrong_arguments(changes, says):
    with pytest.raises(BudgetsimError, match=f"^{says}"):
        volunteer_chain(**{"context_probability": [0.5, 0.5], "acceptance": [0.5, 0.2], "reactivation": 0.1, "volunteers": 3} | changes)


@pytest.mark.parametrize("allocation", [[1], [1, 2, 3], [0.5, 1], [-1, 1], [np.nan, 1]])
def test_wrong_allocations(allocation):
    with pytest.raises(BudgetsimError, match=r"^allocation"):
        volunteer_reward(volunteer_chain([0.5, 0.5], [0.5, 0.2], 0.1, 3), allocation)
