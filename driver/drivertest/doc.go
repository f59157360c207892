// Package drivertest says what every board must do, by testing it.
//
//	open ─▶ TestBoard ─▶ one subtest per promise of package driver
//	        TestGuard ─▶ the same for the guard that stands before every tap
//	        Fake      ─▶ a board made of a script, for the tests of others
//
// In: a function that opens a board. Out: failed tests. Callers: the tests of
// every driver (sim in both clocks, framelog's player, later the cards) and of
// those who need a board without hardware (channels, recorder).
//
// A driver's test is
//
//	func TestBoard(t *testing.T) {
//		drivertest.TestBoard(t, func(t *testing.T) driver.Board { … })
//	}
//
// TestBoard opens the board anew for each promise and closes it. It must not
// run in parallel with other tests of the same process: it counts allocations
// and goroutines. What a board cannot do is said in Options, with the reason
// beside it.
package drivertest
