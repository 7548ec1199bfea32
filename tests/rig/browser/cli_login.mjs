// A person who lets a command line act for them, with a real browser.
//
//   node tests/rig/browser/cli_login.mjs --link http://127.0.0.1:8080/login/link?token=… --address http://127.0.0.1:8080/cli?…
//        --screenshots DIR
//
// Signs in with the one-time link, opens the address that the command line printed, agrees, and must end at the port of the
// command line, which says that it worked. Prints one JSON line: {"ok":…,"end":…,"text":…,"problems":[…]}.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: { link: { type: 'string' }, address: { type: 'string' }, screenshots: { type: 'string' } },
});
for (const name of ['link', 'address', 'screenshots']) {
  if (!options[name]) throw new Error(`--${name} is needed`);
}

const { chromium } = (await outside('playwright-core')).default;
const patience = 15_000; // milliseconds for one page
const problems = [];
const said = { ok: false, end: '', text: '', problems };

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  // A breach of the content security policy is a console error too. A browser asks every server for an icon.
  page.on('console', (message) => {
    const from = message.location().url || page.url();
    if (message.type() === 'error' && !from.endsWith('/favicon.ico')) problems.push(`console error on ${from}: ${message.text()}`);
  });
  await page.goto(options.link, { timeout: patience });
  await page.locator('form[action="/login/link"] button').click({ timeout: patience });
  await page.waitForURL('**/account', { timeout: patience });
  await page.goto(options.address, { timeout: patience });
  await page.screenshot({ path: path.join(options.screenshots, 'confirm.png'), fullPage: true });
  await page.locator('form[action="/cli"] button').click({ timeout: patience });
  await page.waitForURL('**/callback?*', { timeout: patience });
  await page.screenshot({ path: path.join(options.screenshots, 'done.png'), fullPage: true });
  said.end = page.url();
  said.text = await page.locator('body').innerText();
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
said.ok = problems.length === 0;
console.log(JSON.stringify(said));
process.exitCode = said.ok ? 0 : 1;
