/* Making elements, and the signs that the picture is made of. */

const SVG = "http://www.w3.org/2000/svg";
const escapeText = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function make(tag, attributes = {}, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "circle", "line", "text", "tspan", "defs", "pattern", "clipPath", "polyline"]);

// Drawn on a square of 16 units. Those in FILLED are areas, the others strokes.
const ICONS = {
  start: "M4 3v10M13 3 6.5 8l6.5 5z", back: "M11.5 3 4.5 8l7 5z", play: "M4.5 2.5 13 8l-8.5 5.5z", pause: "M4 3h2.8v10H4zM9.2 3H12v10H9.2z",
  forward: "M4.5 3l7 5-7 5z", end: "M12 3v10M3 3l6.5 5L3 13z",
  point: "M4 1.8 12.5 8.5 8.4 9 10.6 13.4 8.9 14.2 6.7 9.8 4 12.6z",
  cut: "M4 2.2a1.9 1.9 0 1 1 0 3.8 1.9 1.9 0 0 1 0-3.8zM4 10a1.9 1.9 0 1 1 0 3.8A1.9 1.9 0 0 1 4 10zM5.6 5.2 14 12M5.6 10.8 14 4",
  crash: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  heal: "M6.5 9.5l3-3M7.2 4.6l1.3-1.3a3 3 0 0 1 4.2 4.2l-1.3 1.3M8.8 11.4l-1.3 1.3a3 3 0 0 1-4.2-4.2l1.3-1.3",
  restart: "M13 8.3a5 5 0 1 1-1.7-4.1M13.2 1.8v3.2H10", undo: "M5.5 2.5 2.5 5.5l3 3M2.5 5.5H9.5a4 4 0 0 1 0 8H6", redo: "M10.5 2.5l3 3-3 3M13.5 5.5H6.5a4 4 0 0 0 0 8H10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3", fault: "M9 1.5 4 9h4l-1 5.5L12 7H8z", broken: "M8 1.8 14.6 13.6H1.4zM8 6v3.4M8 11.5v.2",
  zoomin: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.7 3.7M4.8 7h4.4M7 4.8v4.4",
  zoomout: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.7 3.7M4.8 7h4.4",
  client: "M8 7.4a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM2.8 14c.4-3 2.4-4.7 5.2-4.7s4.8 1.7 5.2 4.7z",
  replica: "M3.2 4c0-1.2 2.1-2 4.8-2s4.8.8 4.8 2-2.1 2-4.8 2-4.8-.8-4.8-2zM3.2 4v8c0 1.2 2.1 2 4.8 2s4.8-.8 4.8-2V4M3.2 8c0 1.2 2.1 2 4.8 2s4.8-.8 4.8-2",
  server: "M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.7h.1M5 11.2h.1",
  leader: "M8 1.5l2 4.3 4.7.5-3.5 3.2 1 4.6L8 11.7l-4.2 2.4 1-4.6L1.3 6.3 6 5.8z",
  node: "M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z", router: "M2 8h12M8 2v12M4.5 5.5 2 8l2.5 2.5M11.5 5.5 14 8l-2.5 2.5M5.5 4.5 8 2l2.5 2.5M5.5 11.5 8 14l2.5-2.5",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.6V8l2.4 1.8",
  lie: "M1.8 5c2-1.4 4.4-1.4 6.2-.2 1.8-1.2 4.2-1.2 6.2.2.2 3.8-1.4 6.4-3.6 6.2-1.2-.1-1.8-1.4-2.6-1.4s-1.4 1.3-2.6 1.4C3.2 11.4 1.6 8.8 1.8 5zM4.3 7.2h1.8M9.9 7.2h1.8",
  drop: "M2 8h5.5M10 5.2l4 5.6M14 5.2l-4 5.6",
  slow: "M3.5 1.8h9M3.5 14.2h9M4.5 2c0 4.6 7 7.4 7 12M11.5 2c0 4.6-7 7.4-7 12",
};
const FILLED = new Set(["start", "back", "play", "pause", "forward", "end", "point", "client", "leader", "node", "fault"]);
const ROLE_ICONS = { client: "client", user: "client", writer: "client", reader: "client", replica: "replica", database: "replica", storage: "replica",
  server: "server", leader: "leader", primary: "leader", coordinator: "leader", router: "router" };

/** "chat server" is drawn as a server: the last word says what a node is. */
const roleIcon = (role) => ROLE_ICONS[(role ?? "").toLowerCase().split(" ").pop()] ?? "node";

/** The signs of faults along a line. Where several would lie on one another stand the first of them and how many more there are. */
function faultSigns(faults, X, y, size) {
  const groups = [];
  for (const { at, call } of [...faults].sort((a, b) => a.at - b.at)) {
    const x = X(at), last = groups.at(-1);
    if (last && x - last.x < (last.calls.length > 1 ? size + 12 : size)) last.calls.push(call);
    else groups.push({ x, calls: [call] });
  }
  return groups.map(({ x, calls }) => iconPath(faultIcon(calls[0]), x - size / 2, y, size, "flag")
    + (calls.length > 1 ? `<text class="flag-count" x="${round(x + size / 2 + 1)}" y="${round(y + size * 0.8)}">+${calls.length - 1}</text>` : "")).join("");
}

const iconPath = (name, x, y, size, extra = "") =>
  `<path class="icon ${FILLED.has(name) ? "filled" : ""} ${extra}" d="${ICONS[name]}" transform="translate(${round(x)} ${round(y)}) scale(${size / 16})"/>`;

function icon(name) {
  const svg = make("svg", { class: "icon-box", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", focusable: "false" });
  svg.innerHTML = iconPath(name, 0, 0, 16);
  return svg;
}

const FAULT_ICONS = { "network.partition": "cut", "network.cut": "cut", "network.isolate": "cut", "network.heal": "heal", "network.mend": "heal",
  crash: "crash", burn: "crash", remove: "crash", tear_write: "crash", restart: "restart", restore: "restart", pause: "pause", resume: "play", slow: "slow",
  lie: "lie", jump_clock: "clock", drift_clock: "clock", leap_second: "clock", "network.lose": "drop" };
const faultIcon = (call) => FAULT_ICONS[call] ?? "fault";

function niceStep(span, most) {
  const raw = span / Math.max(1, most), power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].find((m) => m * power >= raw * 0.999) * power;
}

const tickLabel = (t, step) => step >= 1000 ? `${+(t / 1000).toFixed(1)} s` : `${t.toLocaleString("en", { maximumFractionDigits: 2 })}${t === 0 || step < 1000 ? " ms" : ""}`;

const SPEEDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50];
const speedLabel = (speed) => speed >= 1 ? `${speed} × speed` : `1/${Math.round(1 / speed)} speed`;

function roundSpan(span, run) {
  const power = 10 ** Math.floor(Math.log10(span)), nice = [1, 2, 4, 5, 10].map((m) => m * power).filter((m) => m <= span * 1.01).pop();
  return Math.min(run.end, nice ?? span);
}

const deathPlace = (f) => f.to > f.from ? 0.9 : f.reason === "queue" ? 0.18 : f.reason === "down" ? 0.9 : 0.46;
const pathOf = (line) => line.map((v, i) => i % 2 ? v : `${i ? "L" : "M"}${v} `).join("");
/** A hollow bar where a node stands still, a zigzag where it is slow; a full bar, drawn elsewhere, is a node that is down. */
const spellSign = (kind, x, y, w) => kind === "paused" ? `<rect class="paused-bar" x="${x}" y="${y - 5}" width="${round(Math.max(2, w))}" height="10" rx="2"/>`
  : `<path class="slow-line" d="M${x} ${y}${"l3 -4l3 4".repeat(Math.max(1, Math.floor(w / 6)))}"/>`;
const crossPath = (x, y, r) => drawnBy((pen) => addCross(pen, x, y, r));
const cross = (x, y, r) => `<path class="cross" d="${crossPath(x, y, r)}"/>`;
const arrowHead = (x1, y1, x2, y2, size = 7) => drawnBy((pen) => addHead(pen, x1, y1, x2, y2, size));

/** Writes the `d` of an SVG path by the same calls as the canvas's Path2D: what is drawn need not know on which. */
class PathText {
  d = "";
  moveTo(x, y) { this.d += `M${round(x)} ${round(y)}`; }
  lineTo(x, y) { this.d += `L${round(x)} ${round(y)}`; }
}
const drawnBy = (draw) => {
  const pen = new PathText();
  draw(pen);
  return pen.d;
};

/** A line through points given as [x1, y1, x2, y2, …]. */
function addLine(pen, line) {
  pen.moveTo(line[0], line[1]);
  for (let i = 2; i < line.length; i += 2) pen.lineTo(line[i], line[i + 1]);
}

function addCross(pen, x, y, r) {
  pen.moveTo(x - r, y - r);
  pen.lineTo(x + r, y + r);
  pen.moveTo(x + r, y - r);
  pen.lineTo(x - r, y + r);
}

/** The head of an arrow from (x1, y1) that ends at (x2, y2). */
function addHead(pen, x1, y1, x2, y2, size = 7) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1, ux = (x2 - x1) / length, uy = (y2 - y1) / length, bx = x2 - ux * size, by = y2 - uy * size, w = size * 0.42;
  pen.moveTo(x2, y2);
  pen.lineTo(bx - uy * w, by + ux * w);
  pen.lineTo(bx + uy * w, by - ux * w);
  pen.lineTo(x2, y2);                                     // not closePath: Chromium then measures the whole path each time
}

/** As good as round, of lines only. */
function addDot(pen, x, y, r) {
  const side = r * 0.414;
  addLine(pen, [x - side, y - r, x + side, y - r, x + r, y - side, x + r, y + side, x + side, y + r, x - side, y + r, x - r, y + side, x - r, y - side, x - side, y - r]);
}

/** The layers of the diagram's marks, the lowest first: the class of the SVG path, and the same look on a canvas, where
 * many are drawn; colours are the variables of looks.js. `among`: the width of a thick line among many. */
const LAYERS = {
  dim: { class: "way dim", stroke: "--line", width: 1 }, dimHeads: { class: "heads dim", fill: "--line" },
  dimLost: { class: "way lost-way dim", stroke: "--line", width: 1.4, dash: [1, 4] }, dimCrosses: { class: "cross dim", stroke: "--line", width: 1.6 },
  ways: { class: "way", stroke: "--delivered", width: 1.5 }, copies: { class: "way copy", stroke: "--delivered", width: 1.5, dash: [9, 3, 2, 3] },
  heads: { class: "heads", fill: "--delivered" }, late: { class: "heads late", fill: "--surface", stroke: "--delivered", width: 1.5 },
  open: { class: "way open", stroke: "--delivered", width: 1.5, dash: [5, 4] },
  lost: { class: "way lost-way", stroke: "--dropped", width: 1.7, dash: [1, 4] }, crosses: { class: "cross", stroke: "--dropped", width: 2.1 },
  past: { class: "way past", stroke: "--delivered", width: 2.4, among: 1.4 }, pastHeads: { class: "heads", fill: "--delivered" },
  future: { class: "way future", stroke: "--good", width: 2.4, among: 1.4 }, futureHeads: { class: "heads future", fill: "--good" },
  timers: { class: "timers", stroke: "--muted", width: 1.6 }, notes: { class: "notes", fill: "--surface", stroke: "--muted", width: 1 },
  dimSteps: { class: "step dim", fill: "--line" }, steps: { class: "step", fill: "--ink" }, pastSteps: { class: "step past", fill: "--delivered" },
  futureSteps: { class: "step future", fill: "--surface", stroke: "--good", width: 2 }, chosenStep: { class: "step itself", fill: "--ink", stroke: "--surface", width: 1.5 },
};

/** One pen for each layer: texts for SVG, Path2D for a canvas. */
const layersOf = (kind) => Object.fromEntries(Object.keys(LAYERS).map((name) => [name, new kind()]));

/** Draw the layers on a canvas. `fine`: the width of all lines that are not emphasised. */
function paintLayers(context, layers, colour, fine) {
  context.lineCap = fine ? "butt" : "round";
  context.lineJoin = "round";
  for (const [name, { stroke, fill, width, among, dash }] of Object.entries(LAYERS)) {
    context.setLineDash(dash ?? []);
    if (fill) {
      context.fillStyle = colour(fill);
      context.fill(layers[name]);
    }
    if (stroke) {
      context.strokeStyle = colour(stroke);
      context.lineWidth = among ?? (width < 2 ? fine ?? width : width);
      context.stroke(layers[name]);
    }
  }
}

function outcomeMark(outcome, x, y, r) {
  const d = outcome === "good" ? `M${round(x - r)} ${round(y)}l${round(r * 0.7)} ${round(r * 0.8)} ${round(r * 1.3)} ${round(-r * 1.7)}`
    : outcome === "refused" ? `M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0M${round(x - r * 0.7)} ${round(y - r * 0.7)}l${round(r * 1.4)} ${round(r * 1.4)}`
    : outcome === "slow" ? `M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0M${round(x)} ${round(y - r * 0.7)}v${round(r * 0.7)}h${round(r * 0.6)}`
    : outcome === "open" ? `M${round(x - r)} ${round(y)}h.2M${round(x)} ${round(y)}h.2M${round(x + r)} ${round(y)}h.2`
    : outcome === "wrong" ? `M${round(x)} ${round(y - r * 1.1)}v${round(r * 1.2)}M${round(x)} ${round(y + r * 0.9)}v.4` : crossPath(x, y, r * 0.85);
  return `<path class="mark" d="${d}"/>`;
}

/** Oblique lines; `kind` names their colour. */
const hatch = (id, size, kind) => `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="${kind}" x1="0" y1="0" x2="0" y2="${size}"/></pattern>`;

let ruler = null;
function textWidth(text, weight) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `${weight} 12.5px system-ui, sans-serif`;
  return ruler.measureText(text).width;
}

/** JupyterLab says it on body, books with data-theme; otherwise the reader's system decides. */
function darkAround(element) {
  const lab = element.closest?.("[data-jp-theme-light]") ?? document.querySelector("body[data-jp-theme-light]");
  if (lab) return lab.getAttribute("data-jp-theme-light") === "false";
  for (const place of [document.body, document.documentElement]) {
    const theme = place?.getAttribute("data-theme");
    if (theme === "dark" || theme === "light") return theme === "dark";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
