// Ctrl K: go anywhere, narrow the view, do the few things that have a name. Enter narrows and stays,
// Shift Enter narrows and goes; arrows move; Esc closes.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const KINDS = { instrument: "instrument", account: "account", person: "trader", order: "order" };
  const ICONS = { instrument: "graph-up", account: "wallet2", person: "person", order: "receipt" };
  const COMMANDS = [
    ["circle-half", "Switch between dark and light", "\\", () => qd.acts.theme()],
    ["layout-sidebar", "Fold or unfold the navigation", "[", () => qd.acts.rail()],
    ["link-45deg", "Copy link to this view", "Ctrl Shift L", () => qd.acts["copy-link"]()],
    ["calendar3", "Choose dates", "", () => qd.acts.dates()],
    ["keyboard", "Show all keys", "?", () => qd.acts.help()],
    ["eraser", "Show everything: clear the context", "", () => qd.set(Object.fromEntries(qd.CONTEXT.map((name) => [name, ""])))],
  ];
  let dialog = null;
  let input = null;
  let list = null;
  let entries = [];
  let chosen = 0;
  let asked = 0;

  function make(tag, className, words) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (words) made.textContent = words;
    return made;
  }

  function build() {
    dialog = make("dialog", "palette");
    dialog.setAttribute("aria-label", "Search and commands");
    const bar = make("div", "in");
    const glass = make("i", "bi bi-search t3");
    glass.setAttribute("aria-hidden", "true");
    input = make("input");
    input.type = "text";
    input.placeholder = "Search or jump to";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-label", "Search or type a command");
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", "palette-list");
    input.autocomplete = "off";
    list = make("div", "list");
    list.id = "palette-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Results");
    bar.append(glass, input, make("kbd", "sm-hide", "Esc"));
    const foot = make("div", "ft xs-hide", "Enter narrows the view, Shift Enter goes there");
    dialog.append(bar, list, foot);
    document.body.append(dialog);
    input.addEventListener("input", look);
    dialog.addEventListener("keydown", keys);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  function pages(words) {
    return [...document.querySelectorAll("[data-nav]")]
      .map((link) => ({ link, title: link.textContent.replace(/\d+$/, "").trim() }))
      .filter((page) => page.title.toLowerCase().includes(words))
      .map((page) => ({ icon: "arrow-right", label: `Go to ${page.title}`, hint: "", run: () => qd.go(page.link.getAttribute("href")) }));
  }

  function commands(words) {
    return COMMANDS.filter((one) => one[1].toLowerCase().includes(words)).map(([icon, label, hint, run]) => ({ icon, label, hint, run }));
  }

  function hit(found) {
    const kind = KINDS[found.kind];
    return {
      icon: ICONS[found.kind] || "tag",
      label: found.label,
      detail: found.detail === found.label ? "" : found.detail,
      hint: found.kind,
      run: (go) => (go || !kind ? qd.go(found.href) : qd.set({ [kind]: found.id })),
    };
  }

  function show(groups) {
    entries = groups.flatMap((group) => group[1]);
    chosen = Math.min(chosen, Math.max(entries.length - 1, 0));
    list.replaceChildren();
    let place = 0;
    groups.forEach(([title, rows]) => {
      if (!rows.length) return;
      const head = make("div", "gh", title);
      head.setAttribute("role", "presentation");
      list.append(head);
      rows.forEach((row) => {
        const item = make("div", "it");
        const at = place;
        item.id = "palette-" + at;
        item.setAttribute("role", "option");
        const mark = make("i", "bi bi-" + row.icon);
        mark.setAttribute("aria-hidden", "true");
        const words = make("span", "trunc", row.label);
        if (row.detail) words.append(make("span", "t3", "  " + row.detail));
        item.append(mark, words);
        if (row.hint) item.append(make("span", "h", row.hint));
        item.addEventListener("click", (event) => take(at, event.shiftKey));
        list.append(item);
        place += 1;
      });
    });
    if (!entries.length) list.append(make("div", "gh", "Nothing found"));
    mark();
  }

  function mark() {
    list.querySelectorAll(".it").forEach((item, at) => {
      item.classList.toggle("on", at === chosen);
      item.setAttribute("aria-selected", String(at === chosen));
      if (at === chosen) item.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", "palette-" + chosen);
  }

  function take(at, go) {
    const entry = entries[at];
    if (!entry) return;
    dialog.close();
    entry.run(go);
  }

  function look() {
    const words = input.value.trim().toLowerCase();
    const places = pages(words);
    const acts = commands(words);
    chosen = 0;
    show([["Go to", places], ["Commands", acts]]);
    const turn = (asked += 1);
    if (!words) return;
    fetch("/api/search?limit=12&q=" + encodeURIComponent(words), { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : { data: [] }))
      .then((body) => {
        if (turn === asked) show([["Set context", (body.data || []).map(hit)], ["Go to", places], ["Commands", acts]]);
      })
      .catch(() => {
        if (turn === asked) show([["Go to", places], ["Commands", acts]]);
      });
  }

  function keys(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      chosen = entries.length ? (chosen + step + entries.length) % entries.length : 0;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(chosen, event.shiftKey);
    }
  }

  qd.acts = Object.assign(qd.acts || {}, {
    palette: () => {
      if (!dialog) build();
      input.value = "";
      if (!dialog.open) dialog.showModal();
      look();
      input.focus();
    },
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      qd.acts.palette();
    }
  });
})();
