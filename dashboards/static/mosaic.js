// Every connector as a tile on a canvas: [data-mosaic] names where their bytes come from (dashboards/mosaic.py).
(() => {
  "use strict";
  const LARGEST = 18, SMALLEST = 3, TALLEST = 360, SHAPES_FROM = 9;
  const ORDER = ["faulted", "offline", "unknown", "unavailable", "charging", "occupied", "available"];

  function mosaic(figure) {
    const canvas = figure.querySelector("canvas"), told = figure.querySelector("output");
    let codes = new Uint8Array(), tag = "", at = "", here = -1, side = LARGEST, across = 1, href = "", asked = 0;

    // A filter is in the address of the page, and of the tiles with it.
    const source = (number = "") => `${figure.dataset.mosaic}${number === "" ? "" : `/${number}`}${location.search}`;

    function colours() {
      const probes = [...figure.querySelectorAll("[data-standing]")];
      return Object.fromEntries(probes.map((probe) => [probe.dataset.standing, getComputedStyle(probe).color]));
    }

    function layout() {
      const width = canvas.parentElement.clientWidth || 600;
      side = LARGEST;
      while (side > SMALLEST && Math.ceil(codes.length / Math.floor(width / side)) * side > TALLEST) side -= 1;
      across = Math.max(1, Math.floor(width / side));
      const height = Math.max(side, Math.ceil(codes.length / across) * side), scale = devicePixelRatio || 1;
      canvas.width = across * side * scale;
      canvas.height = height * scale;
      canvas.style.width = `${across * side}px`;
      canvas.style.height = `${height}px`;
      const context = canvas.getContext("2d");
      context.scale(scale, scale);
      return context;
    }

    // Where a tile is large enough its shape says what its colour does.
    const SHAPES = {
      faulted(context, x, y, size) {
        context.beginPath();
        context.moveTo(x + size / 2, y);
        context.lineTo(x + size, y + size);
        context.lineTo(x, y + size);
        context.fill();
      },
      charging(context, x, y, size) {
        context.beginPath();
        context.arc(x + size / 2, y + size / 2, size / 2, 0, 2 * Math.PI);
        context.fill();
      },
      available(context, x, y, size) {
        context.beginPath();
        context.arc(x + size / 2, y + size / 2, size / 2 - 1, 0, 2 * Math.PI);
        context.stroke();
      },
      occupied(context, x, y, size) {
        context.beginPath();
        context.arc(x + size / 2, y + size / 2, size / 2, -Math.PI / 2, Math.PI / 2);
        context.fill();
        SHAPES.available(context, x, y, size);
      },
      unavailable: (context, x, y, size) => context.strokeRect(x + 1, y + 1, size - 2, size - 2),
      offline(context, x, y, size) {
        SHAPES.available(context, x, y, size);
        context.beginPath();
        context.moveTo(x, y + size);
        context.lineTo(x + size, y);
        context.stroke();
      },
      unknown(context, x, y, size) {
        context.font = `bold ${size + 1}px system-ui, sans-serif`;
        context.fillText("?", x + size / 4, y + size - 1);
      },
    };

    function draw() {
      const context = layout(), ink = colours(), gap = side > 5 ? 2 : 1;
      context.lineWidth = 1.5;
      codes.forEach((code, number) => {
        const standing = ORDER[code], x = (number % across) * side, y = Math.floor(number / across) * side;
        context.fillStyle = context.strokeStyle = ink[standing];
        if (side >= SHAPES_FROM) SHAPES[standing](context, x + 1, y + 1, side - gap - 2);
        else context.fillRect(x, y, side - gap, side - gap);
      });
      if (here >= 0 && here < codes.length) {
        context.lineWidth = 2;
        context.strokeStyle = getComputedStyle(figure).color;
        context.strokeRect((here % across) * side - 1, Math.floor(here / across) * side - 1, side + 1, side + 1);
      }
    }

    async function load() {
      try {
        const answer = await fetch(source(), { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
        if (!answer.ok) return;
        tag = answer.headers.get("ETag") || "";
        at = answer.headers.get("Laddvakt-Picture") || "";
        codes = new Uint8Array(await answer.arrayBuffer());
        figure.hidden = codes.length === 0;
        figure.dataset.tiles = codes.length;
        here = Math.min(here, codes.length - 1);
        draw();
      } catch { /* The banner of poll.js says that the server does not answer. */ }
    }

    async function tell(number) {
      here = number;
      href = "";
      draw();
      const mine = ++asked;
      const answer = await fetch(source(number), { headers: { "Laddvakt-Picture": at }, cache: "no-store" });
      if (mine !== asked) return;
      if (!answer.ok) { tag = ""; await load(); return; }
      const tile = await answer.json();
      href = tile.href;
      told.textContent = `${tile.name}: ${tile.state}`;
    }

    function steer(event) {
      if (event.key === "Enter" && href) location.href = href;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -Infinity, End: Infinity }[event.key];
      if (!step || !codes.length) return;
      event.preventDefault();
      tell(Math.min(Math.max((here < 0 ? (step > 0 ? -1 : codes.length) : here) + step, 0), codes.length - 1));
    }

    function under(event) {
      const box = canvas.getBoundingClientRect(), column = Math.floor((event.clientX - box.left) / side);
      const number = Math.floor((event.clientY - box.top) / side) * across + column;
      return column < across && number < codes.length ? number : -1;
    }

    canvas.addEventListener("keydown", steer);
    canvas.addEventListener("click", async (event) => {
      const number = under(event);
      if (number < 0) return;
      await tell(number);
      if (href) location.href = href;
    });
    let pause = 0;
    canvas.addEventListener("pointermove", (event) => {
      clearTimeout(pause);
      const number = under(event);
      if (number >= 0 && number !== here) pause = setTimeout(tell, 120, number);
    });
    new ResizeObserver(draw).observe(canvas.parentElement);
    document.addEventListener("laddvakt:theme", draw);
    return load;
  }

  // The figure comes with the first evaluation, and stays: what is polled leaves it alone.
  let load = null;
  function look() {
    const figure = document.querySelector("[data-mosaic]");
    if (!figure) return;
    load ??= mosaic(figure);
    setTimeout(load, 0);  // once the address has its new filter
  }
  document.addEventListener("htmx:after:swap", look);
  look();
})();
