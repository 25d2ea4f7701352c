// Small acts that need no server: chips, pickers, copies, retries, notices, and what an expired session does.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const iso = (date) => date.toISOString().slice(0, 10);

  const acts = {
    theme: () => qd.setTheme(qd.theme() === "dark" ? "light" : "dark"),
    rail: () => {
      const narrow = document.documentElement.getAttribute("data-rail") !== "min";
      try {
        localStorage.setItem(qd.railKey(), narrow ? "min" : "wide");
      } catch (refused) {
        // The choice then lasts for this page view.
      }
      qd.narrow(narrow);
    },
    more: () => props("more", { is_open: true }),
    dates: () => {
      const params = new URLSearchParams(location.search);
      props("date-from", { value: params.get("from") || "" });
      props("date-to", { value: params.get("to") || "" });
      props("date-picker", { is_open: true });
    },
    "dates-apply": () => {
      const from = document.getElementById("date-from").value;
      const to = document.getElementById("date-to").value;
      if (from && to && from > to) return qd.notice({ kind: "error", fact: "The first day is after the last", effect: "Nothing was changed." });
      qd.set({ from, to });
      props("date-picker", { is_open: false });
    },
    "pick-apply": () => {
      if (qd.picking) qd.set({ [qd.picking]: (qd.picked || []).join(",") });
      props("context-picker", { is_open: false });
    },
    "pick-clear": () => {
      if (qd.picking) qd.set({ [qd.picking]: "" });
      props("context-picker", { is_open: false });
    },
    "copy-link": () => copy(location.href, "Link copied"),
  };
  qd.acts = Object.assign(qd.acts || {}, acts);

  function preset(name) {
    const days = { "1w": 7, "1m": 31, "3m": 92, "1y": 366 }[name];
    if (!days) qd.set({ from: "", to: "" });
    else qd.set({ from: iso(new Date(Date.now() - days * 86400000)), to: "" });
    props("date-picker", { is_open: false });
  }

  function copy(words, fact) {
    if (!navigator.clipboard) return qd.notice({ kind: "error", fact: "This browser does not let pages copy", effect: words });
    return navigator.clipboard.writeText(words).then(
      () => qd.notice({ fact }),
      () => qd.notice({ kind: "error", fact: "Not copied", effect: words })
    );
  }

  qd.notice = function (note) {
    const place = document.getElementById("toasts");
    if (!place || !note) return;
    const bad = note.kind === "error";
    const box = document.createElement("div");
    box.className = "note";
    box.setAttribute("role", bad ? "alert" : "status");
    const mark = document.createElement("i");
    mark.className = bad ? "bi bi-x-octagon crit" : "bi bi-check-circle ok";
    mark.setAttribute("aria-hidden", "true");
    const words = document.createElement("div");
    const fact = document.createElement("div");
    fact.className = "w5";
    fact.textContent = note.fact;
    words.append(fact);
    if (note.effect) {
      const effect = document.createElement("div");
      effect.className = "t2";
      effect.textContent = note.effect;
      words.append(effect);
    }
    const close = document.createElement("button");
    close.className = "lk push";
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => box.remove());
    box.append(mark, words, close);
    place.append(box);
    if (!bad) setTimeout(() => box.remove(), 5000);
  };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest && event.target.closest(selector);
    const act = at("[data-act]");
    if (act && qd.acts[act.dataset.act]) return qd.acts[act.dataset.act]();
    const set = at("[data-set]");
    if (set) return qd.set({ [set.dataset.set]: set.dataset.value });
    const clear = at("[data-clear]");
    if (clear) return qd.set(Object.fromEntries(clear.dataset.clear.split(",").map((name) => [name, ""])));
    const toggle = at("[data-toggle-context]");
    if (toggle) return qd.toggle(toggle.dataset.toggleContext, toggle.dataset.value);
    const pick = at("[data-pick]");
    if (pick) {
      qd.picking = pick.dataset.pick;
      const now = (new URLSearchParams(location.search).get(qd.picking) || "").split(",").filter(Boolean);
      qd.picked = now;
      props("context-kind", { data: { kind: qd.picking, at: Date.now() } });
      props("context-values", { options: [], value: now });
      return props("context-picker", { is_open: true });
    }
    const presets = at("[data-preset]");
    if (presets) return preset(presets.dataset.preset);
    const copied = at("[data-copy]");
    if (copied) return copy(copied.dataset.copy, "Copied");
    const retry = at("[data-retry]");
    if (retry) return props(retry.dataset.retry, { data: Date.now() });
    return undefined;
  });

  // A card that failed asks again by itself three times, each time later; then only by hand.
  const PAUSES = [5000, 15000, 60000];
  const tries = new Map();
  setInterval(() => {
    document.querySelectorAll("[data-state=error] [data-retry]").forEach((button) => {
      const id = button.dataset.retry;
      const known = tries.get(id) || { count: 0, button: null };
      if (known.button === button || known.count >= PAUSES.length) return;
      known.button = button;
      tries.set(id, known);
      setTimeout(() => {
        if (document.contains(button)) props(id, { data: Date.now() });
      }, PAUSES[known.count]);
      known.count += 1;
    });
    tries.forEach((known, id) => {
      if (known.button && !document.contains(known.button) && !document.querySelector(`[data-retry="${CSS.escape(id)}"]`)) tries.delete(id);
    });
  }, 1000);

  // A session that ended leads to the sign-in page and back; a lost connection is said on the live pill.
  const ask = window.fetch;
  window.fetch = function (resource, options) {
    const path = typeof resource === "string" ? resource : (resource && resource.url) || "";
    return ask.call(this, resource, options).then(
      (answer) => {
        if (path.includes("/_dash") && answer.status === 401) {
          location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
          return new Promise(() => {}); // the page is on its way out: nobody may read this answer any more
        }
        if (path.includes("/_dash")) offline(false);
        return answer;
      },
      (failure) => {
        if (path.includes("/_dash") && failure.name !== "AbortError") offline(true);
        throw failure;
      }
    );
  };

  function offline(now) {
    const pill = document.getElementById("live");
    if (!pill || (pill.dataset.live === "offline") === now) return;
    pill.dataset.live = now ? "offline" : "live";
    const word = document.getElementById("live-word");
    if (word) word.textContent = now ? "Offline" : "Live";
  }
})();
