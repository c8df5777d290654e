package rate

import (
	"testing"
	"time"
)

// TestBurst: with the defaults, 30 messages go at once, and the 31st waits for
// the 60/20 seconds that one message takes.
func TestBurst(t *testing.T) {
	limit := Limit{PerMinute: 20, Burst: 10}
	now := 1000 * time.Second
	count, wait := time.Duration(0), time.Duration(0)
	for n := range 30 {
		if count, wait = limit.next(count, now); wait != 0 {
			t.Fatalf("message %d waits %v", n+1, wait)
		}
	}
	if _, wait := limit.next(count, now); wait != 3*time.Second {
		t.Errorf("the 31st waits %v", wait)
	}
	if _, wait := limit.next(count, now+time.Second); wait != 2*time.Second {
		t.Errorf("a second later it waits %v", wait)
	}
	for n := range 5 {
		now += 3 * time.Second
		if count, wait = limit.next(count, now); wait != 0 {
			t.Errorf("after %d intervals it waits %v", n+1, wait)
		}
	}
}

// TestOverTime: whatever the pattern, no minute has more than the burst and a
// minute's messages, and no hour more than that many minutes' and the burst.
func TestOverTime(t *testing.T) {
	limit := Limit{PerMinute: 7, Burst: 3}
	var sent []time.Duration
	count := time.Duration(0)
	for now := time.Hour; now < 2*time.Hour; now += 450 * time.Millisecond {
		after, wait := limit.next(count, now)
		if wait == 0 {
			count = after
			sent = append(sent, now)
		}
	}
	if most, least := 60*7+7+3, 60*7; len(sent) > most || len(sent) < least {
		t.Errorf("%d messages in an hour, want %d to %d", len(sent), least, most)
	}
	for i := range sent {
		if last := i + 2*7 + 3; last < len(sent) && sent[last]-sent[i] < time.Minute {
			t.Fatalf("%d messages in %v", last-i+1, sent[last]-sent[i])
		}
	}
}

// TestCountThatCannotBe: a new file has the time of day; a count from other
// limits may lie further ahead than these allow.
func TestCountThatCannotBe(t *testing.T) {
	limit := Limit{PerMinute: 20, Burst: 0}
	now := time.Hour
	for _, count := range []time.Duration{-time.Hour, 0, now + 61*time.Second, 50 * 365 * 24 * time.Hour} {
		if after, wait := limit.next(count, now); wait != 0 || after != now+3*time.Second {
			t.Errorf("a count of %v becomes %v, and waits %v", count, after, wait)
		}
	}
}

// FuzzNext holds that whatever time a count has, no more messages go out at once than may,
// nor more in a while than the limit has; and that nobody is kept waiting for longer than one
// message takes.
func FuzzNext(f *testing.F) {
	f.Add(20, 10, int64(0), int64(time.Hour))
	f.Add(0, 0, int64(1<<63-1), int64(0))
	f.Add(999, 999, int64(-1<<63), int64(1<<50))
	f.Add(6, 3, int64(time.Hour+time.Minute), int64(time.Hour))
	f.Fuzz(func(t *testing.T, perMinute, burst int, count, boot int64) {
		l := Limit{PerMinute: int64(1 + max(0, perMinute)%1000), Burst: int64(max(0, burst) % 1000)}
		now := time.Duration(max(0, boot) % int64(200*365*24*time.Hour))
		whole := l.Interval() * time.Duration(l.PerMinute+l.Burst)
		at, sent := time.Duration(count), int64(0)
		for _, later := range []time.Duration{0, 0, l.Interval(), time.Minute} {
			for now += later; ; sent++ {
				after, wait := l.next(at, now)
				if wait < 0 || wait > l.Interval() || wait == 0 && (after <= now || after > now+whole) {
					t.Fatalf("%+v at %v, count %v: %v, %v", l, now, at, after, wait)
				}
				if wait > 0 {
					break
				}
				if at = after; sent > 3*(l.PerMinute+l.Burst) {
					t.Fatalf("%+v: %d and no end", l, sent)
				}
			}
		}
		if most := l.PerMinute + l.Burst + 1 + l.PerMinute + 1; sent > most {
			t.Errorf("%+v: %d were sent in a minute and a message's time, more than %d", l, sent, most)
		}
	})
}
