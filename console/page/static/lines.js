// The table of lines, live.
import { h, icon, set, $ } from './dom.js';
import { t, code } from './text.js';
import { ask, root } from './client.js';
import { listen as hear } from './listen.js';
import { since, volts, level } from './format.js';
import * as feed from './feed.js';

const rows = new Map(); // line number → the cells that change
let can = () => false;
let complain = () => {};
let body;

// How each state looks. The text always stands beside the icon: colour is never
// the only sign.
const looks = {
  idle: ['idle', 'quiet'], 'pre-ring': ['ring', 'ring'], ringing: ['ring', 'ring'], 'off-hook-in': ['call', 'call'],
  'off-hook-out': ['call', 'call'], dialling: ['dial', 'call'], talking: ['call', 'call'], abandoned: ['warn', 'ring'],
  'no-battery': ['warn', 'bad'], gone: ['warn', 'bad'], unknown: ['off', 'quiet'], unused: ['off', 'quiet'],
};
const quiet = new Set(['idle', 'unused', 'unknown', 'gone']);

export function init(allowed, onError) {
  can = allowed;
  complain = onError;
  feed.on('lines', ({ all, changed }) => (all ? draw() : changed.forEach(update)));
  setInterval(() => feed.lines.forEach(tick), 1000);
}

export function draw() {
  const old = $('line-filter');
  const words = old ? old.value : '';
  const active = $('line-active') ? $('line-active').checked : false;
  rows.clear();
  body = h('tbody');
  for (const l of [...feed.lines.values()].sort((a, b) => a.line - b.line)) body.append(row(l));
  const head = [['page.line'], ['page.name', 'name'], ['page.state', 'is'], ['page.time', 'num'], ['page.level', 'level'],
    ['page.volts', 'num'], ['page.recording', 'made'], ['page.actions']];
  $('lines').replaceChildren(
    h('form', { class: 'filter', onsubmit: (e) => e.preventDefault() },
      h('label', {}, t('page.find-line'), h('input', { id: 'line-filter', type: 'search', value: words, oninput: filter })),
      h('label', { class: 'check' }, h('input', { id: 'line-active', type: 'checkbox', onchange: filter }), t('page.only-active'))),
    h('div', { class: 'scroll' },
      h('table', { class: 'live' }, h('caption', {}, t('page.lines')),
        h('thead', {}, h('tr', {}, head.map(([k, c]) => h('th', { scope: 'col', class: c }, t(k))))),
        body)),
    feed.lines.size ? '' : h('p', { class: 'empty' }, t('page.no-lines')));
  $('line-active').checked = active;
  filter();
}

function row(l) {
  const c = {
    state: h('span', { class: 'state' }), fault: h('details', { class: 'bad', hidden: true }), time: h('span'), bar: h('i'), dbm: h('span', { class: 'dbm' }), volts: h('span'),
    rec: h('span'), start: h('button', { type: 'button', class: 'main', onclick: () => act(l.line, 'start') }, icon('rec'), t('page.start')),
    stop: h('button', { type: 'button', class: 'stop', onclick: () => act(l.line, 'stop') }, icon('stop'), t('page.stop')),
    pause: h('button', { type: 'button', onclick: () => act(l.line, 'pause') }, t('page.pause')),
    resume: h('button', { type: 'button', class: 'main', onclick: () => act(l.line, 'resume') }, t('page.resume')),
  };
  c.pause.setAttribute('aria-label', t('page.pause-line', { line: l.line }));
  c.resume.setAttribute('aria-label', t('page.resume-line', { line: l.line }));
  c.start.setAttribute('aria-label', t('page.start-line', { line: l.line }));
  c.stop.setAttribute('aria-label', t('page.stop-line', { line: l.line }));
  c.meter = h('span', { class: 'meter', role: 'meter', 'aria-label': t('page.level'), 'aria-valuemin': -60, 'aria-valuemax': 0 }, c.bar);
  const acts = h('div', { class: 'acts' }, can('start-stop') ? [c.start, c.stop] : null, can('pause') ? [c.pause, c.resume] : null,
    can('listen') ? h('button', { type: 'button', 'aria-label': t('page.listen-line', { line: l.line }), onclick: (e) => listen(e.currentTarget, l.line) }, icon('ear'), t('page.listen')) : null,
    can('save-flight') ? h('a', { class: 'button', href: `${root}/lines/${l.line}/flight`, download: '', title: t('page.flight-hint'), 'aria-label': t('page.flight-line', { line: l.line }) }, icon('save')) : null);
  const label = (k) => ({ 'data-label': t(k) });
  c.row = h('tr', {},
    h('th', { scope: 'row', class: 'nowrap', ...label('page.line') }, h('span', {}, String(l.line), ' ', h('span', { class: 'soft' }, l.board + '/' + l.port))),
    h('td', label('page.name'), h('span', {}, l.name || '', l.use !== 'tap' ? h('span', { class: 'soft' }, ' ' + code('use', l.use)) : '')),
    h('td', { class: 'is', ...label('page.state') }, c.state, c.fault), h('td', { class: 'num', ...label('page.time') }, c.time),
    h('td', { class: 'level', ...label('page.level') }, h('span', { class: 'gauge' }, c.meter, c.dbm)), h('td', { class: 'num', ...label('page.volts') }, c.volts),
    h('td', { class: 'made', ...label('page.recording') }, c.rec), h('td', {}, acts));
  rows.set(l.line, c);
  update(l);
  return c.row;
}

function update(l) {
  const c = rows.get(l.line);
  if (!c) return;
  const [name, look] = looks[l.state] || ['off', 'quiet'];
  const key = [l.state, l.direction, l.reason, l.fault?.code, ...(l.notes || []).map((n) => n.code)].join(' ');
  if (c.key !== key) {
    c.key = key;
    c.state.className = 'state ' + look;
    c.state.title = l.reason || '';
    c.state.replaceChildren(icon(name), code('state', l.state), l.call && l.direction ? icon(l.direction) : '');
    c.fault.replaceChildren(...(l.fault ? [h('summary', { title: l.fault.detail || '' }, icon('warn'), code('fault', l.fault.code)), code('fault', l.fault.code + '.remedy')] : []));
    c.fault.hidden = !l.fault;
    c.volts.title = (l.notes || []).map((n) => code('line-note', n.code)).join('. ');
  }
  const db = l.level_dbm0;
  const share = db === null || db === undefined ? 0 : Math.min(1, Math.max(0, (db + 60) / 60));
  c.bar.style.transform = 'scaleX(' + share.toFixed(3) + ')';
  c.meter.classList.toggle('loud', share > 0.95);
  c.meter.setAttribute('aria-valuenow', Math.round(share * 60 - 60));
  set(c.dbm, level(db));
  set(c.volts, volts(l.volts) || (c.volts.title ? '–' : ''));
  const paused = Boolean(l.paused);
  if (c.recording !== l.recording || c.paused !== paused) {
    c.recording = l.recording;
    c.paused = paused;
    c.rec.className = l.recording ? 'rec' : 'soft';
    c.time2 = h('span');
    c.rec.replaceChildren(...(l.recording ? [icon('rec'), h('span', {}, t(paused ? 'page.paused-now' : 'page.recording-now')), c.time2] : [code('trigger', l.trigger), l.trigger_note ? ': ' : '', l.trigger_note ? code('trigger-note', l.trigger_note) : '']));
    c.start.hidden = l.recording;
    c.stop.hidden = !l.recording;
    c.pause.hidden = !l.recording || paused;
    c.resume.hidden = !paused;
    if (document.activeElement === document.body && c.wanted) ({ pause: c.resume, resume: c.pause }[c.wanted] || (l.recording ? c.stop : c.start)).focus();
    c.wanted = '';
  }
  c.start.disabled = l.use === 'unused' || l.state === 'gone';
  tick(l);
  show(c, l);
}

function tick(l) {
  const c = rows.get(l.line);
  if (!c) return;
  set(c.time, quiet.has(l.state) ? '' : since(l.since, feed.now()));
  if (l.recording && c.time2) set(c.time2, since(l.recording_since, feed.now()));
}

function filter() {
  for (const l of feed.lines.values()) show(rows.get(l.line), l);
}

function show(c, l) {
  const words = ($('line-filter')?.value || '').trim().toLowerCase();
  const text = [l.line, l.name, l.board + '/' + l.port, l.caller, l.called, code('state', l.state)].join(' ').toLowerCase();
  const active = $('line-active')?.checked && quiet.has(l.state) && !l.recording;
  if (c) c.row.hidden = active || (words !== '' && !text.includes(words));
}

async function act(line, what) {
  const c = rows.get(line);
  c.wanted = what; // the button goes away: its successor gets the focus
  try {
    await ask('POST', `/lines/${line}/${what}`);
    complain(null);
  } catch (e) {
    complain(e.message);
  }
}

// listen plays the line until the button is pressed again or another line is.
let heard = null;

function listen(button, line) {
  const again = heard && heard.line === line;
  if (heard) {
    heard.stop();
    heard.button.setAttribute('aria-pressed', 'false');
    heard = null;
  }
  if (again) return;
  button.setAttribute('aria-pressed', 'true');
  heard = { line, button, stop: hear(line, (failed) => {
    button.setAttribute('aria-pressed', 'false');
    heard = null;
    if (failed) complain(t('page.listen-failed', { line }));
  }) };
}
