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
// answered-by, ended-by, why, fact, severity, role, verb; problem.CODE and
// problem.CODE.remedy; alarm.CODE and alarm.CODE.remedy; page (the built-in
// page), cli (vaactl).
package text
