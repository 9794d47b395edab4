"""Isolation tiers: what a namespace is for, and with it how its pods may be treated when they are in the way.

A tier is a name. Four are known, and advice follows from them; any other name is shown and decides nothing.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

DATA = "data-infrastructure"
PIPELINE = "deterministic-pipeline"
SANDBOX = "agentic-sandbox"
INFERENCE = "model-inference"

KNOWN_TIERS = (DATA, PIPELINE, SANDBOX, INFERENCE)

USUAL_TIERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("database*", "*-database*", "db", "*-db", "*postgres*", "*kafka*", "*minio*"), DATA),
        **dict.fromkeys(("*pipeline*", "etl", "etl-*", "*-etl", "*airflow*", "batch", "batch-*", "*-batch"), PIPELINE),
        **dict.fromkeys(("*sandbox*", "agents", "agents-*", "*-agents"), SANDBOX),
        **dict.fromkeys(("*inference*", "*vllm*", "llm", "llm-*", "*-llm"), INFERENCE),
    }
)
"""Namespaces whose name says what they are for, as patterns; a label or a setting comes before."""


def tier_of(namespace: str, tiers: Mapping[str, str]) -> str:
    """The tier of a namespace by names and patterns (`*`, `?`, `[…]`); empty where none fits.

    The name itself comes first, then the longest pattern that fits: the order in which they are given says nothing.
    """
    if namespace in tiers:
        return tiers[namespace]
    fitting = [pattern for pattern in tiers if fnmatchcase(namespace, pattern)]
    return tiers[min(fitting, key=lambda pattern: (-len(pattern), pattern))] if fitting else ""


ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **{tier: tier for tier in KNOWN_TIERS},
        **dict.fromkeys(("data", "database", "infrastructure"), DATA),
        **dict.fromkeys(("pipeline", "pipelines", "deterministic-pipelines"), PIPELINE),
        **dict.fromkeys(("sandbox", "agents", "agentic"), SANDBOX),
        **dict.fromkeys(("inference", "model", "models"), INFERENCE),
    }
)
"""What the known tiers are called as well."""


def known_tier(tier: str) -> str:
    """Which of the known tiers a name means; empty for any other."""
    return ALIASES.get(tier, "")
