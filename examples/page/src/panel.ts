// A part of the page in which a user acts, one action at a time.

import type { Hash } from "viem";
import { confirmed } from "./contracts";
import { evaluation, settle } from "./devnet";
import { element } from "./dom";
import { Steps } from "./steps";
import { nameOf } from "./users";
import { words } from "./words";

/** Runs after each action, because the chain is another one then. */
let changed: () => Promise<void> = async () => {};
let busy = false;

/** Has a function run after each action. */
export function afterActions(run: () => Promise<void>): void {
  changed = run;
}

/** Shows how the actions of a section go. */
export class Panel {
  readonly #section: HTMLElement;
  readonly #list = element("ol", { className: "steps" });
  readonly #spoken = element("p", { className: "spoken", role: "status" });
  readonly #outcome = element("p", { className: "success", role: "status" });
  readonly #problem = element("p", { className: "problem", role: "alert" });

  constructor(section: HTMLElement) {
    this.#section = section;
    section.querySelector(".progress")?.append(this.#list, this.#spoken, this.#outcome, this.#problem);
  }

  /** Runs an action unless another one runs, and shows its steps and what it comes to. */
  async act(action: (steps: Steps) => Promise<string>): Promise<void> {
    if (busy) return;
    setBusy(true);
    this.clear();
    const here = this.#section.contains(document.activeElement);
    const steps = new Steps(this.#list, this.#spoken);
    try {
      const outcome = await action(steps);
      steps.finish();
      await changed();
      this.#outcome.textContent = outcome;
    } catch (error) {
      steps.fail();
      this.#problem.textContent = words(error, nameOf);
    } finally {
      setBusy(false);
    }
    if (here && document.activeElement === document.body) this.#keepFocus();
  }

  /** Forgets the last action. */
  clear(): void {
    this.#list.replaceChildren();
    this.#outcome.textContent = "";
    this.#problem.textContent = "";
  }

  /** An action may end with its button gone. The next thing to do is not far from here. */
  #keepFocus(): void {
    const sections = [this.#section, ...document.querySelectorAll("section")];
    const shown = sections.find((section) => section.checkVisibility());
    shown?.querySelector("h2")?.focus({ preventScroll: true });
  }
}

/** Sends a transaction, and waits until what it recorded is computed. */
export async function execute(steps: Steps, send: () => Promise<Hash>): Promise<void> {
  steps.next("The transaction goes into a block");
  const { blockNumber, transactionHash } = await confirmed(send());
  steps.note(`block ${blockNumber}`);
  steps.next("The devnet computes on ciphertexts");
  await settle();
  const work = await evaluation(transactionHash);
  if (work === undefined || work.live === 0) steps.note("nothing to compute");
  else steps.note(`${count(work.live, "operation")}, ${count(work.bootstraps, "bootstrap")}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Buttons stay where the focus is, and do nothing meanwhile. */
function setBusy(value: boolean): void {
  busy = value;
  for (const button of document.querySelectorAll("button")) button.ariaDisabled = `${value}`;
  for (const select of document.querySelectorAll("select")) select.disabled = value;
}
