// Main: puts the page together from the document that stands in it.

const told = JSON.parse(document.getElementById("study").textContent);
const player = new Player();
const stages = told.studies.map((study, index) => {
  const expected = study.surprise ? new Expected(document.getElementById(`expected-${index}`), study) : null;
  const stage = new Stage(document.getElementById(`stage-${index}`), study, player, (chosen) => expected.show(chosen));
  if (expected) expected.stage = stage;
  return stage;
});

function draw() {
  stages.forEach((stage) => stage.draw());
  told.studies.forEach((study, index) => {
    const canvas = document.getElementById(`matrix-${index}`);
    if (!canvas) return;
    const name = (cell) => (study.piece.free ? `seconds ${2 * cell} to ${2 * cell + 2}` : `bar ${cell + 1}`);
    drawMatrix(canvas, study.form.similarity, name, name, document.getElementById(`matrix-told-${index}`));
  });
  const cross = document.getElementById("matrix-cross");
  if (cross) drawMatrix(cross, told.compared.similarity, (row) => `A ${row + 1}`, (column) => `B ${column + 1}`, document.getElementById("matrix-told-cross"));
}

function press(action, index) {
  const stage = stages[index];
  const count = stage.study.surprise?.notes.length ?? 0;
  const next = (step) => count && stage.choose(((stage.current ?? (step > 0 ? -1 : 0)) + step + count) % count, true);
  const actions = {
    play: () => (player.playing ? player.stop() : stage.playFrom(0)),
    in: () => stage.zoom(1.5),
    out: () => stage.zoom(1 / 1.5),
    next: () => next(1),
    previous: () => next(-1),
    colour: () => {
      stage.byPart = !stage.byPart;
      stage.draw();
    },
  };
  actions[action]?.();
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-action]");
  if (pressed) {
    press(pressed.dataset.action, Number(pressed.dataset.stage ?? 0));
    if (pressed.dataset.action === "colour") pressed.setAttribute("aria-pressed", stages[Number(pressed.dataset.stage ?? 0)].byPart);
  }
  const place = event.target.closest("[data-start]");
  if (place) {
    const stage = stages[Number(place.dataset.stage ?? 0)];
    stage.show(Number(place.dataset.start));
    stage.playFrom(Number(place.dataset.start), Number(place.dataset.end));
  }
  if (event.target.closest("#theme")) {
    document.documentElement.dataset.theme = theme().dark ? "light" : "dark";
    draw();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = { n: "next", p: "previous", "+": "in", "-": "out" };
  if (keys[event.key]) press(keys[event.key], 0);
  if (event.key === " " && !event.target.closest("button, a, summary")) {
    event.preventDefault();
    press("play", 0);
  }
  if (event.key === "Escape") player.stop();
});

matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);
draw();
if (stages[0].study.surprise?.notes.length) {
  const most = stages[0].study.surprise.notes.reduce((best, one, index, all) => (one.nats > all[best].nats ? index : best), 0);
  const scroll = stages[0].scroller.scrollLeft;
  stages[0].choose(most);
  stages[0].scroller.scrollLeft = scroll;
}
document.body.dataset.ready = "yes";
