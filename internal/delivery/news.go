package delivery

import (
	"sync"

	"msg/internal/message"
)

// news passes results on to a reader. put never waits: a reader who stops (a terminal held
// by Ctrl-S, a full pipe) holds up no terminal.
type news struct {
	mu   sync.Mutex
	all  []message.Result
	more chan struct{} // has a token if something has come; closed at the end
}

func (n *news) put(results []message.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, results...)
	wake(n.more)
}

// wake puts a token into a channel that has room for one, unless there is one.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// tell reports results one at a time, until the end.
func (n *news) tell(report func(message.Result)) {
	for open := true; open; {
		_, open = <-n.more
		n.mu.Lock()
		all := n.all
		n.all = nil
		n.mu.Unlock()
		for _, r := range all {
			report(r)
		}
	}
}
