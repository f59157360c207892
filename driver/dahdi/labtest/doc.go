// Package labtest plays the far end of DAHDI channels in the project's kernel
// lab: the exchange that rings, the telephone that is picked up, the other PBX,
// the program that owns a channel; and it makes and removes the spans that they
// are on.
//
//	tests in the lab ─▶ labtest ─▶ raw system calls on the peers' channels ─▶ kernel ─▶ driver/dahdi ─▶ tests
//
// In: what a test wants done. Out: what the kernel says on the far side.
// Callers: the tests of driver/dahdi and e2e that carry the build tag lab. It is
// written from include/dahdi/user.h and shares no code with driver/dahdi, so
// that one cannot hide a mistake of the other. A [Pattern] is audio that says
// itself which line and which sample it is.
package labtest
