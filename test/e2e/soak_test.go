//go:build linux

package e2e_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/test/lab"
)

// soak is people who come and go on two hosts, and senders, for a while. What each has seen
// and each message's results are kept, and judged when all is over: only then is it known
// who was where, and since when.
type soak struct {
	t      *testing.T
	length time.Duration
	begun  time.Time
	memory *memory

	mu       sync.Mutex
	visits   []*visit
	messages []*message
}

// TestSoak has people log in, leave and lose their connection, and others send to them, for
// MSG_SOAK. Nobody must miss a message, see another's, or see one twice; and nothing of msg
// must grow.
func TestSoak(t *testing.T) {
	length := 20 * time.Second
	if asked := os.Getenv("MSG_SOAK"); asked != "" {
		var err error
		if length, err = time.ParseDuration(asked); err != nil {
			t.Fatalf("MSG_SOAK: %v", err)
		}
	}
	hosts := []*lab.Host{lab.D12, lab.D13}
	s := &soak{t: t, length: length, memory: newMemory(t, hosts)}
	for _, h := range hosts {
		install(t, h)
		forget(t, h)
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 60000\nburst = 1000\n' >/etc/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
	}
	var stays, people, senders sync.WaitGroup
	s.begun = time.Now()
	var leave []func()
	for _, h := range hosts {
		leave = append(leave, s.stay(h, &stays))
	}
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		s.memory.follow(s.length)
	}()
	for _, h := range hosts {
		for _, user := range []string{"alice", "bob", "bob", "carol", "dave"} {
			people.Go(func() { s.comeAndGo(h, user) })
		}
		for range 3 {
			senders.Go(func() { s.sendOn(h, hosts) })
		}
	}
	senders.Wait()
	people.Wait()
	<-sampled
	stays.Wait()
	for _, do := range leave {
		do()
	}
	for _, h := range hosts {
		gone(t, h)
		none(t, h)
		if files := strings.Fields(h.Run(t, "ls", "/run/msg/rate").Stdout); len(files) > 4 {
			t.Errorf("%s: counts of 4 people are in %q", h.Name, files)
		}
	}
	s.judge()
	s.memory.judge(t)
}

// over reports whether nobody is to begin anything more.
func (s *soak) over() bool { return time.Since(s.begun) > s.length }

// token is in each message, and in no other.
var token = regexp.MustCompile(`T\d{6}x`)

// judge compares what came with what was said to have come.
func (s *soak) judge() {
	byToken := map[string]*message{}
	for _, m := range s.messages {
		byToken[m.token] = m
	}
	var count counts
	for _, v := range s.visits {
		times := map[string]int{}
		for _, found := range token.FindAllString(v.seen, -1) {
			times[found]++
		}
		for found, n := range times {
			m := byToken[found]
			if why := v.mayNotSee(m, n); why != "" {
				count.wrong++
				s.t.Errorf("%v has %s %d times: %s; it is %v", v, found, n, why, m)
			}
		}
	}
	for _, m := range s.messages {
		for _, v := range s.visits {
			if !v.mustSee(m) {
				continue
			}
			if count.due++; !strings.Contains(v.seen, m.token) {
				count.lost++
				s.t.Errorf("%v has not got %v", v, m)
			}
		}
		for _, at := range m.delivered {
			if !s.came(m, at, &count.vague) {
				count.lost++
				s.t.Errorf("%v did not come to %s, by %+v", m, at, s.on(at, m))
			}
		}
	}
	s.table(count)
}

// on are the visits to a terminal, of which numbers are used again, during a message.
func (s *soak) on(at place, m *message) []*visit {
	var found []*visit
	for _, v := range s.visits {
		if v.host.Name == at.host && v.has(at.terminal) && m.begun.Before(v.gone) && m.ended.After(v.came) {
			found = append(found, v)
		}
	}
	return found
}

// came reports whether a message that was delivered is on the terminal, as far as it can be
// told: who came or left during the message may not have seen it.
func (s *soak) came(m *message, at place, vague *int) bool {
	all := s.on(at, m)
	certain := len(all) > 0
	for _, v := range all {
		if strings.Contains(v.seen, m.token) {
			return true
		}
		certain = certain && v.here(m)
	}
	if !certain {
		*vague++
	}
	return !certain && len(all) > 0
}

// counts are what judge has found.
type counts struct {
	due   int // people there for whom a message was, all the time that it took
	lost  int // of them, or of results that say delivered, without the text
	wrong int // texts that came to others, or too often
	vague int // results that say delivered, of people who came or left meanwhile, without the text
}

func (s *soak) table(count counts) {
	kinds, ways, reasons := map[string]int{}, map[string]int{}, map[string]int{}
	delivered, answered, longest := 0, 0, time.Duration(0)
	for _, v := range s.visits {
		ways[v.kind]++
	}
	for _, m := range s.messages {
		kinds[m.kind]++
		delivered += len(m.delivered)
		answered += m.answered
		for reason, n := range m.failed {
			reasons[reason] += n
		}
		if m.times == 1 && !strings.HasPrefix(m.kind, "stays") {
			longest = max(longest, m.ended.Sub(m.begun))
		}
	}
	row := func(name string, counts map[string]int) string {
		all := ""
		for _, key := range slices.Sorted(maps.Keys(counts)) {
			all += fmt.Sprintf(" %s %d,", key, counts[key])
		}
		return fmt.Sprintf("\n| %s | %s |", name, strings.Trim(all, " ,"))
	}
	s.t.Logf("\n| minutes | %.1f |\n| logins | %d |%s\n| messages | %d |%s\n| delivered | %d |%s\n| answered | %d |\n"+
		"| longest, s | %.1f |\n| wrong | %d |\n| due to who was there | %d |\n| lost | %d |\n| delivered to who came or left, not seen | %d |%s",
		s.length.Minutes(), len(s.visits), row("of them", ways), len(s.messages), row("of them", kinds), delivered,
		row("failed", reasons), answered, longest.Seconds(), count.wrong, count.due, count.lost, count.vague, s.memory.table())
}

func pick[T any](of []T) T { return of[rand.IntN(len(of))] }

// between is a time of these many seconds, at random.
func between(low, high float64) time.Duration {
	return time.Duration((low + rand.Float64()*(high-low)) * float64(time.Second))
}
