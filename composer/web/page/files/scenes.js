// Scenes: what the rolls of files show, in beats.

import { colours, surpriseColour } from "../see/colours.js";
import { formOf } from "../see/form.js";
import { rangeOf } from "../see/roll.js";
import { barLines, barsOf } from "./music.js";

const BEFORE = 4; // bars of the seed that a take is heard and seen after

/** The whole of a piece; some bars of it may be chosen: [first, last]. */
export function seedScene(seed, now, chosen) {
  const { music } = seed;
  const palette = colours();
  const to = Math.max(music.end_beat, seed.joinBeat ?? 0);
  const [low, high] = rangeOf(music.notes);
  const notes = music.notes.map((note) => rowOfNote(note, palette.you, now));
  const lines = barLines(music, to);
  const marked = chosen && { from: lines[chosen[0] - 1], to: lines[chosen[1]] ?? to };
  return { notes, from: 0, to, low, high, now, chosen: marked, bars: thinned(barsOf(music, 0, to)), form: formOf(seed.plan) };
}

/** What is new in a take, and some bars before it. */
export function takeScene(take, now) {
  const palette = colours();
  const from = beginOf(take);
  const seen = take.music.notes.filter((note) => note.start_beat + note.duration_beats > from);
  const [low, high] = rangeOf(seen);
  const fresh = new Set(take.fresh);
  const notes = seen.map((note) => rowOfNote(note, fresh.has(note) ? surpriseColour(note.surprise, palette) : palette.you, now));
  const bars = thinned(barsOf(take.music, from, take.endBeat));
  return { notes, from, to: take.endBeat, low, high, now, join: take.joinBeat, joinEnd: take.newEnd, bars, names: true, form: formOf(take.plan) };
}

/** The beat from which a take is heard and seen: some bars before it begins. */
export function beginOf(take) {
  return Math.max(0, take.joinBeat - barsLong(take.music, take.newEnd === undefined ? BEFORE : BEFORE / 2));
}

/** Beats of some bars of a piece, as its last ones are. */
export function barsLong(music, bars) {
  const [, upper, lower] = music.metres.at(-1);
  return (bars * upper * 4) / lower;
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
