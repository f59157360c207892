import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/alarms', load: () => import('./Active.svelte'), verb: 'alarm-read', nav: { text: 'nav.alarms', icon: 'alarm', group: 'work', order: 40 } },
  { path: '/alarms/history', load: () => import('./History.svelte'), verb: 'alarm-read' },
  { path: '/alarms/routes', load: () => import('./Routes.svelte'), verb: 'alarm-read' },
];
