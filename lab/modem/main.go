// Command modem is a voice modem made of software: for training and tests
// without hardware. The host's end is a pseudo terminal (--pty LINK) or a terminal
// that exists (--tty /dev/ttyGS0); the telephone line is the socket line-001.sock
// in --line DIR, at which any far end of a simulated board can play the exchange.
// On its standard input it takes words that make it ill: see help. People and
// tests run it; it is not shipped.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"vaad/driver/voicemodem/emulator"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "modem:", err)
		os.Exit(1)
	}
}

func run() error {
	chip := flag.String("chip", "cx93001", "which chip; --chips lists them")
	chips := flag.Bool("chips", false, "list the chips")
	link := flag.String("pty", "", "make a pseudo terminal and this link to it")
	tty := flag.String("tty", "", "use a terminal that exists")
	dir := flag.String("line", "", "folder of the line socket")
	ppm := flag.Float64("ppm", 0, "how fast the modem's clock is, in parts per million")
	country := flag.String("country", "", "whose tones are meant where several fit (ISO 3166); none: China's")
	trace := flag.Bool("trace", false, "print the dialogue")
	flag.Parse()
	if *chips {
		for _, c := range emulator.Chips() {
			fmt.Printf("%-12s %s\n", c.Name, c.Say)
		}
		return nil
	}
	if *dir == "" || (*link == "") == (*tty == "") || flag.NArg() > 0 {
		return errors.New("usage: modem [--chip NAME] --pty LINK | --tty DEVICE --line DIR [--ppm N] [--country CC] [--trace]; see docs/lab.md")
	}
	c, err := emulator.ByName(*chip)
	if err != nil {
		return err
	}
	o := emulator.Options{Chip: c, Dir: *dir, PPM: *ppm, Log: func(s string) { fmt.Println(s) }}
	if *country != "" {
		o.Countries = []string{strings.ToUpper(*country)}
	}
	if *trace {
		began := time.Now()
		o.Trace = func(way, text string) {
			fmt.Printf("%9.3f %-5s %s\n", time.Since(began).Seconds(), way, text)
		}
	}
	m, err := emulator.New(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	p := &port{modem: m, link: *link, tty: *tty}
	defer p.unplug()
	go p.keep(ctx)
	go words(m, p)
	return m.Run(ctx)
}

// port is the host's end: it is plugged in again when it is lost, until it is
// unplugged on purpose.
type port struct {
	modem     *emulator.Modem
	link, tty string

	mu   sync.Mutex
	out  bool // unplugged on purpose
	lost <-chan struct{}
}

// keep plugs the modem in whenever it is out and shall not be.
func (p *port) keep(ctx context.Context) {
	said := ""
	for {
		p.mu.Lock()
		if !p.out && p.lost == nil {
			switch name, err := p.plug(); {
			case err == nil:
				fmt.Println("plugged in:", name)
				said = ""
			case err.Error() != said:
				said = err.Error()
				fmt.Println("cannot be plugged in yet:", said)
			}
		}
		lost := p.lost
		p.mu.Unlock()
		retry := time.After(200 * time.Millisecond)
		select {
		case <-ctx.Done():
			return
		case <-lost:
			p.mu.Lock()
			p.lost = nil
			p.mu.Unlock()
			<-retry
		case <-retry:
		}
	}
}

func (p *port) plug() (name string, err error) {
	if p.tty != "" {
		f, err := emulator.OpenTTY(p.tty)
		if err == nil {
			p.lost = p.modem.Plug(f)
		}
		return p.tty, err
	}
	t, err := emulator.OpenPTY()
	if err != nil {
		return "", err
	}
	if err = p.relink(t.Name); err != nil {
		_ = t.Close()
		return "", err
	}
	p.lost = p.modem.Plug(t)
	return p.link + " → " + t.Name, nil
}

// relink lets the link point to another terminal.
func (p *port) relink(to string) error {
	if st, err := os.Lstat(p.link); err == nil && st.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is there and is no link", p.link)
	}
	_ = os.Remove(p.link)
	return os.Symlink(to, p.link)
}

// unplug takes the modem out until replug.
func (p *port) unplug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = true
	p.modem.Unplug()
	if p.link != "" {
		_ = os.Remove(p.link)
	}
}

// replug plugs it in, where a name is given as another link.
func (p *port) replug(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if name != "" && p.tty != "" {
		p.tty = name
	} else if name != "" {
		p.link = name
	}
	p.out = false
}

const help = `hang [reset]     answers nothing any more: until ATZ, or until it is pulled out
garbage N        N bytes of noise a second
slow N           says at most N bytes a second
drop N           every Nth byte to the host is lost
well             all of that is over
unplug           the device goes
replug [NAME]    it comes back, as another device if NAME is given
status           what it does`

// words obeys what stands on the standard input.
func words(m *emulator.Modem, p *port) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := obey(m, p, os.Stdout, strings.Fields(in.Text())); err != nil {
			fmt.Println(err)
		}
	}
}

func obey(m *emulator.Modem, p *port, out io.Writer, w []string) error {
	if len(w) == 0 {
		return nil
	}
	n, arg := 0, ""
	if len(w) > 1 {
		arg = w[1]
		_, _ = fmt.Sscan(arg, &n)
	}
	switch w[0] {
	case "hang":
		m.Break(emulator.Fault{Hang: true, Until: arg})
	case "garbage":
		m.Break(emulator.Fault{Garbage: n})
	case "slow":
		m.Break(emulator.Fault{Slow: n})
	case "drop":
		m.Break(emulator.Fault{Drop: n})
	case "well":
		m.Break(emulator.Fault{})
	case "unplug":
		p.unplug()
	case "replug":
		p.replug(arg)
	case "status":
		_, err := fmt.Fprintf(out, "%+v\n", m.Status())
		return err
	default:
		return errors.New(help)
	}
	return nil
}
