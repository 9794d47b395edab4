import { announce } from "./announce.js";

/**
 * Copies text; also where the browser refuses its clipboard because the page came over plain HTTP.
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}

/**
 * Says on a button, and aloud, what became of copying.
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
export async function copyAndSay(button, text) {
  const words = button.dataset.words ??= button.textContent;
  const done = await copy(text);
  button.textContent = done ? "Copied" : "Not copied: select it by hand";
  announce(button.textContent);
  setTimeout(() => { button.textContent = words; }, 2000);
}

/** Every button with data-copy copies the command beside it, also those that come later. */
export function copyOnClick() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-copy]");
    if (button) copyAndSay(button, button.parentElement.querySelector("code").textContent.trim());
  });
}
