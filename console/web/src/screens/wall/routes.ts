import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/lines', load: () => import('./Wall.svelte'), verb: 'view-lines', nav: { text: 'nav.lines', icon: 'lines', group: 'work', order: 10 } },
  { path: '/lines/:n', load: () => import('./Panel.svelte'), verb: 'view-lines' },
];
