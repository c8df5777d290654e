// Package tail keeps the end of what a program writes, for an error to quote: programs say
// last why they fail. It keeps no more than that, however much they write.
package tail

// Tail is a writer that keeps the last Most bytes.
type Tail struct {
	Most int
	kept []byte
}

// Write takes everything, and never fails.
func (t *Tail) Write(data []byte) (int, error) {
	t.kept = append(t.kept, data[max(0, len(data)-t.Most):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-t.Most):]...)
	return len(data), nil
}

// String returns what is kept.
func (t *Tail) String() string { return string(t.kept) }
