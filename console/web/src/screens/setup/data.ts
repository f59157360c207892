// The first run: its steps, and what became of them.
import { api, get, type Schemas } from '../../lib/api';

export type Setup = Schemas['Setup'];
export type Step = Setup['steps'][number]['id'];
export type State = Setup['steps'][number]['state'];

export const load = (): Promise<Setup> => get(api.GET('/setup'));
export const mark = (step: Step, state: State): Promise<Setup> => get(api.PUT('/setup/steps/{step}', { params: { path: { step } }, body: { state } }));

/** What a step gets: what was found, and what to call when it is done or left out. */
export interface StepProps {
  setup: Setup;
  next: (state: State) => Promise<void>;
}
