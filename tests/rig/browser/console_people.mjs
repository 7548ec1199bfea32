// What people do who are no owners, each in a browser of their own: somebody in a role, and somebody who was invited.
//
//   node tests/rig/browser/console_people.mjs --url http://127.0.0.1:8080 --screenshots DIR [--no-script]
//        --cookie castgate=… --name "Vera" --refused /console/connections
//        | --invitation /invitations/… --name dorothy@elsewhere.test --password "…"
//
// Whoever is signed in walks through every page that is offered, makes a key of their own and ends it, is told what they may not
// do, and signs out; the back button shows nothing then. Prints {"ok":…,"done":[…],"ways":[…],"problems":[…]}.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' }, screenshots: { type: 'string' }, 'no-script': { type: 'boolean', default: false },
    cookie: { type: 'string' }, name: { type: 'string' }, refused: { type: 'string' },
    invitation: { type: 'string' }, password: { type: 'string' },
  },
});
const { chromium } = (await outside('playwright-core')).default;
const done = [];
const problems = [];
let ways = [];
const patience = 90_000; // milliseconds for one page

const must = (fits, what) => { if (!fits) throw new Error(what); };

async function press(page, button) {
  await Promise.all([page.waitForEvent('framenavigated', { timeout: patience }), button.click()]);
  await page.waitForLoadState('load');
}

async function look(page, name) {
  await page.screenshot({ path: path.join(options.screenshots, `${name}.png`), fullPage: true });
}

// The letter's link: looking changes nothing, choosing a password lets them in.
async function accept(page) {
  await page.goto(options.url + options.invitation, { timeout: patience });
  await look(page, 'invitation');
  await press(page, page.getByRole('link', { name: 'choose a password' }));
  await page.getByLabel('New password').fill(options.password);
  await page.getByLabel('The same again').fill(options.password);
  await look(page, 'password');
  await press(page, page.getByRole('button', { name: 'Take this password' }));
  for (const box of await page.locator('form[action$="/terms"] input[type=checkbox]').all()) await box.check();
  if (await page.locator('form[action$="/terms"]').count()) await press(page, page.locator('form[action$="/terms"] button').first());
  await look(page, 'in');
  done.push('accept');
}

// And the next morning by the front door.
async function comeBack(page) {
  await page.goto(`${options.url}/login`, { timeout: patience });
  await page.getByLabel('Work e-mail').fill(options.name);
  await press(page, page.getByRole('button', { name: 'Continue' }));
  const organization = page.getByLabel('Organization');
  if (await organization.count()) {
    await organization.fill('acme');
    await press(page, page.getByRole('button', { name: 'Continue' }));
  }
  const byPassword = page.getByRole('button', { name: /password/i });
  if (!(await page.locator('input[type=password]').count()) && (await byPassword.count())) await press(page, byPassword.first());
  await page.locator('input[type=password]').fill(options.password);
  await press(page, page.getByRole('button', { name: 'Sign in' }));
  await page.goto(`${options.url}/console/you`, { timeout: patience });
  must((await page.locator('main').innerText()).includes('What you may do'), `they are not in: ${page.url()}`);
  done.push('sign in again');
}

async function walk(page) {
  await page.goto(`${options.url}/console`, { timeout: patience });
  ways = await page.locator('nav.ways a').evaluateAll((all) => all.map((one) => new URL(one.href).pathname));
  must(ways.includes('/console/you'), `the console does not open: ${page.url()}`);
  for (const way of ways) {
    const answer = await page.goto(options.url + way, { timeout: patience });
    must(answer.status() === 200, `${way} is offered and answers ${answer.status()}`);
    must(await page.locator('main h1').count() === 1, `${way} has no heading`);
    await look(page, way.split('/').pop());
  }
  done.push('walk');
}

async function refused(page) {
  if (!options.refused) return;
  const answer = await page.goto(options.url + options.refused, { timeout: patience });
  must(answer.status() === 403, `${options.refused} answers ${answer.status()}`);
  must((await page.locator('main h1').innerText()) === 'Not allowed', 'it is not said that it is not allowed');
  await look(page, 'refused');
  done.push('refused');
}

async function ownKey(page) {
  await page.goto(`${options.url}/console/you`, { timeout: patience });
  await page.getByLabel('Name').fill('laptop');
  await press(page, page.getByRole('button', { name: 'Make the key' }));
  must((await page.locator('#new-key .secret').innerText()).startsWith('cgk_'), 'the key is not shown');
  await look(page, 'key');
  await page.goto(`${options.url}/console/you`, { timeout: patience });
  must(!(await page.content()).includes('Copy it now'), 'the key is shown twice');
  const key = page.locator('li', { hasText: 'laptop' });
  await key.locator('summary').click();
  must((await key.innerText()).includes('is refused at once'), 'it is not said what is lost with the key');
  await press(page, key.getByRole('button', { name: 'End the key' }));
  must(!(await page.locator('#keys ~ ul').innerText()).includes('laptop'), 'the key is still there');
  done.push('own key');
}

async function signOut(page) {
  await page.goto(`${options.url}/console/you`, { timeout: patience });
  await page.locator('details.menu summary').click();
  await press(page, page.getByRole('button', { name: 'Sign out', exact: true }));
  await page.goBack({ waitUntil: 'load' });
  await page.waitForTimeout(500);
  const body = await page.locator('body').innerText();
  must(!body.includes('What you may do') && !body.includes(options.name), 'the back button shows the console after signing out');
  done.push('sign out');
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext({ javaScriptEnabled: !options['no-script'], viewport: { width: 1100, height: 800 } });
  if (options.cookie) {
    const [name, value] = options.cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: options.url }]);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // A page that is refused is no mistake of the page.
    if (message.type() === 'error' && !/status of 403/.test(message.text())) problems.push(`console error on ${page.url()}: ${message.text()}`);
  });
  if (options.invitation) {
    await accept(page);
    await walk(page);
    await ownKey(page);
    await signOut(page);
    await comeBack(page);
  } else {
    await walk(page);
    await refused(page);
    await ownKey(page);
  }
  await signOut(page);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, done, ways, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
