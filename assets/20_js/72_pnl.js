// A day of the P&L calendar narrows the view to it; the same day again lets go.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});

  document.addEventListener("click", (event) => {
    const cell = event.target.closest && event.target.closest("[data-set-day]");
    if (!cell) return;
    const day = cell.dataset.setDay;
    const now = new URLSearchParams(location.search);
    const chosen = now.get("from") === day && now.get("to") === day;
    qd.set(chosen ? { from: "", to: "" } : { from: day, to: day });
  });
})();

// Choosing a position writes it into the address; what is drawn already needs no writing.
(function () {
  "use strict";
  const own = (window.dash_clientside = window.dash_clientside || {});
  own.pnl = Object.assign(own.pnl || {}, {
    pickPosition: (value) => {
      const shown = document.querySelector("[data-lots-of]");
      if (value && shown && shown.dataset.lotsOf !== value) window.qd.set({ position: value });
      return window.dash_clientside.no_update;
    },
  });
})();
