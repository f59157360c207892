// Whether anything is heard; apart from what plays, so that pages that play nothing do not load it.
let now = $state(false);
export const anyHeard = {
  get now(): boolean {
    return now;
  },
  set now(v: boolean) {
    now = v;
  },
};
