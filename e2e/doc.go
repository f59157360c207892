// Package e2e proves the promises of the whole product with the built binaries:
// it starts bin/vaad, plays the other end of its lines through the line
// sockets, and asks through vaactl and the API only.
//
//	peers ─▶ line sockets ─▶ vaad (real process) ─▶ recordings ─▶ vaactl ─▶ compare with what the peers sent
//
// In: nothing but the repository and, for the full proofs, Debian packages that
// .ci/need installs. Out: test results and the figures of docs/proof. Callers:
// `make test` (small counts), .ci/run (reduced counts), `make prove-record` and
// `make stress` (full counts, flag -full). The files that are not tests hold
// the harness: the daemon as a process, the peers, and audio that carries its
// own block number.
package e2e
