// Colours: of who plays, and of how surprising a note was; dark and light.

const DARK = {
  paper: "#15171c", black: "#191c22", line: "#23272f", octave: "#2f343e", bar: "#3b414d", beat: "#262b33",
  ink: "#a5abb7", now: "#f4efe6", you: "#6fb3f2", others: "#74d0b4", coming: "#767d8a",
  composer: "#f0a860", surprise: ["#f5dfae", "#f0a860", "#ea5f6f", "#b66bff"],
  sections: ["#6fb3f2", "#e9b15c", "#74d0b4", "#d79bd0", "#a7b8d8", "#d98c6a"], letter: "#12151a", chord: "#d9d4ca",
};
const LIGHT = {
  paper: "#fdfbf7", black: "#f7f4ee", line: "#ece7de", octave: "#ddd6ca", bar: "#cfc6b8", beat: "#efeae2",
  ink: "#6a655c", now: "#35322c", you: "#2273b8", others: "#17856a", coming: "#aaa398",
  composer: "#d3761d", surprise: ["#dcab3f", "#d3761d", "#c22f52", "#7430c9"],
  sections: ["#9cc6ec", "#efc477", "#93d3c0", "#deb3da", "#b9c4d8", "#e2a98d"], letter: "#26241f", chord: "#3c3932",
};

/** Nats of a note that was to be expected, and of one that was not. */
const EXPECTED = 2;
const SURPRISING = 12;

export function colours() {
  const chosen = document.documentElement.dataset.theme;
  const light = chosen ? chosen === "light" : window.matchMedia("(prefers-color-scheme: light)").matches;
  return light ? LIGHT : DARK;
}

/** The colour of a note of composer's; `nats` may not be known yet. */
export function surpriseColour(nats, palette) {
  if (nats === undefined || nats === null) return palette.composer;
  const steps = palette.surprise;
  const at = Math.min(1, Math.max(0, (nats - EXPECTED) / (SURPRISING - EXPECTED))) * (steps.length - 1);
  const below = Math.min(Math.floor(at), steps.length - 2);
  return mix(steps[below], steps[below + 1], at - below);
}

function mix(one, other, share) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [one, other].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share);
  });
  return `rgb(${parts.join(" ")})`;
}
