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

  try {
    if (localStorage.getItem("qd-rail") === "min") document.documentElement.setAttribute("data-rail", "min");
  } catch (refused) {
    // A browser that keeps nothing shows the wide rail.
  }
})();
