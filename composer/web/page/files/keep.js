// Keep: music taken home, as MIDI, a score, sound or a picture.

import { bytesOf, save } from "../base/elements.js";
import { render, wav } from "../sound/render.js";
import { programsOf, soundsOf } from "./music.js";

export const KINDS = [
  ["midi", "MIDI"],
  ["musicxml", "Score"],
  ["wav", "WAV"],
  ["png", "Picture"],
];

/** Keep a piece: {name, midi (base64), music, joinBeat?} as a file of a kind. */
export async function keep(connection, piece, kind) {
  if (kind === "midi") {
    save(new Blob([bytesOf(piece.midi)], { type: "audio/midi" }), `${piece.name}.mid`);
  } else if (kind === "wav") {
    save(wav(await render(soundsOf(piece.music), programsOf(piece.music))), `${piece.name}.wav`);
  } else {
    const asked = { file: piece.midi, name: `${piece.name}.mid`, to: kind, join_beat: piece.joinBeat ?? 0 };
    const made = await connection.ask("POST", "/v1/convert", asked);
    save(new Blob([bytesOf(made.file)], { type: made.type }), made.name);
  }
}
