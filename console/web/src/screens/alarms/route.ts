// An entry of the setting alarm_routes.
export interface RouteDoc {
  off: boolean;
  severities: string[];
  codes: string[];
  subjects: string[];
  groups: string[];
  mail_to: string[];
  webhook: string;
  webhook_roots: string;
  delay_s: number;
  repeat_min: number;
  ended: boolean;
  quiet_from: string;
  quiet_to: string;
  flood: number;
  console: string;
}

/** A new route, with the defaults of the daemon, and this console's address. */
export function blank(): RouteDoc {
  return {
    off: false, severities: [], codes: [], subjects: [], groups: [], mail_to: [], webhook: '', webhook_roots: '', delay_s: 120, repeat_min: 0, ended: true,
    quiet_from: '', quiet_to: '', flood: 10, console: location.origin,
  };
}

/** Words that stand between commas, blanks or line ends. */
export function list(s: string): string[] {
  return s.split(/[\s,;，；]+/).filter(Boolean);
}
