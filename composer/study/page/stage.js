// Stage: everything that happens over time in one piece, in lanes on one axis of seconds.

const LEAST_WIDTH = 26; // pixels of a cell
const MOST_WIDTH = 30000;

class Stage {
  constructor(root, study, player, chosen) {
    this.study = study;
    this.player = player;
    this.byPart = study.surprise === null;
    this._chosen = chosen;
    this._lanes = [];
    this._drums = study.piece.parts.map((part) => part.drums);
    this._seconds = study.cells.lines.at(-1);
    this._zoom = 1;
    this._root = root;
    this._build();
    this.draw();
    new ResizeObserver(() => this._fitted() && this.draw()).observe(root);
  }

  _build() {
    const inner = element("div", { class: "stage-inner" });
    this._inner = inner;
    this.scroller = element("div", { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": "The piece over time; arrow keys scroll" }, inner);
    this._root.append(this.scroller);
    this._head = element("div", { class: "playhead" });
    inner.append(this._head);
    for (const lane of lanesOf(this.study)) {
      const body = element("div", { class: "lane-body" });
      const name = element("div", { class: "lane-name" }, lane.name);
      if (lane.title) name.title = lane.title;
      const row = element("div", { class: lane.group ? "lane group" : "lane" }, name, body);
      inner.append(row);
      this._lanes.push({ ...lane, body, row });
    }
    inner.addEventListener("click", (event) => {
      if (event.target.closest("button")) return;
      const body = event.target.closest(".lane-body");
      if (!body) return;
      const at = (event.clientX - body.getBoundingClientRect().left) / this.scale;
      this.playFrom(at);
    });
  }

  _fitted() {
    const width = this._root.clientWidth;
    if (width === this._lastWidth) return false;
    this._lastWidth = width;
    return true;
  }

  get gutter() {
    return this._lanes[0].row.firstChild.offsetWidth;
  }

  draw() {
    this._lastWidth = this._root.clientWidth;
    const room = Math.max(this._root.clientWidth - this.gutter - 2, 200);
    const cells = this.study.cells.lines.length - 1;
    const wanted = Math.max(room, cells * (this.study.piece.free ? LEAST_WIDTH : 2.2 * LEAST_WIDTH)) * this._zoom;
    this.width = Math.min(Math.max(wanted, room), MOST_WIDTH);
    this.scale = this.width / this._seconds;
    const colours = theme();
    for (const lane of this._lanes) {
      lane.body.style.width = `${this.width}px`;
      lane.body.style.height = lane.row.style.height = `${lane.height}px`;
      lane.body.replaceChildren();
      lane.draw(this, lane.body, colours, lane.height);
    }
    this._mark();
  }

  zoom(factor) {
    const middle = (this.scroller.scrollLeft + this.scroller.clientWidth / 2) / this.width;
    this._zoom = Math.min(16, Math.max(0.1, this._zoom * factor));
    this.draw();
    this.scroller.scrollLeft = middle * this.width - this.scroller.clientWidth / 2;
  }

  /** A canvas over a lane, to draw on in pixels of the page. */
  canvas(body, height) {
    const sharp = this.width * devicePixelRatio > MOST_WIDTH ? 1 : devicePixelRatio;
    const canvas = element("canvas", { width: Math.round(this.width * sharp), height: Math.round(height * sharp) });
    canvas.style.width = `${this.width}px`;
    canvas.style.height = `${height}px`;
    body.append(canvas);
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    return pen;
  }

  x(second) {
    return second * this.scale;
  }

  lines(pen, height, colours) {
    pen.fillStyle = colours.line;
    this.study.cells.lines.forEach((second) => pen.fillRect(Math.round(this.x(second)), 0, 1, height));
  }

  colour(note, colours) {
    if (this.byPart || note[5] === null) return PARTS[note[4] % PARTS.length];
    return surpriseColour(note[5], colours);
  }

  show(second) {
    const left = this.x(second);
    const seen = this.scroller.clientWidth - this.gutter;
    if (left < this.scroller.scrollLeft + 20 || left > this.scroller.scrollLeft + seen - 60) {
      this.scroller.scrollLeft = left - seen / 3;
    }
  }

  playFrom(from, to = this._seconds, notes = this.study.notes) {
    this.player.play(notes, this._drums, from, to, (second) => {
      this._head.style.display = second === null ? "none" : "block";
      if (second === null) return;
      this._head.style.left = `${this.gutter + this.x(second)}px`;
      this.show(second);
    });
  }

  /** Show which note is chosen; its button. */
  _mark() {
    const hits = [...this._inner.querySelectorAll(".hit")];
    hits.forEach((hit) => hit.setAttribute("aria-pressed", Number(hit.dataset.index) === this.current));
    return hits.find((hit) => Number(hit.dataset.index) === this.current);
  }

  choose(index, focus = false) {
    this.current = index;
    const mine = this._mark();
    if (focus) mine?.focus({ preventScroll: true });
    const told = this.study.surprise.notes[index];
    this.show(this.study.notes[told.note][0]);
    this._chosen(index);
  }
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
