// The areas of settings, as people look for them. Sections that stand in none
// appear under "more", with the general form.
export interface Area {
  id: string; // last part of the address, and of its words settings.area.ID
  sections: string[];
  icon: string;
}

export interface Group {
  id: string;
  areas: Area[];
}

export const groups: Group[] = [
  {
    id: 'lines',
    areas: [
      { id: 'lines', sections: ['lines'], icon: 'lines' },
      { id: 'groups', sections: ['groups'], icon: 'people' },
      { id: 'profiles', sections: ['profiles'], icon: 'copy' },
      { id: 'numbers', sections: ['trunk_groups', 'dialplan'], icon: 'calls' },
      { id: 'spans', sections: ['spans'], icon: 'boards' },
    ],
  },
  {
    id: 'recording',
    areas: [
      { id: 'rules', sections: ['rules'], icon: 'filter' },
      { id: 'lists', sections: ['number_lists'], icon: 'note' },
      { id: 'calendars', sections: ['calendars'], icon: 'clock' },
      { id: 'recorder', sections: ['recorder'], icon: 'record' },
    ],
  },
  {
    id: 'keeping',
    areas: [
      { id: 'retention', sections: ['retention', 'retention_classes'], icon: 'trash' },
      { id: 'backup', sections: ['backup', 'backup_targets'], icon: 'storage' },
      { id: 'proof', sections: ['encryption', 'evidence', 'assurance'], icon: 'protect' },
    ],
  },
  {
    id: 'box',
    areas: [
      { id: 'site', sections: ['site'], icon: 'info' },
      { id: 'mail', sections: ['mail'], icon: 'note' },
    ],
  },
];

export const areaOf = (id: string): Area | undefined => groups.flatMap((g) => g.areas).find((a) => a.id === id);

/** Groups of a line's keys, in the order of its form. What stands in none comes last. */
export const lineForm: { id: string; keys: string[] }[] = [
  { id: 'line', keys: ['name', 'use', 'group', 'profile', 'own_number', 'outside_prefix'] },
  { id: 'recording', keys: ['trigger', 'voice_dbm0', 'hangover_ms', 'key_start', 'key_stop', 'key_from', 'key_mute', 'preroll_ms', 'min_ms', 'max_ms', 'sides', 'codec', 'on_modem', 'class'] },
  { id: 'masking', keys: ['mask_keys', 'pause_key', 'resume_key', 'pause_max_s', 'pause_alarm_s', 'pause_back_ms'] },
  { id: 'electrical', keys: ['threshold_mv', 'ring_gap_ms', 'board', 'port', 'local_port'] },
  { id: 'calling', keys: ['extension', 'trunk_group', 'ring', 'dial', 'flash_ms', 'release', 'silence_ms', 'longest_ms', 'echo_ms', 'sends_caller'] },
];

/** Groups of a rule's keys. */
export const ruleForm: { id: string; keys: string[] }[] = [
  { id: 'rule', keys: ['name', 'off'] },
  { id: 'fits', keys: ['lines', 'groups', 'uses', 'direction', 'scope', 'caller', 'called', 'party', 'calendar', 'outside', 'heard'] },
  { id: 'says', keys: ['record', 'blank', 'percent', 'proof', 'trigger', 'codec', 'sides', 'class'] },
  { id: 'tells', keys: ['beep', 'announce', 'announce_to', 'announce_over', 'announce_else'] },
];
