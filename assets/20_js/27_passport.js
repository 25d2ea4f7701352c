// A measure's name opens its passport: the panel stands at once, its words come from the server.
(function () {
  "use strict";
  const props = (id, values) => window.dash_clientside.set_props(id, values);

  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest && event.target.closest("[data-passport]");
      if (!link) return;
      // Names also stand in tiles that are links themselves.
      event.preventDefault();
      event.stopPropagation();
      props("passport", { is_open: true });
      props("passport-asked", { data: { what: link.dataset.passport, at: Date.now() } });
    },
    true
  );
})();
