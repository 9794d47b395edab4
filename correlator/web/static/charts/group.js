import { copyAndSay } from "../copy.js";
import { onRefresh } from "../live.js";
import { Panel } from "./panel.js";
import { clock } from "./quantities.js";
import { addressOf, kept, rangeOfAddress, stepped } from "./zoom.js";

/** @typedef {import("./zoom.js").Range} Range */

/** The panels of the page over one time axis: what is zoomed or read in one is so in all. */
class Group {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.section = section;
    /** @type {HTMLElement} */
    this.frame = section.querySelector(".panels");
    this.readout = section.querySelector(".readout");
    this.range = rangeOfAddress();
    this.isSetting = false;
    this.updated = "";
    const shared = {
      moments: () => this.moments(),
      onCursor: (panel, at) => this.read(panel, at),
      onSelect: (range) => this.zoom(kept(range, this.all)),
      onAll: () => this.zoom(null),
    };
    const figures = /** @type {HTMLElement[]} */ ([...section.querySelectorAll("[data-panel]")]);
    this.panels = figures.map((figure, rank) =>
      new Panel(figure, shared, { isFirst: rank === 0, isLast: rank === figures.length - 1 }));
  }

  /** Fetches what every panel shows, each address once, and draws it. */
  async draw() {
    const addresses = [...new Set(this.panels.map((panel) => panel.figure.dataset.evidence))];
    const found = new Map(await Promise.all(addresses.map(fetched)));
    this.updated = this.section.dataset.updated;
    const known = this.panels.filter((panel) => found.get(panel.figure.dataset.evidence));
    this.failed(known.length < this.panels.length);
    for (const panel of known) panel.show(found.get(panel.figure.dataset.evidence));
    this.drawn = known.filter((panel) => panel.chart);
    const ends = this.drawn.map((panel) => [panel.times[0], panel.times.at(-1)]);
    this.all = { min: Math.min(...ends.map(([first]) => first)), max: Math.max(...ends.map(([, last]) => last)) };
    if (this.range) this.range = kept(this.range, this.all);
    this.scale();
  }

  moments() {
    const read = (said) => (said ? Date.parse(said) / 1000 : null);
    return { onset: read(this.section.dataset.onset), end: read(this.section.dataset.end) };
  }

  /** @param {boolean} isSo */
  failed(isSo) {
    this.section.classList.toggle("failed", isSo);
    if (isSo) this.readout.textContent = "Some curves could not be read: the figures and the picture below say the same.";
  }

  /** @param {Range | null} range null: all there is */
  zoom(range) {
    this.range = range;
    this.scale();
    history.replaceState(history.state, "", addressOf(range));
  }

  scale() {
    if (!this.drawn.length) return;
    const { min, max } = this.range ?? this.all;
    for (const { chart } of this.drawn) chart.setScale("x", { min, max });
    this.section.querySelector(".range").textContent = `${clock(min)} to ${clock(max)} UTC`;
  }

  /**
   * The values under the cursor: every panel reads its own, all at one moment.
   * @param {Panel} panel
   * @param {number | null | undefined} at index of the step
   */
  read(panel, at) {
    panel.read(at);
    const moment = panel.times[at ?? -1];
    this.section.querySelector(".moment").textContent = moment === undefined ? "" : `at ${clock(moment)} UTC`;
  }

  /** Where the keyboard's cursor goes; says what is there. */
  moveCursor(steps) {
    const first = this.drawn[0];
    if (!first) return;
    const { min, max } = this.range ?? this.all;
    const inView = first.times.map((at, index) => index).filter((index) => first.times[index] >= min && first.times[index] <= max);
    const now = inView.indexOf(first.chart.cursor.idx ?? -1);
    const next = inView[Math.min(Math.max(now < 0 ? (steps > 0 ? 0 : inView.length - 1) : now + steps, 0), inView.length - 1)];
    if (next === undefined) return;
    const at = first.times[next];
    const left = first.chart.valToPos(at, "x");
    first.chart.setCursor({ left, top: first.chart.over.clientHeight / 2 }, true, true);
    const said = this.drawn.map((panel) => panel.read(panel.chart.cursor.idx));
    this.readout.textContent = `${clock(at)} UTC. ${said.filter(Boolean).join("; ")}`;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const step = { "+": "in", "=": "in", "-": "out", "0": "all", Escape: "all", PageUp: "earlier", PageDown: "later" }[event.key];
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!step && !move)) return;
    event.preventDefault();
    if (step) this.zoom(stepped(this.range ?? this.all, this.all, step));
    else this.moveCursor(move * (event.shiftKey ? 10 : 1));
  }

  follow() {
    this.frame.addEventListener("keydown", (event) => this.onKey(event));
    this.section.querySelector(".toolbar").addEventListener("click", (event) => {
      const button = event.target.closest("[data-zoom]");
      if (!button) return;
      if (button.dataset.zoom === "link") copyAndSay(button, addressOf(this.range));
      else this.zoom(stepped(this.range ?? this.all, this.all, button.dataset.zoom));
    });
    new ResizeObserver(() => this.drawn.forEach((panel) => panel.chart.setSize(panel.size()))).observe(this.frame);
    addEventListener("theme", () => this.drawn.forEach(({ chart }) => chart.redraw(false, true)));
    onRefresh(() => this.section.dataset.updated !== this.updated && this.draw());
  }
}

/**
 * @param {string} address
 * @returns {Promise<[string, import("./curves.js").Evidence | null]>} null where it cannot be had
 */
async function fetched(address) {
  try {
    const answer = await fetch(address);
    return [address, answer.ok ? await answer.json() : null];
  } catch {
    return [address, null];
  }
}

/** Draws the charts of the page, where it has any, and keeps them up to date. */
export async function drawCharts() {
  const section = document.querySelector("[data-charts]");
  const group = new Group(/** @type {HTMLElement} */ (section));
  await group.draw();
  group.follow();
}
