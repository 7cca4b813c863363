// Asks the server again for what stands in #live and morphs it in: focus, scroll, selection and open details stay.
(() => {
  "use strict";
  const live = document.getElementById("live");
  const every = Number(live.dataset.poll) * 1000;
  if (!every) return;
  const TIME_LIMIT = 8000, BACK_OFF = 8, STALE_AFTER = 2;
  const stale = document.getElementById("stale"), ended = document.getElementById("ended");
  let tag = "", failures = 0, timer = 0, asking = false;

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
    try {
      const headers = { "HX-Request": "true" };
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(address, { headers, cache: "no-store", signal: AbortSignal.timeout(TIME_LIMIT) });
      if (answer.status === 401) {
        ended.hidden = false;
        return;
      }
      if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
      // A filter may have been changed while we waited: what came then belongs to another address.
      if (answer.status === 200 && address === location.href) {
        await htmx.swap({ text: await answer.text(), target: live, sourceElement: live, swap: "innerMorph" });
        tag = answer.headers.get("ETag") || "";
      }
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      asking = false;
    }
    stale.hidden = failures < STALE_AFTER;
    plan();
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else ask(); });
  plan();
})();
