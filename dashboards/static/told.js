// What is seen and heard of a page in the background: title and icon with the count, and new critical alerts aloud.
(() => {
  "use strict";
  const icon = document.querySelector("link[rel=icon]"), plain = icon.href;
  const news = document.getElementById("news"), stale = document.getElementById("stale");
  // The shapes of _symbols.html in colours that stand on any browser's bar; the digits are dark on both.
  const SHAPES = {
    critical: '<path fill="#d55e00" d="M16 1 31 30H1Z"/>', warning: '<path fill="#e69f00" d="M16 0 32 16 16 32 0 16Z"/>',
    unknown: '<circle fill="#a9b4bf" cx="16" cy="16" r="15"/>',
  };
  let known = null;

  function draw(shape, text) {
    const size = text.length > 2 ? 13 : 17;
    const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${SHAPES[shape]}<text x="16" y="${
      shape === "critical" ? 27 : 22}" font-family="sans-serif" font-weight="700" font-size="${size}" text-anchor="middle" fill="#14181d">${text}</text></svg>`;
    return `data:image/svg+xml,${encodeURIComponent(drawn)}`;
  }

  function address(critical, warning) {
    if (!stale.hidden) return draw("unknown", "?");
    const count = critical || warning;
    return count ? draw(critical ? "critical" : "warning", count > 99 ? "99+" : String(count)) : plain;
  }

  function say(told) {
    const now = new Set(told.dataset.criticals.split(" ").filter(Boolean));
    const fresh = known ? [...now].filter((number) => !known.has(number)) : [];
    known = now;
    if (!fresh.length) return;
    const names = fresh.map((number) => told.querySelector(`[data-alert="${number}"]`)?.textContent).filter(Boolean);
    news.textContent = [`${news.dataset.said} ${fresh.length}`, ...names].join(". ");
  }

  function tell() {
    const told = document.getElementById("told");
    if (document.title !== told.dataset.title) document.title = told.dataset.title;
    const wanted = address(Number(told.dataset.critical), Number(told.dataset.warning));
    if (icon.href !== wanted) icon.href = wanted;
    say(told);
  }

  document.addEventListener("laddvakt:asked", tell);
  document.addEventListener("htmx:after:swap", tell);
  tell();
})();
