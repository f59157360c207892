// Rules in words.
import { t } from '../../lib/text.svelte';
import { draft, type Key } from './draft.svelte';
import type { Tree } from './paths';
import { counts, isDefault, keyName, valueWords } from './words';

const fits = ['lines', 'groups', 'uses', 'direction', 'scope', 'caller', 'called', 'party', 'calendar', 'heard'];
const tells = ['percent', 'proof', 'trigger', 'codec', 'sides', 'class', 'beep', 'announce', 'blank'];

export const ruleKey = (): Key | undefined => draft.sections.find((s) => s.path === 'rules')?.fields?.find((f) => keyName(f) === 'list')?.item;
export const rules = (): Tree[] => (draft.value('rules.list') as Tree[] | undefined) ?? [];

function said(rule: Tree, keys: string[]): string {
  const k = ruleKey();
  return (k?.fields ?? [])
    .filter((f) => keys.includes(keyName(f)) && counts(f, rule))
    .flatMap((f) => {
      const v = rule[keyName(f)];
      if (v === undefined || v === null || isDefault(f, v) || v === '' || (Array.isArray(v) && !v.length)) return [];
      if (keyName(f) === 'calendar') return [`${rule['outside'] ? t('settings.rule.outside') : f.title}: ${String(v)}`];
      return [v === true ? f.title : `${f.title}: ${valueWords(f, v)}`];
    })
    .join(' · ');
}

export const conditions = (rule: Tree): string => said(rule, fits) || t('settings.rule.all-calls');
export const effects = (rule: Tree): string => said(rule, tells);
