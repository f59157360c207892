package e2e

import (
	"testing"
	"time"
)

// The daemon is not started again for it.
func TestAnotherTimeZoneReachesSchedulesAtOnce(t *testing.T) {
	once(t)
	ctx := within(t, time.Minute)
	d := start(t, scratch(t), quietly+board("b", "real", 1, ""))
	boards(t, d)
	for _, name := range []string{"Asia/Shanghai", "America/New_York"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := d.Ctl(ctx, "set", "site.time_zone", name); err != nil {
			t.Fatal(err, out)
		}
		if err := Until(ctx, "reconcile is due at 05:10 in "+name, func() (bool, error) {
			jobs, err := Rows[struct {
				Name string
				Next time.Time
			}](ctx, d, "jobs")
			for _, j := range jobs {
				if j.Name == "reconcile" {
					return j.Next.In(zone).Format(time.TimeOnly) == "05:10:00", err
				}
			}
			return false, err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
