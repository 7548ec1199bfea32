// The pictures of the README, from the demo's organization: the members, a mapping beside its live plan, a change of roles, the graph.
//
//   node tests/rig/browser/showcase.mjs --link 'http://127.0.0.1:…/login/link?token=…' --into fixtures/pictures
//
// Prints {"ok":…,"pictures":[{name,bytes}],"problems":[…]}.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';
import { small } from './png.mjs';

const { values: options } = parseArgs({ options: { link: { type: 'string' }, into: { type: 'string' } } });
const { chromium } = (await outside('playwright-core')).default;
const origin = new URL(options.link).origin;
const pictures = [];
const problems = [];

async function picture(page, name, height) {
  await page.setViewportSize({ width: 1200, height });
  await page.evaluate(() => document.activeElement && document.activeElement.blur());
  const bytes = small(await page.screenshot());
  fs.writeFileSync(path.join(options.into, `${name}.png`), bytes);
  pictures.push({ name, bytes: bytes.length });
}

async function press(page, name) {
  await Promise.all([page.waitForEvent('framenavigated'), page.getByRole('button', { name }).first().click()]);
  await page.waitForLoadState('load');
}

async function signIn(page) {
  await page.goto(options.link);
  while (!new URL(page.url()).pathname.startsWith('/account') && !new URL(page.url()).pathname.startsWith('/console')) {
    for (const box of await page.locator('input[type=checkbox]').all()) await box.check();
    await Promise.all([page.waitForEvent('framenavigated'), page.locator('main button[type=submit], form button[type=submit]').first().click()]);
    await page.waitForLoadState('load');
  }
}

async function mapping(page) {
  await page.goto(`${origin}/console/mapping`);
  const editor = page.locator('#mapping');
  const text = await editor.inputValue();
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/mapping/check'));
  await editor.fill(text.replace('grant: member\n    clusters: [prod-eu, prod-us]', 'grant: viewer\n    clusters: [prod-eu, prod-us]'));
  await answered;
  const again = page.waitForResponse((answer) => answer.url().endsWith('/mapping/check'));
  await page.locator('#person').fill('mei.tanaka');
  await again;
  await page.waitForTimeout(300);
  await editor.evaluate((text) => { text.scrollTop = 0; });
  await picture(page, 'mapping', 1100);
}

async function roleChange(page) {
  await page.goto(`${origin}/console/you`);
  await page.getByLabel('Name').fill('terraform');
  await press(page, 'Make the key');
  const secret = (await page.locator('#new-key .secret').innerText()).trim();
  for (let use = 0; use < 9; use += 1) await fetch(`${origin}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  const me = await (await fetch(`${origin}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).json();
  await page.goto(`${origin}/console/role-changes?user=${me.user.id}&role=viewer`);
  await picture(page, 'role-change', 900);
}

fs.mkdirSync(options.into, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme: 'light' })).newPage();
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  await signIn(page);
  await page.goto(`${origin}/console/members`);
  await picture(page, 'members', 780);
  await mapping(page);
  await roleChange(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${origin}/console/graph`);
  await picture(page, 'graph', 760);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, pictures, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
