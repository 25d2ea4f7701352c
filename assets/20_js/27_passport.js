// A measure's name opens its passport: the panel stands at once, its words come from the server.
(function () {
  "use strict";
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  let opener = null;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    passport: {
      // The panel knows nothing of the name that opened it: what was read goes on from there.
      closed: (open) => {
        if (!open && opener && document.contains(opener)) setTimeout(() => opener.focus(), 350);
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest && event.target.closest("[data-passport]");
      if (!link) return;
      // Names also stand in tiles that are links themselves.
      event.preventDefault();
      event.stopPropagation();
      opener = link;
      props("passport", { is_open: true });
      props("passport-asked", { data: { what: link.dataset.passport, at: Date.now() } });
    },
    true
  );
})();
