// A person who signs in to castgate over SAML with a real browser, and out again.
//
//   node tests/rig/browser/saml_sign_in.mjs --url http://127.0.0.1:8080 --email alice@example.test --user alice --screenshots DIR
//
// With castgate under the name “localhost” the provider at 127.0.0.1 is another site: its form brings along only what a form of
// another site may. Goes to /login, types the e-mail, signs in at the provider, accepts the terms, must arrive at /account, signs
// out, and must be told so.
//
// Prints one JSON line: {"ok":…,"pages":[…],"problems":[…]}. A script error, a console error or a breach of the content security
// policy on castgate's origin is a problem, and a problem is exit status 1.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, email: { type: 'string' }, user: { type: 'string' }, screenshots: { type: 'string' } },
});
const { chromium } = (await outside('playwright-core')).default;
const castgate = new URL(options.url).origin;
const patience = 15_000; // milliseconds for one page
const pages = [];
const problems = [];
const isOurs = (url) => URL.canParse(url) && new URL(url).origin === castgate;

async function look(page) {
  pages.push(page.url());
  const name = new URL(page.url()).pathname.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '').slice(0, 40);
  await page.screenshot({ path: path.join(options.screenshots, `${pages.length}-${name || 'root'}.png`), fullPage: true });
}

// Pages that move on by themselves are passed; this is where the browser comes to rest.
async function settle(page, done) {
  const until = Date.now() + patience;
  while (Date.now() < until) {
    await page.waitForLoadState('load', { timeout: patience });
    if (await done(page).catch(() => false)) return look(page);
    await page.waitForTimeout(100);
  }
  throw new Error(`stuck at ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 300)}`);
}

const shows = (selector) => (page) => page.locator(selector).first().isVisible();

async function answerProvider(page) {
  const name = page.locator('input[name=login], input[name=username]').first();
  await name.fill(options.user);
  const password = page.locator('input[name=password]').first();
  if (await password.count()) await password.fill('any');
  await page.locator('form:has(input:visible) button, form:has(input:visible) input[type=submit]').first().click();
  // pysaml2's page for the answer waits for a click.
  const on = page.locator('form:has(input[name=SAMLResponse]) button:visible');
  await Promise.race([page.waitForURL((url) => url.origin === castgate, { timeout: patience }), on.click({ timeout: patience })]);
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  page.on('pageerror', (error) => isOurs(page.url()) && problems.push(`script error on ${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    const from = message.location().url || page.url();
    if (message.type() === 'error' && isOurs(from)) problems.push(`console error on ${from}: ${message.text()}`);
  });
  await page.goto(`${castgate}/login`, { timeout: patience });
  await look(page);
  await page.locator('input[name=email][type=email]').fill(options.email);
  await page.locator('form:has(input:visible) button[type=submit]').first().click();
  await settle(page, shows('input[name=login], input[name=username]'));
  await answerProvider(page);
  await settle(page, async () => ['/terms', '/account'].includes(new URL(page.url()).pathname));
  if (new URL(page.url()).pathname === '/terms') {
    const terms = page.locator('form[action$="/terms"]').first();
    for (const box of await terms.locator('input[type=checkbox]').all()) await box.check();
    await terms.locator('button[type=submit]').first().click();
    await settle(page, async () => new URL(page.url()).pathname === '/account');
  }
  await page.locator('form[action="/logout"] button').first().click();
  await settle(page, async () => (await page.locator('h1').first().innerText()) === 'You are signed out');
  await page.goto(`${castgate}/account`, { timeout: patience });
  if (new URL(page.url()).pathname !== '/login') problems.push(`still signed in: ${page.url()}`);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, pages, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
