/** Quantities as the page's own words write them: three digits with the unit that fits. */

/** @typedef {"seconds" | "ratio" | "operations" | "device_time" | "number"} Unit */

/**
 * @param {number} value
 * @returns {string}
 */
export function number(value) {
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}

/** @param {number} seconds */
function duration(seconds) {
  if (Math.abs(seconds) >= 1) return `${number(seconds)} s`;
  if (Math.abs(seconds) >= 1e-3 || seconds === 0) return `${number(seconds * 1e3)} ms`;
  return `${number(seconds * 1e6)} µs`;
}

/** @type {Record<Unit, (value: number) => string>} */
const WRITE = {
  seconds: duration,
  ratio: (value) => `${number(value * 100)} %`,
  operations: number,
  device_time: (value) => `${number(value)} s/s`,
  number,
};

/**
 * A value in its unit; a dash where nothing is known.
 * @param {number | null | undefined} value
 * @param {Unit} unit
 */
export function quantity(value, unit) {
  return value === null || value === undefined ? "–" : WRITE[unit](value);
}

/**
 * A name whose characters that turn the direction of text are shown instead of obeyed, as everywhere on the page.
 * @param {string} name
 */
export function visible(name) {
  return name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** @param {number} seconds since the epoch */
export function clock(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 19);
}

/** @param {number} seconds since the epoch */
export function instant(seconds) {
  return new Date(Math.round(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * Labels of a time axis: to the second where ticks are closer than a minute, with the date at midnight.
 * @param {number[]} ticks
 * @param {number} step between two ticks
 */
export function timeLabels(ticks, step) {
  return ticks.map((at) => {
    const iso = new Date(at * 1000).toISOString();
    if (iso.slice(11, 19) === "00:00:00" || step >= 86400) return iso.slice(5, 10);
    return step < 60 ? iso.slice(11, 19) : iso.slice(11, 16);
  });
}
