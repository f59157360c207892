import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/settings', load: () => import('./Settings.svelte'), verb: 'settings-read', nav: { text: 'nav.settings', icon: 'settings', group: 'box', order: 60 } },
  { path: '/settings/*', load: () => import('./Settings.svelte'), verb: 'settings-read' },
];
