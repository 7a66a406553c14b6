"""The volunteer's Whittle index: printed digits, value iteration, the generic algorithm, and who has none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.theory.volunteer_index import _follow, every_index, volunteer_arm, volunteer_index
from budgetsim.theory.whittle_index import whittle_index

#: instance F1 of section 6(g)
F = np.array([0.17660598, 0.46380528, 0.35958873])
P, Q = [0.60906654, 0.13339096, 0.24058962], 0.11505457
#: F1's context probabilities are printed to 8 digits and sum to 1 - 1e-8
F1 = (F / F.sum(), P, Q)
ARMS = 400


def advantage(f, p, q, w, beta, price):
    """Of notifying, by value iteration: p_k (w_k - beta (V1 - V0)) - price, for arms (A, K), at prices (A, M): (A, M, K).

    V0 and V1 are the values of being away and active, relative to V0 = 0; who is away is notified where the price is below 0.
    """
    f, p, w = f[:, None, :], p[:, None, :], w[:, None, :]
    q, price = q[:, None], np.asarray(price, float)
    v1 = np.zeros(price.shape)
    for _ in range(100_000):
        away = np.maximum(-price, 0.0) + beta * q * v1
        active = np.sum(f * np.maximum(beta * v1[..., None], p * w - price[..., None] + beta * (1 - p) * v1[..., None]), axis=-1)
        old, v1 = v1, active - away
        if np.abs(v1 - old).max() < 1e-14:
            return p * (w - beta * v1[..., None]) - price[..., None]
    raise AssertionError("value iteration did not settle")


def draw_arms(seed, unequal, discount):
    rng = np.random.default_rng(seed)
    k = 4
    f, p, q, w = rng.random((ARMS, k)), rng.random((ARMS, k)), rng.uniform(0.02, 1.0, ARMS), rng.random((ARMS, k))
    contexts = rng.integers(2, k + 1, ARMS)  # fewer contexts: the others never come
    f[np.arange(k) >= contexts[:, None]] = 0.0
    return f / f.sum(axis=1, keepdims=True), p, q, w if unequal else np.ones((ARMS, k))


def by_value_iteration(f, p, q, w, beta):
    """The price at which the advantage is 0, by bisection, for each arm and context at once."""
    low, high = -np.ones(p.shape), np.ones(p.shape)
    for _ in range(40):
        middle = (low + high) / 2
        at = np.diagonal(advantage(f, p, q, w, beta, middle), axis1=1, axis2=2)
        low, high = np.where(at > 0, middle, low), np.where(at > 0, high, middle)
    return (low + high) / 2


def test_the_printed_digits():
    """F1: Whittle at discount .98 and .9, six digits as printed."""
    for discount, printed in ((0.98, [0.609067, 0.070032, 0.162517]), (0.9, [0.609067, 0.086512, 0.186832])):
        ours = volunteer_index(*F1, discount=discount)
        assert np.round(ours.indices[0], 6).tolist() == printed and ours.indexable.all()


@pytest.mark.parametrize("discount", [0.98, 0.9, None])
def test_closed_form_is_value_iteration_on_400_arms(seed, discount):
    """Property of the (f) list: closed-form index = value-iteration bisection, to 1e-8; equal rewards, all indexable. Also = whittle_index."""
    f, p, q, w = draw_arms(seed, False, discount)
    ours = np.concatenate([volunteer_index(f[i], p[i], q[i], w[i], discount).indices for i in range(ARMS)])
    theirs = by_value_iteration(f, p, q, w, 1.0 if discount is None else discount)
    print(f"largest difference {np.abs(ours - theirs).max():.1e}")
    assert np.abs(ours - theirs).max() < 1e-8
    for i in range(ARMS):
        generic = whittle_index(*volunteer_arm(f[i], p[i], q[i], w[i]), discount)
        assert generic.indexable
        np.testing.assert_allclose(generic.indices, np.append(np.zeros(4), ours[i]), atol=1e-10)


@pytest.mark.parametrize("discount", [0.98, None])
def test_unequal_rewards_on_400_arms(seed, discount):
    """Who is declared not indexable turns twice, says value iteration at both ends of each gap; who is declared indexable
    has its index by bisection, and a grid of prices shows no other turn. whittle_index declares the same arms."""
    f, p, q, w = draw_arms(seed, True, discount)
    beta = 1.0 if discount is None else discount
    found = [volunteer_index(f[i], p[i], q[i], w[i], discount) for i in range(ARMS)]
    good = np.array([x.indexable[0] for x in found])
    print(f"not indexable: {np.sum(~good)} of {ARMS}; negative: {sum((x.indices < -1e-9).any() for x in found)}")
    assert 0 < np.sum(~good) < 0.1 * ARMS

    for i in np.flatnonzero(~good):
        assert len(found[i].gaps) > 0
        for _, k, low, high in found[i].gaps:
            assert np.isnan(found[i].indices[0, int(k)])
            step = min(1e-4, (high - low) / 4)
            prices = np.array([[low - step, low + step, (low + high) / 2, high - step, high + step]])
            at = advantage(f[[i]], p[[i]], q[[i]], w[[i]], beta, prices)[0, :, int(k)]
            assert np.sign(at).tolist() == [1, -1, -1, -1, 1], (i, at)

    ours = np.concatenate([x.indices for x in found])[good]
    some = f[good], p[good], q[good], w[good]
    assert np.abs(ours - by_value_iteration(*some, beta)).max() < 1e-8
    grid = np.linspace(-1.0, 1.0, 101)
    at = advantage(*some, beta, np.tile(grid, (good.sum(), 1)))
    below = grid[None, :, None] < ours[:, None, :]
    assert np.all((at > 0) == below, where=np.abs(at) > 1e-9)

    for i in range(ARMS):
        generic = whittle_index(*volunteer_arm(f[i], p[i], q[i], w[i]), discount)
        assert generic.indexable == good[i]
        np.testing.assert_allclose(generic.indices, np.append(np.zeros(4), found[i].indices[0]), atol=1e-9)
        np.testing.assert_allclose(np.sort(generic.gaps[:, 1:], axis=0), np.sort(found[i].gaps[:, 2:], axis=0), atol=1e-9)


def test_below_a_price_of_zero_the_printed_equation_lacks_a_term():
    """Section 6(b) prints y(1 - b + bq)/b = sum f [p(w - y) - lambda]_+ for every lambda. A context that pays nothing has an index
    below 0, where those who are away are notified too: value iteration agrees with the equation that says so, not with that one."""
    f, p, q, w, beta = np.array([[0.5, 0.5]]), np.array([[0.8, 0.6]]), np.array([0.3]), np.array([[1.0, 0.0]]), 0.9
    ours = volunteer_index(f[0], p[0], q[0], w[0], beta).indices[0]
    assert ours[1] < -0.1
    np.testing.assert_allclose(ours, by_value_iteration(f, p, q, w, beta)[0], atol=1e-10)
    price, y = ours[1], 0.0
    for _ in range(10_000):  # the printed equation, by damped iteration
        y += 0.1 * (np.sum(f * np.maximum(p * (w - y) - price, 0.0)) - y * (1 - beta + beta * q[0]) / beta)
    assert abs(p[0, 1] * (0.0 - y) - price) > 0.01


twentieths = st.integers(0, 20).map(lambda i: i / 20)


@st.composite
def volunteers(draw, unequal=False):
    """f, p (K,), q, w, discount, K <= 5, in twentieths: ties between contexts are frequent."""
    k = draw(st.integers(1, 5))
    f = np.array(draw(st.lists(st.integers(1, 20), min_size=k, max_size=k)), float)
    p = np.array(draw(st.lists(twentieths, min_size=k, max_size=k)))
    w = np.array(draw(st.lists(twentieths, min_size=k, max_size=k))) if unequal else np.ones(k)
    return f / f.sum(), p, draw(st.integers(1, 20)) / 20, w, draw(st.sampled_from([0.5, 0.9, 0.99, None]))


@settings(max_examples=300, deadline=None)
@given(volunteers())
def test_at_most_acceptance_with_equality_at_its_maximum(case):
    """Property of the (f) list: W_k <= p_k, with equality if and only if p_k is the greatest (or 0)."""
    f, p, q, w, discount = case
    index = volunteer_index(f, p, q, w, discount).indices[0]
    assert np.all(index <= p) and np.all(index >= 0.0)
    np.testing.assert_array_equal(index == p, (p == p.max()) | (p == 0.0))


@settings(max_examples=300, deadline=None)
@given(volunteers(), st.integers(0, 4), st.integers(1, 20))
def test_monotone_in_acceptance_and_return(case, k, more):
    """Property of the (f) list: W_k rises with p_k and with q; it falls with every other acceptance."""
    f, p, q, w, discount = case
    k %= p.size
    index = volunteer_index(f, p, q, w, discount).indices[0]
    higher = p.copy()
    higher[k] = min(p[k] + more / 20, 1.0)
    raised = volunteer_index(f, higher, q, w, discount).indices[0]
    assert raised[k] >= index[k] - 1e-15
    assert np.all(np.delete(raised - index, k) <= 1e-15)
    assert np.all(volunteer_index(f, p, min(q + more / 20, 1.0), w, discount).indices[0] >= index - 1e-15)


@settings(max_examples=300, deadline=None)
@given(volunteers(unequal=True), st.floats(0.1, 10))
def test_the_exact_path_is_the_generic_algorithm(case, scale):
    """volunteer_index = whittle_index of the arm with 2K states, ties and gaps included; both scale with the rewards."""
    f, p, q, w, discount = case
    ours, generic = volunteer_index(f, p, q, w, discount), whittle_index(*volunteer_arm(f, p, q, w), discount)
    assert ours.indexable[0] == generic.indexable
    np.testing.assert_allclose(np.append(np.zeros(p.size), ours.indices[0]), generic.indices, atol=1e-8)
    scaled = volunteer_index(f, p, q, scale * w, discount)
    assert scaled.indexable[0] == ours.indexable[0]
    np.testing.assert_allclose(scaled.indices, scale * ours.indices, atol=1e-8 * (1 + scale))


@settings(max_examples=200, deadline=None)
@given(volunteers(unequal=True), st.randoms(use_true_random=False))
def test_relabelling_contexts_relabels_indices(case, random):
    f, p, q, w, discount = case
    order = list(range(p.size))
    random.shuffle(order)
    a, b = volunteer_index(f, p, q, w, discount), volunteer_index(f[order], p[order], q, w[order], discount)
    np.testing.assert_allclose(b.indices[0], a.indices[0][order], atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(volunteers(), twentieths)
def test_equal_rewards_scale_the_closed_form(case, reward):
    """Rewards all w: the index is w times that of rewards 1, and the exact path says the same."""
    f, p, q, _, discount = case
    closed = volunteer_index(f, p, q, np.full(p.size, reward), discount).indices[0]
    np.testing.assert_allclose(closed, reward * volunteer_index(f, p, q, None, discount).indices[0], atol=1e-14)
    beta = 1.0 if discount is None else discount
    path, gaps = _follow(f, p, np.ones(p.size), (1 - beta + beta * q) / beta)
    assert not gaps
    np.testing.assert_allclose(reward * path, closed, atol=1e-12)


def test_many_volunteers_at_once(seed):
    """(N, K) gives the rows that (K,) gives one at a time."""
    rng = np.random.default_rng(seed)
    f, p, q, w = rng.dirichlet(np.ones(4)), rng.random((30, 4)), rng.random(30), rng.random(4)
    for reward in (None, w):
        together = volunteer_index(f, p, q, reward)
        for i in range(30):
            alone = volunteer_index(f, p[i], q[i], reward)
            np.testing.assert_array_equal(together.indices[i], alone.indices[0])
            np.testing.assert_array_equal(together.gaps[together.gaps[:, 0] == i][:, 1:], alone.gaps[:, 1:])


#: one volunteer of the kind that section 6(b) describes: much acceptance, little reward in the second context
TURNING = [0.6, 0.4], [0.5, 1.0], 0.02, [1.0, 0.55]


def test_an_arm_without_an_index_is_named():
    found = volunteer_index(*TURNING, discount=0.98)
    assert not found.indexable[0] and found.gaps[0, :2].tolist() == [0, 1] and np.isnan(found.indices[0, 1])
    with pytest.raises(BudgetsimError, match=r"volunteer 1 \(2 in all\) has no Whittle index: in context 1, being left alone is optimal at prices from"):
        every_index(TURNING[0], [[0.5, 0.5], TURNING[1], TURNING[1]], 0.02, TURNING[3], 0.98)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"context_probability": []}, "context_probability: got an empty array"),
        ({"context_probability": [0.5, 0.5 + 1e-6]}, "context_probability: sums to 1"),
        ({"acceptance": [0.5]}, r"acceptance: got shape \(1, 1\); allowed: shape \(any, 2\)"),
        ({"acceptance": [1.1, 0.5]}, "acceptance: got 1.1"),
        ({"reactivation": [0.1, 0.2]}, r"reactivation: got shape \(2,\)"),
        ({"reactivation": 0.0}, "reactivation: got 0 for volunteer 0; allowed: more than 0, or a discount"),
        ({"reward": [1.0]}, r"reward: got shape \(1,\)"),
        ({"reward": [1.0, -0.5]}, "reward: got -0.5"),
        ({"discount": 1.0}, "discount: got 1; allowed"),
        ({"discount": np.nan}, "discount: got nan"),
    ],
)
def test_wrong_arguments(arguments, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        volunteer_index(**{"context_probability": [0.5, 0.5], "acceptance": [0.8, 0.2], "reactivation": 0.5} | arguments)
    assert "\n" not in str(caught.value)
