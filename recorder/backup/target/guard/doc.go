// Package guard keeps the promises all kinds of targets make alike: every call
// ends in time, whatever hangs; every error says target, operation and name and
// has a class; Puts of one name wait for each other; after Close nothing works.
//
// In: what a kind does for one call, as a function that reports progress. Out:
// its result, or why it was given up. Callers: the packages below target, one
// [Guard] per target; it knows no medium and no protocol.
//
// # Caveats
//
// What hangs in the kernel (a dead network share) cannot be stopped. It is left
// behind in its goroutine, and after [maxHung] of those every further call fails
// at once until they come back. Such a call may still be reading its source when
// it is given up; it reads no further once the read under way returns.
package guard
