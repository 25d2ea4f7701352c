// The address is the view. Links travel without a reload, take the context along, and every page finds
// its own state again when one comes back to it.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const CONTEXT = ["from", "to", "as_of", "desk", "account", "trader", "instrument", "order", "alert", "case", "post"];
  // Ids of one thing are not carried by the rail: the blotter of an alert is not the blotter.
  const CARRIED = ["from", "to", "as_of", "desk", "account", "trader", "instrument"];
  qd.CONTEXT = CONTEXT;

  function kept(name) {
    try {
      return sessionStorage.getItem(name);
    } catch (refused) {
      return null;
    }
  }
  function keep(name, value) {
    try {
      sessionStorage.setItem(name, value);
    } catch (refused) {
      // Without storage a page starts afresh, nothing worse.
    }
  }

  // Commas stay readable in the address; the server's parser reads both spellings.
  function text(params) {
    const out = params.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
    return out ? "?" + out : "";
  }

  function announce() {
    if (window.dash_clientside && window.dash_clientside.set_props && document.getElementById("shell")) {
      window.dash_clientside.set_props("url", { search: location.search, href: location.href });
    }
    sync();
  }

  // Cards arrive after their page: stand where one stood as soon as the page reaches that far, until all is there
  // or one moves on one's own.
  const PATIENCE_MS = 10000;
  let returning = 0;
  const page = () => (document.querySelector("[data-page]") || { dataset: {} }).dataset.page;
  // The page one leaves stands a moment longer under the new address: what it says is of the old one.
  let path = location.pathname;
  let parting = { page: "", until: 0 };
  function part() {
    if (path !== location.pathname) parting = { page: page(), until: Date.now() + 5000 };
    path = location.pathname;
  }
  qd.parting = () => Date.now() < parting.until && page() === parting.page;
  function standAt(y, where) {
    const left = page();
    const began = Date.now();
    let still = 0;
    clearInterval(returning);
    returning = setInterval(() => {
      const past = Date.now() - began;
      // What one comes from stands until the server has answered; a page of the same kind cannot be told from it.
      const there = page() === where && (where !== left || past > 600);
      still = there && !document.querySelector("[data-page] [data-state=loading]") ? still + 1 : 0;
      if (there && (still || document.documentElement.scrollHeight - innerHeight >= y)) window.scrollTo(0, y);
      // A page may be drawn once more before its cards ask: what stands for a moment does not stand yet.
      if ((still > 10 && past > 2500) || past > PATIENCE_MS) clearInterval(returning);
    }, 60);
  }
  ["wheel", "touchstart", "pointerdown", "keydown"].forEach((kind) => {
    window.addEventListener(kind, () => clearInterval(returning), { passive: true, capture: true });
  });
  window.addEventListener("popstate", (event) => {
    clearInterval(returning);
    part();
    if (event.state && event.state.y > 0) standAt(event.state.y, event.state.page);
  });

  qd.go = function (href, options) {
    const to = new URL(href, location.origin);
    const same = to.pathname === location.pathname;
    const target = to.pathname + to.search + to.hash;
    if (same && to.search === location.search) return;
    // What one leaves remembers how far down one stood: Back returns there.
    if (!same) history.replaceState({ ...history.state, y: Math.round(window.scrollY), page: page() }, "");
    history[options && options.replace ? "replaceState" : "pushState"]({}, "", target);
    if (same) {
      announce();
    } else {
      clearInterval(returning);
      part();
      window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
      window.scrollTo(0, 0);
      sync();
    }
  };

  // Change parts of the address; an empty value removes the part.
  qd.set = function (changes, options) {
    const params = new URLSearchParams(location.search);
    Object.entries(changes).forEach(([name, value]) => {
      if (value === null || value === undefined || value === "") params.delete(name);
      else params.set(name, value);
    });
    qd.go(location.pathname + text(params), options);
  };

  qd.toggle = function (kind, value) {
    const params = new URLSearchParams(location.search);
    const now = (params.get(kind) || "").split(",").filter(Boolean);
    const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
    qd.set({ [kind]: next.join(",") });
  };

  qd.carried = function (href) {
    const to = new URL(href, location.origin);
    const here = new URLSearchParams(location.search);
    CARRIED.forEach((name) => {
      if (here.has(name) && !to.searchParams.has(name)) to.searchParams.set(name, here.get(name));
    });
    return to.pathname + text(to.searchParams) + to.hash;
  };

  function withOwnState(path) {
    const to = new URL(qd.carried(path), location.origin);
    if (path !== location.pathname) {
      new URLSearchParams(kept("qd:own:" + path) || "").forEach((value, name) => {
        if (!to.searchParams.has(name)) to.searchParams.set(name, value);
      });
    }
    return to.pathname + text(to.searchParams);
  }

  // What the frame shows of where we are: current entry, links with context, the path taken.
  function sync() {
    const here = location.pathname;
    const own = new URLSearchParams(location.search);
    CONTEXT.forEach((name) => own.delete(name));
    keep("qd:own:" + here, own.toString());
    document.querySelectorAll("[data-nav], [data-nav-short], [data-nav-more]").forEach((link) => {
      const path = link.dataset.nav || link.dataset.navShort || link.dataset.navMore;
      const short = "navShort" in link.dataset;
      const root = path.split("/")[1];
      const exact = path === here || (path !== "/" && here.startsWith(path + "/"));
      const current = short && root ? here.split("/")[1] === root : exact;
      link.classList.toggle("active", current);
      if (current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      link.setAttribute("href", withOwnState(path));
    });
    document.querySelectorAll("[data-group]").forEach((group) => {
      const current = here.split("/")[1] === group.dataset.group;
      group.classList.toggle("cur", current);
      if (current) fold(group, false);
    });
    document.querySelectorAll("a[data-carry]").forEach((link) => {
      // React may have given the element another address since we wrote ours.
      const now = link.getAttribute("href");
      if (now !== link.dataset.written) link.dataset.plain = now;
      link.dataset.written = qd.carried(link.dataset.plain);
      link.setAttribute("href", link.dataset.written);
    });
    qd.rail();
    trail();
  }
  qd.sync = sync;

  function trail() {
    const list = document.getElementById("trail");
    const title = document.querySelector("[data-page] h1");
    if (!list || !title) return;
    let stops = [];
    try {
      stops = JSON.parse(kept("qd:trail") || "[]");
    } catch (broken) {
      stops = [];
    }
    const last = stops[stops.length - 1];
    const stop = { path: location.pathname, href: location.pathname + location.search, title: title.textContent };
    if (last && last.path === stop.path) stops[stops.length - 1] = stop;
    else stops.push(stop);
    stops = stops.slice(-4);
    keep("qd:trail", JSON.stringify(stops));
    list.replaceChildren(
      ...stops.map((one, place) => {
        const item = document.createElement("li");
        if (place === stops.length - 1) {
          item.textContent = one.title;
          item.setAttribute("aria-current", "page");
        } else {
          const link = document.createElement("a");
          link.textContent = one.title;
          link.href = one.href;
          item.append(link);
          if (place < stops.length - 2) item.className = "sm-hide";
        }
        return item;
      })
    );
  }

  function fold(group, folded) {
    group.dataset.folded = String(folded);
    const head = group.querySelector("[data-fold]");
    if (head) head.setAttribute("aria-expanded", String(!folded));
  }

  function folded(slug) {
    const said = kept("qd:fold:" + slug);
    return said === null ? ["social", "operations"].includes(slug) : said === "true";
  }

  function travels(link) {
    const href = link.getAttribute("href");
    if (!href || !href.startsWith("/") || href.startsWith("//") || link.target || link.hasAttribute("download")) return false;
    return !/^\/(api|assets|sign-in|sign-out|metrics)(\/|\?|$)/.test(href);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (link && !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && travels(link)) {
      event.preventDefault();
      qd.go(link.getAttribute("href"));
      if (link.closest(".qd-sub") || link.closest(".qd-more")) link.blur();
      const menu = link.closest(".offcanvas");
      if (menu) window.dash_clientside.set_props("more", { is_open: false });
      return;
    }
    const head = event.target.closest && event.target.closest("[data-fold]");
    if (head) {
      const group = head.closest("[data-group]");
      const next = group.dataset.folded !== "true";
      fold(group, next);
      keep("qd:fold:" + group.dataset.group, String(next));
    }
    document.querySelectorAll("details.qd-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  window.addEventListener("popstate", () => setTimeout(sync, 0));

  // Pages arrive after the address has changed: look again whenever a title or a link appears.
  let waiting = 0;
  let folds = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      if (!folds && document.querySelector("[data-group]")) {
        folds = true;
        document.querySelectorAll("[data-group]").forEach((group) => fold(group, folded(group.dataset.group)));
        sync();
      }
      const title = document.querySelector("[data-page] h1");
      const key = title ? title.textContent + location.pathname : "";
      const fresh = document.querySelector("a[data-carry]:not([data-plain])");
      if (key !== qd.lastTitle || fresh) {
        qd.lastTitle = key;
        sync();
      }
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
