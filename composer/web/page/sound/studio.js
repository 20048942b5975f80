// Studio: a worker that computes sounds, so that the page never waits for one.

import { drum } from "./drums.js";
import { PATCHES } from "./patches.js";

self.onmessage = ({ data: { program, keys } }) => {
  for (const key of keys) {
    const samples = program === "drums" ? drum(key) : PATCHES[program].make(key);
    self.postMessage({ program, key, samples }, [samples.buffer]);
  }
};
