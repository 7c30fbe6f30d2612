/* The game of `betray`: who the traitor is, what is ordered, what the traitor says to whom; and how the war ends.
 *
 * The model's `game` is what traitor.py makes: the picture, whose arrow is whose, and every war, fought already. Its `state` is
 * {at, tried}. All is played here, also when the kernel is gone; the kernel only hears what was tried: {tried: war}.
 * forms.js stands before it.
 */

const ORDERS = ["attack", "retreat"];

function mountTraitor(host, game, first, tell) {
  const id = unique();
  const { n, lines, wars } = game;
  const tried = new Set(first.tried);

  function choice(name, words, options, labels = options) {
    const inputs = options.map((value) => make("input", { type: "radio", name: `${id}-${name}`, value }));
    const group = make("div", { role: "radiogroup", class: "dslib-line", "aria-labelledby": `${id}-${name}` },
      make("span", { id: `${id}-${name}` }, words), ...inputs.map((input, i) => make("label", {}, input, make("span", {}, labels[i]))));
    for (const input of inputs) {
      input.addEventListener("change", changed);
      input.addEventListener("keydown", (event) => {     // JupyterLab keeps Enter from sending the form
        if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        form.requestSubmit();
      });
    }
    inputs[0].checked = true;
    return { group, get: () => inputs.find((input) => input.checked).value, set: (value) => { inputs.find((input) => input.value === value).checked = true; } };
  }

  const all = [...Array(n).keys()];
  const who = choice("who", "You are", all.map(String), all.map((i) => (i ? `g${i}` : "g0, the commander")));
  const order = choice("order", "The order is", ORDERS);
  const asked = lines.map(([by, to], k) => ({ by, k, ...choice(`say-${k}`, `You tell g${to}`, ORDERS) }));
  const help = make("p", { class: "dslib-muted" });
  const fieldset = make("fieldset", {},
    make("legend", {}, make("span", { class: "dslib-kind" }, "You are the traitor"), `Lie to the others of ${n} generals.`),
    who.group, order.group, help, ...asked.map(({ group }) => group));
  const send = make("button", { type: "submit" }, "Send");
  const fresh = make("button", { type: "button" }, "Try another lie");
  const told = make("p", { class: "dslib-told", role: "status" });
  const tally = make("p", { class: "dslib-muted" });
  const figure = make("div", { class: "dslib-scroll", tabindex: "0", role: "group", "aria-label": "Who says what to whom" });
  figure.innerHTML = game.svg;
  const svg = figure.querySelector("svg");
  const form = make("form", { class: "dslib-view dslib-card dslib-check", novalidate: "" },
    fieldset, make("div", { class: "dslib-buttons" }, send, fresh), told, figure, tally);
  host.replaceChildren(form);

  const traitor = () => Number(who.get());
  const mine = () => asked.filter(({ by }) => by === traitor());
  const call = () => [traitor(), order.get(), ...mine().map((line) => line.get())].join(" ");

  /** The picture: every arrow that is known says its order. Before anything is sent, what the loyal will do is open. */
  function draw(war) {
    const you = traitor();
    for (const [k, [by, to]] of lines.entries()) {
      const own = asked[k].get();
      const word = war ? war.said[k] : by === you ? own[0].toUpperCase() : by === 0 ? order.get()[0].toUpperCase() : "?";
      const lie = by === you && own !== order.get();
      const arrow = svg.querySelector(`[data-message="${k}"]`);
      const colour = lie ? game.colours.lie : game.colours.true;
      arrow.setAttribute("stroke", colour);
      arrow.querySelector(".way").setAttribute("stroke-dasharray", lie ? "5 4" : "none");
      arrow.querySelector(".tip").setAttribute("fill", colour);
      arrow.querySelector(".says").setAttribute("d", game.shapes[word] ?? "");
      arrow.querySelector("text").textContent = word;
    }
    for (const i of all) {
      const general = svg.querySelector(`[data-general="${i}"]`);
      general.querySelector(".rank").setAttribute("d", i === you ? game.shapes.traitor : game.shapes.loyal);
      const rank = [i === 0 ? "commander" : "", i === you ? "you" : ""].filter(Boolean).join(", ");
      general.querySelector(".loyalty").textContent = rank;
      const does = war && i ? (war.done[i] === "A" ? "attacks" : "retreats") : "?";
      general.querySelector(".does").textContent = i === you ? "" : i ? does : `orders ${order.get()}`;
    }
    svg.setAttribute("aria-label", war ? `War of generals. ${war.tell}` : "War of generals. Nothing has been sent yet.");
  }

  function tallyUp() {
    const won = [...tried].filter((name) => wars[name].won).length, total = Object.keys(wars).length;
    const rest = tried.size === total ? `You have tried all ${total} ways to lie` : `You have tried ${tried.size} of ${total} ways to lie`;
    tally.textContent = `${rest}, and won ${count(won, "time")}.`;
    fresh.disabled = tried.size === total;
  }

  function changed() {
    for (const line of asked) line.group.hidden = line.by !== traitor();
    help.textContent = traitor()
      ? `g0 tells you: ${order.get()}. Tell the others what you like.`
      : "You command. You need not pass the order on; tell each what you like.";
    for (const line of asked) line.group.firstChild.textContent = traitor() ? `You tell g${lines[line.k][1]} that g0 said` : `You tell g${lines[line.k][1]}`;
    told.textContent = "";
    form.classList.remove("dslib-met", "dslib-missed");
    draw(null);
  }

  function fight() {
    const name = call(), war = wars[name];
    draw(war);
    told.textContent = `${war.won ? "✓" : "✗"} ${war.tell}`;
    form.classList.toggle("dslib-met", war.won);
    form.classList.toggle("dslib-missed", !war.won);
    tried.add(name);
    tallyUp();
    return name;
  }

  function choose(name) {
    const [you, what, ...says] = name.split(" ");
    who.set(you);
    order.set(what);
    mine().forEach((line, i) => line.set(says[i]));
    changed();
  }

  function sent() {
    const name = fight();
    try {
      tell(name);
    } catch { /* the kernel is gone: the game goes on without it */ }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sent();
  });
  fresh.addEventListener("click", () => {
    const next = Object.keys(wars).find((name) => !tried.has(name));
    if (next === undefined) return;
    choose(next);
    sent();
    if (fresh.disabled) send.focus();
  });

  /** What Python was told to send. */
  function adopt(now) {
    for (const name of now.tried) tried.add(name);
    if (now.at) {
      choose(now.at);
      fight();
    }
    tallyUp();
  }
  who.set(String(n - 1));
  changed();
  adopt(first);
  return adopt;
}

function wake() {
  wakeAll("traitor", (host, { game, state }) => {
    mountTraitor(host, game, state, () => {});
    host.className = "";                                 // the form brings the frame
  });
}

export default {
  render({ model, el }) {
    const adopt = mountTraitor(el, model.get("game"), model.get("state"), (tried) => model.send({ tried }));
    const changed = () => adopt(model.get("state"));
    model.on("change:state", changed);
    return () => model.off("change:state", changed);
  },
};
