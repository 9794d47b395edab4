/**
 * Makes a part of the page like a newly rendered one, touching only what differs: focus, scroll, selection, what is
 * typed and what is unfolded stay. Children with the same id or data-key are the same, wherever they stand.
 *
 * `data-keep` keeps an element as it is, `data-keep-children` only what is in it: scripts have drawn there.
 */

const OURS = new Set(["open", "role", "hidden"]); // set by the reader or by scripts

/**
 * @param {Element} old
 * @param {Element} fresh
 */
export function morph(old, fresh) {
  const focused = document.activeElement;
  morphElement(old, fresh);
  if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
}

/**
 * @param {Element} old
 * @param {Element} fresh
 */
function morphElement(old, fresh) {
  if (old.hasAttribute("data-keep")) return;
  morphAttributes(old, fresh);
  if (!old.hasAttribute("data-keep-children")) morphChildren(old, fresh);
}

/**
 * @param {Element} old
 * @param {Element} fresh
 */
function morphAttributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes]) {
    if (!OURS.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!OURS.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

/**
 * @param {Element} old
 * @param {Element} fresh
 */
function morphChildren(old, fresh) {
  const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let next = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const same = key ? keyed.get(key) : next;
    if (same && !(key === "" && keyOf(same)) && areAlike(same, wanted)) {
      if (same === next) next = next.nextSibling;
      else old.insertBefore(same, next);
      if (same instanceof Element) morphElement(same, /** @type {Element} */ (wanted));
      else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
    } else {
      old.insertBefore(document.importNode(wanted, true), next);
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof Element ? node.id || node.getAttribute("data-key") || "" : "";
}

/**
 * @param {Node} one
 * @param {Node} other
 */
function areAlike(one, other) {
  return one.nodeName === other.nodeName;
}
