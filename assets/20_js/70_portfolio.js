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
    "what-if-add": () => {
      const other = document.getElementById("what-if-other");
      const weight = Number((document.getElementById("what-if-weight") || {}).value);
      if (other && other.value && Number.isFinite(weight)) target(other.value, weight);
    },
    "what-if-optimise": () => {
      const value = (name) => (document.getElementById("optimise-" + name) || {}).value || "";
      const changes = { objective: value("objective"), covariance: value("covariance") };
      ["max_weight", "max_sector", "max_turnover", "budget"].forEach((name) => {
        const share = Number(value(name)) / 100;
        changes[name] = value(name) !== "" && Number.isFinite(share) ? Number(share.toFixed(6)) : "";
      });
      const box = document.getElementById("optimise-long_only");
      changes.long_only = box && !box.checked ? "no" : "";
      qd.set(changes);
    },
  });

  // Target weights in the address: AAPL:0.05,XETR:SAP:0. The last colon parts name and weight.
  function target(name, percent) {
    const held = (new URLSearchParams(location.search).get("targets") || "").split(",").filter(Boolean);
    const others = held.filter((one) => one.slice(0, one.lastIndexOf(":")) !== name);
    qd.set({ targets: [...others, name + ":" + Number((percent / 100).toFixed(6))].sort().join(",") });
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    portfolio: {
      // A weight written into the grid becomes part of the address.
      targets: (changes) => {
        (changes || []).forEach((change) => {
          const percent = Number(change.value);
          if (change.data && Number.isFinite(percent) && percent !== change.oldValue) target(change.data.instrument_id, percent);
        });
        return window.dash_clientside.no_update;
      },
    },
  });

  // Cards whose answer the worker is still making ask again while they stand.
  const asked = new WeakSet();
  setInterval(() => {
    document.querySelectorAll("[data-poll]").forEach((mark) => {
      if (asked.has(mark)) return;
      asked.add(mark);
      setTimeout(() => {
        if (document.contains(mark)) window.dash_clientside.set_props(mark.dataset.poll, { data: Date.now() });
      }, 1500);
    });
  }, 250);
})();
