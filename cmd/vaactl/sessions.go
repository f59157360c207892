package main

type sessionsCmd struct {
	List sessionsListCmd `cmd:"" default:"1"`
	End  sessionsEndCmd  `cmd:""`
}

type sessionsListCmd struct{}

// Run lists the sessions that are open.
func (sessionsListCmd) Run(s *session) error {
	p, err := s.client.Sessions(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("id", "name", "entered", "from-address", "last-used", "since")
	for _, one := range p.Items {
		t.row(one.ID, printable(one.Name), s.code("entered-by", one.Kind), printable(one.Address), when(one.Seen), when(one.Created))
	}
	return s.list(t, "cli.no-sessions")
}

type sessionsEndCmd struct {
	ID string `arg:"" name:"id"`
}

func (c sessionsEndCmd) Run(s *session) error { return s.client.EndSession(s.ctx, c.ID) }
