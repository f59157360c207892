import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/jobs', load: () => import('./Jobs.svelte'), verb: 'status', nav: { text: 'nav.jobs', icon: 'jobs', group: 'box', order: 65 } }];
