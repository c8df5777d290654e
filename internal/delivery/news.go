package delivery

import (
	"sync"

	"msg/internal/message"
)

// news passes results on to a reader. One that stops reading (a terminal held by Ctrl-S, a
// full pipe) holds up no terminal: put never waits.
type news struct {
	mu   sync.Mutex
	come *sync.Cond
	all  []message.Result
	over bool
}

func newNews() *news {
	n := &news{}
	n.come = sync.NewCond(&n.mu)
	return n
}

func (n *news) put(r message.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, r)
	n.come.Signal()
}

// end says that nothing more will come.
func (n *news) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
	n.come.Signal()
}

// tell reports results one at a time, until all that will come have been.
func (n *news) tell(report func(message.Result)) {
	for over := false; !over; {
		n.mu.Lock()
		for len(n.all) == 0 && !n.over {
			n.come.Wait()
		}
		all := n.all
		n.all, over = nil, n.over
		n.mu.Unlock()
		for _, r := range all {
			report(r)
		}
	}
}
