// Draws the curves: every [data-curve] holds its points as JSON (dashboards/curves.py), thinned out by the server.
(() => {
  "use strict";
  const SCREEN_HEIGHT = 260;
  const AROUND = 180;  // pixels of legend, caption and links in full screen
  const LEAST_DRAG = 8;  // pixels; less is a click
  const PAPER = { width: 690, height: 140 };  // A4 between the margins of laddvakt.css
  const drawn = new WeakMap();

  // Colours come from the legend's computed styles: a canvas does not know custom properties.
  function colour(figure, name) {
    const probe = figure.querySelector(`[data-ink="${name}"]`) || figure;
    return getComputedStyle(probe).color;
  }

  function shade(figure, bands) {
    return (chart) => {
      const { ctx, bbox } = chart;
      ctx.save();
      for (const band of bands) {
        const from = Math.max(chart.valToPos(band.from, "x", true), bbox.left);
        const to = Math.min(chart.valToPos(band.to, "x", true), bbox.left + bbox.width);
        if (to <= from) continue;
        ctx.fillStyle = colour(figure, band.ink);
        ctx.globalAlpha = 0.16;
        ctx.fillRect(from, bbox.top, to - from, bbox.height);
        ctx.globalAlpha = 0.6;
        ctx.fillRect(from, bbox.top, Math.max(devicePixelRatio, 1), bbox.height);
      }
      ctx.restore();
    };
  }

  function size(box) {
    if ("printing" in document.documentElement.dataset) return PAPER;
    const whole = document.fullscreenElement === box.closest("figure");
    return { width: box.clientWidth, height: whole ? Math.max(innerHeight - AROUND, SCREEN_HEIGHT) : SCREEN_HEIGHT };
  }

  // The stretch stands in the address: it can be sent to somebody, and the server answers with all points of it.
  function go(from, to) {
    const address = new URL(location.href);
    for (const [name, seconds] of [["from", from], ["to", to]]) {
      if (seconds === null) address.searchParams.delete(name);
      else address.searchParams.set(name, new Date(seconds * 1000).toISOString());
    }
    if (address.href === location.href) return;
    history.pushState(null, "", address);
    if (document.dispatchEvent(new Event("laddvakt:moved", { cancelable: true }))) location.reload();
  }

  function select(chart) {
    const { left, width } = chart.select;
    if (width < LEAST_DRAG) return;
    go(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  function options(figure, curve, { width, height }) {
    const ink = getComputedStyle(figure).color;
    const grid = { stroke: colour(figure, "grid"), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const units = [...new Set(curve.lines.map((line) => line.unit))];
    const numbers = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 1 });
    const values = (_, ticks) => ticks.map((tick) => numbers.format(tick));
    return {
      width, height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), curve.zone),
      cursor: {
        drag: { x: true, y: false, setScale: false }, points: { size: 7 }, sync: { key: "time" },
        bind: { dblclick: () => () => go(null, null) },
      },
      legend: { show: false },
      scales: Object.fromEntries(units.map((unit) => [unit, { range: (_, low, high) => scale(unit, high) }])),
      axes: [
        { ...axis, values: [[86400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
          [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{YYYY}-{MM}-{DD}", null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1]] },
        ...units.map((unit, position) => ({
          ...axis, scale: unit, values, size: 56, side: position ? 1 : 3,
          label: unit, labelSize: 16, labelFont: axis.font, grid: position ? { show: false } : grid,
        })),
      ],
      series: [{}, ...curve.lines.map((line) => ({
        label: line.label, scale: line.unit, stroke: colour(figure, line.ink), width: line.dash ? 1.5 : 2,
        dash: line.dash ? [6, 4] : undefined, points: { show: curve.x.length < 3 },
        paths: line.step ? uPlot.paths.stepped({ align: 1 }) : undefined,
      }))],
      hooks: { drawClear: [shade(figure, curve.bands)], setCursor: [(chart) => say(figure, curve, chart)], setSelect: [select] },
    };
  }

  // From 0 up, because half the power has to look like half; percent always to 100.
  function scale(unit, high) {
    return unit === "%" ? [0, 100] : [0, (high || 1) * 1.08];
  }

  function say(figure, curve, chart) {
    const output = figure.querySelector("output");
    const index = chart.cursor.idx;
    if (!output || index === null || index === undefined) return;
    const time = new Date(curve.x[index] * 1000)
      .toLocaleString("sv-SE", { timeZone: curve.zone, dateStyle: "short", timeStyle: "medium" });
    const numbers = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 1 });
    const read = curve.lines.map((line, number) => {
      const value = curve.y[number][index];
      return `${line.label} ${value === null ? "–" : `${numbers.format(value)}\u00a0${line.unit}`}`;
    });
    output.textContent = `${time} · ${read.join(" · ")}`;
  }

  function steer(chart, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (!step || !chart.data[0].length) return;
    event.preventDefault();
    const last = chart.data[0].length - 1;
    const index = Math.min(Math.max((chart.cursor.idx ?? (step > 0 ? -1 : last + 1)) + step, 0), last);
    chart.setCursor({ left: chart.valToPos(chart.data[0][index], "x"), top: 10 });
  }

  function draw(box) {
    const figure = box.closest("figure");
    const curve = JSON.parse(box.dataset.curve);
    let at = curve.from;
    curve.x = curve.x.map((step) => at += step);
    drawn.get(box)?.chart.destroy();
    const chart = new uPlot(options(figure, curve, size(box)), [curve.x, ...curve.y], box);
    // The whole stretch, also where nothing was measured.
    chart.setScale("x", { min: curve.from, max: curve.to });
    drawn.set(box, { chart, curve: box.dataset.curve });
  }

  function mount(box) {
    const before = drawn.get(box);
    if (before && before.curve === box.dataset.curve) return;
    draw(box);
    if (before) return;
    box.addEventListener("keydown", (event) => steer(drawn.get(box).chart, event));
    new ResizeObserver(() => {
      const { chart } = drawn.get(box), { width, height } = size(box);
      if ((chart.width !== width || chart.height !== height) && box.clientWidth) chart.setSize({ width, height });
    }).observe(box);
  }

  document.addEventListener("click", (event) => {
    const figure = event.target.closest("[data-full-screen]")?.closest("figure");
    if (!figure) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else figure.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => all().forEach(draw));

  const all = () => document.querySelectorAll("[data-curve]");
  document.addEventListener("htmx:after:swap", () => all().forEach(mount));
  document.addEventListener("laddvakt:theme", () => all().forEach(draw));
  all().forEach(mount);
})();
