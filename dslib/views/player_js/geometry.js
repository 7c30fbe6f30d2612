/* Geometry: where nodes stand, a line drawn by hand, and the line that shows a cut. */

function segmentsCross([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  // A point exactly on a line counts as being to its right: a stroke whose corner lies on a link crosses it once.
  const right = (px, py, qx, qy, rx, ry) => (qx - px) * (ry - py) - (qy - py) * (rx - px) >= 0;
  return right(ax, ay, bx, by, cx, cy) !== right(ax, ay, bx, by, dx, dy)
    && right(cx, cy, dx, dy, ax, ay) !== right(cx, cy, dx, dy, bx, by);
}

/** The links that a stroke (a list of points) crosses. `place` gives the point of a node. */
function linksCrossed(stroke, links, place) {
  return links.filter(([a, b]) => stroke.some((p, i) => i > 0 && segmentsCross(stroke[i - 1], p, place(a), place(b))));
}

/** The faults that cut these links, given what is cut already: a partition where the graph falls apart, else one cut each. */
function actsForCut(run, index, crossed, at) {
  const { blocked } = cutsAt(run, index);
  const fresh = crossed.filter(([a, b]) => !(blocked.has(link(a, b)) && blocked.has(link(b, a))));
  if (!fresh.length) return [];
  const both = new Set(blocked);
  for (const [a, b] of fresh) both.add(link(a, b)).add(link(b, a));
  const before = separate(run.nodes, run.links, blocked), after = separate(run.nodes, run.links, both);
  const apart = fresh.every(([a, b]) => after.partOf.get(a) !== after.partOf.get(b)) && after.parts.length > before.parts.length;
  if (apart) {
    const groups = after.parts.map((part) => [...part].sort()).sort((a, b) => b.length - a.length || (a[0] < b[0] ? -1 : 1));
    return [{ at, call: "network.partition", args: groups }];
  }
  return fresh.map((pair) => ({ at, call: "network.cut", args: [...pair].sort() }));
}

/** The lines that show a cut around one part of the graph: one straight line where there is room for it between the part
 * and all other nodes, else a bar across each link. `place` gives the point of a node; `meets` learns how far along each
 * link its cut lies, 0 to 1. */
function cutLines(part, nodes, crossed, place, meets) {
  const inside = new Set(part), mine = crossed.filter(([a, b]) => inside.has(a) !== inside.has(b));
  const points = nodes.map((name) => [place(name), inside.has(name)]);
  let best = { gap: 30 };                                 // px: a line must keep clear of the nodes on both sides
  for (let turn = 0; turn < 180; turn += 3) {
    const ux = Math.cos(turn * Math.PI / 180), uy = Math.sin(turn * Math.PI / 180);
    const along = (own) => points.filter(([, isIn]) => isIn === own).map(([[x, y]]) => x * ux + y * uy);
    const [these, others] = [along(true), along(false)];
    for (const [low, high] of [[these, others], [others, these]]) {
      const from = Math.max(...low), gap = Math.min(...high) - from;
      if (gap > best.gap) best = { gap, ux, uy, at: from + gap / 2 };
    }
  }
  if (best.at === undefined) return mine.map((pair) => crossBar(pair, place, 13));
  const { ux, uy, at } = best;
  const places = mine.map(([a, b]) => {                   // where along the line each link meets it
    const [p, q] = [place(a), place(b)], from = p[0] * ux + p[1] * uy, to = q[0] * ux + q[1] * uy, t = (at - from) / (to - from);
    meets.set(link(a, b), t).set(link(b, a), 1 - t);
    return -(p[0] + (q[0] - p[0]) * t) * uy + (p[1] + (q[1] - p[1]) * t) * ux;
  });
  const reach = mine.length === 1 ? 34 : 26, ends = [Math.min(...places) - reach, Math.max(...places) + reach];
  return ["M" + ends.map((d) => `${round(at * ux - d * uy)} ${round(at * uy + d * ux)}`).join("L")];
}

/** A short bar across the middle of a link. */
function crossBar([a, b], place, half) {
  const [p, q] = [place(a), place(b)], length = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1;
  const [mx, my] = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2], [nx, ny] = [-(q[1] - p[1]) / length * half, (q[0] - p[0]) / length * half];
  return `M${round(mx - nx)} ${round(my - ny)}L${round(mx + nx)} ${round(my + ny)}`;
}

const round = (x) => Math.round(x * 10) / 10;
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

/** Positions of the nodes, 0 to 1, spread over the whole picture. A node without one stands on a circle. */
function readSpots(run) {
  const n = run.nodes.length, given = run.bundle.positions ?? {};
  const raw = run.nodes.map((name, i) => {
    const turn = 2 * Math.PI * i / n - Math.PI / 2;
    return given[name] ?? [0.5 + 0.5 * Math.cos(turn), 0.5 + 0.5 * Math.sin(turn)];
  });
  const spread = [0, 1].map((axis) => {
    const all = raw.map((p) => p[axis]), low = Math.min(...all), width = Math.max(...all) - low;
    return width > 0.05 ? (x) => (x - low) / width : () => 0.5;
  });
  return new Map(run.nodes.map((name, i) => [name, [spread[0](raw[i][0]), spread[1](raw[i][1])]]));
}
