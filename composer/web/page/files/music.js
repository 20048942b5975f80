// Music: a piece as the server gives it, in beats, and what is needed to play and draw it.
//
// Conventions: `music` is {tempos: [[beat, bpm]], metres: [[beat, upper, lower]], parts, notes}.

const DRUMS = 10;

/** Seconds from the beginning to a beat. */
export function secondsAt(music, beat) {
  let [seconds, at, bpm] = [0, 0, music.tempos[0]?.[1] ?? 120];
  for (const [change, next] of music.tempos) {
    if (change >= beat) break;
    seconds += ((change - at) * 60) / bpm;
    [at, bpm] = [change, next];
  }
  return seconds + ((beat - at) * 60) / bpm;
}

/** A channel of the synth for each part: drums on theirs. */
export function channelsOf(music) {
  let next = 0;
  return music.parts.map((part) => {
    if (part.program === 128) return DRUMS;
    next += 1;
    if (next === DRUMS) next += 1;
    return ((next - 1) % 16) + 1 === DRUMS ? 1 : ((next - 1) % 16) + 1;
  });
}

/** Programs by channel, for the synth. */
export function programsOf(music) {
  const channels = channelsOf(music);
  return music.parts.map((part, at) => [channels[at], part.program]).filter(([channel]) => channel !== DRUMS);
}

/** Notes in seconds, for the synth. */
export function soundsOf(music, notes = music.notes) {
  const channels = channelsOf(music);
  return notes.map((note) => ({
    channel: channels[note.part] ?? 1,
    pitch: note.pitch,
    velocity: note.velocity,
    start: secondsAt(music, note.start_beat),
    end: secondsAt(music, note.start_beat + note.duration_beats),
  }));
}

/** Bar lines and beats, for a roll, in beats. */
export function barsOf(music, from, to) {
  const lines = [];
  let number = 0;
  music.metres.forEach(([start, upper, lower], index) => {
    const unit = 4 / lower;
    const end = music.metres[index + 1]?.[0] ?? to;
    for (let count = 0; start + count * unit < end && lines.length < 3000; count += 1) {
      const at = start + count * unit;
      if (count % upper === 0) number += 1;
      if (at >= from - 1e-6) lines.push(count % upper === 0 ? { at, number } : { at });
    }
  });
  return lines;
}

/** Where each bar of a piece begins, up to a beat. */
export const barLines = (music, to) => barsOf(music, 0, to).filter((line) => line.number !== undefined).map((line) => line.at);

/** Bars that a piece has up to a beat. */
export const barNumber = (music, beat) => barLines(music, beat - 0.001).length;
