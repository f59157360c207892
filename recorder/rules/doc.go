// Package rules decides which calls are recorded, and how: an ordered list of
// rules, of which the first that fits a call decides it. A call that none fits is
// recorded as the settings of its line say.
//
//	Facts of a call ─▶ Set.Decide ─▶ Decision: recorded or not, how, by which rule, why
//
// In: what is known of a call now. Out: what becomes of it, with codes that explain
// it. Callers: recorder, while a call is up; cmd/vaad, of calls that are over, for
// the preview. Both ask the same function, so that both say the same.
//
// Everything is pure: the same facts give the same decision, the random sample
// included, which is drawn from the call's ID. So every decision can be replayed.
//
// # What is not known yet
//
// A number often becomes known seconds after its call has begun. A rule that needs
// one then neither fits nor fails. The decision is [Decision.Undecided], and says
// record if any rule that may yet decide says so: what was recorded can be thrown
// away when a number is known, what was not cannot be had again. With Facts.Final
// everything is decided: a number that never became known is on no list.
package rules
