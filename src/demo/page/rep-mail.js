// An open mail in the inbox of sales, and what sales may say of the lead.

import { el } from "./dom.js";
import { button } from "./lead-mail.js";
import { t } from "./words.js";

const verdicts = ["accept", "won", "lost", "return"];

// The links of the mail do what the buttons here do.
function withoutLinks(known) {
  const lines = known.split("\n");
  const first = lines.findIndex((line) => /: https?:\/\/\S+\/s\/\S+$/.test(line));
  return (first < 0 ? lines : lines.slice(0, first - 1)).join("\n");
}

export function repMail(item, on, state) {
  const { mail } = item;
  const line = (word, value) => [el("dt", { "data-words": word }, t(word)), el("dd", {}, value)];
  const head = el("dl", { class: "mail-head" },
    line("from", mail.from_name ? `${mail.from_name} <${mail.from}>` : mail.from), line("to", mail.to), line("reply_to", mail.reply_to ?? mail.from));
  const [said, known] = mail.text.split(/^-- \n/m);
  const text = el("pre", { class: "mail-text" }, said.trim());
  const dossier = known && el("pre", { class: "mail-text small" }, withoutLinks(known).trim());
  const buttons = Object.fromEntries(verdicts.map((verdict) =>
    [verdict, button(verdict, () => on.decide(mail.reply_to, verdict), { class: verdict === "won" ? "primary" : "quiet" })]));
  const actions = el("div", { class: "actions" }, ...Object.values(buttons));
  const decided = el("p", { class: "small", "data-words": "decided" }, t("decided"));
  const update = () => {
    const lead = state().leads.find((lead) => lead.email === mail.reply_to);
    actions.hidden = lead?.with !== "sales";
    decided.hidden = !actions.hidden;
    buttons.accept.hidden = lead?.qualification === "sql";
  };
  update();
  return { nodes: [actions, decided, head, text, dossier].filter(Boolean), update, won: buttons.won };
}
