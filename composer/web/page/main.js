// Main: puts the page together.

import { $, base64Of, calm, el, pitchName, save } from "./base/elements.js";
import { Connection } from "./base/connection.js";
import { say, tell } from "./base/notices.js";
import { remember, remembered } from "./base/settings.js";
import { Files } from "./files/files.js";
import { KINDS, keep } from "./files/keep.js";
import { Player } from "./files/player.js";
import { BeatClock, now } from "./play/clock.js";
import { ComputerKeys } from "./play/computer_keys.js";
import { Jam } from "./play/jam.js";
import { Keys } from "./play/keys.js";
import { Metronome } from "./play/metronome.js";
import { MidiPorts } from "./play/midi_ports.js";
import { Sound } from "./play/sound.js";
import { LiveRoll } from "./see/live_roll.js";
import { Surprise } from "./see/surprise.js";
import { PROGRAM_NAMES } from "./sound/patches.js";
import { actions } from "./steer/actions.js";
import { Messages } from "./steer/messages.js";
import { Parameters } from "./steer/parameters.js";
import { Presets } from "./steer/presets.js";
import { Sessions } from "./steer/sessions.js";
import { Transport } from "./steer/transport.js";
import { Band } from "./play/band.js";

const CHANNEL = 1;
const THEMES = ["", "light", "dark"];
const SEED_NOTES = 256;

const connection = new Connection();
const sound = new Sound();
const clock = new BeatClock();
const jam = new Jam(clock);
const parameters = new Parameters($("parameters"), connection);
const metronome = new Metronome(clock, sound);
const transport = new Transport(connection, parameters, clock, sound, metronome);
const presets = new Presets(connection, parameters);
const sessions = new Sessions(connection);
const messages = new Messages(connection);
const files = new Files(connection, new Player(sound));
const band = new Band(sound);
const surprise = new Surprise(connection, jam, clock);
const roll = new LiveRoll($("roll"), jam, clock);
let pedalDown = false;

// Playing.

function press(pitch, velocity, channel = CHANNEL) {
  connection.send("note", pitch, velocity, channel);
  sound.begin();
  sound.play(channel, pitch, velocity);
  band.player(channel);
  jam.mine(pitch, velocity, channel);
  $("hint").hidden = true;
}

function release(pitch, channel = CHANNEL) {
  connection.send("noteoff", pitch, channel);
  sound.play(channel, pitch, 0);
  jam.mine(pitch, 0, channel);
}

function panic() {
  connection.send("panic");
  computer.releaseAll();
  sound.silence();
  midi.silence();
  jam.silence();
}

function shift(octaves) {
  keys.shift(octaves);
  computer.shift(octaves);
  keys.label(computer.labels);
  $("octave").textContent = pitchName(computer.base);
}

const keys = new Keys($("keys"), press, release);
const computer = new ComputerKeys({ press, release, shift, panic, answer: () => act("phrase/end") });
const midi = new MidiPorts((kind, number, value, channel) => {
  if (kind === "note") {
    if (value) press(number, value, channel);
    else release(number, channel);
    return;
  }
  if (number === 64) {
    const down = value >= 64;
    if (down !== pedalDown) sound.pedal(channel, down);
    pedalDown = down;
  }
  connection.send("cc", number, value, channel);
});
keys.label(computer.labels);

function act(address) {
  if (address === "reset") {
    jam.clear();
    sound.silence();
  }
  connection.send(address);
  if (address === "like" || address === "dislike") asked = address;
}
let asked = "";

// What the server says.

connection.on("play", (pitch, velocity, channel) => {
  jam.played(pitch, velocity, channel);
  sound.play(band.voice(channel), pitch, velocity);
  midi.play(pitch, velocity, channel);
});
connection.on("heard", (pitch, velocity, channel) => {
  if (jam.heard(pitch, velocity, channel)) {
    band.player(channel);
    sound.play(channel, pitch, velocity);
    document.body.classList.add("has-others");
    $("hint").hidden = true;
  }
});
connection.on("phrase/begin", (...reply) => jam.begin(...reply));
connection.on("phrase/note", (...note) => jam.announce(...note));
connection.on("phrase/end", (id, count) => {
  jam.finish(id, count);
  if (count) say(`composer answers with ${count} notes.`);
});
connection.on("ok", (label) => {
  if (asked && label === `/composer/${asked}`) {
    tell(asked === "like" ? "Liked: marked in the jam." : "Disliked: marked in the jam.");
    asked = "";
  }
});
connection.on("error", (label, text) => {
  tell(text, "wrong");
  if (label === "/composer/session") sessions.join("main");
  if (label === "/composer/set") parameters.refresh();
});
connection.on("status", (...rows) => {
  const told = new Map(Array.from({ length: rows.length / 2 }, (_, at) => [rows[2 * at], rows[2 * at + 1]]));
  if (told.has("running")) clock.running = told.get("running") !== 0;
  if (told.has("beat")) {
    clock.hear(told.get("tempo"), told.get("beat"), (connection.latency ?? 0) / 2000);
    transport.showTempo(told.get("tempo"));
  }
});
connection.on("changed", (name) => {
  if (name === "tempo") connection.send("status");
});
parameters.onchange = (name, value) => {
  if (name === "mode") transport.showMode(value);
  if (name === "metre") clock.setMetre(String(value));
  band.parameter(name, value);
};
connection.on("state", (state) => {
  document.body.dataset.state = state;
  $("state-text").textContent = { open: "connected", lost: "reconnecting…" }[state] ?? state;
  if (state === "open") {
    if (sessions.name !== "main") connection.send("session", sessions.name);
    enter();
  } else {
    sound.silence();
    midi.silence();
    jam.silence();
  }
});
sessions.onjoin = () => {
  sound.silence();
  jam.clear();
  document.body.classList.remove("has-others");
  enter();
};
jam.onreply = (reply) => surprise.ask(reply);

/** In a session, newly: have it tell what others do, and ask how it stands. */
function enter() {
  connection.send("set", "mirror", 1);
  parameters.refresh();
  connection.send("status");
  sessions.refresh();
}

// Views.

function view(name) {
  for (const one of ["jam", "files", "sessions"]) {
    $(`view-${one}`).hidden = one !== name;
    if (one === name) $(`tab-${one}`).setAttribute("aria-current", "page");
    else $(`tab-${one}`).removeAttribute("aria-current");
  }
  files.redraw();
  sessions.refresh();
}
for (const name of ["jam", "files", "sessions"]) $(`tab-${name}`).addEventListener("click", () => view(name));
files.onopen = () => view("files");
files.onjam = (seed) => {
  const { notes } = seed.music;
  const last = [...notes].sort((one, other) => one.start_beat - other.start_beat).slice(-SEED_NOTES);
  const bar = (seed.music.metres.at(-1)[1] * 4) / seed.music.metres.at(-1)[2];
  const first = Math.floor(last[0].start_beat / bar) * bar;
  if (seed.grid !== "free") transport.tempo(Math.round(seed.music.tempos.at(-1)[1]));
  for (let at = 0; at < last.length; at += 16) {
    const rows = last.slice(at, at + 16).flatMap((note) => [note.pitch, note.start_beat - first, note.duration_beats, note.velocity]);
    connection.send("seed/notes", ...rows);
  }
  connection.send("seed/end");
  connection.send("generate");
  view("jam");
  tell(`composer has heard the last ${last.length} notes and goes on; play when you like.`);
};

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  const text = { "": "as the system", light: "light", dark: "dark" }[name];
  $("theme").setAttribute("aria-label", `Colours: ${text}`);
  $("theme").title = `Colours: ${text}`;
  $("theme").dataset.theme = name;
  remember("theme", name);
  files.redraw();
}
$("theme").addEventListener("click", () => theme(THEMES[(THEMES.indexOf($("theme").dataset.theme) + 1) % THEMES.length]));
theme(remembered("theme", ""));

$("panic").addEventListener("click", panic);
$("octave-down").addEventListener("click", () => shift(-1));
$("octave-up").addEventListener("click", () => shift(1));
$("instrument").replaceChildren(...PROGRAM_NAMES.map((name, at) => el("option", { value: at }, name)));
$("instrument").addEventListener("change", () => {
  const program = Number($("instrument").value);
  sound.program(CHANNEL, program);
  band.instrument(CHANNEL, program);
  connection.send("program", program, CHANNEL);
});
$("midi-open").hidden = !MidiPorts.possible;
$("midi-open").addEventListener("click", async () => {
  try {
    await midi.open();
  } catch {
    tell("The browser does not let this page use MIDI ports.", "wrong");
    return;
  }
  midi.onchange = listPorts;
  $("midi-open").hidden = true;
  for (const name of ["in", "out"]) $(`midi-${name}`).parentElement.hidden = false;
  listPorts();
  midi.listen("all");
  $("midi-in").value = "all";
});
function listPorts() {
  const options = (rows) => rows.map(([id, name]) => el("option", { value: id }, name));
  const [into, out] = [$("midi-in").value, $("midi-out").value];
  $("midi-in").replaceChildren(el("option", { value: "" }, "none"), el("option", { value: "all" }, "all"), ...options(midi.inputs));
  $("midi-out").replaceChildren(el("option", { value: "" }, "none"), ...options(midi.outputs));
  [$("midi-in").value, $("midi-out").value] = [into || "all", out];
}
$("midi-in").addEventListener("change", () => midi.listen($("midi-in").value));
$("midi-out").addEventListener("change", () => midi.playTo($("midi-out").value));

for (const [kind, text] of KINDS) {
  const button = el("button", { type: "button", "data-jam": kind, title: `Keep the jam as ${text}`, "aria-label": `Keep the jam as ${text}` }, text);
  button.addEventListener("click", () => keepJam(kind, button));
  document.querySelector(".jam-keep").append(button);
}
async function keepJam(kind, button) {
  button.disabled = true;
  try {
    const blob = await connection.ask("GET", `/v1/jam?page=${connection.page}`, undefined, { accept: "audio/midi" });
    if (kind === "midi") save(blob, "jam.mid");
    else {
      const read = await connection.ask("POST", "/v1/read", { file: await base64Of(blob), name: "jam.mid" });
      await keep(connection, { name: "jam", midi: read.midi, music: read.music }, kind);
    }
  } catch (error) {
    tell(error.message, "wrong");
  } finally {
    button.disabled = false;
  }
}

// Every frame.

function frame() {
  jam.tidy();
  const pressed = new Map();
  for (const note of jam.pressed) pressed.set(note.pitch, note.who);
  if (!$("view-jam").hidden) {
    keys.show(pressed);
    roll.draw();
    transport.showBeat();
  }
  requestAnimationFrame(frame);
}

/** The page shows files, and there is no jam behind it. */
function alone() {
  view("files");
  document.body.dataset.state = "files";
  $("state-text").textContent = "files only";
  for (const name of ["tab-jam", "tab-sessions", "seed-jam", "foot"]) $(name).hidden = true;
  document.body.dataset.ready = "yes";
}

async function begin() {
  if (!connection.token) {
    $("no-token").hidden = false;
    return;
  }
  try {
    const table = await connection.ask("GET", "/v1/table");
    parameters.build(table.parameters);
    transport.build(table.parameters);
    messages.build(table);
    $("actions").replaceChildren(...actions(table, act));
    const { seeds } = await connection.ask("GET", "/v1/seeds");
    files.build(table, seeds);
    const opened = await connection.ask("GET", "/v1/opened");
    if (opened.files.length) {
      alone();
      await files.showOpened(opened.files);
      return;
    }
  } catch (error) {
    if (error.message.includes("token")) $("no-token").hidden = false;
    else {
      tell(error.message, "wrong");
      setTimeout(begin, 1500);
    }
    return;
  }
  connection.open(remembered("name", ""));
  presets.refresh();
  frame();
  document.body.dataset.ready = "yes";
  performance.mark("usable");
}

// What the tests of the page, and who is curious, may look at.
window.composer = { connection, jam, sound, clock, parameters, sessions, files, now, calm };
begin();
