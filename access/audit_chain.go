package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vaad/store"
)

// Each row of the audit log carries the hash of itself and of the row before, so
// that no row can be changed, taken out or put in between without all later ones
// showing it. Who can write state.db could make all later ones anew: that is what
// heads are for that were signed before (evidence's checkpoints).
//
// A row is JSON whose last member is "hash": SHA-256, in hex, of the 32 bytes of
// the hash before and of all bytes of the row before `,"hash"`. Rows of versions
// before have none; the chain runs through them all the same, so that the first
// row with a hash covers them as they were then. Docs: docs/formats/state.md.

// rawEntries are the rows as they are stored.
func rawEntries() store.Bytes { return store.NewBytes("access.audit") }

const hashMember = `,"hash":"`

// link is a row's hash.
func link(before [sha256.Size]byte, body []byte) (h [sha256.Size]byte) {
	d := sha256.New()
	d.Write(before[:])
	d.Write(body)
	d.Sum(h[:0])
	return h
}

// sealRow makes a row's bytes, with its hash.
func sealRow(before [sha256.Size]byte, e Entry) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	body := data[:len(data)-1] // without the closing brace
	h := link(before, body)
	return append(append(append(body, hashMember...), hex.EncodeToString(h[:])...), `"}`...), nil
}

// openRow takes a row's bytes apart: what is hashed, and the hash that stands
// there, if any does.
func openRow(data []byte) (body []byte, h [sha256.Size]byte, sealed bool) {
	const tail = len(hashMember) + 2*sha256.Size + len(`"}`)
	if at := len(data) - tail; at > 0 && bytes.HasPrefix(data[at:], []byte(hashMember)) && bytes.HasSuffix(data, []byte(`"}`)) {
		text := data[at+len(hashMember) : len(data)-2]
		if _, err := hex.Decode(h[:], text); err == nil && hex.EncodeToString(h[:]) == string(text) {
			return data[:at], h, true
		}
	}
	if len(data) == 0 {
		return nil, h, false
	}
	return data[:len(data)-1], h, false
}

// head is the newest row's number and hash; 0 and zeros without rows.
func head(tx *store.Tx) (seq uint64, h [sha256.Size]byte, err error) {
	sealed := true
	err = rawEntries().Reverse(tx, "", "", func(key string, data []byte) bool {
		seq = store.Number(key)
		_, h, sealed = openRow(data)
		return false
	})
	if err != nil || sealed {
		return seq, h, err
	}
	// The newest row is of a version without hashes: the chain begins here.
	h = [sha256.Size]byte{}
	err = rawEntries().Range(tx, "", "", func(_ string, data []byte) bool {
		body, own, has := openRow(data)
		if h = link(h, body); has {
			h = own
		}
		return true
	})
	return seq, h, err
}

// A Head is where the chain stood: the number of its newest row, and that row's hash in hex.
type Head struct {
	Seq  uint64
	Hash string
}

// Head is where the chain stands now; zero without rows.
func (a *Audit) Head() (Head, error) {
	var out Head
	err := a.db.View(func(tx *store.Tx) error {
		seq, h, err := head(tx)
		out = Head{}
		if seq > 0 {
			out = Head{seq, hex.EncodeToString(h[:])}
		}
		return err
	})
	return out, err
}

// Kinds of what a verification finds.
const (
	AuditAltered = "altered" // a row is not what was written
	AuditMissing = "missing" // rows were taken out
	AuditCut     = "cut"     // the newest rows were taken away: a signed head is of a later one
	AuditForged  = "forged"  // rows agree with each other, but not with a head that was signed
)

// An AuditFinding is one thing that is wrong with the log.
type AuditFinding struct {
	Kind     string
	From, To uint64 // rows
	Signed   time.Time
}

// A SignedHead is a head that was signed, and when.
type SignedHead struct {
	Head
	Time time.Time
}

// An AuditCheck is what a verification has looked at.
type AuditCheck struct {
	Rows     uint64 // there are
	Plain    uint64 // of these, those of versions without hashes: whether they were changed before the first that has one cannot be known
	Head     Head
	Signed   uint64 // newest row that a signed head covers; 0: none does
	SignedAt time.Time
	Heads    int // signed heads that were compared
	Findings []AuditFinding
}

const maxAuditFindings = 1000

// Verify walks through the whole chain and compares it with heads that were
// signed, in any order. An error is one of reading.
func (a *Audit) Verify(ctx context.Context, signed []SignedHead) (AuditCheck, error) {
	var c AuditCheck
	err := a.db.View(func(tx *store.Tx) error {
		v := verification{want: map[uint64][]SignedHead{}}
		for _, s := range signed {
			v.want[s.Seq] = append(v.want[s.Seq], s)
		}
		err := rawEntries().Range(tx, "", "", func(key string, data []byte) bool {
			v.row(store.Number(key), data)
			return ctx.Err() == nil
		})
		v.end(signed)
		c = v.c
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return c, fmt.Errorf("verify the audit log: %w", err)
	}
	return c, nil
}

type verification struct {
	c     AuditCheck
	want  map[uint64][]SignedHead
	last  uint64
	hash  [sha256.Size]byte
	begun bool // a row has had a hash
}

func (v *verification) found(f AuditFinding) {
	if n := len(v.c.Findings); n > 0 {
		if l := &v.c.Findings[n-1]; l.Kind == f.Kind && f.Signed.IsZero() && l.Signed.IsZero() && l.To+1 == f.From {
			l.To = f.To
			return
		}
	}
	if len(v.c.Findings) < maxAuditFindings {
		v.c.Findings = append(v.c.Findings, f)
	}
}

// row takes the next row. After one that is wrong the chain goes on from the
// hash that stands there, so that one change is one finding.
func (v *verification) row(seq uint64, data []byte) {
	v.c.Rows++
	gap := seq != v.last+1
	if gap {
		v.found(AuditFinding{Kind: AuditMissing, From: v.last + 1, To: seq - 1})
	}
	body, own, sealed := openRow(data)
	h := link(v.hash, body)
	var e Entry
	switch {
	case json.Unmarshal(data, &e) != nil || e.Seq != seq || !sealed && v.begun:
		v.found(AuditFinding{Kind: AuditAltered, From: seq, To: seq})
	case sealed && own != h && !gap:
		kind := AuditAltered
		if !v.begun { // the first with a hash covers all before it
			v.found(AuditFinding{Kind: kind, From: 1, To: seq})
			break
		}
		v.found(AuditFinding{Kind: kind, From: seq, To: seq})
	}
	if sealed {
		v.begun, h = true, own
	} else if !v.begun {
		v.c.Plain++
	}
	v.last, v.hash = seq, h
	is := hex.EncodeToString(h[:])
	for _, s := range v.want[seq] {
		v.c.Heads++
		if s.Hash != is {
			v.found(AuditFinding{Kind: AuditForged, From: 1, To: seq, Signed: s.Time})
			continue
		}
		if s.Seq > v.c.Signed {
			v.c.Signed, v.c.SignedAt = s.Seq, s.Time
		}
	}
}

func (v *verification) end(signed []SignedHead) {
	if v.last > 0 {
		v.c.Head = Head{v.last, hex.EncodeToString(v.hash[:])}
	}
	var beyond SignedHead
	for _, s := range signed {
		if s.Seq > v.last {
			v.c.Heads++
			if s.Seq > beyond.Seq {
				beyond = s
			}
		}
	}
	if beyond.Seq > 0 {
		v.found(AuditFinding{Kind: AuditCut, From: v.last + 1, To: beyond.Seq, Signed: beyond.Time})
	}
}
