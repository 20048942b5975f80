// Bar choice: bars of a piece chosen on its roll, by dragging over them.

import { barLines } from "./music.js";

export class BarChoice {
  /** On a roll, for tasks; `music` gives the piece that is shown. */
  constructor(roll, tasks, music) {
    const { canvas } = roll;
    let first = null;
    const barAt = (event) => {
      const beat = roll.timeAt(event.clientX - canvas.getBoundingClientRect().left);
      const lines = barLines(music(), Infinity);
      return Math.max(1, lines.filter((line) => line <= beat).length);
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!music() || event.button !== 0) return;
      first = barAt(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (first === null) return;
      const last = barAt(event);
      // To go on from a piece no bars are chosen: who drags over some wants them anew.
      if (!tasks.inside && last !== first) tasks.to("fill");
      if (tasks.inside) tasks.choose(first, last);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => {
        if (name === "pointerup" && first !== null && tasks.inside) tasks.choose(first, barAt(event));
        first = null;
      });
    }
  }
}
