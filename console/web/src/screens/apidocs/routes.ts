import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/api-docs', load: () => import('./Docs.svelte'), nav: { text: 'nav.apidocs', icon: 'docs', group: 'box', order: 95 } }];
