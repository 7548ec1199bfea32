// Puts each page into a frame of another site's page: the browser has to refuse to show it.
//
//   node tests/rig/browser/framed.mjs --url http://127.0.0.1:8080 --cookie castgate=… PATH…
//
// The other site answers here, at another port; a page of its own in the same frame has to be shown, so that a refusal means
// something. Prints {"ok":…,"refused":N,"problems":[…]}.
import http from 'node:http';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, cookie: { type: 'string' } },
});
const { chromium } = (await outside('playwright-core')).default;
const problems = [];
let refused = 0;

const frame = (url) => `<!doctype html><title>elsewhere</title><iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`;

const elsewhere = http.createServer((request, response) => {
  const { searchParams, pathname } = new URL(request.url, 'http://elsewhere');
  response.setHeader('content-type', 'text/html');
  response.end(pathname === '/inner' ? '<!doctype html><p>shown' : frame(searchParams.get('of') ?? ''));
});
await new Promise((listening) => elsewhere.listen(0, '127.0.0.1', listening));
const other = `http://127.0.0.1:${elsewhere.address().port}`;

// Whether the browser shows it: a page that may not be framed becomes an error page of the browser's own.
async function shows(page, url) {
  await page.goto(`${other}/?of=${encodeURIComponent(url)}`, { waitUntil: 'load', timeout: 90_000 });
  return !page.frames()[1].url().startsWith('chrome-error:');
}

const browser = await chromium.launch({
  executablePath: process.env.CASTGATE_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext();
  const [name, value] = options.cookie.split(/=(.*)/s);
  await context.addCookies([{ name, value, url: options.url }]);
  const page = await context.newPage();
  if (!(await shows(page, `${other}/inner`))) problems.push('the other site cannot frame its own page: nothing is proven');
  for (const where of paths) {
    if (await shows(page, options.url + where)) problems.push(`${where} shows itself in a frame`);
    else refused += 1;
  }
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
  elsewhere.close();
}
console.log(JSON.stringify({ ok: problems.length === 0, refused, problems }));
process.exitCode = problems.length === 0 ? 0 : 1;
