// The table of recordings with its search and its players.
import { h, icon, later, $ } from './dom.js';
import { t, code } from './text.js';
import { get, ask, query, root } from './client.js';
import { when, long, bytes, number, party } from './format.js';

let can = () => false;
let complain = () => {};
let body, foot, next = '', generation = 0;

export function init(allowed, onError) {
  can = allowed;
  complain = onError;
}

export const fields = [
  ['from', 'datetime-local', 'page.from'], ['to', 'datetime-local', 'page.to'], ['line', 'text', 'page.line'],
  ['number', 'search', 'page.number'], ['text', 'search', 'page.words'], ['min_duration', 'number', 'page.min-duration'],
];

// choice is a label with a list of codes; the first one asks for everything.
function choice(name, key, group, codes) {
  return h('label', {}, t(key), h('select', { name }, h('option', { value: '' }, t('page.any')),
    codes.map((c) => h('option', { value: c }, group === 'page' ? t('page.' + c) : code(group, c)))));
}

// moreFields is what only recordings are searched by.
function moreFields() {
  const text = [['caller', 'page.caller'], ['called', 'page.called'], ['name', 'page.name-of'], ['actor', 'page.acted']];
  return h('details', { class: 'wide' }, h('summary', {}, t('page.more-fields')), h('div', { class: 'filter' },
    text.map(([name, key]) => h('label', {}, t(key), h('input', { name, type: 'search', title: t('page.pattern-hint') }))),
    choice('direction', 'page.direction', 'direction', ['in', 'out', 'unknown']),
    choice('outcome', 'page.outcome', 'outcome', ['answered', 'missed', 'busy', 'no-answer', 'unknown']),
    choice('trigger', 'page.trigger', 'trigger', ['manual', 'voltage', 'voice', 'key', 'call', 'continuous']),
    choice('state', 'page.state', 'recording-state', ['open', 'sealed', 'recovered', 'trash', 'erased']),
    ['protected', 'noted', 'marked', 'gaps'].map((k) => choice(k, 'page.' + k, 'page', ['yes', 'no'])),
    choice('order', 'page.order', 'page', ['newest', 'oldest'])));
}

// filterForm is the search above recordings and calls; more are further fields.
export function filterForm(id, search, more) {
  const soon = later(search, 300);
  return h('form', { class: 'filter', id, role: 'search', onsubmit: (e) => { e.preventDefault(); search(); }, oninput: soon },
    fields.map(([name, type, key]) => h('label', {}, t(key), h('input', {
      name, type, min: type === 'number' ? 0 : null, inputmode: name === 'line' ? 'numeric' : null,
      pattern: name === 'line' ? '[0-9]+([, ]+[0-9]+)*' : null, title: name === 'number' ? t('page.number-hint') : null,
      size: name === 'line' || name === 'min_duration' ? 6 : null,
    }))), h('button', { type: 'submit' }, t('page.search')), more);
}

export function filterValues(form) {
  if (!form) return {};
  const v = Object.fromEntries(new FormData(form));
  for (const k of ['from', 'to']) if (v[k]) v[k] = new Date(v[k]).toISOString();
  if (v.line) v.line = v.line.split(/[\s,]+/).filter(Boolean).join(',');
  return v;
}

export function draw() {
  const head = ['page.start-time', 'page.line', 'page.party', 'page.duration', 'page.trigger', 'page.notes', 'page.actions'];
  body = h('tbody');
  foot = h('p', { class: 'more' });
  $('recordings').replaceChildren(filterForm('rec-filter', () => load(false), moreFields()),
    h('div', { class: 'scroll' }, h('table', {}, h('caption', {}, t('page.recordings')),
      h('thead', {}, h('tr', {}, head.map((k) => h('th', { scope: 'col', class: k === 'page.duration' ? 'num' : null }, t(k))))), body)), foot);
  return load(false);
}

export async function load(append) {
  const mine = ++generation;
  let page;
  try {
    page = await get('/recordings' + query({ ...filterValues($('rec-filter')), limit: 50, after: append ? next : '' }));
    complain(null);
  } catch (e) {
    complain(e.message);
    return;
  }
  if (mine !== generation) return; // a newer search is under way
  next = page.next || '';
  const open = append ? null : body.querySelector('tr.player');
  if (open && !append) { // never take a player away from under someone's ears
    const id = open.dataset.id;
    const rows = page.items.flatMap((r) => (r.id === id ? [row(r, true), open] : [row(r)]));
    if (rows.includes(open)) body.replaceChildren(...rows);
  } else {
    if (!append) body.replaceChildren();
    body.append(...page.items.map((r) => row(r)));
  }
  const count = page.total ? t(page.at_least ? 'page.count-at-least' : 'page.count', { n: number(page.total) }) : '';
  foot.replaceChildren(body.childElementCount ? count : t('page.no-recordings'),
    next ? h('button', { type: 'button', onclick: () => load(true) }, t('page.more')) : '');
}

function row(r, opened) {
  const label = (k) => ({ 'data-label': t(k) });
  const button = can('play') ? h('button', { type: 'button', 'aria-expanded': opened ? 'true' : 'false', onclick: (e) => toggle(e.currentTarget, r) },
    icon('play'), t('page.play')) : null;
  if (button) button.setAttribute('aria-label', t('page.play-recording', { time: when(r.start), line: r.line }));
  return h('tr', {},
    h('td', { class: 'nowrap', ...label('page.start-time') }, when(r.start)),
    h('th', { scope: 'row', ...label('page.line') }, h('span', {}, String(r.line), r.line_name ? h('span', { class: 'soft' }, ' ' + r.line_name) : '')),
    h('td', label('page.party'), h('span', { class: 'state' }, r.direction ? icon(r.direction) : '', r.direction ? code('direction', r.direction) + ' ' : '', party(r))),
    h('td', { class: 'num', ...label('page.duration') }, r.end ? long(r.duration_s) : h('span', { class: 'rec' }, icon('rec'), t('page.recording-now'))),
    h('td', label('page.trigger'), h('span', {}, code('trigger', r.trigger), r.simulated ? h('span', { class: 'badge sim' }, t('page.simulated')) : '', r.recovered ? h('span', { class: 'badge' }, t('page.recovered')) : '', r.encrypted ? h('span', { class: 'badge' }, t('page.encrypted')) : '')),
    h('td', label('page.notes'), h('span', {}, (r.notes || []).map((n) => n.text).join(' · '))),
    h('td', {}, h('div', { class: 'acts' }, button,
      can('export') && r.end ? h('a', { class: 'button', href: `${root}/recordings/${r.id}/export`, download: r.id + '.wav' }, icon('save'), t('page.export')) : null)));
}

function toggle(button, r) {
  const after = button.closest('tr');
  const open = after.nextElementSibling?.classList.contains('player');
  for (const p of body.querySelectorAll('tr.player')) {
    p.previousElementSibling.querySelector('[aria-expanded]')?.setAttribute('aria-expanded', 'false');
    p.remove();
  }
  if (open) return;
  button.setAttribute('aria-expanded', 'true');
  after.after(h('tr', { class: 'player', 'data-id': r.id }, h('td', { colspan: 7 }, player(r))));
  body.querySelector('tr.player audio')?.play().catch(() => {});
}

// player plays the sides of a recording and takes notes.
function player(r) {
  const sides = r.sides.map((side, i) => h('div', { class: 'side' }, h('span', {}, code('side', side)),
    h('audio', { controls: true, preload: i ? 'none' : 'metadata', 'aria-label': code('side', side), src: `${root}/recordings/${r.id}/audio?format=pcm16&side=${side}` })));
  const notes = h('ul', {}, (r.notes || []).map(note));
  const input = h('input', { name: 'text', maxlength: 4000, required: true, 'aria-label': t('page.new-note'), placeholder: t('page.new-note') });
  const form = h('form', { onsubmit: async (e) => {
    e.preventDefault();
    try {
      await ask('POST', `/recordings/${r.id}/notes`, { text: input.value });
      notes.append(note({ time: new Date().toISOString(), actor: '', text: input.value }));
      input.value = '';
      complain(null);
    } catch (err) {
      complain(err.message);
    }
  } }, input, h('button', { type: 'submit' }, t('page.add-note')));
  return h('div', { class: 'box' }, sides,
    h('p', { class: 'soft' }, [code('codec', r.codec), bytes(r.bytes), r.id].join(' · ')), notes, can('note') ? form : null);
}

const note = (n) => h('li', {}, n.text, ' ', h('span', { class: 'soft' }, [when(n.time), n.actor].filter(Boolean).join(' · ')));

// reveal opens the player of one recording that may not be in the table.
export async function reveal(id) {
  try {
    const r = await get('/recordings/' + encodeURIComponent(id));
    const tr = row(r);
    body.prepend(tr);
    tr.querySelector('[aria-expanded]')?.click();
    tr.querySelector('[aria-expanded]')?.focus();
  } catch (e) {
    complain(e.message);
  }
}
