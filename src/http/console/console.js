// Makes pages livelier that work without it: times in the reader's zone, buttons that copy, menus that close, live checks.
'use strict';

const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// The exact moment, in the reader's zone.
function localTimes(from = document) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
  const brief = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  for (const time of all('time[datetime]', from)) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.title = format.format(moment);
    if ('exact' in time.dataset) time.textContent = brief.format(moment);
  }
}

// A button beside every value that is carried elsewhere.
function copyButtons() {
  if (!navigator.clipboard) return;
  for (const value of all('[data-copy]')) {
    const hold = document.createElement('div');
    hold.className = 'hold';
    value.replaceWith(hold);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'second little';
    button.textContent = 'Copy';
    const label = value.parentElement === null && hold.previousElementSibling;
    if (label) button.setAttribute('aria-label', `Copy: ${label.textContent}`);
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(value.textContent.trim());
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    hold.append(value, button);
  }
}

// Menus close by Escape, and by a click elsewhere.
function menus() {
  const open = () => all('details.menu[open]');
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of open()) {
      menu.open = false;
      one('summary', menu).focus();
    }
  });
  addEventListener('click', (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
}

// “Select all on this page”, and how many are.
function selecting() {
  const bar = one('[data-several]');
  if (!bar) return;
  const boxes = all('input[type=checkbox][name=id]');
  const every = document.createElement('label');
  every.className = 'check';
  const box = document.createElement('input');
  box.type = 'checkbox';
  every.append(box, 'Select all on this page');
  bar.prepend(every);
  const said = one('[data-count]', bar);
  const tell = () => {
    const count = boxes.filter((one) => one.checked).length;
    box.checked = count > 0 && count === boxes.length;
    box.indeterminate = count > 0 && count < boxes.length;
    said.textContent = count === 0 ? '' : `${count} selected`;
  };
  box.addEventListener('change', () => { for (const one of boxes) one.checked = box.checked; tell(); });
  for (const one of boxes) one.addEventListener('change', tell);
}

// What the server says of a text, while it is typed.
function checking() {
  const editor = one('textarea[data-check]');
  const place = editor && one('#' + editor.dataset.into);
  if (!place) return;
  const token = one('input[name=form]', editor.form).value;
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const person = one('[data-asks]');
    const body = new URLSearchParams({ text: editor.value, person: person ? person.value : '' });
    const headers = { 'x-castgate-csrf': token };
    const answer = await fetch(editor.dataset.check, { method: 'POST', headers, body }).catch(() => null);
    if (mine !== asked || !answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // A part of the answer belongs elsewhere on the page.
    for (const part of all('[data-for]', page)) {
      one('#' + part.dataset.for)?.replaceChildren(...part.childNodes);
      part.remove();
    }
    place.replaceChildren(...page.body.childNodes);
    localTimes(place);
    leading();
  };
  // “Line 8” leads to that line of the text.
  const leading = () => {
    for (const said of all('[data-line]', place)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'link';
      button.textContent = said.textContent;
      const number = Number(said.dataset.line);
      button.addEventListener('click', () => {
        const lines = editor.value.split('\n');
        const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
        editor.focus();
        editor.setSelectionRange(start, start + (lines[number - 1] ?? '').length);
        editor.scrollTop = editor.scrollHeight * (number - 4) / lines.length;
      });
      said.replaceWith(button);
    }
  };
  leading();
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(ask, 400); };
  editor.addEventListener('input', soon);
  const person = one('[data-asks]');
  if (person) person.addEventListener('input', soon);
  // Tab leaves the editor, as everywhere: nobody is caught in it. Two blanks are what YAML needs.
}

// What changes by itself: asked for again every few seconds while somebody looks.
function living() {
  for (const place of all('[data-live]')) {
    setInterval(async () => {
      if (document.hidden) return;
      const answer = await fetch(place.dataset.live).catch(() => null);
      if (!answer || !answer.ok) return;
      const text = await answer.text();
      if (place.dataset.was === text) return;
      place.dataset.was = text;
      place.replaceChildren(...new DOMParser().parseFromString(text, 'text/html').body.childNodes);
      localTimes(place);
    }, 4000);
  }
}

// On a phone the navigation is one line: where one is has to be seen in it.
function here() {
  const ways = one('.ways');
  const current = ways && one('[aria-current]', ways);
  if (current && ways.scrollWidth > ways.clientWidth) ways.scrollLeft = current.offsetLeft - (ways.clientWidth - current.offsetWidth) / 2;
}

// A page that comes back from the browser's memory after signing out is asked for again.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

localTimes();
copyButtons();
menus();
selecting();
checking();
living();
here();
