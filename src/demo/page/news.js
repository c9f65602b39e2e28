// What just happened, in a few lines.

import { byId, el, fill } from "./dom.js";
import { reason, t, tell } from "./words.js";

/** Lines at most. */
const MOST = 5;

/** Events that say what others say already. */
const quiet = ["sent", "consented", "held", "left", "finished", "enrolled", "refused", "skipped", "qualified"];

let last = null;

/** Tells what came of an act. `current` is the lead that is shown; `extra` are sentences that come first. */
export function news(happened, state, current, extra = []) {
  last = () => lines(happened, state, current, extra);
  again();
}

/** Tells it once more, in the language of now. */
export function again() {
  if (last) show(t("just_now"), last());
}

/** Tells that something did not work. */
export function trouble(error) {
  last = null;
  show(null, [el("li", { class: "trouble" }, error.message)]);
}

function show(title, items) {
  fill(byId("news"), title && items.length > 0 && el("h2", {}, title), el("ul", {}, ...items.slice(0, MOST)));
}

function lines(happened, state, current, extra) {
  const name = (email) => [...state.leads, ...state.reps].find((person) => person.email === email)?.name ?? email;
  const items = extra.map((sentence) => el("li", {}, typeof sentence === "function" ? sentence() : sentence));
  for (const line of happened.lines.filter((line) => !quiet.includes(line.kind))) {
    const because = line.because && line.kind === "stage_changed" ? `, ${t("because")} ${reason(line.because)}` : "";
    const points = line.points && el("b", { class: "points" }, line.points > 0 ? `+${line.points}` : `−${-line.points}`);
    items.push(el("li", { class: line.kind }, line.lead === current ? null : `${name(line.lead)}: `, tell(line), points && " ", points, because));
  }
  if (happened.called_off) items.push(el("li", { class: "called-off" }, el("b", {}, t("called_off", happened.called_off.count)), planned(happened.called_off)));
  for (const mail of happened.mails) items.push(el("li", { class: "mail-came" }, t("mail_to", name(mail.to), mail.subject)));
  for (const row of happened.import?.stopped_rows ?? []) items.push(el("li", { class: "called-off" }, t("stays_stopped", reason(row.because))));
  if (happened.import && !happened.import.stopped) items.push(el("li", {}, t("import_known")));
  return items;
}

const planned = (off) => (off.planned.length ? ` (${off.planned.map((mail) => `${mail.mail}`).join(", ")})` : "");
