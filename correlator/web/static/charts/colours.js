/** Colours of curves, by the names that the style sheet has for them: the palette of the pictures. */

/** @typedef {"blue" | "sky" | "green" | "orange" | "vermilion" | "purple" | "ink" | "muted" | "faint" | "nobody"
 *   | "others" | "bystander-1" | "bystander-2" | "bystander-3" | "bystander-4" | "bystander-5" | "bystander-6" | "card"} Colour */

const probe = document.createElement("span");
probe.className = "unseen";
/** @type {Map<string, string>} */
const known = new Map();
addEventListener("theme", () => known.clear());

/**
 * What a canvas can be given for a colour of the theme in use.
 * @param {string} name
 * @returns {string}
 */
export function colour(name) {
  let found = known.get(name);
  if (!found) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--curve-${name})`;
    found = getComputedStyle(probe).color;
    known.set(name, found);
  }
  return found;
}

/**
 * A filling; a hatched one for what nobody accounts for.
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 * @param {boolean} isHatched
 */
export function filling(context, name, isHatched) {
  if (!isHatched) return colour(name);
  const tile = document.createElement("canvas");
  const size = tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour(name);
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = colour("muted");
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
