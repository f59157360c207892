import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/recordings', load: () => import('./List.svelte'), verb: 'search', nav: { text: 'nav.recordings', icon: 'recordings', group: 'work', order: 20 } },
  { path: '/recordings/:id', load: () => import('./Player.svelte'), verb: 'search' },
];
