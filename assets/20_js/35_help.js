// ? opens a sheet of all keys. Where G leads is read from the navigation, so it names what this role may open.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const KEYS = [
    ["Ctrl K", "Search, commands and context"],
    ["Alt 1 to 5", "Take a next step"],
    ["Ctrl E", "Export the table in focus, or the first"],
    ["Ctrl Shift L", "Copy link to this view"],
    ["[", "Fold or unfold the navigation"],
    ["\\", "Switch between dark and light"],
    ["Esc", "Close what is open"],
    ["?", "This sheet"],
  ];
  const TRIAGE = [
    ["J K", "Next or previous alert of the queue"],
    ["A", "Assign it to me"],
    ["E", "Escalate it to a case"],
    ["C", "Close it with a reason"],
    ["Space", "Play or pause the replay"],
    ["← →", "Its event before or next"],
    ["Shift ← →", "One second of it"],
  ];
  const CHOOSE = [
    ["J K", "Next or previous row"],
    ["X", "Choose the row, or not"],
    ["Enter", "Open it"],
  ];
  const READ = [
    ["J K", "Next or previous message"],
    ["R", "Read, nothing to follow"],
    ["E", "Raise an alert or open a case"],
  ];
  const TALK = [
    ["J K", "Next or previous post"],
    ["Enter", "Open its thread"],
    ["U", "Back to all posts"],
    ["N", "Write a post"],
    ["R", "Answer"],
    ["Ctrl Enter", "Send what you wrote"],
  ];
  let dialog = null;

  function make(tag, className, words) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (words) made.textContent = words;
    return made;
  }

  function section(title, rows) {
    const made = make("section");
    made.append(make("h2", "", title));
    const list = make("dl");
    for (const [keys, words] of rows) {
      const term = make("dt");
      term.append(...keys.split(" ").flatMap((key, at) => (at ? [" ", make("kbd", "", key)] : [make("kbd", "", key)])));
      list.append(term, make("dd", "", words));
    }
    made.append(list);
    return made;
  }

  function places() {
    return Object.entries(qd.PLACES)
      .map(([key, path]) => [key, document.querySelector(`[data-nav="${path}"]`)])
      .filter(([, link]) => link)
      .map(([key, link]) => [`G ${key.toUpperCase()}`, link.textContent.replace(/\d+$/, "").trim()]);
  }

  qd.acts = Object.assign(qd.acts || {}, {
    help: () => {
      if (!dialog) {
        dialog = make("dialog", "palette keysheet");
        dialog.setAttribute("aria-label", "Keys");
        dialog.addEventListener("click", (event) => {
          if (event.target === dialog) dialog.close();
        });
        document.body.append(dialog);
      }
      if (dialog.open) return dialog.close();
      const close = make("button", "btn btn-sm btn-outline-secondary", "Close");
      close.type = "button";
      close.addEventListener("click", () => dialog.close());
      const body = make("div", "sheet");
      body.append(section("Go to", places()), section("Everywhere", KEYS));
      if (document.querySelector('[data-nav="/compliance/alerts"]')) body.append(section("On an alert", TRIAGE), section("In the list of alerts", CHOOSE));
      if (document.querySelector('[data-nav="/compliance/supervision"]')) body.append(section("Among drawn messages", READ));
      if (document.querySelector('[data-nav="/social/feed"]')) body.append(section("On the feed", TALK));
      const foot = make("div", "ft");
      foot.append(close);
      dialog.replaceChildren(body, foot);
      dialog.showModal();
    },
  });
})();
