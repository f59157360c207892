// Package text holds every word that vaad shows to people, in English and
// Simplified Chinese.
//
//	key "state.ringing" + language ─▶ Text ─▶ "Ringing" / "振铃"
//	Accept-Language, LANG ─▶ Match ─▶ "en" or "zh"
//
// In: a stable key (kebab-case code below a dotted group), a language and named
// values. Out: the words. Callers: console (titles and remedies of problems,
// alarms, the page's catalogue) and cmd/vaactl. Domain packages hold codes
// only; the tests here and in console compare the codes with the keys, so a
// code without words cannot be released.
//
// The groups: state, board, kind, use, trigger, direction, codec, side,
// answered-by, ended-by, why, fact, severity, role, verb, cap; leg-state, leg-role
// and prompt-source; wish (why a line refuses what is wished); problem.CODE and
// problem.CODE.remedy; the same of alarm, fault (why a board or a line does not
// work), span-alarm and line-note; invalid (what is wrong with a parameter of a
// request); known-by, caller-lost and modem-rule (in stories); heard… (what
// analyse hears); page (the built-in page); cli, help and usage (vaactl: what it
// prints, its commands and flags, and mistakes in giving them). In files of their
// own, which pages do not read: setting.KEY, its .help, .none (what no value means)
// and .value.VALUE; setting-fault (what is wrong with a value).
package text
