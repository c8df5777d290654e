package answers

import (
	"testing"
	"time"
)

// TestRoom: one user has four places, those who are not asked have sixteen, all have 256;
// and who leaves makes room.
func TestRoom(t *testing.T) {
	now := time.Now()
	many := func(r *room, uid uint32, stranger bool, n int) (entered int) {
		for range n {
			if r.enter(uid, stranger, now) {
				entered++
			}
		}
		return entered
	}
	r := newRoom()
	if got := many(r, 1, false, 10); got != mostOfOne {
		t.Errorf("%d of one user", got)
	}
	if r.leave(1, false); many(r, 1, false, 2) != 1 {
		t.Error("one left, and not one entered")
	}
	r, strangers := newRoom(), 0
	for uid := range uint32(100) {
		strangers += many(r, 1000+uid, true, 10)
	}
	if strangers != mostStrangers {
		t.Errorf("%d strangers", strangers)
	}
	if got := many(r, 1, false, 10); got != mostOfOne {
		t.Errorf("%d of who is asked, among strangers", got)
	}
	if many(r, 5000, true, 1) != 0 {
		t.Error("one more stranger")
	}
	if r.leave(1000, true); many(r, 5000, true, 2) != 1 {
		t.Error("a stranger left, and not one entered")
	}
	r = newRoom()
	asked := 0
	for uid := range uint32(1000) {
		asked += many(r, uid, false, 10)
	}
	if asked != mostAtOnce || many(r, 5000, true, 1) != 0 || many(r, 5000, false, 1) != 0 {
		t.Errorf("%d in all", asked)
	}
	for uid := range uint32(mostAtOnce / mostOfOne) {
		for range mostOfOne {
			r.leave(uid, false)
		}
	}
	if len(r.places) != 0 || r.all != 0 || r.strangers != 0 || many(r, 5000, true, 1) != 1 {
		t.Errorf("all have left: %+v", r)
	}
}

// TestRoomInTurn: who comes and goes has so many turns, and so many a second after that.
// Strangers have theirs together, and take none from who is asked.
func TestRoomInTurn(t *testing.T) {
	r, now := newRoom(), time.Now()
	turns := func(uid func(int) uint32, stranger bool) (n int) {
		for i := range 1000 {
			if r.enter(uid(i), stranger, now) {
				r.leave(uid(i), stranger)
				n++
			}
		}
		return n
	}
	one := func(int) uint32 { return 1 }
	another := func(int) uint32 { return 2 }
	anybody := func(i int) uint32 { return uint32(1000 + i) }
	if got := turns(anybody, true); got != int(ofStrangers.Burst) {
		t.Errorf("strangers have %d turns", got)
	}
	for _, uid := range []func(int) uint32{one, another} {
		if got := turns(uid, false); got != int(ofOne.Burst) {
			t.Errorf("who is asked has %d turns", got)
		}
	}
	now = now.Add(2 * time.Second)
	if got := turns(anybody, true); got != int(2*ofStrangers.PerSecond) {
		t.Errorf("two seconds later, strangers have %d", got)
	}
	if got := turns(one, false); got != int(2*ofOne.PerSecond) {
		t.Errorf("two seconds later, who is asked has %d", got)
	}
	now = now.Add(time.Hour)
	if got := turns(one, false); got != int(ofOne.Burst) {
		t.Errorf("an hour later, who is asked has %d", got)
	}
	if len(r.buckets) > 2 {
		t.Errorf("%d buckets, with strangers'", len(r.buckets))
	}
}
