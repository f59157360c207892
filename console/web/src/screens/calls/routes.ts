import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/calls', load: () => import('./List.svelte'), verb: 'calls', nav: { text: 'nav.calls', icon: 'calls', group: 'work', order: 30 } },
  { path: '/caller-ids', load: () => import('./CallerIDs.svelte'), verb: 'play', under: '/calls' },
  { path: '/calls/:id', load: () => import('./Call.svelte'), verb: 'calls' },
];
