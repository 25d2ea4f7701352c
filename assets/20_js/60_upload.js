// Uploads: the browser posts the file itself, so that its size does not pass through a callback.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const byId = (id) => document.getElementById(id);
  const HEAD = 200000; // bytes of the file that the wizard looks at
  const KINDS = { csv: "text/csv", tsv: "text/csv", ndjson: "application/x-ndjson", jsonl: "application/x-ndjson", parquet: "application/vnd.apache.parquet", xml: "application/xml", fix: "text/plain", log: "text/plain", dat: "text/plain", txt: "text/plain" };
  let chosen = null;

  const size = (bytes) => (bytes < 1e4 ? `${bytes} bytes` : bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  function kindOf(name) {
    const bare = name.toLowerCase().replace(/\.(gz|zip)$/, "");
    return KINDS[bare.split(".").pop()] || "text/csv";
  }

  async function headOf(file) {
    const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    const is = (...bytes) => bytes.every((byte, at) => start[at] === byte);
    if (is(0x50, 0x41, 0x52, 0x31) || is(0x50, 0x4b)) return ""; // Parquet, zip: nothing a text wizard could read
    let stream = file.stream();
    if (is(0x1f, 0x8b)) {
      if (!window.DecompressionStream) return "";
      stream = stream.pipeThrough(new DecompressionStream("gzip"));
    }
    const reader = stream.getReader();
    const parts = [];
    let read = 0;
    while (read < HEAD) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      read += value.length;
    }
    await reader.cancel();
    const text = new TextDecoder().decode(await new Blob(parts).arrayBuffer()).slice(0, HEAD);
    const whole = read < HEAD;
    return whole ? text : text.slice(0, text.lastIndexOf("\n") + 1);
  }

  async function choose(file) {
    chosen = file;
    byId("upload-name").textContent = `${file.name}, ${size(file.size)}`;
    enable(["upload-send", "upload-check", "upload-map"], true);
    say("");
    let head = "";
    try {
      head = await headOf(file);
    } catch (damaged) {
      say("The beginning of this file cannot be unpacked; the import will say more.");
    }
    props("upload-file", { data: { name: file.name, size: file.size, head } });
  }

  // Through the component: React passes no click on to a button that it believes to be disabled.
  function enable(ids, now) {
    for (const id of ids) if (byId(id)) props(id, { disabled: !now });
  }

  function say(words) {
    const place = byId("upload-progress");
    if (place) place.textContent = words;
  }

  function send(check) {
    if (!chosen) return;
    const value = (id) => (byId(id) ? byId(id).value.trim() : "");
    const params = new URLSearchParams({ filename: chosen.name });
    for (const name of ["mapping", "zone", "account"]) if (value(`upload-${name}`) && value(`upload-${name}`) !== "none") params.set(name, value(`upload-${name}`));
    if (check) params.set("dry_run", "true");
    const format = value("upload-format");
    const kind = params.get("mapping") ? "text/csv" : format && format !== "auto" ? format : kindOf(chosen.name);
    const request = new XMLHttpRequest();
    request.open("POST", `/api/ingest/${encodeURIComponent(value("upload-dataset") || "auto")}?${params}`);
    request.setRequestHeader("Content-Type", kind);
    request.setRequestHeader("Accept", "application/json");
    const name = chosen.name;
    const busy = (now) => enable(["upload-send", "upload-check"], !now);
    busy(true);
    say(check ? "Checking" : "Sending");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) say(event.loaded < event.total ? `Sending ${Math.round((100 * event.loaded) / event.total)}%` : "Reading");
    };
    const done = (answer) => {
      busy(false);
      say("");
      props("upload-answer", { data: Object.assign({ filename: name }, answer) });
      props("operations-pipeline--imports--retry", { data: Date.now() });
      props("operations-pipeline--datasets--retry", { data: Date.now() });
    };
    request.onload = () => {
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch (odd) {
        body = { detail: `The server answered ${request.status}.` };
      }
      if (request.status === 401) return location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
      if (request.status === 202) return follow(body.data.import_id, done);
      if (request.status < 300) return done(body.data);
      const fields = (body.errors || []).map((error) => `${error.field}: ${error.message}`);
      return done({ status: "failed", error: [body.detail, ...fields].filter(Boolean).join(" ") });
    };
    request.onerror = () => done({ status: "failed", error: "The connection broke before the file was there." });
    request.send(chosen);
  }

  function follow(id, done) {
    say("Waiting for the worker");
    fetch(`/api/ingest/${id}`)
      .then((answer) => answer.json())
      .then((body) => {
        if (["queued", "running"].includes(body.data.status)) setTimeout(() => follow(id, done), 1000);
        else done(body.data);
      })
      .catch(() => setTimeout(() => follow(id, done), 3000));
  }

  document.addEventListener("click", (event) => {
    const at = (id) => event.target.closest && event.target.closest(`#${id}`);
    if (at("upload-drop")) {
      const input = document.createElement("input");
      input.type = "file";
      input.addEventListener("change", () => input.files[0] && choose(input.files[0]));
      input.click();
    } else if (at("upload-send")) send(false);
    else if (at("upload-check")) send(true);
  });
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.target.closest || !event.target.closest("#upload-drop")) return;
      event.preventDefault();
      if (kind === "drop" && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
    });
  }
  qd.upload = { choose };
})();
