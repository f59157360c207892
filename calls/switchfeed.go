package calls

// ChangeKind is the stable code of a kind of change.
type ChangeKind string

const (
	LegChanged    ChangeKind = "leg"          // Leg: begun or changed; in its last one its State is "ended"
	BridgeChanged ChangeKind = "bridge"       // Bridge: begun or changed
	BridgeEnded   ChangeKind = "bridge-ended" // Bridge: its legs are those it had
	PlayEnded     ChangeKind = "played"       // Leg; Request: of Play; Text: "end", "stopped", "key 5"
	KeysWereSent  ChangeKind = "keys-sent"    // Leg; Request: of Keys
	KeyPressed    ChangeKind = "key"          // Leg; Text: the key
	Failed        ChangeKind = "failed"       // Leg where there is one; Failure: something that the switch did by itself, or after an operation had returned
	Resync        ChangeKind = "resync"       // changes were lost to this watcher: fetch Legs and Bridges anew
)

// A Change is something that became different. What it points to never changes.
type Change struct {
	Kind    ChangeKind
	Leg     *Leg
	Bridge  *Bridge
	Request string
	Text    string
	Failure *Failure
}

// A Watcher gets the changes of a Switch: as many as it takes, up to 1,024 behind;
// then Resync.
type Watcher struct{ c chan Change }

// C gives the changes. It is closed by Close and when the Switch ends.
func (w *Watcher) C() <-chan Change { return w.c }

// Close ends the watching.
func (w *Watcher) Close() {}

// Watch begins to watch.
func (s *Switch) Watch() *Watcher { return &Watcher{c: make(chan Change, 1024)} }
