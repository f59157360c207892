import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/replay/:recording', load: () => import('./Replay.svelte'), verb: 'search', under: '/recordings' }];
