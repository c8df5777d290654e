package delivery

import (
	"errors"

	"msg/internal/message"
)

func (e *Engine) onPlace(p *Place, event message.Event) message.Result {
	return message.Result{
		Event: event, Host: e.Host, User: p.User, Terminal: p.Name, Session: p.Session, Detached: p.Detached,
	}
}

func (e *Engine) failedPlace(p *Place, err error) message.Result {
	r := e.onPlace(p, message.Failed)
	var failure *message.Failure
	if errors.As(err, &failure) {
		r.Reason, r.Detail = failure.Reason, failure.Detail
	} else {
		r.Reason, r.Detail = message.Gone, err.Error()
	}
	return r
}

func (e *Engine) failedTarget(target string, reason message.Reason, detail string) message.Result {
	return message.Result{Event: message.Failed, Host: e.Host, Target: target, Reason: reason, Detail: detail}
}
