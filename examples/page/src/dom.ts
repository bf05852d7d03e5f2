// Elements, found and made.

/** The element with an id, which is in `index.html`. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no element #${id}`);
  return found as T;
}

/** A new element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Offers names to choose from. Their positions are the values. */
export function fill(select: HTMLSelectElement, names: string[]): void {
  select.replaceChildren(...names.map((name, index) => new Option(name, `${index}`)));
}
