// The feed: what a text would be read as while it is written, and keys. J and K walk the posts, Enter opens a thread,
// U goes back to the list, N writes, R answers, Ctrl Enter sends.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const PAUSE = 350;
  let waiting = 0;
  let lastG = 0;
  let asked = 0;

  const words = (read) => {
    const named = read.cashtags.filter((one) => one.instrument_id).map((one) => `$${one.symbol}`);
    const parts = [`${read.characters.toLocaleString("en")} of ${read.longest.toLocaleString("en")} characters`];
    if (named.length) parts.push(`names ${named.join(", ")}`);
    if (read.text) parts.push(`tone ${read.tone}`);
    return parts.join(" · ");
  };

  // Everything is put in as text: what was typed is never markup here either.
  function show(place, read) {
    place.textContent = words(read);
    const wrong = [];
    if (read.unknown_cashtags.length) wrong.push(`No instrument answers to ${read.unknown_cashtags.map((one) => `$${one}`).join(", ")}`);
    if (read.misfit && read.characters) wrong.push(`It ${read.misfit}`);
    for (const said of wrong) {
      const line = document.createElement("div");
      line.className = "crit";
      line.textContent = `${said}.`;
      place.append(line);
    }
  }

  async function read(field) {
    const place = field.form.querySelector("[data-preview]");
    if (!place) return;
    const turn = (asked += 1);
    try {
      const answer = await fetch("/api/social/posts/preview", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ text: field.value }),
      });
      if (!answer.ok || turn !== asked || !place.isConnected) return;
      show(place, (await answer.json()).data);
    } catch (offline) {
      place.textContent = "The server does not answer; what you wrote is still here.";
    }
  }

  const written = (target) => target.closest && target.closest(".composer textarea");

  document.addEventListener("input", (event) => {
    const field = written(event.target);
    if (!field) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => read(field), PAUSE);
  });

  const all = () => [...document.querySelectorAll("[data-page='social-feed'] [data-post-id]")];
  const current = () => document.activeElement && document.activeElement.closest && document.activeElement.closest("[data-post-id]");

  function walk(step) {
    const posts = all();
    if (!posts.length) return;
    const here = posts.indexOf(current());
    const next = posts[Math.min(Math.max(here < 0 ? 0 : here + step, 0), posts.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function compose() {
    const field = document.querySelector(".composer textarea");
    if (!field) return;
    field.focus();
    field.scrollIntoView({ block: "center" });
  }

  const open = () => current() && qd.set({ post: current().dataset.postId });
  const KEYS = {
    j: () => walk(1),
    k: () => walk(-1),
    n: compose,
    r: () => (new URLSearchParams(location.search).get("post") ? compose() : open()),
    u: () => qd.set({ post: "" }),
    Enter: open,
  };

  document.addEventListener("keydown", (event) => {
    if (!document.querySelector("[data-page='social-feed']")) return;
    const field = written(event.target);
    if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true], [role=combobox], .modal, dialog")) return;
    if (event.key === "g") {
      lastG = Date.now();
      return;
    }
    const act = KEYS[event.key];
    if (!act || Date.now() - lastG < 1200) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    event.preventDefault();
    act();
  });
})();
