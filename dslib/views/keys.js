/* Keys that belong to the notebook although the focus is in one of our forms, cards or pictures. Put before each widget's module.
 *
 * What has the focus there carries data-lm-suppress-shortcuts, or JupyterLab would take the arrow keys; it then loses the
 * running of cells, too. So these are handed back: Shift+Enter runs the next cell (the one that shows the form has been run,
 * and running it again would throw away what was done in it), Ctrl+Enter runs this cell again, Escape leaves for the notebook.
 * Outside of a notebook nothing happens.
 */

function keysOfTheNotebook(event) {
  const run = event.key === "Enter" && !event.altKey && (event.shiftKey || event.ctrlKey || event.metaKey);
  const leave = event.key === "Escape" && !event.defaultPrevented;  // prevented: the view had a use for it
  if (!event.isTrusted || !(run || leave)) return;
  const view = event.target.closest?.(".dslib-view, .dslib-player");
  const cell = view?.closest(".jp-Notebook .jp-Cell");
  if (!cell || !event.target.closest("[data-lm-suppress-shortcuts]")) return;
  event.preventDefault();                                // or Enter presses the button that has the focus
  event.stopPropagation();
  let next = null;
  if (run && event.shiftKey) {
    next = cell.nextElementSibling;
    while (next && !(next.matches(".jp-Cell") && next.getClientRects().length)) next = next.nextElementSibling;
  } else if (run) next = cell;
  (next ?? cell).focus({ preventScroll: true });         // the notebook makes it the active cell, in command mode
  if (!next) return;
  const { key, code, keyCode, shiftKey, ctrlKey, metaKey } = event;
  next.dispatchEvent(new KeyboardEvent("keydown", { key, code, keyCode, shiftKey, ctrlKey, metaKey, bubbles: true, cancelable: true, composed: true }));
}

// Once for a page, however many modules it has; for all of it, since the cards of `check` and `recap` have no script.
if (!document.dslibKeys) {
  document.dslibKeys = keysOfTheNotebook;
  document.addEventListener("keydown", keysOfTheNotebook);
}
