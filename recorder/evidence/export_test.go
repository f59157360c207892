package evidence

import "context"

// Begin and Follow are what Run does, without its clock.
func Begin(l *Log) error  { return l.begin(context.Background()) }
func Follow(l *Log) error { return l.follow(context.Background()) }
