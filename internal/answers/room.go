package answers

import (
	"sync"
	"time"

	"msg/internal/rate"
)

// The limits of connections that are heard at once. A user who opens connections without end
// takes up their own places, and those of nobody who is asked.
const (
	mostOfOne     = 4   // of one user
	mostStrangers = 16  // of all users who are not asked
	mostAtOnce    = 256 // in all
)

// The limits of connections that are heard one after the other; and of all connections, most of
// which may be refused unheard. A flood then takes some hundredths of a processor.
var (
	ofOne       = rate.Flow{Burst: 20, PerSecond: 5}
	ofStrangers = rate.Flow{Burst: 64, PerSecond: 20}
	ofAll       = rate.Flow{Burst: 512, PerSecond: 1000}
)

// room keeps the limits.
type room struct {
	mu        sync.Mutex
	places    map[uint32]int // by user
	buckets   map[uint32]*rate.Bucket
	strangers int
	all       int

	ofStrangers *rate.Bucket
}

func newRoom() *room {
	return &room{places: map[uint32]int{}, buckets: map[uint32]*rate.Bucket{}, ofStrangers: ofStrangers.Bucket()}
}

// enter gives a place to a user, if there is one. Strangers, who may be many, share a bucket.
func (r *room) enter(uid uint32, stranger bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.places[uid] >= mostOfOne || r.all >= mostAtOnce || stranger && r.strangers >= mostStrangers {
		return false
	}
	turn := r.ofStrangers
	if !stranger {
		if turn = r.buckets[uid]; turn == nil {
			turn = ofOne.Bucket()
			r.buckets[uid] = turn
		}
	}
	if !turn.Take(now) {
		return false
	}
	r.places[uid]++
	r.all++
	if stranger {
		r.strangers++
	}
	return true
}

func (r *room) leave(uid uint32, stranger bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places[uid]--
	if r.places[uid] == 0 {
		delete(r.places, uid)
	}
	r.all--
	if stranger {
		r.strangers--
	}
}
