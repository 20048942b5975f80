// Colours: of parts, of surprise, of heat maps, in the page's theme. Read anew when it changes.

const PARTS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#a09a2c", "#8a8a8a"];
const MOTIFS = ["#56b4e9", "#e69f00", "#4fc3a1", "#e59ac4", "#c9bd3a"];
const EXPECTED_NATS = 1;
const SURPRISING_NATS = 7;

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  const dark = style.colorScheme.includes("dark");
  return {
    dark,
    ink: read("--ink"), soft: read("--soft"), line: read("--line"), panel: read("--panel"), raised: read("--raised"),
    strong: read("--strong"), composer: read("--composer"), you: read("--you"),
    surprise: dark ? ["#f5dfae", "#f0a860", "#ea5f6f", "#b66bff"] : ["#dcab3f", "#d3761d", "#c22f52", "#7430c9"],
    // From low to high; the ground of a map is the page's.
    gate: dark ? ["#15171c", "#2b3f63", "#3f7f98", "#8fc98a", "#f7eea0"] : ["#fdfbf7", "#c9dfc6", "#67aeb0", "#2f6392", "#1d2350"],
    cell: dark ? ["#15171c", "#4a2a24", "#93482c", "#d98a4a", "#f8dfae"] : ["#fdfbf7", "#f3d3ae", "#dc9252", "#a3501f", "#4f2010"],
  };
}

function ramp(stops, share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const below = Math.min(Math.floor(at), stops.length - 2);
  return [1, 3, 5].map((place) => {
    const [a, b] = [stops[below], stops[below + 1]].map((colour) => parseInt(colour.slice(place, place + 2), 16));
    return Math.round(a + (b - a) * (at - below));
  });
}

const rgb = (parts) => `rgb(${parts.join(" ")})`;

function surpriseColour(nats, colours) {
  return rgb(ramp(colours.surprise, (nats - EXPECTED_NATS) / (SURPRISING_NATS - EXPECTED_NATS)));
}
