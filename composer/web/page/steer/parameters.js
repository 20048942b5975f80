// Parameters: all of a session's, from the server's one table, in groups that a musician knows.

import { el } from "../base/elements.js";
import { tell } from "../base/notices.js";
import { control } from "./controls.js";

const GROUPS = [
  ["How bold", ["temperature", "density", "recall", "loudness"]],
  ["What notes", ["key", "chords", "form", "low", "high", "metre", "program", "band", "harmonise"]],
  ["Taking turns", ["length", "bars", "wait", "start", "interrupt"]],
  ["Finer still", ["top_p", "min_p", "rng_seed"]],
  ["Connection", ["latency", "channel_in", "channel_out", "sync"]],
];
/** The page itself needs these as they are. */
const HIDDEN = new Set(["mode", "mirror", "play", "phrases"]);
const OPEN = 3; // groups that are open at first
const AGAIN = 40; // milliseconds between two words about one slider

export class Parameters {
  constructor(place, connection) {
    this._place = place;
    this._connection = connection;
    this._controls = new Map();
    this._rows = new Map();
    this._timers = new Map();
    this.values = new Map();
    this.onchange = null; // (name, value), whoever changed it
    connection.on("changed", (name, value) => this.take(name, value));
    connection.on("status", (...rows) => {
      for (let at = 0; at < rows.length; at += 2) if (this._rows.has(rows[at])) this.take(rows[at], rows[at + 1]);
    });
  }

  build(rows) {
    this._rows = new Map(rows.map((row) => [row.name, row]));
    const placed = new Set([...HIDDEN, ...GROUPS.flatMap(([, names]) => names)]);
    const others = rows.map((row) => row.name).filter((name) => !placed.has(name));
    const groups = [...GROUPS, ["More", others]].map(([title, names], at) => {
      const controls = names.filter((name) => this._rows.has(name)).map((name) => this._control(name));
      if (!controls.length) return null;
      return el("details", { class: "group", open: at < OPEN }, el("summary", {}, title), ...controls);
    });
    this._place.replaceChildren(...groups.filter(Boolean));
  }

  _control(name) {
    const made = control(this._rows.get(name), (value) => this.set(name, value));
    this._controls.set(name, made);
    return made.element;
  }

  /** Ask for all of them: another session, or the server again. */
  refresh() {
    for (const name of this._rows.keys()) this._connection.send("get", name);
  }

  /** A person sets one. */
  set(name, value) {
    this.values.set(name, value);
    this.onchange?.(name, value);
    // A slider that is drawn says the same thing a hundred times.
    if (this._timers.has(name)) {
      this._timers.get(name).value = value;
      return;
    }
    this._connection.send("set", name, value);
    const timer = { value };
    this._timers.set(name, timer);
    setTimeout(() => {
      this._timers.delete(name);
      if (timer.value !== value) this.set(name, timer.value);
    }, AGAIN);
  }

  /** The server says how one stands. */
  take(name, value) {
    if (this._timers.has(name)) return;
    this.values.set(name, value);
    this._controls.get(name)?.set(value);
    this.onchange?.(name, value);
  }

  /** What differs from the usual: what a preset is made of. */
  get changed() {
    const found = {};
    for (const [name, row] of this._rows) {
      const value = this.values.get(name);
      if (value !== undefined && value !== row.default && name !== "mirror") found[name] = value;
    }
    return found;
  }

  /** Set several at once; what is not named goes back to the usual. */
  apply(preset) {
    for (const [name, row] of this._rows) {
      if (HIDDEN.has(name) && name !== "mode" && !(name in preset)) continue;
      const value = preset[name] ?? (CONNECTION.has(name) ? undefined : row.default);
      if (value !== undefined && value !== this.values.get(name)) this.set(name, value);
    }
    tell("Preset set.");
  }
}

const CONNECTION = new Set(["latency", "channel_in", "channel_out", "sync", "mirror", "play", "phrases", "mode"]);
