//go:build linux

package main

import (
	"fmt"
	"time"

	"msg/internal/rate"
	"msg/internal/wire"
)

// The bounds of conversations at once. The last places of all are for users with none open,
// and some of these for root: nobody can take up all of them.
const (
	mostOfOne  = 32
	mostAtOnce = 512
	lastForNew = 32
	lastOfRoot = 8
)

// starts is how fast one user may begin conversations: each starts two processes. A client
// that is too fast is told to come again.
var starts = rate.Flow{Burst: 2 * mostOfOne, PerSecond: 40}

// mostBuckets is how many users' starts are remembered.
const mostBuckets = 4096

// places counts the conversations that are open, by user.
type places struct {
	of      map[owner]int
	all     int
	buckets map[owner]*rate.Bucket
}

func newPlaces() *places {
	return &places{of: map[owner]int{}, buckets: map[owner]*rate.Bucket{}}
}

// enter gives a user a place. If there is none, it returns what to tell the client.
func (p *places) enter(who owner, now time.Time) *wire.Ending {
	free := mostAtOnce - p.all
	refusal := wire.Ending{Event: wire.EventError}
	switch {
	case p.of[who] >= mostOfOne:
		refusal.Problem = fmt.Sprintf("you have %d messages open here already", mostOfOne)
		return &refusal
	case who == root && free > 0:
	case free <= lastOfRoot || free <= lastForNew && p.of[who] > 0:
		refusal.Problem = fmt.Sprintf("this host has %d messages open already", p.all)
		return &refusal
	case !p.bucket(who).Take(now):
		return &wire.Ending{Event: wire.EventBusy}
	}
	p.of[who]++
	p.all++
	return nil
}

func (p *places) leave(who owner) {
	p.all--
	if p.of[who]--; p.of[who] == 0 {
		delete(p.of, who)
	}
}

// bucket returns a user's starts. If too many users are remembered, it forgets those without
// a conversation.
func (p *places) bucket(who owner) *rate.Bucket {
	if len(p.buckets) >= mostBuckets {
		for other := range p.buckets {
			if p.of[other] == 0 {
				delete(p.buckets, other)
			}
		}
	}
	if p.buckets[who] == nil {
		p.buckets[who] = starts.Bucket()
	}
	return p.buckets[who]
}
