import { colour, filling } from "./colours.js";
import { shownIn, upperEdges } from "./curves.js";
import { regression } from "./marks.js";
import { quantity, timeLabels, visible } from "./quantities.js";

/** @typedef {import("./curves.js").Evidence} Evidence */

const FONT = "12px system-ui, sans-serif";
const LEFT = 68; // the same in every panel, so that one moment stands at one place
const RIGHT = 54;

/** One chart of the stack with its legend. What the group has to know of it: `times`, `values`, `chart`. */
export class Panel {
  /**
   * @param {HTMLElement} figure
   * @param {object} shared what all panels have in common: moments, `onCursor`, `onSelect`, `onAll`
   * @param {{isFirst: boolean, isLast: boolean}} rank the first names the moments, the last the time
   */
  constructor(figure, shared, rank) {
    this.figure = figure;
    this.shared = shared;
    this.rank = rank;
    this.place = figure.querySelector(".plot");
    this.title = figure.querySelector("h3").textContent;
    this.chart = null;
  }

  /** @param {Evidence} evidence */
  show(evidence) {
    const shown = shownIn(evidence, this.figure.dataset.panel, JSON.parse(this.figure.dataset.accused));
    const signature = JSON.stringify(shown.curves.map((curve) => [curve.label, curve.colour]));
    this.times = shown.times;
    this.curves = shown.curves;
    const edges = shown.isStacked ? upperEdges(shown.curves) : shown.curves.map((curve) => curve.values);
    // The highest edge is drawn first, and the lower layers over it.
    this.order = shown.curves.map((_, rank) => rank);
    if (shown.isStacked) this.order.reverse();
    const data = [this.times, ...this.order.map((rank) => edges[rank])];
    if (this.chart && signature === this.signature) {
      this.chart.setData(data, false);
      return;
    }
    this.signature = signature;
    this.chart?.destroy();
    this.place.replaceChildren();
    this.legend();
    if (!shown.curves.length) {
      this.chart = null;
      this.place.textContent = "not seen";
      return;
    }
    this.chart = new uPlot(this.options(), data, this.place);
  }

  options() {
    const curves = this.order.map((rank) => this.curves[rank]);
    const hasRatio = curves.some((curve) => curve.scale === "ratio");
    const unit = curves[0].unit;
    const { isFirst, isLast } = this.rank;
    return {
      ...this.size(),
      legend: { show: false },
      padding: [8, hasRatio ? 0 : RIGHT, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      plugins: [regression(this.shared.moments, isFirst)],
      cursor: {
        sync: { key: "incident", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: { dblclick: () => () => this.shared.onAll() },
      },
      scales: {
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] },
        ...(hasRatio ? { ratio: { range: [0, 1.15] } } : {}),
      },
      axes: [
        { ...axis(), size: isLast ? 30 : 6, values: (_, ticks, __, ___, step) => isLast ? timeLabels(ticks, step) : [] },
        { ...axis(), size: LEFT, values: (_, ticks) => ticks.map((tick) => quantity(tick, unit)) },
        ...(hasRatio ? [{
          ...axis(), scale: "ratio", side: 1, size: RIGHT, grid: { show: false },
          values: (_, ticks) => ticks.map((tick) => tick <= 1 ? quantity(tick, "ratio") : ""),
        }] : []),
      ],
      series: [{}, ...curves.map(seriesOf)],
      hooks: {
        setCursor: [(chart) => this.shared.onCursor(this, chart.cursor.idx)],
        setSelect: [(chart) => this.selected(chart)],
      },
    };
  }

  selected(chart) {
    const { left, width } = chart.select;
    if (width < 3) return;
    const range = { min: chart.posToVal(left, "x"), max: chart.posToVal(left + width, "x") };
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.shared.onSelect(range);
  }

  size() {
    return { width: this.place.clientWidth, height: this.place.clientHeight };
  }

  /** Names and, below the cursor, values; names are text, whatever stands in them. */
  legend() {
    const entries = this.curves.map((curve) => {
      const entry = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.className = `swatch ${curve.isFilled ? "filled" : curve.dash ? "dashed" : "line"}${curve.isHatched ? " hatched" : ""}`;
      swatch.style.setProperty("--swatch", `var(--curve-${curve.colour})`);
      const name = document.createElement("span");
      name.textContent = visible(curve.label);
      const value = document.createElement("b");
      entry.append(swatch, name, value);
      return entry;
    });
    if (this.curves.some((curve) => curve.isFilled)) entries.reverse();
    this.figure.querySelector(".legend").replaceChildren(...entries);
    this.values = entries.map((entry) => entry.querySelector("b"));
    if (this.curves.some((curve) => curve.isFilled)) this.values.reverse();
  }

  /**
   * The values at a step, in the legend and as words.
   * @param {number | null | undefined} at index of the step
   * @returns {string}
   */
  read(at) {
    const isKnown = at !== null && at !== undefined;
    const said = this.curves.map((curve, rank) => {
      const written = isKnown ? quantity(curve.values[at], curve.unit) : "";
      this.values[rank].textContent = written;
      return `${visible(curve.label)} ${written}`;
    });
    return isKnown && said.length ? `${this.title}: ${said.join(", ")}` : "";
  }
}

function axis() {
  return {
    font: FONT,
    stroke: () => colour("muted"),
    grid: { stroke: () => colour("faint"), width: 1 },
    ticks: { stroke: () => colour("faint"), width: 1, size: 5 },
  };
}

/** @param {import("./curves.js").Curve} curve */
function seriesOf(curve) {
  return {
    label: curve.label,
    scale: curve.scale ?? "y",
    width: curve.width ?? 1,
    dash: curve.dash,
    stroke: () => colour(curve.isFilled ? "edge" : curve.colour),
    fill: curve.isFilled ? (chart) => filling(chart.ctx, curve.colour, curve.isHatched) : undefined,
    points: { show: false },
  };
}
