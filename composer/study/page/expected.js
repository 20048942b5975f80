// Expected: what the network expected in place of a note that surprised it, to be seen and heard.

const BEFORE = 2.5; // seconds that are played before the note
const AFTER = 0.7;

class Expected {
  constructor(root, study) {
    this._root = root;
    this._study = study;
    this.stage = null;
  }

  show(index) {
    const told = this._study.surprise.notes[index];
    const note = this._study.notes[told.note];
    const count = this._study.surprise.notes.length;
    const once = told.probability > 0 ? Math.round(1 / told.probability).toLocaleString("en") : "very many";
    const head = element("div", { class: "tools" },
      element("strong", {}, `${told.place}: ${told.text}`),
      element("span", { class: "soft" }, `${told.nats} nats, one chance in ${once}; its ${told.surprising} surprised most. ${index + 1} of ${count}`),
      element("span", { class: "space" }),
      button("Play what came", () => this._play(note, note)),
    );
    const choices = element("div", { class: "choices" });
    choices.append(this._column("Expected pitch", told.pitches.map((choice) => [choice.name, choice.probability, choice.pitch === note[2], () => this._play(note, [note[0], note[1], choice.pitch, ...note.slice(3)])])));
    choices.append(this._column("Expected time", told.times.map((choice) => [choice.text, choice.probability, choice.came, () => this._play(note, [choice.seconds, choice.seconds + note[1] - note[0], ...note.slice(2)])])));
    choices.append(this._column("Expected length", told.lengths.map((choice) => [choice.text, choice.probability, false, null])));
    this._root.replaceChildren(head, choices);
  }

  _column(title, choices) {
    const column = element("div", {}, element("h3", {}, title));
    for (const [text, probability, came, play] of choices) {
      const bar = element("b");
      bar.style.setProperty("--share", `${100 * probability}%`);
      const label = play ? button(text, play) : element("span", {}, text);
      label.style.textAlign = "left";
      column.append(element("div", { class: came ? "choice came" : "choice", title: came ? "what came" : "" }, label, bar, element("span", {}, `${(100 * probability).toFixed(1)} %`)));
    }
    return column;
  }

  /** What came before a note, and another in its place. */
  _play(note, other) {
    const notes = this._study.notes.filter((one) => one[0] <= note[0] + 0.001 && one !== note);
    this.stage.playFrom(Math.max(note[0] - BEFORE, 0), Math.max(note[0], other[0]) + AFTER, [...notes, other]);
  }
}

function button(text, press) {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", press);
  return made;
}
