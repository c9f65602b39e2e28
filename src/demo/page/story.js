// The coach: which step of the story comes next, and what is to be pressed for it.

import { byId, el } from "./dom.js";
import { t } from "./words.js";

const steps = ["click", "wait", "answer", "silence", "why", "win", "leave", "import"];

export const EVA = "eva.mueller@mueller-praezision.example";
export const KIM = "kim.kowalski@stahlbau-kowalski.example";

/** Says what comes next. */
export function coach(step) {
  const at = steps.indexOf(step);
  byId("coach-title").textContent = at < 0 ? t("the_end") : t("step", at + 1, steps.length);
  const text = t(`coach.${step}`);
  if (byId("coach-text").textContent !== text) byId("coach-text").textContent = text;
  byId("coach-show").textContent = at < 0 ? t("your_turn") : t("show_me");
  byId("coach").dataset.step = step;
}

/** Where the step is: the part of the page, the lead, and the element, as far as it can be pressed already. */
export function place(step, state, view) {
  const mails = (email) => state.leads.find((lead) => lead.email === email)?.mails ?? [];
  switch (step) {
    case "click":
      return inMail(view.leadInbox, mails(EVA).find((mail) => mail.links.some((link) => link.name === "pricing")), EVA,
        (content) => content.link("pricing"));
    case "answer":
      return inMail(view.leadInbox, mails(EVA).at(-1), EVA, (content) => (content.form.hidden ? content.reply : content.send));
    case "leave":
      if (view.lead() !== KIM) return { tab: "lead", lead: EVA, node: document.querySelector(`[data-lead="${KIM}"]`) };
      return inMail(view.leadInbox, mails(KIM).at(-1), KIM, (content) => content.leave);
    case "win": {
      const all = state.reps.flatMap((rep) => rep.mails).filter((mail) => mail.reply_to === EVA);
      return { ...inMail(view.repInbox, all.at(-1), EVA, (content) => content.won), tab: "rep" };
    }
    case "wait":
      return { tab: null, node: document.querySelector('[data-pass="3"]') };
    case "silence":
      return { tab: null, node: document.querySelector('[data-pass="30"]') };
    case "why":
      return { tab: "core", lead: EVA, node: byId("ask-why") };
    case "import":
      return { tab: "core", lead: KIM, node: byId("import-again") };
    default:
      return { tab: null, node: byId("coach-show") };
  }
}

function inMail(inbox, mail, lead, inside) {
  const item = inbox.of(mail);
  const node = item?.isOpen ? inside(item.content) : item?.row;
  return { tab: "lead", lead, node: node ?? null };
}

let marked = null;

/** Marks what is to be pressed next, wherever it is. A link inside a mail has its look from here. */
export function mark({ tab, node }) {
  for (const button of document.querySelectorAll("[role=tab]")) {
    button.querySelector("i").hidden = button.dataset.tab !== tab || document.body.dataset.tab === tab;
  }
  if (node === marked) return;
  unmark(marked);
  marked = node;
  if (!node) return;
  if (node.ownerDocument === document) node.classList.add("marked");
  else Object.assign(node.style, { outline: "3px solid #d97706", outlineOffset: "3px", borderRadius: "2px" });
}

function unmark(node) {
  if (!node) return;
  if (node.ownerDocument === document) node.classList.remove("marked");
  else Object.assign(node.style, { outline: "", outlineOffset: "" });
}

/** What to do after the story: the files, and the commands. */
export function turn() {
  const line = (command, word) => el("li", {}, el("code", {}, command), el("span", {}, t(word)));
  return [
    el("p", {}, t("end_lead")),
    el("ol", { class: "commands" },
      line("dripline new workspace", "end_new"),
      line("open sequences/tofu-welcome.toml", "end_edit"),
      line("dripline check", "end_check"),
      line("dripline preview", "end_preview"),
      line("dripline serve", "end_serve")),
  ];
}
