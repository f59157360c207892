// The call journal: every call, missed and unrecorded ones included.
import { h, icon, $ } from './dom.js';
import { t, code } from './text.js';
import { get, query } from './client.js';
import { when, long, number, party } from './format.js';
import { filterForm, filterValues } from './recordings.js';

let complain = () => {};
let open = () => {};
let body, foot, next = '', generation = 0;

export function init(onError, onOpen) {
  complain = onError;
  open = onOpen;
}

export function draw() {
  const head = ['page.start-time', 'page.line', 'page.party', 'page.duration', 'page.answered', 'page.ended', 'page.keys', 'page.recording'];
  body = h('tbody');
  foot = h('p', { class: 'more' });
  $('calls').replaceChildren(filterForm('call-filter', () => load(false)),
    h('div', { class: 'scroll' }, h('table', {}, h('caption', {}, t('page.calls')),
      h('thead', {}, h('tr', {}, head.map((k) => h('th', { scope: 'col', class: k === 'page.duration' ? 'num' : null }, t(k))))), body)), foot);
  return load(false);
}

export async function load(append) {
  const mine = ++generation;
  let page;
  try {
    page = await get('/calls' + query({ ...filterValues($('call-filter')), limit: 50, after: append ? next : '' }));
    complain(null);
  } catch (e) {
    complain(e.message);
    return;
  }
  if (mine !== generation) return;
  next = page.next || '';
  if (!append) body.replaceChildren();
  body.append(...page.items.map(row));
  const count = page.total ? t(page.at_least ? 'page.count-at-least' : 'page.count', { n: number(page.total) }) : '';
  foot.replaceChildren(body.childElementCount ? count : t('page.no-calls'),
    next ? h('button', { type: 'button', onclick: () => load(true) }, t('page.more')) : '');
}

// why shows below a call how everything about it is known, or hides it again.
async function why(c, button) {
  const tr = button.closest('tr');
  if (button.getAttribute('aria-expanded') === 'true') {
    button.setAttribute('aria-expanded', 'false');
    tr.nextElementSibling.remove();
    return;
  }
  let w;
  try {
    w = await get('/calls/' + c.id + '/why');
    complain(null);
  } catch (e) {
    complain(e.message);
    return;
  }
  if (button.getAttribute('aria-expanded') === 'true') return; // pressed twice while it was asked
  button.setAttribute('aria-expanded', 'true');
  tr.after(h('tr', {}, h('td', { colspan: String(tr.childElementCount) },
    h('ul', {}, w.reasons.map((r) => h('li', {}, r.about === 'recording' ? t('page.recording') + ': ' + r.text : r.text))))));
}

function row(c) {
  const label = (k) => ({ 'data-label': t(k) });
  const answered = c.missed ? h('span', { class: 'state ring' }, icon('warn'), t('page.missed'))
    : c.answered_by ? code('answered-by', c.answered_by) : '';
  const ended = c.outcome && c.outcome !== 'answered' && !c.missed ? code('outcome', c.outcome) : code('ended-by', c.ended_by);
  const ask = h('button', { type: 'button', 'aria-expanded': 'false', 'aria-label': t('page.why-call', { time: when(c.start), line: c.line }), onclick: () => why(c, ask) }, t('page.why'));
  return h('tr', {},
    h('td', { class: 'nowrap', ...label('page.start-time') }, when(c.start)),
    h('th', { scope: 'row', ...label('page.line') }, h('span', {}, String(c.line), c.line_name ? h('span', { class: 'soft' }, ' ' + c.line_name) : '')),
    h('td', label('page.party'), h('span', { class: 'state' }, c.direction ? icon(c.direction) : '', c.direction ? code('direction', c.direction) + ' ' : '', party(c),
      c.name ? h('span', { class: 'soft' }, ' ' + c.name) : '')),
    h('td', { class: 'num', ...label('page.duration') }, c.end ? long(c.duration_s) : h('span', { class: 'state call' }, icon('call'), t('page.under-way'))),
    h('td', label('page.answered'), answered), h('td', label('page.ended'), ended), h('td', label('page.keys'), c.keys),
    h('td', label('page.recording'), h('div', { class: 'acts' }, c.recordings.length
      ? c.recordings.map((id, i) => h('button', { type: 'button', 'aria-label': t('page.play-recording', { time: when(c.start), line: c.line }), onclick: () => open(id) },
        icon('play'), c.recordings.length > 1 ? String(i + 1) : t('page.play')))
      : h('span', { class: 'soft' }, [c.rule ? t('page.rule', { rule: c.rule.split(':')[0] }) : '', ...(c.why || '').split(',').map((w) => w && code('why', w))].filter(Boolean).join(', ')), ask)));
}
