// Casework: forms and buttons that post to the REST surface, refusals at their field, drafts that outlive a refreshed card.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const drafts = new Map();
  const opened = new Set();
  let writing = null;
  let beat = 0;

  // Two forms may post to one place: what they post beside their fields tells them apart. The version does not.
  const formOf = (form) => `${form.dataset.post}|${(form.dataset.json || "").replace(/"version": ?\d+/, "")}`;
  const listOf = (field) => field.closest("[data-list]");
  const nameOf = (field) => (listOf(field) ? listOf(field).dataset.list : field.name);
  const keyOf = (field) => `${formOf(field.form)}|${nameOf(field)}|${listOf(field) ? listOf(field).dataset.value : ""}`;
  const isField = (field) => Boolean(field.form && field.form.dataset.post && nameOf(field));

  // A day until whose end something holds ends with the next one.
  function nextDay(day) {
    const after = new Date(`${day}T00:00:00Z`);
    after.setUTCDate(after.getUTCDate() + 1);
    return Number.isNaN(after.getTime()) ? day : after.toISOString();
  }

  function valueOf(field) {
    if (field.type === "number") return Number(field.value);
    if (field.type === "datetime-local") return `${field.value}Z`;
    if (field.type === "date" && field.closest("[data-until]")) return nextDay(field.value);
    return field.value;
  }

  function values(form) {
    const body = JSON.parse(form.dataset.json || "{}");
    const place = form.dataset.inside ? (body[form.dataset.inside] = {}) : body;
    for (const field of form.elements) {
      const name = nameOf(field);
      if (!name) continue;
      if (listOf(field)) {
        place[name] = place[name] || [];
        if (field.checked) place[name].push(listOf(field).dataset.value);
      } else if (field.type === "checkbox") place[name] = field.checked;
      else if (field.value !== "") place[name] = valueOf(field);
    }
    return body;
  }

  // Every card of the page asks again: what one decision changes stands in several of them.
  qd.askAgain = function () {
    beat += 1;
    for (const slot of document.querySelectorAll("[data-page] .slot > .slot[id]")) {
      window.dash_clientside.set_props(`${slot.id}--retry`, { data: `act-${beat}-${Date.now()}` });
    }
    const strip = document.querySelector("[data-page] [data-card=kpis][id]");
    if (strip) window.dash_clientside.set_props(`${strip.id}--retry`, { data: `act-${beat}-${Date.now()}` });
    document.dispatchEvent(new CustomEvent("qd:acted"));
  };

  async function refusal(answer) {
    try {
      return await answer.json();
    } catch (notJson) {
      return { detail: `The server answered ${answer.status}.` };
    }
  }

  function clean(field) {
    if (!field.hasAttribute("aria-invalid")) return;
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    field.classList.remove("is-invalid");
    const said = field.parentElement.querySelector(".field-said");
    if (said) said.remove();
  }

  // What does not fit is said below its field; returns what has no field here.
  function mark(node, errors) {
    const rest = [];
    let first = null;
    for (const one of errors) {
      const name = String(one.field).split(".").pop();
      const field = node.elements && [...node.elements].find((other) => nameOf(other) === name && other.type !== "submit");
      if (!field) {
        rest.push(`${one.field} ${one.message}.`);
        continue;
      }
      clean(field);
      const said = document.createElement("span");
      said.className = "field-said crit";
      said.id = `said-${Date.now()}-${name}`;
      said.textContent = `This ${one.message}.`;
      field.after(said);
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", said.id);
      field.classList.add("is-invalid");
      first = first || field;
    }
    if (first) first.focus();
    return rest;
  }

  const filled = (words, found) => words.replace(/\{(\w+)\}/g, (whole, name) => (found && found[name] !== undefined ? found[name] : whole));

  async function send(node, options, status) {
    node.setAttribute("aria-busy", "true");
    if (node.elements) [...node.elements].forEach(clean);
    if (status) status.textContent = "";
    try {
      const answer = await fetch(node.dataset.post, { method: "POST", credentials: "same-origin", ...options });
      if (!answer.ok) {
        const said = await refusal(answer);
        const errors = said.errors || [];
        const rest = mark(node, errors);
        const words = [said.detail || said.title || "It was refused.", ...rest].join(" ");
        if (status) status.textContent = words;
        // What is said at its field need not be said once more in the corner.
        if (!errors.length || rest.length) qd.notice({ kind: "error", fact: "Not done", effect: words });
        if (answer.status === 409) qd.askAgain();
        return;
      }
      if (node.dataset.download !== undefined) return await keep(answer);
      forget(node);
      if (node.reset) node.reset();
      const said = (await answer.json()).data || {};
      qd.notice({ fact: filled(node.dataset.done || "Done", said), effect: "It is on record." });
      if (node.dataset.opens && said.case_id) return qd.go(`${node.dataset.opens}${said.case_id}`);
      qd.askAgain();
    } catch (offline) {
      qd.notice({ kind: "error", fact: "Not sent", effect: "The server did not answer. What you wrote is still here." });
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  function forget(node) {
    for (const name of [...drafts.keys()]) if (name.startsWith(`${formOf(node)}|`)) drafts.delete(name);
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

  const statusOf = (place) => place && place.querySelector("[role=status]");

  function upload(button) {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = ".pdf,.png,.jpg,.jpeg,.xlsx,.docx,.txt,.csv";
    picker.addEventListener("change", () => {
      const file = picker.files[0];
      if (!file) return;
      const place = button.dataset.upload;
      const node = { dataset: { post: `${place}?filename=${encodeURIComponent(file.name)}`, done: "Attached" }, setAttribute() {}, removeAttribute() {} };
      send(node, { headers: { "Content-Type": "application/octet-stream" }, body: file }, statusOf(button.parentElement));
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
      send(form, json(values(form)), statusOf(form));
    },
    true
  );

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-post]");
    if (button) return void send(button, json(JSON.parse(button.dataset.json || "{}")), null);
    const picks = event.target.closest("button[data-upload]");
    if (picks) upload(picks);
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!isField(field)) return;
    clean(field);
    drafts.set(keyOf(field), field.type === "checkbox" ? field.checked : field.value);
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
    writing = isField(event.target) ? keyOf(event.target) : null;
  });

  // A card that is drawn anew looks as it did: parts stay open, words stay written, the cursor stays where it was.
  function restore(node) {
    for (const part of node.querySelectorAll("details[data-act]")) if (opened.has(placeOf(part))) part.open = true;
    for (const form of node.querySelectorAll("form[data-post]")) {
      for (const field of form.elements) {
        if (!isField(field)) continue;
        const kept = drafts.get(keyOf(field));
        // A box that is ticked belongs to its component: pressing it tells that, too.
        if (typeof kept === "boolean" && field.checked !== kept) setTimeout(() => field.checked !== kept && field.click());
        else if (typeof kept === "string" && field.value !== kept) field.value = kept;
        if (writing === keyOf(field) && document.activeElement === document.body) field.focus({ preventScroll: true });
      }
    }
  }

  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.querySelectorAll) restore(node);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
