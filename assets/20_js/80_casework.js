// Casework: forms and buttons that post to the REST surface, drafts that outlive a refreshed card, keys of triage.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const drafts = new Map();
  const opened = new Set();
  let writing = null;
  let beat = 0;
  let lastG = 0;

  const keyOf = (field) => `${field.form.dataset.post}|${field.name}`;

  function values(form) {
    const body = JSON.parse(form.dataset.json || "{}");
    for (const field of form.elements) {
      if (!field.name || field.value === "") continue;
      if (form.dataset.inside) (body[form.dataset.inside] = body[form.dataset.inside] || {})[field.name] = field.value;
      else body[field.name] = field.value;
    }
    return body;
  }

  // Every card of the page asks again: what one decision changes stands in several of them.
  qd.askAgain = function () {
    beat += 1;
    for (const slot of document.querySelectorAll("[data-page] .slot > .slot[id]")) {
      window.dash_clientside.set_props(`${slot.id}--retry`, { data: `act-${beat}-${Date.now()}` });
    }
    if (document.getElementById("compliance-cases--kpis")) {
      window.dash_clientside.set_props("compliance-cases--kpis--retry", { data: `act-${beat}-${Date.now()}` });
    }
  };

  async function told(answer) {
    let said = {};
    try {
      said = await answer.json();
    } catch (notJson) {
      said = { detail: `The server answered ${answer.status}.` };
    }
    const fields = (said.errors || []).map((one) => `${one.field} ${one.message}.`);
    return [said.detail || said.title || "It was refused.", ...fields].join(" ");
  }

  async function send(node, options) {
    const status = node.querySelector && node.querySelector("[role=status]");
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(node.dataset.post, { method: "POST", credentials: "same-origin", ...options });
      if (!answer.ok) {
        const words = await told(answer);
        if (status) status.textContent = words;
        qd.notice({ kind: "error", fact: "Not done", effect: words });
        if (answer.status === 409) qd.askAgain();
        return;
      }
      if (node.dataset.download !== undefined) return keep(answer);
      forget(node);
      if (status) status.textContent = "";
      if (node.reset) node.reset();
      const said = await answer.json();
      qd.notice({ fact: node.dataset.done || "Done", effect: "It is on record." });
      if (node.dataset.opens) return qd.go(`${node.dataset.opens}${said.data.case_id}`);
      qd.askAgain();
    } catch (offline) {
      qd.notice({ kind: "error", fact: "Not sent", effect: "The server did not answer. What you wrote is still here." });
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  function forget(node) {
    for (const name of [...drafts.keys()]) if (name.startsWith(`${node.dataset.post}|`)) drafts.delete(name);
    const part = node.closest && node.closest("details[data-act]");
    if (part) opened.delete(placeOf(part));
    writing = null;
  }

  const json = (body) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  async function keep(answer) {
    const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = named ? named[1] : "pack.zip";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    qd.notice({ fact: "Pack made", effect: `SHA-256 begins with ${(answer.headers.get("X-Sha256") || "").slice(0, 16)}; the whole one is in the audit trail.` });
    qd.askAgain();
  }

  function upload(button) {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = ".pdf,.png,.jpg,.jpeg,.xlsx,.docx,.txt,.csv";
    picker.addEventListener("change", () => {
      const file = picker.files[0];
      if (!file) return;
      const place = button.dataset.upload;
      const node = { dataset: { post: `${place}?filename=${encodeURIComponent(file.name)}`, done: "Attached" }, setAttribute() {}, removeAttribute() {} };
      send(node, { headers: { "Content-Type": "application/octet-stream" }, body: file });
    });
    picker.click();
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-post]");
      if (!form) return;
      event.preventDefault();
      event.stopPropagation();
      send(form, json(values(form)));
    },
    true
  );

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-post]");
    if (button) return void send(button, json(JSON.parse(button.dataset.json || "{}")));
    const picks = event.target.closest("button[data-upload]");
    if (picks) upload(picks);
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.form && field.form.dataset.post && field.name) drafts.set(keyOf(field), field.value);
  });

  const placeOf = (part) => `${location.pathname}|${part.dataset.act}`;
  document.addEventListener(
    "toggle",
    (event) => {
      const part = event.target;
      if (!part.matches || !part.matches("details[data-act]") || !part.isConnected) return;
      if (part.open) opened.add(placeOf(part));
      else opened.delete(placeOf(part));
    },
    true
  );
  document.addEventListener("focusin", (event) => {
    const field = event.target;
    writing = field.form && field.form.dataset.post && field.name ? keyOf(field) : null;
  });

  // A card that is drawn anew looks as it did: parts stay open, words stay written, the cursor stays where it was.
  function restore(node) {
    for (const part of node.querySelectorAll("details[data-act]")) if (opened.has(placeOf(part))) part.open = true;
    for (const form of node.querySelectorAll("form[data-post]")) {
      for (const field of form.elements) {
        if (!field.name) continue;
        const kept = drafts.get(keyOf(field));
        if (kept !== undefined && field.value !== kept) field.value = kept;
        if (writing === keyOf(field) && document.activeElement === document.body) field.focus({ preventScroll: true });
      }
    }
  }

  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.querySelectorAll) restore(node);
  }).observe(document.documentElement, { childList: true, subtree: true });

  // --- keys of triage: J and K walk the queue, A takes, E escalates, C closes ---
  function neighbour(step) {
    const rows = [...document.querySelectorAll(".queue a")];
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[Math.min(Math.max(here < 0 ? 0 : here + step, 0), rows.length - 1)];
    if (next && !next.hasAttribute("aria-current")) next.click();
  }

  function unfold(name) {
    const part = document.querySelector(`details[data-act="${name}"]`);
    if (!part) return;
    part.open = true;
    const first = part.querySelector("select, textarea");
    if (first) first.focus();
    part.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true], [role=combobox], .modal")) return;
    if (event.key === "g") {
      lastG = Date.now();
      return;
    }
    if (Date.now() - lastG < 1200 || !document.querySelector('[data-page="compliance-alert"]')) return;
    const acts = {
      j: () => neighbour(1),
      k: () => neighbour(-1),
      a: () => {
        const take = document.querySelector('[data-act="take"]');
        if (take) take.click();
      },
      e: () => unfold("escalate"),
      c: () => unfold("close"),
    };
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
