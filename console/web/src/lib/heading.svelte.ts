// The heading of the screen names the page: in the browser's tab and history, and
// to readers of the screen, whose place it is after a change of screen.
import { here } from './router.svelte';

/** Watches the heading within root; ends with the function that it answers. */
export function headed(root: Element, site: () => string): () => void {
  let at = here.path;
  let title = '';
  const look = (): void => {
    const h = root.querySelector<HTMLElement>('h1');
    const text = h?.textContent?.replace(/\s+/g, ' ').trim();
    if (!h || !text) return;
    const tab = root.querySelector('main nav a[aria-current="page"]')?.textContent?.trim();
    const now = [...new Set([tab, text, site()])].filter(Boolean).join(' – ');
    if (now !== title || document.title !== now) document.title = title = now;
    if (at === here.path) return;
    at = here.path;
    const focus = document.activeElement;
    if (focus && focus !== document.body && focus.closest('main, dialog')) return; // the screen has chosen itself
    h.tabIndex = -1;
    h.focus({ preventScroll: true });
  };
  const seen = new MutationObserver(look);
  seen.observe(root, { childList: true, characterData: true, subtree: true, attributes: true, attributeFilter: ['aria-current'] });
  look();
  return () => seen.disconnect();
}
