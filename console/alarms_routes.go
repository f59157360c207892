package console

import (
	"context"
	"errors"

	"vaad/access"
	delivery "vaad/alarm/route"
	"vaad/api"
)

// Notifier tells people of alarms: [delivery.Router], with its secrets.
type Notifier interface {
	States() []delivery.State
	Test(ctx context.Context, name string) error
	Signed(name string) bool
	NewSecret(name string) (string, error)
}

// alarmRoutes lists by which ways people are told. Routes are about every line.
func (s *Server) alarmRoutes(ctx context.Context, _ *empty) (*body[api.Page[api.AlarmRoute]], error) {
	if s.cfg.Notifier == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.AlarmRead, "alarm routes"); err != nil {
		return nil, err
	}
	out := api.Page[api.AlarmRoute]{Items: []api.AlarmRoute{}}
	for _, r := range s.cfg.Notifier.States() {
		out.Items = append(out.Items, api.AlarmRoute{Name: r.Route, Way: r.Kind, Waiting: r.Waiting, Watched: r.Watched, Next: moment(r.Next),
			Delivered: moment(r.Delivered), Failed: moment(r.Failed), Error: r.Error, Dropped: r.Dropped, Signed: s.cfg.Notifier.Signed(r.Route)})
	}
	return &body[api.Page[api.AlarmRoute]]{out}, nil
}

// RouteInput names an alarm route.
type RouteInput struct {
	Route string `path:"route" maxLength:"64" doc:"Name of the route: its key in the settings"`
}

func (s *Server) testRoute(ctx context.Context, in *RouteInput) (*done, error) {
	return nil, s.onRoute(ctx, in.Route, "test", func() error {
		err := s.cfg.Notifier.Test(ctx, in.Route)
		if err != nil && !errors.Is(err, delivery.ErrNone) {
			return fail("not-delivered", err.Error())
		}
		return err
	})
}

func (s *Server) newRouteSecret(ctx context.Context, in *RouteInput) (*body[api.RouteSecret], error) {
	out := &body[api.RouteSecret]{}
	return out, s.onRoute(ctx, in.Route, "secret", func() (err error) {
		out.Body.Secret, err = s.cfg.Notifier.NewSecret(in.Route)
		return err
	})
}

// onRoute does something with a route, audited.
func (s *Server) onRoute(ctx context.Context, name, what string, do func() error) error {
	if s.cfg.Notifier == nil {
		return fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.SettingsWrite, "alarm route "+name); err != nil {
		return err
	}
	err := s.act(ctx, access.Entry{Verb: access.SettingsWrite, Object: "alarm route " + name, Detail: map[string]string{"what": what}},
		func(*access.Entry) error { return do() })
	if errors.Is(err, delivery.ErrNone) {
		return fail("no-route", "")
	}
	return err
}
