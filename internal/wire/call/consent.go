package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/wire"
)

// Consent tells msgd what the user says about all of theirs, unless say is nil, and returns what
// then holds. Its errors are those of Send.
func (t *Talk) Consent(ctx context.Context, say *consent.Word) (consent.Word, error) {
	defer close(t.over)
	hello, err := t.hello(ctx)
	if err != nil {
		return consent.Word{}, err
	}
	if protocolWith(hello) < wire.Says {
		return consent.Word{}, message.Fail(message.Version, "msgd is version %.40s, and keeps no such word", hello.Version)
	}
	data, err := json.Marshal(wire.Request{Protocol: protocolWith(hello), Consent: &wire.Consent{Say: say}})
	if err != nil {
		return consent.Word{}, err
	}
	if err := t.put(ctx, append(data, '\n'), t.patience.answer); err != nil {
		return consent.Word{}, err
	}
	line, err := t.answerLine(ctx)
	if err != nil {
		return consent.Word{}, err
	}
	return wordIn(line)
}

// wordIn reads what msgd says of a person's word.
func wordIn(line []byte) (consent.Word, error) {
	var end wire.Ending
	if wire.Decode(line, &end) == nil {
		if err := end.Err(); err != nil {
			return consent.Word{}, err
		}
	}
	var said wire.Said
	err := wire.Decode(line, &said)
	if err == nil && said.Event != wire.EventConsent {
		err = fmt.Errorf("event %.40q", said.Event)
	}
	if err = errors.Join(err, said.Word.Check()); err != nil {
		return consent.Word{}, broken(err)
	}
	return said.Word, nil
}
