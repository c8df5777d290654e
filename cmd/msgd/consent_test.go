//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"msg/internal/accounts"
	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/wire"
)

// TestConsentOfNobody: msgd keeps and tells nothing for a sender whom it does not know, or for a
// uid without an account.
func TestConsentOfNobody(t *testing.T) {
	for name, c := range map[string]struct {
		who     who
		unclear error
	}{
		"the process changed its user": {who{uid: 1}, errChanged},
		"the kernel does not say":      {who{}, errors.New("asking for the sender")},
		"no account":                   {who{uid: 4_000_000_001}, nil},
	} {
		take := c.who.consent(&accounts.Directory{}, c.unclear)
		for _, say := range []*consent.Word{nil, {Say: consent.No}} {
			word, err := take(t.Context(), wire.Consent{Say: say})
			var refusal *message.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("%s: %+v, %v; want a refusal", name, word, err)
			}
		}
	}
}

// TestConsentOfOthers: msgd tells what others have said to the sender, and nothing of people who
// have said nothing, or of what they have said to somebody else.
func TestConsentOfOthers(t *testing.T) {
	asRoot(t)
	t.Cleanup(func() { _ = os.RemoveAll(consent.Dir) })
	store := consent.Store{Dir: consent.Dir}
	err := errors.Join(
		os.MkdirAll(filepath.Dir(consent.Dir), 0o755),
		store.Set(bobUID, consent.Word{Say: consent.Yes, Only: []string{fmt.Sprint("uid:", aliceUID)}}),
		store.Set(5001, consent.Word{Say: consent.No}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32][]wire.Heard{
		aliceUID: {{UID: bobUID, On: true}, {UID: 5001}},
		bobUID:   {{UID: 5001}},
		msgUID:   {{UID: bobUID}, {UID: 5001}},
	} {
		said, err := who{uid: uid}.consent(&accounts.Directory{}, nil)(t.Context(), wire.Consent{Of: []uint32{bobUID, 5001, 5002}})
		if err != nil || !reflect.DeepEqual(said.Of, want) {
			t.Errorf("uid %d hears %+v, %v; want %+v", uid, said, err, want)
		}
	}
}
