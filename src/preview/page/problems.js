
// What `check` found, above everything else.
function problemsView(gallery, state) {
  if (!gallery.problems.length) return null;
  const errors = gallery.problems.filter((problem) => problem.severity === "error").length;
  const warnings = gallery.problems.length - errors;
  const sum = [errors && count(errors, "mistake"), warnings && count(warnings, "warning")].filter(Boolean).join(", ");
  const empty = Object.keys(gallery.mails).length === 0;
  const meaning = !gallery.stale
    ? "The workspace can be used as it is."
    : empty
      ? "Mend them and the mails appear."
      : "Below are the mails as they were before.";
  const list = h("ol.problems", {}, gallery.problems.map((problem) => problemView(gallery, state, problem)));
  // Mistakes are in the way; warnings can be folded away.
  return h(
    "details.banner",
    { class: `banner ${errors ? "errors" : "warnings"}`, open: errors > 0, role: "status", "data-key": errors ? "errors" : "warnings" },
    h("summary", {}, h("strong", {}, sum), " ", h("span", {}, meaning)),
    list,
  );
}

function problemView(gallery, state, problem) {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const at = placeOf(gallery, problem.file);
  const [before, spot, after] = problem.excerpt ?? [];
  return h(
    "li.problem",
    { class: `problem ${problem.severity}` },
    h("p.message", {}, h("span.code", {}, problem.code), " ", problem.message),
    h("p.place", {}, at ? h("a", { href: sourceLink(state, at, problem.line) }, place) : place),
    problem.excerpt && h("pre.excerpt", {}, h("span.number", {}, `${problem.line} `), before, h("mark", {}, spot || " "), after),
    problem.help && h("p.help", {}, problem.help),
  );
}

// The mail and the language that a file is of.
function placeOf(gallery, file) {
  for (const [mail, view] of Object.entries(gallery.mails)) {
    for (const [language, version] of Object.entries(view.languages)) {
      if (version.file === file || version.plain?.[0] === file) return { mail, language };
    }
  }
  return null;
}

function sourceLink(state, { mail, language }, line) {
  return hash(state, mail, { lang: language, line });
}

function problemsOf(gallery, version) {
  return gallery.problems.filter((problem) => problem.file === version.file || problem.file === version.plain?.[0]);
}
