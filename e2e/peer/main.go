// Command peer plays the other ends of lines of a simulated board for programs
// that cannot speak to line sockets themselves, as the tests of the console's
// page in a browser.
//
//	stdin:  ID LINE step; step; …  ─▶ peer ─▶ line-NNN.sock ─▶ board
//	        ID dchSPAN frame frame …  ─▶ peer ─▶ span-NN.dch.sock ─▶ board
//	stdout: ID done | ID error: …  ◀─
//
// In: one wish per line of standard input (steps.go has the steps). Out: an
// answer when all of its steps have been played. Wishes of one line are played
// in turn, those of different lines beside each other. Between wishes a line is
// held, and what hums goes on; with -leave the peer leaves a line as soon as
// nothing is wished of it, without which a board whose clock is "peers" would
// run as fast as it can. It ends with its standard input. Caller: console/web/tests.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/driver/sim/peer"
)

func main() {
	dir := flag.String("dir", "", "folder of the board's line sockets")
	leave := flag.Bool("leave", false, "leave a line when nothing is wished of it")
	flag.Parse()
	all := &lines{dir: *dir, leave: *leave, of: map[int]*line{}, spans: map[int]net.Conn{}}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		all.wish(in.Text())
	}
}

// lines are all that somebody has wished something of.
type lines struct {
	dir   string
	leave bool

	mu sync.Mutex // of what follows, and of standard output
	of map[int]*line

	spans map[int]net.Conn // D-channels
}

// A line is one that is or was connected.
type line struct {
	number int
	queue  []*wish
	open   bool
	hum    hum
}

// A wish is one line of standard input.
type wish struct {
	id    string
	steps []step
}

func (l *lines) answer(id, what string) { fmt.Println(id, what) }

// wish puts a wish into its line's queue and connects the line if it is not.
func (l *lines) wish(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, rest, _ := strings.Cut(text, " ")
	number, words, _ := strings.Cut(rest, " ")
	if span, ok := strings.CutPrefix(number, "dch"); ok {
		l.dchannel(id, span, words)
		return
	}
	n, err := strconv.Atoi(number)
	var steps []step
	if err == nil {
		steps, err = parse(words)
	}
	if err != nil {
		l.answer(id, "error: "+err.Error())
		return
	}
	one := l.of[n]
	if one == nil {
		one = &line{number: n}
		l.of[n] = one
	}
	one.queue = append(one.queue, &wish{id, steps})
	if !one.open {
		one.open = true
		go l.play(one)
	}
}

// play holds one line until the board closes it or, with -leave, until nothing
// is wished.
func (l *lines) play(one *line) {
	p, err := dial(l.dir, one.number)
	if err == nil {
		err = p.Play(context.Background(), peer.Script{Next: func(p *peer.Peer, _ int, block []int16) bool { return l.next(one, p, block) }})
		_ = p.Close() // the board has closed it, or shall
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one.open = false
	if err == nil && len(one.queue) > 0 { // wished between the last block and here
		one.open = true
		go l.play(one)
		return
	}
	for _, w := range one.queue {
		l.answer(w.id, fmt.Sprintf("error: line %d: %v", one.number, err))
	}
	one.queue = nil
}

// next makes the block that answers the board's.
func (l *lines) next(one *line, p *peer.Peer, block []int16) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(block)
	for len(one.queue) > 0 {
		w := one.queue[0]
		for len(w.steps) > 0 {
			s := &w.steps[0]
			for _, e := range s.events {
				if err := p.Event(e, 0); err != nil {
					return false
				}
			}
			s.events = nil
			if s.hums != nil {
				one.hum, s.hums = *s.hums, nil
			}
			if len(s.audio) > 0 || s.silence > 0 {
				s.audio = s.audio[copy(block, s.audio):]
				s.silence = max(0, s.silence-1)
				if one.hum.hz > 0 && s.quiet {
					one.hum.fill(block)
				}
				return true
			}
			w.steps = w.steps[1:]
		}
		l.answer(w.id, "done")
		one.queue = one.queue[1:]
	}
	one.hum.fill(block)
	return !l.leave
}

// dial waits up to a minute for the socket: the daemon answers before its
// boards are open.
func dial(dir string, n int) (*peer.Peer, error) {
	for end := time.Now().Add(time.Minute); ; {
		p, err := peer.Dial(dir, n)
		if err == nil || time.Now().After(end) {
			return p, err
		}
		<-time.After(20 * time.Millisecond)
	}
}
