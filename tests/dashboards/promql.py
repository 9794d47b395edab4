"""PromQL as all dashboards write it: one selector, one aggregation.

A series is aggregated over the labels that a scrape adds (`instance`, `job`), so that a daemon that moves to another
node, or is scraped twice, stays one curve; what two clusters call the same stays two. Every selector has `cluster`:
where the setting is not used, `.*` matches its absence.
"""

CLUSTER = 'cluster=~"$cluster"'
VICTIM = 'namespace="$namespace",pod="$pod"'


def selected(metric: str, *matchers: str) -> str:
    """A selector with matchers such as `VICTIM` or `statistic="p95"`."""
    return f"{metric}{{{','.join((CLUSTER, *matchers))}}}"


def largest(metric: str, by: str, *matchers: str) -> str:
    """One series for each value of the labels `by`, comma separated."""
    return f"max by (cluster, {by}) ({selected(metric, *matchers)})"


def top(count: int, query: str) -> str:
    """The largest of a query's series at each step."""
    return f"topk({count}, {query})"


def seen(metric: str, by: str, *matchers: str) -> str:
    """What a series said last within the time range of the dashboard, also when it has ended since."""
    return f"max by (cluster, {by}) (last_over_time({selected(metric, *matchers)}[$__range]))"
