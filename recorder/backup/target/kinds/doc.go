// Package kinds opens a target of any kind. It links the libraries of all of them;
// package target, which the engine knows, links none.
//
// In: a [target.Config]. Out: a target.Target. Callers: cmd/vaad and vaactl.
package kinds
