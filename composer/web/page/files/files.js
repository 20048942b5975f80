// Files: music that is dropped here, shown, continued in several takes side by side, and kept.

import { $, base64Of, calm, el } from "../base/elements.js";
import { say, tell } from "../base/notices.js";
import { sectionsFrom } from "../see/form.js";
import { Roll } from "../see/roll.js";
import { keep } from "./keep.js";
import { barNumber, programsOf, secondsAt, soundsOf } from "./music.js";
import { barsLong, beginOf, seedScene, takeScene } from "./scenes.js";
import { BarChoice } from "./bar_choice.js";
import { takeCard } from "./take_card.js";
import { Tasks } from "./tasks.js";

const AFTER = 2; // bars behind what is written inside a file that are heard and seen with it
const LARGEST = 4 << 20; // bytes

export class Files {
  constructor(connection, player) {
    this._connection = connection;
    this._player = player;
    this._seed = null; // {name, midi, music, joinBeat}
    this._tasks = new Tasks();
    this._tasks.onchange = () => this._draw();
    this._takes = [];
    this._rolls = new Map(); // roll -> () => scene
    this._work = null;
    this.onjam = null;
    this._wire();
    player.onend = () => this._show();
  }

  build(table, seeds) {
    this._tasks.build(table);
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
    new BarChoice(this._seedRoll, this._tasks, () => this._seed?.music);
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
    this._showForm(seed.plan);
    this._tasks.music(bars);
    $("seed").hidden = false;
    $("drop").classList.add("small");
    this._draw();
    say(`${seed.name} is read: ${facts.join(", ")}.`);
  }

  /** The form of what is shown, to be read. */
  _showForm(plan) {
    $("seed-form").hidden = !plan;
    if (!plan) return;
    $("seed-form-letters").textContent = sectionsFrom(plan, 0);
    $("seed-form-lines").textContent = plan.lines.join("\n");
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
        plan: read.plan && { ...read.plan, seed_bars: read.plan.bar_lines.findIndex((line) => line >= file.join_beat - 0.01) },
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
      ...this._tasks.asked,
    };
    this._asked = asked;
    $("work").hidden = false;
    $("continue").disabled = true;
    this._progress(0);
    try {
      const answer = await this._connection.work(`/v1/${this._tasks.name}`, asked, (share) => this._progress(share), this._work.signal);
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
    const stands = variation.given ?? answer.seed;
    const take = {
      number: variation.number,
      name: `${this._seed.name}-take-${variation.number}`,
      midi: variation.midi,
      music: { ...variation.music, end_beat: Math.max(stands.end_beat, variation.music.end_beat), notes: [...stands.notes, ...variation.music.notes] },
      fresh: variation.music.notes,
      rngSeed: answer.rng_seed,
    };
    if (variation.given === undefined) return { ...take, joinBeat: answer.join_beat, endBeat: variation.end_beat, plan: variation.plan };
    // Written inside: what follows is heard and seen, too.
    const endBeat = Math.min(this._seed.music.end_beat, answer.end_beat + barsLong(stands, AFTER));
    return { ...take, joinBeat: answer.start_beat, newEnd: answer.end_beat, endBeat, plan: this._asked.settings.chords ? null : this._seed.plan };
  }

  _showTakes() {
    this._rolls.clear();
    $("takes").replaceChildren(...this._takes.map((take) => this._card(take)));
    this._draw();
  }

  _card(take) {
    const name = `take-${take.number}`;
    const { card, canvas } = takeCard(take, {
      play: () => this._toggle(name, take, beginOf(take)),
      choose: () => this._choose(take),
      keep: (kind, button) => this._keep(take, kind, button),
    });
    const roll = new Roll(canvas);
    roll.onresize = () => this._draw();
    this._rolls.set(roll, () => takeScene(take, this._now(take)));
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
  async _choose(take) {
    if (take.newEnd !== undefined) await this._read({ file: take.midi, name: `${take.name}.mid` }, take.name);
    else this.show({ name: take.name, midi: take.midi, music: { ...take.music, end_beat: take.endBeat }, joinBeat: take.endBeat, key: this._seed.key, grid: this._seed.grid, plan: take.plan, remarks: [] });
    window.scrollTo({ top: 0, behavior: calm() ? "auto" : "smooth" });
    tell("Chosen: the next takes go on from here.");
  }

  _toggle(name, piece, fromBeat) {
    if (piece === null) return;
    const again = this._player.playing && this._playing === name;
    this._player.stop();
    if (again) return;
    this._playing = name;
    this._piece = piece;
    const from = secondsAt(piece.music, fromBeat);
    const until = name === "seed" ? Infinity : piece.endBeat;
    const heard = piece.music.notes.filter((note) => note.start_beat < until - 0.01);
    this._player.play(soundsOf(piece.music, heard), programsOf(piece.music), from);
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
    this._seedRoll.draw(seedScene(this._seed, this._now(this._seed), this._tasks.bars));
    for (const [roll, scene] of this._rolls) roll.draw(scene());
  }

  redraw() {
    this._draw();
  }
}
