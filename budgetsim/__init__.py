"""budgetsim: play a rule that spends something scarce, score it against a certified optimum, test the theorem about it."""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims", "confidence", "draws", "figures", "intervals", "optima", "policies", "problems", "theory"],
    submod_attrs={
        "arguments": ["BudgetsimError"],
        "checks": ["check_policy", "check_problem"],
        "engine": ["run"],
        "kernels": ["available", "compiled"],
        "metrics": ["regret", "reward_ratio"],
        "model": ["ARM", "REQUEST", "RUIN", "SKIP", "STOP", "VECTOR", "Kind", "Law", "Nothing", "Optimum", "Outcome", "Policy", "Problem", "Spec", "Units", "Verdict"],
        "study": ["compare"],
    },
)
