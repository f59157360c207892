package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

type pcapCmd struct {
	Span     spanArg `arg:""`
	Out      string  `short:"o" required:"" type:"path" placeholder:"FILE"`
	Seconds  int
	Past     int `placeholder:"S"`
	PastOnly bool
}

// spanArg is a span of a board, as card1/2.
type spanArg struct {
	board string
	span  int
}

// UnmarshalText reads BOARD/NUMBER.
func (a *spanArg) UnmarshalText(b []byte) error {
	board, number, ok := strings.Cut(string(b), "/")
	n, err := strconv.Atoi(number)
	if !ok || board == "" || err != nil || n < 1 {
		return fmt.Errorf("%q: want BOARD/NUMBER, as card1/2; vaactl boards lists them", b)
	}
	a.board, a.span = board, n
	return nil
}

// Run captures until it is interrupted; what came until then is kept.
func (c pcapCmd) Run(s *session) error {
	return s.save(c.Out, true, func(w io.Writer) error {
		if c.Past > 0 || c.PastOnly {
			_, err := s.client.PcapPast(s.ctx, c.Span.board, c.Span.span, c.past(), !c.PastOnly, w)
			return err
		}
		_, err := s.client.Pcap(s.ctx, c.Span.board, c.Span.span, c.Seconds, w)
		return err
	})
}

// past is how many seconds are asked for: all that is kept, where only the past is wanted.
func (c pcapCmd) past() int {
	if c.Past == 0 {
		return 7 * 24 * 3600
	}
	return c.Past
}
