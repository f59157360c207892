// Conditions that someone should know of, each with what to do.
import { h, icon, $ } from './dom.js';
import { t, code } from './text.js';
import { get, ask } from './client.js';
import { when } from './format.js';

let can = () => false;
let complain = () => {};

export function init(allowed, onError) {
  can = allowed;
  complain = onError;
}

export async function load() {
  if (!can('alarm-read')) return;
  let page;
  try {
    page = await get('/alarms');
  } catch (e) {
    complain(e.message);
    return;
  }
  const count = page.items.filter((a) => a.state === 'active').length;
  $('alarm-count').hidden = count === 0;
  $('alarm-count').textContent = String(count);
  $('alarms').replaceChildren(...(page.items.length ? page.items.map(card) : [h('p', { class: 'empty' }, icon('ok'), ' ', t('page.no-alarms'))]));
}

function card(a) {
  return h('article', { class: 'alarm ' + a.severity },
    h('h3', {}, icon('warn'), h('span', {}, code('severity', a.severity) + ': ' + a.text)),
    h('p', {}, a.remedy),
    h('div', { class: 'foot' }, h('span', {}, t('page.since', { time: when(a.first) })), a.subject ? h('span', {}, a.subject) : '', h('code', {}, a.code),
      a.acked_by ? h('span', {}, t('page.acked', { actor: a.acked_by, time: when(a.acked) }))
        : can('alarm-ack') ? h('button', { type: 'button', onclick: () => ack(a) }, icon('ok'), t('page.acknowledge')) : ''));
}

async function ack(a) {
  try {
    await ask('POST', `/alarms/${encodeURIComponent(a.id)}/ack`);
    complain(null);
    await load();
    $('tab-alarms').focus();
  } catch (e) {
    complain(e.message);
  }
}
