package call

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/wiretest"
)

// TestConsent: what a person says arrives as it was said, and what then holds comes back. Where
// nothing is kept, they are told so.
func TestConsent(t *testing.T) {
	said := consent.Word{Say: consent.Yes, Only: []string{"alice", "%ops"}}
	holds := consent.Word{Say: consent.No}
	heard := []wire.Heard{{UID: 1003, On: true}}
	var got wire.Consent
	keep := func(_ context.Context, c wire.Consent) (wire.Said, error) {
		got = c
		return wire.Said{Word: holds, Of: heard}, nil
	}
	talk := func(keep wire.Consenting, c wire.Consent) (wire.Said, error) {
		in, toMsgd := wiretest.Pipe(t)
		fromMsgd, out := io.Pipe()
		go func() {
			_ = wire.Service{RequestTime: wire.RequestTime, Consent: keep}.Serve(t.Context(), in, out)
		}()
		return New(toMsgd, fromMsgd, Options{}).Consent(t.Context(), c)
	}
	asked := wire.Consent{Say: &said, Of: []uint32{1002, 1003}}
	if answer, err := talk(keep, asked); err != nil || !reflect.DeepEqual(answer.Word, holds) || !reflect.DeepEqual(answer.Of, heard) || !reflect.DeepEqual(got, asked) {
		t.Errorf("%+v, %v; it heard %+v", answer, err, got)
	}
	if answer, err := talk(keep, wire.Consent{}); err != nil || !reflect.DeepEqual(answer.Word, holds) || got.Say != nil {
		t.Errorf("only asked: %+v, %v; it heard %+v", answer, err, got)
	}
	var refused *message.Refusal
	if _, err := talk(nil, wire.Consent{}); !errors.As(err, &refused) {
		t.Errorf("where nothing is kept: %v", err)
	}
	full := func(context.Context, wire.Consent) (wire.Said, error) {
		return wire.Said{}, errors.New("the disk is full")
	}
	if _, err := talk(full, asked); err == nil || err.Error() != "the disk is full" {
		t.Errorf("%v", err)
	}
}

// TestOddConsent: what does not keep to the protocol is no word.
func TestOddConsent(t *testing.T) {
	const hello = `{"event":"hello","protocol":[1,3],"version":"1","host":"d13"}` + "\n"
	for said, reason := range map[string]message.Reason{
		strings.Replace(hello, "3", "2", 1):   message.Version,
		hello:                                 message.Lost,
		hello + `{"event":"end","results":0}`: message.Lost,
		hello + `{"event":"consent","word":{"say":"perhaps"}}`:                       message.Lost,
		hello + `{"event":"consent","word":{"say":"no","only":["bob"]}}`:             message.Lost,
		hello + `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`: message.Lost,
	} {
		_, told := wiretest.Pipe(t)
		word, err := New(told, strings.NewReader(said+"\n"), Options{}).Consent(t.Context(), wire.Consent{})
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != reason {
			t.Errorf("%q is %+v, %v", said, word, err)
		}
	}
}
