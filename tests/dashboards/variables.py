"""Variables: which data source, which cluster, whose victim, which volume. They keep their values from link to link."""

from grafana_foundation_sdk.builders.dashboard import CustomVariable, DatasourceVariable, QueryVariable, TextBoxVariable
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

PROMETHEUS = "prometheus"
INFINITY = "yesoreyeram-infinity-datasource"
METRICS = DataSourceRef(type_val=PROMETHEUS, uid="${datasource}")
API = DataSourceRef(type_val=INFINITY, uid="${api}")
ALL = VariableOption(text="All", value="$__all", selected=True)
ADDRESS = "http://127.0.0.1:9920"


def datasource() -> DatasourceVariable:
    """A Prometheus that scrapes the daemon, or the daemon itself."""
    return (
        DatasourceVariable("datasource")
        .label("Data source")
        .description("A Prometheus that scrapes the daemon, or the daemon's own data source.")
        .type(PROMETHEUS)
    )


def api() -> DatasourceVariable:
    """The daemon's REST by way of Infinity."""
    return (
        DatasourceVariable("api")
        .label("API")
        .description("An Infinity data source on the daemon's REST.")
        .type(INFINITY)
    )


def address() -> TextBoxVariable:
    """Where a browser reaches the daemon: links to its page begin with it."""
    return (
        TextBoxVariable("address")
        .label("Address of the daemon")
        .description("Where your browser reaches the daemon; links to its page begin with it.")
        .default_value(ADDRESS)
        .current(VariableOption(text=ADDRESS, value=ADDRESS, selected=True))
        .options([VariableOption(text=ADDRESS, value=ADDRESS, selected=True)])
    )


def cluster() -> QueryVariable:
    """The `cluster` label, where the setting of that name is used; everything otherwise."""
    return several("cluster", "Cluster", "label_values(correlator_signal_up, cluster)")


def several(name: str, label: str, query: str) -> QueryVariable:
    """Any number of a label's values, at first all: then series without the label belong to them."""
    return listed(name, label, query).all_value(".*")


def listed(name: str, label: str, query: str) -> QueryVariable:
    """Any number of the values that a query finds, at first all that it finds and no others."""
    return _values(name, label, query).multi(multi=True).include_all(include_all=True).current(ALL)


def one(name: str, label: str, query: str) -> QueryVariable:
    """One of a label's values, the first one at first."""
    return _values(name, label, query)


def hidden(name: str, query: str) -> QueryVariable:
    """All values, chosen by what else is chosen, without a place in the bar."""
    return listed(name, name, query).hide(VariableHide.HIDE_VARIABLE)


def statistic() -> CustomVariable:
    """Which statistic of first tokens is drawn."""
    names = ("p95", "p50", "mean")
    options = [VariableOption(text=name, value=name, selected=name == names[0]) for name in names]
    return (
        CustomVariable("statistic")
        .label("Statistic")
        .description("Which statistic of time to first token is drawn.")
        .values(",".join(names))
        .options(options)
        .current(options[0])
    )


def _values(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(METRICS)
        .query({"query": query, "refId": f"variable-{name}"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )
