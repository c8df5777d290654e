package tail_test

import (
	"io"
	"testing"

	"msg/internal/tail"
)

// TestTail: the last bytes are kept, in whatever pieces they come.
func TestTail(t *testing.T) {
	for _, pieces := range [][]string{
		{"123456789"}, {"12345", "6789"}, {"1234567", "89"}, {"123456", "", "7", "8", "9"},
	} {
		kept := &tail.Tail{Most: 4}
		for _, piece := range pieces {
			if n, err := io.WriteString(kept, piece); n != len(piece) || err != nil {
				t.Errorf("%q: %d, %v", piece, n, err)
			}
		}
		if got := kept.String(); got != "6789" {
			t.Errorf("%q: %q is kept", pieces, got)
		}
	}
}
