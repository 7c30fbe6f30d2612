/* A link to the moment shown: an address in a page, an argument of Python in a notebook. `options.link(time)` gives its text. */

const LINK = `<span class="link-to-moment" hidden><button type="button" class="plain copy-link">Link to this moment</button>
      <label class="link-field" hidden><span></span> <input type="text" readonly spellcheck="false"></label></span>`;

const linkLabel = ({ options }) => options.linkLabel ?? "Link to this moment";

/** `shown` is a player or a comparison: it has $, root, options, time and sayAloud(text). */
function furnishLink(shown) {
  if (!shown.options.link) return;
  const button = shown.$(".copy-link");
  shown.$(".link-to-moment").hidden = false;
  button.textContent = linkLabel(shown);
  button.title = `${linkLabel(shown)} (M)`;
  button.addEventListener("click", () => copyMoment(shown));
}

async function copyMoment(shown) {
  if (!shown.options.link) return;
  const text = shown.options.link(shown.time), button = shown.$(".copy-link"), field = shown.$(".link-field");
  try {
    await navigator.clipboard.writeText(text);
    field.hidden = true;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = linkLabel(shown); }, 1600);
    shown.sayAloud(`Copied: ${text}`);
  } catch {                                               // no permission: show it instead, ready to be copied
    const input = field.querySelector("input");
    field.hidden = false;
    field.querySelector("span").textContent = `At ${ms(shown.time)}:`;
    input.value = text;
    input.size = Math.min(60, text.length + 2);
    input.focus();
    input.select();
  }
}

/** "#t=123.4" or "#player-2@123.4": {number, time}, or null where it is neither. */
function readFragment(fragment) {
  const found = /^#(?:t=|player-(\d+)@)(\d+(?:\.\d+)?)$/.exec(fragment);
  return found && { number: Number(found[1] ?? 1), time: Number(found[2]) };
}

const fragmentFor = (number, alone, time) => alone ? `#t=${sayTime(time)}` : `#player-${number}@${sayTime(time)}`;
