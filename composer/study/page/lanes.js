// Lanes: what a stage shows, from the form above the roll to the network's gates under it.
//
// A lane has a name, a height, and `draw(stage, body, colours, height)`.

const NARROW = 17; // pixels that a label takes at least

function lanesOf(study) {
  const lanes = [{ name: study.piece.free ? "seconds" : "bar", height: 20, draw: drawRuler }];
  if (study.form.sections.length) lanes.push({ name: "form", height: 24, draw: drawSections });
  if (study.phrases.length > 1) lanes.push({ name: "phrases", height: 18, draw: drawPhrases });
  if (study.keys.length) lanes.push({ name: "key", height: 22, draw: drawKeys });
  if (study.chords.length) lanes.push({ name: "chords", height: 38, draw: drawChords, title: "dashed: less sure than 0.65" });
  if (study.cadences.length) lanes.push({ name: "cadences", height: 22, draw: drawCadences });
  lanes.push({ name: "notes", height: rollHeight(study), draw: drawRoll });
  if (study.surprise) lanes.push({ name: "surprise, nats a note", height: 44, draw: drawSurprise });
  for (const [index, motif] of study.motifs.entries()) {
    lanes.push({ name: motif.name, height: 6 + 15 * rowsOf(motif).count, draw: (stage, body) => drawMotif(stage, body, motif, index) });
  }
  if (study.texture.cells.some((cell) => cell.low !== null)) lanes.push({ name: "register", height: 56, draw: drawRegister });
  lanes.push({ name: "density", height: 34, draw: drawDensity });
  for (const layer of study.network?.layers ?? []) {
    for (const map of layer.maps) {
      const name = `layer ${layer.layer}, ${map.name}`;
      lanes.push({ name, title: "units in bands, the longest memory on top; the strip below is the average of all", height: 62, draw: (stage, body, colours, height) => drawMap(stage, body, colours, height, map) });
    }
  }
  for (const unit of shownUnits(study)) {
    const name = `${unit.follows}: layer ${unit.layer}, unit ${unit.unit}`;
    lanes.push({ name, height: 50, draw: (stage, body, colours, height) => drawUnit(stage, body, colours, height, unit) });
  }
  return lanes;
}

/** Units that chance would hardly have found. */
function shownUnits(study) {
  return (study.network?.units ?? []).filter((unit) => unit.chance <= 0.05).slice(0, 8);
}

function rollHeight(study) {
  const [low, high] = pitchesOf(study);
  return Math.min(380, Math.max(130, (high - low + 1) * 6 + 12));
}

function pitchesOf(study) {
  const pitches = study.notes.map((note) => note[2]);
  return [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
}

function block(stage, body, start, end, className, title, ...children) {
  const made = element("div", { class: `block ${className}`, title }, ...children);
  made.style.left = `${stage.x(start)}px`;
  made.style.width = `${Math.max(stage.x(end) - stage.x(start) - 1, 3)}px`;
  body.append(made);
  return made;
}

function drawRuler(stage, body, colours, height) {
  const pen = stage.canvas(body, height);
  stage.lines(pen, height, colours);
  pen.fillStyle = colours.soft;
  pen.font = "11px system-ui, sans-serif";
  let free = -1;
  stage.study.cells.lines.slice(0, -1).forEach((second, index) => {
    const x = stage.x(second);
    if (x < free) return;
    const text = stage.study.piece.free ? `${Math.floor(second / 60)}:${String(Math.round(second % 60)).padStart(2, "0")}` : String(index + 1);
    pen.fillText(text, x + 4, height - 6);
    free = x + 34;
  });
}

function drawSections(stage, body) {
  for (const section of stage.study.form.sections) {
    const made = block(stage, body, section.start, section.end, "", `${section.letter}: ${section.bars} bars from bar ${section.first_bar}`, section.letter);
    made.style.borderLeft = `4px solid ${PARTS[section.letter_number % PARTS.length]}`;
  }
}

function drawPhrases(stage, body, colours, height) {
  const pen = stage.canvas(body, height);
  pen.strokeStyle = colours.soft;
  for (const phrase of stage.study.phrases) {
    const [a, b] = [stage.x(phrase.start) + 2, stage.x(phrase.end) - 2];
    pen.globalAlpha = 0.35 + 0.65 * phrase.sure;
    pen.beginPath();
    pen.moveTo(a, height - 2);
    pen.quadraticCurveTo(a, 3, Math.min(a + 14, (a + b) / 2), 3);
    pen.lineTo(Math.max(b - 14, (a + b) / 2), 3);
    pen.quadraticCurveTo(b, 3, b, height - 2);
    pen.stroke();
  }
  body.title = stage.study.phrases.map((phrase) => `${phrase.place}: ${phrase.sure_words} (${phrase.source})`).join("\n");
}

function drawKeys(stage, body) {
  for (const span of stage.study.keys) {
    block(stage, body, span.start, span.end, span.sure < 0.65 ? "unsure" : "", `${span.key} from ${span.from}: ${span.sure_words} (${span.sure})`, span.key);
  }
}

function drawChords(stage, body) {
  for (const chord of stage.study.chords) {
    const wide = stage.x(chord.end) - stage.x(chord.start) > NARROW;
    const title = `${chord.place}: ${chord.chord}${chord.numeral ? `, ${chord.numeral} in ${chord.key}` : ""}; ${chord.sure_words} (${chord.sure}), ${Math.round(100 * chord.tones)} % of what sounds are its tones`;
    const made = block(stage, body, chord.start, chord.end, chord.sure < 0.65 ? "unsure" : "", title);
    if (wide) made.append(chord.numeral ?? chord.chord, element("small", {}, chord.numeral ? chord.chord : ""));
  }
}

const SHORT = { "perfect authentic": "PAC", "imperfect authentic": "IAC", plagal: "plagal", half: "half", deceptive: "deceptive" };

function drawCadences(stage, body) {
  for (const cadence of stage.study.cadences) {
    const title = `${cadence.kind} cadence, ${cadence.numerals.join(" ")} in ${cadence.key}, ${cadence.place}: ${cadence.sure_words} (${cadence.sure})`;
    const made = block(stage, body, cadence.start, cadence.start, "cadence", title, SHORT[cadence.kind]);
    made.style.width = "auto";
  }
}

function drawRoll(stage, body, colours, height) {
  const study = stage.study;
  const pen = stage.canvas(body, height);
  const [low, high] = pitchesOf(study);
  const up = height / (high - low + 1);
  for (let pitch = low; pitch <= high; pitch += 1) {
    const y = (high - pitch) * up;
    if ([1, 3, 6, 8, 10].includes(((pitch % 12) + 12) % 12)) {
      pen.fillStyle = colours.raised;
      pen.globalAlpha = 0.5;
      pen.fillRect(0, y, stage.width, up);
      pen.globalAlpha = 1;
    }
  }
  stage.lines(pen, height, colours);
  study.notes.forEach((note) => {
    const x = stage.x(note[0]);
    pen.fillStyle = stage.colour(note, colours);
    pen.globalAlpha = 0.55 + 0.45 * (note[3] / 127);
    pen.fillRect(x, (high - note[2]) * up + 0.5, Math.max(stage.x(note[1]) - x - 1, 2), Math.max(up - 1, 2.5));
  });
  pen.globalAlpha = 1;
  pen.fillStyle = colours.soft;
  pen.font = "10px system-ui, sans-serif";
  for (let pitch = low; pitch <= high; pitch += 1) {
    if (pitch % 12 === 0 && study.piece.parts.some((part) => !part.drums)) pen.fillText(`C${pitch / 12 - 1}`, 2, (high - pitch + 1) * up - 1);
  }
  (study.surprise?.notes ?? []).forEach((told, index) => {
    const note = study.notes[told.note];
    const label = `${told.place}: ${told.text}, ${told.nats} nats. What was expected instead?`;
    const hit = element("button", { class: "hit", "data-index": index, "aria-label": label, title: label, "aria-pressed": "false" });
    hit.style.left = `${stage.x(note[0]) - 2}px`;
    hit.style.top = `${(high - note[2]) * up - 2}px`;
    hit.style.width = `${Math.max(stage.x(note[1]) - stage.x(note[0]) + 2, 8)}px`;
    hit.style.height = `${Math.max(up + 4, 8)}px`;
    hit.addEventListener("click", () => stage.choose(index));
    body.append(hit);
  });
}

function drawSurprise(stage, body, colours, height) {
  const pen = stage.canvas(body, height);
  stage.lines(pen, height, colours);
  const most = Math.max(8, ...stage.study.notes.map((note) => note[5]));
  for (const note of stage.study.notes) {
    pen.fillStyle = surpriseColour(note[5], colours);
    const tall = (Math.max(note[5], 0.05) / most) * (height - 4);
    pen.fillRect(stage.x(note[0]), height - tall, 2.5, tall);
  }
}

const WAYS = { first: "", "as it was": "=", moved: "↕", "moved within the scale": "⇅", "turned over": "⤨", "twice as slow": "×2", "twice as fast": "÷2", "same rhythm, other steps": "~" };

/** The row of each occurrence, so that those at one time lie one above the other. */
function rowsOf(motif) {
  const free = [];
  const rows = motif.occurrences.map((one) => {
    let row = free.findIndex((end) => end <= one.start + 0.01);
    if (row < 0) row = free.push(0) - 1;
    free[row] = one.end;
    return row;
  });
  return { rows, count: free.length };
}

function drawMotif(stage, body, motif, index) {
  const { rows } = rowsOf(motif);
  for (const [at, one] of motif.occurrences.entries()) {
    const way = WAYS[one.how.replace(/ \(.*/, "")] ?? "~";
    const made = block(stage, body, one.start, one.end, "motif", `${motif.name}, ${one.place}, in ${stage.study.piece.parts[one.part].name}: ${one.how}; ${one.sure_words}`, `${motif.name.at(-1)}${way}`);
    made.style.top = `${3 + 15 * rows[at]}px`;
    made.style.bottom = "auto";
    made.style.height = "14px";
    made.style.background = MOTIFS[index % MOTIFS.length];
    made.style.opacity = 0.45 + 0.55 * one.sure;
  }
}

function drawRegister(stage, body, colours, height) {
  const pen = stage.canvas(body, height);
  stage.lines(pen, height, colours);
  const cells = stage.study.texture.cells;
  const pitched = cells.filter((cell) => cell.low !== null);
  const [low, high] = [Math.min(...pitched.map((cell) => cell.low)) - 1, Math.max(...pitched.map((cell) => cell.high)) + 1];
  const y = (pitch) => ((high - pitch) / (high - low)) * (height - 4) + 2;
  cells.forEach((cell, index) => {
    if (cell.low === null) return;
    const [a, b] = [stage.study.cells.lines[index], stage.study.cells.lines[index + 1]].map((second) => stage.x(second));
    pen.fillStyle = colours.you;
    pen.globalAlpha = 0.3;
    pen.fillRect(a + 1, y(cell.high), b - a - 2, Math.max(y(cell.low) - y(cell.high), 2));
    pen.globalAlpha = 1;
    pen.fillRect(a + 1, y(cell.mean) - 1, b - a - 2, 2);
  });
  body.title = "From the lowest to the highest pitch of each bar; the line is the mean";
}

function drawDensity(stage, body, colours, height) {
  const pen = stage.canvas(body, height);
  stage.lines(pen, height, colours);
  const most = Math.max(...stage.study.texture.cells.map((cell) => cell.density), 1);
  stage.study.texture.cells.forEach((cell, index) => {
    const [a, b] = [stage.study.cells.lines[index], stage.study.cells.lines[index + 1]].map((second) => stage.x(second));
    const tall = (cell.density / most) * (height - 4);
    pen.fillStyle = colours.composer;
    pen.globalAlpha = 0.7;
    pen.fillRect(a + 1, height - tall, b - a - 2, tall);
  });
  body.title = `${stage.study.texture.density_unit}; the highest bar is ${most.toFixed(1)}`;
}

function drawUnit(stage, body, colours, height, unit) {
  const pen = stage.canvas(body, height);
  stage.lines(pen, height, colours);
  const draw = (bytes, colour, flip, fill) => {
    const step = stage.width / bytes.length;
    pen.beginPath();
    const y = (value) => 3 + ((flip ? value : 255 - value) / 255) * (height - 6);
    bytes.forEach((value, at) => {
      if (at) pen.lineTo(at * step, y(value));
      else pen.moveTo(0, y(value));
      pen.lineTo((at + 1) * step, y(value));
    });
    if (fill) {
      pen.lineTo(stage.width, height);
      pen.lineTo(0, height);
      pen.globalAlpha = 0.28;
      pen.fillStyle = colour;
      pen.fill();
    } else {
      pen.globalAlpha = 1;
      pen.strokeStyle = colour;
      pen.lineWidth = 1.2;
      pen.stroke();
    }
    pen.globalAlpha = 1;
  };
  draw(bytesOf(unit.series), colours.you, false, true);
  // A cell that follows by its minus is turned over, so that the two can be compared.
  draw(bytesOf(unit.cell), colours.composer, unit.correlation < 0, false);
  body.title = `blue: ${unit.follows}; orange: the cell${unit.correlation < 0 ? ", turned over" : ""}; correlation ${unit.correlation}, by chance as good in ${Math.round(100 * unit.chance)} of 100`;
}
