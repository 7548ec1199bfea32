// Looks at pages of the console with a real browser: wide and narrow, light and dark, with and without script.
//
//   node tests/rig/browser/console.mjs --url http://127.0.0.1:8080 [--cookie castgate=…] --screenshots DIR [--no-script]
//        [--shapes 1280-light,360-dark] PATH…
//
// Each page has to fit its width, break no rule of axe-core, and complain of nothing in its console: a breach of the content
// security policy is a complaint. Prints one JSON line: {"ok":…,"pages":[{path,shape,title,bytes,screenshot}],"problems":[…]}.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    cookie: { type: 'string' },
    screenshots: { type: 'string' },
    shapes: { type: 'string', default: '1280-light,1280-dark,360-light,360-dark' },
    'no-script': { type: 'boolean', default: false },
  },
});
const { chromium } = (await outside('playwright-core')).default;
const modules = createRequire(path.join(process.env.CASTGATE_TEST_NODE_MODULES, 'here.js'));
const axe = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');
const pages = [];
const problems = [];

async function look(page, where, shape) {
  const answer = await page.goto(options.url + where, { waitUntil: 'load', timeout: 90_000 });
  const name = where.replaceAll(/(usr|grp|con|rol|sva|cls|rvw|rct|whk)_[0-9a-v]+/g, 'one').replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '').slice(0, 60);
  const screenshot = path.join(options.screenshots, `${name}.${shape}.png`);
  await page.screenshot({ path: screenshot, fullPage: true });
  pages.push({ path: where, shape, title: await page.title(), status: answer.status(), screenshot });
  if (options['no-script']) return;
  const width = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (width[0] > width[1]) problems.push(`${where} (${shape}) is ${width[0]} wide where there are ${width[1]}`);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
  });
  for (const violation of found) problems.push(`${where} (${shape}): ${violation}`);
}

fs.mkdirSync(options.screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  for (const shape of options.shapes.split(',')) {
    const [width, colorScheme] = shape.split('-');
    const context = await browser.newContext({
      viewport: { width: Number(width), height: 900 },
      colorScheme,
      javaScriptEnabled: !options['no-script'],
    });
    if (options.cookie) {
      const [name, value] = options.cookie.split(/=(.*)/s);
      await context.addCookies([{ name, value, url: options.url }]);
    }
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(`script error on ${page.url()}: ${error.message}`));
    page.on('dialog', (dialog) => { problems.push(`a dialog on ${page.url()}`); dialog.dismiss(); });
    page.on('console', (message) => {
      // A page that is refused, or a link that is over, is no mistake of the page.
      if (message.type() === 'error' && !/status of 4(0[034]|10)/.test(message.text())) problems.push(`console error on ${page.url()}: ${message.text()}`);
    });
    for (const where of paths) await look(page, where, shape);
    await context.close();
  }
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, pages, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
