//go:build linux

package main

import (
	"testing"
	"time"

	"msg/internal/answers"
	"msg/internal/wire"
)

// fill gives places to new users until only so many are left.
func fill(t *testing.T, p *places, left int, now time.Time) {
	t.Helper()
	for who := owner(100_000 + p.all); mostAtOnce-p.all > left; who++ {
		if refusal := p.enter(who, now); refusal != nil {
			t.Fatalf("place %d for a new user: %+v", p.all, refusal)
		}
	}
}

// TestPlacesOfOne: one user has so many places, and each that is left counts again.
func TestPlacesOfOne(t *testing.T) {
	for _, who := range []owner{root, nobody, 1000} {
		p, now := newPlaces(), time.Now()
		for i := range mostOfOne {
			if refusal := p.enter(who, now); refusal != nil {
				t.Fatalf("user %d, place %d: %+v", who, i, refusal)
			}
		}
		if refusal := p.enter(who, now); refusal == nil || refusal.Event != wire.EventError || refusal.Problem == "" {
			t.Errorf("user %d has one place more: %+v", who, refusal)
		}
		if refusal := p.enter(2000, now); refusal != nil {
			t.Errorf("user %d has taken another's place: %+v", who, refusal)
		}
		p.leave(who)
		if refusal := p.enter(who, now); refusal != nil {
			t.Errorf("user %d has left a place and gets none: %+v", who, refusal)
		}
		for range mostOfOne {
			p.leave(who)
		}
		p.leave(2000)
		if p.all != 0 || len(p.of) != 0 {
			t.Errorf("all have gone, and %d are there: %v", p.all, p.of)
		}
	}
}

// TestLastPlaces: the last places are for users with none open, and the very last for root.
func TestLastPlaces(t *testing.T) {
	p, now := newPlaces(), time.Now()
	if refusal := p.enter(1000, now); refusal != nil {
		t.Fatal(refusal)
	}
	fill(t, p, lastForNew, now)
	if refusal := p.enter(1000, now); refusal == nil || refusal.Event != wire.EventError {
		t.Errorf("a user with a place has one of the last: %+v", refusal)
	}
	fill(t, p, lastOfRoot, now)
	for _, who := range []owner{nobody, 1000, 2000} {
		if refusal := p.enter(who, now); refusal == nil || refusal.Event != wire.EventError {
			t.Errorf("user %d has a place of root's: %+v", who, refusal)
		}
	}
	for i := range lastOfRoot {
		if refusal := p.enter(root, now); refusal != nil {
			t.Errorf("root, place %d: %+v", i, refusal)
		}
	}
	if refusal := p.enter(root, now); refusal == nil || p.all != mostAtOnce {
		t.Errorf("%d places: %+v", p.all, refusal)
	}
	p.leave(1000)
	if refusal := p.enter(2000, now); refusal == nil {
		t.Error("a user has the place that root alone could have")
	}
}

// TestStarts: a user who begins too fast is told to come again, and others are not.
func TestStarts(t *testing.T) {
	p, now := newPlaces(), time.Now()
	begun := 0
	for range 1000 {
		refusal := p.enter(1000, now)
		if refusal == nil {
			begun++
			p.leave(1000)
		} else if refusal.Event != wire.EventBusy {
			t.Fatalf("%+v", refusal)
		}
	}
	if begun != int(starts.Burst) || p.all != 0 {
		t.Errorf("%d conversations at once, %d are left", begun, p.all)
	}
	if refusal := p.enter(2000, now); refusal != nil {
		t.Errorf("another user: %+v", refusal)
	}
	for range 100 {
		if refusal := p.enter(root, now); refusal != nil {
			t.Fatalf("root: %+v", refusal)
		}
		p.leave(root)
	}
	later := now.Add(time.Second)
	for i := range int(starts.PerSecond) {
		if refusal := p.enter(1000, later); refusal != nil {
			t.Fatalf("start %d of the next second: %+v", i, refusal)
		}
		p.leave(1000)
	}
	if refusal := p.enter(1000, later); refusal == nil || refusal.Event != wire.EventBusy {
		t.Errorf("%+v", refusal)
	}
}

// TestForgetting: only so many users' starts are remembered, and a user with a conversation is
// not forgotten.
func TestForgetting(t *testing.T) {
	p, now := newPlaces(), time.Now()
	for range mostOfOne {
		if refusal := p.enter(7, now); refusal != nil {
			t.Fatal(refusal)
		}
	}
	for who := owner(1000); who < 1000+3*mostBuckets; who++ {
		if refusal := p.enter(who, now); refusal != nil {
			t.Fatalf("user %d: %+v", who, refusal)
		}
		p.leave(who)
		if len(p.buckets) > mostBuckets {
			t.Fatalf("%d users are remembered", len(p.buckets))
		}
	}
	p.leave(7)
	begun := 0
	for range 1000 {
		if p.enter(7, now) != nil {
			break
		}
		begun++
		p.leave(7)
	}
	if want := int(starts.Burst) - mostOfOne; begun != want {
		t.Errorf("a user with conversations begins %d more, not %d", begun, want)
	}
}

// TestCodesForAll: if all conversations wait for answers, most codes are still free.
func TestCodesForAll(t *testing.T) {
	codes := 0
	const signs = "abcdefghijklmnopqrstuvwxyz0123456789"
	for _, first := range signs {
		for _, second := range signs {
			for _, third := range signs {
				if answers.IsCode(string([]rune{first, second, third})) {
					codes++
				}
			}
		}
	}
	if codes < 8*mostAtOnce {
		t.Errorf("%d codes for %d conversations", codes, mostAtOnce)
	}
}
