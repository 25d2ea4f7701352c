// Where a replay stands, on every chart of the page with an axis of time, on the lanes and in the list of events.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});

  // The same moment on every chart of the page that shows its time, on the lanes and in the list below.
  qd.replayMark = function (player) {
    const ms = player.start + player.now;
    for (const plot of document.querySelectorAll('[data-page="compliance-alert"] .plot')) {
      const graph = plot.querySelector(".js-plotly-plot");
      const axis = graph && graph._fullLayout && graph._fullLayout.xaxis;
      if (!axis || axis.type !== "date" || !axis.range) continue;
      const place = axis._offset + axis.d2p(ms);
      // As high as the plot itself: below stand the axis and its title.
      const { t, h } = graph._fullLayout._size;
      line(plot, place, { top: `${t}px`, height: `${h}px` }, place >= axis._offset && place <= axis._offset + axis._length, plot.classList.contains("seekable"));
    }
    for (const lanes of document.querySelectorAll(".lanes[data-start]")) {
      const share = (ms - Number(lanes.dataset.start)) / (Number(lanes.dataset.end) - Number(lanes.dataset.start));
      const cursor = lanes.querySelector(".lane-cursor");
      cursor.hidden = !(share >= 0 && share <= 1);
      cursor.style.left = `${share * 100}%`;
    }
    let current = null;
    for (const item of document.querySelectorAll(".timeline [data-ms]")) {
      if (Number(item.dataset.ms) <= ms + 0.5) current = item;
      item.classList.remove("now");
    }
    if (current) current.classList.add("now");
  };

  function line(plot, place, box, inside, told) {
    let cursor = plot.querySelector(":scope > .replay-cursor");
    if (!cursor) {
      cursor = document.createElement("span");
      cursor.className = "replay-cursor";
      plot.append(cursor);
    }
    Object.assign(cursor.style, box);
    cursor.hidden = !inside;
    cursor.classList.toggle("first", told);
    cursor.style.transform = `translateX(${place}px)`;
  }
})();
