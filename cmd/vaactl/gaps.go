package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// idLen is the length of the ID of a recording, a ULID.
const idLen = 26

// sideOf takes the path of a recording's side, ID.SIDE.wav, apart. Any other
// name is no side of a recording.
func sideOf(name string) (id, side string, ok bool) {
	base, rest, _ := strings.Cut(filepath.Base(name), ".")
	side, ok = strings.CutSuffix(strings.TrimSuffix(rest, ".enc"), ".wav")
	if len(base) != idLen || !ok || side == "" {
		return "", "", false
	}
	return filepath.Join(filepath.Dir(name), base), side, true
}

// maxStory is how much of a story is read: some 100,000 entries.
const maxStory = 16 << 20

// gapsOf are the gaps that the story beside a recording tells of: ID.jsonl
// beside ID.SIDE.wav, as docs/formats/story.md has it. Any other file has no
// story, and no gaps are known.
func (s *session) gapsOf(name string, length int64) ([]finding, error) {
	id, side, ok := sideOf(name)
	if !ok {
		return nil, nil
	}
	f, err := s.open(id + ".jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		f, err = s.open(id + ".jsonl.enc")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("story of %s: %w", name, err)
	}
	all, err := readGaps(io.LimitReader(f, maxStory), side, length)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("story of %s: %w", name, err)
	}
	return all, nil
}

func readGaps(r io.Reader, side string, length int64) ([]finding, error) {
	var all []finding
	for b := bufio.NewReader(r); ; {
		line, err := b.ReadBytes('\n')
		if err == io.EOF { // a last line without its end is torn
			break
		}
		if err != nil {
			return nil, err
		}
		var e struct {
			At, Value  int64
			Kind, Side string
		}
		if json.Unmarshal(line, &e) != nil || e.Kind != "gap" || e.Side != "" && e.Side != side {
			continue
		}
		from := max(0, e.At)
		if e.Value <= 0 || e.Value > math.MaxInt64-from {
			continue
		}
		if end := min(length, e.At+e.Value); end > from {
			all = append(all, finding{at: from, kind: "gap", facts: []fact{{"duration", span(end - from)}}})
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(a.at, b.at) })
	return all, nil
}

// gaps are those of one file that still lie ahead, in the order of time.
type gaps struct {
	all  []finding
	tell bool // they are findings as well
	told bool // the first of all was
}

// cut passes a block that begins at pos on in pieces, each of which is there as
// a whole or missing as a whole.
func (g *gaps) cut(dst []finding, pos int64, block [][]int16, fn func(dst []finding, part [][]int16, missing bool) []finding) []finding {
	part := make([][]int16, len(block))
	for done, size := 0, len(block[0]); done < size; {
		for len(g.all) > 0 && pos >= g.all[0].at+int64(g.all[0].duration()) {
			g.all, g.told = g.all[1:], false
		}
		n, missing := size-done, false
		if len(g.all) > 0 {
			end := g.all[0].at
			if missing = pos >= end; missing {
				if g.tell && !g.told {
					dst, g.told = append(dst, g.all[0]), true
				}
				end += int64(g.all[0].duration())
			}
			n = int(min(int64(n), end-pos))
		}
		for ch := range block {
			part[ch] = block[ch][done : done+n]
		}
		dst = fn(dst, part, missing)
		done, pos = done+n, pos+int64(n)
	}
	return dst
}
