// Keeps the clock and every "since" current between two polls, by the service's own clock and speed.
(() => {
  "use strict";
  const zone = document.documentElement.dataset.zone;
  const hands = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  let heard = { pulse: null, now: 0, speed: 1, at: 0 };

  function present() {
    const pulse = document.getElementById("pulse");
    const stamp = `${pulse.dataset.now} ${pulse.dataset.speed}`;
    if (stamp !== heard.pulse) {
      heard = { pulse: stamp, now: Number(pulse.dataset.now), speed: Number(pulse.dataset.speed), at: performance.now() };
    }
    return heard.now + (performance.now() - heard.at) * heard.speed;
  }

  // The same words as dashboards/formats.py `span`.
  function span(milliseconds) {
    const seconds = Math.max(Math.floor(milliseconds / 1000), 0);
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (minutes < 1) return `${seconds}\u00a0s`;
    if (hours < 1) return `${minutes}\u00a0min`;
    if (days < 1) return `${hours}\u00a0h${minutes % 60 ? ` ${minutes % 60}\u00a0min` : ""}`;
    return `${days}\u00a0d${hours % 24 ? ` ${hours % 24}\u00a0h` : ""}`;
  }

  function tick() {
    const now = present();
    for (const clock of document.querySelectorAll("[data-clock]")) {
      clock.textContent = hands.format(now);
      clock.title = day.format(now);
    }
    for (const element of document.querySelectorAll("[data-since]")) {
      const text = span(now - Number(element.dataset.since));
      if (element.textContent !== text) element.textContent = text;
    }
    // Aim at the next full second of the wall, so that the seconds do not stutter.
    setTimeout(tick, 1000 - (heard.speed === 1 ? now % 1000 : 0));
  }

  tick();
})();
