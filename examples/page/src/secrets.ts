// Tables of handles, whose values are shown to those who may know them.

import type { Address, Hex } from "viem";
import { decrypt } from "./decryption";
import { element } from "./dom";
import type { Panel } from "./panel";
import { me } from "./users";

/** A line of a table. */
export interface Secret {
  /** What tells it from the others. */
  key: string;
  /** What the first column says. */
  label: string;
  /** What it is, as in `Decrypt Bob's balance`. */
  subject: string;
  /** Nothing where there is no ciphertext yet. */
  handle?: Hex | undefined;
  /** The value, if everybody may see it. */
  value?: string | undefined;
}

/** A table of handles of a contract. */
export class Secrets {
  readonly #body: HTMLTableSectionElement;
  readonly #contract: Address;
  readonly #panel: Panel;
  readonly #lines = new Map<string, Line>();
  /** Values by handle, of the user at hand. */
  readonly #known = new Map<Hex, string>();

  constructor(table: HTMLTableElement, contract: Address, panel: Panel) {
    this.#body = table.tBodies[0]!;
    this.#contract = contract;
    this.#panel = panel;
  }

  /** Hides what the last user was shown. */
  forget(): void {
    this.#known.clear();
    for (const line of this.#lines.values()) this.#draw(line);
  }

  /** Shows these secrets. Lines stay in place, and so does the focus. */
  show(secrets: Secret[]): void {
    const keys = new Set(secrets.map(({ key }) => key));
    for (const [key, line] of this.#lines) {
      if (!keys.has(key)) {
        line.row.remove();
        this.#lines.delete(key);
      }
    }
    secrets.forEach((secret, index) => {
      const line = this.#lines.get(secret.key) ?? this.#add(secret.key);
      line.secret = secret;
      this.#draw(line);
      const there = this.#body.rows[index];
      if (there !== line.row) this.#body.insertBefore(line.row, there ?? null);
    });
  }

  #add(key: string): Line {
    const label = element("th", { scope: "row" });
    const handle = element("td", { className: "handle" });
    const value = element("output");
    const button = element("button", { type: "button", className: "quiet" });
    const cell = element("div", { className: "value" }, value, button);
    const row = element("tr", {}, label, handle, element("td", {}, cell));
    const line: Line = { row, label, handle, value, button, secret: undefined };
    button.addEventListener("click", () => this.#toggle(line));
    this.#lines.set(key, line);
    return line;
  }

  async #toggle(line: Line): Promise<void> {
    const { handle, subject } = line.secret ?? {};
    if (handle === undefined) return;
    if (!this.#known.delete(handle)) {
      await this.#panel.act(async (steps) => {
        const value = await decrypt(me(), this.#contract, handle, steps);
        this.#known.set(handle, `${value}`);
        return `Only ${me().name} was told ${subject}.`;
      });
    }
    this.#draw(line);
  }

  #draw({ label, handle, value, button, secret }: Line): void {
    if (secret === undefined) return;
    const known = secret.handle && this.#known.get(secret.handle);
    const shown = secret.value ?? known;
    update(label, secret.label);
    update(handle, secret.handle ?? "none yet");
    handle.title = secret.handle ?? "";
    update(value, shown ?? (secret.handle === undefined ? "" : "•••••"));
    value.classList.toggle("hidden", shown === undefined);
    value.ariaLabel = shown === undefined ? "encrypted" : null;
    button.hidden = secret.handle === undefined || secret.value !== undefined;
    const verb = known === undefined ? "Decrypt" : "Hide";
    update(button, verb);
    button.ariaLabel = `${verb} ${secret.subject}`;
  }
}

interface Line {
  row: HTMLTableRowElement;
  label: HTMLElement;
  handle: HTMLElement;
  value: HTMLElement;
  button: HTMLButtonElement;
  secret: Secret | undefined;
}

/** Screen readers read again what is set again. */
function update(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
