package firmware

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"vaad/firmware/image"
)

// The management interface of an Astribank: one bulk endpoint each way. A packet,
// numbers little-endian, is its length (2 bytes, all of it), a sequence number (2),
// an operation (1) and what belongs to it. The answer has the same number; its
// operation is the question's with bit 7, or acknowledge with a status.
const (
	mppInterface = 1
	mppHead      = 5
	mppAnswer    = 0x80 // bit of an answer; alone: acknowledge

	mppSendStart = 0x05 // destination, version (6 bytes)
	mppSegment   = 0x07 // offset (2 bytes), data
	mppSendEnd   = 0x09
	mppRenew     = 0x0B // re-enumerate; no answer
	mppStatus    = 0x11 // → EEPROM type, flags, 3 versions (6 bytes each)

	toFPGA     = 1
	fpgaLoaded = 0x01 // of the flags of a status
	versionLen = 6
	statusLen  = 2 + 3*versionLen

	mppWait   = 2 * time.Second // for an answer
	drainWait = 100 * time.Millisecond
	strays    = 16 // packets of an earlier conversation that are passed over
)

// statuses are what an acknowledge can say besides 0.
var statuses = map[byte]string{
	0x01: "the command failed", 0x02: "the reset failed", 0x03: "no destination is selected", 0x04: "the data does not match",
	0x05: "no access", 0x06: "an unknown command", 0x07: "the packet is too short", 0x08: "a wrong offset",
	0x0C: "writing failed", 0x0D: "the FPGA reports an error", 0x10: "no power at the USB connector",
}

// errRefused is an answer that says no.
type errRefused struct{ status byte }

func (e *errRefused) Error() string {
	if s := statuses[e.status]; s != "" {
		return "the device answers: " + s
	}
	return fmt.Sprintf("the device answers with status %02x", e.status)
}

// mpp is a conversation with the management interface.
type mpp struct {
	pipe Pipe
	seq  uint16
	buf  [512]byte
}

// openMPP takes the interface and reads what an earlier conversation left.
func openMPP(ctx context.Context, h Handle) (*mpp, error) {
	pipe, err := h.Claim(mppInterface)
	if err != nil {
		return nil, fmt.Errorf("taking the management interface: %w", err)
	}
	m := &mpp{pipe: pipe}
	if err := drain(ctx, pipe, m.buf[:]); err != nil {
		return nil, fmt.Errorf("emptying the management interface: %w", err)
	}
	return m, nil
}

// drain reads until nothing comes.
func drain(ctx context.Context, pipe Pipe, buf []byte) error {
	for range strays {
		wait, cancel := context.WithTimeout(ctx, drainWait)
		_, err := pipe.Read(wait, buf)
		cancel()
		switch {
		case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
			return ctx.Err()
		case err != nil:
			return err
		}
	}
	return errors.New("the device does not stop sending")
}

func (m *mpp) send(ctx context.Context, op byte, payload ...byte) error {
	m.seq++
	p := make([]byte, mppHead, mppHead+len(payload))
	binary.LittleEndian.PutUint16(p, uint16(mppHead+len(payload)))
	binary.LittleEndian.PutUint16(p[2:], m.seq)
	p[4] = op
	wait, cancel := context.WithTimeout(ctx, mppWait)
	defer cancel()
	return m.pipe.Write(wait, append(p, payload...))
}

// ask sends a packet and returns what the answer carries: of an acknowledge,
// nothing. Packets with other sequence numbers are passed over.
func (m *mpp) ask(ctx context.Context, op byte, payload ...byte) ([]byte, error) {
	if err := m.send(ctx, op, payload...); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, mppWait)
	defer cancel()
	for range strays {
		n, err := m.pipe.Read(wait, m.buf[:])
		if err != nil {
			return nil, err
		}
		p := m.buf[:n]
		if n < mppHead || int(binary.LittleEndian.Uint16(p)) != n {
			return nil, fmt.Errorf("an answer of %d bytes is none", n)
		}
		if binary.LittleEndian.Uint16(p[2:]) != m.seq {
			continue
		}
		switch body := p[mppHead:]; {
		case p[4] == op|mppAnswer:
			return body, nil
		case p[4] == mppAnswer && len(body) > 0 && body[0] == 0:
			return nil, nil
		case p[4] == mppAnswer && len(body) > 0:
			return nil, &errRefused{body[0]}
		}
		return nil, fmt.Errorf("operation %02x is answered with %02x", op, p[4])
	}
	return nil, errors.New("only answers to other questions come")
}

// loaded asks whether the FPGA has its image.
func (m *mpp) loaded(ctx context.Context) (bool, error) {
	p, err := m.ask(ctx, mppStatus)
	if err != nil {
		return false, fmt.Errorf("asking for the status: %w", err)
	}
	if len(p) < statusLen {
		return false, fmt.Errorf("a status of %d bytes is none", len(p))
	}
	return p[1]&fpgaLoaded != 0, nil
}

// loadFPGA sends an image, record by record, and asks whether it has arrived. An
// FPGA that has an image takes another.
func (m *mpp) loadFPGA(ctx context.Context, img *image.Image, sent func(bytes int)) error {
	if _, err := m.loaded(ctx); err != nil {
		return err
	}
	start := make([]byte, 1+versionLen)
	start[0] = toFPGA
	copy(start[1:], img.Version)
	if _, err := m.ask(ctx, mppSendStart, start...); err != nil {
		return fmt.Errorf("beginning the FPGA: %w", err)
	}
	done := 0
	for _, r := range img.Records {
		p := append([]byte{byte(r.Addr), byte(r.Addr >> 8)}, r.Data...)
		if _, err := m.ask(ctx, mppSegment, p...); err != nil {
			return fmt.Errorf("sending %d bytes to the FPGA after %d: %w", len(r.Data), done, err)
		}
		done += len(r.Data)
		sent(done)
	}
	if _, err := m.ask(ctx, mppSendEnd); err != nil {
		return fmt.Errorf("ending the FPGA: %w", err)
	}
	ok, err := m.loaded(ctx)
	if err == nil && !ok {
		err = &errVerify{"the device says that its FPGA is empty"}
	}
	return err
}

// renew lets the device leave the bus and come back with what it is now.
func (m *mpp) renew(ctx context.Context) error {
	if err := m.send(ctx, mppRenew); err != nil {
		return fmt.Errorf("asking it to re-enumerate: %w", err)
	}
	return nil
}
