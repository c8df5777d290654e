package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/text"
)

// waiting is a message that stays until its audience has answered.
type waiting struct {
	*audience
	*dispatch
	socket *answers.Socket
	begun  time.Time

	// Guarded by the audience's lock.
	refused map[uint32]bool // who is not asked, and has tried
	over    bool

	listening sync.WaitGroup
}

// mostAnswers is what one person may answer to one message: the first answer counts, and
// some more are passed on. To a message that is typed on, as many again as seconds go by.
const mostAnswers = 10

// waitFor makes the socket for answers.
func (d *dispatch) waitFor() (*waiting, error) {
	socket, err := answers.Listen(d.Host.Pending)
	if err != nil {
		return nil, &message.Refusal{Problem: err.Error(), Hint: `nothing was sent; "msg doctor" says what is missing`}
	}
	d.message.Code = socket.Code
	return &waiting{audience: d.audience, dispatch: d, socket: socket, begun: time.Now(), refused: map[uint32]bool{}}, nil
}

// await hears answers until everybody who has the message has answered, or the time for answers
// is over. It reports who has not answered by then. An answer that comes before waits in the
// kernel's queue.
func (w *waiting) await(ctx context.Context) {
	w.listening.Go(func() { w.socket.Serve(w) })
	w.finish(ctx)
	w.book.end(nil)
	begun := w.begun
	if w.request.Typed {
		w.sayOpen()
		begun = time.Now() // when all has been said
	}
	var late <-chan time.Time
	if w.request.AnswerTime > 0 {
		late = time.After(time.Until(begun.Add(w.request.AnswerTime)))
	}
	defer w.end()
	for w.anyMissing() {
		select {
		case <-w.changed:
		case <-late:
			return
		case <-ctx.Done():
			return
		}
	}
}

// end takes no more answers, and reports who has not given one.
func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, p := range w.inOrder {
		if p.missing() {
			w.report(message.Result{Event: message.Unanswered, Host: w.Host.Name, User: p.name})
		}
	}
}

// close removes the socket, and waits until nobody is heard any more.
func (w *waiting) close() {
	w.socket.Close()
	w.listening.Wait()
}

// from returns which of those who are asked an answer is from: whoever connected, or whom
// root answers for. The person is nil if it is none of them.
func (w *waiting) from(a answers.Answer) (uint32, *person) {
	if p := w.people[a.UID]; p != nil && p.asked {
		return a.UID, p
	}
	if a.UID == 0 && a.For != nil {
		if p := w.people[*a.For]; p != nil && p.asked {
			return *a.For, p
		}
	}
	return a.UID, nil
}

// Asks reports whether the message asks whoever connects.
func (w *waiting) Asks(a answers.Answer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, p := w.from(a)
	return p != nil
}

// Message returns what those who are asked may see of it.
func (w *waiting) Message(a answers.Answer) answers.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, p := w.from(a)
	m := w.message
	return answers.Message{
		Code: m.Code, From: m.Sender.String(), At: m.At, Text: text.Clean(m.Text), Answered: p != nil && p.answers > 0,
	}
}

// Why an answer is not taken.
var (
	errNotAsked = errors.New(answers.NotAsked)
	errAnswered = errors.New("you have answered that message already")
	errTooOften = errors.New("you have answered that message often enough")
)

// Take takes an answer, or refuses it.
func (w *waiting) Take(a answers.Answer) error {
	after := max(time.Since(w.begun).Milliseconds(), 1)
	terminal := ""
	if w.Asks(a) {
		terminal = w.Host.System.TerminalOf(a.PID, a.UID)
	}
	record, p, err := w.judge(a, after)
	if record != nil { // a log may take a second
		if logErr := w.Rules.Log(*record); logErr != nil && err == nil {
			err = fmt.Errorf("your answer can't be logged, so it is not told: %w", logErr)
		}
	}
	if p == nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		p.answers--
		return err
	}
	w.report(message.Result{
		Event: message.Answered, Host: w.Host.Name, User: p.name, Terminal: terminal, Answer: a.Kind, Text: a.Text, AfterMS: after,
	})
	wake(w.changed)
	return nil
}

// judge counts an answer and returns the person whose it is, or says why it is not taken. The record
// is nil if there is nothing to log.
func (w *waiting) judge(a answers.Answer, after int64) (*AnswerRecord, *person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	uid, p := w.from(a)
	record := &AnswerRecord{UID: uid, Code: w.socket.Code, Sender: w.message.Sender, Kind: a.Kind, Text: a.Text}
	most := mostAnswers
	if w.request.Typed {
		most += int(after / 1000)
	}
	switch {
	case w.over:
		return nil, nil, answers.ErrNobody
	case p == nil:
		record.Err = errNotAsked
		if w.refused[a.UID] || len(w.refused) >= mostRefused {
			return nil, nil, errNotAsked // it is logged once of each
		}
		w.refused[a.UID] = true
		return record, nil, errNotAsked
	case p.answers > 0 && a.Kind == message.OK && !w.request.Typed:
		return nil, nil, errAnswered
	case p.answers >= most:
		return nil, nil, errTooOften
	}
	p.answers++
	record.Name = p.name
	return record, p, nil
}

// mostRefused bounds the entries about those who are not asked, and try to answer.
const mostRefused = 100
