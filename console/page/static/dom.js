// Small helpers to build the page. Text always goes in as text, never as HTML.
const SVG = 'http://www.w3.org/2000/svg';

// h makes an element: h('td', {class: 'num'}, 'text', child…). Attributes that
// begin with "on" are listeners; null, undefined and false leave one out.
export function h(name, attrs, ...children) {
  const el = document.createElement(name);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k.startsWith('on')) el.addEventListener(k.slice(2), v);
    else el.setAttribute(k, v === true ? '' : v);
  }
  el.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', '#i-' + name);
  svg.append(use);
  return svg;
}

export const $ = (id) => document.getElementById(id);

// set changes an element's text only when it differs, so that nothing flickers
// and screen readers are not disturbed.
export function set(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

export function later(fn, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), ms);
  };
}
