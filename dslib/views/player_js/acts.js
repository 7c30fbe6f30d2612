/* The list of acts: undo and redo, chips, copying as code, and the questions to Python. */

class Acts extends Panel {
  /** The time of a new act: just after what the reader has seen, so that none of it changes. */
  actTime() {
    const { run, time } = this, grain = run.end > 20000 ? 1 : 0.1;
    if (time <= 0) return 0;
    let ticks = Math.ceil(time / grain - 1e-9);
    if (run.events[this.index]?.[0] >= ticks * grain - 1e-9) ticks += 1;
    return Math.min(run.end, Math.round(ticks * grain * 1000) / 1000);
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
      this.giveUpWaiting();
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
