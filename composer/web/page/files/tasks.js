// Tasks: what composer can do with a file: go on from it, or write inside it.
//
// Conventions: bars are counted from 1. A task's name is that of the request which does it.

import { $, el } from "../base/elements.js";
import { control, rowOf } from "../steer/controls.js";

const TASKS = [
  { name: "continue", text: "Go on", button: "Continue", help: "What follows, in several takes." },
  { name: "fill", text: "Fill bars", button: "Fill", help: "Some bars anew, between what stands.", fields: [] },
  { name: "arrange", text: "Add parts", button: "Add", help: "Further parts to what stands.", fields: ["add"] },
  { name: "vary", text: "Vary", button: "Vary", help: "Bars as something else that is still like them.", fields: ["strength", "keep"] },
];
const FIELDS = {
  add: { type: "string", default: "bass,drums", description: "bass, drums, piano …; alto,tenor,bass sing under a melody." },
  strength: { type: "number", minimum: 0, maximum: 1, default: 0.5, description: "How much is changed: 0 nothing, 1 all." },
  keep: { type: "string", enum: ["nothing", "rhythm", "pitches", "contour", "bass"], default: "nothing", description: "What stays of what is changed." },
};
const OPEN = { continue: ["bars", "temperature", "density", "form", "chords"], inside: ["temperature", "density", "parts", "chords"] };
const WITHOUT = { continue: [], fill: [], arrange: ["parts"], vary: ["chords"] };
const LEFT_OUT = new Set(["seconds", "notes", "drums", "no_drums", "grid", "tempo", "profile"]);
const BEHIND = new Set(["bars", "form", "plan"]); // settings of what follows a piece alone

export class Tasks {
  constructor() {
    this.name = "continue";
    this.onchange = null; // called when the task or its bars are others
    this._settings = new Map();
    this._fields = new Map(Object.entries(FIELDS).map(([name, field]) => [name, field.default]));
    this._rows = [];
    this._count = 1;
    this._picked = false; // whether a person has chosen bars
    // Whichever is written, the other follows where it must.
    const [first, last] = [() => Number($("bar-first").value), () => Number($("bar-last").value)];
    $("bar-first").addEventListener("change", () => this.choose(first(), Math.max(first(), last())));
    $("bar-last").addEventListener("change", () => this.choose(Math.min(first(), last()), last()));
  }

  /** Controls for the tasks that the server has. */
  build(table) {
    this._rows = Object.entries(table.settings).filter(([name]) => !LEFT_OUT.has(name));
    const known = TASKS.filter(({ name }) => table.requests.includes(name));
    const radios = known.map(({ name, text, help }) => {
      const input = el("input", { type: "radio", name: "task", id: `task-${name}`, value: name, checked: name === this.name });
      input.addEventListener("change", () => this.to(name));
      return [input, el("label", { for: `task-${name}`, title: help }, text)];
    });
    $("tasks").replaceChildren(...radios.flat());
    $("tasks").hidden = known.length < 2;
    this._show();
  }

  get _task() {
    return TASKS.find(({ name }) => name === this.name);
  }

  /** Whether it writes in bars that are to be chosen. */
  get inside() {
    return this._task.fields !== undefined;
  }

  /** The bars that are chosen: [first, last], null if the task has none. */
  get bars() {
    if (!this.inside) return null;
    return [Number($("bar-first").value), Number($("bar-last").value)];
  }

  /** Take up a task. */
  to(name) {
    if (name === this.name) return;
    this.name = name;
    if (!this._picked) this._usual();
    $(`task-${name}`).checked = true;
    this._show();
    this.onchange?.();
  }

  /** Music of so many bars is there. */
  music(bars) {
    this._count = bars;
    for (const id of ["bar-first", "bar-last"]) $(id).max = bars;
    if (this._picked) this._set(...(this.bars ?? [1, bars]));
    else this._usual();
  }

  /** Choose bars, in whichever order. */
  choose(one, other) {
    this._picked = true;
    this._set(one, other);
  }

  /** As long as nobody has chosen any: a bar to be filled; else all of them. */
  _usual() {
    this._set(1, this.name === "fill" ? 1 : this._count);
  }

  _set(...bars) {
    const within = (bar) => Math.min(this._count, Math.max(1, Math.round(bar) || 1));
    [$("bar-first").value, $("bar-last").value] = bars.map(within).sort((a, b) => a - b);
    this.onchange?.();
  }

  /** Settings that the task has, by name. */
  get _known() {
    const none = new Set([...(this.inside ? BEHIND : []), ...WITHOUT[this.name]]);
    return new Map(this._rows.filter(([name]) => !none.has(name)));
  }

  /** What is asked for, beside the music and the number of variations. */
  get asked() {
    const known = this._known;
    const settings = Object.fromEntries([...this._settings].filter(([name]) => known.has(name)));
    if (!this.inside) return { settings };
    const fields = this._task.fields.map((name) => [name, this._fields.get(name)]).filter(([, value]) => value !== "nothing");
    return { settings, bars: this.bars.join("-"), ...Object.fromEntries(fields) };
  }

  _show() {
    const made = (values) => ([name, schema]) => {
      const { element, set } = control(rowOf(name, schema), (value) => values.set(name, value));
      if (values.has(name)) set(values.get(name));
      return element;
    };
    const rows = this._known;
    const open = this.inside ? OPEN.inside : OPEN.continue;
    const own = (this._task.fields ?? []).map((name) => [name, FIELDS[name]]);
    const first = open.filter((name) => rows.has(name)).map((name) => [name, rows.get(name)]);
    const rest = [...rows].filter(([name]) => !open.includes(name));
    $("file-settings").replaceChildren(
      ...own.map(made(this._fields)),
      ...first.map(made(this._settings)),
      el("details", { class: "group" }, el("summary", {}, "All settings"), el("div", { class: "rest" }, ...rest.map(made(this._settings)))),
    );
    $("bars").hidden = !this.inside;
    $("continue").textContent = this._task.button;
    $("task-help").textContent = this._task.help;
  }
}
