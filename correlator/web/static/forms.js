import { announce } from "./announce.js";
import { refresh } from "./live.js";

/** Sends forms with data-in-place without leaving the page, and keeps empty fields out of the address of others. */
export function keepForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if ("inPlace" in form.dataset) {
      event.preventDefault();
      send(form, event.submitter);
    } else if ("tidy" in form.dataset) {
      leaveOutEmpty(form);
    }
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
async function send(form, submitter) {
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      return announceIn(form, `Not kept: ${problem.detail ?? answer.status}`);
    }
  } catch {
    return announceIn(form, "Not kept: the daemon does not answer. Try again.");
  }
  form.reset();
  await refresh();
  announceIn(form, `Kept: the verdict is ${fields.get("verdict_right") === "yes" ? "right" : "wrong"}.`);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} words
 */
function announceIn(form, words) {
  form.querySelector("[data-said]").textContent = words;
  announce(words);
}

/** @param {HTMLFormElement} form */
function leaveOutEmpty(form) {
  const empty = [...form.elements].filter((field) => "value" in field && field.name && !field.value.trim());
  for (const field of empty) field.disabled = true;
  // Whoever comes back to this page finds the fields as they were.
  setTimeout(() => empty.forEach((field) => { field.disabled = false; }));
}
