package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"msg/internal/answers"
	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/text"
)

// waiting is a message that stays until it is answered: who is asked, who has answered.
type waiting struct {
	engine  *Engine
	request message.Request
	message banner.Message
	socket  *answers.Socket
	begun   time.Time

	mu      sync.Mutex
	people  map[uint32]*person
	inOrder []*person        // as the terminals come
	refused map[uint32]bool  // who is not asked, and has tried
	come    []message.Result // answers that are not reported yet
	more    chan struct{}    // has a token where something has changed
	over    bool

	listening sync.WaitGroup
}

// person is somebody who has a terminal that the message is for.
type person struct {
	name    string
	asked   bool // one is open, and will be written to
	reached int  // terminals that have the message
	answers int
}

// missing reports whether they have the message and have not answered.
func (p *person) missing() bool { return p.reached > 0 && p.answers == 0 }

// What one person may answer to one message: the first answer counts, and some more are
// passed on. To one that is typed on, as many again as seconds go by.
const mostAnswers = 10

// waitFor makes the socket for a message to those places.
func (e *Engine) waitFor(r message.Request, m banner.Message, places []Place) (*waiting, error) {
	socket, err := answers.Listen(e.pending(), e.UID)
	if err != nil {
		return nil, &message.Refusal{Problem: err.Error(), Hint: `nothing was sent; "msg doctor" says what is missing`}
	}
	w := &waiting{
		engine: e, request: r, message: m, socket: socket, begun: time.Now(),
		people: map[uint32]*person{}, refused: map[uint32]bool{}, more: make(chan struct{}, 1),
	}
	for i := range places {
		p := &places[i]
		if w.people[p.Owner] == nil {
			w.people[p.Owner] = &person{name: p.User}
			w.inOrder = append(w.inOrder, w.people[p.Owner])
		}
	}
	return w, nil
}

// pending is where sockets are.
func (e *Engine) pending() string {
	if e.Pending != "" {
		return e.Pending
	}
	return answers.Dir
}

// reach takes in that a terminal of that owner is open, with 0; that it has the message, with
// 1; and with -1 that it has not got all of it after all.
func (w *waiting) reach(owner uint32, terminals int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people[owner].asked = true
	w.people[owner].reached += terminals
	w.changed()
}

func (w *waiting) changed() {
	select {
	case w.more <- struct{}{}:
	default: // it is known already
	}
}

// while reports answers as they come, while something is done, and then until everybody
// has answered or nobody wants to wait any longer. Who has not answered by then has a
// result that says so.
func (w *waiting) while(ctx context.Context, report func(message.Result), do func(report func(message.Result))) {
	var mu sync.Mutex
	one := func(r message.Result) {
		mu.Lock()
		defer mu.Unlock()
		report(r)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(one)
	}()
	for sent := false; !sent; {
		select {
		case <-done:
			sent = true
		case <-w.more:
		}
		w.report(one)
	}
	w.stay(ctx, one)
	for _, r := range w.end() {
		one(r)
	}
	if !w.socket.Close() && w.engine.Clear != nil {
		w.engine.Clear()
	}
	w.listening.Wait()
}

// listen begins to hear answers. Until then, who answers waits in the kernel's queue.
func (w *waiting) listen() { w.listening.Go(func() { w.socket.Serve(w) }) }

// stay waits once the message is at its terminals, until nobody is missing.
func (w *waiting) stay(ctx context.Context, report func(message.Result)) {
	begun := w.begun
	if w.request.Lines != nil {
		begun = time.Now() // when all has been said
	}
	late := make(<-chan time.Time)
	if w.request.AnswerTime > 0 {
		timer := time.NewTimer(time.Until(begun.Add(w.request.AnswerTime)))
		defer timer.Stop()
		late = timer.C
	}
	for w.missing() > 0 {
		select {
		case <-w.more:
			w.report(report)
		case <-late:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (w *waiting) report(report func(message.Result)) {
	w.mu.Lock()
	come := w.come
	w.come = nil
	w.mu.Unlock()
	for _, r := range come {
		report(r)
	}
}

// missing counts those who have the message and have not answered.
func (w *waiting) missing() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range w.inOrder {
		if p.missing() {
			n++
		}
	}
	return n
}

// end takes no more answers, and returns what is still to be reported.
func (w *waiting) end() []message.Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	out := w.come
	for _, p := range w.inOrder {
		if p.missing() {
			out = append(out, message.Result{Event: message.Unanswered, Host: w.engine.Host, User: p.name})
		}
	}
	return out
}

// from is who of those who are asked an answer is from: whoever connected, or whom root
// answers for. It is nil for who is not asked.
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

// Asks reports whether the message has asked who connects.
func (w *waiting) Asks(a answers.Answer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, p := w.from(a)
	return p != nil
}

// Message is what who is asked may see of it.
func (w *waiting) Message(a answers.Answer) answers.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, p := w.from(a)
	return answers.Message{
		Code: w.socket.Code, From: w.message.Sender.String(), At: w.message.At, Text: text.Clean(w.message.Text), Answered: p != nil && p.answers > 0,
	}
}

// What is said to who answers.
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
		terminal = w.engine.System.TerminalOf(a.PID, a.UID)
	}
	record, err := w.judge(a, terminal, after)
	if record != nil && w.engine.Log != nil { // a log may take a second
		w.engine.Log(*record)
	}
	return err
}

// judge takes an answer, or says why not, and what there is to log.
func (w *waiting) judge(a answers.Answer, terminal string, after int64) (*AnswerRecord, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	uid, p := w.from(a)
	record := &AnswerRecord{UID: uid, Code: w.socket.Code, Sender: w.message.Sender, Kind: a.Kind, Text: a.Text}
	most := mostAnswers
	if w.request.Lines != nil {
		most += int(after / 1000)
	}
	switch {
	case w.over:
		return nil, answers.ErrNobody
	case p == nil:
		record.Err = errNotAsked
		if w.refused[a.UID] || len(w.refused) >= mostRefused {
			return nil, errNotAsked // it is logged once of each
		}
		w.refused[a.UID] = true
		return record, errNotAsked
	case p.answers > 0 && a.Kind == message.OK && w.request.Lines == nil:
		return nil, errAnswered
	case p.answers >= most:
		return nil, errTooOften
	}
	p.answers++
	record.Name = p.name
	w.come = append(w.come, message.Result{
		Event: message.Answered, Host: w.engine.Host, User: p.name, Terminal: terminal, Answer: a.Kind, Text: a.Text, AfterMS: after,
	})
	w.changed()
	return record, nil
}

// mostRefused bounds the entries about those who are not asked, and try to answer.
const mostRefused = 100
