/* Playing: the buttons, the speed, and the clock that moves a playhead. Whoever is driven has `time`, `end`, go(time), step(n),
 * forward() (one event on, or to the end) and paused(). */

class Playback {
  constructor(driven, button) {
    this.driven = driven;
    this.frame = null;
    this.playing = false;
    const icons = { start: "To the start (Home)", back: "One event back (←)", play: "Play (Space)", forward: "One event on (→)", end: "To the end (End)" };
    const acts = { start: () => driven.go(0), back: () => driven.step(-1), play: () => this.toggle(), forward: () => driven.step(1), end: () => driven.go(driven.end) };
    this.buttons = Object.keys(icons).map((name) => button(name, icons[name], acts[name]));
    this.playButton = this.buttons[2];
    this.speed = make("select", { "aria-label": "Speed", title: "Speed", onchange: () => { this.speedChosen = true; } },
      ...SPEEDS.map((s) => make("option", { value: s }, speedLabel(s))));
  }

  /** Nine seconds for what the window shows, until the reader chooses. */
  proposeSpeed(span) {
    if (this.speedChosen) return;
    const wanted = span / 9000;
    this.speed.value = SPEEDS.reduce((a, s) => Math.abs(Math.log(s / wanted)) < Math.abs(Math.log(a / wanted)) ? s : a);
  }

  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    const { driven } = this, calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (driven.time >= driven.end) driven.go(0);
    this.playing = true;
    this.showButton();
    let last = null;
    const tick = (now) => {
      if (!this.playing) return;
      if (!calm) {
        const passed = last === null ? 0 : now - last;
        last = now;
        driven.go(driven.time + Math.min(passed, 100) * Number(this.speed.value));
      } else if (last === null || now - last > 900) {     // reduced motion: event by event, nothing glides
        last = now;
        driven.forward();
      }
      if (driven.time >= driven.end) this.pause();
      else this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.frame);
    this.playing = false;
    this.showButton();
    this.driven.paused();
  }

  showButton() {
    const name = this.playing ? "pause" : "play", label = this.playing ? "Pause (Space)" : "Play (Space)";
    this.playButton.replaceChildren(icon(name));
    this.playButton.setAttribute("aria-label", label);
    this.playButton.title = label;
  }
}
