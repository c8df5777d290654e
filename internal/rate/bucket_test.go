package rate

import (
	"testing"
	"time"
)

// TestBucket: so many go at once, then so many a second, and those that were saved up
// meanwhile are no more than these. A clock that goes back gives none.
func TestBucket(t *testing.T) {
	near := func(got, want time.Duration) bool { return (got - want).Abs() < time.Millisecond }
	now := time.Now()
	b := Flow{Burst: 10, PerSecond: 5}.Bucket()
	took := func(n int) (all time.Duration) {
		for range n {
			wait := b.Wait(now)
			all, now = all+wait, now.Add(wait)
		}
		return all
	}
	if got := took(10); got != 0 {
		t.Errorf("the first took %v", got)
	}
	if got := took(50); !near(got, 10*time.Second) {
		t.Errorf("those of ten seconds took %v", got)
	}
	now = now.Add(time.Second)
	if got := took(10); !near(got, time.Second) {
		t.Errorf("after a second they took %v", got)
	}
	now = now.Add(time.Hour)
	if got := took(15); !near(got, time.Second) {
		t.Errorf("after an hour they took %v", got)
	}
	b = Flow{Burst: 2, PerSecond: 1}.Bucket()
	for i, c := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true},
		{0, true},
		{0, false},
		{500 * time.Millisecond, false},
		{500 * time.Millisecond, true},
		{0, false},
		{-time.Hour, false},
		{time.Hour, true},
		{0, true},
		{0, false},
	} {
		if now = now.Add(c.after); b.Take(now) != c.want {
			t.Errorf("take %d is %v", i, !c.want)
		}
	}
}
