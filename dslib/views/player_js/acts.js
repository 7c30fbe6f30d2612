/* Breaking things by hand: tools, the list of acts, undo and redo, and the questions to Python. */

class Acts extends Lanes {
  listenToGraph() {
    const here = (event) => {
      const box = this.graph.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const nodeAt = (event) => event.composedPath().find((n) => n.dataset?.node)?.dataset.node ?? null;
    let line = null, started = null;
    this.graph.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      started = { node: nodeAt(event), at: here(event) };
      if (this.live && this.tool === "cut") {
        line = [here(event)];
        this.graph.setPointerCapture(event.pointerId);
        event.preventDefault();
      }
    });
    this.graph.addEventListener("pointermove", (event) => {
      if (!line) return;
      const p = here(event), last = line[line.length - 1];
      if (Math.hypot(p[0] - last[0], p[1] - last[1]) < 2) return;
      line.push(p);
      this.stroke.setAttribute("points", line.map((q) => q.map(round).join(",")).join(" "));
      this.preview(linksCrossed(line, this.run.links, (name) => this.place(name)));
    });
    const finish = (event) => {
      const drawn = line;
      line = null;
      this.stroke?.setAttribute("points", "");
      const begun = started;
      started = null;
      if (event.type === "pointercancel") return this.preview([]);
      const moved = begun && Math.hypot(here(event)[0] - begun.at[0], here(event)[1] - begun.at[1]) > 6;
      if (drawn && drawn.length > 1 && moved) {
        const crossed = linksCrossed(drawn, this.run.links, (name) => this.place(name));
        this.preview([]);
        this.cutLinks(crossed, "The line crossed no link. Draw it across the links that you want to cut.");
      } else if (begun?.node && !moved) this.touchNode(begun.node, "click");
      else if (this.inspected) this.inspect(null);
    };
    this.graph.addEventListener("pointerup", finish);
    this.graph.addEventListener("pointercancel", finish);
    this.graph.addEventListener("keydown", (event) => {
      const node = nodeAt(event);
      if (!node || event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter")) return;
      if (event.key === "Enter" || event.key === " ") this.touchNode(node, event.key);
      else if (event.key.toLowerCase() === "x" && this.live) this.toggleCrash(node);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // A screen reader's "activate" comes as a click without a pointer.
    this.graph.addEventListener("click", (event) => { if (event.detail === 0 && nodeAt(event)) this.touchNode(nodeAt(event), "Enter"); });
  }

  preview(crossed) {
    const set = new Set(crossed);
    this.run.links.forEach((pair, i) => this.linkLines[i].classList.toggle("to-cut", set.has(pair)));
    if (!crossed.length) return;
    const acts = actsForCut(this.run, this.index, crossed, this.actTime());
    this.hint(acts.length ? `Let go to ${acts.map(sayFault).join(", ")} at ${sayTime(acts[0].at)} ms.` : "These links are cut already.");
  }

  touchNode(node, how) {
    if (this.live && this.tool === "crash") this.toggleCrash(node);
    else if (this.live && this.tool === "cut") {
      if (how === "Enter") {
        if (!this.chosen.size) this.chosen.add(node);
        this.cutOff();
      } else {
        if (!this.chosen.delete(node)) this.chosen.add(node);
        this.showChosen();
      }
    } else this.inspect(this.inspected === node ? null : node);
  }

  inspect(node) {
    this.inspected = node;
    if (node) this.showInspected();
    else this.hint();
    this.showGraph();
  }

  showChosen() {
    const names = this.run.nodes.filter((name) => this.chosen.has(name));
    this.showGraph();
    if (!names.length) return this.hint();
    const cut = make("button", { type: "button", class: "plain cut-off", onclick: () => this.cutOff() }, `Cut off ${listed(names)}`);
    this.hint("Chosen. Choose more, or ", cut);
  }

  // -- breaking things --------------------------------------------------------------------------------------------

  useTool(tool) {
    if (!this.live) return;
    this.tool = tool;
    this.chosen.clear();
    if (tool !== "point") this.inspected = null;
    this.showTools();
    this.hint();
    this.showGraph();
  }

  showTools() {
    for (const name of ["point", "cut", "crash"]) this[name + "Button"].setAttribute("aria-pressed", this.tool === name);
    this.$(".graph").dataset.tool = this.live ? this.tool : "point";
  }

  hint(...parts) {
    const line = this.$(".hint");
    if (parts.length) return this.keepFocus(() => line.replaceChildren(...parts));
    const words = !this.live ? (this.run.bundle.live ? "" : "A recorded run. Open it in JupyterLab to break it by hand.")
      : this.tool === "cut" ? "Draw a line through the links to cut. Keyboard: Tab to a node, Space chooses it, Enter cuts it off."
      : this.tool === "crash" ? "Click a node to crash it at the playhead. Click it again to restart it."
      : "Click a node to read its state. Drag the playhead to any moment, then cut or crash there.";
    this.keepFocus(() => line.replaceChildren(words));
  }

  /** The time of a new act: just after what the reader has seen, so that none of it changes. */
  actTime() {
    const { run, time } = this, grain = run.end > 20000 ? 1 : 0.1;
    if (time <= 0) return 0;
    let ticks = Math.ceil(time / grain - 1e-9);
    if (run.events[this.index]?.[0] >= ticks * grain - 1e-9) ticks += 1;
    return Math.min(run.end, Math.round(ticks * grain * 1000) / 1000);
  }

  upNow(node) {
    let up = isUp(this.run, node, this.index);
    if (this.asked) {                                     // Python has not answered yet: count what was asked, too
      for (const act of this.acts) {
        if (act.at <= this.actTime() && act.args[0] === node && (act.call === "crash" || act.call === "restart")) up = act.call === "restart";
      }
    }
    return up;
  }

  toggleCrash(node) { this.add([{ at: this.actTime(), call: this.upNow(node) ? "crash" : "restart", args: [node] }]); }

  cutLinks(crossed, otherwise) {
    if (!crossed.length) return this.hint(otherwise);
    const acts = actsForCut(this.run, this.index, crossed, this.actTime());
    if (!acts.length) return this.hint("These links are cut already. Heal mends them.");
    this.add(acts);
  }

  cutOff() {
    const inside = this.chosen, crossed = this.run.links.filter(([a, b]) => inside.has(a) !== inside.has(b));
    const all = inside.size === this.run.nodes.length;
    this.cutLinks(crossed, all ? "All nodes are chosen: there is nothing to cut them off from." : "No link leads out of what you chose.");
    this.chosen = new Set();
    this.showGraph();
  }

  heal() {
    if (!this.live) return;
    const cut = cutsAt(this.run, this.index).blocked.size || (this.asked && this.acts.some((a) => a.at <= this.time && a.call.startsWith("network.")));
    if (!cut) return this.hint(`Nothing is cut at ${ms(this.time)}.`);
    this.add([{ at: this.actTime(), call: "network.heal", args: [] }]);
  }

  add(acts) {
    const at = acts[0].at, end = at >= this.run.end;
    this.past.push(this.acts);
    this.future = [];
    this.ask([...this.acts, ...acts].sort((a, b) => a.at - b.at));
    this.time = Math.min(at, this.run.end);               // at most a tenth of a ms further, so that its effect is seen
    this.go(this.time);
    this.hint(end ? "This is the end of the run, so nothing can follow. Drag the playhead back and act there." : `${acts.map(sayFault).join(", ")} at ${sayTime(at)} ms.`);
  }

  undo() {
    if (!this.live || !this.past.length) return;
    this.future.push(this.acts);
    this.swap(this.past.pop());
  }

  redo() {
    if (!this.live || !this.future.length) return;
    this.past.push(this.acts);
    this.swap(this.future.pop());
  }

  /** Undo is another list of acts; say what is different in it. */
  swap(acts) {
    const words = (list) => list.map(faultLabel), was = words(this.acts), is = words(acts);
    const gone = was.filter((label) => !is.includes(label)), back = is.filter((label) => !was.includes(label));
    this.ask(acts);
    this.hint([gone.length ? `Taken back: ${gone.join(", ")}.` : "", back.length ? `Again: ${back.join(", ")}.` : ""].filter(Boolean).join(" ") || "As before.");
  }

  /** Hand the complete list to Python. It stays here until Python has answered for it. */
  ask(acts) {
    this.acts = acts;
    this.request += 1;
    this.asked = { request: this.request, result: this.asked?.result ?? sayResult(this.run) };
    this.showActs();
    this.$(".busy").textContent = "Python runs it again…";
    this.host.setAttribute("data-busy", "");
    clearTimeout(this.patienceTimer);
    this.patienceTimer = setTimeout(() => this.complain(), this.patience);
    try {
      this.options.onActs(acts.map(({ at, call, args, options }) => ({ at, call, args, ...(options && { options }) })), this.request);
    } catch (error) {
      clearTimeout(this.patienceTimer);
      this.showTrouble(`The notebook could not send this to Python (${error.message}). Run the cell again. Your acts are kept: “Copy code” gives them as Python.`);
    }
  }

  answer(bundle) {
    clearTimeout(this.patienceTimer);
    const was = this.asked.result;
    this.asked = null;
    this.host.removeAttribute("data-busy");
    const is = sayResult(this.run);
    this.$(".busy").textContent = bundle.error ? "" : was === is ? `The whole run: ${is}, as before.` : `The whole run: ${is}. Before: ${was}.`;
  }

  complain() {
    this.showTrouble(`Python has not answered for ${Math.round(this.patience / 1000)} seconds. If another cell is running, wait for it to finish. `
      + "If the kernel was stopped or restarted, run this cell again. Your acts are kept: “Copy code” gives them as Python.");
  }

  showTrouble(message) {
    const box = this.$(".trouble");
    box.hidden = !message;
    if (message) box.textContent = message;
  }

  showActs() { this.keepFocus(() => this.drawActs()); }

  drawActs() {
    const chips = this.acts.map((act, i) => {
      const label = faultLabel(act), waiting = this.asked && !act.code;
      return make("li", { class: waiting ? "chip waiting" : "chip" },
        make("button", { type: "button", class: "chip-go", title: faultCode(act), onclick: () => this.go(act.at) }, label),
        this.live ? make("button", { type: "button", class: "chip-x", "aria-label": `Remove: ${label}`, title: "Remove", onclick: () => this.remove(i) }, "×") : null);
    });
    this.$(".chips").replaceChildren(...chips);
    this.$(".none").textContent = chips.length ? "" : "Nothing is broken yet.";
    // Not `disabled`: a button that is disabled under the keyboard loses the focus.
    this.$(".copy").setAttribute("aria-disabled", !chips.length);
    this.$(".undo").setAttribute("aria-disabled", !this.past.length);
    this.$(".redo").setAttribute("aria-disabled", !this.future.length);
    this.showTools();
    if (!this.$(".hint").textContent) this.hint();
  }

  remove(i) {
    this.past.push(this.acts);
    this.future = [];
    this.swap(this.acts.filter((_, k) => k !== i));
  }

  async copyCode() {
    if (!this.acts.length) return;
    const code = this.acts.map(faultCode).join("\n"), box = this.$(".code"), area = this.$("textarea");
    area.value = code;
    try {
      await navigator.clipboard.writeText(code);
      this.$(".copy").textContent = "Copied";
      setTimeout(() => { this.$(".copy").textContent = "Copy code"; }, 1600);
      this.sayAloud("Copied");
    } catch {                                             // no permission, or a page opened from disk: show it instead
      box.hidden = false;
      area.rows = Math.min(8, this.acts.length + 1);
      area.focus();
      area.select();
    }
  }
}
