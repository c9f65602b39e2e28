// An open mail in the inbox of a lead: as a mail program shows it, with its real links.

import { el } from "./dom.js";
import { t } from "./words.js";

/** A button whose words follow the language. */
export const button = (word, onclick, attributes = {}) =>
  el("button", { type: "button", "data-words": word, onclick, ...attributes }, t(word));

/** What is inside an open mail. `on` has what is done with it: `reply(item, text)`, `unsubscribe(item)`, `link(item, anchor)`. */
export function leadMail(item, on, prefill) {
  const { mail } = item;
  const text = el("textarea", { rows: "5", "aria-label": t("your_answer") });
  text.value = prefill;
  const form = el("form", { class: "answer", hidden: true },
    text,
    el("div", { class: "actions" },
      el("button", { type: "submit", class: "primary", "data-words": "send" }, t("send")),
      button("cancel", () => show(false), { class: "quiet" })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    on.reply(item, text.value, () => show(false));
  });
  const reply = button("reply", () => show(true), { class: "quiet" });
  const leave = mail.one_click && button("unsubscribe", () => on.unsubscribe(item), { class: "quiet" });
  const source = el("a", { href: `/demo/mail/${mail.id}/raw`, target: "_blank", rel: "noopener", "data-words": "raw", class: "quiet" }, t("raw"));
  const actions = el("div", { class: "actions" }, reply, leave, source);
  const frame = el("iframe", { title: mail.subject, sandbox: "allow-same-origin", scrolling: "no" });
  const show = (shown) => {
    form.hidden = !shown;
    actions.hidden = shown;
    if (shown) text.focus();
    on.changed();
  };
  return {
    nodes: [actions, form, frame],
    reply, leave, form, frame,
    send: form.querySelector("[type=submit]"),
    /** Loads the mail with its pictures; what the link with this name is, once it is there. */
    load: () => load(item, frame, on),
    link: (name) => anchor(frame, mail.links.find((link) => link.name === name)?.path),
  };
}

async function load(item, frame, on) {
  await new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
    frame.src = `/demo/mail/${item.mail.id}`;
  });
  const inside = frame.contentDocument;
  let width = 0;
  // As high as the mail, whenever the frame has become wider or narrower.
  const fit = () => {
    if (frame.clientWidth === width || frame.clientWidth === 0) return;
    width = frame.clientWidth;
    frame.style.height = "0";
    frame.style.height = `${inside.documentElement.scrollHeight}px`;
  };
  fit();
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(frame);
  inside.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    event.preventDefault();
    on.link(item, link);
  });
}

function anchor(frame, path) {
  const links = [...(frame.contentDocument?.querySelectorAll("a[href]") ?? [])];
  return (path && links.find((link) => new URL(link.href).pathname === path)) ?? null;
}
