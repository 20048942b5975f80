// Files: music that is dropped here, shown, continued in several takes side by side, and kept.

import { $, base64Of, calm, el } from "../base/elements.js";
import { say, tell } from "../base/notices.js";
import { colours, surpriseColour } from "../see/colours.js";
import { Roll, rangeOf } from "../see/roll.js";
import { control, rowOf } from "../steer/controls.js";
import { KINDS, keep } from "./keep.js";
import { barNumber, barsOf, programsOf, secondsAt, soundsOf } from "./music.js";

const LARGEST = 4 << 20; // bytes
const FIRST = ["bars", "temperature", "density"]; // settings that are open
const LEFT_OUT = new Set(["seconds", "notes", "parts", "drums", "no_drums", "grid", "tempo"]);
const BEFORE = 4; // bars of the seed that a take is heard and seen after

export class Files {
  constructor(connection, player) {
    this._connection = connection;
    this._player = player;
    this._seed = null; // {name, midi, music, joinBeat}
    this._settings = new Map();
    this._takes = [];
    this._rolls = new Map(); // roll -> () => scene
    this._work = null;
    this.onjam = null;
    this._wire();
    player.onend = () => this._show();
  }

  build(table, seeds) {
    const controls = Object.entries(table.settings)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, schema]) => [name, control(rowOf(name, schema), (value) => this._settings.set(name, value)).element]);
    const first = controls.filter(([name]) => FIRST.includes(name)).map(([, element]) => element);
    const rest = controls.filter(([name]) => !FIRST.includes(name)).map(([, element]) => element);
    $("file-settings").replaceChildren(...first, el("details", { class: "group" }, el("summary", {}, "All settings"), el("div", { class: "rest" }, ...rest)));
    $("example").replaceChildren(el("option", { value: "" }, "one of ours…"), ...seeds.map((name) => el("option", {}, name)));
  }

  _wire() {
    const drop = $("view-files");
    for (const name of ["dragover", "dragenter"]) {
      document.addEventListener(name, (event) => {
        if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
        event.preventDefault();
        document.body.classList.add("dropping");
      });
    }
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      this.onopen?.();
      this.open(file);
    });
    $("file").addEventListener("change", () => {
      if ($("file").files[0]) this.open($("file").files[0]);
      $("file").value = "";
    });
    $("example").addEventListener("change", () => {
      if ($("example").value) this._read({ seed: $("example").value }, $("example").value);
    });
    $("continue").addEventListener("click", () => this.continue());
    $("cancel").addEventListener("click", () => this._work?.abort());
    $("seed-play").addEventListener("click", () => this._toggle("seed", this._seed, 0));
    $("seed-jam").addEventListener("click", () => this.onjam?.(this._seed));
    this._seedRoll = new Roll($("seed-roll"));
    this._seedRoll.onresize = () => this._draw();
    drop.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file) this.open(file);
    });
  }

  /** Read a file that was dropped or chosen. */
  async open(file) {
    if (file.size > LARGEST) {
      tell(`${file.name} is larger than ${LARGEST >> 20} MB; take a part of it.`, "wrong");
      return;
    }
    await this._read({ file: await base64Of(file), name: file.name }, file.name);
  }

  async _read(asked, name) {
    document.body.classList.add("reading");
    try {
      const read = await this._connection.ask("POST", "/v1/read", asked);
      this.show({ name: name.replace(/\.[^.]*$/, ""), ...read, joinBeat: read.join_beat });
    } catch (error) {
      tell(error.message, "wrong");
    } finally {
      document.body.classList.remove("reading");
    }
  }

  /** Show music as the seed. */
  show(seed) {
    this._player.stop();
    $("seed-roll").hidden = false;
    this._seed = seed;
    this._takes = [];
    $("takes").replaceChildren();
    const { music } = seed;
    const bars = barNumber(music, music.end_beat);
    const facts = [seed.key ?? "no key", seed.grid === "free" ? "free time" : `${Math.round(music.tempos.at(-1)[1])} BPM`, `${bars} bars`, `${music.notes.length} notes`];
    $("seed-name").textContent = music.title || seed.name;
    $("seed-facts").textContent = facts.join(" · ");
    $("seed-remarks").replaceChildren(...(seed.remarks ?? []).map((line) => el("li", {}, line)));
    $("seed").hidden = false;
    $("drop").classList.add("small");
    this._draw();
    say(`${seed.name} is read: ${facts.join(", ")}.`);
  }

  /** Show files that the page was opened with, as takes. */
  async showOpened(opened) {
    for (const [index, file] of opened.entries()) {
      const read = await this._connection.ask("POST", "/v1/read", file);
      const name = file.name.replace(/\.[^.]*$/, "");
      if (!index) this.show({ name, ...read, joinBeat: read.join_beat });
      this._takes.push({
        number: index + 1, name, midi: read.midi, music: read.music, joinBeat: file.join_beat,
        fresh: read.music.notes.filter((note) => note.start_beat >= file.join_beat - 0.01), endBeat: read.join_beat,
      });
    }
    this._showTakes();
    $("seed-roll").hidden = true;
  }

  /** Ask for takes. */
  async continue() {
    if (this._seed === null || this._work !== null) return;
    this._player.stop();
    this._work = new AbortController();
    const asked = {
      file: this._seed.midi,
      name: `${this._seed.name}.mid`,
      variations: Number(document.querySelector("input[name=variations]:checked").value),
      settings: Object.fromEntries(this._settings),
    };
    $("work").hidden = false;
    $("continue").disabled = true;
    this._progress(0);
    try {
      const answer = await this._connection.work("/v1/continue", asked, (share) => this._progress(share), this._work.signal);
      this._takes = answer.variations.map((variation) => this._take(variation, answer));
      this._showTakes();
      say(`${this._takes.length} takes are there.`);
      $("takes").scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "nearest" });
    } catch (error) {
      if (error.name !== "AbortError") tell(error.message, "wrong");
    } finally {
      this._work = null;
      $("work").hidden = true;
      $("continue").disabled = false;
    }
  }

  _progress(share) {
    $("progress").value = share;
    $("progress-text").textContent = share ? `${Math.round(100 * share)} %` : "composing…";
  }

  _take(variation, answer) {
    const seed = answer.seed;
    const music = { ...variation.music, notes: [...seed.notes, ...variation.music.notes] };
    return {
      number: variation.number,
      name: `${this._seed.name}-take-${variation.number}`,
      midi: variation.midi,
      music,
      fresh: variation.music.notes,
      joinBeat: answer.join_beat,
      endBeat: variation.end_beat,
      rngSeed: answer.rng_seed,
    };
  }

  _showTakes() {
    this._rolls.clear();
    $("takes").replaceChildren(...this._takes.map((take) => this._card(take)));
    this._draw();
  }

  _card(take) {
    const canvas = el("canvas", { class: "take-roll", role: "img", "aria-label": `Take ${take.number}: ${take.fresh.length} new notes` });
    const values = take.fresh.map((note) => note.surprise).filter((value) => value !== undefined);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const title = `Take ${take.number}`;
    const card = el(
      "article",
      { class: "take", "aria-label": title, "data-take": String(take.number) },
      el(
        "header",
        {},
        el("button", { type: "button", class: "play", "aria-label": `Play ${title}`, "data-play": `take-${take.number}`, onclick: () => this._toggle(`take-${take.number}`, take, this._from(take)) }, "▶"),
        el("h3", {}, title),
        el("span", { class: "help" }, `${take.fresh.length} notes${values.length ? ` · surprise ${mean.toFixed(1)}` : ""}`),
      ),
      canvas,
      el(
        "footer",
        {},
        el("button", { type: "button", class: "main", onclick: () => this._choose(take) }, "Choose"),
        ...KINDS.map(([kind, text]) => el("button", { type: "button", class: "keep", "data-kind": kind, "aria-label": `Keep ${title} as ${text}`, onclick: (event) => this._keep(take, kind, event.currentTarget) }, text)),
      ),
    );
    const roll = new Roll(canvas);
    roll.onresize = () => this._draw();
    this._rolls.set(roll, () => this._takeScene(take));
    return card;
  }

  async _keep(piece, kind, button) {
    button.disabled = true;
    try {
      await keep(this._connection, piece, kind);
    } catch (error) {
      tell(error.message, "wrong");
    } finally {
      button.disabled = false;
    }
  }

  /** A take becomes the seed, to go on from. */
  _choose(take) {
    const [music] = [take.music];
    this.show({ name: take.name, midi: take.midi, music: { ...music, end_beat: take.endBeat }, joinBeat: take.endBeat, key: this._seed.key, grid: this._seed.grid, remarks: [] });
    window.scrollTo({ top: 0, behavior: calm() ? "auto" : "smooth" });
    tell("Chosen: the next takes go on from here.");
  }

  /** The beat from which a take is heard and seen: some bars before it begins. */
  _from(take) {
    const [, upper, lower] = take.music.metres.at(-1);
    return Math.max(0, take.joinBeat - (BEFORE * upper * 4) / lower);
  }

  _toggle(name, piece, fromBeat) {
    if (piece === null) return;
    const again = this._player.playing && this._playing === name;
    this._player.stop();
    if (again) return;
    this._playing = name;
    this._piece = piece;
    const from = secondsAt(piece.music, fromBeat);
    this._player.play(soundsOf(piece.music), programsOf(piece.music), from);
    this._show();
    const step = () => {
      if (!this._player.playing) return;
      this._draw();
      requestAnimationFrame(step);
    };
    step();
  }

  _show() {
    for (const button of document.querySelectorAll("[data-play]")) {
      const on = this._player.playing && button.dataset.play === this._playing;
      button.textContent = on ? "■" : "▶";
      button.setAttribute("aria-pressed", String(on));
    }
    this._draw();
  }

  /** Where the player is in a piece, in its beats; undefined if it plays another. */
  _now(piece) {
    if (!this._player.playing || this._piece !== piece) return undefined;
    const seconds = this._player.position;
    let [low, high] = [0, piece.music.end_beat + 16];
    for (let turn = 0; turn < 30; turn += 1) {
      const middle = (low + high) / 2;
      if (secondsAt(piece.music, middle) < seconds) low = middle;
      else high = middle;
    }
    return low;
  }

  _draw() {
    if (this._seed === null || $("view-files").hidden) return;
    this._seedRoll.draw(this._seedScene());
    for (const [roll, scene] of this._rolls) roll.draw(scene());
  }

  _seedScene() {
    const { music } = this._seed;
    const palette = colours();
    const now = this._now(this._seed);
    const to = Math.max(music.end_beat, this._seed.joinBeat ?? 0);
    const [low, high] = rangeOf(music.notes);
    const notes = music.notes.map((note) => rowOfNote(note, palette.you, now));
    return { notes, from: 0, to, low, high, now, bars: thinned(barsOf(music, 0, to)) };
  }

  _takeScene(take) {
    const palette = colours();
    const now = this._now(take);
    const from = this._from(take);
    const seen = take.music.notes.filter((note) => note.start_beat + note.duration_beats > from);
    const [low, high] = rangeOf(seen);
    const fresh = new Set(take.fresh);
    const notes = seen.map((note) => rowOfNote(note, fresh.has(note) ? surpriseColour(note.surprise, palette) : palette.you, now));
    return { notes, from, to: take.endBeat, low, high, now, join: take.joinBeat, bars: thinned(barsOf(take.music, from, take.endBeat)), names: true };
  }

  redraw() {
    this._draw();
  }
}

const rowOfNote = (note, colour, now) => {
  const end = note.start_beat + note.duration_beats;
  return { start: note.start_beat, end, pitch: note.pitch, colour, glow: now !== undefined && note.start_beat <= now && now < end };
};

/** Lines that can be told apart: in long pieces bars without beats, and every fourth number. */
function thinned(lines) {
  const bars = lines.filter((line) => line.number !== undefined);
  if (bars.length <= 20) return lines;
  return bars.map((line) => (line.number % 4 === 1 ? line : { at: line.at }));
}
