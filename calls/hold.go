package calls

import (
	"slices"

	"vaad/channels"
)

// hold lets a leg hear music in place of its bridge.
func (s *Switch) hold(l *leg) {
	if !s.step(l, onHold, nil) {
		return
	}
	if l.bridge != nil {
		s.leave(l)
	}
	s.music(l)
}

// music plays to a leg that waits.
func (s *Switch) music(l *leg) {
	if s.cfg.Music != nil && l.hears() {
		s.play(l, true, s.cfg.Music(l.Line)...)
	}
}

// retold tells the far end of a leg that it is held no more, if it was told that it is.
func (s *Switch) retold(l *leg) {
	if l.told {
		l.told = false
		s.wish(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishRetrieve}, s.minor(l, "retrieve"))
	}
}

// conversation is what calls share that were ever bridged.
type conversation struct {
	id    string
	calls []string
}

// maxConversation is how many calls of one conversation are renamed when two become one.
const maxConversation = 1024

// converse makes a leg and those in a bridge one conversation, named after the oldest call.
func (s *Switch) converse(b *bridge, l *leg) {
	for _, o := range b.legs {
		if o == l || o.conv != nil && o.conv == l.conv {
			continue
		}
		c := &conversation{id: min(l.ID, o.ID)}
		for _, of := range []*leg{l, o} {
			if of.conv == nil {
				c.calls = append(c.calls, of.ID)
				continue
			}
			c.id = min(c.id, of.conv.id)
			c.calls = append(c.calls, of.conv.calls...)
		}
		var renamed []string // the journal has the others by this name already
		for _, of := range []*leg{l, o} {
			switch {
			case of.conv == nil:
				renamed = append(renamed, of.ID)
			case of.conv.id != c.id:
				renamed = append(renamed, of.conv.calls...)
			}
		}
		c.calls = c.calls[:min(len(c.calls), maxConversation)]
		was := []*conversation{l.conv, o.conv}
		for _, x := range s.legs {
			if x == l || x == o || x.conv != nil && slices.Contains(was, x.conv) {
				x.conv, x.Conversation = c, c.id
				s.touch(x)
			}
		}
		for _, call := range renamed {
			s.note(call, Note{Conversation: c.id})
		}
	}
}
