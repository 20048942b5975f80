// Form: sections and chords above a roll, of music in files and of a reply that is under way.
//
// Conventions: a form is {sections: [{from, to, name, letter}], chords: [{at, text}]}, in the roll's time.
// An `at` behind which nothing is known has the text "".

const LETTERS = 15; // height of the sections' band, in pixels
const CHORDS = 17; // height of the line of chords
const AIR = 6; // between two chords
const FONT = "11px ui-sans-serif, system-ui, sans-serif";

/** What a plan has to say, as the server gives it: sections and chords, in beats. */
export function formOf(plan) {
  if (!plan) return null;
  const lines = plan.bar_lines;
  const sections = plan.sections.map(({ name, bar, bars, letter_number: letter }) => ({ from: lines[bar - 1], to: lines[bar - 1 + bars], name, letter }));
  const chords = [];
  plan.bars.forEach((bar, at) => {
    const half = (lines[at + 1] - lines[at]) / 2;
    chords.push({ at: lines[at], text: bar.chords[0] });
    if (bar.chords[1] !== bar.chords[0]) chords.push({ at: lines[at] + half, text: bar.chords[1] });
  });
  return { sections, chords: [...chords, { at: lines.at(-1), text: "" }] };
}

/** The sections of the bars from one on, in words: "A4 B4". */
export const sectionsFrom = (plan, bar) =>
  plan.sections.filter((section) => section.bar > bar).map(({ name, bars }) => `${name}${bars}`).join(" ");

/** The chords of a reply's plan as it is told live: "C G ~1 | F | -", a bar between strokes. */
export function chordsOf(text) {
  return text.split("|").map((bar) => bar.trim().split(/\s+/).filter((word) => /^[A-G]|^N\.?C/.test(word) || word === "-"));
}

/** How high the strip of a form is, in pixels. */
export const heightOf = (form) => (form ? (form.sections.length ? LETTERS : 0) + (form.chords.length ? CHORDS : 0) : 0);

/** Draw a form at the top of a roll. */
export function drawForm(pen, form, { left, width, from, to, x, palette }) {
  pen.save();
  pen.beginPath();
  pen.rect(left, 0, width - left, heightOf(form));
  pen.clip();
  pen.font = FONT;
  pen.textBaseline = "alphabetic";
  for (const section of form.sections) {
    if (section.to <= from || section.from >= to) continue;
    const [start, end] = [Math.max(x(section.from), left), Math.min(x(section.to), width)];
    pen.fillStyle = palette.sections[section.letter % palette.sections.length];
    pen.globalAlpha = section.name.endsWith("'") ? 0.55 : 1;
    pen.beginPath();
    pen.roundRect(start + 1, 2, Math.max(2, end - start - 2), LETTERS - 3, 3);
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillStyle = palette.letter;
    pen.textAlign = "left";
    if (end - start > 16) pen.fillText(section.name, start + 6, 12);
  }
  const base = heightOf(form) - 5;
  let free = left + 2;
  let last = null;
  pen.textAlign = "left";
  form.chords.forEach(({ at, text }, index) => {
    const until = form.chords[index + 1]?.at ?? Infinity;
    const shown = text === "N.C." ? "–" : text.replace(/b/g, "♭").replace(/#/g, "♯");
    const again = shown === last && x(at) > left;
    last = shown;
    if (until <= from || at >= to || !shown || again) return;
    const place = Math.max(x(at), left) + 3;
    const wide = pen.measureText(shown).width;
    pen.fillStyle = palette.chord;
    if (place >= free && (place + wide <= width - 2)) {
      pen.fillText(shown, place, base);
      free = place + wide + AIR;
    } else if (place >= free - AIR) {
      pen.fillRect(place, base - 4, 2, 2);
    }
  });
  pen.restore();
}
