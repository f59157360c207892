package firmware

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"vaad/firmware/image"
)

// The modules of a modular Astribank have PIC controllers. They are loaded through
// the interface of the lines, before the kernel has it. A packet, numbers
// little-endian, is its length (2 bytes, all of it), an operation (1), a unit (1),
// what it is (1), the type of module (1), an address in words (2) and its data.
const (
	linesInterface = 0
	picHead        = 8
	picRequest     = 0x09
	picReply       = 0x0A

	picData  = 0x00
	picStart = 0x01
	picEnd   = 0x02 // with the exclusive or of all data; answered
	picEnds  = 0x04 // all types are loaded

	picWait = 2 * time.Second
)

type pics struct {
	pipe Pipe
	buf  [512]byte
}

func openPICs(ctx context.Context, h Handle) (*pics, error) {
	pipe, err := h.Claim(linesInterface)
	if err != nil {
		return nil, fmt.Errorf("taking the interface of the lines: %w", err)
	}
	p := &pics{pipe: pipe}
	if err := drain(ctx, pipe, p.buf[:]); err != nil {
		return nil, fmt.Errorf("emptying the interface of the lines: %w", err)
	}
	return p, nil
}

func (p *pics) send(ctx context.Context, what, card byte, addr uint16, data ...byte) error {
	b := make([]byte, picHead, picHead+len(data))
	binary.LittleEndian.PutUint16(b, uint16(picHead+len(data)))
	b[2], b[4], b[5] = picRequest, what, card
	binary.LittleEndian.PutUint16(b[6:], addr)
	wait, cancel := context.WithTimeout(ctx, picWait)
	defer cancel()
	return p.pipe.Write(wait, append(b, data...))
}

// load sends the image of one type of module and hears whether its sum is right.
func (p *pics) load(ctx context.Context, img *image.Image, sent func(bytes int)) error {
	if err := p.send(ctx, picStart, img.Card, 0); err != nil {
		return fmt.Errorf("beginning module type %d: %w", img.Card, err)
	}
	var sum byte
	done := 0
	for _, r := range img.Records {
		for _, b := range r.Data {
			sum ^= b
		}
		if err := p.send(ctx, picData, img.Card, uint16(r.Addr), r.Data...); err != nil {
			return fmt.Errorf("sending to module type %d after %d bytes: %w", img.Card, done, err)
		}
		done += len(r.Data)
		sent(done)
	}
	if err := p.send(ctx, picEnd, img.Card, 0, sum); err != nil {
		return fmt.Errorf("ending module type %d: %w", img.Card, err)
	}
	wait, cancel := context.WithTimeout(ctx, picWait)
	defer cancel()
	n, err := p.pipe.Read(wait, p.buf[:])
	switch {
	case err != nil:
		return fmt.Errorf("hearing from module type %d: %w", img.Card, err)
	case n <= picHead || p.buf[2] != picReply:
		return fmt.Errorf("an answer of %d bytes from module type %d is none", n, img.Card)
	case p.buf[picHead] != 0:
		return &errVerify{fmt.Sprintf("module type %d says that its sum is wrong", img.Card)}
	}
	return nil
}

// end says that all types are loaded.
func (p *pics) end(ctx context.Context) error {
	if err := p.send(ctx, picEnds, 0, 0); err != nil {
		return fmt.Errorf("ending the modules: %w", err)
	}
	return nil
}
