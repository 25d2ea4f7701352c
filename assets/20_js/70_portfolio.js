// Forms of the portfolio pages that write into the address: the answer is then a link others can open.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});

  function shocks() {
    const found = [];
    for (let place = 0; place < 3; place += 1) {
      const what = document.getElementById("stress-what-" + place);
      const move = document.getElementById("stress-move-" + place);
      if (!what || !move || !what.value || move.value === "") continue;
      const part = Number(move.value) / 100;
      if (Number.isFinite(part)) found.push(what.value + ":" + Number(part.toFixed(6)));
    }
    return found.join(";");
  }

  qd.acts = Object.assign(qd.acts || {}, {
    "stress-show": () => {
      const asked = shocks();
      if (!asked) return qd.notice({ kind: "error", fact: "Say what moves, and by how much" });
      return qd.set({ shocks: asked, scenario: "mine", stress: "" });
    },
  });
})();
