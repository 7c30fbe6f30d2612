/* What the player is made of and how it looks. The colours are those of palette.py: Okabe and Ito's by meaning, lighter ones
 * on dark, darker ones for text. */

const TEMPLATE = `
<div class="card" role="group">
  <div class="head">
    <div class="title"></div>
    <div class="acts">
      <ul class="chips" aria-label="What was done to the system"></ul>
      <span class="none"></span>
      <button type="button" class="where-broke" hidden>Where it broke</button>
      <span class="acts-tools">
        <button type="button" class="plain undo" data-live>Undo</button><button type="button" class="plain redo" data-live>Redo</button>
        <button type="button" class="plain copy">Copy code</button>
      </span>
    </div>
  </div>
  <div class="code" hidden>
    <label>In place of the scenario's own faults, these lines do the same:<textarea readonly rows="4" spellcheck="false"></textarea></label>
    <button type="button" class="plain close-code">Close</button>
  </div>
  <div class="trouble" role="alert" hidden></div>
  <p class="remark" role="note" hidden></p>
  <div class="stage">
    <div class="left">
      <div class="graph"></div>
      <div class="tools" role="group" aria-label="Tools" data-live></div>
      <div class="ask"><div class="choices" role="group" aria-label="How" data-live></div><p class="hint" role="status"></p></div>
      <p class="busy" role="status"></p>
    </div>
    <div class="right">
      <div class="diagram" tabindex="0" role="group" aria-label="Space-time diagram. Up and down read the messages one by one, left and right step.">
        <div class="plot"></div>
        <div class="tip" hidden></div>
      </div>
      <div class="under"><span class="key" aria-hidden="true"></span><span class="zoom" role="group" aria-label="Zoom of the diagram"></span></div>
    </div>
  </div>
  <div class="drive">
    <div class="buttons" role="group" aria-label="Playback"></div>
    <div class="scrub">
      <svg class="marks" aria-hidden="true"></svg>
      <input type="range" min="0" step="any" aria-label="Time in the run">
    </div>
  </div>
  <div class="tell">
    <div class="panel" role="group" aria-label="State of a node" data-empty></div>
    <div class="caption"><p class="what"><b></b> <span></span></p><p class="breach"></p><p class="why"></p><p class="users"></p></div>
  </div>
  <div class="foot">
    <details class="list"><summary></summary><div class="pages"></div><ol class="rows"></ol></details>
    <details class="keys"><summary>Keys</summary><dl></dl></details>
    ${LINK}
  </div>
  <div class="aloud" aria-live="polite"></div>
</div>`;

const LIGHT = `--surface:#ffffff; --sunken:#f3f4f6; --ink:#1a1a1a; --muted:#5a5e63; --line:#8b8f94; --grid:#e4e6e9; --edge:#d5d8dc;
  --delivered:#0072b2; --dropped:#d55e00; --good:#009e73; --leader:#c0699a; --cut:#85898e; --down:#1a1a1a;
  --delivered-text:#00629b; --dropped-text:#a84700; --good-text:#00694c; --on-good:#ffffff; --veil:0.66;`;
const DARK = `--surface:#1e2023; --sunken:#15171a; --ink:#eceded; --muted:#a9adb3; --line:#8d9298; --grid:#34373c; --edge:#3d4147;
  --delivered:#56b4e9; --dropped:#f0803c; --good:#2fc99a; --leader:#e79bc5; --cut:#8d9298; --down:#f2f2f2;
  --delivered-text:#7cc6f0; --dropped-text:#f59a60; --good-text:#4fd8ad; --on-good:#10241d; --veil:0.62;`;

const STYLE = `
:host { ${LIGHT} display: block; all: initial; display: block; container-type: inline-size; color-scheme: light; margin: 8px 0; }
:host { ${LIGHT} }
:host([data-mode="dark"]) { ${DARK} color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.card { font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--surface);
  border: 1px solid var(--edge); border-radius: 12px; padding: 14px 18px 12px; text-align: left; -webkit-text-size-adjust: 100%; }
p, ul, ol, dl { margin: 0; padding: 0; list-style: none; }
svg { display: block; overflow: visible; font: inherit; }
svg text { fill: var(--ink); font-size: 12.5px; }
.plot-picture { touch-action: pan-y; cursor: crosshair; user-select: none; -webkit-user-select: none; }
button, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--delivered); outline-offset: 2px; border-radius: 6px; }
.node:focus { outline: none; }

.head { display: flex; gap: 8px 22px; align-items: flex-start; min-height: 32px; margin-bottom: 4px; }
.title { font-size: 15.5px; font-weight: 650; flex: 0 0 var(--left, 300px); padding-top: 4px; }
.acts { flex: 1; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; min-width: 0; }
.chips { display: contents; }
.none { color: var(--muted); padding: 4px 0; }
.chip { display: inline-flex; max-width: 100%; border: 1px solid var(--line); border-radius: 15px; background: var(--surface); }
.chip.waiting { border-style: dashed; color: var(--muted); }
.chip button { border: 0; background: none; padding: 3px 4px 3px 11px; cursor: pointer; border-radius: 15px; }
.chip-go { overflow-wrap: anywhere; text-align: left; }
.chip-go:last-child { padding-right: 11px; }
.chip .chip-x { padding: 3px 10px 3px 6px; color: var(--muted); font-size: 15px; line-height: 1; }
.chip button:hover { color: var(--delivered-text); }
.chip .chip-x:hover { color: var(--dropped-text); }
.where-broke { display: inline-flex; gap: 6px; align-items: center; border: 1.6px solid var(--dropped); border-radius: 15px; background: var(--surface); color: var(--dropped-text); font-weight: 600; padding: 3px 11px 3px 8px; cursor: pointer; }
.where-broke:hover { background: var(--sunken); }
.breach-line { stroke: var(--dropped); stroke-width: 1.8; stroke-dasharray: 7 2.5 1.5 2.5; }
.breach-sign { color: var(--dropped); }
.icon.breach-sign { fill: var(--surface); stroke-width: 1.7; }
.acts-tools { display: inline-flex; gap: 2px; margin-left: auto; }
.plain { border: 0; background: none; color: var(--delivered-text); padding: 4px 7px; cursor: pointer; border-radius: 6px; }
.plain:hover:not([aria-disabled="true"]) { background: var(--sunken); }
button[aria-disabled="true"] { color: var(--muted); opacity: .55; cursor: default; }
.code { margin: 6px 0; padding: 10px 12px; background: var(--sunken); border-radius: 8px; }
.code textarea { display: block; width: 100%; margin-top: 6px; font: 12px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--ink); background: var(--surface);
  border: 1px solid var(--edge); border-radius: 6px; padding: 6px 8px; white-space: pre; overflow-x: auto; }
.trouble { margin: 6px 0; padding: 8px 12px; border-left: 4px solid var(--dropped); background: var(--sunken); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
.remark { margin: 6px 0; padding: 6px 12px; border-left: 4px dotted var(--line); color: var(--muted); overflow-wrap: anywhere; }

.stage { display: grid; grid-template-columns: var(--left, 300px) minmax(0, 1fr); gap: 0 22px; align-items: start; }
.narrow .stage { grid-template-columns: minmax(0, 1fr); }
.left, .right { min-width: 0; }
.ask:has(.choices:not([hidden])) { min-height: 90px; }
.choice { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; margin-top: 6px; font-size: 12px; }
.choice label { display: inline-flex; gap: 6px; align-items: center; min-width: 0; }
.choice select, .choice input { height: 30px; min-width: 0; max-width: 200px; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); color: var(--ink); font: inherit; padding: 0 5px; }
.choice input { width: 72px; }
.choice .flying-messages { flex: 1; width: 160px; max-width: none; }
.choice label:has(.flying-messages) { flex: 1; }
.hint { color: var(--muted); font-size: 12px; min-height: 34px; margin-top: 6px; overflow-wrap: anywhere; }
.tools { display: grid; grid-template-columns: repeat(4, 1fr); gap: 6px; margin-top: 4px; }
.tool { display: inline-flex; align-items: center; justify-content: center; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface); cursor: pointer; min-width: 36px; min-height: 34px; padding: 0 6px; }
.tools .tool { gap: 5px; font-size: 11.5px; padding: 3px 2px; min-height: 34px; }
.tool:hover { background: var(--sunken); }
.tool[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--surface); }
.icon-box { flex: none; }
.icon { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.icon.filled { fill: currentColor; stroke-width: .8; }

.graph { touch-action: pan-y; }
.graph[data-tool="cut"] { touch-action: none; cursor: crosshair; }
.graph[data-tool="cut"] .node, .graph[data-tool="crash"] .node, .node { cursor: pointer; }
.link { stroke: var(--line); stroke-width: 1.4; }
.link.is-cut { stroke-dasharray: 3 5; }
.link.one-way { stroke-dasharray: 9 4; }
.link.worse { stroke: var(--ink); stroke-width: 4; stroke-dasharray: 1.5 3.5; }
.cut-lines, .lost, .flying { pointer-events: none; }
.graph[data-tool="drop"] .flying { pointer-events: auto; cursor: pointer; }
.graph:not([data-tool="cut"]) .wires { display: none; }
.wire { cursor: pointer; outline: none; }
.wire .hit { stroke: transparent; stroke-width: 18; }
.wire .ring { stroke: none; stroke-width: 5; stroke-linecap: round; }
.wire:hover .ring { stroke: var(--edge); }
.wire:focus-visible .ring { stroke: var(--delivered); }
.link.to-cut { stroke: var(--dropped); stroke-width: 2.4; stroke-dasharray: 4 4; opacity: 1; }
.cut-under { fill: none; stroke: var(--surface); stroke-width: 13; stroke-linecap: round; opacity: .85; }
.cut-band { fill: none; stroke: var(--cut); stroke-width: 12; stroke-dasharray: 1.8 4; }
.cut-line { fill: none; stroke: var(--ink); stroke-width: 1.6; stroke-dasharray: 7 4; }
.cut-hatch { stroke: var(--cut); stroke-width: 1.5; }
.refused-hatch { stroke: var(--dropped); stroke-width: 2; }
.drawn { fill: none; stroke: var(--dropped); stroke-width: 2.6; stroke-dasharray: 7 4; stroke-linecap: round; }
.node .halo { fill: none; stroke: none; }
.node .body { fill: var(--surface); stroke: var(--delivered); stroke-width: 2.6; }
.node .mark { color: var(--delivered); }
.node.as-client .body { stroke: var(--ink); }
.node.as-client .mark { color: var(--ink); }
.node.as-leader .body { stroke: var(--leader); stroke-width: 3.2; }
.node.as-leader .mark { color: var(--leader); }
.node .down-mark { display: none; stroke: var(--surface); stroke-width: 3.4; stroke-linecap: round; }
.node.down .body { fill: var(--down); stroke: var(--down); stroke-dasharray: 3 3; }
.node.down .mark { display: none; }
.node.down .down-mark { display: block; }
.node text { paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.node .name { font-weight: 650; font-size: 13px; }
.node .state { fill: var(--muted); font-size: 11.5px; }
.node.paused .body { stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: none; }
.node.slow .body { stroke-dasharray: 9 4; }
.node.paused .mark { color: var(--ink); }
.node.down .state { fill: var(--ink); font-weight: 650; }
.node:hover .halo { fill: var(--sunken); }
.node:focus-visible .halo { stroke: var(--delivered); stroke-width: 2.5; }
.node.chosen .halo { stroke: var(--dropped); stroke-width: 2.5; stroke-dasharray: 4 3; }
.node.inspected .halo { fill: var(--sunken); stroke: var(--line); stroke-width: 1.2; }
.dot .ball, .dot .box { fill: var(--delivered); stroke: var(--surface); stroke-width: 1.5; }
.dot.now .ball { r: 6.5px; }
.large .dot .ball { r: 3.6px; stroke-width: 1; }
.large .dot.now .ball { r: 5px; }
.large .dot .ring { r: 6.5px; }
.large .node .name { font-size: 12px; }
.dot .hit { fill: transparent; }
.dot .box, .dot.waiting .ball { display: none; }
.dot.waiting .box { display: block; stroke: var(--ink); }
.dot .ring { fill: none; stroke: none; }
.dot.copy .ball { fill: var(--surface); stroke: var(--delivered); stroke-width: 2.2; }
.dot.overtaken .ring { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 2.5; }
.dot.aimed .ring { stroke: var(--dropped); stroke-width: 2.4; stroke-dasharray: none; }
.badge circle { fill: var(--surface); stroke: var(--dropped); stroke-width: 1.8; }
.badge .icon { color: var(--dropped-text); stroke-width: 1.9; }
.badge.is-clock circle { stroke: var(--ink); stroke-dasharray: 3 1.8; }
.badge.is-clock .icon { color: var(--ink); }
.node.nameless .name { display: none; }
.node.nameless:hover .name, .node.nameless:focus .name, .node.nameless.inspected .name { display: block; stroke-width: 8px; }
.dot text { font-size: 11px; paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; }
.lost .lost-way { fill: none; stroke: var(--dropped); stroke-width: 1.6; stroke-dasharray: 1.5 4; stroke-linecap: round; }
.cross { fill: none; stroke: var(--dropped); stroke-width: 2.1; stroke-linecap: round; }

.diagram { position: relative; border-radius: 6px; }
.plot { position: relative; }
.plot-picture { position: relative; }
.sheet { position: absolute; top: 0; overflow: hidden; pointer-events: none; }
.sheet canvas { display: block; will-change: transform; }
.lane { stroke: var(--line); stroke-width: 1.3; }
.ticks { pointer-events: none; }
.lane-name { font-weight: 650; }
.gutter-small, .tick { font-size: 11.5px !important; fill: var(--muted) !important; }
.grid { stroke: var(--grid); }
.way { fill: none; stroke: var(--delivered); stroke-width: 1.5; stroke-linecap: round; }
.way.open { stroke-dasharray: 5 4; }
.way.lost-way { stroke: var(--dropped); stroke-width: 1.7; stroke-dasharray: 1 4; }
.way.picked { stroke-width: 3.2; }
.way.picked.lost-way { stroke-width: 3; stroke-dasharray: 1 5; }
.cross.picked { stroke-width: 3; }
.way.copy { stroke-dasharray: 9 3 2 3; }
.way.past:not(.picked), .way.future:not(.picked) { stroke-width: 2.4; }
.way.future { stroke: var(--good); }
.way.dim, .cross.dim { stroke: var(--line); stroke-width: 1; }
.way.lost-way.dim { stroke-width: 1.4; }
.cross.dim { stroke-width: 1.6; }
.heads { fill: var(--delivered); }
.heads.late { fill: var(--surface); stroke: var(--delivered); stroke-width: 1.5; stroke-linejoin: round; }
.heads.future { fill: var(--good); }
.heads.dim, .step.dim { fill: var(--line); }
.step { fill: var(--ink); }
.step.past { fill: var(--delivered); }
.step.future { fill: var(--surface); stroke: var(--good); stroke-width: 2; }
.step.itself { stroke: var(--surface); stroke-width: 1.5; }
.stamp { font-size: 11px !important; font-variant-numeric: tabular-nums; paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; }
.stamp.concurrent { fill: var(--muted) !important; }
.stamp.past, .stamp.future, .stamp.itself { font-weight: 700; }
.fold { stroke: var(--line); stroke-dasharray: 1 5; stroke-linecap: round; }
.lane-name.thin { font-size: 11px; font-weight: 500; }
.lane.thin { stroke-width: 1; }
.picked-end { fill: var(--surface); stroke: var(--ink); stroke-width: 1.6; }
.way-name { font-size: 11px !important; fill: var(--muted) !important; paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; }
.cut-zone { fill: url(#cut-lanes); stroke: none; }
.zone-name { font-size: 11px !important; fill: var(--muted) !important; paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
.outage { fill: var(--down); }
.paused-bar { fill: var(--surface); stroke: var(--ink); stroke-width: 1.5; }
.slow-line { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-linejoin: round; }
.odd { fill: none; stroke: var(--ink); stroke-width: 1.8; }
.odd.clock { stroke-width: 2.6; stroke-dasharray: .1 5; stroke-linecap: round; }
.odd.lie { stroke: var(--dropped); stroke-width: 1.6; }
.odd.misroute { stroke-dasharray: 7 3 1.5 3; }
.timers { fill: none; stroke: var(--muted); stroke-width: 1.6; }
.notes { fill: var(--surface); stroke: var(--muted); }
.flag { color: var(--ink); }
.flag-count { font-size: 11px !important; font-weight: 650; }
.flag-line { stroke: var(--muted); stroke-dasharray: 2 3; }
.veil { fill: var(--surface); opacity: var(--veil); }
.playhead { stroke: var(--ink); stroke-width: 1.6; }
.pill { fill: var(--ink); }
.now-time { fill: var(--surface) !important; font-size: 11.5px !important; font-weight: 600; }
.op rect { stroke-width: 1.4; }
.op .column { stroke: none; fill: var(--muted); }
.op.good .column { fill: var(--good); }
.op.slow .column { fill: url(#late); }
.op.refused .column { fill: url(#refused); }
.op.wrong .column { fill: var(--dropped); }
.op.never .column { fill: var(--dropped); fill-opacity: .55; stroke: var(--dropped); stroke-width: .8; }
.late-hatch { stroke: var(--good); stroke-width: 2; }
.op .mark { fill: none; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.op.good rect { fill: var(--good); }
.op.good .mark { stroke: var(--on-good); }
.op.refused rect { fill: url(#refused); stroke: var(--dropped); }
.op.refused .mark { stroke: var(--ink); }
.op.slow rect { fill: var(--surface); stroke: var(--good); stroke-width: 2.2; }
.op.slow .mark { stroke: var(--ink); stroke-width: 1.5; }
.op.open rect { fill: none; stroke: var(--muted); stroke-dasharray: 4 3; }
.op.open .mark { stroke: var(--muted); }
.op.wrong rect { fill: var(--dropped); stroke: var(--ink); }
.op.wrong .mark { stroke: var(--surface); stroke-width: 2.4; }
.op.never rect { fill: var(--surface); stroke: var(--dropped); stroke-dasharray: 2 2.5; }
.op.never .mark { stroke: var(--dropped); }
.bar-text { font-size: 11px !important; }
.op.good .bar-text { fill: var(--on-good) !important; }
.op.wrong .bar-text { fill: var(--surface) !important; }
.op.refused .bar-text { paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
.share { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.share.before { stroke: var(--muted); stroke-width: 1.4; stroke-dasharray: 1 4; stroke-linecap: round; }
.under-target { fill: var(--dropped); opacity: .2; }
.target { stroke: var(--muted); stroke-dasharray: 6 4; }
.share-dot { stroke: var(--surface); stroke-width: 1.5; }
.share-dot.fine { fill: var(--good); }
.share-dot.below { fill: var(--dropped); }
.share-now { font-weight: 650; font-size: 13px !important; paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.share-now.fine { fill: var(--good-text) !important; }
.share-now.below { fill: var(--dropped-text) !important; }
.tip { position: absolute; z-index: 2; max-width: 290px; pointer-events: none; padding: 6px 10px; background: var(--ink); color: var(--surface); border-radius: 8px; font-size: 12px; overflow-wrap: anywhere; }
.tip b, .tip span { display: block; }
.under { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; justify-content: space-between; margin-top: 4px; padding-left: 2px; }
.key { flex: 1 1 220px; min-height: 38px; align-content: center; display: inline-flex; flex-wrap: wrap; gap: 2px 12px; color: var(--muted); font-size: 11.5px; }
.cut-zone { fill: url(#cut-lanes); }
.sign .cut-zone { fill: url(#cut-key); }
.key span { display: inline-flex; gap: 5px; align-items: center; }
.choices { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; margin-top: 4px; padding-left: 2px; color: var(--muted); font-size: 12.5px; }
.choices select { height: 28px; border: 1px solid var(--edge); border-radius: 6px; background: var(--surface); color: var(--ink); }
.filter[open] { flex-basis: 100%; order: 1; }
.filter.on summary { color: var(--ink); font-weight: 650; }
.filter-panel { padding: 6px 12px 8px; background: var(--sunken); border-radius: 8px; color: var(--ink); }
.filter fieldset { position: relative; border: 0; margin: 0; padding: 2px 0 2px 82px; display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: center; }
.filter legend { position: absolute; left: 0; top: 5px; padding: 0; font-weight: 650; }
.narrow .filter fieldset { padding: 22px 0 4px; }
.narrow .filter legend { top: 0; }
.filter label { display: inline-flex; gap: 4px; align-items: center; min-height: 24px; cursor: pointer; }
.filter input { width: 15px; height: 15px; margin: 0; accent-color: var(--delivered); }
.filter-news { color: var(--dropped-text); font-weight: 650; }
.causes { margin-top: 4px; padding-left: 2px; font-size: 12.5px; min-height: 19px; overflow-wrap: anywhere; }
.zoom { display: inline-flex; gap: 4px; align-items: center; color: var(--muted); font-size: 12px; margin-left: auto; }
.zoom .tool { min-width: 30px; min-height: 28px; }

.drive { display: grid; grid-template-columns: var(--left, 300px) minmax(0, 1fr); gap: 6px 22px; align-items: end; margin-top: 10px; padding-top: 10px; border-top: 1px solid var(--grid); }
.narrow .drive { grid-template-columns: minmax(0, 1fr); }
.narrow .scrub { order: -1; }
.buttons { display: flex; gap: 5px; align-items: center; }
.buttons .tool.play { background: var(--ink); border-color: var(--ink); color: var(--surface); min-width: 42px; }
.buttons .tool { min-width: 33px; }
.buttons select { margin-left: auto; min-width: 0; height: 34px; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface); padding: 0 4px; color: var(--muted); }
.scrub { padding-left: calc(var(--gutter, 0px) - 10px); }
.marks { margin-left: 10px; overflow: visible; }
.marks .window { fill: var(--line); opacity: .55; }
input[type="range"] { -webkit-appearance: none; appearance: none; display: block; width: calc(var(--plot, 100%) + 20px); max-width: calc(100% + 10px); height: 26px; margin: 0; background: none; cursor: pointer; }
input[type="range"]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--ink) var(--played, 0%), var(--edge) var(--played, 0%)); }
input[type="range"]::-moz-range-track { height: 4px; border-radius: 2px; background: var(--edge); }
input[type="range"]::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--ink); }
input[type="range"]::-webkit-slider-thumb { -webkit-appearance: none; width: 20px; height: 20px; margin-top: -8px; border-radius: 50%; background: var(--surface); border: 2.4px solid var(--ink); }
input[type="range"]::-moz-range-thumb { width: 15px; height: 15px; border-radius: 50%; background: var(--surface); border: 2.4px solid var(--ink); }

.tell { display: grid; grid-template-columns: var(--left, 300px) minmax(0, 1fr); gap: 0 22px; margin-top: 10px; }
.narrow .tell { grid-template-columns: minmax(0, 1fr); }
.panel { height: 132px; display: flex; flex-direction: column; border: 1px solid var(--edge); border-radius: 8px; padding: 6px 4px 4px 12px; font-size: 12px; min-width: 0; }
.panel-head { display: flex; gap: 2px 8px; align-items: baseline; min-height: 24px; padding-right: 4px; }
.panel-head b { font-size: 13px; flex: none; max-width: 50%; overflow: hidden; text-overflow: ellipsis; }
.panel-head b:empty { display: none; }
.panel-head span { flex: 1; min-width: 0; color: var(--muted); overflow-wrap: anywhere; }
.facts { overflow: auto; flex: 1; min-height: 0; padding-right: 6px; }
.facts div { display: grid; grid-template-columns: min(32%, 130px) minmax(0, 1fr); gap: 0 8px; padding: 1px 4px 1px 0; }
.facts dt { color: var(--muted); overflow-wrap: anywhere; }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.facts .news { box-shadow: inset 3px 0 0 var(--delivered); padding-left: 7px; margin-left: -7px; }
.facts .news dd span { font-weight: 650; }
.facts i { font-style: normal; color: var(--muted); }
.narrow .panel { margin: 6px 0 12px; height: 150px; }
.narrow .panel[data-empty] { display: none; }
.caption { padding: 9px 14px 10px; background: var(--sunken); border-radius: 8px; min-height: 82px; font-size: 13.5px; overflow-wrap: anywhere; }
.caption .why, .caption .users { color: var(--muted); font-size: 13px; }
.caption .breach { color: var(--dropped-text); font-weight: 600; }
.caption .users:not(:empty) { color: var(--ink); margin-top: 2px; }
.foot { display: flex; flex-wrap: wrap; gap: 2px 22px; align-items: baseline; margin-top: 8px; color: var(--muted); font-size: 12.5px; }
.foot details { min-width: 0; max-width: 100%; }
.foot details[open] { flex-basis: 100%; }
.busy { margin-top: 4px; font-weight: 600; }
:host([data-busy]) .plot { opacity: .55; transition: opacity .2s .3s; }
:host([data-busy]) .busy { color: var(--muted); font-weight: 400; }
summary { cursor: pointer; padding: 3px 0; }
.rows { max-height: 264px; overflow: auto; border: 1px solid var(--grid); border-radius: 8px; margin-top: 4px; }
.rows button { display: flex; gap: 12px; overflow-wrap: anywhere; width: 100%; border: 0; background: none; text-align: left; padding: 3px 10px; cursor: pointer; color: var(--ink); }
.rows button > span:first-child { flex: 0 0 82px; text-align: right; color: var(--muted); font-variant-numeric: tabular-nums; }
.rows button:hover { background: var(--sunken); }
.rows button[aria-current] { background: var(--sunken); box-shadow: inset 4px 0 0 var(--ink); font-weight: 600; }
.rows button:focus-visible { outline-offset: -2px; }
.rows .drop, .rows .crash, .rows .fault { color: var(--dropped-text); }
.rows i { font-style: normal; color: var(--muted); font-weight: 400; }
.keys dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); overflow-wrap: anywhere; gap: 2px 14px; padding: 4px 0; }
.keys dt { color: var(--ink); font-weight: 600; }
.keys dd { margin: 0; }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: pre-wrap; }

.narrow .head { flex-direction: column; }
.narrow .title { flex: none; }
.narrow .acts { width: 100%; }
.narrow.card { padding: 12px 12px 10px; }
.narrow .tools .tool, .narrow .buttons .tool { min-height: 44px; }
/* Two runs, one above the other. */
.half.card { border: 0; padding: 0; border-radius: 0; }
.half .drive, .half .caption, .half .keys, .half .link-to-moment, .half.second .head, .half.second .zoom { display: none; }
.half.second .right .choices { display: none; }
.half .tell { display: block; margin-top: 6px; }
.half .panel[data-empty] { display: none; }
.half.no-graph .left { display: none; }
.half.no-graph .stage, .no-graph .drive { grid-template-columns: minmax(0, 1fr); }
.no-graph .scrub { order: -1; }
.half .foot { margin: 2px 0 0; }
.halves > div + div { border-top: 1px solid var(--edge); margin-top: 10px; padding-top: 8px; }
.which { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: center; margin: 2px 0 6px; color: var(--muted); min-height: 28px; }
.which b { color: var(--ink); font-size: 14.5px; }
.not-run { fill: var(--grid); opacity: .6; }
.comparison > .caption { margin-top: 10px; }
.comparison .each { color: var(--muted); font-size: 13px; margin-top: 2px; }
.comparison .each b { color: var(--ink); }
.comparison .finding { margin-top: 6px; padding-top: 6px; border-top: 1px solid var(--edge); }
.graphs[aria-pressed="true"] { background: var(--sunken); box-shadow: inset 0 -2px 0 var(--delivered); }
.link-to-moment { display: inline-flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; min-width: 0; }
.link-field input { max-width: 100%; font: 12px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 3px 6px; }
@media (prefers-reduced-motion: no-preference) { .tool, .plain, .rows button { transition: background-color .12s; } .node .body { transition: fill .15s, stroke .15s; } }
@media (forced-colors: active) { input[type="range"] { forced-color-adjust: none; --ink: CanvasText; --edge: GrayText; --surface: Canvas; } .veil { display: none; } .tool[aria-pressed="true"] { border: 3px solid Highlight; } }
@media print {
  :host, :host([data-mode="dark"]) { ${LIGHT} color-scheme: light; }
  .card { break-inside: avoid; }
  .tools, .ask, .buttons, .zoom, .acts-tools, .scrub, .drive, .right .choices, .keys, .link-to-moment, .graphs, .panel[data-empty] { display: none !important; }
}
`;
