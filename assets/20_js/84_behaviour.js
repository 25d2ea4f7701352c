// A point of the behaviour map chooses its trader or account; a lasso chooses all within it.
(function () {
  "use strict";
  const own = (window.dash_clientside = window.dash_clientside || {});
  const kind = () => (new URLSearchParams(location.search).get("who") === "account" ? "account" : "trader");
  own.behaviour = Object.assign(own.behaviour || {}, {
    pick: (click) => {
      const point = click && click.points && click.points[0];
      if (point && point.customdata) window.qd.toggle(kind(), String(point.customdata));
      return null;
    },
    lasso: (chosen) => {
      const points = (chosen && chosen.points) || [];
      const ids = [...new Set(points.map((point) => String(point.customdata)))].sort();
      if (ids.length) window.qd.set({ [kind()]: ids.join(",") });
      return null;
    },
  });
})();
