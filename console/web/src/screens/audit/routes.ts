import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/audit', load: () => import('./Audit.svelte'), verb: 'audit-read', nav: { text: 'nav.audit', icon: 'audit', group: 'box', order: 85 } }];
