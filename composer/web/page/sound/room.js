// Room: what all sound goes through: a little reverberation, a limiter, the volume, a meter.

import { noise } from "./waves.js";

/** The answer of a room to a clap: noise that dies away, darker as it does. */
function clap(context, length = 1.7) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(2, Math.round(rate * length), rate);
  for (let side = 0; side < 2; side += 1) {
    const out = buffer.getChannelData(side);
    const next = noise(101 + side * 7);
    let low = 0;
    for (let at = 0; at < out.length; at += 1) {
      const share = at / out.length;
      const dark = 0.55 - 0.45 * share;
      low += dark * (next() - low);
      const early = at < rate * 0.012 ? at / (rate * 0.012) : 1;
      out[at] = low * early * Math.exp(-6.5 * share);
    }
  }
  return buffer;
}

export class Room {
  /** Between voices and loudspeakers; `context` may be an offline one. */
  constructor(context, wet = 0.16) {
    this.context = context;
    this.dry = context.createGain();
    this.send = context.createGain();
    this.send.gain.value = wet;
    const hall = context.createConvolver();
    hall.buffer = clap(context);
    const limiter = context.createDynamicsCompressor();
    limiter.threshold.value = -10;
    limiter.knee.value = 8;
    limiter.ratio.value = 12;
    limiter.attack.value = 0.003;
    limiter.release.value = 0.2;
    this.volume = context.createGain();
    this.meter = context.createAnalyser();
    this.meter.fftSize = 2048;
    this.dry.connect(limiter);
    this.dry.connect(this.send).connect(hall).connect(limiter);
    limiter.connect(this.volume).connect(this.meter).connect(context.destination);
  }

  /** How loud it is now: the root of the mean square, 0 to 1. */
  level() {
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    return Math.sqrt(sum / samples.length);
  }
}
