// Makes elements: `element("li", { className: "word" }, "text", child, …)`.

export function element(tag, { dataset = {}, ...properties } = {}, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
}
