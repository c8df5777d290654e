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
)

// TestConsent: what a person says arrives as it was said, and what then holds comes back. Where
// nothing is kept, they are told so.
func TestConsent(t *testing.T) {
	said := consent.Word{Say: consent.Yes, Only: []string{"alice", "%ops"}}
	holds := consent.Word{Say: consent.No}
	var got *consent.Word
	keep := func(_ context.Context, say *consent.Word) (consent.Word, error) {
		got = say
		return holds, nil
	}
	talk := func(keep func(context.Context, *consent.Word) (consent.Word, error), say *consent.Word) (consent.Word, error) {
		in, toMsgd := pipe(t)
		fromMsgd, out := io.Pipe()
		go func() {
			_ = wire.Service{RequestTime: wire.RequestTime, Consent: keep}.Serve(t.Context(), in, out)
		}()
		return New(toMsgd, fromMsgd, Options{}).Consent(t.Context(), say)
	}
	if word, err := talk(keep, &said); err != nil || !reflect.DeepEqual(word, holds) || !reflect.DeepEqual(*got, said) {
		t.Errorf("%+v, %v; it heard %+v", word, err, got)
	}
	if word, err := talk(keep, nil); err != nil || !reflect.DeepEqual(word, holds) || got != nil {
		t.Errorf("only asked: %+v, %v; it heard %+v", word, err, got)
	}
	var refused *message.Refusal
	if _, err := talk(nil, nil); !errors.As(err, &refused) {
		t.Errorf("where nothing is kept: %v", err)
	}
	full := func(context.Context, *consent.Word) (consent.Word, error) {
		return holds, errors.New("the disk is full")
	}
	if _, err := talk(full, &said); err == nil || err.Error() != "the disk is full" {
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
		_, told := pipe(t)
		word, err := New(told, strings.NewReader(said+"\n"), Options{}).Consent(t.Context(), nil)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != reason {
			t.Errorf("%q is %+v, %v", said, word, err)
		}
	}
}
