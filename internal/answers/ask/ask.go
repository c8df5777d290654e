// Package ask answers messages that wait, and lists them: the end of an answer that connects.
// Package answers has the lines and the end that listens. No privileged program may import
// this one.
//
// It believes nothing that it reads: a reaction is limited, and has to say that the answer was
// taken. Every wait has an end, for what listens may be stopped.
package ask

import "errors"

// The errors of an answer, besides answers.ErrNobody.
var (
	ErrBusy   = errors.New("too many want to answer; try again")
	ErrSilent = errors.New("who waits for the answer does not take it; perhaps it is stopped")
)

// Refused is why an answer was not taken, in the words of the program that waits for it.
type Refused struct{ Problem string }

func (r *Refused) Error() string { return r.Problem }
