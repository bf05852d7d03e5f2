// The page in a browser, from deployment to an opened vote, against a devnet that serves it.
//
//   DEVNET_URL=http://127.0.0.1:8545 node test/flow.mjs
//
// CHROMIUM is the browser, Debian's unless it says otherwise. UPDATE_SCREENSHOTS=1 writes the
// pictures of the book anew.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** For a proof on a busy core, and what is computed after it. */
const PATIENCE = 180_000;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 1_800_000).unref();

const seconds = stopwatch();
const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: PATIENCE });
const context = await browser.newContext({ viewport: { width: 1180, height: 1000 }, colorScheme: "light" });
context.setDefaultTimeout(PATIENCE);
const page = await context.newPage();

const complaints = [];
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) complaints.push(message.text());
});
page.on("pageerror", (error) => complaints.push(error.message));
// A wait that fails says what for, but not what there was instead.
process.once("uncaughtExceptionMonitor", () => console.error(complaints.join("\n")));
const requested = [];
context.on("request", (request) => requested.push(new URL(request.url())));

const account = page.getByLabel("You are");
const token = page.getByRole("region", { name: "Confidential token" });
const vote = page.getByRole("region", { name: "Vote of validators" });

await page.goto(url);
assert.equal(await page.evaluate(() => crossOriginIsolated), true, "proofs are made by one thread");

// 1. Nothing is there yet. The page deploys both contracts.
const setup = page.getByRole("region", { name: "Two contracts first" });
await setup.waitFor();
await isAccessible("before deployment");
await setup.getByRole("button", { name: "Deploy them" }).click();
await token.waitFor();
await focusIs("Confidential token"); // where it goes on
seconds("deployed");

// 2. The owner mints, and nobody else.
await account.selectOption("Bob");
await pay("Alice", 200, "Mint");
await says(token, "Bob may not mint. Only the owner, Alice, may.");
await account.selectOption("Alice");
await pay("Alice", 200, "Mint");
await says(token, "200 minted to Alice");
seconds("minted");

// 3. An encrypted transfer, all by keyboard: fields, proof, and the balance after it.
await account.focus();
await tabTo(token.getByRole("combobox", { name: "To" }));
await page.keyboard.type("Bob");
await tabTo(token.getByRole("textbox", { name: "Amount" }));
await page.keyboard.press("Control+A");
await page.keyboard.type("30");
await page.keyboard.press("Enter");
await step(token, "Encrypting and proving in your browser");
await isAccessible("while proving");
await says(token, "Sent to Bob.");
seconds("transferred with a proof");
const ofAlice = row(token, "Alice");
await tabTo(ofAlice.button("Decrypt Alice's balance"), "Shift+Tab");
await page.keyboard.press("Enter");
await says(token, "Only Alice was told Alice's balance.");
assert.equal(await ofAlice.value(), "170");
await focusIs("Hide Alice's balance"); // where it was
await page.keyboard.press("Enter");
assert.equal(await ofAlice.value(), "•••••");
seconds("decrypted by its owner");

// 4. What one account is told, another is not.
await account.selectOption("Bob");
await decrypt(row(token, "Alice"), "Alice's balance");
await says(token, "Refused: Bob may not know this. The chain grants it to");
assert.match(await token.getByRole("alert").textContent(), /Alice/);
assert.equal(await row(token, "Alice").value(), "•••••");
await decrypt(row(token, "Bob"), "Bob's balance");
await says(token, "Only Bob was told Bob's balance.");
assert.equal(await row(token, "Bob").value(), "30");
await decrypt(row(token, "Alice → Bob"), "what Alice sent to Bob");
await says(token, "Only Bob was told what Alice sent to Bob.");
assert.equal(await row(token, "Alice → Bob").value(), "30");
await decrypt(row(token, "Minted to Alice"), "what Alice was given");
await says(token, "Refused: Bob may not know this.");
assert.match(await row(token, "Bob").handle(), /^0x[0-9a-f]{64}$/);
await picture("refused", token);
await account.selectOption("Carol");
assert.equal(await row(token, "Bob").value(), "•••••", "the next account is not shown it");
seconds("refused to others");

// 5. A vote. The contract says who may do what, and the page says it in words.
await account.selectOption("Alice");
await press("Begin a round");
await says(vote, "Alice is no validator. Bob, Carol and Dave are");
await account.selectOption("Bob");
await press("Begin a round");
await says(vote, "A round began.");
await ballot("Bob", "B");
await press("Close the round");
await says(vote, "The round cannot be closed yet");
await press("Vote, encrypted");
await says(vote, "Bob has voted in this round, and once is all.");
await decrypt(row(vote, "Bob"), "Bob's ballot");
await says(vote, "Refused: Bob may not know this. The chain grants it to nobody.");
seconds("the first ballot");
await ballot("Carol", "B");
await ballot("Dave", "A", () => picture("proving"));
await vote.getByText("3 of 3 have voted.").waitFor();
seconds("the others");
await press("Close the round");
await says(vote, "The ballots are counted, and still encrypted.");
assert.equal(await row(vote, "Winner").value(), "open to all");
await press("Open the result");
await says(vote, "The contract has the result, and knows that it is genuine.");
await vote.getByText("B wins").waitFor();
assert.equal(await row(vote, "Winner").value(), "B");
seconds("counted and opened");

// 6. It works for everybody, in either colour scheme, on a phone.
await isAccessible("at the end");
await page.emulateMedia({ colorScheme: "dark" });
await isAccessible("at the end, in the dark");
await page.setViewportSize({ width: 390, height: 844 });
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than a phone`);
await picture("phone", vote);

// 7. Another visit finds all of it on chain, and none of what was decrypted.
await page.reload();
await vote.getByText("B wins").waitFor();
assert.equal(await row(token, "Bob").value(), "•••••");
const own = ({ protocol, origin }) => ["data:", "blob:"].includes(protocol) || origin === new URL(url).origin;
assert.deepEqual(requested.filter((resource) => !own(resource)), []);
assert.ok(requested.some(({ pathname }) => pathname === "/v2/input-proof"), "the worker's requests are seen");
await page.evaluate(() => console.error("control"));
assert.deepEqual(complaints, ["control"]);

// 8. A devnet that is gone is missed, until it is back.
await context.setOffline(true);
await page.getByText("The devnet does not answer.").waitFor();
await context.setOffline(false);
await page.getByText("The devnet does not answer.").waitFor({ state: "hidden" });
seconds("found again");
await browser.close();

/** Waits for an outcome. */
async function says(region, text) {
  await region.getByText(text).waitFor();
  // Until then other actions would not begin.
  await page.locator("button[aria-disabled=true]").first().waitFor({ state: "detached" });
}

/** Waits until an action is as far as a step. */
async function step(region, title) {
  await region.getByRole("listitem").filter({ hasText: title }).waitFor();
}

async function pay(to, amount, how) {
  await token.getByLabel("To").selectOption(to);
  await token.getByLabel("Amount").fill(`${amount}`);
  await token.getByRole("button", { name: how }).click();
}

async function ballot(voter, choice, meanwhile = async () => {}) {
  await account.selectOption(voter);
  await vote.getByRole("radio", { name: choice }).check();
  await press("Vote, encrypted");
  await step(vote, "Encrypting and proving in your browser");
  await meanwhile();
  await says(vote, `${voter} has voted. Nobody can decrypt the ballot, ${voter} included.`);
}

async function press(name) {
  await vote.getByRole("button", { name }).click();
}

async function decrypt(line, subject) {
  await line.button(`Decrypt ${subject}`).click();
}

/** A line of a table, by what its first column says. */
function row(region, label) {
  const header = page.getByRole("rowheader", { name: label, exact: true });
  const line = region.getByRole("row").filter({ has: header });
  return {
    value: () => line.locator("output").textContent(),
    handle: () => line.locator(".handle").textContent(),
    button: (name) => line.getByRole("button", { name }),
  };
}

/** Presses Tab until an element has the focus. */
async function tabTo(element, key = "Tab") {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await element.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`Tab does not reach ${element}`);
}

/** Waits until the element with this name has the focus. */
async function focusIs(name) {
  const has = (wanted) => {
    const element = document.activeElement;
    return (element?.ariaLabel ?? element?.textContent) === wanted;
  };
  await page.waitForFunction(has, name);
}

/** Has axe-core look for what would keep people out. */
async function isAccessible(when) {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
  }
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
  const where = (nodes) => nodes.map(({ html }) => html).join(" ");
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${where(nodes)}`);
  assert.deepEqual(found, [], when);
  assert.ok(passes.some(({ id }) => id === "color-contrast"), "contrast was looked at");
}

/** Takes a picture for the book, if asked to. */
async function picture(name, what = page) {
  if (process.env.UPDATE_SCREENSHOTS !== "1") return;
  await page.waitForTimeout(1_000);
  const path = fileURLToPath(new URL(`../../../docs/applications/page-${name}.png`, import.meta.url));
  await what.screenshot({ path });
}

/** Prints what took how long since the last call. */
function stopwatch() {
  let last = performance.now();
  return (what) => {
    const now = performance.now();
    console.log(`${((now - last) / 1000).toFixed(1).padStart(6)} s  ${what}`);
    last = now;
  };
}
