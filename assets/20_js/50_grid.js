// AG Grid: one theme object that follows the tokens, and the cells that are more than text.
(function () {
  "use strict";
  const fns = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const el = (...parts) => window.React.createElement(...parts);
  const MINUS = "\u2212";
  const DASH = "\u2013";
  const SEVERITY = {
    critical: ["octagon-fill", "crit", "Critical"],
    high: ["triangle-fill", "high", "High"],
    medium: ["diamond-fill", "med", "Medium"],
    low: ["circle-fill", "low", "Low"],
  };

  fns.qdGridTheme = function (theme) {
    return theme.withParams({
      fontFamily: "var(--qd-font)",
      headerFontFamily: "var(--qd-font)",
      fontSize: 12.5,
      headerFontSize: 11.5,
      headerFontWeight: 500,
      headerTextColor: "var(--qd-text3)",
      foregroundColor: "var(--qd-text)",
      textColor: "var(--qd-text)",
      backgroundColor: "var(--qd-s1)",
      headerBackgroundColor: "var(--qd-s1)",
      oddRowBackgroundColor: "var(--qd-s1)",
      chromeBackgroundColor: "var(--qd-s1)",
      menuBackgroundColor: "var(--qd-pop)",
      rowHoverColor: "var(--qd-s2)",
      selectedRowBackgroundColor: "var(--qd-soft)",
      borderColor: "var(--qd-line)",
      rowBorder: { color: "var(--qd-line)" },
      headerRowBorder: { color: "var(--qd-line)" },
      wrapperBorder: false,
      wrapperBorderRadius: 0,
      headerColumnResizeHandleColor: "transparent",
      headerColumnBorder: false,
      columnBorder: false,
      accentColor: "var(--qd-accent)",
      inputBackgroundColor: "var(--qd-bg)",
      inputBorder: { color: "var(--qd-ctl)" },
      rowHeight: "var(--qd-row)",
      headerHeight: 30,
      cellHorizontalPadding: 8,
      iconSize: 13,
      browserColorScheme: "inherit",
    });
  };

  // Columns that name a place on phones are all that a grid shows there, in that order; what needs a desk is left out
  // on tablets. They come back with the room.
  const phone = window.matchMedia("(max-width: 767.98px)");
  const tablet = window.matchMedia("(max-width: 1199.98px)");
  const shownAs = new WeakMap();
  fns.qdFitColumns = function (params) {
    const api = params.api;
    const size = phone.matches ? "phone" : tablet.matches ? "tablet" : "desk";
    const was = shownAs.get(api) || { size: "desk", state: null };
    if (was.size === size) return;
    const state =
      was.state || api.getColumnState().map(({ colId, hide, width, flex }) => ({ colId, hide, width, flex }));
    shownAs.set(api, { size, state });
    const told = (one) => {
      const column = api.getColumn(one.colId);
      return (column && column.getColDef().context) || {};
    };
    let made = state;
    if (size === "tablet") made = state.map((one) => (told(one).desk ? { ...one, hide: true } : one));
    if (size === "phone") {
      const place = (one) => told(one).phone;
      const kept = state.filter(place).sort((a, b) => place(a)[0] - place(b)[0]);
      made = [
        ...kept.map((one) =>
          place(one)[1] ? { ...one, hide: false, width: place(one)[1], flex: null } : { ...one, hide: false, flex: 1 }
        ),
        ...state.filter((one) => !place(one)).map((one) => ({ ...one, hide: true })),
      ];
    }
    api.applyColumnState({ state: made, applyOrder: true });
  };

  function numeric(value) {
    if (value === null || value === undefined || value === "") return null;
    const found = Number(value);
    return Number.isFinite(found) ? found : null;
  }
  function grouped(value, least, most) {
    return Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
  }
  function signed(value, words, plus) {
    if (!/[1-9]/.test(words)) return words;
    return (value < 0 ? MINUS : plus ? "+" : "") + words;
  }

  fns.qdNumber = (value, decimals, plus) => {
    const found = numeric(value);
    return found === null ? DASH : signed(found, grouped(found, decimals, decimals), plus);
  };
  fns.qdQuantity = (value, plus) => {
    const found = numeric(value);
    return found === null ? DASH : signed(found, grouped(found, 0, 8), plus);
  };
  fns.qdPrice = (value) => {
    const found = numeric(value);
    if (found === null) return DASH;
    const size = Math.abs(found);
    const decimals = size >= 1 ? 2 : size >= 0.01 ? 4 : 8;
    return signed(found, grouped(found, decimals, decimals), false);
  };
  fns.qdPercent = (value, plus) => {
    const found = numeric(value);
    if (found === null) return DASH;
    const decimals = Math.abs(found) < 0.0995 ? 1 : 0;
    return signed(found, grouped(found * 100, decimals, decimals), plus) + "%";
  };
  fns.qdTime = (value) => {
    if (!value) return DASH;
    const found = new Date(value);
    if (Number.isNaN(found.getTime())) return DASH;
    return found.toISOString().slice(0, 23).replace("T", " ");
  };
  fns.qdStamp = (value) => {
    const words = fns.qdTime(value);
    if (words === DASH) return DASH;
    const month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[Number(words.slice(5, 7)) - 1];
    return `${Number(words.slice(8, 10))} ${month} ${words.slice(11, 19)}`;
  };
  fns.qdMinute = (value) => (fns.qdTime(value) === DASH ? DASH : fns.qdTime(value).slice(0, 16));
  fns.qdWords = (value) => {
    if (value === null || value === undefined || value === "") return DASH;
    const words = String(value).replace(/_/g, " ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  };

  // Only addresses that cannot run: web, mail, or a path of this site.
  function safeHref(value) {
    if (typeof value !== "string" || /[\s\u0000-\u001f\u007f]/.test(value)) return null;
    if (value.startsWith("/")) return value.startsWith("//") || value.startsWith("/\\") ? null : value;
    return /^(https?:\/\/|mailto:)/i.test(value) ? value : null;
  }

  cells.QdSeverity = function (props) {
    const [shape, tone, words] = SEVERITY[props.value] || ["circle", "low", DASH];
    return el(
      "span",
      { className: "sev " + tone },
      el("i", { className: "bi bi-" + shape, "aria-hidden": "true" }),
      el("span", null, words)
    );
  };

  cells.QdScore = function (props) {
    const found = numeric(props.value);
    if (found === null) return DASH;
    const tone = (SEVERITY[props.data && props.data.severity] || ["", "acc"])[1];
    const width = Math.max(0, Math.min(100, found)) + "%";
    return el(
      "span",
      { className: "cellbox end" },
      el("span", { className: "scorebar " + tone }, el("b", { style: { width } })),
      el("span", { className: "num" }, Math.round(found))
    );
  };

  cells.QdSigned = function (props) {
    const found = numeric(props.value);
    const tone = found > 0 ? "up" : found < 0 ? "down" : "";
    return el("span", { className: "num " + tone }, props.valueFormatted || DASH);
  };

  cells.QdSide = function (props) {
    const buys = String(props.value || "").startsWith("buy");
    return el(
      "span",
      { className: "sev " + (props.value ? (buys ? "up" : "down") : "") },
      props.value ? el("i", { className: "bi bi-" + (buys ? "caret-up-fill" : "caret-down-fill"), "aria-hidden": "true" }) : null,
      el("span", null, fns.qdWords(props.value))
    );
  };

  cells.QdState = function (props) {
    const value = props.value;
    if (!value) return DASH;
    const tones = props.tones || {};
    return el("span", { className: "tag " + (tones[value] || "") }, fns.qdWords(value));
  };

  cells.QdLink = function (props) {
    const href = safeHref(props.data && props.data[props.hrefFrom || "_open"]);
    const words = props.value === null || props.value === undefined ? DASH : String(props.value);
    if (!href) return el("span", { className: props.mono ? "mono" : "" }, words);
    const outward = !href.startsWith("/");
    const more = outward ? { target: "_blank", rel: "noopener noreferrer" } : { "data-carry": "1" };
    return el("a", { href, className: props.mono ? "mono" : "", ...more }, words);
  };
})();
