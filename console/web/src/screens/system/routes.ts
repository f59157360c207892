import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/system', load: () => import('./Health.svelte'), verb: 'status', nav: { text: 'nav.system', icon: 'system', group: 'box', order: 80 } },
  { path: '/system/charts', load: () => import('./Charts.svelte'), verb: 'status' },
  { path: '/system/logs', load: () => import('./Logs.svelte'), verb: 'maintain' },
  { path: '/system/support', load: () => import('./Support.svelte'), verb: 'maintain' },
  { path: '/system/version', load: () => import('./Version.svelte'), verb: 'status' },
];
