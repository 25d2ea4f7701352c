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
      // Choosing a row of a grid opens what it names: a page in "_open", a part of the address in "_set".
      openRow: (rows) => {
        const row = rows && rows[0];
        if (row && row._open) qd.go(qd.carried(row._open));
        else if (row && row._set) qd.set(row._set);
        return none();
      },
      // A click on a cell opens the alert of its row; boxes and links do what they are for.
      openAlert: (cell) => {
        const own = ["ag-Grid-SelectionColumn", "alert_id"];
        if (cell && cell.rowId && !own.includes(cell.colId)) qd.go(qd.carried("/compliance/alerts/" + encodeURIComponent(cell.rowId)));
        return none();
      },
      // Sort and filters of a grid are part of the address; the grid states them with every block it asks for.
      gridState: (asked) => {
        if (!asked || qd.parting()) return none();
        const sort = (asked.sortModel || []).map((part) => (part.sort === "desc" ? "-" : "") + part.colId).join(",");
        const filter = Object.keys(asked.filterModel || {}).length ? JSON.stringify(asked.filterModel) : "";
        const params = new URLSearchParams(location.search);
        if ((params.get("sort") || "") !== sort || (params.get("filter") || "") !== filter) {
          qd.set({ sort, filter }, { replace: true });
        }
        return none();
      },
    },
  });
})();
