// Runs before anything is painted, so that a kept choice of colours does not flash the other one first.
"use strict";
(() => {
  try {
    const kept = localStorage.getItem("theme");
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch {
    // storage is refused: the system's choice stands
  }
})();
