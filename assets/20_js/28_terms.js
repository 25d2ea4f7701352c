// Controls of the performance page that write into the address when their value changes.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});

  document.addEventListener("change", (event) => {
    const term = event.target.closest && event.target.closest("[data-term]");
    if (!term) return;
    const name = term.dataset.term;
    const raw = event.target.value;
    if (!term.dataset.share) return qd.set({ [name]: raw });
    const value = Number(raw) / Number(term.dataset.share);
    if (raw === "" || value === 0) return qd.set({ [name]: "" });
    if (!event.target.checkValidity() || !Number.isFinite(value)) {
      return qd.notice({ kind: "error", fact: "From -5 to 5 per cent", effect: "Nothing was changed." });
    }
    return qd.set({ [name]: String(Number(value.toPrecision(10))) });
  });

  document.addEventListener(
    "click",
    (event) => {
      const at = (selector) => event.target.closest && event.target.closest(selector);
      const span = at("[data-span]");
      if (span) return qd.set({ from: span.dataset.from, to: span.dataset.to });
      const set = at("[data-resets] [data-set]");
      if (!set) return undefined;
      event.stopPropagation();
      const changes = { [set.dataset.set]: set.dataset.value };
      set.closest("[data-resets]").dataset.resets.split(",").forEach((name) => (changes[name] = ""));
      return qd.set(changes);
    },
    true
  );
})();
