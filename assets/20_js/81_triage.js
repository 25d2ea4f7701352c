// Keys of triage. On an alert J and K walk the queue, A takes, E escalates, C closes; in the list of alerts J and K
// walk the rows, X chooses one, Enter opens it; among drawn messages J and K walk, R says read, E escalates.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const GRID = "compliance-alerts--alerts--grid";
  let lastG = 0;

  function neighbour(step) {
    const rows = [...document.querySelectorAll(".queue a")];
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[Math.min(Math.max(here < 0 ? 0 : here + step, 0), rows.length - 1)];
    if (next && !next.hasAttribute("aria-current")) next.click();
  }

  function unfold(name, within) {
    const part = (within || document).querySelector(`details[data-act="${name}"]`);
    if (!part) return;
    part.open = true;
    const first = part.querySelector("select, textarea");
    if (first) first.focus();
    part.scrollIntoView({ block: "nearest" });
  }

  function press(selector, within) {
    const button = within && within.querySelector(selector);
    if (button) button.click();
  }

  // --- the list of alerts ---
  const inGrid = (act) => window.dash_ag_grid && document.getElementById(GRID) && window.dash_ag_grid.getApiAsync(GRID).then(act);

  function walk(api, step) {
    const here = api.getFocusedCell();
    const place = here ? here.rowIndex + step : 0;
    if (place < 0 || place >= api.getDisplayedRowCount()) return;
    api.ensureIndexVisible(place);
    api.setFocusedCell(place, "title");
  }

  function focused(api, act) {
    const here = api.getFocusedCell();
    const node = here && api.getDisplayedRowAtIndex(here.rowIndex);
    if (node && node.data) act(node);
  }

  // What was decided changes rows that the grid holds: it asks for them anew.
  document.addEventListener("qd:acted", () => inGrid((api) => {
    api.deselectAll();
    api.refreshInfiniteCache();
  }));

  // --- drawn messages ---
  function message(step) {
    const all = [...document.querySelectorAll("[data-item]")];
    if (!all.length) return;
    const here = all.indexOf(current());
    const next = all[Math.min(Math.max(here < 0 ? 0 : here + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const current = () => document.activeElement && document.activeElement.closest && document.activeElement.closest("[data-item]");

  const KEYS = {
    "compliance-alert": {
      j: () => neighbour(1),
      k: () => neighbour(-1),
      a: () => press('[data-act="take"]', document),
      e: () => unfold("escalate"),
      c: () => unfold("close"),
    },
    "compliance-alerts": {
      j: () => inGrid((api) => walk(api, 1)),
      k: () => inGrid((api) => walk(api, -1)),
      x: () => inGrid((api) => focused(api, (node) => node.setSelected(!node.isSelected()))),
      Enter: () => inGrid((api) => focused(api, (node) => qd.go(qd.carried(node.data._open)))),
    },
    "compliance-supervision": {
      j: () => message(1),
      k: () => message(-1),
      r: () => press("button[data-act=read]", current()),
      e: () => current() && unfold("raise", current()),
    },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true], [role=combobox], .modal, dialog")) return;
    if (event.key === "g") {
      lastG = Date.now();
      return;
    }
    const page = document.querySelector("[data-page]");
    const act = page && (KEYS[page.dataset.page] || {})[event.key];
    if (!act || Date.now() - lastG < 1200) return;
    // Enter on a link or a button is that link's or button's own.
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    event.preventDefault();
    act();
  });
})();
