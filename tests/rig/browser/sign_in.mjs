// A person who signs in to castgate with a real browser, and looks at every page on the way.
//
//   node tests/rig/browser/sign_in.mjs --url http://127.0.0.1:8080 --email alice@example.test --user alice
//        --end /account --screenshots DIR [--organization SLUG] [--accept "I accept"] [--start /login] [--no-script]
//
// Goes to /login, types the e-mail (and the organization's slug, if asked for it), signs in at the provider of
// tests/rig/op, gives consent, accepts castgate's terms, and must arrive at --end. --accept is the text of the terms'
// button; without it the form's submit button is taken.
//
// Prints one JSON line: {"ok":…,"pages":[{url,title,screenshot}],"problems":[…]}. A script error, a console error or a
// breach of the content security policy on castgate's origin is a problem, and a problem is exit status 1.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    start: { type: 'string', default: '/login' },
    email: { type: 'string' },
    user: { type: 'string' },
    organization: { type: 'string' },
    accept: { type: 'string' },
    end: { type: 'string' },
    screenshots: { type: 'string' },
    'no-script': { type: 'boolean', default: false },
  },
});
for (const name of ['url', 'email', 'user', 'end', 'screenshots']) {
  if (!options[name]) throw new Error(`--${name} is needed`);
}

const { chromium } = (await outside('playwright-core')).default;
const castgate = new URL(options.url).origin;
const mostPages = 12;
const patience = 15_000; // milliseconds for one page
const pages = [];
const problems = [];

const isOurs = (url) => URL.canParse(url) && new URL(url).origin === castgate;

function watch(page) {
  page.on('pageerror', (error) => isOurs(page.url()) && problems.push(`script error on ${page.url()}: ${error.message}`));
  // A breach of the content security policy is a console error too.
  page.on('console', (message) => {
    const from = message.location().url || page.url();
    if (message.type() === 'error' && isOurs(from)) problems.push(`console error on ${from}: ${message.text()}`);
  });
}

async function look(page) {
  const name = new URL(page.url()).pathname.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '').slice(0, 40);
  const screenshot = path.join(options.screenshots, `${String(pages.length + 1).padStart(2, '0')}-${name || 'root'}.png`);
  await page.screenshot({ path: screenshot, fullPage: true });
  pages.push({ url: page.url(), title: await page.title(), screenshot });
}

// Clicks, and waits until the page that follows has loaded, however many redirects lead to it.
async function leaveBy(page, button) {
  const moved = page.waitForEvent('framenavigated', {
    predicate: (frame) => frame === page.mainFrame(),
    timeout: patience,
  });
  await Promise.all([moved, button.click({ timeout: patience })]);
  await page.waitForLoadState('load', { timeout: patience });
}

async function fillIfThere(page, selector, text) {
  const field = page.locator(selector).first();
  if (text === undefined || !(await field.isVisible())) return false;
  await field.fill(text);
  return true;
}

// What a person would do on castgate's own pages.
async function answerCastgate(page) {
  const terms = page.locator('form[action$="/terms"]').first();
  if (await terms.count()) {
    for (const box of await terms.locator('input[type=checkbox]').all()) await box.check();
    const named = options.accept && terms.getByRole('button', { name: options.accept });
    return leaveBy(page, named || terms.locator('button[type=submit]').first());
  }
  const email = await fillIfThere(page, 'input[type=email], input[name=email]', options.email);
  const slug = await fillIfThere(page, 'input[name=organization], input[name=slug]', options.organization);
  if (email || slug) return leaveBy(page, page.locator('form:has(input:visible) button[type=submit]').first());
  throw new Error(`found nothing to do on ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 300)}`);
}

// The provider's own pages: a form for login and password (any will do), then one for consent.
async function answerProvider(page) {
  await fillIfThere(page, 'input[name=login]', options.user);
  await fillIfThere(page, 'input[name=password]', 'any password');
  return leaveBy(page, page.locator('button[type=submit]').first());
}

async function signIn(page) {
  await page.goto(new URL(options.start, castgate).href, { timeout: patience });
  while (pages.length < mostPages) {
    await look(page);
    const here = new URL(page.url());
    if (here.origin !== castgate) await answerProvider(page);
    else if (here.pathname === options.end) return;
    else await answerCastgate(page);
  }
  throw new Error(`still not at ${options.end} after ${mostPages} pages`);
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const page = await (await browser.newContext({ javaScriptEnabled: !options['no-script'], viewport: { width: 1100, height: 800 } })).newPage();
  // Nothing leaves the machine: the provider's pages ask for a font on the internet.
  const isLocal = (url) => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  await page.route((url) => !isLocal(url), (route) => route.abort());
  watch(page);
  await signIn(page);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, pages, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
