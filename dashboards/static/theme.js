// Runs before the first paint, so that a chosen theme does not flash the other one.
(() => {
  "use strict";
  const KEY = "laddvakt-theme";
  const root = document.documentElement;
  const order = ["auto", "dark", "light"];

  function stored() {
    try { return localStorage.getItem(KEY) || "auto"; } catch { return "auto"; }
  }

  function apply(theme) {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.querySelector("[data-theme-name]").textContent = button.dataset[theme];
    }
    document.dispatchEvent(new Event("laddvakt:theme"));
  }

  // No header tells the browser's zone. A page that was asked for in it before the cookie was there is asked for again.
  const zone = `laddvakt-zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  if (!document.cookie.split("; ").includes(zone)) {
    document.cookie = `${zone}; path=/; max-age=34560000; samesite=lax`;
    if (root.dataset.zoneChosen === "mine" && document.cookie.includes(zone)) location.reload();
  }

  apply(stored());
  // Paper is white, and narrower than a screen: curves are drawn for it and back again.
  addEventListener("beforeprint", () => { root.dataset.printing = ""; apply("light"); });
  addEventListener("afterprint", () => { delete root.dataset.printing; apply(stored()); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(stored()));
  document.addEventListener("DOMContentLoaded", () => {
    apply(stored());
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const next = order[(order.indexOf(stored()) + 1) % order.length];
        try { localStorage.setItem(KEY, next); } catch { /* private window: holds until the page is left */ }
        apply(next);
      });
    }
  });
})();
