package main

import (
	"context"
	"io"

	"vaad/channels/pri"
)

// pcap writes what comes on a D-channel as a capture file, until ctx ends.
func (d *running) pcap(ctx context.Context, board string, span int, w io.Writer) error {
	c, err := d.sys.Capture(board, span)
	if err != nil {
		return err
	}
	defer func() {
		c.Close()
		if n := c.Dropped(); n > 0 {
			d.log.Warn("a capture lacks frames: its reader was too slow", "board", board, "span", span, "frames", n)
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
