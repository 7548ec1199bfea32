// Changes the mapping's rules by forms, as people do: opens one, changes it, takes one out, thinks better of it, publishes.
//
//   node tests/rig/browser/console_rules.mjs --url http://127.0.0.1:8080 --cookie castgate=… --screenshots DIR [--no-script]
//
// Prints {"ok":…,"done":[…],"problems":[…]}.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, cookie: { type: 'string' }, screenshots: { type: 'string' }, 'no-script': { type: 'boolean', default: false } },
});
const { chromium } = (await outside('playwright-core')).default;
const done = [];
const problems = [];
const patience = 90_000; // milliseconds for one page

const must = (fits, what) => { if (!fits) throw new Error(what); };
const editor = (page) => page.locator('textarea[name=text]');

async function press(page, button) {
  await Promise.all([page.waitForEvent('framenavigated', { timeout: patience }), button.click()]);
  await page.waitForLoadState('load');
}

async function look(page, name) {
  await page.screenshot({ path: path.join(options.screenshots, `${name}.png`), fullPage: true });
}

async function openRule(page, name) {
  await page.getByText('Change or take out a rule by a form').click();
  await press(page, page.getByRole('button', { name: `Change the rule ${name}` }));
}

async function change(page) {
  await page.goto(`${options.url}/console/mapping`, { timeout: patience });
  const before = await editor(page).inputValue();
  await openRule(page, 'analysts of finance');
  must(await page.getByLabel('For people in one of these groups').inputValue() === 'okta/finance', 'the form does not have the rule');
  await page.getByLabel('They get').selectOption('member');
  await look(page, 'open');
  await press(page, page.getByRole('button', { name: 'Write it into the text' }));
  const after = await editor(page).inputValue();
  must(after === before.replace('grant: analyst\n', 'grant: member\n'), `something else changed: ${after}`);
  must((await page.locator('#found').innerText()).includes('gains Member'), 'the plan does not stand beside it');
  await look(page, 'changed');
  done.push('change a rule');
  return after;
}

async function leave(page, text) {
  await openRule(page, 'cluster teams');
  await page.getByLabel('What to call it').fill('something else');
  await press(page, page.getByRole('button', { name: 'Leave it as it is' }));
  must(await editor(page).inputValue() === text, 'the text changed');
  done.push('leave a rule');
}

async function takeOut(page, text) {
  await page.getByText('Change or take out a rule by a form').click();
  await press(page, page.getByRole('button', { name: 'Take out the rule cluster teams' }));
  const after = await editor(page).inputValue();
  must(!after.includes('cluster teams') && after.endsWith('# The end.\n'), `it is not taken out: ${after}`);
  must((await page.locator('#found').innerText()).includes('loses Member'), 'the plan does not say what is lost');
  await look(page, 'taken-out');
  await editor(page).fill(text);
  done.push('take a rule out');
}

// A rule that is begun in the form is there after every button, until it is written or the form is emptied.
async function begin(page, text) {
  const fields = ['What to call it', 'For people in one of these groups', 'And who fit', 'Until (may be empty)'];
  const given = ['the night shift', 'Night, weekdays\nnight-weekends', 'title pr', '2027-01-31'];
  await page.getByText('Add a rule by a form').click();
  for (const [place, field] of fields.entries()) await page.getByLabel(field).fill(given[place]);
  await page.getByLabel('They get').selectOption('member');
  await page.getByRole('checkbox', { name: 'staging-eu' }).check();
  const there = async (after) => {
    for (const [place, field] of fields.entries()) {
      const found = await page.getByLabel(field).inputValue();
      must(found === given[place], `${after}: “${field}” is ${JSON.stringify(found)}`);
    }
    must(await page.getByLabel('They get').inputValue() === 'member', `${after}: the role is lost`);
    must(await page.getByRole('checkbox', { name: 'staging-eu' }).isChecked(), `${after}: the cluster is lost`);
  };
  if (!options['no-script']) {
    // What is said while somebody types leaves the form alone.
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/mapping/check'), { timeout: patience });
    await editor(page).fill(`${text}# more\n`);
    await answered;
    await page.locator('#found').getByText('Nothing is wrong with it').waitFor({ timeout: patience });
    await there('typing');
    await editor(page).fill(text);
  }
  for (const button of ['Check and plan', 'Save the draft', 'Ask', 'Publish…']) {
    await press(page, page.getByRole('button', { name: button, exact: true }));
    await there(button);
  }
  must((await page.getByRole('alert').innerText()).includes('not in the text yet'), 'it was published without the rule');
  await look(page, 'begun');
  await press(page, page.getByRole('button', { name: 'Empty the form' }));
  must(await editor(page).inputValue() === text, 'the text changed');
  done.push('begin a rule');
}

// While somebody types, the list of rules is that of the text.
async function type(page, text) {
  await page.getByText('Change or take out a rule by a form').click();
  await editor(page).fill(text.replace('- name: cluster teams', '- name: teams of clusters'));
  await page.getByRole('button', { name: 'Change the rule teams of clusters' }).waitFor({ timeout: patience });
  // What is wrong leads to its line.
  await editor(page).fill(text.replace('grant: member', 'grant: membr'));
  await page.locator('#found').getByRole('button', { name: /^Line \d+/ }).first().click({ timeout: patience });
  const chosen = await editor(page).evaluate((field) => field.value.slice(field.selectionStart, field.selectionEnd));
  must(chosen.includes('membr'), `another line is chosen: ${chosen}`);
  await editor(page).fill(text);
  await page.getByRole('button', { name: 'Change the rule cluster teams' }).waitFor({ timeout: patience });
  done.push('type');
}

async function publish(page) {
  await press(page, page.getByRole('button', { name: 'Publish…' }));
  await press(page, page.getByRole('button', { name: /^Publish/ }));
  must((await page.locator('main').innerText()).includes('in force'), 'it is not published');
  done.push('publish');
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext({ javaScriptEnabled: !options['no-script'], viewport: { width: 1280, height: 900 } });
  const [name, value] = options.cookie.split(/=(.*)/s);
  await context.addCookies([{ name, value, url: options.url }]);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // A publication that is refused is no mistake of the page.
    if (message.type() === 'error' && !/status of 409/.test(message.text())) problems.push(`console error on ${page.url()}: ${message.text()}`);
  });
  const text = await change(page);
  await leave(page, text);
  await begin(page, text);
  await takeOut(page, text);
  if (!options['no-script']) await type(page, text);
  await publish(page);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, done, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
