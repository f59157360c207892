package calls

// MaxParties is how many legs a bridge takes.
const MaxParties = 64
