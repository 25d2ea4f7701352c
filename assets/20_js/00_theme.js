// Dark or light, set before anything is painted and remembered in a cookie so that the server draws
// figures in the same theme from the first answer on.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const COOKIE = "qd_theme";

  function remembered() {
    const found = document.cookie.match(/(?:^|; )qd_theme=(dark|light)/);
    return found ? found[1] : null;
  }

  function remember(theme) {
    document.cookie = `${COOKIE}=${theme}; path=/; max-age=31536000; SameSite=Lax`;
  }

  qd.theme = function () {
    return document.documentElement.getAttribute("data-bs-theme") || "dark";
  };

  qd.setTheme = function (theme) {
    document.documentElement.setAttribute("data-bs-theme", theme);
    remember(theme);
    if (window.dash_clientside && window.dash_clientside.set_props && document.getElementById("shell")) {
      window.dash_clientside.set_props("theme", { data: theme });
    }
  };

  const preferred = window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.lang = document.documentElement.lang || "en";
  qd.setTheme(remembered() || preferred);

  // Where one thing is worked on, an alert or a case, the rail is narrow unless one asked for the wide one there.
  qd.railKey = () => (/^\/compliance\/(alerts|cases)\/[^/]+/.test(location.pathname) ? "qd-rail-work" : "qd-rail");
  qd.narrow = function (narrow) {
    if (narrow) document.documentElement.setAttribute("data-rail", "min");
    else document.documentElement.removeAttribute("data-rail");
  };
  qd.rail = function () {
    let said = null;
    try {
      said = localStorage.getItem(qd.railKey());
    } catch (refused) {
      // A browser that keeps nothing shows what is usual for the page.
    }
    qd.narrow(said === "min" || (qd.railKey() === "qd-rail-work" && said !== "wide"));
  };
  qd.rail();
})();
