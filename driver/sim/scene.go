package sim

// Scene is what simulated callers do.
type Scene struct{ Lines int }

func loadScene(name string, f *faults) *Scene { return nil }

type actor struct{}
