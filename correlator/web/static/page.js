// Without scripts the page works all the same: it shows what was known when it was asked for.
import { copyOnClick } from "./copy.js";
import { keepForms } from "./forms.js";
import { followLive, onRefresh } from "./live.js";

/** Shows what only scripts can serve, and hides nothing that they replace but what stands in noscript. */
function reveal() {
  for (const each of document.querySelectorAll(".scripted[hidden]")) each.hidden = false;
}

/** Lets the reader choose colours, and keeps the choice. */
function chooseTheme() {
  const select = document.querySelector("#theme");
  const root = document.documentElement;
  select.value = root.dataset.theme ?? "";
  select.addEventListener("change", () => {
    if (select.value) root.dataset.theme = select.value;
    else delete root.dataset.theme;
    try {
      if (select.value) localStorage.setItem("theme", select.value);
      else localStorage.removeItem("theme");
    } catch {
      // storage is refused: the choice holds for this page
    }
    dispatchEvent(new Event("theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("theme")));
}

/** A link to something folded opens it. */
function unfold() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  const target = name && document.getElementById(name);
  if (target && target.tagName === "DETAILS") target.open = true;
}

reveal();
onRefresh(reveal);
chooseTheme();
copyOnClick();
keepForms();
followLive();
addEventListener("hashchange", unfold);
unfold();
if (document.querySelector("[data-panel]")) {
  const { drawCharts } = await import("./charts/group.js");
  await drawCharts();
}
performance.mark("interactive");
document.body.dataset.ready = "";
