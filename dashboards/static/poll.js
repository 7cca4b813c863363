// Asks the server again for what stands in #live and morphs it in: focus, scroll, selection and open details stay.
(() => {
  "use strict";
  const root = document.documentElement;
  const live = document.getElementById("live");
  const every = Number(live.dataset.poll) * 1000;
  if (!every) return;
  const TIME_LIMIT = 8000, BACK_OFF = 8, STALE_AFTER = 2;
  const stale = document.getElementById("stale"), ended = document.getElementById("ended");
  let tag = "", tagged = "", failures = 0, timer = 0, asking = false, moved = false;

  function plan() {
    clearTimeout(timer);
    if (document.hidden) return;
    const jitter = 0.9 + Math.random() * 0.2;
    timer = setTimeout(ask, every * Math.min(2 ** failures, BACK_OFF) * jitter);
  }

  async function ask() {
    if (asking) return;
    asking = true;
    const address = location.href;
    const limit = new AbortController(), late = setTimeout(() => limit.abort(), TIME_LIMIT);
    try {
      const headers = { "HX-Request": "true" };
      if (tag && tagged === address) headers["If-None-Match"] = tag;
      const answer = await fetch(address, { headers, cache: "no-store", signal: limit.signal });
      if (answer.status === 401) {
        ended.hidden = false;
        return;
      }
      if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
      // Nobody stands before a wall to load the pages of a new version.
      if (root.classList.contains("tv") && answer.headers.get("Laddvakt-Version") !== root.dataset.version) {
        location.reload();
        return;
      }
      // A filter may have been changed while we waited: what came then belongs to another address.
      if (answer.status === 200 && address === location.href) {
        await htmx.swap({ text: await answer.text(), target: live, sourceElement: live, swap: "innerMorph" });
        tag = answer.headers.get("ETag") || "";
        tagged = address;
      }
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      clearTimeout(late);
      asking = false;
    }
    stale.hidden = failures < STALE_AFTER;
    document.dispatchEvent(new Event("laddvakt:asked"));
    if (moved) move();
    else plan();
  }

  // The address has changed without a new page: what belongs to it is wanted now.
  function move() {
    moved = asking;
    if (!asking) ask();
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else ask(); });
  document.addEventListener("laddvakt:moved", (event) => { event.preventDefault(); move(); });
  addEventListener("popstate", move);
  plan();
})();
