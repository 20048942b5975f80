// Waves: sounds that are struck or plucked and then left alone, computed once for each pitch.
//
// Conventions: frequencies in hertz, lengths in seconds, levels from 0 to 1. A decay is the
// time in which a sound falls by 60 decibels.

export const RATE = 44100;
const TAU = 2 * Math.PI;
const SIXTY = Math.log(1000);

/** Random numbers that are the same every time, from -1 to 1. */
export function noise(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2147483648 - 1;
  };
}

export const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/** Add a sine that dies away. Two products a sample: a damped resonator. */
function addPartial(out, frequency, level, decay, phase = 0) {
  if (frequency >= RATE * 0.45 || level === 0) return;
  const damping = Math.exp(-SIXTY / (decay * RATE));
  const turn = (TAU * frequency) / RATE;
  const first = 2 * damping * Math.cos(turn);
  const second = -damping * damping;
  let before = level * Math.sin(phase);
  let now = level * damping * Math.sin(phase + turn);
  // Until it has fallen to a thousandth of the whole, not of itself.
  const audible = Math.min(1, Math.max(0, 1 + Math.log(level) / SIXTY));
  const end = Math.min(out.length, Math.ceil(decay * audible * RATE));
  for (let at = 0; at < end; at += 1) {
    out[at] += before;
    const next = first * now + second * before;
    before = now;
    now = next;
  }
}

/** Add noise that dies away, without what lies above `cutoff` or below `floor`. */
export function addNoise(out, level, decay, cutoff, floor = 0, seed = 7) {
  const next = noise(seed);
  const damping = Math.exp(-SIXTY / (decay * RATE));
  const upper = 1 - Math.exp((-TAU * cutoff) / RATE);
  const lower = 1 - Math.exp((-TAU * floor) / RATE);
  let low = 0;
  let deep = 0;
  let gain = level;
  const end = Math.min(out.length, Math.ceil(decay * RATE));
  for (let at = 0; at < end; at += 1) {
    low += upper * (next() - low);
    deep += lower * (low - deep);
    out[at] += gain * (floor ? low - deep : low);
    gain *= damping;
  }
}

/** Add a sine whose pitch glides from one frequency to another. */
export function addGlide(out, from, to, glide, level, decay) {
  const damping = Math.exp(-SIXTY / (decay * RATE));
  const closing = Math.exp(-SIXTY / (glide * RATE));
  let gain = level;
  let extra = from - to;
  let phase = 0;
  const end = Math.min(out.length, Math.ceil(decay * RATE));
  for (let at = 0; at < end; at += 1) {
    out[at] += gain * Math.sin(phase);
    phase += (TAU * (to + extra)) / RATE;
    extra *= closing;
    gain *= damping;
  }
}

/** Fade the first and last moments, and bring the loudest sample to `peak`. */
export function finish(out, peak = 0.9, attack = 0.0015) {
  let most = 0;
  for (const sample of out) most = Math.max(most, Math.abs(sample));
  const scale = most > 0 ? peak / most : 0;
  const rise = Math.max(1, Math.round(attack * RATE));
  const fall = Math.round(0.05 * RATE);
  for (let at = 0; at < out.length; at += 1) {
    const edge = Math.min(1, at / rise, (out.length - at) / fall);
    out[at] *= scale * edge;
  }
  return out;
}

export const seconds = (length) => new Float32Array(Math.round(length * RATE));

/** Strings under a hammer: stiff, so that overtones are sharp; two or three a key, so that a
    note falls fast at first and then rings on (Weinreich 1977). */
export function piano(pitch, { bright = 1, detune = 0.5 } = {}) {
  const base = hertz(pitch);
  const ring = Math.min(9, 11 * 2 ** (-(pitch - 33) / 22));
  const out = seconds(Math.min(ring, 5));
  const stiff = 0.00022 * 2 ** ((pitch - 48) / 18);
  const count = Math.min(30, Math.floor(9000 / base) + 2);
  const tilt = (0.9 + Math.max(0, pitch - 60) / 40) / bright;
  for (let n = 1; n <= count; n += 1) {
    const frequency = n * base * Math.sqrt(1 + stiff * n * n);
    const struck = Math.abs(Math.sin((Math.PI * n) / 8.3)) + 0.06;
    const body = base * n < 90 ? 0.35 : 1;
    const level = (struck * body) / n ** tilt / (1 + (n / 22) ** 2);
    const decay = ring / (1 + 0.16 * (n - 1));
    for (const [cents, share, length] of [
      [-detune, 0.52, 0.42],
      [detune * 0.6, 0.34, 1],
      [detune * 1.4, 0.14, 0.7],
    ]) {
      addPartial(out, frequency * 2 ** (cents / 1200), level * share, decay * length, n);
    }
  }
  addNoise(out, 0.16, 0.05, 1800 + 20 * pitch, 200, 11);
  addGlide(out, 110, 95, 0.03, 0.12, 0.09);
  return finish(out);
}

/** A string that is plucked (Karplus and Strong 1983, tuned as by Jaffe and Smith). */
export function pluck(pitch, { bright = 0.5, decay = 3, place = 0.18, body = 0.3, buzz = 0 } = {}) {
  const base = hertz(pitch);
  const out = seconds(Math.min(4.5, decay * 1.3));
  const period = RATE / base;
  const smooth = 0.5 + 0.45 * (1 - bright);
  // The averaging filter delays by a little, the rest by an all-pass of the fraction.
  const size = Math.max(2, Math.floor(period - smooth - 0.1));
  const fraction = period - smooth - size;
  const tune = (1 - fraction) / (1 + fraction);
  const line = new Float32Array(size);
  const next = noise(pitch * 97 + 13);
  let low = 0;
  const soft = 0.25 + 0.7 * bright;
  for (let at = 0; at < size; at += 1) {
    low += soft * (next() - low);
    line[at] = low;
  }
  const gap = Math.max(1, Math.round(size * place));
  const picked = line.map((value, at) => value - line[(at + size - gap) % size]);
  const loss = Math.exp((-SIXTY * period) / (decay * 2 ** ((60 - pitch) / 36) * RATE));
  let last = 0;
  let held = 0;
  let heldIn = 0;
  for (let at = 0; at < out.length; at += 1) {
    const place_ = at % size;
    const value = picked[place_];
    out[at] = value;
    const averaged = (1 - smooth) * value + smooth * last;
    last = value;
    const damped = loss * averaged;
    held = tune * (damped - held) + heldIn;
    heldIn = damped;
    picked[place_] = held;
  }
  if (body > 0) {
    const box = new Float32Array(out.length);
    addNoise(box, 0.5, 0.07, 900, 120, pitch + 3);
    for (const [frequency, level] of [[105, 0.5], [205, 0.35], [410, 0.15]]) {
      addPartial(box, frequency, level, 0.14);
    }
    for (let at = 0; at < Math.min(out.length, RATE / 4); at += 1) out[at] += body * box[at] * 0.4;
  }
  if (buzz > 0) for (let at = 0; at < out.length; at += 1) out[at] = Math.tanh(out[at] * (1 + 6 * buzz));
  return finish(out, 0.9, 0.001);
}

/** Bars, bells and skins: sines at the ratios of what vibrates. */
export function modes(pitch, { ratios, levels, decays, strike = 0.1, strikeCutoff = 4000, beat = 0 }) {
  const base = hertz(pitch);
  const longest = Math.max(...decays);
  const shrink = 2 ** ((60 - pitch) / 40);
  const out = seconds(Math.min(6, longest * shrink * 1.05));
  ratios.forEach((ratio, index) => {
    const decay = decays[index] * shrink;
    addPartial(out, base * ratio, levels[index], decay, index);
    if (beat) addPartial(out, base * ratio * (1 + beat), levels[index] * 0.6, decay, index + 1);
  });
  if (strike) addNoise(out, strike, 0.03, strikeCutoff, 300, pitch);
  return finish(out, 0.9, 0.001);
}

/** One sine that shakes another (Chowning 1973): electric pianos, bells, basses. */
export function shaken(pitch, { ratio = 1, index = 2, fade = 0.6, decay = 4, tine = 0, tineRatio = 14, sub = 0 }) {
  const base = hertz(pitch);
  const shrink = 2 ** ((60 - pitch) / 36);
  const out = seconds(Math.min(5, decay * shrink));
  const damping = Math.exp(-SIXTY / (decay * shrink * RATE));
  const calming = Math.exp(-SIXTY / (fade * shrink * RATE));
  const carrier = (TAU * base) / RATE;
  const shaker = carrier * ratio;
  let gain = 1;
  let amount = index / (1 + Math.max(0, pitch - 60) / 24);
  const rest = amount * 0.18;
  for (let at = 0; at < out.length; at += 1) {
    out[at] = gain * Math.sin(carrier * at + (amount + rest) * Math.sin(shaker * at));
    if (sub) out[at] += sub * gain * Math.sin(0.5 * carrier * at);
    gain *= damping;
    amount *= calming;
  }
  if (tine) addPartial(out, base * tineRatio, tine, 0.25 * shrink);
  return finish(out, 0.9, 0.002);
}
