//go:build linux

package main

import (
	"errors"
	"testing"

	"msg/internal/accounts"
	"msg/internal/consent"
	"msg/internal/message"
)

// TestConsentOfNobody: msgd keeps and tells nothing for a sender whom it does not know, or for a
// uid without an account.
func TestConsentOfNobody(t *testing.T) {
	for name, c := range map[string]struct {
		who     who
		unclear error
	}{
		"the process changed its user": {who{uid: 1}, errChanged},
		"the kernel does not say":      {who{}, errors.New("asking who sends")},
		"no account":                   {who{uid: 4_000_000_001}, nil},
	} {
		take := c.who.consent(&accounts.Directory{}, c.unclear)
		for _, say := range []*consent.Word{nil, {Say: consent.No}} {
			word, err := take(t.Context(), say)
			var refusal *message.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("%s: %+v, %v; want a refusal", name, word, err)
			}
		}
	}
}
