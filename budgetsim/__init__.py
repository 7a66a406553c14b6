"""budgetsim: play a rule that spends something scarce, score it against a certified optimum, test the theorem about it."""

import importlib
import importlib.util
from typing import Any

import lazy_loader

__version__ = "0.1.0"

_known, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims", "comparison", "confidence", "draws", "figures", "hunting", "intervals", "optima", "policies", "problems", "shared", "theory"],
    submod_attrs={
        "arguments": ["BudgetsimError"],
        "arrivals": ["chain", "requests_seen"],
        "comparison": ["Comparison"],
        "checks": ["check_policy", "check_problem"],
        "engine": ["run"],
        "hunting": ["worst_instance"],
        "kernels": ["available", "compiled"],
        "metrics": ["factor", "regret", "reward_ratio", "ruin_probability", "score", "simple_regret"],
        "model": ["ARM", "REQUEST", "RUIN", "SKIP", "STOP", "VECTOR", "Kind", "Law", "Nothing", "Optimum", "Outcome", "Policy", "Problem", "Spec", "Units", "Verdict"],
        "study": ["compare"],
    },
)


def __getattr__(name: str) -> Any:
    """The names above, and every file's function of its own name: `budgetsim.ucb1` is budgetsim/policies/ucb1.py's `ucb1`."""
    try:
        return _known(name)
    except AttributeError:
        for folder in ("policies", "problems", "optima", "theory"):
            if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{folder}.{name}"):
                module = importlib.import_module(f"{__name__}.{folder}.{name}")
                return getattr(module, name, module)  # of theory, some files hold one function, some a model's closed forms
        raise
