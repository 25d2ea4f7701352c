// Clientside callbacks, named in callbacks/*.py.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const none = () => window.dash_clientside.no_update;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    qd: {
      // A notice from the server: {kind, fact, effect}.
      notice: (note) => {
        if (note) qd.notice(note);
        return none();
      },
      // What is chosen in the context picker, until "Show".
      picked: (values) => {
        qd.picked = values || [];
        return none();
      },
      // A click on a tile or point narrows the view to its instrument, or widens it again.
      pickInstrument: (click) => {
        const point = click && click.points && click.points[0];
        const id = point && (typeof point.customdata === "string" ? point.customdata : (point.customdata || [])[0]);
        if (id) qd.toggle("instrument", String(id));
        return null;
      },
      // A click on a row of a grid opens its own page or drawer: the row names it in "_open".
      openRow: (event) => {
        const row = event && event.data;
        if (row && row._open) qd.go(qd.carried(row._open));
        else if (row && row._set) qd.set(row._set);
        return null;
      },
      // Sort and filters of a grid are part of the address.
      gridState: (columns, filters) => {
        const sorted = (columns || []).filter((column) => column.sort).sort((a, b) => (a.sortIndex || 0) - (b.sortIndex || 0));
        const sort = sorted.map((column) => (column.sort === "desc" ? "-" : "") + column.colId).join(",");
        const filter = filters && Object.keys(filters).length ? JSON.stringify(filters) : "";
        const params = new URLSearchParams(location.search);
        if ((params.get("sort") || "") !== sort || (params.get("filter") || "") !== filter) {
          qd.set({ sort, filter }, { replace: true });
        }
        return none();
      },
    },
  });
})();
