package remote

import "sync"

// queue hands values from one goroutine to another without ever having who puts
// one wait.
type queue[T any] struct {
	mu     sync.Mutex
	values []T
	more   chan struct{} // has a token where there is something to take
}

func newQueue[T any]() *queue[T] { return &queue[T]{more: make(chan struct{}, 1)} }

func (q *queue[T]) put(v T) {
	q.mu.Lock()
	q.values = append(q.values, v)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default: // who takes knows already
	}
}

// take returns what there is.
func (q *queue[T]) take() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	values := q.values
	q.values = nil
	return values
}
