// Drums: the General MIDI kit, computed key by key. Keys 35 to 81, as General MIDI names them.

import { addGlide, addNoise, finish, RATE, seconds } from "./waves.js";

/** Metal: square waves that fit no scale, as in the drum machines of the eighties. */
function addMetal(out, level, decay, floor, base = 1) {
  const rates = [205.3, 304.4, 369.6, 522.7, 540, 800].map((rate) => (rate * base) / RATE);
  const damping = Math.exp(-Math.log(1000) / (decay * RATE));
  const keep = Math.exp((-2 * Math.PI * floor) / RATE);
  let gain = level;
  let high = 0;
  let higher = 0;
  let before = 0;
  let last = 0;
  const end = Math.min(out.length, Math.ceil(decay * RATE));
  for (let at = 0; at < end; at += 1) {
    let sum = 0;
    for (const rate of rates) sum += (at * rate) % 1 < 0.5 ? 1 : -1;
    high = keep * (high + sum - before);
    before = sum;
    higher = keep * (higher + high - last);
    last = high;
    out[at] += gain * higher * 0.3;
    gain *= damping;
  }
}

function kick(deep) {
  const out = seconds(0.55);
  addGlide(out, deep ? 150 : 190, deep ? 46 : 54, 0.09, 1, 0.5);
  addNoise(out, 0.35, 0.02, 5000, 800, 3);
  return finish(out, 0.98, 0.0005);
}

function snare(tight) {
  const out = seconds(0.4);
  addGlide(out, 320, 185, 0.03, 0.55, 0.16);
  addGlide(out, 480, 330, 0.03, 0.3, 0.1);
  addNoise(out, 0.9, tight ? 0.2 : 0.3, 9000, 900, 5);
  return finish(out, 0.85, 0.0005);
}

function tom(pitch) {
  const out = seconds(0.8);
  addGlide(out, pitch * 1.6, pitch, 0.12, 1, 0.7);
  addGlide(out, pitch * 2.5, pitch * 1.59, 0.08, 0.25, 0.3);
  addNoise(out, 0.15, 0.05, 3000, 300, 9);
  return finish(out, 0.8, 0.0008);
}

function hat(decay) {
  const out = seconds(decay + 0.03);
  addMetal(out, 0.8, decay, 6500, 1.6);
  addNoise(out, 0.5, decay * 0.8, 16000, 7000, 21);
  return finish(out, 0.4, 0.0005);
}

function cymbal(decay, base, floor, level) {
  const out = seconds(decay);
  addMetal(out, 0.6, decay, floor, base);
  addMetal(out, 0.35, decay * 0.7, floor * 0.6, base * 1.37);
  addNoise(out, 0.7, decay * 0.75, 15000, floor, 33);
  return finish(out, level, 0.001);
}

function bell(low, high, decay, level = 0.5) {
  const out = seconds(decay);
  addGlide(out, low, low, 0.1, 0.6, decay);
  addGlide(out, high, high, 0.1, 0.5, decay * 0.7);
  addMetal(out, 0.08, decay * 0.4, 2000, 2);
  return finish(out, level, 0.0005);
}

function skin(pitch, decay, slap = 0.2, level = 0.6) {
  const out = seconds(decay + 0.05);
  addGlide(out, pitch * 1.25, pitch, 0.05, 1, decay);
  addGlide(out, pitch * 2.4, pitch * 2.2, 0.05, 0.25, decay * 0.5);
  addNoise(out, slap, 0.03, 6000, 700, pitch);
  return finish(out, level, 0.0005);
}

function shaker(decay, floor, level = 0.35, attack = 0.01) {
  const out = seconds(decay + 0.04);
  addNoise(out, 1, decay, 14000, floor, 41);
  return finish(out, level, attack);
}

function clap() {
  const out = seconds(0.35);
  for (const delay of [0, 0.011, 0.022]) {
    addNoise(out.subarray(Math.round(delay * RATE)), 0.7, 0.03, 5000, 700, 51);
  }
  addNoise(out.subarray(Math.round(0.03 * RATE)), 0.9, 0.24, 4500, 700, 52);
  return finish(out, 0.6, 0.0005);
}

function wood(pitch, decay = 0.09) {
  const out = seconds(decay + 0.05);
  addGlide(out, pitch * 1.05, pitch, 0.02, 1, decay);
  addGlide(out, pitch * 2.6, pitch * 2.57, 0.02, 0.3, decay * 0.6);
  addNoise(out, 0.2, 0.01, 8000, 1000, 61);
  return finish(out, 0.6, 0.0004);
}

function whistle(length) {
  const out = seconds(length);
  addGlide(out, 2350, 2300, 0.1, 0.7, length * 3);
  addNoise(out, 0.15, length * 2, 9000, 2000, 71);
  return finish(out, 0.3, 0.01);
}

function guiro(length) {
  const out = seconds(length);
  for (let at = 0; at < length - 0.03; at += 0.016) {
    addNoise(out.subarray(Math.round(at * RATE)), 0.6, 0.012, 7000, 1500, 81 + Math.round(at * 999));
  }
  return finish(out, 0.35, 0.001);
}

const KIT = {
  35: () => kick(true),
  36: () => kick(false),
  37: () => wood(1700, 0.05),
  38: () => snare(false),
  39: () => clap(),
  40: () => snare(true),
  41: () => tom(82),
  42: () => hat(0.07),
  43: () => tom(98),
  44: () => hat(0.05),
  45: () => tom(117),
  46: () => hat(0.55),
  47: () => tom(139),
  48: () => tom(165),
  49: () => cymbal(2.4, 1.15, 3800, 0.5),
  50: () => tom(196),
  51: () => cymbal(1.8, 1.7, 5200, 0.32),
  52: () => cymbal(2, 0.85, 2600, 0.5),
  53: () => bell(860, 2330, 1.2, 0.35),
  54: () => shaker(0.25, 7500, 0.4, 0.001),
  55: () => cymbal(0.9, 1.5, 5000, 0.45),
  56: () => bell(562, 845, 0.35, 0.45),
  57: () => cymbal(2.6, 1, 3300, 0.5),
  58: () => guiro(0.5),
  59: () => cymbal(1.6, 1.9, 5600, 0.3),
  60: () => skin(420, 0.14),
  61: () => skin(300, 0.18),
  62: () => skin(360, 0.06, 0.4),
  63: () => skin(330, 0.3, 0.15),
  64: () => skin(240, 0.35, 0.12),
  65: () => skin(520, 0.3, 0.2),
  66: () => skin(370, 0.36, 0.2),
  67: () => bell(1480, 2230, 0.3, 0.35),
  68: () => bell(1050, 1580, 0.35, 0.35),
  69: () => shaker(0.07, 6000, 0.35),
  70: () => shaker(0.06, 8000, 0.3, 0.004),
  71: () => whistle(0.16),
  72: () => whistle(0.5),
  73: () => guiro(0.1),
  74: () => guiro(0.35),
  75: () => wood(2500, 0.06),
  76: () => wood(1100),
  77: () => wood(780),
  78: () => skin(650, 0.12, 0.05, 0.4),
  79: () => skin(430, 0.22, 0.05, 0.4),
  80: () => bell(5300, 7100, 0.12, 0.22),
  81: () => bell(5300, 7100, 1.4, 0.22),
};

/** Keys of which the one silences the other: closed, pedal and open hi-hat, and the like. */
export const CHOKES = { 42: [46, 44], 44: [46, 42], 46: [], 71: [72], 73: [74], 78: [79], 80: [81] };

/** The sound of a key; keys beyond the kit sound as their nearest neighbours. */
export function drum(key) {
  const known = Math.min(81, Math.max(35, key));
  return KIT[known]();
}

/** Where a key's drum stands, from left (-1) to right (1), as the audience sees it. */
export function drumPlace(key) {
  if ([35, 36, 37, 38, 40].includes(key)) return 0;
  if ([42, 44, 46].includes(key)) return 0.25;
  if (key >= 41 && key <= 50 && key !== 49) return (key - 45) / 14;
  return [49, 55, 57].includes(key) ? -0.35 : ((key * 37) % 11) / 14 - 0.35;
}
