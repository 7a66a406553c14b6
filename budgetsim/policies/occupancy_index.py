"""Volunteers ranked by how often an occupancy linear program notifies them."""

from typing import Any

import numpy as np

from ..arguments import BadValue, array
from ..model import VECTOR, Nothing, Policy
from ..shared.highs import best_plan
from ..shared.volunteers import Told, declined, learn_nothing, notify, priorities, told


def occupancy_index(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any, occupancy: Any = None) -> Policy:
    """The active volunteers of greatest p_ik w_k a_ik / (f_k u_i) in the context that is shown, as many as the round allows.

    The occupancy a_ik is the long-run share of rounds in which volunteer i is active, the context is k and he is
    notified; u_i that in which he is active. By default they solve

        max sum p_ik w_k a_ik   s.t.   sum_k p_ik a_ik = q_i (1 - u_i),  0 <= a_ik <= f_k u_i,  sum_i a_ik <= f_k allocation[k],

    so the index is the reward of notifying him times the share of chances at which the program does. Where it never does
    the index is 0, and he is notified last. Ties go to the lower number.

    Parameters
    ----------
    context_probability, acceptance, reactivation, reward
        The hidden truth of `volunteer_rescue`, (K,), (N, K), (N,), (K,).
    occupancy
        (N, K) a_ik, from another program; None to solve the one above for the problem's allocation. Programs with several
        solutions give several indices: which one the solver returns may depend on its version.

    Returns
    -------
    Policy
        For `volunteer_rescue`.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind, or an occupancy has somebody accept more often than he comes back.

    Departures from the paper
    -------------------------
    A reconstruction after the authors' development code; the program is that of the problem's own allocation.

    Examples
    --------
    >>> occupancy_index([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [0.2, 0.2], [1, 1]).name
    'occupancy_index(program of the allocation; told the context probabilities, acceptance, reactivation and rewards)'

    References
    ----------
    [Tang2025]_, where it is a baseline.
    """
    truth = told(context_probability, acceptance, reactivation, reward)
    given = None if occupancy is None else array("occupancy", occupancy, truth.p.shape, 0.0, 1.0)
    if given is not None:
        _shares(truth, given)

    def init(spec):
        declined("occupancy_index", spec, truth.p.shape)
        share = _shares(truth, solve(truth, spec.public.allocation) if given is None else given)
        return Nothing(), priorities(truth.p * truth.w * share)

    source = "program of the allocation" if given is None else "occupancy given"
    return Policy(VECTOR, init, notify, learn_nothing, name=f"occupancy_index({source}; {truth.name})")


def solve(truth: Told, allocation: np.ndarray) -> np.ndarray:
    """The occupancy (N, K) of the program, by HiGHS."""
    from scipy import sparse

    n, k = truth.p.shape
    each = sparse.eye_array(n)
    flow: Any = sparse.hstack([sparse.kron(each, np.ones((1, k))) @ sparse.diags_array(truth.p.ravel()), sparse.diags_array(truth.q)])
    chances = sparse.hstack([sparse.eye_array(n * k), -sparse.kron(each, truth.f[:, None])])
    budget = sparse.hstack([sparse.kron(np.ones((1, n)), sparse.eye_array(k)), sparse.csr_array((k, n))])
    rows: Any = sparse.vstack([chances, budget])
    caps = np.append(np.zeros(n * k), truth.f * allocation)
    found = best_plan("occupancy_index", np.append((truth.p * truth.w).ravel(), np.zeros(n)), rows, caps, flow, truth.q, (0.0, 1.0))
    return found.x[: n * k].reshape(n, k)


def _shares(truth: Told, occupancy: np.ndarray) -> np.ndarray:
    """a_ik / (f_k u_i) in [0, 1], to 9 digits: a solver's noise must not break ties."""
    away = np.sum(truth.p * occupancy, axis=1)
    if np.any(away > truth.q + 1e-7):
        i = int(np.argmax(away - truth.q))
        raise BadValue(f"occupancy: volunteer {i} accepts in {away[i]:.4g} of rounds; allowed: at most his reactivation {truth.q[i]:.4g}")
    active = 1.0 - np.divide(away, truth.q, out=np.zeros_like(away), where=truth.q > 0.0)
    chances = np.maximum(active, 0.0)[:, None] * truth.f
    return np.round(np.clip(np.divide(occupancy, chances, out=np.zeros_like(occupancy), where=chances > 1e-12), 0.0, 1.0), 9)
