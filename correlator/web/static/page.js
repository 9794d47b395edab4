// Without this file the page works all the same: it is shown as it was when it was asked for.
"use strict";

// A page that speaks of now is read again, unless someone is writing, selecting or looking elsewhere.
const refreshSeconds = Number(document.body.dataset.refreshSeconds);
if (refreshSeconds > 0) {
  setInterval(() => {
    const busy = document.activeElement && document.activeElement.closest("form");
    const selecting = String(document.getSelection()) !== "";
    if (!document.hidden && !busy && !selecting) location.reload();
  }, refreshSeconds * 1000);
}

for (const command of document.querySelectorAll("pre.command")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command.textContent.trim());
    button.textContent = "Copied";
  });
  command.after(button);
}

// A link to a folded model opens it.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", unfold);
unfold();
