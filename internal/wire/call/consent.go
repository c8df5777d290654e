package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"msg/internal/message"
	"msg/internal/wire"
)

// Consent carries out a request about consent. Its errors are those of Send.
func (t *Talk) Consent(ctx context.Context, c wire.Consent) (wire.Said, error) {
	defer close(t.over)
	hello, err := t.hello(ctx)
	if err != nil {
		return wire.Said{}, err
	}
	if protocolWith(hello) < wire.Says {
		return wire.Said{}, message.Fail(message.Version, "msgd is version %.40s, and keeps no such word", hello.Version)
	}
	data, err := json.Marshal(wire.Request{Protocol: protocolWith(hello), Consent: &c})
	if err != nil {
		return wire.Said{}, err
	}
	if err := t.put(ctx, append(data, '\n'), t.patience.answer); err != nil {
		return wire.Said{}, err
	}
	line, err := t.answerLine(ctx)
	if err != nil {
		return wire.Said{}, err
	}
	return saidIn(line)
}

// saidIn reads what msgd answers.
func saidIn(line []byte) (wire.Said, error) {
	var end wire.Ending
	if wire.Decode(line, &end) == nil {
		if err := end.Err(); err != nil {
			return wire.Said{}, err
		}
	}
	var said wire.Said
	err := wire.Decode(line, &said)
	if err == nil && said.Event != wire.EventConsent {
		err = fmt.Errorf("event %.40q", said.Event)
	}
	if err = errors.Join(err, said.Word.Check()); err != nil {
		return wire.Said{}, broken(err)
	}
	return said, nil
}
