// Insights: what one thinks of them, which link was followed, what is new, and the daily digest.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const PLACE = "/api/intelligence/insights";

  const post = (path, body, more) =>
    fetch(path, Object.assign({ method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }, more));

  async function said(path, body, node) {
    if (node) node.setAttribute("aria-busy", "true");
    try {
      const answer = await post(path, body);
      const found = await answer.json();
      if (answer.ok) return found.data;
      qd.notice({ kind: "error", fact: "Not kept", effect: found.detail || found.title || "It was refused." });
    } catch (offline) {
      qd.notice({ kind: "error", fact: "Not sent", effect: "The server did not answer." });
    } finally {
      if (node) node.removeAttribute("aria-busy");
    }
    return null;
  }

  const again = (node) => {
    const slot = node && node.closest(".slot[id]");
    if (slot) props(`${slot.id}--retry`, { data: `said-${Date.now()}` });
  };
  const ring = () => props("bell-asked", { data: Date.now() });

  qd.acts = Object.assign(qd.acts || {}, {
    bell: () => {
      props("bell", { is_open: true });
      ring();
    },
    seen: async () => {
      if (!(await said(`${PLACE}/seen`, {}))) return;
      ring();
      if (document.querySelector("[data-page] [data-insight]")) qd.askAgain();
    },
  });

  const SAID = {
    useful: "Kept: useful",
    not_useful: "Kept: not useful, it comes later from now on",
    "": "Taken back",
  };

  async function feedback(node) {
    const body = JSON.parse(node.dataset.says);
    if (!(await said(`${PLACE}/${encodeURIComponent(node.dataset.feedback)}/feedback`, body, node))) return;
    const fact = "verdict" in body ? SAID[body.verdict] : body.snooze_days ? `Snoozed for ${body.snooze_days} days` : "Shown again";
    qd.notice({ fact });
    again(node);
    ring();
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest && event.target.closest(selector);
    const vote = at("[data-feedback]");
    if (vote) return feedback(vote);
    const digest = at("[data-digest]");
    if (digest) return said(`${PLACE}/digest`, JSON.parse(digest.dataset.digest), digest).then((done) => done && again(digest));
    if (at("[data-bell]")) props("bell", { is_open: false });
    // A link of an insight that is followed is the first step of acting on it. The page does not wait for this.
    const link = at("[data-insight] a[href^='/']");
    if (link && link.closest(".ft, .ev")) {
      const id = link.closest("[data-insight]").dataset.insight;
      post(`${PLACE}/${encodeURIComponent(id)}/follow`, { href: link.getAttribute("href").slice(0, 500) }, { keepalive: true }).catch(() => undefined);
    }
    return undefined;
  });
})();
