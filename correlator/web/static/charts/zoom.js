import { instant } from "./quantities.js";

/** @typedef {{min: number, max: number}} Range in seconds since the epoch */

const LEAST_SECONDS = 4;
const STEPS = {
  in: ({ min, max }) => around(min, max, 0.5),
  out: ({ min, max }) => around(min, max, 2),
  earlier: ({ min, max }) => ({ min: min - (max - min) / 2, max: max - (max - min) / 2 }),
  later: ({ min, max }) => ({ min: min + (max - min) / 2, max: max + (max - min) / 2 }),
};

function around(min, max, factor) {
  const middle = (min + max) / 2;
  const half = ((max - min) / 2) * factor;
  return { min: middle - half, max: middle + half };
}

/**
 * The range after a step (`in`, `out`, `earlier`, `later`), within all there is; null: all of it.
 * @param {Range} now
 * @param {Range} all
 * @param {string} step
 * @returns {Range | null}
 */
export function stepped(now, all, step) {
  return step in STEPS ? kept(STEPS[step](now), all) : null;
}

/**
 * A range of whole seconds within all there is; null where it is all of it, or too little to see anything.
 * @param {Range} range
 * @param {Range} all
 * @returns {Range | null}
 */
export function kept({ min, max }, all) {
  const length = Math.max(LEAST_SECONDS, max - min);
  if (!(length < all.max - all.min)) return null;
  const from = Math.min(Math.max(min, all.min), all.max - length);
  return { min: Math.round(from), max: Math.round(from + length) };
}

/**
 * The range that the page's address asks for; null where it asks for all, or for nonsense.
 * @returns {Range | null}
 */
export function rangeOfAddress() {
  const asked = new URLSearchParams(location.search);
  const [min, max] = ["from", "to"].map((name) => Date.parse(asked.get(name) ?? "") / 1000);
  return min < max ? { min, max } : null;
}

/**
 * The page's address with a range in it.
 * @param {Range | null} range
 */
export function addressOf(range) {
  const address = new URL(location.href);
  address.searchParams.delete("from");
  address.searchParams.delete("to");
  const rest = address.searchParams.toString();
  const zoom = range ? `from=${instant(range.min)}&to=${instant(range.max)}` : "";
  address.search = [rest, zoom].filter(Boolean).join("&");
  return address.href;
}
