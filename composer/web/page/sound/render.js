// Render: music as a WAV file, computed as fast as the computer can, by the synth that plays.
//
// Conventions: notes are {channel, pitch, velocity, start, end} in seconds; programs by channel.

import { Synth } from "./synth.js";
import { RATE } from "./waves.js";

const TAIL = 2.5; // seconds for the last note to ring

/** Samples of both sides, as an AudioBuffer. */
export async function render(notes, programs) {
  const end = Math.max(0, ...notes.map((note) => note.end)) + TAIL;
  const context = new OfflineAudioContext(2, Math.ceil(end * RATE), RATE);
  const synth = new Synth(context);
  for (const [channel, program] of programs) synth.program(channel, program);
  const events = notes.flatMap((note) => [
    [note.start, 1, note],
    [Math.max(note.end, note.start + 0.01), 0, note],
  ]);
  events.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  for (const [when, begins, note] of events) {
    if (begins) synth.on(note.channel, note.pitch, note.velocity, when);
    else synth.off(note.channel, note.pitch, when);
  }
  return context.startRendering();
}

/** A buffer as a WAV file of 16 bits. */
export function wav(buffer) {
  const sides = [buffer.getChannelData(0), buffer.getChannelData(1)];
  const bytes = buffer.length * 4;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const text = (at, value) => [...value].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, buffer.sampleRate, true);
  view.setUint32(28, buffer.sampleRate * 4, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  let at = 44;
  for (let place = 0; place < buffer.length; place += 1) {
    for (const side of sides) {
      view.setInt16(at, Math.round(Math.min(1, Math.max(-1, side[place])) * 32767), true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
