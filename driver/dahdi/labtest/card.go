package labtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// control is the file of the lab's test card (lab/fakecard): what is written
// acts on the cards, reading tells their state.
const control = "/dev/fakecard"

// LoadCards loads the test card's module with these cards, such as
// "fxo8,fxs2,e1+e1".
func LoadCards(cards string) error { return run("modprobe", "fakecard", "cards="+cards) }

// UnloadCards removes them all.
func UnloadCards() error { return run("rmmod", "fakecard") }

// Modules loads modules of the kernel; Unload removes them in that order.
func Modules(names ...string) error { return run("modprobe", append([]string{"-a"}, names...)...) }

// Zones loads the tone zones of /etc/dahdi/system.conf, which ringing needs.
func Zones() error { return run("dahdi_cfg") }

// Unload removes modules.
func Unload(names ...string) error { return run("rmmod", names...) }

func run(program string, words ...string) error {
	if out, err := exec.Command(program, words...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(words, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// Tell writes lines to the cards' control file; all take effect in the same
// millisecond.
func Tell(lines ...string) error {
	if err := os.WriteFile(control, []byte(strings.Join(lines, "\n")+"\n"), 0); err != nil {
		return fmt.Errorf("%q: %w", lines, err)
	}
	return nil
}

// Load gives a port audio of its law to be played.
func Load(port string, codes []byte) error {
	f, err := os.OpenFile(control, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "load %s %d\n", port, len(codes))
	for err == nil && len(codes) > 0 {
		n := min(len(codes), 60000)
		_, err = f.Write(codes[:n])
		codes = codes[n:]
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return err
}

// Look returns what the state says of "card 1", "span 1:1" or "port 1:3".
func Look(what string) (map[string]string, error) {
	b, err := os.ReadFile(control)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), what+" ")
		if !ok {
			continue
		}
		m := map[string]string{}
		for _, w := range strings.Fields(rest) {
			k, v, _ := strings.Cut(w, "=")
			m[k] = v
		}
		return m, nil
	}
	return nil, fmt.Errorf("%s does not tell of %s", control, what)
}

// Number is one figure of what Look tells.
func Number(what, key string) (int, error) {
	m, err := Look(what)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(m[key])
	if err != nil {
		return 0, fmt.Errorf("%s: %s=%q", what, key, m[key])
	}
	return n, nil
}

// CardSpan finds span n (from 1) of a test card.
func CardSpan(card, n int) (Span, error) {
	what := fmt.Sprintf("span %d:%d", card, n)
	number, err := Number(what, "spanno")
	if err != nil {
		return Span{}, err
	}
	ports, err := Number(what, "ports")
	if err != nil {
		return Span{}, err
	}
	base, err := strconv.Atoi(text(filepath.Join("/sys/bus/dahdi_spans/devices", fmt.Sprintf("span-%d", number)), "basechan"))
	return Span{Number: number, Base: base, Channels: ports, ID: fmt.Sprintf("fakecard-%d", card)}, err
}

// A Stretch is a part of what was heard from a port that plays the numbered
// pattern, without a gap.
type Stretch struct {
	At     int   // where it begins
	Sample int64 // which sample of the card's clock that is
	Len    int
}

// numbered is octet j of chunk n: 1jjjnnnn, with the j-th nibble of n.
func numbered(sample int64) byte {
	n, j := uint32(sample/8), uint(sample%8)
	return 0x80 | byte(j)<<4 | byte(n>>(4*j)&0xf)
}

// Stretches finds the numbered pattern in codes: the longest parts in which
// each sample follows the one before.
func Stretches(codes []byte) []Stretch {
	var all []Stretch
	free := 0 // what comes before belongs to a stretch
	for at := 0; at+8 <= len(codes); at++ {
		n := int64(0)
		for j := range 8 {
			c := codes[at+j]
			if c>>4 != 8|byte(j) {
				n = -1
				break
			}
			n |= int64(c&0xf) << (4 * j)
		}
		if n < 0 {
			continue
		}
		from, first := at, n*8
		for from > free && first > 0 && codes[from-1] == numbered(first-1) {
			from, first = from-1, first-1
		}
		end := at + 8
		for end < len(codes) && codes[end] == numbered(n*8+int64(end-at)) {
			end++
		}
		all = append(all, Stretch{from, first, end - from})
		free, at = end, end-1
	}
	return all
}
