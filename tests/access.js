/* What axe does not look at: contrast and size inside an SVG, and whether the focus shows. access.py calls these functions. */

(() => {
  const parentOf = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;

  /** All elements below a root, open shadow roots included. */
  const below = function* (root) {
    for (const e of root.children) {
      yield e;
      if (e.shadowRoot) yield* below(e.shadowRoot);
      yield* below(e);
    }
  };
  const within = (selector) => [...document.querySelectorAll(selector)].flatMap((root) =>
    [root, ...(root.shadowRoot ? below(root.shadowRoot) : []), ...below(root)]);

  /** Where something is: its tag and classes, the picture around it, and the part of the page. */
  const placeOf = (e) => {
    const picture = (e.closest("[class*=picture]") ?? e.closest("svg"))?.getAttribute("class") || "svg";
    let section = e;
    while (section && !section.id) section = parentOf(section);
    return `${e.tagName}.${[...e.classList].join(".")} in ${picture} in ${section?.id ?? "page"}`;
  };

  // -- colours ------------------------------------------------------------------------------------------------------

  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  /** Any CSS colour as [r, g, b, alpha]. */
  const rgba = (colour) => {
    if (!known.has(colour)) {
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => a * c + (1 - a) * under[i]);

  /** Relative luminance and contrast as WCAG 2.2 defines them. */
  const luminance = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const s = c[i] / 255;
    return sum + weight * (s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4);
  }, 0);
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  /** The colour that an element of HTML stands on. */
  const paper = (element) => {
    const layers = [];
    for (let e = element; e; e = parentOf(e)) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, colour) => over(colour, under), [255, 255, 255]);
  };

  const opacityOf = (element) => {
    let opacity = 1;
    for (let e = element; e instanceof SVGElement; e = parentOf(e)) opacity *= Number(getComputedStyle(e).opacity);
    return opacity;
  };

  /** The colour of a fill or stroke with all its opacity; null where there is none, or a pattern. */
  const colourOf = (element, style, what) => {
    const colour = style[what];
    if (colour === "none" || colour.startsWith("url") || (what === "stroke" && !parseFloat(style.strokeWidth))) return null;
    const [r, g, b, a] = rgba(colour), alpha = a * Number(style[`${what}Opacity`]) * opacityOf(element);
    return alpha > 0 ? [r, g, b, alpha] : null;
  };

  // -- contrast in pictures -----------------------------------------------------------------------------------------

  const MARKS = "path, line, circle, rect, polyline, polygon, ellipse";
  const SHADE = { fill: 0.5, stroke: 0.2 };          // what is fainter than this is a ground, or a grid line

  /** The better contrast of an element's fill and stroke; null for what is no mark. */
  const markContrast = (element, style, under) => {
    const colours = ["fill", "stroke"].filter((what) => what === "stroke" || element.tagName !== "line")
      .map((what) => [colourOf(element, style, what), SHADE[what]]).filter(([colour, least]) => colour?.[3] >= least);
    return colours.length ? Math.max(...colours.map(([colour]) => contrast(over(colour, under), under))) : null;
  };

  const wordsContrast = (element, style, under) => {
    const ink = colourOf(element, style, "fill"), edge = colourOf(element, style, "stroke");
    const cleared = edge && parseFloat(style.strokeWidth) >= 2 && style.paintOrder.startsWith("stroke");
    const behind = cleared ? over(edge, under) : under;
    return ink && contrast(over(ink, behind), behind);
  };

  /** Whether a filled shape holds a point of the screen. */
  const holder = (element) => {
    const box = element.getBoundingClientRect(), place = element.getScreenCTM()?.inverse();
    return (x, y) => place && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom
      && element.isPointInFill(new DOMPoint(x, y).matrixTransform(place));
  };

  /** How many marks and words the pictures have, and those with less contrast than 3 and 4.5 to 1 to what is under them. */
  const faint = ([selector, ornaments]) => {
    const found = new Map();
    let marks = 0, texts = 0;
    const judge = (element, ratio, least, words = "") => {
      if (ratio >= least - 0.005) return;
      const line = `${placeOf(element)}${words}: ${ratio.toFixed(2)} to 1`;
      found.set(line, (found.get(line) ?? 0) + 1);
    };
    for (const svg of within(selector)) {
      if (svg.tagName !== "svg" || svg.parentElement?.closest("svg") || !svg.getClientRects().length) continue;
      const ground = paper(svg.parentElement ?? parentOf(svg)), shapes = [];
      for (const element of svg.querySelectorAll(`${MARKS}, text`)) {
        const style = getComputedStyle(element), box = element.getBoundingClientRect();
        const drawn = !element.closest("defs, marker");               // what stands in defs is drawn elsewhere
        if (style.visibility !== "visible" || element.closest("clipPath") || (drawn && !box.width && !box.height)) continue;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const under = shapes.reduce((colour, shape) => drawn && shape.holds(x, y) ? over(shape.fill, colour) : colour, ground);
        if (element.tagName === "text") {
          const words = element.textContent.trim(), ratio = words && wordsContrast(element, style, under);
          if (!ratio) continue;
          texts += 1;
          judge(element, ratio, /[\p{L}\p{N}]/u.test(words) ? 4.5 : 3, ` “${words.slice(0, 20)}”`);   // ✓ and × are marks
          continue;
        }
        const fill = element.tagName === "line" ? null : colourOf(element, style, "fill");
        if (drawn && fill) shapes.push({ fill, holds: holder(element) });
        const ratio = ornaments && element.matches(ornaments) ? null : markContrast(element, style, under);
        if (ratio === null) continue;
        marks += 1;
        // A mark on a mark, such as a tick on a bar, shows by one of the two; what reaches beyond shows on the ground.
        judge(element, Math.max(ratio, under === ground ? 0 : markContrast(element, style, ground)), 3);
      }
    }
    return { marks, texts, faint: [...found].map(([line, n]) => n > 1 ? `${line} (${n} times)` : line) };
  };

  // -- contrast of text ---------------------------------------------------------------------------------------------

  const opacityAround = (element) => {
    let opacity = 1;
    for (let e = element; e; e = parentOf(e)) opacity *= Number(getComputedStyle(e).opacity);
    return opacity;
  };
  const ownWords = (element) => [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();

  /** How many texts of HTML there are, and those with less contrast to their ground than 4.5 to 1, large ones than 3 to 1. This is
   *  axe's rule color-contrast, which takes seconds for a long page because it also asks what may lie in front of a text. */
  const pale = (selector) => {
    const found = new Map();
    let texts = 0;
    for (const element of within(selector)) {
      if (element instanceof SVGElement || element.matches("style, script, noscript, option, :disabled, [aria-disabled=true]")) continue;
      const words = ownWords(element);
      if (!words || !element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue;
      const style = getComputedStyle(element), size = parseFloat(style.fontSize), ground = paper(element);
      const [r, g, b, a] = rgba(style.color), least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      const ratio = contrast(over([r, g, b, a * opacityAround(element)], ground), ground);
      texts += 1;
      if (ratio < least - 0.005) found.set(`${placeOf(element)}: ${ratio.toFixed(2)} to 1`, words.slice(0, 30));
    }
    return { texts, pale: [...found].map(([line, words]) => `${line}: “${words}”`) };
  };

  // -- letters ------------------------------------------------------------------------------------------------------

  const UNSEEN = "style, script, option, .dslib-said, .aloud";

  /** How many texts there are, in HTML and in SVG, and those whose letters reach the reader smaller than `least` px. */
  const small = ([selector, least]) => {
    const found = new Map();
    let texts = 0;
    for (const element of within(selector)) {
      const words = ownWords(element);
      const box = element.getBoundingClientRect(), style = getComputedStyle(element);
      const seen = box.width >= 2 && box.height >= 2 && style.visibility === "visible" && !element.closest(UNSEEN);
      if (!words || !seen) continue;
      const place = element.ownerSVGElement ? element.getScreenCTM() : null;
      const scale = place ? Math.sqrt(Math.abs(place.a * place.d - place.b * place.c)) : 1;
      const size = parseFloat(style.fontSize) * scale;
      texts += 1;
      if (size < least - 0.05) found.set(`${placeOf(element)}: ${size.toFixed(1)} px`, words.slice(0, 30));
    }
    return { texts, small: [...found].map(([line, words]) => `${line}: “${words}”`) };
  };

  // -- focus --------------------------------------------------------------------------------------------------------

  const SHOWN = ["boxShadow", "stroke", "strokeWidth", "fill", "borderTopColor"];
  const OUTLINE = ["outlineStyle", "outlineWidth", "outlineColor", "outlineOffset"];

  const look = (element) => [element, ...element.querySelectorAll("*")].map((e) => {
    const style = getComputedStyle(e), what = style.outlineStyle === "none" ? SHOWN : [...SHOWN, ...OUTLINE];
    return what.map((name) => style[name]).join(" ");
  }).join("|");

  const rested = new Map(), numbers = new Map();

  /** Remember how everything looks that Tab can reach. */
  const rest = () => {
    for (const element of within("body")) if (element.tabIndex >= 0) rested.set(element, look(element));
  };

  /** What has the focus, and whether it shows. */
  const focused = () => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return null;
    if (!numbers.has(element)) numbers.set(element, numbers.size);
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const words = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 30);
    return {
      number: numbers.get(element), id: element.id, name: `${placeOf(element)} “${words}”`,
      changed: look(element) !== rested.get(element),
      ratio: style.outlineStyle === "none" ? null : contrast(rgba(style.outlineColor), paper(parentOf(element))),
      seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    };
  };

  // -- calm ---------------------------------------------------------------------------------------------------------

  /** What changes its place or size bit by bit. What fades, fades. */
  const moving = (selector) => within(selector).flatMap((e) => {
    const style = getComputedStyle(e), { animationName } = style;
    const [names, lasts] = [style.transitionProperty.split(", "), style.transitionDuration.split(", ")];
    const moves = names.filter((name, i) => parseFloat(lasts[i % lasts.length]) > 0 && name !== "opacity");
    return animationName !== "none" || moves.length ? [`${placeOf(e)}: ${animationName} ${moves}`] : [];
  });

  window.access = { faint, pale, small, rest, focused, moving };
})();
