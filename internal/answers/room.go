package answers

import (
	"sync"
	"time"
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
	ofOne       = limit{burst: 20, perSecond: 5}
	ofStrangers = limit{burst: 64, perSecond: 20}
	ofAll       = limit{burst: 512, perSecond: 1000}
)

// room keeps the limits.
type room struct {
	mu        sync.Mutex
	places    map[uint32]int // by user
	buckets   map[uint32]*bucket
	strangers int
	all       int

	ofStrangers *bucket
}

func newRoom() *room {
	return &room{places: map[uint32]int{}, buckets: map[uint32]*bucket{}, ofStrangers: ofStrangers.bucket()}
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
			turn = ofOne.bucket()
			r.buckets[uid] = turn
		}
	}
	if !turn.take(now) {
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

// limit is how many at once, and how many a second after that.
type limit struct{ burst, perSecond float64 }

// bucket has tokens, which come back as time passes.
type bucket struct {
	limit
	left float64
	at   time.Time
}

func (l limit) bucket() *bucket { return &bucket{limit: l, left: l.burst} }

func (b *bucket) fill(now time.Time) {
	if !b.at.IsZero() {
		b.left = min(b.burst, b.left+b.perSecond*max(0, now.Sub(b.at).Seconds()))
	}
	b.at = now
}

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if b.fill(now); b.left < 1 {
		return false
	}
	b.left--
	return true
}

// wait takes a token, and returns how long it takes to come back.
func (b *bucket) wait(now time.Time) time.Duration {
	b.fill(now)
	b.left--
	return time.Duration(max(0, -b.left/b.perSecond) * float64(time.Second))
}
