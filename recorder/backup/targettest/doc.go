// Package targettest holds what tests of backups need: a conformance suite that
// every kind of target passes ([Run]), and a target in memory with faults on
// demand ([Memory]).
//
// In: a way to make empty places ([Place]) and the faults the place can be given.
// Out: failures that name the promise that was broken. Callers: the tests of the
// packages below recorder/backup; nothing that is shipped.
package targettest
