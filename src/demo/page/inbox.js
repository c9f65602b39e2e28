// An inbox: a list of mails, newest first, that open in place.

import { el, fill } from "./dom.js";
import { t, when } from "./words.js";

/** The inbox of whoever is shown. `make` builds what is inside a mail that is opened for the first time, if it is `ready`;
 *  `opened` is told. */
export class Inbox {
  constructor(node, { make, ready, opened, empty }) {
    Object.assign(this, { node, make, ready, opened, empty, items: new Map(), known: null });
  }

  /** Shows the mails of somebody; `owner` tells one inbox from the next. */
  show(owner, mails) {
    const same = this.known === owner;
    const items = mails.map((mail) => this.item(mail, same)).reverse();
    this.known = owner;
    const shown = [...this.node.children];
    if (items.length === 0) return fill(this.node, el("p", { class: "empty" }, t(this.empty)));
    // Moving a frame would load it again: what is there already stays where it is.
    if (shown.length !== items.length || shown.some((node, at) => node !== items[at].node)) {
      for (const node of shown) if (!items.some((item) => item.node === node)) node.remove();
      items.reduceRight((before, item) => {
        if (item.node.parentNode !== this.node || item.node.nextSibling !== before) this.node.insertBefore(item.node, before);
        return item.node;
      }, null);
    }
  }

  item(mail, arriving) {
    let item = this.items.get(mail.id);
    if (!item) {
      item = new Item(mail, this);
      item.node.classList.toggle("arrives", arriving);
      this.items.set(mail.id, item);
    }
    item.update(mail);
    return item;
  }

  /** The open mail among these, the newest; or nothing. */
  open(mails) {
    return mails.map((mail) => this.items.get(mail.id)).findLast((item) => item?.isOpen) ?? null;
  }

  of(mail) {
    return mail && this.items.get(mail.id);
  }
}

/** A mail in an inbox. */
class Item {
  constructor(mail, inbox) {
    this.inbox = inbox;
    this.mail = mail;
    this.isOpen = false;
    this.from = el("span", { class: "mail-from" });
    this.time = el("time", { class: "mail-time" });
    this.subject = el("span", { class: "mail-subject" });
    this.row = el("button", { type: "button", class: "mail-row", "aria-expanded": "false", onclick: () => this.turn() },
      this.from, this.time, this.subject);
    this.body = el("div", { class: "mail-body", hidden: true });
    this.node = el("article", { class: "mail", "data-mail": mail.id }, this.row, this.body);
  }

  update(mail) {
    this.mail = mail;
    this.from.textContent = mail.from_name ?? mail.from;
    this.time.textContent = when(mail.at);
    this.time.dateTime = new Date(mail.at).toISOString();
    this.subject.textContent = mail.subject;
    this.node.classList.toggle("unread", !mail.read && !this.isOpen && !this.content);
    this.content?.update?.(mail);
  }

  turn() {
    if (!this.content && !this.inbox.ready()) return;
    this.isOpen = !this.isOpen;
    this.row.setAttribute("aria-expanded", String(this.isOpen));
    this.body.hidden = !this.isOpen;
    this.node.classList.toggle("open", this.isOpen);
    const first = this.isOpen && !this.content;
    if (first) {
      this.content = this.inbox.make(this);
      this.body.append(...this.content.nodes);
    }
    this.node.classList.toggle("unread", false);
    if (this.isOpen) this.node.scrollIntoView({ block: "nearest" });
    this.inbox.opened(this, first);
  }
}
