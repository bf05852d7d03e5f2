// What an action goes through, with the time that each step takes.

import { element } from "./dom";

/** A list of steps that grows while an action runs. */
export class Steps {
  readonly #list: HTMLOListElement;
  /** Read out by screen readers. */
  readonly #spoken: HTMLElement;
  #current: { item: HTMLElement; time: HTMLElement; since: number } | undefined;
  #timer = 0;

  constructor(list: HTMLOListElement, spoken: HTMLElement) {
    this.#list = list;
    this.#spoken = spoken;
  }

  /** Ends the step before, if there is one, and begins another. */
  next(title: string): void {
    this.#end("done");
    const time = element("span", { className: "time", ariaHidden: "true" });
    const item = element("li", { className: "running" }, element("span", {}, title), time);
    this.#list.append(item);
    this.#spoken.textContent = title;
    this.#current = { item, time, since: performance.now() };
    this.#timer = window.setInterval(() => this.#tick(), 100);
  }

  /** Says what came of the current step. */
  note(text: string): void {
    this.#current?.item.firstElementChild?.append(element("small", {}, text));
  }

  /** Ends the last step. */
  finish(): void {
    this.#end("done");
  }

  /** Ends the last step as the one that failed. */
  fail(): void {
    this.#end("failed");
  }

  #tick(): void {
    if (this.#current === undefined) return;
    const { time, since } = this.#current;
    time.textContent = `${((performance.now() - since) / 1000).toFixed(1)} s`;
  }

  #end(outcome: "done" | "failed"): void {
    window.clearInterval(this.#timer);
    this.#tick();
    this.#current?.item.classList.replace("running", outcome);
    this.#current = undefined;
    this.#spoken.textContent = "";
  }
}
