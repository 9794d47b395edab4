"""Panels as all dashboards draw them: curves, figures, tables. Each has a unit and says what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    LineStyle,
    ReduceDataOptions,
    StackingConfig,
    TableSortByFieldState,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as StatPanel
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.builders.timeseries import Panel as CurvePanel
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tests.dashboards.links import Link, as_json
from tests.dashboards.variables import METRICS

WIDTH = 24
AXIS_PIXELS, LEGEND_PIXELS = 80, 420
SECONDS, RATIO, COUNT, BYTES, TEXT = "s", "percentunit", "short", "bytes", "none"
PLAIN, GOOD, BAD = "text", "green", "red"
DASHED = DynamicConfigValue("custom.lineStyle", LineStyle().fill("dash").dash([8, 8]).build())
FAINT = DynamicConfigValue("custom.fillOpacity", 0)
IS_ONE = {"1": ("yes", GOOD), "0": ("no", BAD)}


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and how its series are called in the legend."""

    promql: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the field that it shows, its title, its unit where it is a number, where a click leads."""

    field: str
    title: str
    unit: str = ""
    links: tuple[Link, ...] = ()
    decimals: int | None = None


def curves(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = WIDTH,
    height: int = 7,
    stacked: bool = False,
    is_signed: bool = False,
) -> CurvePanel:
    """Curves over time from zero up, unless they may be negative; the legend is sorted by the largest value."""
    legend = (
        VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.RIGHT if width == WIDTH else LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
        .calcs(["lastNotNull", "max"])
        .sort_by("Max")
        .sort_desc(sort_desc=True)
    )
    panel = (
        CurvePanel()
        .title(title)
        .description(description)
        .datasource(METRICS)
        .unit(unit)
        .span(width)
        .height(height)
        .thresholds(thresholds())
        .fill_opacity(30 if stacked else 8)
        .show_points(VisibilityMode.AUTO)
        .span_nulls(span_nulls=False)
        .legend(legend)
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if width == WIDTH:  # panels below each other have one time axis only if what stands beside it is as wide
        panel.axis_width(AXIS_PIXELS)
        legend.width(LEGEND_PIXELS)
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if not is_signed:
        panel.min(0)
    if unit == RATIO and not stacked:
        panel.max(1)
    for place, query in enumerate(queries):
        panel.with_target(_target(place, query).range())
    return panel


def limited(panel: CurvePanel, limit: float) -> CurvePanel:
    """The same with a dashed line at a limit that the documentation names."""
    return panel.thresholds(thresholds(limit)).thresholds_style(
        GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED)
    )


def named(panel: CurvePanel) -> CurvePanel:
    """The same without the slash of names that have no namespace: `unattributed`, `other`, a node."""
    return panel.with_transformation(
        DataTransformerConfig("renameByRegex", options={"regex": "^/(.+)$", "renamePattern": "$1"})
    )


def sorted_by(panel: TablePanel, column: str) -> TablePanel:
    """The same with the largest of a column first."""
    return panel.sort_by([TableSortByFieldState().display_name(column).desc(desc=True)])


def leading(panel: CurvePanel, *links: Link) -> CurvePanel:
    """The same with links on its points."""
    return panel.data_links([DashboardLink(link.title).url(link.url).target_blank(link.leaves) for link in links])


def figure(
    title: str, description: str, unit: str, query: Query, *, width: int = 4, limit: float | None = None
) -> StatPanel:
    """One number as it is now; red from `limit` on, which the documentation names."""
    return (
        StatPanel()
        .title(title)
        .description(description)
        .datasource(METRICS)
        .unit(unit)
        .span(width)
        .height(4)
        .thresholds(thresholds(limit))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(values=False))
        .no_value("none")
        .with_target(_target(0, query).instant())
    )


def state(panel: StatPanel, words: Mapping[str, tuple[str, str]]) -> StatPanel:
    """The same with words and colours instead of numbers."""
    results = {value: ValueMappingResult(text=text, color=color) for value, (text, color) in words.items()}
    return panel.mappings([ValueMap(results)])


def table(
    title: str,
    description: str,
    columns: Sequence[Column],
    *queries: Query,
    width: int = WIDTH,
    height: int = 8,
) -> TablePanel:
    """Rows as they are at the end of the time range; series of several queries with equal labels share a row."""
    panel = described(TablePanel(), title, description, width, height).datasource(METRICS)
    for place, query in enumerate(queries):
        panel.with_target(_target(place, query).instant().format(PromQueryFormat.TABLE))
    if len(queries) > 1:
        panel.with_transformation(DataTransformerConfig("merge", options={}))
    return arranged(panel, columns, hidden=("Time", *(["Value"] if len(queries) == 1 else [])))


def described(panel: TablePanel, title: str, description: str, width: int, height: int) -> TablePanel:
    """A table's title, place and looks."""
    return panel.title(title).description(description).unit(TEXT).span(width).height(height).thresholds(thresholds())


def arranged(panel: TablePanel, columns: Sequence[Column], hidden: Sequence[str] = ()) -> TablePanel:
    """The columns in order, with titles, units and links; `hidden` fields are not shown unless they are a column."""
    shown = {column.field for column in columns}
    panel.with_transformation(
        DataTransformerConfig(
            "organize",
            options={
                "indexByName": {column.field: place for place, column in enumerate(columns)},
                "renameByName": {column.field: column.title for column in columns if column.title != column.field},
                "excludeByName": {name: True for name in hidden if name not in shown},
            },
        )
    )
    for column in columns:
        properties = []
        if column.unit:
            properties.append(DynamicConfigValue("unit", column.unit))
        if column.decimals is not None:
            properties.append(DynamicConfigValue("decimals", column.decimals))
        if column.links:
            properties.append(DynamicConfigValue("links", [as_json(link) for link in column.links]))
        if properties:
            panel.override_by_name(column.title, properties)
    return panel


def colored(color: str) -> DynamicConfigValue:
    """Always this colour."""
    return DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})


def thresholds(limit: float | None = None) -> ThresholdsConfig:
    """No colour of its own, and red from a limit on; without this Grafana would paint red what is above 80."""
    steps = [Threshold(None, PLAIN), *([Threshold(limit, BAD)] if limit is not None else [])]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _target(place: int, query: Query) -> Dataquery:
    return Dataquery().ref_id(chr(ord("A") + place)).expr(query.promql).legend_format(query.legend or "__auto")
