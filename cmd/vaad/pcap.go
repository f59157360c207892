package main

import (
	"context"
	"io"

	"vaad/channels/pri"
	"vaad/console"
)

// pcap writes what comes on a D-channel as a capture file, until ctx ends, or what
// was kept of it.
func (d *running) pcap(ctx context.Context, of console.PcapWish, w io.Writer) error {
	if of.Past > 0 || !of.Live {
		return d.dchannels.past(ctx, of, w)
	}
	c, err := d.sys.Capture(of.Board, of.Span)
	if err != nil {
		return err
	}
	defer func() {
		c.Close()
		if n := c.Dropped(); n > 0 {
			d.log.Warn("a capture lacks frames: its reader was too slow", "board", of.Board, "span", of.Span, "frames", n)
		}
	}()
	out, err := pri.NewPcapWriter(w)
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case m := <-c.C:
			from := pri.User
			if m.FromNetwork {
				from = pri.Network
			}
			err = out.Write(from, m.Time, m.Frame)
		}
	}
	return err
}
