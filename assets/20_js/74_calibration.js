// The form of thresholds: what is written there becomes part of the address.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});

  qd.acts = Object.assign(qd.acts || {}, {
    "calibrate-try": () => {
      const changes = [];
      let refused = null;
      document.querySelectorAll("[data-param]").forEach((place) => {
        const box = place.querySelector("input");
        if (!box) return;
        const flag = place.dataset.type === "bool";
        const value = flag ? (box.checked ? "yes" : "no") : box.value.trim();
        if (!flag && (value === "" || !box.checkValidity())) refused = refused || place.getAttribute("aria-label");
        const same = place.dataset.type === "int" || place.dataset.type === "float" ? Number(value) === Number(place.dataset.now) : value === place.dataset.now;
        if (!same) changes.push(place.dataset.param + ":" + value);
      });
      if (refused) return qd.notice({ kind: "error", fact: refused + " does not fit", effect: "Nothing was tried." });
      const days = document.getElementById("calibrate-days");
      const moved = document.getElementById("calibrate-moved");
      const day = (name) => {
        const box = document.getElementById(name);
        return box ? box.value : "";
      };
      return qd.set({
        try: changes.join(","),
        days: days && days.checkValidity() ? days.value : "20",
        start: day("calibrate-start"),
        end: day("calibrate-end"),
        moved: moved && moved.checked ? "yes" : "",
      });
    },
  });
})();
