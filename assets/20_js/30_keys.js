// Keys: G then a letter goes to a page, Alt 1 to 5 takes a next step, [ folds the rail, \ turns the theme, ? tells them all.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const PLACES = (qd.PLACES = {
    o: "/",
    b: "/trading/blotter",
    e: "/trading/execution-quality",
    p: "/trading/pnl",
    n: "/portfolio/positions",
    r: "/portfolio/risk",
    w: "/portfolio/what-if",
    a: "/compliance/alerts",
    c: "/compliance/cases",
    l: "/compliance/limits",
    t: "/social/feed",
    s: "/social/sentiment",
    i: "/intelligence/insights",
    f: "/intelligence/forecasts",
    m: "/intelligence/models",
    h: "/operations/health",
    d: "/operations/pipeline",
  });
  let going = 0;

  function typing(target) {
    return target.closest && target.closest("input, textarea, select, [contenteditable=true], [role=combobox], .modal");
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey && /^[1-5]$/.test(event.key)) {
      const steps = document.querySelectorAll("[data-page] .next [data-next]");
      const step = steps[Number(event.key) - 1];
      if (step) {
        event.preventDefault();
        step.click();
      }
      return;
    }
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "l") {
      event.preventDefault();
      qd.acts["copy-link"]();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (Date.now() - going < 1200) {
      going = 0;
      const path = PLACES[event.key.toLowerCase()];
      const link = path && document.querySelector(`[data-nav="${path}"]`);
      if (link) {
        event.preventDefault();
        qd.go(link.getAttribute("href"));
      }
      return;
    }
    if (event.key === "g") going = Date.now();
    else if (event.key === "[") qd.acts.rail();
    else if (event.key === "\\") qd.acts.theme();
    else if (event.key === "?") qd.acts.help();
  });
})();
