/**
 * What a panel shows of an incident's evidence. Values are null where nothing is known; gaps stay gaps.
 *
 * @typedef {{role: string, name: string, label: string, unit: string, values: (number | null)[]}} Series
 * @typedef {{times: string[], onset: string | null, ended_at: string | null, series: Series[]}} Evidence
 * @typedef {import("./quantities.js").Unit} Unit
 * @typedef {{label: string, colour: string, unit: Unit, values: (number | null)[], width?: number, dash?: number[],
 *   scale?: "y" | "ratio", isFilled?: boolean, isHatched?: boolean}} Curve
 * @typedef {{times: number[], curves: Curve[], isStacked: boolean}} Shown
 */

/** @type {[string, string, string, number][]} name, label, colour, width */
const TTFT = [
  ["ttft_p95", "p95", "blue", 2],
  ["ttft_mean", "mean", "green", 1.4],
  ["ttft_p50", "p50", "sky", 1.4],
];
const LATENCY = [["read_latency", "read", "blue"], ["write_latency", "write", "orange"]];
const ACCUSED = ["vermilion", "purple", "orange"];
const BYSTANDERS = 6;
const SHOWN_PODS = 6;
const DASHES = [6, 4];

/**
 * @param {Evidence} evidence
 * @param {string} panel
 * @param {string[]} accused labels
 * @returns {Shown}
 */
export function shownIn(evidence, panel, accused) {
  const times = evidence.times.map((at) => Date.parse(at) / 1000);
  const make = { ttft: firstTokens, victim: oneVictim, latency, queue, device_time: () => takers(evidence, accused) }[panel];
  return { times, curves: make(evidence), isStacked: panel === "device_time" };
}

/**
 * @param {Evidence} evidence
 * @param {string} name
 */
function named(evidence, name) {
  return evidence.series.find((series) => series.name === name && series.role !== "suspect");
}

/**
 * @param {Evidence} evidence
 * @returns {Curve[]}
 */
function firstTokens(evidence, styles = TTFT) {
  return styles.flatMap(([name, label, colour, width]) => {
    const curve = named(evidence, name);
    const usual = named(evidence, name.replace("ttft_", "ttft_baseline_"));
    const unit = /** @type {Unit} */ (curve?.unit === "seconds" ? "seconds" : curve?.unit === "ratio" ? "ratio" : "number");
    return [
      ...(curve ? [{ label, colour, width, unit, values: curve.values }] : []),
      ...(usual ? [{ label: `${label} as usual`, colour, width: 1.2, dash: DASHES, unit, values: usual.values }] : []),
    ];
  });
}

/** The statistic that says most, so that many victims can stand below each other. */
function oneVictim(evidence) {
  const best = TTFT.find(([name]) => named(evidence, name));
  return best ? firstTokens(evidence, [best]) : [];
}

/**
 * @param {Evidence} evidence
 * @returns {Curve[]}
 */
function latency(evidence) {
  return LATENCY.flatMap(([name, label, colour]) => {
    const curve = named(evidence, name);
    return curve ? [{ label, colour, width: 1.5, unit: /** @type {Unit} */ ("seconds"), values: curve.values }] : [];
  });
}

/**
 * @param {Evidence} evidence
 * @returns {Curve[]}
 */
function queue(evidence) {
  const depth = named(evidence, "queue_depth");
  const busy = named(evidence, "utilization");
  /** @type {Curve[]} */
  const curves = [];
  if (depth) curves.push({ label: "queue depth", colour: "ink", width: 1.4, unit: "operations", values: depth.values });
  if (busy) curves.push({ label: "utilization", colour: "purple", width: 1.2, unit: "ratio", scale: "ratio", values: busy.values });
  return curves;
}

/**
 * Whose I/O takes the device's time, from the bottom of the stack: the victim itself, bystanders, what nobody
 * accounts for, and on top those who are accused.
 * @param {Evidence} evidence
 * @param {string[]} accused
 * @returns {Curve[]}
 */
function takers(evidence, accused) {
  const of = (role) => evidence.series.filter((series) => series.name === "device_time" && series.role === role);
  const suspects = of("suspect");
  /** @type {(label: string, colour: string, values: (number | null)[], isHatched?: boolean) => Curve} */
  const layer = (label, colour, values, isHatched = false) =>
    ({ label, colour, values, isHatched, isFilled: true, width: 1, unit: "device_time" });
  return [
    ...of("victim_io").map((series) => layer("the victim itself", "sky", series.values)),
    ...bystanders(suspects.filter((series) => !accused.includes(series.label)), layer),
    ...of("unattributed").map((series) => layer("nobody accounts for", "nobody", series.values, true)),
    ...suspects.filter((series) => accused.includes(series.label)).map((series, rank) =>
      layer(`${series.label} (accused)`, ACCUSED[rank % ACCUSED.length], series.values)),
  ];
}

/**
 * @param {Series[]} series
 * @param {(label: string, colour: string, values: (number | null)[]) => Curve} layer
 */
function bystanders(series, layer) {
  const peak = ({ values }) => values.reduce((most, value) => Math.max(most, value ?? 0), 0);
  const ranked = [...series].sort((one, other) => peak(other) - peak(one));
  const small = ranked.slice(SHOWN_PODS);
  return [
    ...ranked.slice(0, SHOWN_PODS).map((each, rank) => layer(each.label, `bystander-${rank % BYSTANDERS + 1}`, each.values)),
    ...(small.length ? [layer(`${small.length} others`, "others", sum(small.map((each) => each.values)))] : []),
  ];
}

/**
 * The sum of what is known at each step; null where nothing is.
 * @param {(number | null)[][]} rows
 * @returns {(number | null)[]}
 */
export function sum(rows) {
  return rows[0].map((_, at) => {
    const seen = rows.map((row) => row[at]).filter((value) => value !== null);
    return seen.length ? seen.reduce((total, value) => total + value, 0) : null;
  });
}

/**
 * Layers as their upper edges, from the bottom; a layer is null where it was not seen, and counts nothing there.
 * @param {Curve[]} layers
 * @returns {(number | null)[][]}
 */
export function upperEdges(layers) {
  const base = new Array(layers[0]?.values.length ?? 0).fill(0);
  return layers.map(({ values }) => values.map((value, at) => {
    base[at] += value ?? 0;
    return value === null ? null : base[at];
  }));
}
