// What JupyterLab's page lacks for whoever listens: names, and roles that belong together.

const MENDS = [
  [".cm-content:not([aria-label])", (editor) => {
    const cell = editor.closest(".jp-Cell");
    editor.setAttribute("aria-label", cell?.classList.contains("jp-CodeCell") ? "Code of this cell" : "Text of this cell");
  }],
  ["[role=feed] > .jp-Cell:not([role])", (cell) => cell.setAttribute("role", "article")],
  [".jp-collapseHeadingButton:not([aria-label])", (button) => button.setAttribute("aria-label", "Fold this section")],
  ["#jp-NotebookLogo:not([aria-label])", (link) => link.setAttribute("aria-label", "All notebooks")],
  [".skip-link[href='#first-cell']", (link) => {
    link.setAttribute("href", "#main-panel");
    link.tabIndex = 0;
  }],
  ["jp-button[title='More commands'][aria-pressed]", (button) => button.removeAttribute("aria-pressed")],
];

function mend() {
  for (const [lacking, how] of MENDS) for (const element of document.querySelectorAll(lacking)) how(element);
}

/** Mend what is there, and what comes, at most five times a second. */
export function keepMending() {
  let waits = false;
  new MutationObserver(() => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      mend();
    }, 200);
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-pressed"] });
  mend();
}
