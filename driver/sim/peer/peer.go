package peer

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"vaad/driver"
)

const (
	audioBytes = 1 + 2*driver.Block
	maxMessage = 4096
)

// Peer is connected to one line.
type Peer struct {
	conn *net.UnixConn
	in   [maxMessage]byte
	out  [maxMessage]byte
}

// Dial connects to line number line (from 1) of the board whose sockets are in
// dir.
func Dial(dir string, line int) (*Peer, error) {
	path := filepath.Join(dir, fmt.Sprintf("line-%03d.sock", line))
	conn, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		return nil, err
	}
	return &Peer{conn: conn}, nil
}

// Close leaves the line, which becomes idle.
func (p *Peer) Close() error { return p.conn.Close() }

// Send sends one block of 160 samples. It waits while the board does not read.
func (p *Peer) Send(block []int16) error {
	if len(block) != driver.Block {
		return fmt.Errorf("send to %s: a block has %d samples, not %d", p.conn.RemoteAddr(), driver.Block, len(block))
	}
	b := p.out[:audioBytes]
	b[0] = 'A'
	for i, s := range block {
		binary.LittleEndian.PutUint16(b[1+2*i:], uint16(s))
	}
	_, err := p.conn.Write(b)
	return err
}

// Event sends an event, as "ring" or "volts -48", that takes effect at the
// sample at (0…159) of the block that is sent next.
func (p *Peer) Event(words string, at int) error {
	b := append(append(p.out[:0], 'E'), words...)
	if at != 0 {
		b = fmt.Appendf(b, " @%d", at)
	}
	_, err := p.conn.Write(b)
	return err
}

// Receive waits for the next message of the board: a block, of which the
// samples are put into block, or a command, whose words are returned.
func (p *Peer) Receive(block []int16) (command string, err error) {
	n, err := p.conn.Read(p.in[:])
	switch {
	case err != nil:
		return "", err
	case n == 0:
		return "", io.EOF
	case p.in[0] == 'C':
		return string(p.in[1:n]), nil
	case p.in[0] != 'A' || n != audioBytes:
		return "", fmt.Errorf("%s sent %d bytes of kind %q", p.conn.RemoteAddr(), n, p.in[0])
	}
	for i := range min(len(block), driver.Block) {
		block[i] = int16(binary.LittleEndian.Uint16(p.in[1+2*i:]))
	}
	return "", nil
}

// A Script is what a peer does while Play runs.
type Script struct {
	// Next is called for each block that the board has sent, with its number
	// from 0. It has heard in block and leaves there what is to be sent; what
	// it sends with Event counts from that block's first sample. Returning
	// false ends Play after that block.
	Next func(p *Peer, n int, block []int16) bool

	// Command, where it is not nil, is called for each command of the board.
	Command func(p *Peer, words string)
}

// Play answers each block of the board with one of the script's, until the
// script ends (nil), the board closes (io.EOF) or ctx does.
func (p *Peer) Play(ctx context.Context, s Script) error {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	block := make([]int16, driver.Block)
	for n := 0; ; {
		command, err := p.Receive(block)
		if err == nil && command != "" {
			if s.Command != nil {
				s.Command(p, command)
			}
			continue
		}
		more := false
		if err == nil {
			more = s.Next(p, n, block)
			err = p.Send(block)
			n++
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case !more:
			return nil
		}
	}
}
