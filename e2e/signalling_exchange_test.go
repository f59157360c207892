package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/api"
)

// A spanDef is a span of an exchange with signalling of its own.
type spanDef struct {
	kind     string // of switch
	network  bool   // vaad is the network's side
	overlap  bool
	channels int // of it that are lines; 0: all
}

// american reports whether the span has 24 timeslots.
func (s spanDef) american() bool { return s.kind != "euroisdn" && s.kind != "qsig" }

func (s spanDef) size() (channels, dchannel int) {
	if s.american() {
		return 24, 24
	}
	return 31, 16
}

// named says whether the switch tells a name, by side of who calls: Q.931's display
// is the network's, names as a facility are anybody's.
func (s spanDef) named(byNetwork bool) bool {
	switch s.kind {
	case "qsig", "ni2":
		return true
	case "euroisdn", "dms100", "5ess":
		return byNetwork
	}
	return false
}

// A link is such a span with libpri at its other end.
type link struct {
	*farEnd
	spanDef
	span   string // as BOARD/NUMBER
	group  string
	prefix string // that stations dial
	slots  []int
	line   map[int]int    // by timeslot
	bearer map[int]*Actor // what libpri's side says and hears in its channels
}

// An exchange is a daemon with telephones and links, all of which are played.
type exchange931 struct {
	t      *testing.T
	ctx    context.Context
	d      *Daemon
	api    *api.Client
	links  []*link
	phones []*Actor // extension 801 is the first
	idle   chan int // telephones that nobody uses

	mu       sync.Mutex
	legs     []api.Leg // as they were lately
	seen     int       // how often they were looked at
	serial   int
	done     []*deed
	made     int
	faults   []string
	misdials int // of telephones whose keys were not understood
}

// newExchange931 starts all of it. spans of one board are those of one element.
func newExchange931(t *testing.T, ctx context.Context, phones int, boards ...[]spanDef) *exchange931 {
	t.Helper()
	prog := buildFar(t)
	x := &exchange931{t: t, ctx: ctx, idle: make(chan int, phones)}
	var config, lines strings.Builder
	config.WriteString(quietly)
	number := 0
	actors := map[string][]*Peer{} // by board
	for i, spans := range boards {
		board := fmt.Sprintf("b%d", i+1)
		fmt.Fprintf(&config, "[[board]]\ndriver = \"sim\"\nid = %q\nclock = \"real\"\nlines = [", board)
		for n := range phones {
			if i > 0 {
				break
			}
			number++
			config.WriteString(`{kind="fxs"},`)
			fmt.Fprintf(&lines, "[settings.lines.%d]\nextension = \"%d\"\ntrigger = \"off\"\n", number, 801+n)
			a := NewActor(number)
			x.phones = append(x.phones, a)
			actors[board] = append(actors[board], &a.Peer)
			x.idle <- n
		}
		first := number
		var defs []string
		for j, def := range spans {
			l := &link{spanDef: def, span: fmt.Sprintf("%s/%d", board, j+1), group: fmt.Sprintf("g%d", len(x.links)+1), prefix: fmt.Sprintf("9%d", 10+len(x.links)),
				line: map[int]int{}, bearer: map[int]*Actor{}}
			size, d := def.size()
			law := "alaw"
			if def.american() {
				law = "ulaw"
			}
			defs = append(defs, fmt.Sprintf("{channels=%d}", size))
			for slot := 1; slot <= size && (def.channels == 0 || len(l.slots) < def.channels); slot++ {
				if slot == d {
					continue
				}
				number++
				fmt.Fprintf(&config, `{kind="bchan",law=%q},`, law)
				fmt.Fprintf(&lines, "[settings.lines.%d]\ntrunk_group = %q\ntrigger = \"off\"\n", number, l.group)
				l.slots = append(l.slots, slot)
				l.line[slot] = number
				a := NewActor(number - first)
				if i == 0 {
					a = NewActor(number)
				}
				l.bearer[slot] = a
				actors[board] = append(actors[board], &a.Peer)
			}
			side := "user"
			if def.network {
				side = "network"
			}
			fmt.Fprintf(&lines, "[settings.spans.%q]\nside = %q\nswitch = %q\noverlap = %v\n", l.span, side, def.kind, def.overlap)
			fmt.Fprintf(&lines, "[[settings.dialplan.outside]]\nprefix = %q\ngroups = [%q]\nnumbers = [\"xxxxxxx\"]\n", l.prefix, l.group)
			x.links = append(x.links, l)
		}
		fmt.Fprintf(&config, "]\nspans = [%s]\n", strings.Join(defs, ", "))
	}
	lines.WriteString("[[settings.dialplan.incoming]]\ndirect = true\n")
	x.d = start(t, scratch(t), config.String()+lines.String())
	var err error
	if x.api, err = api.New(api.Options{Root: x.d.Root, Lang: "en"}); err != nil {
		t.Fatal(err)
	}
	for board, all := range actors {
		for _, p := range all {
			p.Ahead = 2
		}
		ps, err := Dial(sockets(x.d, board), all...)
		if err != nil {
			t.Fatalf("%v\n%s", err, x.d.Log())
		}
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- ps.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	for i, l := range x.links {
		board, span, _ := strings.Cut(l.span, "/")
		options := []string{"--switch", l.kind, "--seed", fmt.Sprint(*seed)}
		if l.overlap {
			options = append(options, "--overlap")
		}
		l.farEnd = startFar(t, prog, filepath.Join(sockets(x.d, board), "span-0"+span+".dch.sock"), *seed+uint64(i), !l.network, options...)
	}
	x.watch()
	return x
}

// watch looks at the legs some times a second.
func (x *exchange931) watch() {
	ctx, cancel := context.WithCancel(x.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		poll := time.NewTicker(100 * time.Millisecond)
		defer poll.Stop()
		for ctx.Err() == nil {
			if legs, err := x.api.Legs(ctx); err == nil {
				x.mu.Lock()
				x.legs = legs
				x.seen++
				x.mu.Unlock()
			}
			<-poll.C
		}
	}()
	x.t.Cleanup(func() { cancel(); <-done })
}

// leg waits for a leg of which something is so.
func (x *exchange931) leg(ctx context.Context, what string, is func(*api.Leg) bool) (api.Leg, error) {
	var found api.Leg
	err := Until(ctx, "a leg "+what, func() (bool, error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		i := slices.IndexFunc(x.legs, func(l api.Leg) bool { return is(&l) })
		if i >= 0 {
			found = x.legs[i]
		}
		return i >= 0, nil
	})
	return found, err
}

// noLeg waits until no leg is such, from now on.
func (x *exchange931) noLeg(ctx context.Context, what string, is func(*api.Leg) bool) error {
	x.mu.Lock()
	from := x.seen
	x.mu.Unlock()
	return Until(ctx, "no leg "+what, func() (bool, error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.seen > from+1 && !slices.ContainsFunc(x.legs, func(l api.Leg) bool { return is(&l) }), nil
	})
}

// unique is a number that no other call has, of so many digits.
func (x *exchange931) unique(digits int) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.serial++
	return fmt.Sprintf("2%0*d", digits-1, x.serial)
}

// up waits until the data links are established and the channels were restarted.
func (x *exchange931) up() {
	x.t.Helper()
	err := Until(x.ctx, "the links are up", func() (bool, error) {
		all, err := Rows[struct {
			Line  int
			State string
		}](x.ctx, x.d, "lines")
		for _, l := range all {
			if l.State != "idle" {
				return false, err
			}
		}
		return err == nil && len(all) > 0, err
	})
	if err != nil {
		lines, _ := x.d.Ctl(context.Background(), "lines")
		x.t.Fatalf("%v\n%s\n%s", err, lines, x.d.Log())
	}
}

func (x *exchange931) misdial() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.misdials++
}
