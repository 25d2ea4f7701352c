// Replay of a book: plays the moves a card was sent, on its ladder, its chart and whatever else shows the same time.
(function () {
  "use strict";
  const qd = (window.qd = window.qd || {});
  const SIDE = 7; // levels of each side
  const LOG = 7;
  const FRAME = 60; // milliseconds between two drawings
  const SUSPECT = 2;
  const SAID = { new: "Order to", replace: "Changed to", cancel: "Withdrawn:", expire: "Expired:", reject: "Rejected:", fill: "Filled:", rests: "Rests:" };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const players = new Map();

  const clock = (ms) => new Date(ms).toISOString().slice(11, 23);

  function make(tag, className, words) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (words !== undefined) made.textContent = words;
    return made;
  }

  function decimalsOf(tick) {
    if (!tick) return 2;
    return Math.min(8, Math.max(2, Math.ceil(-Math.log10(tick) - 1e-9)));
  }

  class Player {
    constructor(root) {
      this.root = root;
      this.packed = root.dataset.replay;
      const found = JSON.parse(this.packed);
      Object.assign(this, found);
      this.decimals = decimalsOf(this.tick);
      const own = this.moves.filter((move) => this.orders[move[1]][2] === SUSPECT && move[2] !== "rests");
      this.stops = [...new Set((own.length ? own : this.moves).map((move) => move[0]))];
      this.speed = 20;
      this.playing = false;
      this.drawn = 0;
      this.parts();
      this.seek(this.fullest(), true);
    }

    // The moment at which most of the suspect orders rested tells most; where none ever did, the first event.
    fullest() {
      const held = new Map();
      let [total, most, moment] = [0, 0, this.stops.length ? this.stops[0] : 0];
      for (const [ms, order, , px, qty] of this.moves) {
        if (this.orders[order][2] !== SUSPECT) continue;
        const now = px === null ? 0 : qty;
        total += now - (held.get(order) || 0);
        held.set(order, now);
        if (total > most + 1e-9) [most, moment] = [total, ms];
      }
      return moment;
    }

    parts() {
      const rows = this.root.querySelector(".lad-rows");
      rows.replaceChildren();
      this.rows = [];
      // As many levels as there may be, for nothing stands in the others: the best price and those of the moves.
      const prices = (side) => new Set(this.moves.filter((move) => this.orders[move[1]][1] === side).map((move) => move[3]));
      [this.asks, this.bids] = [-1, 1].map((side) => Math.min(SIDE, prices(side).size + 1));
      for (let place = 0; place < this.asks + this.bids + 1; place += 1) {
        const row = make("div", place === this.asks ? "lad-row mid" : `lad-row ${place < this.asks ? "ask" : "bid"}`);
        const cells = ["lad-share", "lad-size bid", "lad-px", "lad-size ask", "lad-share"].map((name) => make("span", name));
        for (const side of [1, 3]) cells[side].append(make("i"), make("b"), make("span"));
        row.append(...cells);
        rows.append(row);
        this.rows.push({ row, cells });
      }
      const box = this.root.querySelector(".replay-seek");
      const range = make("input");
      Object.assign(range, { type: "range", min: "0", max: String(this.span), step: "any", value: "0" });
      range.setAttribute("aria-label", box.dataset.label);
      box.replaceChildren(range);
      this.range = range;
      range.addEventListener("input", () => {
        this.pause();
        this.seek(Number(range.value), true);
      });
      for (const button of this.root.querySelectorAll("[data-replay-speed]")) {
        if (button.getAttribute("aria-pressed") === "true") this.speed = Number(button.dataset.replaySpeed);
      }
    }

    // The book at one moment: forwards from where it stands, backwards from the beginning.
    bookAt(ms) {
      if (!this.book || ms < this.now) {
        this.book = new Map();
        this.done = 0;
        this.sums = { bought: 0, sold: 0 };
      }
      while (this.done < this.moves.length && this.moves[this.done][0] <= ms) {
        const [, order, kind, px, qty, lastQty] = this.moves[this.done];
        if (px !== null && qty > 0) this.book.set(order, [px, qty]);
        else this.book.delete(order);
        const [, side, standing] = this.orders[order];
        if (kind === "fill" && standing === SUSPECT) this.sums[side > 0 ? "bought" : "sold"] += lastQty || 0;
        this.done += 1;
      }
      this.now = ms;
    }

    quoteAt(ms) {
      let low = 0;
      let high = this.quotes.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.quotes[middle][0] <= ms) low = middle + 1;
        else high = middle;
      }
      return low ? this.quotes[low - 1] : null;
    }

    levels() {
      const sides = { 1: new Map(), [-1]: new Map() };
      let buy = 0;
      let sell = 0;
      for (const [order, [px, qty]] of this.book) {
        const [id, side, standing] = this.orders[order];
        const key = px.toFixed(8);
        const level = sides[side].get(key) || { px, known: 0, market: 0, group: 0, suspect: 0 };
        if (String(id).startsWith("book:")) level.market += qty;
        else level.known += qty;
        if (standing > 0) level.group += qty;
        if (standing === SUSPECT) {
          level.suspect += qty;
          if (side > 0) buy += qty;
          else sell += qty;
        }
        sides[side].set(key, level);
      }
      const quote = this.quoteAt(this.now);
      if (quote) {
        for (const [side, px, qty] of [[1, quote[1], quote[2]], [-1, quote[3], quote[4]]]) {
          if (px === null) continue;
          const key = px.toFixed(8);
          const level = sides[side].get(key) || { px, known: 0, market: 0, group: 0, suspect: 0 };
          level.market = Math.max(level.market, qty || 0);
          level.best = true;
          sides[side].set(key, level);
        }
      }
      const chosen = (side) =>
        [...sides[side].values()]
          .map((level) => ({ ...level, total: Math.max(level.market, level.known) }))
          .sort((a, b) => (b.suspect > 0) - (a.suspect > 0) || side * (b.px - a.px))
          .slice(0, SIDE)
          .sort((a, b) => side * (b.px - a.px));
      return { bids: chosen(1), asks: chosen(-1), quote, buy, sell };
    }

    draw() {
      const { bids, asks, quote, buy, sell } = this.levels();
      const most = Math.max(1, ...bids.map((level) => level.total), ...asks.map((level) => level.total));
      for (let place = 0; place < this.asks; place += 1) this.row(this.asks - 1 - place, asks[place], 3, most);
      for (let place = 0; place < this.bids; place += 1) this.row(this.asks + 1 + place, bids[place], 1, most);
      const middle = this.rows[this.asks].cells[2];
      middle.textContent = quote && quote[1] !== null && quote[3] !== null ? `spread ${(quote[3] - quote[1]).toFixed(this.decimals)}` : "no quote";
      const sums = { buy, sell, ...this.sums };
      for (const [name, value] of Object.entries(sums)) {
        this.root.querySelector(`[data-replay-sum="${name}"]`).textContent = whole.format(value);
      }
      this.root.querySelector(".replay-clock").textContent = clock(this.start + this.now);
      this.range.value = String(this.now);
      this.range.style.setProperty("--done", `${(this.now / this.span) * 100}%`);
      this.range.setAttribute("aria-valuetext", clock(this.start + this.now));
      this.log();
      if (!this.playing) {
        const levels = bids.filter((one) => one.suspect).length + asks.filter((one) => one.suspect).length;
        this.root.querySelector(".replay-now").textContent =
          `${clock(this.start + this.now)}: ${whole.format(buy)} to buy and ${whole.format(sell)} to sell rest at ${levels} suspect ${levels === 1 ? "price" : "prices"}.`;
      }
      qd.replayMark(this);
    }

    row(place, level, cell, most) {
      const { row, cells } = this.rows[place];
      row.classList.toggle("own", Boolean(level && level.suspect));
      row.classList.toggle("best", Boolean(level && level.best));
      for (const at of [0, 4]) cells[at].textContent = "";
      for (const at of [1, 3]) {
        const [own, all, words] = cells[at].children;
        const shown = level && at === cell;
        all.style.width = shown ? `${(level.total / most) * 100}%` : "0";
        own.style.width = shown ? `${(level.suspect / most) * 100}%` : "0";
        words.textContent = shown ? (level.total ? whole.format(level.total) : "–") : "";
      }
      cells[2].textContent = level ? level.px.toFixed(this.decimals) : "";
      if (level && level.group && level.total) cells[cell === 1 ? 0 : 4].textContent = `${Math.round((level.group / level.total) * 100)}%`;
    }

    log() {
      const shown = [];
      for (let place = this.done - 1; place >= 0 && shown.length < LOG; place -= 1) {
        if (this.orders[this.moves[place][1]][2] > 0) shown.push(place);
      }
      const key = shown.join();
      if (key === this.logged) return;
      this.logged = key;
      const items = shown.map((place) => {
        const [ms, order, kind, px, qty, lastQty, lastPx] = this.moves[place];
        const [id, side, standing, account] = this.orders[order];
        const item = make("li", standing === SUSPECT ? "own" : "");
        const amount = kind === "fill" ? lastQty : qty || this.before(place, order);
        const level = kind === "fill" ? lastPx : px;
        const words = `${SAID[kind] || kind} ${side > 0 ? "buy" : "sell"} ${amount ? whole.format(amount) : ""}${level === null ? "" : ` at ${level.toFixed(this.decimals)}`}`;
        const link = make("a", "mono", id);
        link.href = `/trading/orders/${encodeURIComponent(id)}`;
        link.title = account ? `Account ${account}` : "";
        item.append(make("span", "mono tm", clock(this.start + ms)), make("span", side > 0 ? "up" : "down", words), link);
        return item;
      });
      this.root.querySelector(".replay-log").replaceChildren(...items);
    }

    before(place, order) {
      for (let at = place - 1; at >= 0; at -= 1) if (this.moves[at][1] === order && this.moves[at][4]) return this.moves[at][4];
      return 0;
    }

    seek(ms, at_once) {
      this.bookAt(Math.min(Math.max(ms, 0), this.span));
      const time = performance.now();
      if (!at_once && time - this.drawn < FRAME) return;
      this.drawn = time;
      this.draw();
    }

    step(way) {
      this.pause();
      const found = way > 0 ? this.stops.find((ms) => ms > this.now + 1e-6) : [...this.stops].reverse().find((ms) => ms < this.now - 1e-6);
      this.seek(found === undefined ? (way > 0 ? this.span : 0) : found, true);
    }

    shift(ms) {
      this.pause();
      this.seek(this.now + ms, true);
    }

    pause() {
      if (!this.playing) return;
      this.playing = false;
      this.button();
      this.draw();
    }

    toggle() {
      if (this.playing) return this.pause();
      if (this.now >= this.span) this.seek(0, true);
      this.playing = true;
      this.button();
      let last = performance.now();
      let beat = last;
      const tick = (time) => {
        if (!this.playing) return;
        if (!this.root.isConnected) {
          this.playing = false;
          return;
        }
        if (calm.matches) {
          // No movement: from event to event, twice a second.
          if (time - beat >= 500) {
            beat = time;
            const next = this.stops.find((ms) => ms > this.now + 1e-6);
            this.seek(next === undefined ? this.span : next, true);
          }
        } else this.seek(this.now + Math.max(0, time - last) * this.speed, false);
        last = time;
        if (this.now >= this.span) return this.pause();
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }

    button() {
      const button = this.root.querySelector('[data-replay-act="play"]');
      button.querySelector(".bi").className = `bi bi-${this.playing ? "pause" : "play"}-fill`;
      button.setAttribute("aria-pressed", this.playing ? "true" : "false");
      button.title = this.playing ? "Pause" : "Play";
    }
  }

  function current() {
    for (const [root, player] of players) {
      if (root.isConnected) return player;
      player.playing = false;
      players.delete(root);
    }
    return null;
  }

  function look() {
    for (const root of document.querySelectorAll(".replay[data-replay]")) {
      const known = players.get(root);
      if (known && known.packed === root.dataset.replay) continue;
      if (known) known.playing = false;
      players.set(root, new Player(root));
    }
    current();
  }

  let asked = false;
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      look();
      // A chart that was drawn or sized anew wants its cursor again.
      const player = current();
      if (player && !player.playing) qd.replayMark(player);
    });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-replay"] });
  window.addEventListener("resize", () => {
    const player = current();
    if (player) setTimeout(() => qd.replayMark(player), 300);
  });

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!target.closest) return;
    const player = current();
    if (!player) return;
    const act = target.closest("[data-replay-act]");
    if (act) {
      if (act.dataset.replayAct === "play") player.toggle();
      else player.step(act.dataset.replayAct === "next" ? 1 : -1);
      return;
    }
    const speed = target.closest("[data-replay-speed]");
    if (speed) {
      player.speed = Number(speed.dataset.replaySpeed);
      for (const one of player.root.querySelectorAll("[data-replay-speed]")) one.setAttribute("aria-pressed", one === speed ? "true" : "false");
      return;
    }
    const item = target.closest(".timeline [data-ms]");
    if (item && !target.closest("a")) {
      player.pause();
      player.seek(Number(item.dataset.ms) - player.start, true);
    }
  });

  // Pressing on the chart seeks there, dragging scrubs; a finger that moves up or down still scrolls the page.
  function seekAt(plot, x) {
    const player = current();
    const graph = plot.querySelector(".js-plotly-plot");
    const axis = graph && graph._fullLayout && graph._fullLayout.xaxis;
    if (!player || !axis) return;
    player.pause();
    player.seek(axis.p2c(x - plot.getBoundingClientRect().left - axis._offset) - player.start, true);
  }
  document.addEventListener(
    "pointerdown",
    (event) => {
      const plot = event.target.closest && event.target.closest(".plot.seekable");
      if (!plot || event.button !== 0) return;
      seekAt(plot, event.clientX);
      const move = (moved) => seekAt(plot, moved.clientX);
      const end = () => {
        window.removeEventListener("pointermove", move, true);
        window.removeEventListener("pointerup", end, true);
        window.removeEventListener("pointercancel", end, true);
      };
      window.addEventListener("pointermove", move, true);
      window.addEventListener("pointerup", end, true);
      window.addEventListener("pointercancel", end, true);
    },
    true
  );

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const player = current();
    if (!player || document.querySelector("dialog[open], .modal.show")) return;
    const target = event.target;
    const own = target === player.range;
    if (!own && target.closest && target.closest("input, textarea, select, [contenteditable=true], [role=combobox]")) return;
    const space = event.key === " ";
    // Space on a button or a fold is its own.
    if (space && target.closest && target.closest("button, a, summary, [role=button]")) return;
    const acts = {
      " ": () => player.toggle(),
      ArrowRight: () => (event.shiftKey ? player.shift(1000) : player.step(1)),
      ArrowLeft: () => (event.shiftKey ? player.shift(-1000) : player.step(-1)),
    };
    const act = acts[event.key];
    if (!act || (space && event.repeat)) return;
    event.preventDefault();
    act();
  });
})();
