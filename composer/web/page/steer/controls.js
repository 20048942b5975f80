// Controls: the right control for one row of a table of parameters.
//
// A control is {element, set(value)}; it calls `changed(value)` when a person changes it.

import { el, pitchName } from "../base/elements.js";
import { PROGRAM_NAMES } from "../sound/patches.js";

const KEYS = ["auto", "off", ...["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"].flatMap((key) => [`${key}:major`, `${key}:minor`])];
const SUGGESTIONS = {
  key: KEYS,
  metre: ["4/4", "3/4", "2/4", "6/8", "12/8", "5/4", "7/8"],
  band: ["bass drums", "drums", "bass", "piano bass drums", "strings bass drums", "guitar bass drums"],
};
const PITCHES = new Set(["low", "high"]);
const WORDS = {
  temperature: "Freedom", top_p: "Top-p", min_p: "Min-p", density: "Density", recall: "Recall", key: "Key",
  low: "Lowest", high: "Highest", length: "Length", bars: "Bars", wait: "Silence", start: "Begins on",
  interrupt: "Gives way to you", metre: "Metre", band: "Band", program: "Instrument", channel_in: "Listens to channel",
  channel_out: "Plays on channel", loudness: "Loudness", latency: "Early by", play: "Notes when due",
  phrases: "Notes to come", sync: "Follows MIDI clock", rng_seed: "Number", mode: "Mode", mirror: "Shared view",
  takes: "Tries a bar", pitch_range: "Pitch range", grid: "Beat", tempo: "Tempo", parts: "Parts", seconds: "Seconds",
  notes: "Notes", form: "Form", chords: "Chords", plan: "Plan", harmonise: "Voices under yours", drums: "Parts that are drums", no_drums: "Parts that are not",
};
const EXAMPLES = { form: "AABA, A4 B4 …", chords: "Am F | C G …", metre: "4/4" };
const HELP = {
  chords: "Of what is written: a bar each, or a chart.",
  form: "Sections of the bars to come; A is what you gave.",
};
const UNITS = { wait: "s", latency: "ms", length: "×", loudness: "×" };

/** A parameter's name as a person reads it. */
export const word = (name) => WORDS[name] ?? `${name[0].toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;

let count = 0;

/** The control of a row: {name, help, default, low, high, fader, whole, choices, text}. */
export function control(row, changed) {
  count += 1;
  const id = `control-${count}-${row.name}`;
  if (row.name === "program") return programs(row, id, changed);
  if (row.choices.length) return choice(row, id, changed);
  if (row.text) return free(row, id, changed);
  if (row.whole && row.low === 0 && row.high === 1) return toggle(row, id, changed);
  if (row.high - row.low > 100000) return number(row, id, changed);
  return slider(row, id, changed);
}

function framed(row, id, kind, ...inside) {
  const help = el("p", { class: "help", id: `${id}-help` }, row.help);
  return el("div", { class: `control ${kind}`, "data-name": row.name }, ...inside, help);
}

const label = (row, id) => el("label", { for: id }, word(row.name));

function slider(row, id, changed) {
  const [from, to] = row.fader[1] > row.fader[0] ? row.fader : [row.low, row.high];
  const step = row.whole ? 1 : (to - from) / 200;
  const range = el("input", { type: "range", id, min: from, max: to, step, "aria-describedby": `${id}-help` });
  const text = el("input", { type: "text", class: "value", inputMode: "decimal", "aria-label": `${word(row.name)}, as a number`, size: 6 });
  const shown = (value) => {
    const rounded = row.whole ? String(Math.round(value)) : String(Number(Number(value).toPrecision(3)));
    return PITCHES.has(row.name) ? `${pitchName(Number(rounded))}` : `${rounded}${UNITS[row.name] ? ` ${UNITS[row.name]}` : ""}`;
  };
  const show = (value) => {
    // What has no usual value follows from the music.
    if (value === null) {
      text.value = "auto";
      range.value = from;
      range.setAttribute("aria-valuetext", "auto");
      return;
    }
    text.value = shown(value);
    range.setAttribute("aria-valuetext", shown(value));
  };
  const set = (value) => {
    if (document.activeElement !== range && value !== null) range.value = value;
    show(value);
  };
  range.addEventListener("input", () => {
    show(Number(range.value));
    changed(Number(range.value));
  });
  text.addEventListener("change", () => {
    const value = Number.parseFloat(text.value);
    if (row.default === null && !Number.isFinite(value)) {
      show(null);
      changed(null);
    } else if (Number.isFinite(value)) {
      range.value = value;
      changed(value);
    }
  });
  set(row.default);
  return { element: framed(row, id, "slider", label(row, id), text, range), set };
}

function number(row, id, changed) {
  const input = el("input", { type: "number", id, min: row.low, max: row.high, step: row.whole ? 1 : "any", "aria-describedby": `${id}-help` });
  input.addEventListener("change", () => changed(Number(input.value)));
  const set = (value) => { input.value = value; };
  set(row.default);
  return { element: framed(row, id, "number", label(row, id), input), set };
}

function toggle(row, id, changed) {
  const input = el("input", { type: "checkbox", id, role: "switch", "aria-describedby": `${id}-help` });
  input.addEventListener("change", () => changed(input.checked ? 1 : 0));
  const set = (value) => { input.checked = Number(value) >= 0.5; };
  set(row.default);
  return { element: framed(row, id, "toggle", label(row, id), input), set };
}

function choice(row, id, changed) {
  const radios = row.choices.map((value, at) => {
    const radio = el("input", { type: "radio", name: id, id: `${id}-${at}`, value });
    radio.addEventListener("change", () => changed(value));
    return [radio, el("label", { for: `${id}-${at}` }, value)];
  });
  const group = el("div", { class: "segments", role: "radiogroup", "aria-label": word(row.name), "aria-describedby": `${id}-help` }, ...radios);
  const set = (value) => {
    for (const [radio] of radios) radio.checked = radio.value === value;
  };
  set(row.default);
  return { element: framed(row, id, "choice", el("span", { class: "label" }, word(row.name)), group), set };
}

function free(row, id, changed) {
  const list = SUGGESTIONS[row.name];
  const input = el("input", { type: "text", id, list: list ? `${id}-list` : null, placeholder: EXAMPLES[row.name] ?? "", autocomplete: "off", spellcheck: false, "aria-describedby": `${id}-help` });
  input.addEventListener("change", () => changed(input.value.trim()));
  const set = (value) => {
    if (document.activeElement !== input) input.value = value ?? "";
  };
  set(row.default);
  const options = list ? el("datalist", { id: `${id}-list` }, ...list.map((value) => el("option", { value }))) : null;
  return { element: framed(row, id, "free", label(row, id), input, options), set };
}

function programs(row, id, changed) {
  const options = [el("option", { value: -1 }, "yours"), ...PROGRAM_NAMES.map((name, value) => el("option", { value }, name))];
  const select = el("select", { id, "aria-describedby": `${id}-help` }, ...options);
  select.addEventListener("change", () => changed(Number(select.value)));
  const set = (value) => { select.value = String(Math.round(value)); };
  set(row.default);
  return { element: framed(row, id, "free", label(row, id), select), set };
}

/** A row of generation's settings (a JSON schema) as a row of a table of parameters. */
export function rowOf(name, schema) {
  const text = schema.type === "string";
  return {
    name, help: HELP[name] ?? schema.description, choices: schema.enum ?? [], text: text && !schema.enum,
    default: schema.default ?? (text ? "" : null), low: schema.minimum ?? 0, high: schema.maximum ?? 0,
    fader: FADERS[name] ?? [schema.minimum ?? 0, schema.maximum ?? 0], whole: schema.type === "integer",
  };
}

const FADERS = { bars: [1, 32], temperature: [0, 2], top_p: [0.05, 1], min_p: [0, 0.5], density: [0, 16], recall: [0, 64], takes: [1, 32], seconds: [0, 120], notes: [1, 500] };
