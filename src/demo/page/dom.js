// Elements without a framework.

/** An element: `el("button", { class: "a", onclick: f }, "text", child)`. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Puts children into an element, unless they would look as those that are there: whoever has the focus keeps it. */
export function fill(node, ...children) {
  const next = el("div", {}, ...children);
  if (node.innerHTML === next.innerHTML) return false;
  node.replaceChildren(...next.childNodes);
  return true;
}
