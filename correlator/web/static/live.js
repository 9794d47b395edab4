import { announce } from "./announce.js";
import { morph } from "./morph.js";

const LEAST_MILLISECONDS = 2000; // between two refreshes
const RETRY_MILLISECONDS = [1000, 2000, 5000, 10000];
const INCIDENT_EVENTS = ["opened", "updated", "resolved"];

/** @type {Array<() => void>} */
const afterRefresh = [];
/** @type {EventSource | null} */
let stream = null;
let failures = 0;
let last = 0; // when the page was refreshed last, in milliseconds
let waiting = false;
let wasLost = false;

/**
 * Calls back whenever the page was brought up to date.
 * @param {() => void} then
 */
export function onRefresh(then) {
  afterRefresh.push(then);
}

/** Keeps the page up to date while it is looked at. A page without data-live speaks of nothing that changes. */
export function followLive() {
  if (!document.body.dataset.live) return;
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : connect(true)));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && connect(true));
  if (!document.hidden) connect(false);
}

/** A browser opens six connections to a host: a page that nobody sees must not hold one. */
function close() {
  stream?.close();
  stream = null;
}

/** @param {boolean} isLate whether something may have been missed */
function connect(isLate) {
  if (stream) return;
  stream = new EventSource(`${document.body.dataset.stream}?steps=true`);
  stream.addEventListener("open", () => {
    failures = 0;
    say("live", "Live");
    if (isLate || wasLost) refreshSoon();
    wasLost = false;
  });
  stream.addEventListener("error", lost);
  stream.addEventListener("step", () => follows("steps") && refreshSoon());
  for (const kind of INCIDENT_EVENTS) stream.addEventListener(kind, (event) => happened(kind, event));
}

/** The browser tries again by itself, but not after an answer that is no stream. */
function lost() {
  if (!wasLost) say("lost", `Connection lost at ${clock()}. What is shown may be old; trying again.`);
  wasLost = true;
  close();
  const pause = RETRY_MILLISECONDS[Math.min(failures++, RETRY_MILLISECONDS.length - 1)];
  setTimeout(() => document.hidden || connect(true), pause);
}

/**
 * @param {string} kind
 * @param {MessageEvent<string>} event
 */
function happened(kind, event) {
  const incident = JSON.parse(event.data);
  if (![`incidents`, `incident:${incident.id}`, `episode:${incident.episode_id}`].some(follows)) return;
  if (kind !== "updated") announce(`Incident ${kind}: ${incident.explanation.split(". ")[0]}`);
  refreshSoon();
}

/** @param {string} subject */
function follows(subject) {
  return document.body.dataset.live.split(" ").includes(subject);
}

function refreshSoon() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; refresh(); }, Math.max(0, last + LEAST_MILLISECONDS - Date.now()));
}

/** Reads the page anew and changes what differs. */
export async function refresh() {
  last = Date.now();
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" } });
  } catch {
    return; // the stream tells that the connection is lost
  }
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("text/html")) return say("lost", `The page cannot be refreshed: ${answer.status}.`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.querySelector("main"), fresh.querySelector("main"));
  document.title = fresh.title;
  for (const then of afterRefresh) then();
}

/**
 * @param {string} state
 * @param {string} words
 */
function say(state, words) {
  const shown = document.querySelector("#live");
  shown.dataset.state = state;
  if (shown.textContent !== words) shown.textContent = words;
}

function clock() {
  return `${new Date().toISOString().slice(11, 19)} UTC`;
}
