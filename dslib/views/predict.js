/* The question of `predict`, live: native radio buttons, or a number field. Python keeps the answer (predict.py).
 *
 * The model's `question` is {question, options, range, said, locked, status, alert, heard}; what the reader does goes back as
 * {say: answer} or {again: true}. Whatever can have the focus carries data-lm-suppress-shortcuts itself: JupyterLab would take the
 * arrow keys for moving between cells, and looks at the focused element before its surroundings.
 */

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (/^(input|button|select)$/.test(tag)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

let ids = 0;

function mount(host, first, tell) {
  const id = `dslib-predict-${++ids}-${Math.random().toString(36).slice(2, 8)}`;
  const fieldset = make("fieldset", {},
    make("legend", {}, make("span", { class: "dslib-kind" }, "Predict"), first.question));
  const inputs = [];
  if (first.range) {
    const [low, high, unit] = first.range;
    const input = make("input", { type: "number", min: low, max: high, step: "any", inputmode: "decimal", "aria-describedby": `${id}-range` });
    const commit = () => {
      if (input.value !== "") send({ say: Number(input.value) });
    };
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (event) => {       // JupyterLab keeps Enter from becoming a change
      if (event.key === "Enter") commit();
    });
    inputs.push(input);
    fieldset.append(make("label", { class: "dslib-number" }, make("span", {}, "Your number"), input, make("span", {}, unit)),
      make("span", { id: `${id}-range`, class: "dslib-muted" }, `from ${low} to ${high}`));
  } else {
    for (const option of first.options) {
      const input = make("input", { type: "radio", name: id, value: option });
      input.addEventListener("change", () => send({ say: option }));
      inputs.push(input);
      fieldset.append(make("label", {}, input, make("span", {}, option)));
    }
  }
  const send = (said) => {
    try {
      tell(said);
    } catch {                                            // anywidget cannot send
      alert.textContent = "Not kept: the kernel that asked is gone. Run this cell again.";
      alert.hidden = false;
    }
  };
  const status = make("p", { role: "status", class: "dslib-status" });
  const alert = make("p", { role: "alert", class: "dslib-alert" });
  const again = make("button", { type: "button" }, "Predict again");
  again.addEventListener("click", () => {
    send({ again: true });
    back = true;
  });
  let back = false;                                      // "Predict again" vanishes under the reader's finger
  const form = make("form", { class: "dslib-view dslib-card dslib-predict", novalidate: "" },
    fieldset, status, alert, again);
  form.addEventListener("submit", (event) => event.preventDefault());
  host.replaceChildren(form);

  function show(now) {
    fieldset.disabled = now.locked;
    for (const input of inputs) {
      if (input.type === "radio") input.checked = input.value === now.said;
      else if (document.activeElement !== input || now.said === null) input.value = now.said ?? "";
    }
    if (status.textContent !== now.status) status.textContent = now.status;
    if (alert.textContent !== now.alert) alert.textContent = now.alert;
    alert.hidden = !now.alert;
    again.hidden = !now.locked;
    if (back && !now.locked) {
      back = false;
      inputs[0].focus();
    }
  }
  show(first);
  return show;
}

export default {
  render({ model, el }) {
    const show = mount(el, model.get("question"), (said) => model.send(said));
    const changed = () => show(model.get("question"));
    model.on("change:question", changed);
    return () => model.off("change:question", changed);
  },
};
