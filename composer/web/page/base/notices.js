// Notices: a line that is told, shown for a while, and read out by screen readers.

import { $, el } from "./elements.js";

const SHOWN = 7000;

/** Tell something; `kind` is "" or "wrong". */
export function tell(text, kind = "") {
  const notice = el("p", { class: `notice ${kind}` }, text);
  notice.append(el("button", { class: "quiet", "aria-label": "Dismiss", onclick: () => notice.remove() }, "×"));
  const list = $("notices");
  list.append(notice);
  while (list.children.length > 4) list.firstChild.remove();
  if (kind !== "wrong") setTimeout(() => notice.remove(), SHOWN);
  else setTimeout(() => notice.remove(), 2 * SHOWN);
}

/** Say something to screen readers alone. */
export function say(text) {
  $("said").textContent = text;
}
