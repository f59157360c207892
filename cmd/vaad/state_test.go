package main

import (
	"errors"
	"testing"

	"vaad/alarm"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAWriteThatFailsIsAnAlarmUntilOneSucceeds(t *testing.T) {
	alarms, err := alarm.New(alarm.Config{DB: stateDB(t), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := alarms.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := state{alarms: alarms}
	for range 2 {
		s.written(errors.New("no space left on device"))
		if up := alarms.Active(); len(up) != 1 || up[0].Code != "state-db-failing" || up[0].Args["reason"] != "no space left on device" {
			t.Errorf("%+v", up)
		}
	}
	s.written(nil)
	if up := alarms.Active(); len(up) != 0 {
		t.Errorf("afterwards: %+v", up)
	}
}
