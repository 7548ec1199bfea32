// Somebody without a company sign-in, in a real browser: from the invitation's letter to a password, an authenticator app, a sign-in
// by each kind of code, and a password that is forgotten and chosen anew by mail.
//
//   node tests/rig/browser/password.mjs --url http://127.0.0.1:8080 --invitation /invitations/… --email ada@example.com
//        --organization acme --mail FOLDER --screenshots DIR [--no-script]
//
// FOLDER is where the letters of the gateway lie as files. Each page has to fit a wide and a narrow window, break no rule of
// axe-core, and complain of nothing in its console. With --no-script the same is done by forms and links alone.
//
// Prints one JSON line: {"ok":…,"done":[…],"pages":[…],"problems":[…]}.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    invitation: { type: 'string' },
    email: { type: 'string' },
    organization: { type: 'string' },
    mail: { type: 'string' },
    screenshots: { type: 'string' },
    'no-script': { type: 'boolean', default: false },
  },
});
const { chromium } = (await outside('playwright-core')).default;
const modules = createRequire(path.join(process.env.CASTGATE_TEST_NODE_MODULES, 'here.js'));
const axe = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');
const patience = 30_000; // milliseconds for one page
const [FIRST, SECOND] = ['violet tractor noon', 'seven quiet lanterns'];
const pages = [];
const problems = [];
const done = [];

// RFC 6238, as an authenticator app does it; `ahead` steps of half a minute from now, which a clock may be off.
function codeOf(secret, ahead) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const digest = crypto.createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

async function look(page) {
  const name = new URL(page.url()).pathname.replace(/cgi_\w+|inv\w*_\w+|[A-Za-z0-9_]{30,}/, 'token');
  const shot = `${String(pages.length + 1).padStart(2, '0')}-${name.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '')}.png`;
  pages.push(name);
  await page.screenshot({ path: path.join(options.screenshots, shot), fullPage: true });
  if (options['no-script']) return;
  for (const width of [360, 1100]) {
    await page.setViewportSize({ width, height: 900 });
    const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    if (wide > there) problems.push(`${name} is ${wide} wide where there are ${there}`);
    if (width === 360) await page.screenshot({ path: path.join(options.screenshots, `narrow-${shot}`), fullPage: true });
  }
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes[0].html.slice(0, 160)}`);
  });
  for (const violation of found) problems.push(`${name}: ${violation}`);
}

const at = (page) => new URL(page.url()).pathname;

function expect(page, where) {
  if (at(page) !== where) throw new Error(`at ${page.url()} where ${where} was expected`);
}

// Fills in the form and sends it by Enter or its button, and looks at what comes.
async function send(page, action, fields) {
  const form = page.locator(`form[action="${action}"]`).first();
  for (const [name, value] of Object.entries(fields)) await form.locator(`[name=${name}]`).fill(value);
  await leave(page, form.locator('button[type=submit], button:not([type])').first());
}

async function leave(page, control) {
  const moved = page.waitForEvent('framenavigated', { predicate: (frame) => frame === page.mainFrame(), timeout: patience });
  await Promise.all([moved, control.click({ timeout: patience })]);
  await page.waitForLoadState('load', { timeout: patience });
  await look(page);
}

const heading = (page) => page.locator('h1').first().innerText();

async function signOut(page) {
  await page.goto(`${options.url}/account`);
  await leave(page, page.locator('form[action="/logout"] button').first());
  if ((await heading(page)) !== 'You are signed out') throw new Error(`signed out: ${await heading(page)}`);
}

// From the sign-in page to the question for the password, as somebody who knows only their address and organization.
async function signIn(page, password) {
  await page.goto(`${options.url}/login`);
  await leave(page, page.getByRole('button', { name: 'Sign in with a password instead' }));
  if ((await heading(page)) !== 'Sign in with your password') throw new Error(`asked for a password: ${await heading(page)}`);
  await send(page, '/login/password', { email: options.email, organization: options.organization, password });
}

// The link in the newest letter that has one.
async function mailed(before) {
  for (let tries = 0; tries < 300; tries += 1) {
    for (const file of fs.existsSync(options.mail) ? fs.readdirSync(options.mail) : []) {
      const letter = fs.readFileSync(path.join(options.mail, file), 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=');
      const found = letter.match(new RegExp(`${before.replaceAll(/[?.]/g, '\\$&')}\\w+`));
      if (found) return found[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no letter with ${before}`);
}

async function journey(page) {
  await page.goto(options.url + options.invitation);
  await look(page);
  await leave(page, page.getByRole('link', { name: 'choose a password' }));
  const choose = `${options.invitation}/password`;
  await send(page, choose, { password: FIRST, again: SECOND });
  if (!(await page.getByRole('alert').count())) throw new Error('two different passwords, and nothing is said');
  await send(page, choose, { password: FIRST, again: FIRST });
  expect(page, '/terms');
  await send(page, '/terms', {});
  expect(page, '/account');
  done.push('accepted by a password');

  await leave(page, page.getByRole('link', { name: 'password and authenticator app' }));
  expect(page, '/account/password');
  await send(page, '/account/second-factor', { current: FIRST });
  const secret = (await page.locator('#app-secret').innerText()).replaceAll(/\s/g, '');
  if (!(await page.locator('svg[role=img]').isVisible())) throw new Error('there is no picture to scan');
  await send(page, '/account/second-factor/confirm', { code: codeOf(secret, 0) });
  const codes = await page.locator('#recovery-codes code').allInnerTexts();
  if (codes.length < 8) throw new Error(`${codes.length} recovery codes`);
  done.push('added an app');

  await signOut(page);
  await signIn(page, 'not my password');
  if (!(await page.getByRole('alert').count())) throw new Error('a wrong password, and nothing is said');
  await send(page, '/login/password', { password: FIRST });
  if ((await heading(page)) !== 'One more step') throw new Error(`no code is asked for: ${await heading(page)}`);
  await send(page, '/login/code', { code: '000000' });
  if (!(await page.getByRole('alert').count())) throw new Error('a wrong code, and nothing is said');
  await send(page, '/login/code', { code: codes[0] });
  expect(page, '/account');
  done.push('signed in by a recovery code');

  await signOut(page);
  await page.goto(`${options.url}/login/password`);
  await leave(page, page.getByRole('link', { name: 'No password yet, or forgotten?' }));
  await send(page, '/login/forgot', { email: options.email, organization: options.organization });
  const link = await mailed('/login/reset?token=');
  await page.goto(options.url + link);
  await look(page);
  await send(page, '/login/reset', { password: SECOND, again: SECOND });
  if ((await heading(page)) !== 'Your password is chosen') throw new Error(`chosen: ${await heading(page)}`);
  await page.goto(options.url + link);
  await look(page);
  if (await page.locator('form[action="/login/reset"]').count()) throw new Error('a used link opens again');
  await signIn(page, FIRST);
  if (!(await page.getByRole('alert').count())) throw new Error('the old password, and nothing is said');
  await signIn(page, SECOND);
  await send(page, '/login/code', { code: codes[0] });
  if (!(await page.getByRole('alert').count())) throw new Error('a recovery code twice, and nothing is said');
  await send(page, '/login/code', { code: codeOf(secret, 1) });
  expect(page, '/account');
  done.push('chose another one by mail and signed in by the app');
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, javaScriptEnabled: !options['no-script'] });
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // A page that is refused is no mistake of the page.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) problems.push(`console error on ${page.url()}: ${message.text()}`);
  });
  await journey(page).catch(async (error) => {
    await look(page).catch(() => {});
    throw error;
  });
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, done, pages, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
