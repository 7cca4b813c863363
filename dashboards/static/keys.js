// The keyboard: `/ j k Enter a s t ?`. j and k move the focus itself, so that Enter, polling and screen readers agree.
(() => {
  "use strict";
  const OFF = "laddvakt-keys-off", BACK = "laddvakt-row";
  const ROWS = ".site .name a, .alert .title, .queue .title, table.cards tbody th[scope=row] a:first-of-type";
  const dialog = document.getElementById("keys"), form = document.getElementById("acknowledge");

  const rows = () => [...document.querySelectorAll(ROWS)].filter((link) => link.closest("#live"));
  const alertOf = (link) => link && /\/alerts\/\d+$/.test(link.pathname) ? link : null;
  // The alert of the row that has the focus, else that of the page.
  const alert = () => alertOf(document.activeElement?.closest("li, tr")?.querySelector(ROWS)) || alertOf(location);

  function move(step) {
    const all = rows();
    const here = all.indexOf(document.activeElement?.closest("li, tr")?.querySelector(ROWS));
    all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1)]?.focus();
  }

  function acknowledge() {
    const own = document.querySelector("[data-acknowledge]");
    if (own && !rows().includes(document.activeElement)) return own.click();
    const link = alert();
    if (!form || !link || link === location || link.closest("[data-acknowledged]")) return undefined;
    sessionStorage.setItem(BACK, link.pathname);
    form.action = `${link.pathname}/acknowledge${link.search}`;
    return form.requestSubmit();
  }

  function silence() {
    const link = alert(), box = document.getElementById("silence");
    if (link === location) open(box);
    else if (link && form) location.href = `${link.href}#silence`;
  }

  function open(box) {
    if (!box) return;
    box.open = true;
    box.querySelector("input:not([type=hidden]):not([type=radio])").focus();
  }

  const KEYS = {
    "/": () => document.querySelector("#live input[type=search], #live .filters input, #live .filters select")?.focus(),
    j: () => move(1), k: () => move(-1), a: acknowledge, s: silence,
    t: () => document.querySelector("[data-theme-switch]")?.click(), "?": () => dialog.showModal(),
  };

  // Somebody who speaks to the computer, or types with one hand, may not want single letters to do things.
  const off = dialog.querySelector("input");
  off.checked = !localStorage.getItem(OFF);
  off.addEventListener("change", () => { if (off.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1"); });
  document.querySelector("[data-keys]").addEventListener("click", () => dialog.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.target.closest("input, select, textarea, [contenteditable]") || !off.checked || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  form?.addEventListener("submit", (event) => {
    const row = event.submitter?.closest("li, tr")?.querySelector(ROWS);
    if (row) sessionStorage.setItem(BACK, row.pathname);
    form.elements.back.value = location.pathname + location.search;
  });

  const kept = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  if (kept) rows().find((link) => link.pathname === kept)?.focus();
  // Once the browser has gone to the place that the address names, which takes the focus away.
  if (location.hash === "#silence") addEventListener("load", () => setTimeout(open, 0, document.getElementById("silence")));
})();
