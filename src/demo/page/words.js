// The words of the page in both languages.

const words = {
  en: {
    a_demo: "demo", next_day: "Next day", three_days: "+3 days", thirty_days: "+30 days", pass: "Let time pass",
    show_me: "Show me where", just_now: "Just now", close: "Close", your_turn: "Your turn",
    step: (at, of) => `Step ${at} of ${of}`, the_end: "The end",
    tab_lead: "Lead", tab_core: "Dripline", tab_rep: "Sales",
    lead_inbox: "The lead’s inbox", core: "What Dripline knows", rep_inbox: "The sales rep’s inbox",
    plan: "Next mail", score: "Score, and why", timeline: "What happened", why: "Why?",
    import_title: "The CSV file", import_again: "Import this row again",
    import_text: (email) => `leads.csv still has the row of ${email}, with its old consent.`,
    stays_stopped: (reason) => `Not taken back: stopped, because ${reason}.`,
    import_known: "Known already: nothing changed.",
    no_mail: "No mail yet.", no_rep_mail: "No mail yet. Sales hears of a lead when it is worth a call, and not before.",
    from: "From", to: "To", reply_to: "Reply-To", tracked: "agreed to tracking", untracked: "did not agree to tracking",
    raw: "Source", reply: "Reply", send: "Send", cancel: "Cancel", unsubscribe: "Unsubscribe", your_answer: "Your answer",
    accept: "Take on", won: "Won", lost: "Lost", return: "Return to marketing", decided: "Decided.",
    prospect: "Prospect (answered)", since: "since", none_planned: "No mail is planned.",
    step_of: (step, title) => `step ${step} of “${title}”`, waits: "waits for", cancelled: "cancelled", not_sent: "Not sent because",
    fit: "fit", engagement: "engagement", faded: "faded with time", points: "points", and: "and",
    fields: { country: "Country", job_title: "Job title", email: "Address", "fields.machines": "Machines" },
    stages: { tofu: "ToFu", mofu: "MoFu", bofu: "BoFu", customer: "Customer" },
    stage_notes: { tofu: "becomes aware", mofu: "compares", bofu: "decides", customer: "has bought" },
    qualifications: { unqualified: "unqualified", prequalified: "prequalified", mql: "MQL", sql: "SQL" },
    with_marketing: "with marketing", with_sales: (rep) => `with sales (${rep})`,
    judged: "A minute later: judged to be a person’s, not a machine’s.", machine: "A minute later: taken for a machine’s, and without effect.",
    nothing_seen: (name) => `${name} did not agree to tracking: nothing is seen of this.`,
    leads_to: (target) => `The link leads to ${target}`, straight: (target) => `The link leads straight to ${target}: nothing is counted.`,
    days_passed: (days) => (days === 1 ? "A day has passed." : `${days} days have passed.`), nothing_came: "No mail came.",
    mail_to: (name, subject) => `Mail to ${name}: “${subject}”`,
    called_off: (count) => `cancelled: ${count}`, lost_server: "The demo has ended. Start it again: dripline demo",
    refused_row: (line, day, reason) => `leads.csv:${line}: stopped on ${day} because ${reason}; the lead stays stopped`,
    rows: (r) => `${r.rows} row: ${r.new} new, ${r.updated} updated, ${r.unchanged} unchanged`,
    why_title: (name) => `Why did ${name} get what they got?`, why_note: "What “dripline explain” prints",
    next: "Next", next_none: "nothing; the lead walks no sequence",
    end_title: "Your turn", end_lead: "All of this came from a few small files: sequences, templates and one file of rules. These are yours now:",
    end_new: "a workspace of your own", end_edit: "three lines a mail; templates/mail/ has the texts",
    end_check: "finds every mistake before a lead does", end_preview: "every mail, as leads will see it", end_serve: "and it runs",
    coach: {
      click: "Eva Müller, who reads German, has asked for a checklist. Open the mail that she got, and click the price link, as she would.",
      wait: "Twenty points: Eva went from ToFu to MoFu, and another sequence begins. Let three days pass.",
      answer: "The second mail has come, and the next one is planned. Now answer as Eva would.",
      silence: "The planned mail is struck out, and sales has her words. From now on marketing is silent. Let thirty days pass.",
      why: "Nothing came. Ask Dripline why.",
      win: "Sales and Eva have agreed. Open the mail of the rep, and click “Won”.",
      leave: "Eva is a customer: the after-sale mail is there. Now Kim Kowalski, another lead, wants no more mail. Unsubscribe, with one click.",
      import: "Kim Kowalski is out. But the old list is imported again. Try it.",
      end: "The list brings nobody back: only Kim could. That was the story; turn the clock on, or make your own.",
    },
    line: {
      created: (l) => `came in${l.about ? ` by ${l.about}` : ""}`, consented: () => "agreed to e-mail",
      enrolled: (l) => `entered “${l.sequence}”`, sent: (l) => `got ${l.mail ?? l.step}`, cancelled: (l) => `did not get ${l.mail ?? l.step}`,
      opened: (l) => `opened the mail “${l.step}”`, clicked: (l) => `clicked “${l.about}”${l.step ? ` in “${l.step}”` : ""}`,
      refused: (l) => `gets nothing of “${l.sequence}” for now`,
      replied: () => "answered", stage_changed: (l) => stages(l.about), qualified: (l) => `counts as ${qualification(l.about)} now`,
      left: (l) => `left “${l.sequence}”`, finished: (l) => `finished “${l.sequence}”`, goal_reached: (l) => `reached the goal of “${l.sequence}”`,
      skipped: (l) => `skipped ${l.step}`, done: (l) => `did the step “${l.step}”`, held: () => "waits", resumed: () => "may be written to again",
      handed_over: () => "was handed over to sales", accepted: () => "sales took the lead on", won: () => "sales won the lead",
      lost: () => "sales lost the lead", returned: () => "sales returned the lead", unsubscribed: () => "unsubscribed",
      tagged: (l) => `got the tag ${l.about}`, stopped: () => "is stopped", notified: () => "the owner was told", updated: () => "new contact data",
      auto_replied: () => "a machine answered",
    },
    because: "because",
  },
  de: {
    a_demo: "Demo", next_day: "Nächster Tag", three_days: "+3 Tage", thirty_days: "+30 Tage", pass: "Zeit vergehen lassen",
    show_me: "Zeig mir, wo", just_now: "Gerade eben", close: "Schließen", your_turn: "Jetzt Sie",
    step: (at, of) => `Schritt ${at} von ${of}`, the_end: "Ende",
    tab_lead: "Lead", tab_core: "Dripline", tab_rep: "Vertrieb",
    lead_inbox: "Postfach des Leads", core: "Was Dripline weiß", rep_inbox: "Postfach des Vertriebs",
    plan: "Nächste Mail", score: "Punkte, und wofür", timeline: "Was geschah", why: "Warum?",
    import_title: "Die CSV-Datei", import_again: "Diese Zeile wieder importieren",
    import_text: (email) => `In leads.csv steht die Zeile von ${email} noch, mit der alten Einwilligung.`,
    stays_stopped: (reason) => `Nicht wieder aufgenommen: gesperrt, denn ${reason}.`,
    import_known: "Schon bekannt: Nichts hat sich geändert.",
    no_mail: "Noch keine Mail.", no_rep_mail: "Noch keine Mail. Der Vertrieb hört von einem Lead, wenn sich ein Anruf lohnt, und nicht früher.",
    from: "Von", to: "An", reply_to: "Antwort an", tracked: "hat Tracking zugestimmt", untracked: "hat Tracking nicht zugestimmt",
    raw: "Quelltext", reply: "Antworten", send: "Senden", cancel: "Abbrechen", unsubscribe: "Abbestellen", your_answer: "Ihre Antwort",
    accept: "Übernehmen", won: "Gewonnen", lost: "Verloren", return: "Zurück ans Marketing", decided: "Entschieden.",
    prospect: "Interessent (hat geantwortet)", since: "seit", none_planned: "Keine Mail ist geplant.",
    step_of: (step, title) => `Schritt ${step} von „${title}“`, waits: "wartet auf", cancelled: "gestrichen", not_sent: "Nicht gesendet:",
    fit: "Fit", engagement: "Engagement", faded: "mit der Zeit verblasst", points: "Punkte", and: "und",
    fields: { country: "Land", job_title: "Funktion", email: "Adresse", "fields.machines": "Maschinen" },
    stages: { tofu: "ToFu", mofu: "MoFu", bofu: "BoFu", customer: "Kunde" },
    stage_notes: { tofu: "wird aufmerksam", mofu: "vergleicht", bofu: "entscheidet", customer: "hat gekauft" },
    qualifications: { unqualified: "unqualifiziert", prequalified: "vorqualifiziert", mql: "MQL", sql: "SQL" },
    with_marketing: "beim Marketing", with_sales: (rep) => `beim Vertrieb (${rep})`,
    judged: "Eine Minute später: Das war ein Mensch, keine Maschine.", machine: "Eine Minute später: Das war wohl eine Maschine; ohne Wirkung.",
    nothing_seen: (name) => `${name} hat Tracking nicht zugestimmt: Davon ist nichts zu sehen.`,
    leads_to: (target) => `Der Link führt zu ${target}`, straight: (target) => `Der Link führt direkt zu ${target}: Nichts wird gezählt.`,
    days_passed: (days) => (days === 1 ? "Ein Tag ist vergangen." : `${days} Tage sind vergangen.`), nothing_came: "Keine Mail kam.",
    mail_to: (name, subject) => `Mail an ${name}: „${subject}“`,
    called_off: (count) => `gestrichen: ${count}`, lost_server: "Die Demo ist beendet. Neu starten: dripline demo",
    refused_row: (line, day, reason) => `leads.csv:${line}: gesperrt seit ${day}, denn ${reason}; der Lead bleibt gesperrt`,
    rows: (r) => `${r.rows} Zeile: ${r.new} neu, ${r.updated} geändert, ${r.unchanged} unverändert`,
    why_title: (name) => `Warum bekam ${name}, was sie oder er bekam?`, why_note: "Was „dripline explain“ ausgibt (auf Englisch)",
    next: "Next", next_none: "nothing; the lead walks no sequence",
    end_title: "Jetzt Sie", end_lead: "All das kam aus ein paar kleinen Dateien: Sequenzen, Vorlagen und eine Datei mit Regeln. Nun sind Sie dran:",
    end_new: "ein eigener Arbeitsbereich", end_edit: "drei Zeilen je Mail; die Texte stehen in templates/mail/",
    end_check: "findet jeden Fehler, bevor es ein Lead tut", end_preview: "jede Mail, wie Leads sie sehen", end_serve: "und es läuft",
    coach: {
      click: "Eva Müller hat eine Checkliste angefordert. Öffnen Sie die Mail, die sie bekam, und klicken Sie auf den Preis-Link, wie sie es täte.",
      wait: "Zwanzig Punkte: Eva ging von ToFu zu MoFu, und eine andere Sequenz beginnt. Lassen Sie drei Tage vergehen.",
      answer: "Die zweite Mail ist da, und die nächste ist geplant. Antworten Sie nun, wie Eva es täte.",
      silence: "Die geplante Mail ist gestrichen, der Vertrieb hat ihre Worte. Ab jetzt schweigt das Marketing. Lassen Sie dreißig Tage vergehen.",
      why: "Nichts kam. Fragen Sie Dripline, warum.",
      win: "Der Vertrieb und Eva sind sich einig. Öffnen Sie die Mail im Postfach des Vertriebs und klicken Sie auf „Gewonnen“.",
      leave: "Eva ist Kundin: Die Mail nach dem Kauf ist da. Nun will Kim Kowalski, ein anderer Lead, keine Mails mehr. Bestellen Sie ab, mit einem Klick.",
      import: "Kim Kowalski ist raus. Doch die alte Liste wird wieder importiert. Versuchen Sie es.",
      end: "Die Liste bringt niemanden zurück: Das könnte nur Kim. Das war die Geschichte; drehen Sie weiter an der Uhr, oder fangen Sie selbst an.",
    },
    line: {
      created: (l) => `kam dazu${l.about ? ` (${l.about})` : ""}`, consented: () => "stimmte E-Mails zu",
      enrolled: (l) => `begann „${l.sequence}“`, sent: (l) => `bekam ${l.mail ?? l.step}`, cancelled: (l) => `bekam ${l.mail ?? l.step} nicht`,
      opened: (l) => `öffnete die Mail „${l.step}“`, clicked: (l) => `klickte „${l.about}“${l.step ? ` in „${l.step}“` : ""}`,
      refused: (l) => `bekommt vorerst nichts aus „${l.sequence}“`,
      replied: () => "antwortete", stage_changed: (l) => stages(l.about), qualified: (l) => `gilt jetzt als ${qualification(l.about)}`,
      left: (l) => `verließ „${l.sequence}“`, finished: (l) => `beendete „${l.sequence}“`, goal_reached: (l) => `erreichte das Ziel von „${l.sequence}“`,
      skipped: (l) => `übersprang ${l.step}`, done: (l) => `Schritt „${l.step}“ ist getan`, held: () => "wartet", resumed: () => "darf wieder Mails bekommen",
      handed_over: () => "wurde an den Vertrieb übergeben", accepted: () => "der Vertrieb hat übernommen", won: () => "der Vertrieb hat gewonnen",
      lost: () => "der Vertrieb hat verloren", returned: () => "der Vertrieb gab den Lead zurück", unsubscribed: () => "hat abbestellt",
      tagged: (l) => `bekam das Tag ${l.about}`, stopped: () => "ist gesperrt", notified: () => "der Vertrieb wurde informiert", updated: () => "neue Kontaktdaten",
      auto_replied: () => "eine Maschine antwortete",
    },
    because: "denn",
    reasons: {
      "the stage changed": "die Stufe hat gewechselt", replied: "eine Antwort kam", "sales won the lead": "der Vertrieb hat gewonnen",
      "the lead is with sales": "der Lead ist beim Vertrieb", "sales has it: replied": "der Vertrieb hat ihn, weil eine Antwort kam",
      "the person unsubscribed": "die Person hat abbestellt", "by one click in the mail program": "mit einem Klick im Mailprogramm",
      "by the button on the page": "mit dem Knopf auf der Seite", "its leave_if came true": "sein leave_if traf zu",
      "sales took the lead on": "der Vertrieb hat übernommen", "sales lost the lead": "der Vertrieb hat verloren",
      "decided in the demo": "so entschieden in der Demo", "the lead is paused": "der Lead pausiert",
      "sales has let go of the lead, and it is left in peace": "der Vertrieb hat den Lead abgegeben, und er hat seine Ruhe",
      "the address is on the list of those not to be written to": "die Adresse steht auf der Sperrliste",
      "the last mail was too short a time ago": "die letzte Mail ist zu kurz her",
    },
  },
};

let language = "en";

/** What the browser likes best, unless somebody chose already. */
export function begin() {
  const chosen = sessionStorage.getItem("language");
  const liked = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in words);
  speak(chosen in words ? chosen : liked ?? "en");
}

export function speak(wanted) {
  language = wanted;
  sessionStorage.setItem("language", wanted);
  document.documentElement.lang = wanted;
  for (const node of document.querySelectorAll("[data-words]")) node.textContent = words[language][node.dataset.words];
}

export const spoken = () => language;

/** A word, or a sentence with something in it. */
export function t(name, ...values) {
  const found = name.split(".").reduce((at, part) => at?.[part], words[language]);
  return typeof found === "function" ? found(...values) : found ?? name;
}

/** One word of a list, which may lack it. */
export const of = (list, name) => words[language][list]?.[name] ?? name;

function stages(about) {
  const [from, to] = (about ?? "").split(" -> ");
  return `${of("stages", from)} → ${of("stages", to)}`;
}

const qualification = (about) => of("qualifications", (about ?? "").split(" -> ").pop());

/** What happened, in words. */
export const tell = (line) => words[language].line[line.kind]?.(line) ?? line.kind.replaceAll("_", " ");

/** A reason of the product's. It speaks English; what the page knows, it translates. */
export function reason(text) {
  if (!text || language === "en") return text;
  const score = /^score (-?\d+): fit (-?\d+), engagement (-?\d+)$/.exec(text);
  if (score) return `${score[1]} Punkte: Fit ${score[2]}, Engagement ${score[3]}`;
  const held = / until \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d)$/.exec(text);
  if (held) return `${reason(text.slice(0, held.index))} bis ${held[1]}`;
  return words.de.reasons[text] ?? text;
}

let zone = "Europe/Berlin";
export const live = (wanted) => (zone = wanted);

const formats = {
  weekday: { weekday: "short", day: "numeric", month: "short" },
  year: { year: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  date: { day: "numeric", month: "short", year: "numeric" },
};

/** A moment, in the zone of the company. */
export function when(at, format = "short") {
  if (format === "short") return `${when(at, "weekday")} ${when(at, "time")}`;
  const locale = language === "de" ? "de-DE" : "en-GB";
  return new Intl.DateTimeFormat(locale, { ...formats[format], timeZone: zone }).format(new Date(at)).replaceAll(",", "");
}
