// Export: a card's table as a file, under the view that is on the screen. Ctrl E takes the card at hand.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const SAID = {
    403: "Your role does not export this table.",
    404: "There is no such table any more.",
    422: "This view shows no table.",
    429: "Too many exports in a short time. Try again in a minute.",
  };

  // The page's own state is in the address, which may have changed since the card was drawn.
  function address(link) {
    const to = new URL(link.getAttribute("href"), location.origin);
    new URLSearchParams(location.search).forEach((value, name) => {
      if (!to.searchParams.has(name)) to.searchParams.set(name, value);
    });
    return to.pathname + to.search;
  }

  function named(answer) {
    const found = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
    return found ? found[1] : "quarterdeck-table.csv";
  }

  qd.exportTable = async function (link) {
    if (link.dataset.busy) return;
    link.dataset.busy = "1";
    try {
      const answer = await fetch(address(link), { credentials: "same-origin" });
      if (!answer.ok) {
        qd.notice({ kind: "error", fact: "Not exported", effect: SAID[answer.status] || "The server did not answer." });
        return;
      }
      const file = URL.createObjectURL(await answer.blob());
      const save = document.createElement("a");
      save.href = file;
      save.download = named(answer);
      document.body.append(save);
      save.click();
      save.remove();
      setTimeout(() => URL.revokeObjectURL(file), 60000);
      qd.notice({ fact: "Exported", effect: save.download });
    } catch (failure) {
      qd.notice({ kind: "error", fact: "Not exported", effect: "The server did not answer." });
    } finally {
      delete link.dataset.busy;
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-export]");
    if (!link || event.button !== 0) return;
    event.preventDefault();
    const menu = link.closest("details");
    if (menu) menu.open = false;
    qd.exportTable(link);
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "e") return;
    const card = document.activeElement && document.activeElement.closest("[data-card]");
    const link =
      (card && card.querySelector("a[data-export=csv]")) || document.querySelector("[data-page] a[data-export=csv]");
    if (!link) return;
    event.preventDefault();
    qd.exportTable(link);
  });
})();
