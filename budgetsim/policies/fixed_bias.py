"""A fixed vector of biases: none, or prices that were told."""

from typing import Any

from ..arguments import array
from ..model import VECTOR, Policy
from ..shared.expert_choice import Biases, experts_of, no_biases, offer_bias


def update(memory, params, view, action, outcome, t):
    pass


def fixed_bias(bias: Any = None) -> Policy:
    """The same biases in every batch: 0, which routes by affinity alone, or what was told, such as the prices of `balanced_assignment_lp`.

    Parameters
    ----------
    bias : (E,), in units of affinity; None for 0.

    Returns
    -------
    Policy for `expert_routing`.

    Raises
    ------
    BadType, BadValue : not E finite numbers; on other problems.

    Examples
    --------
    >>> fixed_bias().name, fixed_bias([0.1, -0.1]).name
    ('fixed_bias(0)', 'fixed_bias(told 0.1, -0.1)')

    References
    ----------
    [Han2025]_ for the model.
    """
    told = None if bias is None else array("bias", bias, (None,))

    def init(spec):
        experts = experts_of("fixed_bias", spec).experts
        memory = no_biases(experts)
        return memory if told is None else Biases(array("bias", told, (experts,)), memory.batches)

    name = "0" if told is None else "told " + ", ".join(f"{x:.6g}" for x in told[:4]) + (", ..." if told.size > 4 else "")
    return Policy(VECTOR, init, offer_bias, update, name=f"fixed_bias({name})")
