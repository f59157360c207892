package calls

import "context"

var errStub = &Failure{Code: NotRunning, Text: "the switch does not run"}

// Call begins a call and returns its leg as soon as the line has begun it. With a
// group, trunks that fail before the number is sent are followed by the next.
func (s *Switch) Call(ctx context.Context, actor string, r CallRequest) (Leg, error) {
	return Leg{}, errStub
}

// Answer answers a call that rings at a trunk. Stations that ring for it stop.
func (s *Switch) Answer(ctx context.Context, actor, leg string) error { return errStub }

// Hangup ends a leg, or refuses it. cause is of ITU-T Q.850; 0: normal clearing.
func (s *Switch) Hangup(ctx context.Context, actor, leg string, cause int) error { return errStub }

// Bridge puts legs together, out of the bridges they are in, and returns the
// bridge's ID. When fewer than two are left who talk, the bridge ends and releases
// the rest. Legs that ring here are answered.
func (s *Switch) Bridge(ctx context.Context, actor string, legs ...string) (string, error) {
	return "", errStub
}

// Unbridge takes a leg out of its bridge; nobody is released, and a bridge that is
// left with one party ends. The legs stay up until they are hung up.
func (s *Switch) Unbridge(ctx context.Context, actor, leg string) error { return errStub }

// Hold lets a leg hear music in place of its bridge. tell: a digital far end is told so.
func (s *Switch) Hold(ctx context.Context, actor, leg string, tell bool) error { return errStub }

// Unhold brings a held leg back to its bridge.
func (s *Switch) Unhold(ctx context.Context, actor, leg string) error { return errStub }

// Transfer passes a leg on to a number of the plan and lets go of the party it
// talks with. If nobody answers there, a station that passed it on rings again.
func (s *Switch) Transfer(ctx context.Context, actor, leg, number string) error { return errStub }

// TransferTo puts two legs together and lets go of the parties each talks with.
func (s *Switch) TransferTo(ctx context.Context, actor, leg, other string) error { return errStub }

// AddToConference puts a leg into a bridge, out of the one it is in.
func (s *Switch) AddToConference(ctx context.Context, actor, leg, bridge string) error {
	return errStub
}

// Role changes what a leg does in its bridge. to: the leg that hears a whisperer.
func (s *Switch) Role(ctx context.Context, actor, leg string, role Role, to string) error {
	return errStub
}

// Supervise lets somebody into the bridge of a leg: a leg that is up, or (leg "")
// the station of a line, which rings first. A whisperer is heard by target.
func (s *Switch) Supervise(ctx context.Context, actor string, line int, leg, target string, role Role) (Leg, error) {
	return Leg{}, errStub
}

// Play lets a leg, or all of a bridge, hear something, and returns an ID that comes
// back in Change.Request when it is over.
func (s *Switch) Play(ctx context.Context, actor string, r PlayRequest) (string, error) {
	return "", errStub
}

// StopPlay stops what plays at a leg or a bridge.
func (s *Switch) StopPlay(ctx context.Context, actor, where string) error { return errStub }

// Keys sends keys (0-9 * # A-D, "," for a pause of 1 s) in a call and returns an ID
// that comes back in Change.Request when they are out.
func (s *Switch) Keys(ctx context.Context, actor, leg, digits string) (string, error) {
	return "", errStub
}

// Legs is a snapshot of all legs, in order of their IDs.
func (s *Switch) Legs() []Leg { return nil }

// Leg is a snapshot of one.
func (s *Switch) Leg(id string) (Leg, bool) { return Leg{}, false }

// Bridges is a snapshot of all bridges, in order of their IDs.
func (s *Switch) Bridges() []Bridge { return nil }
