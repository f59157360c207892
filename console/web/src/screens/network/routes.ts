import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/network', load: () => import('./Network.svelte'), verb: 'settings-read', nav: { text: 'nav.network', icon: 'network', group: 'box', order: 75 } },
];
