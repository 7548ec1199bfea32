// The three main tasks of the console by keyboard alone, with or without script: invite, change a role, publish a mapping.
//
//   node tests/rig/browser/console_keyboard.mjs --url http://127.0.0.1:8080 --cookie castgate=… [--no-script]
//
// Every control is reached by Tab as people do it; nothing is clicked. Prints {"ok":…,"done":[…],"problems":[…]}.
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, cookie: { type: 'string' }, person: { type: 'string' }, 'no-script': { type: 'boolean', default: false } },
});
const { chromium } = (await outside('playwright-core')).default;
const done = [];
const problems = [];
const mostTabs = 250;

// What a screen reader would say of what has the focus, roughly: its label, its text, its name.
async function focused(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return '';
    const label = at.labels && at.labels.length ? at.labels[0].textContent : '';
    return [label, at.textContent.slice(0, 200), at.name || '', at.value || ''].join(' ').replaceAll(/\s+/g, ' ').trim();
  });
}

async function tabTo(page, what) {
  for (let steps = 0; steps < mostTabs; steps += 1) {
    await page.keyboard.press('Tab');
    const said = await focused(page);
    if (what.test(said)) return said;
  }
  throw new Error(`${what} is not reached by Tab on ${page.url()}`);
}

async function enter(page) {
  await Promise.all([page.waitForEvent('framenavigated', { timeout: 90_000 }), page.keyboard.press('Enter')]);
  await page.waitForLoadState('load');
}

async function shows(page, text) {
  const body = await page.locator('main').innerText();
  if (!body.includes(text)) throw new Error(`“${text}” is not on ${page.url()}: ${body.slice(0, 600)}`);
}

async function invite(page) {
  await page.goto(`${options.url}/console/members`);
  await tabTo(page, /^Add new members/);
  await enter(page);
  await tabTo(page, /E-mail addresses/);
  await page.keyboard.type('first@elsewhere.test, second@elsewhere.test');
  await tabTo(page, /^Send invite/);
  await enter(page);
  await shows(page, '2 of 2 invited');
  done.push('invite');
}

async function changeRole(page) {
  await page.goto(`${options.url}/console/members`);
  await tabTo(page, new RegExp(`Role of ${options.person}`));
  // Letters choose in a list, as everywhere.
  await page.keyboard.type('Member');
  await tabTo(page, /^Change/);
  await enter(page);
  await shows(page, `Make ${options.person} a Member of the whole organization`);
  await tabTo(page, /^Change the role/);
  await enter(page);
  await shows(page, options.person);
  done.push('change a role');
}

async function publish(page) {
  await page.goto(`${options.url}/console/mapping`);
  await tabTo(page, /The mapping, as YAML/);
  await page.keyboard.press('Control+End');
  await page.keyboard.type('  - name: engineers\n    when: department eq "Engineering"\n    grant: analyst\n');
  await tabTo(page, /^Publish/);
  await enter(page);
  await shows(page, 'Publish the mapping');
  await tabTo(page, /^Publish/);
  await enter(page);
  if (page.url().includes('role-changes')) await shows(page, 'done');
  else await shows(page, 'in force');
  done.push('publish a mapping');
}

const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext({ javaScriptEnabled: !options['no-script'] });
  const [name, value] = options.cookie.split(/=(.*)/s);
  await context.addCookies([{ name, value, url: options.url }]);
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console error on ${page.url()}: ${message.text()}`));
  await invite(page);
  await changeRole(page);
  await publish(page);
  // Signed out, the back button shows nothing.
  await page.goto(`${options.url}/console/members`);
  await tabTo(page, /^Organization/);
  await page.keyboard.press('Enter');
  await tabTo(page, /^Sign out/);
  await enter(page);
  await page.goBack({ waitUntil: 'load' });
  await page.waitForTimeout(500);
  if ((await page.locator('body').innerText()).includes(options.person)) problems.push('the back button shows members after signing out');
  done.push('sign out');
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, done, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
