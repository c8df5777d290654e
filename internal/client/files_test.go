package client

import "testing"

func TestWithoutComments(t *testing.T) {
	if got, want := WithoutComments("# all\nweb1 # one\n\nweb2#\n#"), "\nweb1 \n\nweb2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
