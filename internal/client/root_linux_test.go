package client

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"msg/internal/message"
	"msg/internal/target"
)

// says is a way that tells these results, and remembers the request.
func says(got *message.Request, err error, results ...message.Result) message.Send {
	return func(_ context.Context, r message.Request, _ *message.Lines, tell func(message.Result)) error {
		*got = r
		for _, result := range results {
			tell(result)
		}
		return err
	}
}

// TestRest: terminals that the first way may not open go to the second one, in one request,
// and each ends in one result.
func TestRest(t *testing.T) {
	sent := func(terminal string) message.Result {
		return message.Result{Event: message.Delivered, Terminal: terminal}
	}
	denied := func(terminal, more string) message.Result {
		return message.Result{Event: message.Failed, Terminal: terminal, Reason: message.Denied, Detail: "open: permission denied" + more}
	}
	unknown := message.Result{Event: message.Failed, Target: "nobody", Reason: message.Unknown}
	everyone := message.Request{Targets: []target.Target{{Kind: target.Everyone}}, Text: "hi"}
	except := everyone
	except.Except = []target.Target{{Kind: target.Terminal, Name: "pts/1"}}
	for name, c := range map[string]struct {
		first, second []message.Result
		err           error
		want          []message.Result
		asked         message.Request
	}{
		"nothing is left": {[]message.Result{sent("pts/1"), unknown}, nil, nil, []message.Result{sent("pts/1"), unknown}, message.Request{}},
		"one is left": {
			[]message.Result{sent("pts/1"), denied("pts/2", ""), unknown},
			[]message.Result{unknown, sent("pts/2")},
			nil,
			[]message.Result{sent("pts/1"), unknown, sent("pts/2")},
			except,
		},
		"both may not":  {[]message.Result{sent("pts/1"), denied("pts/2", "")}, nil, nil, []message.Result{sent("pts/1"), denied("pts/2", "")}, except},
		"msgd is ended": {[]message.Result{sent("pts/1"), denied("pts/2", "")}, nil, errors.New("it ended"), []message.Result{sent("pts/1"), denied("pts/2", "; by msgd: it ended")}, except},
	} {
		var got []message.Result
		var first, second message.Request
		d := rest{says(&second, c.err, c.second...), func(r message.Result) { got = append(got, r) }}
		if err := d.send(t.Context(), says(&first, nil, c.first...), everyone); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
		if !reflect.DeepEqual(second, c.asked) || !reflect.DeepEqual(first, everyone) {
			t.Errorf("%s: asked for %+v, then %+v", name, first, second)
		}
	}
}
